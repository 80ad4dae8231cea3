package oauth

import (
	"encoding/json"
	"net/http"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/jose"
)

const mediaIntrospectionJWT = "application/token-introspection+jwt"

// tellSigned answers an introspection with a signed JWT: what is known as a claim of its own (RFC 9701 §5), or, in the
// older form, as the claims themselves.
func (q *request) tellSigned(c *realm.Client, body []byte, nested bool) error {
	media, typ := "application/jwt", ""
	payload := body
	if nested {
		media, typ = mediaIntrospectionJWT, "token-introspection+jwt"
		o := newObject()
		o.text("iss", q.Issuer)
		o.text("aud", c.ID)
		o.number("iat", q.Now().Unix())
		o.raw("token_introspection", json.RawMessage(body))
		payload = o.end()
	}
	raw, err := q.signTyped(q.r.Context(), c, c.Keys.IntrospectionSigningAlg, typ, payload)
	if err != nil {
		return err
	}
	if strings.Contains(c.Keys.IntrospectionFormat, "ENCRYPTED") {
		k := &c.Keys
		raw, err = q.encryptFor(q.r.Context(), c, raw, k.IntrospectionEncryptionAlg, k.IntrospectionEncryptionEnc, "")
		if err != nil {
			return err
		}
	}
	writeText(q.w, media, raw)
	return nil
}

func writeText(w http.ResponseWriter, media, text string) {
	h := w.Header()
	protect(h)
	h.Set("Content-Type", media)
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(text))
}

var errAlgorithm = Refuse("invalid_request", "Unknown Signing Algorithm")

func signingAlgorithm(name string) (jose.Algorithm, error) {
	a := jose.Algorithm(name)
	if !a.Signs() {
		return "", errAlgorithm
	}
	return a, nil
}
