package groovy

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
)

// inStream is java.io.InputStream and its subclasses.
type inStream struct {
	class string
	b     *bufio.Reader
	slow  bool // reading may wait for others and stops the script's clock
	close func() error
	size  func() int // bytes left, of streams in memory
}

func (s *inStream) javaName() string { return s.class }
func (s *inStream) String() string   { return s.class + "@1" }

// NewInputStream gives a stream of bytes to scripts. Its errors become IOExceptions,
// its reads do not count as time of the script. close may be nil.
func NewInputStream(r io.Reader, close func() error) Value {
	return &inStream{class: "java.io.InputStream", b: bufio.NewReader(r), slow: true, close: close}
}

// BytesOf reads a script's stream to its end; ok is false for other values.
func BytesOf(c *Call, v Value) (b []byte, ok bool, err error) {
	s, ok := v.(*inStream)
	if !ok {
		return nil, false, nil
	}
	b, err = s.rest(c)
	return b, true, err
}

func memoryStream(b []byte) *inStream {
	r := bytes.NewReader(b)
	s := &inStream{class: "java.io.ByteArrayInputStream", b: bufio.NewReaderSize(r, 64)}
	s.size = func() int { return r.Len() + s.b.Buffered() }
	return s
}

// ioFailure is the exception of a failed read or write.
func ioFailure(err error) error {
	var t *Thrown
	var timeout net.Error
	switch {
	case errors.As(err, &t):
		return t
	case errors.As(err, &timeout) && timeout.Timeout():
		return Throw("java.net.SocketTimeoutException", "Read timed out")
	}
	return Throw("java.io.IOException", "%s", err)
}

// wait runs a read that may have to wait.
func (s *inStream) wait(c *Call, read func()) {
	if s.slow {
		c.Wait(read)
		return
	}
	read()
}

// read fills part of b; 0 bytes mean the end.
func (s *inStream) read(c *Call, b []byte) (n int, err error) {
	if len(b) == 0 {
		return 0, nil
	}
	s.wait(c, func() { n, err = s.b.Read(b) })
	if n > 0 || err == io.EOF {
		return n, nil
	}
	return 0, ioFailure(err)
}

func (s *inStream) one(c *Call) (int, error) {
	var b byte
	var err error
	if s.b.Buffered() > 0 {
		b, err = s.b.ReadByte()
	} else {
		s.wait(c, func() { b, err = s.b.ReadByte() })
	}
	switch {
	case err == io.EOF:
		return -1, nil
	case err != nil:
		return 0, ioFailure(err)
	}
	return int(b), nil
}

// some reads up to n bytes, all that there are for n < 0.
func (s *inStream) some(c *Call, n int64) ([]byte, error) {
	var out []byte
	part := make([]byte, 32<<10)
	for n != 0 {
		if n > 0 && n < int64(len(part)) {
			part = part[:n]
		}
		k, err := s.read(c, part)
		if err != nil || k == 0 {
			return out, err
		}
		c.th.alloc(int64(k) * 2)
		c.th.step()
		out = append(out, part[:k]...)
		if n > 0 {
			n -= int64(k)
		}
	}
	return out, nil
}

func (s *inStream) rest(c *Call) ([]byte, error) { return s.some(c, -1) }

func (s *inStream) text(c *Call, charset string) (string, error) {
	b, err := s.rest(c)
	if err != nil {
		return "", err
	}
	v, err := decodeText(b, charset)
	if err != nil {
		return "", err
	}
	return v.(string), nil
}

// closeWith closes what may be closed.
func closeWith(f func() error) (Value, error) {
	if f == nil {
		return nil, nil
	}
	if err := f(); err != nil {
		return nil, ioFailure(err)
	}
	return nil, nil
}

// arrayPart is the part of a byte array that (array), (array, off, len) name.
func arrayPart(c *Call) ([]byte, error) {
	b, ok := c.Arg(0).([]byte)
	if !ok {
		return nil, c.NoSuchMethod()
	}
	if len(c.Args) == 1 {
		return b, nil
	}
	off, ok1 := c.Int(1)
	n, ok2 := c.Int(2)
	if !ok1 || !ok2 {
		return nil, c.NoSuchMethod()
	}
	if off < 0 || n < 0 || off+n > int64(len(b)) {
		return nil, Throw("java.lang.IndexOutOfBoundsException", "Range [%d, %d) out of bounds for length %d", off, off+n, len(b))
	}
	return b[off : off+n], nil
}

func inStreamMethods() table {
	self := func(c *Call) *inStream { return c.This.(*inStream) }
	all := func(c *Call) (Value, error) {
		b, err := self(c).rest(c)
		if b == nil {
			b = []byte{}
		}
		return b, err
	}
	text := func(f func(c *Call, s string) (Value, error), charset func(c *Call) int) Method {
		return func(c *Call) (Value, error) {
			s, err := self(c).text(c, c.charset(charset(c)))
			if err != nil {
				return nil, err
			}
			v, err := f(c, s)
			if err == nil && self(c).close != nil { // these methods of Groovy close what they read
				_ = self(c).close()
			}
			return v, err
		}
	}
	first := func(*Call) int { return 0 }
	beforeClosure := func(c *Call) int {
		if len(c.Args) > 1 {
			return 0
		}
		return len(c.Args)
	}
	return table{
		"readAllBytes": all, "getBytes": all,
		"readNBytes": func(c *Call) (Value, error) {
			n, ok := c.Int(0)
			if !ok || n < 0 || len(c.Args) != 1 {
				return nil, c.NoSuchMethod()
			}
			b, err := self(c).some(c, n)
			return append([]byte{}, b...), err
		},
		"read": func(c *Call) (Value, error) {
			if len(c.Args) == 0 {
				n, err := self(c).one(c)
				return int32(n), err
			}
			b, err := arrayPart(c)
			if err != nil {
				return nil, err
			}
			n, err := self(c).read(c, b)
			if n == 0 && len(b) > 0 {
				n = -1
			}
			return int32(n), err
		},
		"available": give(func(c *Call) Value {
			if s := self(c); s.size != nil {
				return int32(s.size())
			}
			return int32(self(c).b.Buffered())
		}),
		"skip": func(c *Call) (Value, error) {
			n, _ := c.Int(0)
			b, err := self(c).some(c, max(n, 0))
			return int64(len(b)), err
		},
		"markSupported": give(func(*Call) Value { return false }),
		"transferTo": func(c *Call) (Value, error) {
			b, err := self(c).rest(c)
			if err != nil {
				return nil, err
			}
			c.th.callMethod(c.Arg(0), "write", []Value{b})
			return int64(len(b)), nil
		},
		"close":     func(c *Call) (Value, error) { return closeWith(self(c).close) },
		"getText":   text(func(_ *Call, s string) (Value, error) { return s, nil }, first),
		"readLines": text(func(_ *Call, s string) (Value, error) { return NewList(lineValues(s)...), nil }, first),
		"eachLine":  text(eachLine, beforeClosure),
		"newReader": func(c *Call) (Value, error) { return newReader(c, "java.io.BufferedReader", c.This, c.charset(0)) },
		"withReader": func(c *Call) (Value, error) {
			r, err := newReader(c, "java.io.BufferedReader", c.This, c.charset(beforeClosure(c)))
			if err != nil {
				return nil, err
			}
			return c.fn(len(c.Args) - 1)(r), nil
		},
		"withStream": withCloseable,
	}
}

// reader is java.io.Reader and its subclasses, over UTF-8.
type reader struct {
	class   string
	in      *inStream
	charset string // not UTF-8: the stream is decoded as a whole at the first read
	low     Char   // second half of a character beyond 16 bits
}

func (r *reader) javaName() string { return r.class }
func (r *reader) String() string   { return r.class + "@1" }
func (r *reader) elements(th *thread) []Value {
	s, err := r.text(&Call{Ctx: th.ctx, th: th})
	if err != nil {
		th.raise(err)
	}
	return lineValues(s)
}

func newReader(c *Call, class string, from Value, charset string) (Value, error) {
	switch f := from.(type) {
	case *inStream:
		return &reader{class: class, in: f, charset: charset}, nil
	case *reader:
		return &reader{class: class, in: f.in, charset: f.charset}, nil
	case nil:
		return nil, Throw(excNull, "the stream is null")
	}
	return nil, c.NoSuchMethod()
}

func (r *reader) open(c *Call) error {
	if r.charset == "UTF-8" || r.charset == "UTF8" {
		return nil
	}
	s, err := r.in.text(c, r.charset)
	if err == nil {
		closing := r.in.close
		r.in = memoryStream([]byte(s))
		r.in.close, r.charset = closing, "UTF-8"
	}
	return err
}

func (r *reader) text(c *Call) (string, error) {
	if err := r.open(c); err != nil {
		return "", err
	}
	return r.in.text(c, "UTF-8")
}

// line is the next line without its end; ok is false after the last.
func (r *reader) line(c *Call) (line string, ok bool, err error) {
	if err := r.open(c); err != nil {
		return "", false, err
	}
	var out []byte
	for {
		b, err := r.in.one(c)
		switch {
		case err != nil:
			return "", false, err
		case b < 0:
			return strings.ToValidUTF8(string(out), "\ufffd"), len(out) > 0, nil
		case b == '\n':
			return strings.ToValidUTF8(string(out), "\ufffd"), true, nil
		case b == '\r':
			// What follows may not have come yet: looking only at what is there
			// does not wait for it.
			if r.in.b.Buffered() > 0 || !r.in.slow {
				if next, _ := r.in.b.Peek(1); len(next) == 1 && next[0] == '\n' {
					_, _ = r.in.b.Discard(1)
				}
			}
			return strings.ToValidUTF8(string(out), "\ufffd"), true, nil
		}
		if len(out)%1024 == 0 {
			c.th.alloc(1024)
		}
		out = append(out, byte(b))
	}
}

// unit is the next UTF-16 unit, -1 at the end.
func (r *reader) unit(c *Call) (Value, error) {
	if r.low != 0 {
		u := r.low
		r.low = 0
		return int32(u), nil
	}
	if err := r.open(c); err != nil {
		return nil, err
	}
	var ch rune
	var err error
	r.in.wait(c, func() { ch, _, err = r.in.b.ReadRune() })
	if err == io.EOF {
		return int32(-1), nil
	} else if err != nil {
		return nil, ioFailure(err)
	}
	us := utf16Of(string(ch))
	if len(us) > 1 {
		r.low = Char(us[1])
	}
	return int32(us[0]), nil
}

func readerMethods() table {
	self := func(c *Call) *reader { return c.This.(*reader) }
	text := func(f func(c *Call, s string) (Value, error)) Method {
		return func(c *Call) (Value, error) {
			s, err := self(c).text(c)
			if err != nil {
				return nil, err
			}
			return f(c, s)
		}
	}
	return table{
		"read": func(c *Call) (Value, error) {
			if len(c.Args) > 0 {
				return nil, Throw(excUnsupported, "reading into a char array")
			}
			return self(c).unit(c)
		},
		"readLine": func(c *Call) (Value, error) {
			l, ok, err := self(c).line(c)
			if !ok {
				return nil, err
			}
			return l, err
		},
		"getText":   text(func(_ *Call, s string) (Value, error) { return s, nil }),
		"readLines": text(func(_ *Call, s string) (Value, error) { return NewList(lineValues(s)...), nil }),
		"eachLine":  text(eachLine),
		"lines":     text(func(_ *Call, s string) (Value, error) { return &stream{items: lineValues(s)}, nil }),
		"ready": give(func(c *Call) Value {
			r := self(c)
			return r.in.b.Buffered() > 0 || r.in.size != nil && r.in.size() > 0
		}),
		"close":      func(c *Call) (Value, error) { return closeWith(self(c).in.close) },
		"withReader": withCloseable,
	}
}

func ioClasses() []*Class {
	readerClass := func(name, super string) *Class {
		return &Class{Name: name, Extends: super, New: func(c *Call) (Value, error) {
			if err := c.Want(1, 2); err != nil {
				return nil, err
			}
			i := 1
			if name == "java.io.BufferedReader" { // the second argument is a size
				i = 2
			}
			return newReader(c, name, c.Arg(0), c.charset(i))
		}}
	}
	return append([]*Class{
		{Name: "java.io.InputStream", Implements: []string{"java.io.Closeable"}, Methods: inStreamMethods()},
		{Name: "java.io.ByteArrayInputStream", Extends: "java.io.InputStream", New: func(c *Call) (Value, error) {
			b, err := arrayPart(c)
			if err != nil {
				return nil, err
			}
			return memoryStream(b), nil
		}},
		{Name: "java.io.BufferedInputStream", Extends: "java.io.InputStream", New: func(c *Call) (Value, error) {
			s, ok := c.Arg(0).(*inStream)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			return s, c.Want(1, 2)
		}},
		{Name: "java.io.Reader", Implements: []string{"java.io.Closeable"}, Methods: readerMethods()},
		{Name: "java.io.StringReader", Extends: "java.io.Reader", New: func(c *Call) (Value, error) {
			if err := c.wantText(); err != nil {
				return nil, err
			}
			return &reader{class: "java.io.StringReader", in: memoryStream([]byte(c.Str(0))), charset: "UTF-8"}, nil
		}},
		readerClass("java.io.InputStreamReader", "java.io.Reader"), readerClass("java.io.BufferedReader", "java.io.Reader"),
	}, outClasses()...)
}
