package jose

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
)

// inflate undoes "zip":"DEF" (RFC 7516 §4.1.3) and stops at limit, the same that holds for whole tokens, so that a
// short token cannot grow without bound.
func inflate(data []byte, limit int) ([]byte, error) {
	limit = limitOf(limit)
	r := flate.NewReader(bytes.NewReader(data))
	out, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("%w: content is not compressed as its header says", ErrMalformed)
	}
	if len(out) > limit {
		return nil, &tooLarge{"jwt", fmt.Sprintf("decompressed content over %d bytes", limit)}
	}
	return out, nil
}
