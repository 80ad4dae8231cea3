package groovy

import (
	"net/url"
	"strconv"
	"strings"
)

// javaURI is java.net.URI, and with isURL java.net.URL, which opens where the
// embedder has a use for it ([Env.Open]).
type javaURI struct {
	u     *url.URL
	text  string
	isURL bool
}

func (u *javaURI) javaName() string {
	if u.isURL {
		return "java.net.URL"
	}
	return "java.net.URI"
}
func (u *javaURI) String() string { return u.text }
func (u *javaURI) mapKey() any    { return structKey{u.javaName() + u.text} }
func (u *javaURI) compareTo(o Value) (int, bool) {
	x, ok := o.(*javaURI)
	if !ok {
		return 0, false
	}
	return strings.Compare(u.text, x.text), true
}

// NewURI makes a java.net.URI.
func NewURI(text string) (Value, error) { return parseURI(text) }

func parseURI(s string) (*javaURI, error) {
	if i := strings.IndexAny(s, " <>\"{}|\\^`\t\r\n"); i >= 0 {
		return nil, Throw("java.net.URISyntaxException", "Illegal character at index %d: %s", i, clip(s))
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, Throw("java.net.URISyntaxException", "malformed URI: %s", clip(s))
	}
	return &javaURI{u: u, text: s}, nil
}

func orNull(s string) Value {
	if s == "" {
		return nil
	}
	return s
}

func uriMethods() table {
	self := func(c *Call) *url.URL { return c.This.(*javaURI).u }
	part := func(f func(u *url.URL) Value) Method { return give(func(c *Call) Value { return f(self(c)) }) }
	path := func(raw bool) Method {
		return part(func(u *url.URL) Value {
			switch {
			case u.Opaque != "":
				return nil
			case raw:
				return u.EscapedPath()
			}
			return u.Path
		})
	}
	query := func(raw bool) Method {
		return part(func(u *url.URL) Value {
			if u.RawQuery == "" && !u.ForceQuery {
				return nil
			}
			if !raw {
				if q, err := url.PathUnescape(u.RawQuery); err == nil {
					return q
				}
			}
			return u.RawQuery
		})
	}
	authority := part(func(u *url.URL) Value {
		a := u.Host
		if u.User != nil {
			a = u.User.String() + "@" + a
		}
		return orNull(a)
	})
	user := part(func(u *url.URL) Value {
		if u.User == nil {
			return nil
		}
		return u.User.String()
	})
	wrap := func(u *url.URL) Value { return &javaURI{u: u, text: u.String()} }
	return table{
		"getScheme": part(func(u *url.URL) Value { return orNull(u.Scheme) }),
		"getHost":   part(func(u *url.URL) Value { return orNull(bracketHost(u)) }),
		"getPort": part(func(u *url.URL) Value {
			n, err := strconv.Atoi(u.Port())
			if err != nil {
				return int32(-1)
			}
			return int32(n)
		}),
		"getPath": path(false), "getRawPath": path(true), "getQuery": query(false), "getRawQuery": query(true),
		"getFragment":  part(func(u *url.URL) Value { return orNull(u.Fragment) }),
		"getAuthority": authority, "getRawAuthority": authority, "getUserInfo": user, "getRawUserInfo": user,
		"getSchemeSpecificPart": part(func(u *url.URL) Value {
			_, rest, _ := strings.Cut(u.String(), ":")
			rest, _, _ = strings.Cut(rest, "#")
			return rest
		}),
		"isAbsolute": part(func(u *url.URL) Value { return u.IsAbs() }),
		"isOpaque":   part(func(u *url.URL) Value { return u.Opaque != "" }),
		"normalize":  part(func(u *url.URL) Value { return wrap(u.JoinPath()) }),
		"resolve": func(c *Call) (Value, error) {
			o, ok := c.Arg(0).(*javaURI)
			if !ok {
				var err error
				if o, err = parseURI(c.Str(0)); err != nil {
					return nil, err
				}
			}
			return wrap(self(c).ResolveReference(o.u)), nil
		},
		"toASCIIString":  give(func(c *Call) Value { return self(c).String() }),
		"toURL":          func(c *Call) (Value, error) { return newURL(c.This.(*javaURI).text) },
		"toURI":          func(c *Call) (Value, error) { return parseURI(c.This.(*javaURI).text) },
		"toExternalForm": give(func(c *Call) Value { return c.This.(*javaURI).text }),
		"getProtocol":    part(func(u *url.URL) Value { return u.Scheme }),
		"getRef":         part(func(u *url.URL) Value { return orNull(u.Fragment) }),
		"getFile": part(func(u *url.URL) Value {
			if u.RawQuery != "" {
				return u.EscapedPath() + "?" + u.RawQuery
			}
			return u.EscapedPath()
		}),
		"getDefaultPort": part(func(u *url.URL) Value {
			return map[string]int32{"http": 80, "https": 443}[u.Scheme]
		}),
		"openConnection": openURL,
		"openStream":     func(c *Call) (Value, error) { return urlStream(c) },
		"newInputStream": func(c *Call) (Value, error) { return urlStream(c) },
		"getText":        readURL("getText"), "getBytes": readURL("getBytes"), "readLines": readURL("readLines"),
		"eachLine": readURL("eachLine"), "withInputStream": readURL("withStream"), "withReader": readURL("withReader"),
		"newReader": readURL("newReader"),
	}
}

func openURL(c *Call) (Value, error) {
	u := c.This.(*javaURI)
	open := c.th.eng.env.Open
	if open == nil || !u.isURL {
		return nil, Throw("java.lang.SecurityException", "URL connections are not available to scripts; use the http client")
	}
	return open(c, u.text)
}

func urlStream(c *Call) (Value, error) {
	conn, err := openURL(c)
	if err != nil {
		return nil, err
	}
	return c.th.callMethod(conn, "getInputStream", nil), nil
}

// readURL is a method of URL that its stream has, too. Arguments by name, as
// connectTimeout, belong to the connection.
func readURL(method string) Method {
	return func(c *Call) (Value, error) {
		conn, err := openURL(c)
		if err != nil {
			return nil, err
		}
		args := c.Args
		if c.Named != nil && len(args) > 0 {
			args = args[1:]
			for _, e := range c.Named.entries() {
				name := c.th.str(e.key)
				if props, ok := e.val.(*Map); ok && name == "requestProperties" {
					for _, p := range props.entries() {
						c.th.callMethod(conn, "setRequestProperty", []Value{c.th.str(p.key), c.th.str(p.val)})
					}
					continue
				}
				c.th.setProp(conn, name, e.val)
			}
		}
		return c.th.callMethod(c.th.callMethod(conn, "getInputStream", nil), method, args), nil
	}
}

func bracketHost(u *url.URL) string {
	h := u.Hostname()
	if strings.Contains(h, ":") {
		return "[" + h + "]"
	}
	return h
}

func newURL(s string) (Value, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" {
		return nil, Throw("java.net.MalformedURLException", "no protocol: %s", clip(s))
	}
	switch u.Scheme {
	case "http", "https", "ftp", "file", "jar":
	default:
		return nil, Throw("java.net.MalformedURLException", "unknown protocol: %s", u.Scheme)
	}
	return &javaURI{u: u, text: s, isURL: true}, nil
}

// newURIParts is new URI(scheme, …, path, query, fragment) in its JDK forms.
func newURIParts(c *Call) (Value, error) {
	s := func(i int) string {
		if c.Arg(i) == nil {
			return ""
		}
		return c.Str(i)
	}
	u := &url.URL{Scheme: s(0)}
	switch len(c.Args) {
	case 3: // scheme, ssp, fragment
		return parseURI(s(0) + ":" + s(1) + map[bool]string{true: "#" + s(2)}[s(2) != ""])
	case 4: // scheme, host, path, fragment
		u.Host, u.Path, u.Fragment = s(1), s(2), s(3)
	case 5: // scheme, authority, path, query, fragment
		u.Host, u.Path, u.RawQuery, u.Fragment = s(1), s(2), quoteQuery(s(3)), s(4)
	case 7: // scheme, userInfo, host, port, path, query, fragment
		u.Host, u.Path, u.RawQuery, u.Fragment = s(2), s(4), quoteQuery(s(5)), s(6)
		if p, ok := c.Int(3); ok && p >= 0 {
			u.Host += ":" + strconv.FormatInt(p, 10)
		}
		if s(1) != "" {
			name, pass, has := strings.Cut(s(1), ":")
			u.User = url.User(name)
			if has {
				u.User = url.UserPassword(name, pass)
			}
		}
	default:
		return nil, c.NoSuchMethod()
	}
	return &javaURI{u: u, text: u.String()}, nil
}

// quoteQuery escapes what may not stand in a query, leaving escapes alone.
func quoteQuery(q string) string {
	var b strings.Builder
	for i := 0; i < len(q); i++ {
		if c := q[i]; c <= ' ' || c >= 127 || strings.IndexByte("<>\"{}|\\^`#", c) >= 0 {
			b.WriteString("%" + strings.ToUpper(hexText([]byte{c})))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// formEncode is URLEncoder.encode: letters, digits and .-*_ stay, space is +.
func formEncode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(".-*_", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.WriteString("%" + strings.ToUpper(hexText([]byte{c})))
		}
	}
	return b.String()
}

func netClasses() []*Class {
	return []*Class{
		{Name: "java.net.URI", Implements: []string{"java.lang.Comparable"}, Methods: uriMethods(),
			New: func(c *Call) (Value, error) {
				if len(c.Args) > 1 {
					return newURIParts(c)
				}
				if c.Arg(0) == nil {
					return nil, Throw(excNull, "the URI is null")
				}
				return parseURI(c.Str(0))
			},
			Static: table{"create": func(c *Call) (Value, error) {
				u, err := parseURI(c.Str(0))
				if err != nil {
					return nil, Throw(excIllegalArg, "%s", err.(*Thrown).Message)
				}
				return u, nil
			}}},
		{Name: "java.net.URL", Methods: uriMethods(), New: func(c *Call) (Value, error) {
			if base, ok := c.Arg(0).(*javaURI); ok && len(c.Args) == 2 {
				ref, err := url.Parse(c.Str(1))
				if err != nil {
					return nil, Throw("java.net.MalformedURLException", "%s", clip(c.Str(1)))
				}
				return newURL(base.u.ResolveReference(ref).String())
			}
			return newURL(c.Str(0))
		}},
		{Name: "java.net.URLEncoder", Static: table{"encode": func(c *Call) (Value, error) {
			c.th.alloc(int64(len(c.Str(0))) * 3)
			return formEncode(c.Str(0)), c.wantText()
		}}},
		{Name: "java.net.URLDecoder", Static: table{"decode": func(c *Call) (Value, error) {
			s, err := url.QueryUnescape(c.Str(0))
			if err != nil {
				return nil, Throw(excIllegalArg, "URLDecoder: Illegal hex characters in escape (%%) pattern")
			}
			return s, c.wantText()
		}}},
		{Name: "java.nio.charset.StandardCharsets", StaticFields: charsetFields()},
		{Name: "java.nio.charset.Charset", Static: table{
			"forName":        give(func(c *Call) Value { return charset(strings.ToUpper(c.Str(0))) }),
			"defaultCharset": give(func(*Call) Value { return charset("UTF-8") }),
		}, Methods: table{
			"name":        give(func(c *Call) Value { return c.This.(charset).String() }),
			"displayName": give(func(c *Call) Value { return c.This.(charset).String() }),
		}},
	}
}

// charset is java.nio.charset.Charset.
type charset string

func (charset) javaName() string { return "java.nio.charset.Charset" }
func (c charset) mapKey() any    { return c }
func (c charset) String() string { return string(c) }

func charsetFields() map[string]func() Value {
	out := map[string]func() Value{}
	for f, n := range map[string]string{"UTF_8": "UTF-8", "ISO_8859_1": "ISO-8859-1", "US_ASCII": "US-ASCII", "UTF_16": "UTF-16", "UTF_16BE": "UTF-16BE", "UTF_16LE": "UTF-16LE"} {
		out[f] = constant(charset(n))
	}
	return out
}
