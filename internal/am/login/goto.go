package login

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"gatehouse/internal/am/store"
)

// ServiceValidation is the service that names where a browser may be sent after a login.
const ServiceValidation = "validation"

const maxGoto = 2000

// ValidGoto tells whether a browser may be sent to target: to this server, or where the realm's validation service
// allows. Without that service nothing else is allowed.
func (s *Service) ValidGoto(ctx context.Context, place Place, target string) bool {
	if target == "" || len(target) > maxGoto || strings.ContainsFunc(target, notInURL) {
		return false
	}
	u, err := url.Parse(target)
	if err != nil || u.User != nil || u.Opaque != "" || climbs(u.EscapedPath()) {
		return false
	}
	base, err := url.Parse(place.Base)
	if err != nil {
		return false
	}
	switch {
	case u.Host == "" && u.Scheme == "":
		if strings.HasPrefix(target, "//") { // ///host is //host to browsers
			return false
		}
		return strings.HasPrefix(target, "/") || !strings.Contains(strings.SplitN(target, "?", 2)[0], ":")
	case u.Scheme == "": // //host is absolute
		u.Scheme = base.Scheme
	}
	if s := strings.ToLower(u.Scheme); s != "http" && s != "https" {
		return false
	}
	if u.Host == "" {
		return false
	}
	if strings.EqualFold(u.Scheme, base.Scheme) && strings.EqualFold(withPort(u), withPort(base)) {
		return true
	}
	for _, pattern := range s.gotoPatterns(ctx, place) {
		if matchesGoto(pattern, u, base) {
			return true
		}
	}
	return false
}

// notInURL finds what browsers drop or read as a slash, so that they would go elsewhere than was checked.
func notInURL(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }

// gotoPatterns are those of the realm and those of the whole server.
func (s *Service) gotoPatterns(ctx context.Context, place Place) []string {
	var list []string
	own, err := place.Realm.Service(ctx, ServiceValidation)
	list = append(list, s.destinations(own, err)...)
	global, err := s.docs.Get(ctx, "", store.KindGlobal, ServiceValidation)
	return append(list, s.destinations(global, err)...)
}

func (s *Service) destinations(doc store.Doc, err error) []string {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	var body struct {
		Destinations []string `json:"validGotoDestinations"`
	}
	if err == nil {
		err = json.Unmarshal(doc.Body, &body)
	}
	if err != nil {
		s.Log.Warn("the validation service cannot be used", "error", err)
	}
	return body.Destinations
}

// matchesGoto compares a URL with a pattern: "*" stands for any text without a question mark, "-*-" for any text
// within one part of the path; a query has to have its own part of the pattern; ports may be left to the scheme;
// case does not matter. A pattern without scheme and host is about this server's host.
func matchesGoto(pattern string, u, base *url.URL) bool {
	pattern = strings.ToLower(pattern)
	scheme, rest, ok := strings.Cut(pattern, "://")
	if !ok {
		scheme, rest = strings.ToLower(base.Scheme), strings.ToLower(base.Host)+"/"+strings.TrimPrefix(pattern, "/")
	}
	host, path := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	path, query, hasQuery := strings.Cut(path, "?")
	if scheme != "*" && scheme != strings.ToLower(u.Scheme) || hasQuery != (u.RawQuery != "" || u.ForceQuery) {
		return false
	}
	if !strings.Contains(host[strings.LastIndexByte(host, ']')+1:], ":") {
		host += ":" + defaultPort(u.Scheme)
	}
	have := strings.ToLower(u.EscapedPath())
	if have == "" {
		have = "/"
	}
	if path == "" {
		path = "/"
	}
	return glob(host, strings.ToLower(withPort(u)), "/?:") && glob(path, have, "") &&
		(!hasQuery || glob(query, strings.ToLower(u.RawQuery), ""))
}

func withPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	return strings.TrimSuffix(u.Host, ":") + ":" + defaultPort(u.Scheme)
}

func defaultPort(scheme string) string {
	if strings.EqualFold(scheme, "https") {
		return "443"
	}
	return "80"
}

// glob matches text with a pattern of "*", which never crosses a character of stop, and "-*-", which does not cross
// a slash either. at[i] tells whether the pattern read so far matches the first i characters.
func glob(pattern, text, stop string) bool {
	at := make([]bool, len(text)+1)
	at[0] = true
	for pattern != "" {
		switch {
		case strings.HasPrefix(pattern, "-*-"):
			spread(at, text, stop+"/")
			pattern = pattern[3:]
		case pattern[0] == '*':
			spread(at, text, stop)
			pattern = pattern[1:]
		default:
			for i := len(text); i > 0; i-- {
				at[i] = at[i-1] && text[i-1] == pattern[0]
			}
			at[0] = false
			pattern = pattern[1:]
		}
	}
	return at[len(text)]
}

func spread(at []bool, text, stop string) {
	for i := range len(text) {
		at[i+1] = at[i+1] || at[i] && strings.IndexByte(stop, text[i]) < 0
	}
}

// climbs tells whether the path has a part that browsers take for "here" or "up".
func climbs(path string) bool {
	for part := range strings.SplitSeq(strings.ToLower(path), "/") {
		if part = strings.ReplaceAll(part, "%2e", "."); part == "." || part == ".." {
			return true
		}
	}
	return false
}
