package jose

import (
	"context"
	"fmt"
	"strings"
)

// VerifyOptions say what is accepted. Keys and Algorithms are needed; without them nothing is.
type VerifyOptions struct {
	Keys       Finder
	Algorithms []Algorithm // the allow-list (RFC 8725 §3.1)
	Types      []string    // accepted "typ"; empty accepts any, also none
	Critical   []string    // extensions that the caller understands
	MaxBytes   int         // limit of the token; 0 means DefaultMaxToken
	Inflate    bool        // accept "zip":"DEF" in a JWS, as PingAM's compressed client-side tokens have it
	Headers    *Headers    // spares the reading of headers that come again; nil reads each
}

// Token is a token after it was verified or decrypted.
type Token struct {
	Header  *Header // may be shared with other tokens
	Payload []byte  // raw; nothing about it is checked beyond the signature
	Key     *Key    // the key that fitted; nil from Unverified
}

// Verify checks a compact JWS. When the key source knows the token's kid, that key alone decides; otherwise every key
// that fits the algorithm is tried in order. Errors wrap ErrMalformed, ErrAlgorithm, ErrCritical, ErrType, ErrKey (no
// key fits) or ErrSignature, or come from the key source.
func Verify(ctx context.Context, token string, o VerifyOptions) (*Token, error) {
	parts, err := split(token, 3, o.MaxBytes)
	if err != nil {
		return nil, err
	}
	h, err := o.Headers.read(parts[0])
	if err != nil {
		return nil, err
	}
	a, err := allowed(o.Algorithms, h.Algorithm)
	if err != nil {
		return nil, err
	}
	if a.scheme == keyWrap || h.Encryption != "" {
		return nil, fmt.Errorf("%w: a signed token was expected", ErrAlgorithm)
	}
	if err := h.checkCritical(o.Critical); err != nil {
		return nil, err
	}
	if len(o.Types) > 0 && !h.HasType(o.Types...) {
		return nil, ErrType
	}
	if len(parts[2]) > b64.EncodedLen(maxSignature) {
		return nil, fmt.Errorf("%w: signature is too long", ErrMalformed)
	}
	room := b64.DecodedLen(len(parts[1]))
	both := make([]byte, room+b64.DecodedLen(len(parts[2])))
	payload, err := decodeTo(both, parts[1])
	if err != nil {
		return nil, err
	}
	sig, err := decodeTo(both[room:], parts[2])
	if err != nil {
		return nil, err
	}
	keys, err := candidates(ctx, o.Keys, h.KeyID, a, opVerify)
	if err != nil {
		return nil, err
	}
	input := bytesOf(token[:len(token)-len(parts[2])-1])
	for _, k := range keys {
		if verifySignature(a, k, input, sig) {
			o.Headers.keep(parts[0], h)
			return opened(h, payload, k, o)
		}
	}
	return nil, ErrSignature
}

func opened(h *Header, payload []byte, k *Key, o VerifyOptions) (*Token, error) {
	if h.Compression == "DEF" { // "NONE" is what PingAM writes for none; anything else is not defined for a JWS
		if !o.Inflate {
			return nil, fmt.Errorf("%w: compressed content is not accepted", ErrMalformed)
		}
		var err error
		if payload, err = inflate(payload, o.MaxBytes); err != nil {
			return nil, err
		}
	}
	return &Token{Header: h, Payload: payload, Key: k}, nil
}

// candidates applies the kid rule and drops keys that do not fit. With no key left it is ErrKey; the reason is that of
// the only named key, or that there is none.
func candidates(ctx context.Context, f Finder, kid string, a *alg, op operation) ([]*Key, error) {
	if f == nil {
		return nil, fmt.Errorf("%w: no key source", ErrKey)
	}
	var found []*Key
	var err error
	if kid != "" {
		if found, err = f.Named(ctx, kid); err != nil {
			return nil, err
		}
	}
	if len(found) == 0 {
		if found, err = f.All(ctx); err != nil {
			return nil, err
		}
	}
	if len(found) == 1 {
		if err := found[0].fits(a, op); err != nil {
			return nil, err
		}
		return found, nil
	}
	fitting := make([]*Key, 0, len(found))
	for _, k := range found {
		if k.fits(a, op) == nil {
			fitting = append(fitting, k)
		}
	}
	if len(fitting) == 0 {
		return nil, fmt.Errorf("%w: no key fits the token", ErrKey)
	}
	return fitting, nil
}

// UnverifiedHeader reads the header of a compact JWS or JWE. It proves nothing; it serves to choose keys.
func UnverifiedHeader(token string) (*Header, error) {
	if len(token) > DefaultMaxToken {
		return nil, &tooLarge{"jwt", fmt.Sprintf("token over %d bytes", DefaultMaxToken)}
	}
	head, _, ok := strings.Cut(token, ".")
	if !ok {
		return nil, fmt.Errorf("%w: not a token", ErrMalformed)
	}
	return parseHeader([]byte(head))
}

// Unverified reads a compact JWS without looking at its signature; alg may be anything, "none" too, and the third part
// may be empty. The result proves nothing. It serves to route a token to its issuer's keys, and where a configuration
// says that signatures are not checked.
func Unverified(token string) (*Token, error) {
	parts, err := split(token, 3, 0)
	if err != nil {
		return nil, err
	}
	h, err := parseHeader(parts[0])
	if err != nil {
		return nil, err
	}
	payload, err := decodeSegment(parts[1])
	if err != nil {
		return nil, err
	}
	if _, err := decodeSegment(parts[2]); err != nil {
		return nil, err
	}
	return &Token{Header: h, Payload: payload}, nil
}
