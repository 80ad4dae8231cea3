package filters

import (
	"net/http"
	"strings"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// browserCookie is the block "cookie" of filters that keep something at the client.
type browserCookie struct {
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

// orDefaults fills in what is not configured, and reports a cookie that cannot be.
func (c *browserCookie) orDefaults(env *heap.Env, field, name string) *browserCookie {
	if c == nil {
		c = &browserCookie{HTTPOnly: true, Path: "/"}
	}
	if c.Name == "" {
		c.Name = name
	}
	if (&http.Cookie{Name: c.Name, Value: "x"}).String() == "" {
		env.Fail(field+".name", "%q cannot be the name of a cookie", c.Name)
	}
	return c
}

// set appends a Set-Cookie field. maxAge 0 makes a cookie of the browser session, a
// negative one removes the cookie.
func (c *browserCookie) set(h http.Header, value string, maxAge int) {
	cookie := &http.Cookie{Name: c.Name, Value: value, Path: c.Path, Domain: c.Domain, HttpOnly: c.HTTPOnly, Secure: c.Secure, MaxAge: maxAge}
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

// get is the cookie's value, "" for none.
func (c *browserCookie) get(x *chain.Exchange) string {
	v, _ := cookieValue(x.Request.Header["Cookie"], c.Name)
	return v
}

// dropCookie removes a cookie from a request.
func dropCookie(h http.Header, name string) {
	var b strings.Builder
	eachCookie(h["Cookie"], func(pair, n, _ string) {
		if n != name {
			if b.Len() > 0 {
				b.WriteString("; ")
			}
			b.WriteString(pair)
		}
	})
	delete(h, "Cookie")
	if b.Len() > 0 {
		h["Cookie"] = []string{b.String()}
	}
}
