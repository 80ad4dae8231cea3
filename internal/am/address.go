package am

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
)

// address is what a request addresses below a tree such as /json or /oauth2.
type address struct {
	realm *realm.Realm
	// rest is what follows the realm in the path, escaped as it came, without a slash at the start.
	rest string
	// oldPath tells that the realm was written as /alpha instead of /realms/root/realms/alpha.
	oldPath bool
	// missing is the realm that was named and is not there.
	missing string
}

// find resolves the five spellings of a realm: a path from /realms/root, the same without the root, as the SDKs for phones
// write it, a path in the old style, the parameter realm, which may hold an alias, and the name of the host; else it is the
// root realm.
func (s *Server) find(r *http.Request, path string) address {
	if after, ok := strings.CutPrefix(path, "realms/root"); ok && (after == "" || after[0] == '/') {
		return s.fullPath(strings.TrimPrefix(after, "/"))
	}
	if strings.HasPrefix(path, "realms/") {
		return s.fullPath(path)
	}
	if name := queryValue(r, "realm"); name != "" {
		rl, ok := s.named(name)
		if !ok {
			return address{missing: "/" + strings.TrimPrefix(name, "/")}
		}
		return address{realm: rl, rest: path}
	}
	if a, ok := s.oldPath(path); ok {
		return a
	}
	if rl, ok := s.realms.ByAlias(hostName(r.Host)); ok {
		return address{realm: rl, rest: path}
	}
	rl, ok := s.realms.Find("/")
	if !ok {
		return address{missing: "/"}
	}
	return address{realm: rl, rest: path}
}

// ofServer is the address of what is of no realm: whatever the host is called, it is the root's.
func (s *Server) ofServer(path string) (address, bool) {
	first, _, _ := strings.Cut(path, "/")
	if first != "global-config" && first != "contexts" && first != "openidm" {
		return address{}, false
	}
	rl, ok := s.realms.Find("/")
	return address{realm: rl, rest: path}, ok
}

// fullPath reads "realms/a/realms/b/rest" below the root.
func (s *Server) fullPath(path string) address {
	name := ""
	for {
		after, ok := strings.CutPrefix(path, "realms/")
		if !ok {
			break
		}
		part, rest, _ := strings.Cut(after, "/")
		plain, err := url.PathUnescape(part)
		if err != nil || plain == "" || strings.Contains(plain, "/") {
			return address{missing: name + "/" + part}
		}
		name, path = name+"/"+plain, rest
	}
	rl, ok := s.realms.Find(name)
	if !ok {
		return address{missing: name}
	}
	return address{realm: rl, rest: path}
}

// reserved are the first parts of paths to endpoints and resources: no realm of that name hides them.
func reserved(part string) bool {
	switch part {
	case ".well-known", "connect", "device", "token", "resource_set",
		"applications", "applicationtypes", "conditiontypes", "contexts", "decisioncombiners", "global-config", "groups", "health", "openidm",
		"policies", "realm-config", "resourcetypes", "scripts", "serverinfo", "sessions", "subjectattributes", "subjecttypes", "users":
		return true
	}
	return false
}

// oldPath reads "a/b/rest", the longest realm there is.
func (s *Server) oldPath(path string) (address, bool) {
	var found address
	name := ""
	if first, _, _ := strings.Cut(path, "/"); reserved(first) {
		return found, false
	}
	for rest := path; ; {
		part, after, more := strings.Cut(rest, "/")
		plain, err := url.PathUnescape(part)
		if !more || err != nil || plain == "" || strings.Contains(plain, "/") {
			return found, found.realm != nil
		}
		rl, ok := s.realms.Find(name + "/" + plain)
		if !ok {
			return found, found.realm != nil
		}
		name, rest = name+"/"+plain, after
		found = address{realm: rl, rest: after, oldPath: true}
	}
}

// named finds a realm by path, with or without the slash, or by alias.
func (s *Server) named(name string) (*realm.Realm, bool) {
	if !strings.HasPrefix(name, "/") {
		if rl, ok := s.realms.ByAlias(name); ok {
			return rl, true
		}
	}
	return s.realms.Find("/" + strings.TrimPrefix(name, "/"))
}

func queryValue(r *http.Request, name string) string {
	if r.URL.RawQuery == "" || !strings.Contains(r.URL.RawQuery, name+"=") {
		return ""
	}
	return r.URL.Query().Get(name)
}

func hostName(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return host
}

// place is the address as sessions, pages and links need it.
func (s *Server) place(r *http.Request, rl *realm.Realm, context string) login.Place {
	return login.Place{Realm: rl, Base: s.baseURL(r, rl, context), Context: context}
}

// placeOf is the place of a request below one of the contexts.
func (s *Server) placeOf(r *http.Request, rl *realm.Realm) login.Place {
	for _, context := range s.contexts {
		if after, ok := strings.CutPrefix(r.URL.Path, context); ok && (after == "" || after[0] == '/') {
			return s.place(r, rl, context)
		}
	}
	return s.place(r, rl, s.contexts[0])
}

// itself tells whether where the server stands is what the configuration says: a fixed value, an alias of a realm, or this
// machine. Links in mails have to be: a stranger can send any name.
func (s *Server) itself(r *http.Request, rl *realm.Realm) bool {
	if source := s.settings.baseURL(r.Context(), rl.Path); source.Source == "FIXED_VALUE" && source.Fixed != "" {
		return true
	}
	u, err := url.Parse(s.baseURL(r, rl, ""))
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	if ip, err := netip.ParseAddr(host); host == "localhost" || err == nil && ip.IsLoopback() {
		return true
	}
	return slices.ContainsFunc(s.realms.List(), func(rl *realm.Realm) bool {
		return slices.ContainsFunc(rl.Aliases, func(a string) bool { return strings.EqualFold(a, host) })
	})
}

// baseURL is where the server stands, by the realm's base URL source.
func (s *Server) baseURL(r *http.Request, rl *realm.Realm, context string) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	source := s.settings.baseURL(r.Context(), rl.Path)
	switch source.Source {
	case "FIXED_VALUE":
		fixed := strings.TrimRight(source.Fixed, "/")
		if path := "/" + strings.Trim(source.Context, "/"); fixed != "" {
			if path == "/" || strings.HasSuffix(fixed, path) {
				return fixed
			}
			return fixed + path
		}
	case "X_FORWARDED_HEADERS":
		host := firstOf(r.Header.Get("X-Forwarded-Host"))
		if proto := strings.ToLower(firstOf(r.Header.Get("X-Forwarded-Proto"))); validHost(host) {
			return validScheme(proto, scheme) + "://" + host + contextOf(source, context)
		}
	case "FORWARDED_HEADER":
		host, proto := forwarded(r.Header.Get("Forwarded"))
		if validHost(host) {
			return validScheme(proto, scheme) + "://" + host + contextOf(source, context)
		}
	}
	return scheme + "://" + r.Host + context
}

// clientAddress is the address that a request came from: where the realm's base URL source trusts what proxies say, the
// one that the nearest proxy saw, for the others could be anybody's words; else the other end of the connection.
func (s *Server) clientAddress(r *http.Request, rl *realm.Realm) string {
	said := ""
	switch s.settings.baseURL(r.Context(), rl.Path).Source {
	case "X_FORWARDED_HEADERS":
		said = lastOf(r.Header.Values("X-Forwarded-For"))
	case "FORWARDED_HEADER":
		for pair := range strings.SplitSeq(lastOf(r.Header.Values("Forwarded")), ";") {
			if name, value, _ := strings.Cut(strings.TrimSpace(pair), "="); strings.EqualFold(name, "for") {
				said = strings.Trim(value, `"`)
			}
		}
	}
	if ip, err := netip.ParseAddr(strings.Trim(hostName(said), "[]")); err == nil {
		return ip.String()
	}
	return hostName(r.RemoteAddr)
}

// lastOf is the last element of a list header.
func lastOf(lists []string) string {
	if len(lists) == 0 {
		return ""
	}
	list := lists[len(lists)-1]
	return strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
}

func contextOf(source baseURLSource, context string) string {
	if source.Context == "" {
		return context
	}
	return "/" + strings.Trim(source.Context, "/")
}

func validScheme(proto, other string) string {
	if proto == "http" || proto == "https" {
		return proto
	}
	return other
}

// firstOf is the first element of a list header: the one that the outermost proxy set.
func firstOf(list string) string {
	first, _, _ := strings.Cut(list, ",")
	return strings.TrimSpace(first)
}

// forwarded reads host and proto of the first element of a Forwarded header (RFC 7239 §4).
func forwarded(header string) (host, proto string) {
	for pair := range strings.SplitSeq(firstOf(header), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(name) {
		case "host":
			host = value
		case "proto":
			proto = strings.ToLower(value)
		}
	}
	return host, proto
}

// validHost tells whether a Host header is a name or address with or without a port (RFC 3986 §3.2): it becomes part
// of addresses that are handed out.
func validHost(host string) bool {
	if host == "" || len(host) > 255 {
		return false
	}
	for _, r := range host {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		case r == '-', r == '.', r == '_', r == ':', r == '[', r == ']':
		default:
			return false
		}
	}
	return true
}
