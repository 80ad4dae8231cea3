package session

import (
	"net/http"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// Cookie is the block "cookie" of types that keep something at the browser.
type Cookie struct {
	// Name is the cookie's name.
	Name string `conf:"name"`
	// Domain is the cookie's domain; the default is the host that was asked.
	Domain string `conf:"domain"`
	// HTTPOnly keeps scripts of pages from reading the cookie.
	HTTPOnly bool `conf:"httpOnly,default=true"`
	// Path is the cookie's path.
	Path string `conf:"path,default=/"`
	// SameSite says when other sites' requests carry the cookie.
	SameSite string `conf:"sameSite,oneof=STRICT|LAX|NONE"`
	// Secure keeps the cookie to HTTPS.
	Secure bool `conf:"secure"`
}

// OrDefaults fills in what is not configured, and reports a cookie that cannot be. c may
// be nil.
func (c *Cookie) OrDefaults(env *heap.Env, field, name string) *Cookie {
	if c == nil {
		c = &Cookie{HTTPOnly: true, Path: "/"}
	}
	if c.Name == "" {
		c.Name = name
	}
	if c.with("x").String() == "" {
		env.Fail(field+".name", "%q cannot be the name of a cookie", c.Name)
	}
	if c.SameSite == "NONE" && !c.Secure {
		env.Warn(field, "browsers ignore a cookie with sameSite NONE that is not secure")
	}
	return c
}

// Get is the value of the cookie in a request, "" for none.
func (c *Cookie) Get(h http.Header) string {
	v, _ := chain.CookieValue(h, c.Name)
	return v
}

// Set appends a Set-Cookie field. maxAge 0 makes a cookie of the browser session, a
// negative one removes the cookie.
func (c *Cookie) Set(h http.Header, value string, maxAge int) {
	cookie := c.with(value) //nolint:gosec // as below
	cookie.MaxAge = maxAge
	switch {
	case maxAge < 0:
		cookie.Expires = time.Unix(1, 0)
	case maxAge > 0:
		cookie.Expires = time.Now().Add(time.Duration(maxAge) * time.Second)
	}
	if text := cookie.String(); text != "" {
		h["Set-Cookie"] = append(h["Set-Cookie"], text)
	}
}

var sameSites = map[string]http.SameSite{"STRICT": http.SameSiteStrictMode, "LAX": http.SameSiteLaxMode, "NONE": http.SameSiteNoneMode}

func (c *Cookie) with(value string) *http.Cookie {
	//nolint:gosec // how safe it is says the configuration
	return &http.Cookie{Name: c.Name, Value: value, Path: c.Path, Domain: c.Domain, HttpOnly: c.HTTPOnly, Secure: c.Secure, SameSite: sameSites[c.SameSite]}
}
