package filters

import "strings"

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

// eachCookie calls yield with the cookies of a request: the pair as it is written, and
// its parts.
func eachCookie(fields []string, yield func(pair, name, value string)) {
	for _, line := range fields {
		for pair := range strings.SplitSeq(line, ";") {
			pair = strings.Trim(pair, " \t")
			if name, value, ok := strings.Cut(pair, "="); ok && name != "" {
				yield(pair, strings.TrimRight(name, " \t"), strings.TrimLeft(value, " \t"))
			}
		}
	}
}

// cookieValue is the first cookie of a name, without quotes.
func cookieValue(fields []string, name string) (value string, found bool) {
	eachCookie(fields, func(_, n, v string) {
		if n == name && !found {
			value, found = strings.Trim(v, `"`), true
		}
	})
	return value, found
}
