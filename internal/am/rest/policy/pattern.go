package policy

import (
	"errors"
	"slices"
	"strings"
)

// maxResource bounds a resource and a pattern.
const maxResource = 4096

// Resource is a resource in the form in which it is compared: without regard to case, with the port that the scheme
// stands for, without dot segments, and with the query in order.
type Resource struct {
	url                      bool
	scheme, host, port, path string // of what is no URL, path is all before the query
	query                    string
	asks                     bool // has a query, which may be empty
}

// ParseResource reads a resource. What is no URL is taken as it is.
func ParseResource(text string) Resource {
	var r Resource
	text = strings.ToLower(text)
	text, r.query, r.asks = strings.Cut(text, "?")
	r.query = sortQuery(r.query)
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || scheme == "" || strings.ContainsAny(scheme, "/:") {
		r.path = text
		return r
	}
	r.url, r.scheme = true, scheme
	authority, path := rest, "/"
	if at := strings.IndexByte(rest, '/'); at >= 0 {
		authority, path = rest[:at], rest[at:]
	}
	r.path = cleanPath(decodeUnreserved(path))
	r.host, r.port = authority, ""
	if at := strings.LastIndexByte(authority, ':'); at >= 0 && !strings.HasSuffix(authority, "]") {
		r.host, r.port = authority[:at], authority[at+1:]
	}
	r.host = strings.TrimSuffix(r.host, ".")
	if r.port == "" {
		switch {
		case scheme == "http":
			r.port = "80"
		case scheme == "https":
			r.port = "443"
		case strings.Contains(scheme, "*"):
			r.port = "*"
		}
	}
	return r
}

// sortQuery puts the parameters in order: two addresses that differ in it alone are one resource.
func sortQuery(query string) string {
	if !strings.Contains(query, "&") {
		return query
	}
	parts := strings.Split(query, "&")
	slices.Sort(parts)
	return strings.Join(parts, "&")
}

// decodeUnreserved turns escapes of letters, digits and "-._~" into them (RFC 3986 §6.2.2.2): what servers take for
// one resource must not look like another here.
func decodeUnreserved(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if c := hi<<4 | lo; hi >= 0 && lo >= 0 && unreserved(byte(c)) {
				b.WriteString(strings.ToLower(string(rune(c))))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

func unreserved(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("-._~", c) >= 0
}

// cleanPath resolves the segments "." and ".." (RFC 3986 §5.2.4).
func cleanPath(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	var out []string
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch s {
		case ".", "..":
			if s == ".." && len(out) > 0 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, s)
		}
	}
	return "/" + strings.Join(out, "/")
}

// Pattern is a resource with wildcards: "*" stands for anything in its part of a URL, "-*-" for anything within one
// segment of a path. Neither stands for the question mark before a query.
type Pattern struct{ Resource }

// ParsePattern reads a pattern.
func ParsePattern(text string) (Pattern, error) {
	if text == "" || len(text) > maxResource {
		return Pattern{}, errors.New("expected a resource of 1 to 4096 characters")
	}
	r := ParseResource(text)
	for _, part := range []string{r.scheme, r.host, r.port, r.path, r.query} {
		if strings.Contains(part, oneLevel) && strings.Contains(strings.ReplaceAll(part, oneLevel, ""), "*") {
			return Pattern{}, errors.New("the wildcards * and -*- must not be mixed in one part of a resource")
		}
	}
	return Pattern{r}, nil
}

const oneLevel = "-*-"

// Matches tells whether the resource is one of those that the pattern stands for.
func (p Pattern) Matches(r Resource) bool {
	if p.asks != r.asks || !glob(p.query, r.query) {
		return false
	}
	if !p.url {
		if r.url {
			// "*" is a pattern of all, be they URLs or not.
			return p.path == "*"
		}
		return glob(p.path, r.path)
	}
	return r.url && glob(p.scheme, r.scheme) && glob(p.host, r.host) && glob(p.port, r.port) && glob(p.path, r.path)
}

// glob compares one part.
func glob(pattern, text string) bool {
	if !strings.Contains(pattern, oneLevel) {
		return star(pattern, text)
	}
	patterns, texts := strings.Split(strings.ReplaceAll(pattern, oneLevel, "*"), "/"), strings.Split(text, "/")
	if len(patterns) != len(texts) {
		return false
	}
	for i := range patterns {
		if !star(patterns[i], texts[i]) {
			return false
		}
	}
	return true
}

// star compares with a pattern in which "*" stands for any text. It only ever goes back to the last star.
func star(pattern, text string) bool {
	p, t, back, at := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			back, at = p, t
			p++
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case back >= 0:
			at++
			p, t = back+1, at
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// Below tells whether other is the resource or lies below it.
func (r Resource) Below(other Resource) bool {
	if r.url != other.url {
		return false
	}
	root := strings.TrimSuffix(r.path, "/")
	return r.scheme == other.scheme && r.host == other.host && r.port == other.port &&
		(other.path == r.path || strings.HasPrefix(other.path, root+"/"))
}
