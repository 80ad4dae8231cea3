package oauth2

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/jose"
)

// opened is a proof after its signature was checked with the key in its header.
func opened(t *testing.T, proof string) (*jose.Key, *jose.Claims) {
	t.Helper()
	raw, err := jose.Unverified(proof)
	if err != nil {
		t.Fatal(err)
	}
	var head map[string]json.RawMessage
	if err := json.Unmarshal(raw.Header.Raw, &head); err != nil || len(head) != 3 || strings.Contains(string(head["jwk"]), `"d"`) || strings.Contains(string(head["jwk"]), `"kid"`) {
		t.Fatalf("header %s", raw.Header.Raw)
	}
	key, err := jose.ParseKey(head["jwk"])
	if err != nil {
		t.Fatal(err)
	}
	tok, err := jose.Verify(t.Context(), proof, jose.VerifyOptions{Keys: jose.NewKeySet(key), Algorithms: []jose.Algorithm{jose.ES256}, Types: []string{"dpop+jwt"}})
	if err != nil {
		t.Fatal(err)
	}
	claims, err := jose.ParseClaims(tok.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return key, claims
}

func newProofFilter(t *testing.T, key *jose.Key) (*fixture, chain.Filter) {
	t.Helper()
	text, err := key.MarshalPrivate()
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	f.env["DPOP_KEY"] = string(text)
	f.load(t, `[{"name":"keys","type":"SystemAndEnvSecretStore","config":{"mappings":[{"secretId":"dpop.key","format":{"type":"JwkPropertyFormat"}}]}},
		{"name":"p","type":"DpopProofFilter","config":{"signingSecretId":"dpop.key","secretsProvider":"keys"}}]`).ok(t)
	return f, object[chain.Filter](t, f, "p")
}

func TestDpopProofClaims(t *testing.T) {
	key := newKey(t, "my key")
	f, filter := newProofFilter(t, key)
	ids := map[string]bool{}
	for _, tt := range []struct{ authorization, ath string }{{"", ""}, {"Basic YQ==", ""}, {"DPoP abc", tokenHash("abc")}} {
		x := exchangeFor(t, "https://rs.example.com:8443/a%20b?c=d", "Authorization", tt.authorization, "DPoP", "of the client")
		x.Request.Method = "PUT"
		_, err := filter.Filter(x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			proofs := x.Request.Header["Dpop"]
			if len(proofs) != 1 {
				t.Fatalf("proofs %q", proofs)
			}
			used, c := opened(t, proofs[0])
			if used.Thumbprint() != key.Thumbprint() || ids[c.ID] || len(c.ID) < 20 || !c.IssuedAt.Equal(f.now()) {
				t.Errorf("key %s, claims %v", used.Thumbprint(), c.Values)
			}
			ids[c.ID] = true
			ath, _ := c.Values["ath"].(string)
			if c.Values["htm"] != "PUT" || c.Values["htu"] != "https://rs.example.com:8443/a%20b" || ath != tt.ath || c.Values["nonce"] != nil {
				t.Errorf("claims %v", c.Values)
			}
			return chain.NewResponse(200), nil
		}))
		if err != nil {
			t.Error(err)
		}
	}
}

func TestDpopProofNonces(t *testing.T) {
	tests := []struct {
		name   string
		answer func() *chain.Response // to the first request
		sent   string                 // nonces, in order
		status int
	}{
		{"authorization server", func() *chain.Response {
			r := chain.NewResponse(400)
			r.Entity.SetBytes([]byte(`{"error":"use_dpop_nonce"}`))
			return r
		}, "- n1 n1", 200},
		{"resource", func() *chain.Response {
			r := chain.NewResponse(401)
			r.Header["Www-Authenticate"] = []string{`Bearer, DPoP algs="ES256", error="use_dpop_nonce"`}
			return r
		}, "- n1 n1", 200},
		{"nonce for later", func() *chain.Response { return chain.NewResponse(200) }, "- n1", 200},
		{"other error of an authorization server", func() *chain.Response {
			r := chain.NewResponse(400)
			r.Entity.SetBytes([]byte(`{"error":"invalid_grant"}`))
			return r
		}, "- n1", 400},
		{"other error of a resource", func() *chain.Response {
			r := chain.NewResponse(401)
			r.Header["Www-Authenticate"] = []string{`DPoP error="invalid_token"`}
			return r
		}, "- n1", 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, filter := newProofFilter(t, newKey(t, ""))
			var sent []string
			send := func() int {
				x := exchangeFor(t, "https://rs.example.com/a")
				x.Request.Method = "POST"
				x.Request.Entity.SetBytes([]byte("a=b"))
				resp, err := filter.Filter(x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
					if got := x.Request.Entity.String(); got != "a=b" {
						t.Errorf("body %q", got)
					}
					x.Request.Entity.SetBytes(nil) // those behind change it
					_, c := opened(t, x.Request.Header.Get("DPoP"))
					nonce, _ := c.Values["nonce"].(string)
					if nonce == "" {
						nonce = "-"
					}
					sent = append(sent, nonce)
					if len(sent) > 1 {
						return chain.NewResponse(200), nil
					}
					r := tt.answer()
					r.Header.Set("DPoP-Nonce", "n1")
					return r, nil
				}))
				if err != nil {
					t.Fatal(err)
				}
				return resp.Status.Code
			}
			first := send()
			if second := send(); first != tt.status || second != 200 || strings.Join(sent, " ") != tt.sent {
				t.Errorf("answers %d, %d; nonces %q, want %d, 200, %q", first, second, sent, tt.status, tt.sent)
			}
		})
	}
}

// A server that refuses every nonce is asked twice and not for ever.
func TestDpopProofIsSentAgainOnce(t *testing.T) {
	_, filter := newProofFilter(t, newKey(t, ""))
	n := 0
	resp, err := filter.Filter(exchangeFor(t, "https://rs.example.com/a"), chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) {
		n++
		r := chain.NewResponse(401)
		r.Header["Www-Authenticate"] = []string{`DPoP error="use_dpop_nonce"`}
		r.Header.Set("DPoP-Nonce", fmt.Sprint(n))
		return r, nil
	}))
	if err != nil || resp.Status.Code != 401 || n != 2 {
		t.Errorf("%v, %v after %d requests", resp.Status, err, n)
	}
}

func TestDpopProofBadConfiguration(t *testing.T) {
	for alg, want := range map[string]string{
		"HS256": `"HS256" is no signature algorithm with a public key (did you mean "RS256"?)`,
		"ES25":  `"ES25" is no signature algorithm with a public key (did you mean "ES256"?)`,
	} {
		f := newFixture(t).load(t, `[{"name":"p","type":"DpopProofFilter","config":{"signingSecretId":"a","secretsProvider":"env","signingAlgorithm":"`+alg+`"}}]`)
		if got := fmt.Sprint(f.errs.Err()); !strings.HasSuffix(got, ": "+want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// A token that the server bound to a key is sent in its own scheme, with a proof for it.
func TestClientCredentialsWithDpop(t *testing.T) {
	text, err := newKey(t, "").MarshalPrivate()
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	f.env["DPOP_KEY"] = string(text)
	f.load(t, `[{"name":"keys","type":"SystemAndEnvSecretStore","config":{"mappings":[{"secretId":"dpop.key","format":{"type":"JwkPropertyFormat"}}]}},
		{"name":"proof","type":"DpopProofFilter","config":{"signingSecretId":"dpop.key","secretsProvider":"keys"}},
		{"name":"cc","type":"ClientCredentialsOAuth2ClientFilter","config":{"tokenEndpoint":"http://as/token",
			"endpointHandler":{"type":"Chain","config":{"filters":["proof"],"handler":"ForgeRockClientHandler"}}}}]`).ok(t)
	f.server = func(x *chain.Exchange) (*chain.Response, error) {
		if _, c := opened(t, x.Request.Header.Get("DPoP")); c.Values["htu"] != "http://as/token" || c.Values["ath"] != nil {
			t.Errorf("the proof for the token request: %v", c.Values)
		}
		return reply(200, fmt.Sprintf(`{"access_token":"t%d","token_type":"DPoP","expires_in":60}`, f.count()))
	}
	var got []string
	resp, err := object[chain.Filter](t, f, "cc").Filter(exchangeFor(t, "http://api/"), chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		return object[chain.Filter](t, f, "proof").Filter(x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			got = append(got, x.Request.Header.Get("Authorization"))
			_, access, _ := strings.Cut(got[len(got)-1], " ")
			if _, c := opened(t, x.Request.Header.Get("DPoP")); c.Values["ath"] != tokenHash(access) {
				t.Errorf("the proof for %s: %v", access, c.Values)
			}
			r := chain.NewResponse(200)
			if len(got) == 1 {
				r = chain.NewResponse(401)
				r.Header["Www-Authenticate"] = []string{`DPoP algs="ES256", error="invalid_token"`}
			}
			return r, nil
		}))
	}))
	if err != nil || resp.Status.Code != 200 || strings.Join(got, ", ") != "DPoP t1, DPoP t2" {
		t.Errorf("sent %q: %v, %v", got, resp, err)
	}
}
