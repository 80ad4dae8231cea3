// Package session keeps what belongs to a user agent between requests: in memory, or
// in an encrypted cookie.
package session

import (
	"net/http"
	"strings"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// SessionManager opens sessions and saves them.
type SessionManager interface {
	// Open returns the session of a request. Nothing is read before somebody looks
	// into the session.
	Open(x *chain.Exchange) Scope
}

// Scope is a session while a request is under way.
type Scope interface {
	chain.Session
	// Save stores what changed and sets the cookie on the response where needed.
	Save(resp *chain.Response) error
}

// All lists the types of session managers.
var All = []*heap.Type{inMemory, jwt}

// Within wraps h so that it sees the sessions of m.
func Within(m SessionManager, h chain.Handler) chain.Handler {
	return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		scope := m.Open(x)
		resp, err := h.Handle(x.Push(&chain.SessionContext{Session: scope}))
		if err != nil {
			return nil, err
		}
		if err := scope.Save(resp); err != nil {
			resp.Entity.Close()
			return nil, err
		}
		return resp, nil
	})
}

// cookieConfig is the block "cookie".
type cookieConfig struct {
	// Name is the cookie's name.
	Name string `conf:"name"`
	// Domain is the cookie's domain; the default is the host that was asked.
	Domain string `conf:"domain"`
	// HTTPOnly keeps scripts of pages from reading the cookie.
	HTTPOnly bool `conf:"httpOnly,default=true"`
	// Path is the cookie's path.
	Path string `conf:"path,default=/"`
	// SameSite says when other sites' requests carry the cookie; the default sets nothing.
	SameSite string `conf:"sameSite,oneof=STRICT|LAX|NONE"`
	// Secure keeps the cookie to HTTPS.
	Secure bool `conf:"secure"`
}

func (c *cookieConfig) orDefaults(name string) *cookieConfig {
	if c == nil {
		c = &cookieConfig{HTTPOnly: true, Path: "/"}
	}
	if c.Name == "" {
		c.Name = name
	}
	return c
}

// set appends a Set-Cookie field. maxAge 0 makes a cookie of the browser session, a
// negative one removes the cookie.
func (c *cookieConfig) set(h http.Header, name, value string, maxAge int) {
	var expires time.Time
	switch {
	case maxAge < 0:
		expires = time.Unix(1, 0)
	case maxAge > 0:
		expires = time.Now().Add(time.Duration(maxAge) * time.Second)
	}
	cookie := &http.Cookie{Expires: expires, Name: name, Value: value, Path: c.Path, Domain: c.Domain, HttpOnly: c.HTTPOnly, Secure: c.Secure, MaxAge: maxAge}
	switch c.SameSite {
	case "STRICT":
		cookie.SameSite = http.SameSiteStrictMode
	case "LAX":
		cookie.SameSite = http.SameSiteLaxMode
	case "NONE":
		cookie.SameSite = http.SameSiteNoneMode
	}
	if text := cookie.String(); text != "" {
		h["Set-Cookie"] = append(h["Set-Cookie"], text)
	}
}

// cookie returns the value of a request's cookie, "" when there is none.
func cookie(h http.Header, name string) string {
	for _, line := range h["Cookie"] {
		for part := range strings.SplitSeq(line, ";") {
			n, v, ok := strings.Cut(strings.TrimSpace(part), "=")
			if ok && n == name {
				return strings.Trim(v, `"`)
			}
		}
	}
	return ""
}

// checkCookie refuses names that no cookie can have.
func checkCookie(env *heap.Env, c *cookieConfig) {
	if (&http.Cookie{Name: c.Name, Value: "x"}).String() == "" {
		env.Fail("cookie", "%q cannot be the name of a cookie", c.Name)
	}
	if c.SameSite == "NONE" && !c.Secure {
		env.Warn("cookie", "browsers ignore a cookie with sameSite NONE that is not secure")
	}
}
