package filters

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Limits of a jar; the oldest cookies go first (RFC 6265 §6.1).
const (
	maxCookies     = 200
	maxCookieBytes = 8192
)

// cookiePlace is the host that a client sees, in lower case, and a path.
type cookiePlace struct{ host, path string }

// cookieJar keeps cookies of upstreams for one user agent. It may be used concurrently.
type cookieJar struct {
	mu   sync.Mutex
	list []keptCookie // oldest first
}

type keptCookie struct {
	name, value  string
	domain, path string
	hostOnly     bool
	expires      time.Time // zero: with the session
}

// store keeps a cookie (RFC 6265 §5.3). A cookie for a domain that the client does not
// see, such as an upstream's own name, is one of the host that the client asked. over tells
// that the cookie is too large, or that the oldest made room.
func (j *cookieJar) store(c setCookie, at cookiePlace, now time.Time) (over bool) {
	if len(c.name)+len(c.value) > maxCookieBytes {
		return true
	}
	k := keptCookie{name: c.name, value: c.value, domain: at.host, hostOnly: true, path: defaultPath(at.path)}
	if d, _ := c.get("Domain"); d != "" {
		d = strings.ToLower(strings.TrimPrefix(d, "."))
		if strings.Contains(d, ".") && domainMatches(at.host, d) {
			k.domain, k.hostOnly = d, false
		}
	}
	if p, _ := c.get("Path"); strings.HasPrefix(p, "/") {
		k.path = p
	}
	ended := false
	if text, ok := c.get("Max-Age"); ok {
		if n, err := strconv.ParseInt(text, 10, 32); err == nil {
			k.expires, ended = now.Add(time.Duration(n)*time.Second), n <= 0
		}
	} else if text, ok := c.get("Expires"); ok {
		if when, err := http.ParseTime(text); err == nil {
			k.expires, ended = when, !when.After(now)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.list = slices.DeleteFunc(j.list, func(o keptCookie) bool {
		return o.name == k.name && o.domain == k.domain && o.path == k.path || o.ended(now)
	})
	if ended {
		return false
	}
	if over = len(j.list) >= maxCookies; over {
		j.list = slices.Delete(j.list, 0, len(j.list)-maxCookies+1)
	}
	j.list = append(j.list, k)
	return over
}

func (k *keptCookie) ended(now time.Time) bool { return !k.expires.IsZero() && !k.expires.After(now) }

// each calls add with the pairs to send to a place, those with longer paths first (RFC
// 6265 §5.4).
func (j *cookieJar) each(at cookiePlace, now time.Time, add func(pair string)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var fit []*keptCookie
	for i := range j.list {
		k := &j.list[i]
		if !k.ended(now) && (k.domain == at.host || !k.hostOnly && domainMatches(at.host, k.domain)) && pathMatches(at.path, k.path) {
			fit = append(fit, k)
		}
	}
	slices.SortStableFunc(fit, func(a, b *keptCookie) int { return len(b.path) - len(a.path) })
	for _, k := range fit {
		add(k.name + "=" + k.value)
	}
}

func domainMatches(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// defaultPath is the folder of a path (RFC 6265 §5.1.4).
func defaultPath(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i <= 0 {
		return "/"
	}
	return path[:i]
}

func pathMatches(path, prefix string) bool {
	if path == "" {
		path = "/"
	}
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || strings.HasSuffix(prefix, "/") || rest[0] == '/')
}
