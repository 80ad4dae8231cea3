package script

import (
	"mime"
	"net/http"
	"strings"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

// entity is org.forgerock.http.protocol.Entity, with the header fields of its message.
type entity struct {
	e *chain.Entity
	h *http.Header
}

func (entity) GroovyClass() *groovy.Class { return entityClass }
func (e entity) String() string           { return e.e.String() }

var entityClass = makeEntityClass()

func makeEntityClass() *groovy.Class {
	m := methods{
		"isRawContentEmpty":     entityEmpty,
		"isDecodedContentEmpty": entityEmpty,
		"isEmpty":               entityEmpty,
		"setString":             entitySetter(func(c *groovy.Call, e *chain.Entity) error { return e.SetText(c.Str(0)) }),
		"setJson":               entitySetter(func(c *groovy.Call, e *chain.Entity) error { return setJSON(e, c.Arg(0)) }),
		"setBytes": entitySetter(func(c *groovy.Call, e *chain.Entity) error {
			b, ok := c.Arg(0).([]byte)
			if !ok && c.Arg(0) != nil {
				return c.NoSuchMethod()
			}
			e.SetBytes(b)
			return nil
		}),
		"setForm": method(func(e entity, c *groovy.Call) (groovy.Value, error) {
			f, ok := c.Arg(0).(*form)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			e.setForm(f)
			return nil, nil
		}),
		"setRawContentInputStream": entitySetter(func(c *groovy.Call, e *chain.Entity) error { return setEntity(c, e, c.Arg(0)) }),
		"push":                     method(func(e entity, _ *groovy.Call) (groovy.Value, error) { return nil, e.e.Buffer() }),
		"pop":                      method(func(entity, *groovy.Call) (groovy.Value, error) { return nil, nil }),
		"setEmpty": method(func(e entity, _ *groovy.Call) (groovy.Value, error) {
			e.e.SetBytes(nil)
			return nil, nil
		}),
		"close": method(func(e entity, _ *groovy.Call) (groovy.Value, error) {
			e.e.Close()
			return nil, nil
		}),
		"withCloseable": withCloseable,
		"getRawContentInputStream": method(func(e entity, c *groovy.Call) (groovy.Value, error) {
			b, err := readBody(c, e.e)
			if err != nil {
				return nil, err
			}
			return construct(c, "java.io.ByteArrayInputStream", b)
		}),
		"newDecodedContentReader": method(func(e entity, c *groovy.Call) (groovy.Value, error) {
			s, err := entityText(c, e)
			if err != nil {
				return nil, err
			}
			return construct(c, "java.io.StringReader", s)
		}),
		"copyDecodedContentTo": entityCopy(decodedBody),
		"copyRawContentTo":     entityCopy(func(c *groovy.Call, e entity) ([]byte, error) { return readBody(c, e.e) }),
	}
	for name, read := range map[string]func(*groovy.Call, entity) (groovy.Value, error){
		"String": entityText, "Json": entityJSON,
		"Bytes": func(c *groovy.Call, e entity) (groovy.Value, error) {
			b, err := readBody(c, e.e)
			return append([]byte{}, b...), err
		},
		"Form": func(c *groovy.Call, e entity) (groovy.Value, error) {
			f, err := bodyForm(c, e)
			if err != nil {
				return nil, err
			}
			return f, nil
		},
	} {
		m["get"+name] = method(func(e entity, c *groovy.Call) (groovy.Value, error) { return read(c, e) })
		m["get"+name+"Async"] = method(func(e entity, c *groovy.Call) (groovy.Value, error) {
			v, err := read(c, e)
			if err != nil {
				return failed(err), nil
			}
			return resolved(v), nil
		})
	}
	return &groovy.Class{
		Name: "org.forgerock.http.protocol.Entity", Methods: m,
		StaticFields: map[string]func() groovy.Value{
			"APPLICATION_JSON_CHARSET_UTF_8": constant("application/json; charset=UTF-8"),
		},
	}
}

var entityEmpty = method(func(e entity, _ *groovy.Call) (groovy.Value, error) {
	if e.e.Empty() {
		return true, nil
	}
	b, err := e.e.Bytes()
	return err == nil && len(b) == 0, err
})

func entityCopy(read func(*groovy.Call, entity) ([]byte, error)) groovy.Method {
	return method(func(e entity, c *groovy.Call) (groovy.Value, error) {
		b, err := read(c, e)
		if err != nil {
			return nil, err
		}
		_, err = c.InvokeMethod(c.Arg(0), "write", b)
		return nil, err
	})
}

func entitySetter(set func(*groovy.Call, *chain.Entity) error) groovy.Method {
	return method(func(e entity, c *groovy.Call) (groovy.Value, error) {
		if err := c.Want(1, 1); err != nil {
			return nil, err
		}
		return nil, set(c, e.e)
	})
}

// construct makes an object of a class that the language itself has.
func construct(c *groovy.Call, class string, args ...groovy.Value) (groovy.Value, error) {
	k := c.ClassNamed(class)
	if k == nil {
		return nil, groovy.Throw(unsupported, "%s is not supported", class)
	}
	return c.InvokeMethod(k, "newInstance", args...)
}

// readBody buffers the body off the script's clock and charges its size.
func readBody(c *groovy.Call, e *chain.Entity) ([]byte, error) {
	var err error
	c.Wait(func() { err = e.Buffer() })
	if err == nil {
		_, size := e.Open() // a large body lies in a file and costs memory only when read
		if err := c.Alloc(size); err != nil {
			return nil, err
		}
		var b []byte
		if b, err = e.Bytes(); err == nil {
			return b, nil
		}
	}
	return nil, groovy.Throw(ioError, "the entity cannot be read: %s", err)
}

// decodedBody is readBody without the content coding.
func decodedBody(c *groovy.Call, e entity) ([]byte, error) {
	raw, err := readBody(c, e.e)
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	b, err := e.e.Decoded()
	if err != nil {
		return nil, groovy.Throw(ioError, "the entity cannot be read: %s", err)
	}
	if more := len(b) - len(raw); more > 0 {
		err = c.Alloc(int64(more))
	}
	return b, err
}

func entityText(c *groovy.Call, e entity) (groovy.Value, error) {
	if _, err := readBody(c, e.e); err != nil {
		return nil, err
	}
	return e.e.Text()
}

func entityJSON(c *groovy.Call, e entity) (groovy.Value, error) {
	b, err := decodedBody(c, e)
	if err != nil || len(b) == 0 {
		return nil, err
	}
	if err := c.Alloc(int64(len(b)) * 4); err != nil {
		return nil, err
	}
	v, err := parseJSON(b)
	if err != nil {
		return nil, groovy.Throw(ioError, "the entity is no JSON: %s", err)
	}
	return v, nil
}

// bodyForm is the form in an entity, empty unless its type is exactly a form's.
func bodyForm(c *groovy.Call, e entity) (*form, error) {
	if !isForm(*e.h) {
		return newForm(), nil
	}
	b, err := decodedBody(c, e)
	if err != nil {
		return nil, err
	}
	return parseForm(string(b)), nil
}

const formType = "application/x-www-form-urlencoded"

func isForm(h http.Header) bool {
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return kind == formType
}

func setJSON(e *chain.Entity, v groovy.Value) error {
	b, err := marshalJSON(v)
	if err != nil {
		return err
	}
	return e.SetJSON(rawJSON(b))
}

func (e entity) setForm(f *form) {
	(*e.h)["Content-Type"] = []string{formType}
	e.e.SetBytes([]byte(f.encode()))
}

// setEntity assigns as scripts do: text, bytes, a stream, another entity; anything
// else becomes JSON.
func setEntity(c *groovy.Call, e *chain.Entity, v groovy.Value) error {
	switch v := v.(type) {
	case nil:
		e.SetBytes(nil)
		return nil
	case string:
		return e.SetText(v)
	case *groovy.GString:
		return e.SetText(c.Text(v))
	case []byte:
		e.SetBytes(append([]byte{}, v...))
		return nil
	case entity:
		return e.SetValue(v.e)
	}
	if c.InstanceOf(v, "java.io.InputStream") {
		b, err := c.Get(v, "bytes")
		if err != nil {
			return err
		}
		return setEntity(c, e, b)
	}
	if c.InstanceOf(v, "java.lang.CharSequence") {
		return e.SetText(c.Text(v))
	}
	if name := c.ClassOf(v).Name; strings.HasPrefix(name, "groovy.json.") {
		return e.SetText(c.Text(v))
	}
	return setJSON(e, v)
}
