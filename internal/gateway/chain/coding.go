package chain

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strings"
)

// maxDecoded bounds what a compressed body may grow to when somebody reads it.
const maxDecoded = 64 << 20

// decodedTooLarge is ErrTooLarge for a body that decompresses to more than maxDecoded.
type decodedTooLarge struct{}

func (decodedTooLarge) Error() string     { return "the body decompresses to more than 64 MiB" }
func (decodedTooLarge) Unwrap() error     { return ErrTooLarge }
func (decodedTooLarge) OverLimit() string { return "decoded" }

// Decoded is the body as text, JSON and form readers see it: without the content
// coding, where that is gzip or deflate (RFC 9110 §8.4.1). The body itself stays as it
// came. The caller must not change what it returns.
func (e *Entity) Decoded() ([]byte, error) {
	b, err := e.Bytes()
	if err != nil || len(b) == 0 {
		return b, err
	}
	var r io.Reader
	switch strings.ToLower(strings.TrimSpace(first(e.header, "Content-Encoding"))) {
	case "gzip", "x-gzip":
		r, err = gzip.NewReader(bytes.NewReader(b))
	case "deflate":
		r, err = inflate(b)
	default:
		return b, nil
	}
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, maxDecoded+1))
	if err == nil && len(out) > maxDecoded {
		err = decodedTooLarge{}
	}
	return out, err
}

// inflate reads zlib, which is what deflate means, or the bare stream that some send.
func inflate(b []byte) (io.Reader, error) {
	if r, err := zlib.NewReader(bytes.NewReader(b)); err == nil {
		return r, nil
	}
	return flate.NewReader(bytes.NewReader(b)), nil
}

// dropCoding goes with a body that was written here, uncompressed.
func (e *Entity) dropCoding() {
	if e.header != nil {
		delete(e.header, "Content-Encoding")
	}
}
