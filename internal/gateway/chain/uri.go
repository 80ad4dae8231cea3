package chain

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// URI is a request target that filters may change part by part. All parts are kept
// as sent: nothing is normalised or decoded until somebody asks for the decoded form.
type URI struct {
	Scheme   string
	UserInfo string // raw
	Host     string // without brackets for IPv6
	Port     int    // -1 when absent
	RawPath  string
	RawQuery string // meaningful when HasQuery
	HasQuery bool
	Fragment string // raw; "" when absent
}

// ParseURI reads an absolute or relative URI reference.
func ParseURI(s string) (*URI, error) {
	u := &URI{Port: -1}
	if i := strings.IndexByte(s, '#'); i >= 0 {
		u.Fragment, s = s[i+1:], s[:i]
	}
	if i := strings.IndexByte(s, '?'); i >= 0 {
		u.RawQuery, u.HasQuery, s = s[i+1:], true, s[:i]
	}
	if i := strings.IndexByte(s, ':'); i > 0 && isScheme(s[:i]) && !strings.Contains(s[:i], "/") {
		u.Scheme, s = strings.ToLower(s[:i]), s[i+1:]
	}
	if strings.HasPrefix(s, "//") {
		s = s[2:]
		authority := s
		if i := strings.IndexByte(s, '/'); i >= 0 {
			authority, s = s[:i], s[i:]
		} else {
			s = ""
		}
		if err := u.setAuthority(authority); err != nil {
			return nil, err
		}
	}
	u.RawPath = s
	return u, u.valid()
}

func (u *URI) setAuthority(a string) error {
	user := ""
	if i := strings.LastIndexByte(a, '@'); i >= 0 {
		user, a = a[:i], a[i+1:]
	}
	host, port, err := splitHostPort(a)
	if err != nil {
		return err
	}
	u.UserInfo, u.Host, u.Port = user, host, port
	return nil
}

func splitHostPort(a string) (string, int, error) {
	host, portText := a, ""
	if strings.HasPrefix(a, "[") {
		end := strings.IndexByte(a, ']')
		if end < 0 {
			return "", 0, fmt.Errorf("uri: host %q lacks a closing bracket", a)
		}
		host = a[1:end]
		rest := a[end+1:]
		if rest != "" {
			if rest[0] != ':' {
				return "", 0, fmt.Errorf("uri: unexpected text after the host in %q", a)
			}
			portText = rest[1:]
		}
		if !validIPv6(host) {
			return "", 0, fmt.Errorf("uri: %q is no IPv6 address", host)
		}
	} else {
		if i := strings.IndexByte(a, ':'); i >= 0 {
			host, portText = a[:i], a[i+1:]
		}
		if !validName(host) {
			return "", 0, fmt.Errorf("uri: the host %q has a character that hosts cannot have", host)
		}
	}
	if portText == "" {
		return host, -1, nil
	}
	port, err := parsePort(portText)
	return host, port, err
}

// parsePort reads digits alone: no sign, no blanks.
func parsePort(s string) (int, error) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' || n > 65535 {
			return 0, fmt.Errorf("uri: %q is no port", s)
		}
		n = 10*n + int(s[i]-'0')
	}
	if n > 65535 {
		return 0, fmt.Errorf("uri: %q is no port", s)
	}
	return n, nil
}

// SetHostPort sets host and port from the value of a Host field. A host must be there.
func (u *URI) SetHostPort(hostPort string) error {
	host, port, err := splitHostPort(hostPort)
	if err != nil {
		return err
	}
	if host == "" {
		return fmt.Errorf("uri: no host in %q", hostPort)
	}
	u.Host, u.Port = host, port
	return nil
}

// validName accepts what a host name or IPv4 address may consist of (RFC 3986 §3.2.2),
// and letters beyond ASCII, which a later look-up will refuse or translate.
func validName(host string) bool {
	for i := range len(host) {
		if c := host[i]; c < 0x80 && c != '%' && !unreserved(c) {
			return false
		}
	}
	return true
}

// validIPv6 accepts an address with an optional zone (RFC 6874).
func validIPv6(host string) bool {
	address, zone, _ := strings.Cut(host, "%")
	ip, err := netip.ParseAddr(address)
	return err == nil && ip.Is6() && validName(zone)
}

// isScheme accepts no scheme, too.
func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return true
}

// valid refuses what would let one header line become two, or one part become another.
func (u *URI) valid() error {
	if !isScheme(u.Scheme) {
		return fmt.Errorf("uri: %q is no scheme", u.Scheme)
	}
	if strings.ContainsAny(u.RawPath, "?#") || strings.Contains(u.RawQuery, "#") {
		return fmt.Errorf("uri: a delimiter inside path %q or query", u.RawPath)
	}
	if strings.ContainsAny(u.UserInfo, "/?#@") {
		return fmt.Errorf("uri: a delimiter inside the user info")
	}
	if strings.IndexByte(u.Host, ':') >= 0 {
		if !validIPv6(u.Host) {
			return fmt.Errorf("uri: %q is no host", u.Host)
		}
	} else if !validName(u.Host) {
		return fmt.Errorf("uri: %q is no host", u.Host)
	}
	if u.Host != "" && u.RawPath != "" && u.RawPath[0] != '/' {
		return fmt.Errorf("uri: the path %q does not begin with a slash", u.RawPath)
	}
	for _, part := range [...]string{u.RawPath, u.RawQuery, u.Fragment, u.UserInfo, u.Host} {
		for i := range len(part) {
			if c := part[i]; c <= ' ' || c == 0x7f {
				return fmt.Errorf("uri: control character or blank in %q", part)
			}
		}
	}
	return nil
}

// Clone returns a copy.
func (u *URI) Clone() *URI {
	c := *u
	return &c
}

// Authority is user info, host and port as in the text form.
func (u *URI) Authority() string {
	var b strings.Builder
	u.writeAuthority(&b)
	return b.String()
}

func (u *URI) writeAuthority(b *strings.Builder) {
	if u.UserInfo != "" {
		b.WriteString(u.UserInfo)
		b.WriteByte('@')
	}
	b.WriteString(u.HostPort())
}

// HostPort is the host and, if given, the port: the value of a Host header.
func (u *URI) HostPort() string {
	host := u.Host
	if strings.IndexByte(host, ':') >= 0 {
		host = "[" + host + "]"
	}
	if u.Port >= 0 {
		return host + ":" + strconv.Itoa(u.Port)
	}
	return host
}

// DialAddr is the host and port to connect to, with the scheme's default port.
func (u *URI) DialAddr() string {
	port := u.Port
	if port < 0 {
		port = 80
		if u.Scheme == "https" || u.Scheme == "wss" {
			port = 443
		}
	}
	host := u.Host
	if strings.IndexByte(host, ':') >= 0 {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}

// Path is the decoded path. What cannot be decoded stays as it is.
func (u *URI) Path() string {
	if strings.IndexByte(u.RawPath, '%') < 0 {
		return u.RawPath
	}
	if p, err := url.PathUnescape(u.RawPath); err == nil {
		return p
	}
	return u.RawPath
}

// SetPath sets the path from its decoded form.
func (u *URI) SetPath(p string) { u.RawPath = encode(p, pathByte) }

// Query is the decoded query (percent escapes only), "" when absent.
func (u *URI) Query() string {
	if q, err := url.PathUnescape(u.RawQuery); err == nil {
		return q
	}
	return u.RawQuery
}

// SetQuery sets the query from its decoded form; "" keeps an empty query.
func (u *URI) SetQuery(q string) { u.RawQuery, u.HasQuery = encode(q, queryByte), true }

// RequestTarget is path and query as in a request line.
func (u *URI) RequestTarget() string {
	p := u.RawPath
	if p == "" {
		p = "/"
	}
	if u.HasQuery {
		return p + "?" + u.RawQuery
	}
	return p
}

func (u *URI) String() string {
	var b strings.Builder
	if u.Scheme != "" {
		b.WriteString(u.Scheme)
		b.WriteByte(':')
	}
	if u.Host != "" {
		b.WriteString("//")
		u.writeAuthority(&b)
	}
	b.WriteString(u.RawPath)
	if u.HasQuery {
		b.WriteByte('?')
		b.WriteString(u.RawQuery)
	}
	if u.Fragment != "" {
		b.WriteByte('#')
		b.WriteString(u.Fragment)
	}
	return b.String()
}

// Rebase takes scheme, host and port from base and keeps the rest.
func (u *URI) Rebase(base *URI) { u.Scheme, u.Host, u.Port = base.Scheme, base.Host, base.Port }

// PathElements are the decoded segments of the path.
func (u *URI) PathElements() []any {
	trimmed := strings.TrimPrefix(u.RawPath, "/")
	if trimmed == "" {
		return []any{}
	}
	parts := strings.Split(trimmed, "/")
	list := make([]any, len(parts))
	for i, p := range parts {
		if d, err := url.PathUnescape(p); err == nil {
			p = d
		}
		list[i] = p
	}
	return list
}

// Get returns a property as expressions see it.
func (u *URI) Get(name string) (any, bool) {
	switch name {
	case "scheme":
		return orNil(u.Scheme), true
	case "host":
		return orNil(u.Host), true
	case "port":
		return int64(u.Port), true
	case "path":
		return u.Path(), true
	case "rawPath":
		return u.RawPath, true
	case "query":
		if !u.HasQuery {
			return nil, true
		}
		return u.Query(), true
	case "rawQuery":
		if !u.HasQuery {
			return nil, true
		}
		return u.RawQuery, true
	case "fragment", "rawFragment":
		return orNil(u.Fragment), true
	case "userInfo", "rawUserInfo":
		return orNil(u.UserInfo), true
	case "authority", "rawAuthority":
		return orNil(u.Authority()), true
	case "pathElements":
		return u.PathElements(), true
	}
	return nil, false
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// Set assigns a property. path and query take the decoded form, the raw ones do not.
func (u *URI) Set(name string, v any) error {
	old := *u
	s := ""
	if v != nil {
		s = fmt.Sprint(v)
	}
	var err error
	switch name {
	case "scheme":
		u.Scheme = strings.ToLower(s)
	case "host":
		u.Host = strings.Trim(s, "[]")
	case "port":
		u.Port = -1
		if s != "" {
			if s != "-1" {
				u.Port, err = parsePort(s)
			}
		}
	case "path":
		u.SetPath(s)
	case "rawPath":
		u.RawPath = s
	case "query":
		u.SetQuery(s)
		u.HasQuery = v != nil
	case "rawQuery":
		u.RawQuery, u.HasQuery = s, v != nil
	case "fragment":
		u.Fragment = encode(s, queryByte)
	case "rawFragment":
		u.Fragment = s
	case "userInfo":
		u.UserInfo = encode(s, func(c byte) bool { return unreserved(c) || c == ':' })
	case "rawUserInfo":
		u.UserInfo = s
	case "authority", "rawAuthority":
		err = u.setAuthority(s)
	default:
		return ErrReadOnly
	}
	if err == nil {
		err = u.valid()
	}
	if err != nil {
		*u = old
	}
	return err
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("-._~!$&'()*+,;=", c) >= 0
}

func pathByte(c byte) bool  { return unreserved(c) || c == '/' || c == ':' || c == '@' }
func queryByte(c byte) bool { return pathByte(c) || c == '?' }

// encode percent-encodes every byte that keep does not allow (RFC 3986 §2.1).
func encode(s string, keep func(byte) bool) string {
	n := 0
	for i := range len(s) {
		if !keep(s[i]) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+2*n)
	for i := range len(s) {
		if c := s[i]; keep(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

// GetText is Get for the properties that are texts; it spares expressions an allocation.
func (u *URI) GetText(name string) (string, bool) {
	switch name {
	case "path":
		return u.Path(), true
	case "rawPath":
		return u.RawPath, true
	case "scheme":
		return u.Scheme, u.Scheme != ""
	case "host":
		return u.Host, u.Host != ""
	}
	return "", false
}
