package groovy

import (
	"io"
	"strings"
)

// outStreamTo is java.io.OutputStream and its subclasses.
type outStreamTo struct {
	class string
	mem   []byte    // of a ByteArrayOutputStream
	w     io.Writer // nil: into mem
	close func() error
}

func (o *outStreamTo) javaName() string { return o.class }
func (o *outStreamTo) String() string {
	if o.w == nil {
		return strings.ToValidUTF8(string(o.mem), "\ufffd")
	}
	return o.class + "@1"
}

// NewOutputStream gives scripts something to write to. Its errors become IOExceptions.
// close may be nil.
func NewOutputStream(w io.Writer, close func() error) Value {
	return &outStreamTo{class: "java.io.OutputStream", w: w, close: close}
}

func (o *outStreamTo) write(c *Call, b []byte) error {
	if o.w == nil {
		c.th.alloc(int64(len(b)))
		o.mem = append(o.mem, b...)
		return nil
	}
	var err error
	c.Wait(func() { _, err = o.w.Write(b) })
	if err != nil {
		return ioFailure(err)
	}
	return nil
}

func outStreamMethods() table {
	self := func(c *Call) *outStreamTo { return c.This.(*outStreamTo) }
	withWriter := func(c *Call) (Value, error) {
		i := 0
		if len(c.Args) < 2 {
			i = 1
		}
		w := &writer{class: "java.io.OutputStreamWriter", to: self(c), charset: c.charset(i)}
		v := c.fn(len(c.Args) - 1)(w)
		_, err := closeWith(self(c).close)
		return v, err
	}
	return table{
		"write": func(c *Call) (Value, error) {
			if n, ok := c.Int(0); ok && len(c.Args) == 1 {
				return nil, self(c).write(c, []byte{byte(n)})
			}
			b, err := arrayPart(c)
			if err != nil {
				return nil, err
			}
			return nil, self(c).write(c, b)
		},
		"leftShift": func(c *Call) (Value, error) {
			b, ok := c.Arg(0).([]byte)
			if in, is := c.Arg(0).(*inStream); is {
				var err error
				if b, err = in.rest(c); err != nil {
					return nil, err
				}
			} else if !ok {
				b = []byte(c.th.str(c.Arg(0)))
			}
			return c.This, self(c).write(c, b)
		},
		"flush":      give(func(*Call) Value { return nil }),
		"close":      func(c *Call) (Value, error) { return closeWith(self(c).close) },
		"withStream": withCloseable, "withWriter": withWriter,
		"newWriter": give(func(c *Call) Value {
			return &writer{class: "java.io.OutputStreamWriter", to: self(c), charset: c.charset(0)}
		}),
	}
}

// writer is java.io.Writer and its subclasses.
type writer struct {
	class   string
	to      *outStreamTo
	charset string
}

func (w *writer) javaName() string { return w.class }
func (w *writer) String() string {
	if w.class == "java.io.StringWriter" {
		return string(w.to.mem)
	}
	return w.class + "@1"
}

func (w *writer) write(c *Call, s string) error {
	b, err := encodeText(s, w.charset)
	if err != nil {
		return err
	}
	return w.to.write(c, b.([]byte))
}

// newWriter wraps an OutputStream or another Writer.
func newWriter(class string) Method {
	return func(c *Call) (Value, error) {
		switch t := c.Arg(0).(type) {
		case *outStreamTo:
			cs := "UTF-8"
			if class == "java.io.OutputStreamWriter" {
				cs = c.charset(1)
			}
			return &writer{class: class, to: t, charset: cs}, nil
		case *writer:
			return &writer{class: class, to: t.to, charset: t.charset}, nil
		}
		return nil, c.NoSuchMethod()
	}
}

func writerMethods() table {
	self := func(c *Call) *writer { return c.This.(*writer) }
	written := func(text func(c *Call) string) Method {
		return func(c *Call) (Value, error) { return c.This, self(c).write(c, text(c)) }
	}
	void := func(m Method) Method {
		return func(c *Call) (Value, error) { _, err := m(c); return nil, err }
	}
	shown := func(c *Call) string { return c.th.str(c.Arg(0)) }
	return table{
		"write": func(c *Call) (Value, error) {
			if len(c.Args) == 3 {
				s := c.Str(0)
				off, ok1 := c.Int(1)
				n, ok2 := c.Int(2)
				us := utf16Of(s)
				if !ok1 || !ok2 || off < 0 || n < 0 || off+n > int64(len(us)) {
					return nil, Throw("java.lang.IndexOutOfBoundsException", "Range [%d, %d) out of bounds for length %d", off, off+n, len(us))
				}
				return nil, self(c).write(c, jsub(s, int(off), int(off+n)))
			}
			if n, ok := c.Int(0); ok {
				return nil, self(c).write(c, string(rune(n)))
			}
			if err := c.wantText(); err != nil {
				return nil, err
			}
			return nil, self(c).write(c, shown(c))
		},
		"append": written(shown), "leftShift": written(shown),
		"print":   void(written(shown)),
		"println": void(written(func(c *Call) string { return map[bool]string{true: c.Str(0)}[len(c.Args) > 0] + "\n" })),
		"newLine": void(written(func(*Call) string { return "\n" })),
		"printf": void(written(func(c *Call) string {
			if len(c.Args) == 0 {
				c.th.raise(c.NoSuchMethod())
			}
			return c.th.format(c.Str(0), formatArgs(c.Args[1:]))
		})),
		"flush": give(func(*Call) Value { return nil }), "close": func(c *Call) (Value, error) { return closeWith(self(c).to.close) },
		"withWriter": withCloseable,
	}
}

func outClasses() []*Class {
	memory := func(c *Call) *outStreamTo { return c.This.(*outStreamTo) }
	wrap := func(name string) *Class { return &Class{Name: name, Extends: "java.io.Writer", New: newWriter(name)} }
	return []*Class{
		{Name: "java.io.OutputStream", Implements: []string{"java.io.Closeable"}, Methods: outStreamMethods()},
		{Name: "java.io.ByteArrayOutputStream", Extends: "java.io.OutputStream",
			New: func(c *Call) (Value, error) {
				return &outStreamTo{class: "java.io.ByteArrayOutputStream"}, c.Want(0, 1)
			},
			Methods: table{
				"toByteArray": func(c *Call) (Value, error) {
					c.th.alloc(int64(len(memory(c).mem)))
					return append([]byte{}, memory(c).mem...), nil
				},
				"size":  give(func(c *Call) Value { return int32(len(memory(c).mem)) }),
				"reset": give(func(c *Call) Value { memory(c).mem = nil; return nil }),
				"toString": func(c *Call) (Value, error) {
					return decodeText(memory(c).mem, c.charset(0))
				},
				"writeTo": func(c *Call) (Value, error) {
					c.th.callMethod(c.Arg(0), "write", []Value{append([]byte{}, memory(c).mem...)})
					return nil, nil
				},
			}},
		{Name: "java.io.BufferedOutputStream", Extends: "java.io.OutputStream", New: func(c *Call) (Value, error) {
			o, ok := c.Arg(0).(*outStreamTo)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			return o, c.Want(1, 2)
		}},
		{Name: "java.io.Writer", Implements: []string{"java.io.Closeable"}, Methods: writerMethods()},
		{Name: "java.io.StringWriter", Extends: "java.io.Writer",
			New: func(c *Call) (Value, error) {
				return &writer{class: "java.io.StringWriter", to: &outStreamTo{class: "java.io.ByteArrayOutputStream"}, charset: "UTF-8"}, c.Want(0, 1)
			},
			Methods: table{"getBuffer": func(c *Call) (Value, error) {
				return c.make("java.lang.StringBuffer", c.This.(*writer).String())
			}}},
		wrap("java.io.OutputStreamWriter"), wrap("java.io.BufferedWriter"), wrap("java.io.PrintWriter"),
	}
}
