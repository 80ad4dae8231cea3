package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"gatehouse/internal/gateway/chain"
)

// responseBody reads the body of a response. At its end the connection goes back to
// the pool; closed before, the connection is closed.
type responseBody struct {
	conn     *upstreamConn
	response *chain.Response
	kind     bodyKind
	left     int64 // of a counted body or of the present chunk
	begun    bool  // chunked: a chunk has been read
	err      error // the end, or what went wrong: from then on the only answer
}

type bodyKind uint8

const (
	countedBody bodyKind = iota
	chunkedBody
	closedBody // ends with the connection
)

var errChunked = errors.New("the chunked response is malformed")

func (b *responseBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := b.next(p)
	if err != nil {
		b.end(err)
		err = b.err
	}
	return n, err
}

// end settles the connection.
func (b *responseBody) end(err error) {
	if b.err != nil {
		return
	}
	b.err = err
	if err == io.EOF {
		b.conn.finish()
		return
	}
	b.conn.abandon()
}

// Close ends reading. What is left is not waited for.
func (b *responseBody) Close() error {
	if b.err == nil && b.conn != nil {
		b.end(errClosedBody)
	}
	return nil
}

var errClosedBody = errors.New("the body is closed")

func (b *responseBody) next(p []byte) (int, error) {
	switch b.kind {
	case countedBody:
		return b.counted(p)
	case chunkedBody:
		return b.chunked(p)
	}
	return b.conn.read(p) // io.EOF is the end here
}

func (b *responseBody) counted(p []byte) (int, error) {
	n, err := b.conn.read(p[:min(int64(len(p)), b.left)])
	if b.left -= int64(n); b.left == 0 {
		return n, io.EOF
	}
	if err != nil {
		err = unexpected(err)
	}
	return n, err
}

func (b *responseBody) chunked(p []byte) (int, error) {
	if b.left == 0 {
		if err := b.nextChunk(); err != nil {
			return 0, err
		}
	}
	n, err := b.conn.read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil {
		err = unexpected(err)
	}
	return n, err
}

// nextChunk reads up to the data of the next chunk, or to the end of the message.
func (b *responseBody) nextChunk() error {
	if b.begun {
		if line, err := b.conn.readLine(0); err != nil || len(line) != 0 {
			return orMalformed(err)
		}
	}
	b.begun = true
	line, err := b.conn.readLine(maxChunkLine)
	if err != nil {
		return err
	}
	if b.left, err = chunkSize(line); err != nil {
		return err
	}
	if b.left > 0 {
		return nil
	}
	return b.trailers()
}

func orMalformed(err error) error {
	if err == nil || errors.Is(err, errTooLong) {
		return errChunked
	}
	return err
}

// chunkSize reads "size[;extension]" (RFC 9112 §7.1).
func chunkSize(line []byte) (int64, error) {
	var n int64
	for i, c := range line {
		d, ok := hexDigit(c)
		switch {
		case ok && i < 15:
			n = n<<4 | int64(d)
			continue
		case i > 0 && c == ';' && validValue(string(line[i:])):
			return n, nil
		case i > 0 && len(bytes.Trim(line[i:], " \t")) == 0: // old servers pad the size
			return n, nil
		}
		return 0, errChunked
	}
	if len(line) == 0 {
		return 0, errChunked
	}
	return n, nil
}

// maxTrailers bounds the trailer section.
const maxTrailers = 16 << 10

func (b *responseBody) trailers() error {
	for size := 0; ; {
		line, err := b.conn.readLine(maxTrailers)
		if err != nil {
			return err
		}
		if len(line) == 0 {
			return io.EOF
		}
		if size += len(line); size > maxTrailers {
			return errTooLong
		}
		if b.response.Trailer == nil {
			b.response.Trailer = http.Header{}
		}
		if err := parseFields(b.response.Trailer, string(line), nil); err != nil {
			return fmt.Errorf("trailers: %w", err)
		}
	}
}
