package script

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

// cookie is org.forgerock.http.protocol.Cookie.
type cookie struct {
	name, value, path, domain, comment, sameSite groovy.Value
	expires, maxAge, version                     groovy.Value
	secure, httpOnly                             groovy.Value
}

func (*cookie) GroovyClass() *groovy.Class { return cookieClass }

func (k *cookie) String() string {
	return text(k.name) + "=" + text(k.value)
}

// parts are the properties of a cookie.
func cookieParts(k *cookie) map[string]*groovy.Value {
	return map[string]*groovy.Value{
		"name": &k.name, "value": &k.value, "path": &k.path, "domain": &k.domain, "comment": &k.comment,
		"sameSite": &k.sameSite, "expires": &k.expires, "maxAge": &k.maxAge, "version": &k.version,
		"secure": &k.secure, "httpOnly": &k.httpOnly,
	}
}

var cookieClass = makeCookieClass()

func makeCookieClass() *groovy.Class {
	class := &groovy.Class{
		Name: "org.forgerock.http.protocol.Cookie",
		New: func(c *groovy.Call) (groovy.Value, error) {
			k := &cookie{}
			return k, c.Want(0, 0)
		},
		Get: getters{}, Set: setters{}, Methods: methods{},
		Equals: func(this, other groovy.Value) bool {
			o, ok := other.(*cookie)
			return ok && o.line() == this.(*cookie).line()
		},
	}
	for part := range cookieParts(&cookie{}) {
		class.Get[part] = getter(func(k *cookie) groovy.Value { return *cookieParts(k)[part] })
		set := setter(func(k *cookie, v groovy.Value) error {
			if isText(v) {
				v = text(v)
			}
			*cookieParts(k)[part] = v
			return nil
		})
		class.Set[part] = set
		class.Methods["set"+strings.ToUpper(part[:1])+part[1:]] = fluent(set)
	}
	return class
}

// asCookie takes a Cookie, or a map of its properties.
func asCookie(v groovy.Value) (*cookie, error) {
	switch v := v.(type) {
	case *cookie:
		return v, nil
	case *groovy.Map:
		k := &cookie{}
		parts := cookieParts(k)
		v.Each(func(name, x groovy.Value) bool {
			if p := parts[text(name)]; p != nil {
				*p = x
			}
			return true
		})
		return k, nil
	}
	return nil, badArgument("%s is no cookie", groovy.ToString(v))
}

// line is the value of a Set-Cookie field.
func (k *cookie) line() string {
	var b strings.Builder
	b.WriteString(k.String())
	part := func(name string, v groovy.Value) {
		if v != nil {
			b.WriteString("; " + name + "=" + groovy.ToString(v))
		}
	}
	part("Path", k.path)
	part("Domain", k.domain)
	if ms, ok := whole(k.expires); ok {
		part("Expires", time.UnixMilli(ms).UTC().Format(http.TimeFormat))
	} else {
		part("Expires", k.expires)
	}
	part("Max-Age", k.maxAge)
	if k.secure == true {
		b.WriteString("; Secure")
	}
	if k.httpOnly == true {
		b.WriteString("; HttpOnly")
	}
	part("SameSite", k.sameSite)
	return b.String()
}

func parseSetCookie(lines []string) []*cookie {
	var out []*cookie
	for _, line := range lines {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			continue
		}
		k := &cookie{name: c.Name, value: c.Value, path: orNull(c.Path), domain: orNull(c.Domain)}
		if c.RawExpires != "" {
			k.expires = c.RawExpires
		}
		if c.MaxAge != 0 {
			k.maxAge = int32(min(max(c.MaxAge, 0), math.MaxInt32))
		}
		if c.Secure {
			k.secure = true
		}
		if c.HttpOnly {
			k.httpOnly = true
		}
		switch c.SameSite {
		case http.SameSiteLaxMode:
			k.sameSite = "Lax"
		case http.SameSiteStrictMode:
			k.sameSite = "Strict"
		case http.SameSiteNoneMode:
			k.sameSite = "None"
		}
		out = append(out, k)
	}
	return out
}

// requestCookies is request.cookies: a view of the Cookie fields that maps names to
// lists of cookies. What is stored or removed rewrites the field.
type requestCookies struct{ fields *http.Header }

func (requestCookies) GroovyClass() *groovy.Class { return requestCookiesClass }

var requestCookiesClass = tableClass(&groovy.Class{
	Name: "org.forgerock.http.protocol.RequestCookies",
	Methods: methods{
		// add is no method of maps, yet scripts call it.
		"add": method(func(rc requestCookies, c *groovy.Call) (groovy.Value, error) {
			v := c.Arg(c.Len() - 1)
			k, err := asCookie(v)
			if err != nil {
				return nil, err
			}
			if c.Len() == 2 && k.name == nil {
				k.name = c.Str(0)
			}
			list, _ := rc.at(text(k.name))
			have, _ := elements(list)
			return nil, rc.put(text(k.name), groovy.NewList(append(have, k)...))
		}),
	},
})

func (rc requestCookies) parse() chain.CookieList { return chain.Cookies(*rc.fields) }

func (rc requestCookies) at(name string) (groovy.Value, bool) {
	list := rc.parse()[name]
	if len(list) == 0 {
		return nil, false
	}
	items := make([]groovy.Value, len(list))
	for i, c := range list {
		c := c.(chain.Cookie)
		items[i] = &cookie{name: c.Name, value: c.Value}
	}
	return groovy.NewList(items...), true
}

func (rc requestCookies) keys() []string { return rc.parse().Keys() }

func (rc requestCookies) remove(name string) error { return rc.rewrite(name, nil) }

func (rc requestCookies) put(name string, v groovy.Value) error {
	items, many := elements(v)
	if !many && v != nil {
		items = []groovy.Value{v}
	}
	list := make([]chain.Cookie, 0, len(items))
	for _, x := range items {
		if isText(x) {
			list = append(list, chain.Cookie{Name: name, Value: text(x)})
			continue
		}
		k, err := asCookie(x)
		if err != nil {
			return err
		}
		if k.name == nil {
			k.name = name
		}
		list = append(list, chain.Cookie{Name: text(k.name), Value: text(k.value)})
	}
	return rc.rewrite(name, list)
}

// rewrite joins all cookies into one field (RFC 6265 §4.2.1), those of one name
// replaced.
func (rc requestCookies) rewrite(name string, list []chain.Cookie) error {
	all := rc.parse()
	var b strings.Builder
	write := func(c chain.Cookie) {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(c.Name + "=" + quoted(c.Value))
	}
	for _, n := range all.Keys() {
		if n == name {
			continue
		}
		for _, c := range all[n] {
			write(c.(chain.Cookie))
		}
	}
	for _, c := range list {
		if strings.ContainsAny(c.Name, "=;, \t") || strings.ContainsAny(c.Value, ";") {
			return badArgument("the cookie %s has a character that cookies cannot have", strconv.Quote(c.Name))
		}
		write(c)
	}
	h := headers(rc)
	if b.Len() == 0 {
		return h.remove("Cookie")
	}
	return h.set("Cookie", []string{b.String()})
}

// quoted keeps blanks and commas of a value within quotes, as they were sent.
func quoted(s string) string {
	if strings.ContainsAny(s, " ,\t") {
		return `"` + s + `"`
	}
	return s
}
