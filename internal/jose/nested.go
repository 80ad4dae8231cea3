package jose

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// OpenOptions say which layers a token must have. A nil field forbids that layer, except that SkipSignature lets
// signed and unsigned layers pass unchecked.
type OpenOptions struct {
	Verify        *VerifyOptions
	Decrypt       *DecryptOptions
	SkipSignature bool // do not look at signatures; only where a configuration says so
}

// Opened is what Open found, layer by layer.
type Opened struct {
	Signed    *Token // nil when no layer was signed
	Encrypted *Token // nil when no layer was encrypted
	Payload   []byte // the innermost content
}

// maxLayers bounds nesting: signed and encrypted, in either order.
const maxLayers = 2

// Open takes a token through its layers: signed, encrypted, signed then encrypted, or encrypted then signed (RFC 7519
// §5.2). Every layer that the options name must be there, else ErrSignature or ErrDecrypt.
func Open(ctx context.Context, token string, o OpenOptions) (*Opened, error) {
	out := &Opened{}
	text := token
	for range maxLayers {
		t, err := out.peel(ctx, text, o)
		if err != nil {
			return nil, err
		}
		out.Payload = t.Payload
		if !holdsToken(t) {
			return out, out.complete(o)
		}
		text = string(t.Payload)
	}
	return nil, fmt.Errorf("%w: more than %d layers", ErrMalformed, maxLayers)
}

// peel opens one layer and notes it.
func (out *Opened) peel(ctx context.Context, text string, o OpenOptions) (*Token, error) {
	var err error
	if strings.Count(text, ".") == 4 {
		switch {
		case o.Decrypt == nil:
			return nil, fmt.Errorf("%w: encrypted tokens are not accepted", ErrAlgorithm)
		case out.Encrypted != nil:
			return nil, fmt.Errorf("%w: encrypted twice", ErrMalformed)
		}
		out.Encrypted, err = Decrypt(ctx, text, *o.Decrypt)
		return out.Encrypted, err
	}
	switch {
	case out.Signed != nil:
		return nil, fmt.Errorf("%w: signed twice", ErrMalformed)
	case o.Verify != nil:
		out.Signed, err = Verify(ctx, text, *o.Verify)
	case o.SkipSignature:
		out.Signed, err = Unverified(text)
	default:
		return nil, fmt.Errorf("%w: signed tokens are not accepted", ErrAlgorithm)
	}
	return out.Signed, err
}

// holdsToken reports whether the content is a token. cty says so (RFC 7519 §5.2), but some senders leave it out, and a
// token cannot be mistaken for a JSON object.
func holdsToken(t *Token) bool {
	if t.Header.nested() {
		return true
	}
	head := bytes.TrimLeft(t.Payload, " \t\r\n")
	n := bytes.Count(head, []byte("."))
	return len(head) > 0 && head[0] != '{' && bytes.HasPrefix(head, []byte("ey")) && (n == 2 || n == 4)
}

func (out *Opened) complete(o OpenOptions) error {
	if o.Verify != nil && out.Signed == nil {
		return fmt.Errorf("%w: the token is not signed", ErrSignature)
	}
	if o.Decrypt != nil && out.Encrypted == nil {
		return fmt.Errorf("%w: the token is not encrypted", ErrDecrypt)
	}
	return nil
}

// SignThenEncrypt gives a nested JWT. The encrypter should have been made with ContentType "JWT".
func SignThenEncrypt(s *Signer, e *Encrypter, payload []byte) (string, error) {
	inner, err := s.Sign(payload)
	if err != nil {
		return "", err
	}
	return e.Encrypt([]byte(inner))
}
