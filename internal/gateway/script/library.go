package script

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"gatehouse/internal/groovy"
)

// libraryClasses are small helpers that scripts import from the original's libraries.
func libraryClasses() []*groovy.Class {
	return []*groovy.Class{jsonHelpers, base64Class("org.forgerock.util.encode.Base64", base64.StdEncoding),
		base64Class("org.forgerock.util.encode.Base64url", base64.RawURLEncoding), branchingStream, mdcClass, closeables,
		ldapNameClass, rdnClass, transactionIDClass, jwkSetClass, jwkClass,
		jwkKinds["RSA"], jwkKinds["EC"], jwkKinds["oct"], keyUses, genericHeader, messageTypes}
}

// messageTypes is the enum org.forgerock.openig.util.MessageType.
var messageTypes = &groovy.Class{
	Name: "org.forgerock.openig.util.MessageType",
	StaticFields: map[string]func() groovy.Value{
		"REQUEST": constant(messageType("REQUEST")), "RESPONSE": constant(messageType("RESPONSE")),
	},
	Methods: methods{"name": method(func(t messageType, c *groovy.Call) (groovy.Value, error) { return string(t), c.Want(0, 0) })},
	Equals:  func(this, other groovy.Value) bool { return this == other },
}

type messageType string

func (messageType) GroovyClass() *groovy.Class { return messageTypes }
func (t messageType) String() string           { return string(t) }

// jsonHelpers is org.forgerock.http.util.Json.
var jsonHelpers = &groovy.Class{
	Name: "org.forgerock.http.util.Json",
	Static: methods{
		"readJson": readJSON, "readJsonLenient": readJSON,
		"writeJson": func(c *groovy.Call) (groovy.Value, error) {
			b, err := marshalJSON(c.Arg(0))
			return b, err
		},
	},
}

func readJSON(c *groovy.Call) (groovy.Value, error) {
	if err := c.Want(1, 1); err != nil {
		return nil, err
	}
	var b []byte
	switch in, is, err := groovy.BytesOf(c, c.Arg(0)); {
	case err != nil:
		return nil, err
	case is:
		b = in
	case c.InstanceOf(c.Arg(0), "java.io.Reader"):
		s, err := c.InvokeMethod(c.Arg(0), "getText")
		if err != nil {
			return nil, err
		}
		b = []byte(text(s))
	default:
		b = []byte(c.Str(0))
	}
	if err := c.Alloc(int64(len(b)) * 4); err != nil {
		return nil, err
	}
	v, err := parseJSON(b)
	if err != nil {
		return nil, groovy.Throw(ioError, "malformed JSON: %s", err)
	}
	return v, nil
}

func base64Class(name string, e *base64.Encoding) *groovy.Class {
	return &groovy.Class{Name: name, Static: methods{
		"encode": func(c *groovy.Call) (groovy.Value, error) {
			b, ok := c.Arg(0).([]byte)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			return e.EncodeToString(b), nil
		},
		"decode": func(c *groovy.Call) (groovy.Value, error) {
			s := c.Str(0)
			if b, ok := c.Arg(0).([]byte); ok {
				s = string(b)
			}
			b, err := e.DecodeString(strings.TrimSpace(s))
			if err != nil { // as in the original no exception
				return nil, nil
			}
			return b, nil
		},
	}}
}

// branchingStream stands for the streams that bodies were made of in old versions.
var branchingStream = &groovy.Class{
	Name: "org.forgerock.http.io.ByteArrayBranchingStream", Extends: "java.io.InputStream",
	New: func(c *groovy.Call) (groovy.Value, error) {
		return construct(c, "java.io.ByteArrayInputStream", c.Args...)
	},
}

// mdcClass is org.slf4j.MDC. Lines of the log carry their transaction by themselves,
// so that what scripts put there goes nowhere.
var mdcClass = &groovy.Class{
	Name: "org.slf4j.MDC",
	Static: methods{
		"put": mdcNothing, "get": mdcNothing, "remove": mdcNothing, "clear": mdcNothing,
	},
}

func mdcNothing(*groovy.Call) (groovy.Value, error) { return nil, nil }

var closeables = &groovy.Class{
	Name: "org.forgerock.util.Closeables",
	Static: methods{"closeSilently": func(c *groovy.Call) (groovy.Value, error) {
		for _, v := range c.Args {
			if v != nil {
				_, _ = c.InvokeMethod(v, "close")
			}
		}
		return nil, nil
	}},
}

// dn is javax.naming.ldap.LdapName, a name in the form of RFC 4514, and rdn one part.
type (
	dn  struct{ parts []rdn } // in the order of the text
	rdn struct{ kind, value string }
)

func (*dn) GroovyClass() *groovy.Class { return ldapNameClass }
func (rdn) GroovyClass() *groovy.Class { return rdnClass }
func (r rdn) String() string           { return r.kind + "=" + escapeRDN(r.value) }
func (d *dn) String() string {
	var out []string
	for _, p := range d.parts {
		out = append(out, p.String())
	}
	return strings.Join(out, ",")
}

// parseDN splits at commas that are neither escaped nor quoted.
func parseDN(s string) (*dn, error) {
	bad := func() (*dn, error) {
		return nil, groovy.Throw("javax.naming.InvalidNameException", "Invalid name: %s", s)
	}
	d := &dn{}
	if strings.Trim(s, " ") == "" {
		return d, nil
	}
	start, quoted := 0, false
	for i := 0; i <= len(s); i++ {
		if i < len(s) {
			switch s[i] {
			case '\\':
				i++
				continue
			case '"':
				quoted = !quoted
				continue
			case ',', ';':
				if quoted {
					continue
				}
			default:
				continue
			}
		}
		kind, value, ok := strings.Cut(s[min(start, len(s)):min(i, len(s))], "=")
		if kind = strings.Trim(kind, " "); !ok || !attributeType(kind) {
			return bad()
		}
		v, ok := unescapeRDN(trimmed(value))
		if !ok {
			return bad()
		}
		d.parts = append(d.parts, rdn{kind, v})
		start = i + 1
	}
	if quoted {
		return bad()
	}
	return d, nil
}

// attributeType says whether a text is a name or an object identifier.
func attributeType(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == ""
}

// trimmed is a value without the blanks around it; an escaped one stays.
func trimmed(s string) string {
	s = strings.TrimLeft(s, " ")
	t := strings.TrimRight(s, " ")
	if len(t) < len(s) && (len(t)-len(strings.TrimRight(t, `\`)))%2 == 1 {
		t += " "
	}
	return t
}

func unescapeRDN(s string) (string, bool) {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		if i++; i == len(s) {
			return "", false
		}
		if i+1 < len(s) {
			if c, err := hex.DecodeString(s[i : i+2]); err == nil {
				b = append(b, c...)
				i++
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b), true
}

func escapeRDN(s string) string {
	var b strings.Builder
	for i, r := range s {
		if strings.ContainsRune(`,+"\<>;=`, r) || i == 0 && (r == ' ' || r == '#') || i == len(s)-1 && r == ' ' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

var ldapNameClass = &groovy.Class{
	Name: "javax.naming.ldap.LdapName",
	New: func(c *groovy.Call) (groovy.Value, error) {
		if err := c.Want(1, 1); err != nil {
			return nil, err
		}
		return parseDN(c.Str(0))
	},
	Methods: methods{
		// Java counts the parts from the right end of the text.
		"getRdns": method(func(d *dn, _ *groovy.Call) (groovy.Value, error) {
			out := groovy.NewList()
			for i := len(d.parts) - 1; i >= 0; i-- {
				out.Add(d.parts[i])
			}
			return out, nil
		}),
		"getRdn": method(func(d *dn, c *groovy.Call) (groovy.Value, error) {
			i, ok := c.Int(0)
			if !ok || i < 0 || i >= int64(len(d.parts)) {
				return nil, groovy.Throw("java.lang.IndexOutOfBoundsException", "Index %d out of bounds for length %d", i, len(d.parts))
			}
			return d.parts[len(d.parts)-1-int(i)], nil
		}),
		"size":    method(func(d *dn, _ *groovy.Call) (groovy.Value, error) { return len(d.parts), nil }),
		"isEmpty": method(func(d *dn, _ *groovy.Call) (groovy.Value, error) { return len(d.parts) == 0, nil }),
	},
}

var rdnClass = &groovy.Class{
	Name: "javax.naming.ldap.Rdn",
	Get: getters{
		"type":  getter(func(r rdn) groovy.Value { return r.kind }),
		"value": getter(func(r rdn) groovy.Value { return r.value }),
	},
	Static: methods{
		"escapeValue": func(c *groovy.Call) (groovy.Value, error) { return escapeRDN(c.Str(0)), c.Want(1, 1) },
	},
	Equals: func(this, other groovy.Value) bool { return this == other },
}
