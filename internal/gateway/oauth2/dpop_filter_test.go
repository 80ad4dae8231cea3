package oauth2

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/jose"
)

const dpopHeap = `[{"name":"d","type":"DpopFilter","config":{FIELDS"resourceServerFilter":{"type":"OAuth2ResourceServerFilter","config":{
	"scopes":["read"],"cache":{"enabled":true},"accessTokenResolver":{"type":"TokenIntrospectionAccessTokenResolver",
	"config":{"endpoint":"http://as/introspect","providerHandler":"ClientHandler"}}}}}}]`

// dpopProof is a proof whose claims and signer can be changed.
func dpopProof(t *testing.T, f *fixture, key *jose.Key, access string, change func(header, claims map[string]any)) string {
	t.Helper()
	sum := sha256.Sum256([]byte(access))
	jwk, err := key.MarshalPublic()
	if err != nil {
		t.Fatal(err)
	}
	header := map[string]any{"jwk": json.RawMessage(jwk), "typ": "dpop+jwt"}
	claims := map[string]any{
		"jti": newSecret(), "htm": "GET", "htu": "https://rs.example.com/a", "iat": f.now().Unix(),
		"ath": base64.RawURLEncoding.EncodeToString(sum[:]),
	}
	if change != nil {
		change(header, claims)
	}
	typ, _ := header["typ"].(string)
	delete(header, "typ")
	s, err := jose.NewSigner(key, jose.ES256, jose.SignerOptions{Type: typ, OmitKeyID: true, Extra: header})
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.SignClaims(claims)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func newDpop(t *testing.T, fields string, key *jose.Key) (*fixture, chain.Filter) {
	t.Helper()
	f := newFixture(t)
	f.server = func(x *chain.Exchange) (*chain.Response, error) {
		switch chain.Form(x.Request.Entity.Form())["token"][0] {
		case "bound":
			return reply(200, `{"active":true,"scope":"read","cnf":{"jkt":"`+key.Thumbprint()+`"}}`)
		case "free":
			return reply(200, `{"active":true,"scope":"read"}`)
		}
		return reply(200, `{"active":false}`)
	}
	f.load(t, strings.Replace(dpopHeap, `FIELDS`, fields, 1)).ok(t)
	return f, object[chain.Filter](t, f, "d")
}

func TestDpop(t *testing.T) {
	key, other := newKey(t, "").With("", "", ""), newKey(t, "").With("", "", "")
	const algs = `DPoP algs="RS256 ES256 PS256 EdDSA RS384 RS512 PS384 PS512 ES384 ES512"`
	const badProof = algs + `, error="invalid_dpop_proof", error_description="The DPoP proof is missing or not valid."`
	const badToken = algs + `, error="invalid_token", error_description="` + invalidTokenText + `"`
	tests := []struct {
		name, fields, scheme, access string
		proof                        func(f *fixture) []string
		status                       int
		challenge                    string
	}{
		{"good", "", "DPoP", "bound", nil, 200, ""},
		{"target with query and default port", "", "dpop", "bound", changed(t, key, func(_, c map[string]any) { c["htu"] = "HTTPS://RS.example.com:443/a?x=y#z" }), 200, ""},
		{"no proof", "", "DPoP", "bound", func(*fixture) []string { return nil }, 401, badProof},
		{"two proofs", "", "DPoP", "bound", func(f *fixture) []string {
			return []string{dpopProof(t, f, key, "bound", nil), dpopProof(t, f, key, "bound", nil)}
		}, 401, badProof},
		{"too long", "", "DPoP", "bound", changed(t, key, func(_, c map[string]any) { c["x"] = strings.Repeat("x", maxProof) }), 401, badProof},
		{"no JWT", "", "DPoP", "bound", func(*fixture) []string { return []string{"x"} }, 401, badProof},
		{"other method", "", "DPoP", "bound", changed(t, key, func(_, c map[string]any) { c["htm"] = "POST" }), 401, badProof},
		{"other target", "", "DPoP", "bound", changed(t, key, func(_, c map[string]any) { c["htu"] = "https://rs.example.com/b" }), 401, badProof},
		{"other port", "", "DPoP", "bound", changed(t, key, func(_, c map[string]any) { c["htu"] = "https://rs.example.com:8443/a" }), 401, badProof},
		{"too old", "", "DPoP", "bound", changed(t, key, func(_, c map[string]any) { c["iat"] = c["iat"].(int64) - 71 }), 401, badProof},
		{"of the future", "", "DPoP", "bound", changed(t, key, func(_, c map[string]any) { c["iat"] = c["iat"].(int64) + 11 }), 401, badProof},
		{"without jti", "", "DPoP", "bound", changed(t, key, func(_, c map[string]any) { delete(c, "jti") }), 401, badProof},
		{"without iat", "", "DPoP", "bound", changed(t, key, func(_, c map[string]any) { delete(c, "iat") }), 401, badProof},
		{"without ath", "", "DPoP", "bound", changed(t, key, func(_, c map[string]any) { delete(c, "ath") }), 401, badProof},
		{"of another token", "", "DPoP", "bound", func(f *fixture) []string { return []string{dpopProof(t, f, key, "free", nil)} }, 401, badProof},
		{"of another type", "", "DPoP", "bound", changed(t, key, func(h, _ map[string]any) { h["typ"] = "JWT" }), 401, badProof},
		{"without key", "", "DPoP", "bound", changed(t, key, func(h, _ map[string]any) { delete(h, "jwk") }), 401, badProof},
		{"with a private key", "", "DPoP", "bound", changed(t, key, func(h, _ map[string]any) {
			b, _ := key.MarshalPrivate()
			h["jwk"] = json.RawMessage(b)
		}), 401, badProof},
		{"with a key that did not sign", "", "DPoP", "bound", changed(t, key, func(h, _ map[string]any) {
			b, _ := other.MarshalPublic()
			h["jwk"] = json.RawMessage(b)
		}), 401, badProof},
		{"of another client", "", "DPoP", "bound", func(f *fixture) []string { return []string{dpopProof(t, f, other, "bound", nil)} }, 401, badToken},
		{"token that is not bound", "", "DPoP", "free", func(f *fixture) []string { return []string{dpopProof(t, f, key, "free", nil)} }, 401, badToken},
		{"bound token as a bearer", "", "Bearer", "bound", func(*fixture) []string { return nil }, 401, badToken},
		{"bearer", "", "Bearer", "free", func(*fixture) []string { return nil }, 200, ""},
		{"bearer where proofs are needed", `"requireDpop":true,`, "Bearer", "free", func(*fixture) []string { return nil }, 401, algs},
		{"token that is not active", "", "DPoP", "gone", func(f *fixture) []string { return []string{dpopProof(t, f, key, "gone", nil)} }, 401, badToken},
		{"bearer that is not active", "", "Bearer", "gone", func(*fixture) []string { return nil }, 401,
			`Bearer error="invalid_token", error_description="` + invalidTokenText + `"|` + algs},
		{"algorithm that is not accepted", `"algorithms":["RS256"],`, "DPoP", "bound", nil, 401, strings.Replace(badProof, algs, `DPoP algs="RS256"`, 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, filter := newDpop(t, tt.fields, key)
			proofs := []string{dpopProof(t, f, key, tt.access, nil)}
			if tt.proof != nil {
				proofs = tt.proof(f)
			}
			x := exchangeFor(t, "https://rs.example.com/a?b=c", "Authorization", tt.scheme+" "+tt.access)
			x.Request.Header["Dpop"] = proofs
			resp, err := filter.Filter(x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
				if got := x.Request.Header.Get("Authorization"); got != tt.scheme+" "+tt.access {
					t.Errorf("the request goes on with %q", got)
				}
				return chain.NewResponse(200), nil
			}))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(resp.Header["Www-Authenticate"], "|"); resp.Status.Code != tt.status || got != tt.challenge {
				t.Errorf("%d %s\nwant %d %s", resp.Status.Code, got, tt.status, tt.challenge)
			}
			if strings.Contains(f.log.String(), tt.access+"\"") {
				t.Errorf("the log has the token: %s", f.log.String())
			}
		})
	}
}

func changed(t *testing.T, key *jose.Key, change func(header, claims map[string]any)) func(*fixture) []string {
	return func(f *fixture) []string { return []string{dpopProof(t, f, key, "bound", change)} }
}

func TestDpopProofIsUsedOnce(t *testing.T) {
	key := newKey(t, "").With("", "", "")
	f, filter := newDpop(t, "", key)
	proof := dpopProof(t, f, key, "bound", nil)
	for i, want := range []int{200, 401, 401} {
		x := exchangeFor(t, "https://rs.example.com/a", "Authorization", "DPoP bound", "DPoP", proof)
		resp, err := filter.Filter(x, chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return chain.NewResponse(200), nil }))
		if err != nil || resp.Status.Code != want {
			t.Errorf("use %d of the proof: %v, %v, want %d", i+1, resp.Status, err, want)
		}
		f.pass(30 * time.Second)
	}
}

// Proofs for tokens that are not good are not remembered: whoever has none cannot make the filter forget those that count.
func TestDpopRemembersProofsOfGoodTokens(t *testing.T) {
	key := newKey(t, "").With("", "", "")
	f, filter := newDpop(t, `"maximumSize":1,`, key)
	use := func(access, proof string) int {
		t.Helper()
		x := exchangeFor(t, "https://rs.example.com/a", "Authorization", "DPoP "+access, "DPoP", proof)
		resp, err := filter.Filter(x, chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return chain.NewResponse(200), nil }))
		if err != nil {
			t.Fatal(err)
		}
		return resp.Status.Code
	}
	proof := dpopProof(t, f, key, "bound", nil)
	if got := use("bound", proof); got != 200 {
		t.Fatalf("the first use: %d", got)
	}
	stranger := newKey(t, "").With("", "", "")
	for range 50 {
		for _, access := range []string{"gone", "free", "bound"} {
			if got := use(access, dpopProof(t, f, stranger, access, nil)); got != 401 {
				t.Fatalf("a stranger's proof for %q: %d", access, got)
			}
		}
	}
	if got := use("bound", proof); got != 401 {
		t.Errorf("the second use: %d", got)
	}
}
