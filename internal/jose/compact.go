package jose

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Default limits of a token in bytes. A header holds a dozen short values; the token limit leaves room for claims that
// are far larger than what fits into HTTP headers.
const (
	DefaultMaxToken = 256 << 10
	maxHeader       = 16 << 10
)

// Header is what a token says about itself. Nothing in it is trusted before the signature is.
type Header struct {
	Algorithm   Algorithm      `json:"alg"`
	Encryption  Encryption     `json:"enc"`
	KeyID       string         `json:"kid"`
	Type        string         `json:"typ"`
	ContentType string         `json:"cty"`
	Compression string         `json:"zip"`
	Critical    jsontext.Value `json:"crit"`
	Base64      jsontext.Value `json:"b64"`
	Raw         jsontext.Value `json:"-"` // the decoded JSON, for members that are not listed above
}

// parseHeader decodes a header segment. jwk, jku, x5u and x5c are not among the members that are read, so no code can
// come to use them by mistake (RFC 8725 §3.10).
func parseHeader(segment []byte) (*Header, error) {
	if len(segment) > maxHeader {
		return nil, fmt.Errorf("%w: header over %d bytes", ErrMalformed, maxHeader)
	}
	raw, err := decodeSegment(segment)
	if err != nil {
		return nil, err
	}
	h := &Header{}
	if len(raw) == 0 || raw[0] != '{' {
		return nil, fmt.Errorf("%w: header is not a JSON object", ErrMalformed)
	}
	if err := jsonv2.Unmarshal(raw, h); err != nil {
		return nil, fmt.Errorf("%w: header is not a JSON object of the expected shape or repeats a name", ErrMalformed)
	}
	h.Raw = raw
	if h.Algorithm == "" {
		return nil, fmt.Errorf("%w: header without alg", ErrMalformed)
	}
	return h, nil
}

// checkCritical refuses extensions that the caller does not understand (RFC 7515 §4.1.11). The list must not be empty
// and may name only members that are there. b64 (RFC 7797) is refused always: detached payloads are not compact JWTs.
func (h *Header) checkCritical(understood []string) error {
	if h.Base64 != nil {
		return fmt.Errorf("%w: b64", ErrCritical)
	}
	if h.Critical == nil {
		return nil
	}
	var names []string
	if err := jsonv2.Unmarshal(h.Critical, &names); err != nil || len(names) == 0 {
		return fmt.Errorf("%w: crit is not a list of names", ErrMalformed)
	}
	var members map[string]jsontext.Value
	if err := jsonv2.Unmarshal(h.Raw, &members); err != nil {
		return fmt.Errorf("%w: header", ErrMalformed)
	}
	for _, name := range names {
		if _, there := members[name]; !there {
			return fmt.Errorf("%w: crit names a member that is not there", ErrMalformed)
		}
		if !slices.Contains(understood, name) {
			return ErrCritical
		}
	}
	return nil
}

// HasType reports whether the typ of the token is one of want. Case does not matter and "application/" may be left out
// (RFC 7515 §4.1.9).
func (h *Header) HasType(want ...string) bool {
	for _, w := range want {
		if strings.EqualFold(trimMedia(h.Type), trimMedia(w)) {
			return true
		}
	}
	return false
}

func trimMedia(t string) string {
	const prefix = "application/"
	if len(t) > len(prefix) && strings.EqualFold(t[:len(prefix)], prefix) && !strings.Contains(t[len(prefix):], "/") {
		return t[len(prefix):]
	}
	return t
}

// nested reports whether the content is itself a token (RFC 7519 §5.2).
func (h *Header) nested() bool { return strings.EqualFold(trimMedia(h.ContentType), "JWT") }

// split cuts a compact token into exactly want segments, at most five. They are the token's own bytes.
func split(token string, want, limit int) (parts [5][]byte, err error) {
	limit = limitOf(limit)
	if len(token) > limit {
		return parts, &tooLarge{"jwt", fmt.Sprintf("token over %d bytes", limit)}
	}
	if strings.Count(token, ".") != want-1 {
		return parts, fmt.Errorf("%w: not %d parts", ErrMalformed, want)
	}
	rest := bytesOf(token)
	for n := range want - 1 {
		i := bytes.IndexByte(rest, '.')
		parts[n], rest = rest[:i:i], rest[i+1:]
	}
	parts[want-1] = rest
	return parts, nil
}

// bytesOf is the text itself, not a copy.
func bytesOf(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) } //nolint:gosec // it is only read

// decodeSegment decodes strict base64url: its alphabet alone, no padding, no line breaks, no stray bits.
func decodeSegment(segment []byte) ([]byte, error) {
	return decodeTo(make([]byte, b64.DecodedLen(len(segment))), segment)
}

// decodeTo is decodeSegment into the beginning of to, which must be large enough.
func decodeTo(to, segment []byte) ([]byte, error) {
	// The decoder refuses whatever else is not in the alphabet.
	if bytes.IndexByte(segment, '\n') >= 0 || bytes.IndexByte(segment, '\r') >= 0 {
		return nil, fmt.Errorf("%w: not base64url", ErrMalformed)
	}
	n, err := b64.Decode(to[:b64.DecodedLen(len(segment))], segment)
	if err != nil {
		return nil, fmt.Errorf("%w: not base64url", ErrMalformed)
	}
	return to[:n:n], nil
}
