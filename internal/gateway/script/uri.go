package script

import (
	"net/url"
	"strings"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

// uri is org.forgerock.http.MutableUri.
type uri struct{ u *chain.URI }

func (uri) GroovyClass() *groovy.Class { return uriClass }
func (u uri) String() string           { return u.u.String() }

// uriParts are properties that the URI itself reads and checks.
var uriParts = strings.Fields(`scheme host path rawPath query rawQuery fragment rawFragment userInfo rawUserInfo
	authority rawAuthority`)

var uriClass = makeURIClass()

func makeURIClass() *groovy.Class {
	c := &groovy.Class{
		Name: "org.forgerock.http.MutableUri",
		New: func(c *groovy.Call) (groovy.Value, error) {
			if c.Len() == 7 {
				return uriOfParts(c)
			}
			if err := c.Want(1, 1); err != nil {
				return nil, err
			}
			u, err := uriOf(c.Arg(0))
			if err != nil {
				return nil, err
			}
			return uri{u}, nil
		},
		Static: methods{"uri": func(c *groovy.Call) (groovy.Value, error) {
			u, err := uriOf(c.Arg(0))
			if err != nil {
				return nil, err
			}
			return uri{u}, c.Want(1, 1)
		}},
		Get: getters{
			"port": getter(func(u uri) groovy.Value { return u.u.Port }),
			"pathElements": getter(func(u uri) groovy.Value {
				return groovy.NewList(u.u.PathElements()...)
			}),
		},
		Set: setters{},
		Methods: methods{
			"asURI": method(func(u uri, c *groovy.Call) (groovy.Value, error) {
				return groovy.NewURI(u.String())
			}),
			"toString":      method(func(u uri, _ *groovy.Call) (groovy.Value, error) { return u.String(), nil }),
			"toASCIIString": method(func(u uri, _ *groovy.Call) (groovy.Value, error) { return u.String(), nil }),
			"resolve": method(func(u uri, c *groovy.Call) (groovy.Value, error) {
				return u.against(c, func(base, ref *url.URL) *url.URL { return base.ResolveReference(ref) })
			}),
			"relativize": method(func(u uri, c *groovy.Call) (groovy.Value, error) { return u.against(c, relative) }),
			"rebase": method(func(u uri, c *groovy.Call) (groovy.Value, error) {
				base, err := uriOf(c.Arg(0))
				if err != nil {
					return nil, err
				}
				u.u.Rebase(base)
				return u, nil
			}),
			"setPathElements": method(func(u uri, c *groovy.Call) (groovy.Value, error) {
				items, _ := elements(c.Arg(0))
				var b strings.Builder
				for _, x := range items {
					b.WriteString("/" + url.PathEscape(text(x)))
				}
				return nil, uriError(u.u.Set("rawPath", b.String()))
			}),
			"compareTo": method(func(u uri, c *groovy.Call) (groovy.Value, error) {
				return strings.Compare(u.String(), c.Str(0)), nil
			}),
		},
		Equals: func(this, other groovy.Value) bool {
			o, ok := other.(uri)
			return ok && o.u.String() == this.(uri).u.String()
		},
		HashKey: func(this groovy.Value) any { return this.(uri).u.String() },
	}
	for _, part := range uriParts {
		c.Get[part] = getter(func(u uri) groovy.Value {
			v, _ := u.u.Get(part)
			return v
		})
		c.Set[part] = setter(func(u uri, v groovy.Value) error {
			if path, query, ok := strings.Cut(text(v), "?"); ok && part == "rawPath" {
				return u.setPathAndQuery(path, query)
			}
			if v == nil {
				return uriError(u.u.Set(part, nil))
			}
			return uriError(u.u.Set(part, text(v)))
		})
	}
	c.Set["port"] = setter(func(u uri, v groovy.Value) error {
		if n, ok := whole(v); ok {
			return uriError(u.u.Set("port", n))
		}
		return uriError(u.u.Set("port", text(v)))
	})
	return c
}

// setPathAndQuery is what a raw path with a query in it comes to: the original writes
// the parts into one text and reads that, so that a query which was there follows.
func (u uri) setPathAndQuery(path, query string) error {
	changed := u.u.Clone()
	if changed.HasQuery {
		query += "?" + changed.RawQuery
	}
	if err := changed.Set("rawPath", path); err != nil {
		return uriError(err)
	}
	if err := changed.Set("rawQuery", query); err != nil {
		return uriError(err)
	}
	*u.u = *changed
	return nil
}

// against computes with the URI and the argument, both as references of RFC 3986 §4.
func (u uri) against(c *groovy.Call, f func(base, ref *url.URL) *url.URL) (groovy.Value, error) {
	if err := c.Want(1, 1); err != nil {
		return nil, err
	}
	base, err := url.Parse(u.String())
	if err != nil {
		return nil, uriError(err)
	}
	ref, err := url.Parse(c.Str(0))
	if err != nil {
		return nil, uriError(err)
	}
	out, err := chain.ParseURI(f(base, ref).String())
	if err != nil {
		return nil, uriError(err)
	}
	return uri{out}, nil
}

// relative is java.net.URI.relativize.
func relative(base, ref *url.URL) *url.URL {
	if base.Scheme != ref.Scheme || base.Host != ref.Host || base.User.String() != ref.User.String() {
		return ref
	}
	dir := base.EscapedPath()
	if !strings.HasSuffix(dir, "/") {
		dir += "/"
	}
	rest, ok := strings.CutPrefix(ref.EscapedPath(), dir)
	if !ok {
		return ref
	}
	path, _ := url.PathUnescape(rest)
	return &url.URL{Path: path, RawPath: rest, RawQuery: ref.RawQuery, Fragment: ref.Fragment}
}

func uriOfParts(c *groovy.Call) (groovy.Value, error) {
	u := &chain.URI{Port: -1}
	for i, part := range []string{"scheme", "userInfo", "host", "port", "path", "query", "fragment"} {
		v := c.Arg(i)
		if v == nil {
			continue
		}
		if err := u.Set(part, c.Text(v)); err != nil {
			return nil, uriError(err)
		}
	}
	return uri{u}, nil
}

// uriOf takes a text, a MutableUri or a java.net.URI.
func uriOf(v groovy.Value) (*chain.URI, error) {
	switch v := v.(type) {
	case nil:
		return nil, groovy.Throw(nullPointer, "the URI is null")
	case uri:
		return v.u.Clone(), nil
	}
	s, err := groovy.Text(v)
	if err != nil {
		return nil, err
	}
	u, err := chain.ParseURI(s)
	return u, uriError(err)
}

func uriError(err error) error {
	if err == nil {
		return nil
	}
	return groovy.Throw(uriSyntax, "%s", err)
}
