package filters

import (
	"net/http"
	"strings"

	"gatehouse/internal/gateway/chain"
)

// setCookie is the value of a Set-Cookie field, kept as it is written (RFC 6265 §4.1).
type setCookie struct {
	name, value string
	attributes  []cookieAttribute
}

type cookieAttribute struct {
	name, value string
	flag        bool // without "="
}

// parseSetCookie reads a field; ok is false when it names no cookie.
func parseSetCookie(field string) (c setCookie, ok bool) {
	pair, rest, _ := strings.Cut(field, ";")
	name, value, ok := strings.Cut(pair, "=")
	c.name, c.value = strings.Trim(name, " \t"), strings.Trim(value, " \t")
	if !ok || c.name == "" {
		return c, false
	}
	for rest != "" {
		pair, rest, _ = strings.Cut(rest, ";")
		if pair = strings.Trim(pair, " \t"); pair == "" {
			continue
		}
		name, value, valued := strings.Cut(pair, "=")
		c.attributes = append(c.attributes, cookieAttribute{strings.Trim(name, " \t"), strings.Trim(value, " \t"), !valued})
	}
	return c, true
}

// get returns the last attribute of that name, which is the one that counts.
func (c *setCookie) get(name string) (string, bool) {
	for i := len(c.attributes) - 1; i >= 0; i-- {
		if strings.EqualFold(c.attributes[i].name, name) {
			return c.attributes[i].value, true
		}
	}
	return "", false
}

// drop removes an attribute.
func (c *setCookie) drop(name string) {
	kept := c.attributes[:0]
	for _, a := range c.attributes {
		if !strings.EqualFold(a.name, name) {
			kept = append(kept, a)
		}
	}
	c.attributes = kept
}

// set replaces an attribute.
func (c *setCookie) set(a cookieAttribute) {
	c.drop(a.name)
	c.attributes = append(c.attributes, a)
}

func (c *setCookie) String() string {
	var b strings.Builder
	b.WriteString(c.name)
	b.WriteByte('=')
	b.WriteString(c.value)
	for _, a := range c.attributes {
		b.WriteString("; ")
		b.WriteString(a.name)
		if !a.flag {
			b.WriteByte('=')
			b.WriteString(a.value)
		}
	}
	return b.String()
}

// dropCookie removes a cookie from a request.
func dropCookie(h http.Header, name string) {
	var b strings.Builder
	chain.EachCookie(h, func(pair, n, _ string) {
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
