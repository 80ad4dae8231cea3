package chain_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
)

func entity(contentType string, body []byte) (*chain.Entity, http.Header) {
	h := http.Header{}
	if contentType != "" {
		h["Content-Type"] = []string{contentType}
	}
	e := &chain.Entity{}
	e.Bind(h)
	e.SetBytes(body)
	return e, h
}

func TestText(t *testing.T) {
	tests := []struct{ name, contentType, bytes, text string }{
		{"no type", "", "\xe4\x80", "ä\u0080"},
		{"latin", "text/plain; charset=ISO-8859-1", "\xe4", "ä"},
		{"windows", "text/plain; charset=windows-1252", "\x80", "€"},
		{"utf-8", "text/plain; charset=UTF-8", "ä", "ä"},
		{"json is utf-8", "application/json", "\"ä\"", "\"ä\""},
		{"json by suffix", "application/problem+json; charset=ISO-8859-1", "\"ä\"", "\"ä\""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e, _ := entity(test.contentType, []byte(test.bytes))
			if got, err := e.Text(); err != nil || got != test.text {
				t.Errorf("Text() = %q, %v, want %q", got, err, test.text)
			}
			if err := e.SetText(test.text); err != nil {
				t.Fatal(err)
			}
			if got, _ := e.Bytes(); string(got) != test.bytes {
				t.Errorf("after SetText: %q, want %q", got, test.bytes)
			}
		})
	}
}

// What a charset does not have is no reason to send nothing at all.
func TestTextOutsideTheCharset(t *testing.T) {
	for contentType, want := range map[string]string{
		"":                               "5 ? f\xfcr \x01??",
		"text/html":                      "5 ? f\xfcr \x01??",
		"text/plain; charset=US-ASCII":   "5 \x80 f\xfcr \x01??", // windows-1252 to the web
		"text/plain; charset=utf-8":      "5 € für \x01😀\xff",
		"text/plain; charset=shift_jis":  "5 ? f?r \x01??",
		"text/plain; charset=nowhere":    "5 € für \x01😀\xff",
		"application/json; charset=x-jp": "5 € für \x01😀\xff",
	} {
		e, h := entity(contentType, nil)
		if err := e.SetText("5 € für \x01😀\xff"); err != nil {
			t.Errorf("%q: %v", contentType, err)
		}
		if got, _ := e.Bytes(); string(got) != want {
			t.Errorf("%q: the body is %q, want %q", contentType, got, want)
		}
		if n := h.Get("Content-Length"); n != strconv.Itoa(len(want)) {
			t.Errorf("%q: Content-Length is %s", contentType, n)
		}
	}
}

func TestContentCoding(t *testing.T) {
	var zipped, deflated bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(`{"a": 1}`))
	_ = z.Close()
	d := zlib.NewWriter(&deflated)
	_, _ = d.Write([]byte(`{"a": 1}`))
	_ = d.Close()
	for coding, body := range map[string][]byte{"gzip": zipped.Bytes(), "deflate": deflated.Bytes()} {
		e, h := entity("application/json", body)
		h["Content-Encoding"] = []string{coding}
		if got, err := e.Text(); err != nil || got != `{"a": 1}` {
			t.Errorf("%s: Text() = %q, %v", coding, got, err)
		}
		if v, err := e.JSON(); err != nil || v.(map[string]any)["a"] != int64(1) {
			t.Errorf("%s: JSON() = %v, %v", coding, v, err)
		}
		if b, _ := e.Bytes(); !bytes.Equal(b, body) {
			t.Errorf("%s: reading changed the body", coding)
		}
		if err := e.SetText("plain"); err != nil || h.Get("Content-Encoding") != "" {
			t.Errorf("%s: a new text kept the coding: %v", coding, h)
		}
		h["Content-Encoding"] = []string{coding}
		if err := e.SetValue(nil); err != nil || h.Get("Content-Encoding") != "" || h.Get("Content-Length") != "0" {
			t.Errorf("%s: no body at all kept the coding: %v", coding, h)
		}
	}
}

type failing struct{ r io.Reader }

func (f failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err == io.EOF {
		err = errors.New("broken off")
	}
	return n, err
}

// A body of which a part is lost must not pass for a shorter one.
func TestSpoiledEntity(t *testing.T) {
	small := &chain.Storage{MemoryLimit: 4, FileLimit: 8, Dir: t.TempDir()}
	for name, length := range map[string]int64{"unknown length": -1, "known length": 20} {
		for _, stream := range []io.Reader{strings.NewReader("01234567890123456789"), failing{strings.NewReader("012")}} {
			var e chain.Entity
			e.SetStorage(small)
			e.SetStream(io.NopCloser(stream), length)
			_, first := e.Bytes()
			if first == nil {
				t.Errorf("%s: Bytes() = nil, want an error", name)
			}
			if b, err := e.Bytes(); !errors.Is(err, first) {
				t.Errorf("%s: second Bytes() = %q, %v, want %v", name, b, err, first)
			}
			r, _ := e.Open()
			if b, err := io.ReadAll(r); len(b) > 0 || !errors.Is(err, first) {
				t.Errorf("%s: the rest reads as %q, %v", name, b, err)
			}
			e.Close()
		}
	}
}

func TestBuffer(t *testing.T) {
	storage := &chain.Storage{MemoryLimit: 4, FileLimit: 8, Dir: t.TempDir()}
	for _, body := range []string{"", "0123", "01234", "01234567"} {
		for _, length := range []int64{-1, int64(len(body))} {
			var e chain.Entity
			e.SetStorage(storage)
			e.SetStream(io.NopCloser(strings.NewReader(body)), length)
			for range 2 {
				if b, err := e.Bytes(); err != nil || string(b) != body {
					t.Errorf("Bytes() = %q, %v, want %q", b, err, body)
				}
			}
			if !e.Buffered() {
				t.Errorf("%q is not buffered", body)
			}
			e.Close()
		}
	}
}

// A copy of a request shares the file that holds the body; each has it as long as it wants.
func TestCloneSharesFile(t *testing.T) {
	r := chain.NewRequest()
	r.Entity.SetStorage(&chain.Storage{MemoryLimit: 4, FileLimit: 100, Dir: t.TempDir()})
	r.Entity.SetStream(io.NopCloser(strings.NewReader("a large body")), -1)
	c, err := r.Clone()
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Clone()
	if err != nil {
		t.Fatal(err)
	}
	if _, inMemory := c.Entity.InMemory(); inMemory {
		t.Error("the copy has the body in memory")
	}
	r.Entity.SetBytes([]byte("other"))
	for _, e := range []*chain.Entity{&c.Entity, &d.Entity} {
		if got := e.String(); got != "a large body" {
			t.Errorf("the copy has %q", got)
		}
		e.Close()
		if got := e.String(); got != "" {
			t.Errorf("a closed copy has %q", got)
		}
	}
}

// A form that is too large counts as empty, compressed or not, without being read.
func TestLargeForms(t *testing.T) {
	large := []byte("a=" + strings.Repeat("x", 8<<20))
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(large)
	_ = z.Close()
	for coding, body := range map[string][]byte{"": large, "gzip": zipped.Bytes()} {
		var told []string
		e, h := entity("application/x-www-form-urlencoded", nil)
		e.SetStorage(&chain.Storage{MemoryLimit: 1 << 10, FileLimit: 1 << 30, Dir: t.TempDir(), OverLimit: func(limit string) { told = append(told, limit) }})
		e.SetStream(io.NopCloser(bytes.NewReader(body)), -1)
		h.Set("Content-Encoding", coding)
		if f := e.Form(); len(f) != 0 || !slices.Contains(told, "form_bytes") {
			t.Errorf("coding %q: %d fields, told of %v", coding, len(f), told)
		}
		e.SetBytes(large[:1000])
		h.Del("Content-Encoding")
		if f := e.Form(); len(f["a"]) != 1 {
			t.Errorf("a small form has %d fields", len(f))
		}
	}
}

func TestCharsets(t *testing.T) {
	for contentType, want := range map[string]string{
		"text/plain;charset=UTF-8": "\u00e4", "text/plain; charset=utf-8": "\u00e4", `text/plain; charset="utf-8"`: "\u00e4", "Text/HTML; Charset=Utf-8 ": "\u00e4",
		"text/plain; a=b; charset=utf-8": "\u00e4", "text/plain; charset=utf-8; a=b": "\u00e4", "application/json": "\u00e4", "Application/JSON; charset=ISO-8859-1": "\u00e4",
		"application/x+json": "\u00e4", "text/plain": "\u00c3\u00a4", "text/plain; charset=": "\u00c3\u00a4", "text/plain; charset=utf-8 x": "\u00c3\u00a4",
		"text/plain; charset=iso-8859-1": "\u00c3\u00a4", "; charset=utf-8": "\u00c3\u00a4", "text/plain; xcharset=utf-8": "\u00c3\u00a4", "application/json;": "\u00e4",
		"text plain; charset=utf-8": "\u00c3\u00a4", "text/plain; charset=utf-8;": "\u00e4",
	} {
		e, _ := entity(contentType, []byte("\u00e4"))
		if got, err := e.Text(); err != nil || got != want {
			t.Errorf("%q: Text() = %q, %v, want %q", contentType, got, err, want)
		}
	}
}
