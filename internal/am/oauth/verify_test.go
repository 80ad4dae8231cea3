package oauth_test

import (
	"gatehouse/internal/jose"
)

// verified checks a JWT against the published keys of the root realm, as a client would, and gives its claims.
func (w *world) verified(raw string) map[string]any {
	w.t.Helper()
	keys, err := jose.ParseKeySet([]byte(w.get("/", "connect/jwk_uri", nil).body))
	if err != nil {
		w.t.Fatal(err)
	}
	tok, err := jose.Verify(w.ctx, raw, jose.VerifyOptions{Keys: keys, Algorithms: jose.SignatureAlgorithms()})
	if err != nil {
		w.t.Fatalf("verify %s: %v", raw, err)
	}
	claims, err := jose.ParseClaims(tok.Payload)
	if err != nil {
		w.t.Fatal(err)
	}
	return claims.Values
}
