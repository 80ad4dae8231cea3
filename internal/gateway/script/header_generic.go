package script

import (
	"net/textproto"
	"strings"

	"gatehouse/internal/groovy"
)

// genericHeader is the class of a field of any name that a script makes.
var genericHeader = &groovy.Class{
	Name: "org.forgerock.http.header.GenericHeader", Super: headerClass,
	New: func(c *groovy.Call) (groovy.Value, error) {
		if c.Len() == 0 {
			return nil, c.NoSuchMethod()
		}
		h := &header{name: textproto.CanonicalMIMEHeaderKey(c.Str(0))}
		for _, v := range c.Args[1:] {
			values, err := headerValues(v)
			if err != nil {
				return nil, err
			}
			h.own = append(h.own, values...)
		}
		return h, nil
	},
}

// clientIPAddress is getClientIpAddress of the header X-Forwarded-For: the first
// address, which is what the first proxy, or whoever pretends to be one, saw.
func clientIPAddress(h *header, c *groovy.Call) (groovy.Value, error) {
	if h.name != "X-Forwarded-For" {
		return nil, c.NoSuchMethod()
	}
	first, _, _ := strings.Cut(strings.Join(h.list(), ","), ",")
	return orNull(strings.TrimSpace(first)), c.Want(0, 0)
}
