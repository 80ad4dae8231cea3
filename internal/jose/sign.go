package jose

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Signer makes compact JWS with one key and one header. It is immutable and safe for concurrent use.
type Signer struct {
	alg    *alg
	key    *Key
	prefix []byte // base64url(header) and the dot
}

// SignerOptions shape the header. The zero value gives {"typ":"JWT","kid":...,"alg":...}.
type SignerOptions struct {
	Type        string         // "typ"; empty means "JWT"
	OmitType    bool           // no "typ" at all
	OmitKeyID   bool           // no "kid" even if the key has an ID
	ContentType string         // "cty"
	Extra       map[string]any // further members; the ones above, crit and b64 cannot be given here
	Critical    []string       // names of Extra that whoever verifies must understand (RFC 7515 §4.1.11)
}

// NewSigner prepares signing with k under a: the header is encoded once, here. It fails with ErrKey when the key does
// not fit and with ErrAlgorithm when a does not sign.
func NewSigner(k *Key, a Algorithm, o SignerOptions) (*Signer, error) {
	row, err := lookup(a)
	if err != nil {
		return nil, err
	}
	if row.scheme == keyWrap {
		return nil, fmt.Errorf("%w: %s does not sign", ErrAlgorithm, a)
	}
	if k == nil {
		return nil, fmt.Errorf("%w: no key", ErrKey)
	}
	if err := k.fits(row, opSign); err != nil {
		return nil, err
	}
	header, err := o.header(k, a)
	if err != nil {
		return nil, err
	}
	s := &Signer{alg: row, key: k}
	s.prefix = append(b64.AppendEncode(nil, header), '.')
	if len(s.prefix) > maxHeader {
		return nil, fmt.Errorf("%w: header over %d bytes", ErrMalformed, maxHeader)
	}
	return s, nil
}

// reservedHeaders cannot be set through Extra: they have fields of their own, or a meaning this signer does not give.
func reservedHeaders() []string {
	return []string{"alg", "kid", "typ", "cty", "enc", "crit", "b64"}
}

func (o SignerOptions) header(k *Key, a Algorithm) ([]byte, error) {
	for name := range o.Extra {
		if slices.Contains(reservedHeaders(), name) {
			return nil, fmt.Errorf("%w: header member %q cannot be given as an extra", ErrMalformed, name)
		}
	}
	for i, name := range o.Critical {
		if _, there := o.Extra[name]; !there || slices.Contains(o.Critical[:i], name) {
			return nil, fmt.Errorf("%w: the critical header member %q is not there, or named twice", ErrMalformed, name)
		}
	}
	head := struct {
		Type        string    `json:"typ,omitempty"`
		ContentType string    `json:"cty,omitempty"`
		KeyID       string    `json:"kid,omitempty"`
		Algorithm   Algorithm `json:"alg"`
	}{o.Type, o.ContentType, k.ID, a}
	if head.Type == "" {
		head.Type = "JWT"
	}
	if o.OmitType {
		head.Type = ""
	}
	if o.OmitKeyID {
		head.KeyID = ""
	}
	out, err := json.Marshal(head)
	if err != nil || len(o.Extra) == 0 {
		return out, err
	}
	extra, err := o.extra()
	if err != nil {
		return nil, err
	}
	return append(append(out[:len(out)-1], ','), extra[1:]...), nil
}

// extra is the object of the further members, with the list of critical ones.
func (o SignerOptions) extra() ([]byte, error) {
	members := o.Extra
	if len(o.Critical) > 0 {
		members = maps.Clone(o.Extra)
		members["crit"] = o.Critical
	}
	text, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("%w: header member is not JSON", ErrMalformed)
	}
	return text, nil
}

// Algorithm gives the algorithm of the signatures.
func (s *Signer) Algorithm() Algorithm { return s.alg.name }

// KeyID gives the ID of the key, whether or not it goes into the header.
func (s *Signer) KeyID() string { return s.key.ID }

// Sign gives the compact JWS of payload, which may be any bytes.
func (s *Signer) Sign(payload []byte) (string, error) {
	out, err := s.AppendSign(nil, payload)
	return string(out), err
}

// AppendSign appends the compact JWS of payload to dst and allocates only when dst is too small. On failure dst is
// lost.
func (s *Signer) AppendSign(dst, payload []byte) ([]byte, error) {
	var sig [maxSignature]byte
	start := len(dst)
	dst = slices.Grow(dst, len(s.prefix)+b64.EncodedLen(len(payload))+1+b64.EncodedLen(s.signatureBytes()))
	dst = append(dst, s.prefix...)
	dst = b64.AppendEncode(dst, payload)
	raw, err := appendSignature(sig[:0], s.alg, s.key, dst[start:])
	if err != nil {
		return nil, err
	}
	return b64.AppendEncode(append(dst, '.'), raw), nil
}

func (s *Signer) signatureBytes() int {
	switch s.alg.scheme {
	case ecdsaFixed:
		return 2 * coordinateBytes(s.key)
	case ed25519Pure:
		return 64
	case hmacTag:
		return s.alg.hash.Size()
	}
	return (s.key.bits + 7) / 8
}

// SignClaims gives the compact JWT of claims, a struct or map that becomes a JSON object.
func (s *Signer) SignClaims(claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("%w: claims are not JSON", ErrMalformed)
	}
	if len(payload) == 0 || payload[0] != '{' {
		return "", fmt.Errorf("%w: claims are not a JSON object", ErrMalformed)
	}
	return s.Sign(payload)
}
