package chain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// Storage says where bodies are buffered: in memory up to MemoryLimit, then in a
// file of Dir up to FileLimit.
type Storage struct {
	MemoryLimit, FileLimit int64
	Dir                    string
	// OverLimit is told of "body_memory", a body that went to a file, and of "form_fields" and
	// "form_bytes", a form that had too many; nil: nobody is. It is called concurrently.
	OverLimit func(limit string)
}

func (e *Entity) overLimit(limit string) {
	if e.storage != nil && e.storage.OverLimit != nil {
		e.storage.OverLimit(limit)
	}
}

// Entity is the body of a message. Until somebody looks, it is the stream that came
// in; looking buffers it, after which it can be read any number of times. An Entity
// belongs to one goroutine at a time.
type Entity struct {
	header  http.Header
	stream  io.ReadCloser // nil: none, or buffered
	length  int64         // of the stream, -1 unknown
	memory  []byte
	file    *spilled
	size    int64 // of file
	storage *Storage
}

// spilled is a body in a file. Entities that are copies of one another share it; the last
// one that lets go closes it.
type spilled struct {
	*os.File
	users atomic.Int32
}

func (f *spilled) Close() error {
	if f.users.Add(-1) > 0 {
		return nil
	}
	return f.File.Close()
}

// copyOf makes the body that of another entity, which is buffered, without copying it.
func (e *Entity) copyOf(other *Entity) {
	e.Close()
	e.storage, e.memory, e.size = other.storage, other.memory, other.size
	if other.file != nil {
		other.file.users.Add(1)
		e.file = other.file
	}
}

// defaultStorage holds the limits in force where no TemporaryStorage applies.
var defaultStorage = Storage{MemoryLimit: 65536, FileLimit: 1 << 30}

// Bind ties the entity to the header fields of its message, from which it takes the
// charset and in which it keeps Content-Length and Content-Type true.
func (e *Entity) Bind(h http.Header) { e.header = h }

// SetStorage says where to buffer; nil is the default.
func (e *Entity) SetStorage(s *Storage) { e.storage = s }

// SetStream makes r the body. length is -1 when unknown. Header fields stay.
func (e *Entity) SetStream(r io.ReadCloser, length int64) {
	e.Close()
	e.stream, e.length = r, length
}

// SetBytes makes b the body and sets Content-Length.
func (e *Entity) SetBytes(b []byte) {
	e.keep(b)
	e.setLength(len(b))
}

func (e *Entity) keep(b []byte) {
	e.Close()
	e.memory = b
}

func (e *Entity) setLength(n int) {
	if e.header != nil {
		e.header["Content-Length"] = []string{strconv.Itoa(n)}
		delete(e.header, "Transfer-Encoding")
	}
}

// Text is the body decoded by the charset of Content-Type, else ISO-8859-1; JSON is
// always UTF-8 (RFC 8259 §8.1).
func (e *Entity) Text() (string, error) {
	b, err := e.Decoded()
	if err != nil || len(b) == 0 {
		return "", err
	}
	name := e.charset()
	if name == "utf-8" {
		return string(b), nil
	}
	enc, err := charsetOf(name)
	if err != nil {
		return string(b), nil
	}
	out, err := enc.NewDecoder().Bytes(b)
	return string(out), err
}

// SetText makes s the body in the charset of Content-Type. Characters that the charset does
// not have become question marks, as in the product.
func (e *Entity) SetText(s string) error {
	b := []byte(s)
	if name := e.charset(); name != "utf-8" {
		if enc, err := charsetOf(name); err == nil {
			if b, err = enc.NewEncoder().Bytes(b); err != nil {
				b, err = enc.NewEncoder().Bytes([]byte(encodable(s, enc.NewEncoder())))
			}
			if err != nil {
				return fmt.Errorf("write the text in %s: %w", name, err)
			}
		}
	}
	e.dropCoding()
	e.SetBytes(b)
	return nil
}

// encodable is s with question marks for what the charset does not have.
func encodable(s string, to *encoding.Encoder) string {
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			if _, err := to.String(string(r)); err != nil {
				return '?'
			}
		}
		return r
	}, s)
}

// charsetOf is the WHATWG table but for ISO-8859-1, which there means windows-1252.
func charsetOf(name string) (encoding.Encoding, error) {
	if name == "iso-8859-1" {
		return charmap.ISO8859_1, nil
	}
	return htmlindex.Get(name)
}

func (e *Entity) charset() string {
	ct := first(e.header, "Content-Type")
	if ct == "" {
		return "iso-8859-1"
	}
	if name, ok := usualCharset(ct); ok {
		return name
	}
	kind, params, err := mime.ParseMediaType(ct)
	if err != nil {
		return "iso-8859-1"
	}
	if kind == "application/json" || strings.HasSuffix(kind, "+json") {
		return "utf-8"
	}
	if cs := strings.ToLower(params["charset"]); cs != "" {
		return cs
	}
	return "iso-8859-1"
}

// usualCharset reads a media type with no parameter but charset. It spares nearly all
// messages the allocations of mime.ParseMediaType, which reads the others.
func usualCharset(ct string) (name string, ok bool) {
	kind, parameter, more := strings.Cut(ct, ";")
	major, minor, _ := strings.Cut(kind, "/")
	if !validToken(major) || !validToken(minor) {
		return "", false
	}
	if more {
		key, value, _ := strings.Cut(strings.TrimLeft(parameter, " "), "=")
		if !strings.EqualFold(key, "charset") || !validToken(value) {
			return "", false
		}
		name = value
	}
	const suffix = "+json"
	switch {
	case strings.EqualFold(kind, "application/json"), len(minor) > len(suffix) && strings.EqualFold(minor[len(minor)-len(suffix):], suffix), strings.EqualFold(name, "utf-8"):
		return "utf-8", true
	case name == "":
		return "iso-8859-1", true
	}
	return strings.ToLower(name), true
}

func first(h http.Header, canonical string) string {
	if v := h[canonical]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// JSON is the parsed body: maps, lists, strings, bool, nil, int64 or float64.
func (e *Entity) JSON() (any, error) {
	b, err := e.Decoded()
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, nil
	}
	return ParseJSON(b)
}

// ParseJSON reads one JSON value; whole numbers are int64.
func ParseJSON(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("text after the JSON value")
	}
	return plainNumbers(v), nil
}

func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case map[string]any:
		for k, e := range v {
			v[k] = plainNumbers(e)
		}
	case []any:
		for i, e := range v {
			v[i] = plainNumbers(e)
		}
	}
	return v
}

// SetJSON makes v, encoded, the body and sets Content-Type.
func (e *Entity) SetJSON(v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	if e.header != nil {
		e.header["Content-Type"] = []string{"application/json; charset=UTF-8"}
	}
	e.dropCoding()
	e.SetBytes(bytes.TrimRight(buf.Bytes(), "\n"))
	return nil
}

// Form is the parsed form body; empty unless the content type is a form of at most 10,000
// fields and 8 MiB: anybody can send one, and it takes several times its size in memory.
func (e *Entity) Form() Form {
	kind, _, _ := mime.ParseMediaType(first(e.header, "Content-Type"))
	if kind != "application/x-www-form-urlencoded" || e.Buffer() != nil {
		return Form{}
	}
	var b []byte
	_, size := e.Open() // a large body lies in a file and costs memory only when read
	if size <= maxFormBytes {
		var err error
		if b, err = e.Decoded(); err != nil {
			return Form{}
		}
	}
	if max(size, int64(len(b))) > maxFormBytes {
		e.overLimit("form_bytes")
		return Form{}
	}
	f, ok := parseForm(string(b))
	if !ok {
		e.overLimit("form_fields")
	}
	return f
}

// SetValue assigns as scripts and expressions do: text, bytes, nil, anything else JSON.
func (e *Entity) SetValue(v any) error {
	switch v := v.(type) {
	case nil:
		e.dropCoding()
		e.SetBytes(nil)
	case string:
		return e.SetText(v)
	case []byte:
		e.SetBytes(v)
	case *Entity:
		b, err := v.Bytes()
		if err != nil {
			return err
		}
		e.SetBytes(b)
	default:
		return e.SetJSON(v)
	}
	return nil
}

// Empty says whether there is no body, without reading a stream of unknown length.
func (e *Entity) Empty() bool {
	if e.stream != nil {
		return e.length == 0
	}
	return len(e.memory) == 0 && e.file == nil
}

// Buffered says whether the body can be read again.
func (e *Entity) Buffered() bool { return e.stream == nil }

// Buffer reads the stream into memory or, past the memory limit, into a file. A body
// over the file limit is ErrTooLarge. A buffered or empty entity stays as it is.
func (e *Entity) Buffer() error {
	if e.stream == nil {
		return nil
	}
	s := e.storage
	if s == nil {
		s = &defaultStorage
	}
	if e.length > s.MemoryLimit && e.length > s.FileLimit {
		return e.spoil(ErrTooLarge)
	}
	if e.length > 0 && e.length <= s.MemoryLimit {
		b := make([]byte, e.length)
		if _, err := io.ReadFull(e.stream, b); err != nil {
			return e.spoil(err)
		}
		return e.settle(b)
	}
	var buf bytes.Buffer
	n, err := io.Copy(&buf, io.LimitReader(e.stream, s.MemoryLimit+1))
	if err != nil {
		return e.spoil(err)
	}
	if n <= s.MemoryLimit {
		return e.settle(buf.Bytes())
	}
	if err := e.spill(&buf, s); err != nil {
		return e.spoil(err)
	}
	return nil
}

// spoil remembers that a part of the stream is lost: whoever reads the entity later
// meets the same error, and not the rest as if it were the whole.
func (e *Entity) spoil(err error) error {
	if e.stream != nil {
		_ = e.stream.Close()
	}
	e.stream, e.length = spoiled{err}, -1
	return err
}

type spoiled struct{ err error }

func (s spoiled) Read([]byte) (int, error) { return 0, s.err }
func (s spoiled) Close() error             { return nil }

func (e *Entity) settle(b []byte) error {
	_ = e.stream.Close() // all of it has been read
	e.stream, e.memory = nil, b
	return nil
}

func (e *Entity) spill(head *bytes.Buffer, s *Storage) error {
	f, err := os.CreateTemp(s.Dir, "entity-*")
	if err != nil {
		return fmt.Errorf("buffer body: %w", err)
	}
	e.overLimit("body_memory")
	// Unlinked at once: the space is given back even when the process dies.
	_ = os.Remove(f.Name())
	head2 := int64(head.Len())
	rest := io.LimitReader(e.stream, max(s.FileLimit-head2, 0)+1)
	n, err := io.Copy(f, io.MultiReader(head, rest))
	if err == nil && n > s.FileLimit {
		err = ErrTooLarge
	}
	if err != nil {
		_ = f.Close()
		return err
	}
	_ = e.stream.Close()
	file := &spilled{File: f}
	file.users.Store(1)
	e.stream, e.file, e.size = nil, file, n
	return nil
}

// Bytes buffers the body and returns it; the caller must not change it.
func (e *Entity) Bytes() ([]byte, error) {
	if err := e.Buffer(); err != nil {
		return nil, err
	}
	if e.file == nil {
		return e.memory, nil
	}
	b := make([]byte, e.size)
	_, err := e.file.ReadAt(b, 0)
	if err == io.EOF {
		err = nil
	}
	return b, err
}

// Open returns a reader of the body and its length, -1 when unknown; nil when there
// is none. A stream can be opened once, a buffered body any number of times. The
// reader need not be closed; Close of the entity does that.
func (e *Entity) Open() (io.Reader, int64) {
	switch {
	case e.stream != nil:
		return e.stream, e.length
	case e.file != nil:
		return io.NewSectionReader(e.file, 0, e.size), e.size
	case len(e.memory) > 0:
		return bytes.NewReader(e.memory), int64(len(e.memory))
	}
	return nil, 0
}

// InMemory returns the body when it is held in memory, for writers that can send
// header and body in one piece. ok is false for streams and files.
func (e *Entity) InMemory() (b []byte, ok bool) {
	if e.stream != nil || e.file != nil {
		return nil, false
	}
	return e.memory, true
}

// Close lets go of streams and files.
func (e *Entity) Close() {
	if e.stream != nil {
		_ = e.stream.Close()
	}
	if e.file != nil {
		_ = e.file.Close()
	}
	e.stream, e.file, e.memory, e.size, e.length = nil, nil, nil, 0, 0
}

// String is the body as text, "" when it cannot be read.
func (e *Entity) String() string {
	s, _ := e.Text()
	return s
}

// Get returns a property as expressions see it.
func (e *Entity) Get(name string) (any, bool) {
	switch name {
	case "string":
		s, err := e.Text()
		if err != nil {
			return nil, true
		}
		return s, true
	case "json":
		v, err := e.JSON()
		if err != nil {
			return nil, true
		}
		return v, true
	case "bytes":
		b, err := e.Bytes()
		if err != nil {
			return nil, true
		}
		return b, true
	case "form":
		return e.Form(), true
	case "rawContentEmpty", "decodedContentEmpty":
		return e.isEmpty(), true
	}
	return nil, false
}

func (e *Entity) isEmpty() bool {
	b, err := e.Bytes()
	return err == nil && len(b) == 0
}

// Set assigns string, json or bytes.
func (e *Entity) Set(name string, v any) error {
	switch name {
	case "json":
		return e.SetJSON(v)
	case "string", "bytes":
		return e.SetValue(v)
	}
	return ErrReadOnly
}

// Call offers isRawContentEmpty and isDecodedContentEmpty.
func (e *Entity) Call(method string, _ []any) (any, error) {
	switch method {
	case "isRawContentEmpty", "isDecodedContentEmpty":
		return e.isEmpty(), nil
	case "getString":
		v, _ := e.Get("string")
		return v, nil
	case "getJson":
		v, _ := e.Get("json")
		return v, nil
	}
	return nil, fmt.Errorf("entity has no method %s", method)
}
