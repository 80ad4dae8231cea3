package oauth2

import (
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/jose"
)

// Encrypted ID tokens are opened with the key of the registration, or with the client's
// secret; the signature inside counts as ever.
func TestEncryptedIDTokens(t *testing.T) {
	const (
		keys   = `{"name":"keys","type":"SystemAndEnvSecretStore","config":{"mappings":[{"secretId":"open.key","format":{"type":"JwkPropertyFormat"}}]}}`
		withEC = `"idTokenDecryptionSecretId":"open.key","secretsProvider":"keys",`
		secret = `"clientSecretId":"client.secret.id","secretsProvider":"env",`
	)
	ours, err := jose.Generate(jose.KindP256)
	if err != nil {
		t.Fatal(err)
	}
	other := newKey(t, "op-1")
	stranger, err := jose.Generate(jose.KindP256)
	if err != nil {
		t.Fatal(err)
	}
	private, err := ours.MarshalPrivate()
	if err != nil {
		t.Fatal(err)
	}
	bySecret := func(secret string) *jose.Key {
		k, err := jose.NewClientSecretEncryption(secret, jose.Dir, "A256GCM")
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	seal := func(k *jose.Key, a jose.Algorithm, text string) string {
		e, err := jose.NewEncrypter(k, a, "A256GCM", jose.EncrypterOptions{ContentType: "JWT"})
		if err != nil {
			t.Fatal(err)
		}
		text, err = e.Encrypt([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	to := func(k *jose.Key, a jose.Algorithm, signer func(*provider) *jose.Key) func(*provider) {
		return func(p *provider) {
			p.sign = func(c map[string]any) string { return seal(k, a, signed(p.t, signer(p), jose.ES256, c)) }
		}
	}
	itself := func(p *provider) *jose.Key { return p.key }
	tests := []struct {
		name, config string
		do           func(*provider)
		ok           bool
	}{
		{"to our key", withEC, to(ours.Public(), jose.ECDHESA256KW, itself), true},
		{"not encrypted though there is a key", withEC, func(*provider) {}, true},
		{"by the client's secret", secret, to(bySecret("p&ss"), jose.Dir, itself), true},
		{"by another secret", secret, to(bySecret("other"), jose.Dir, itself), false},
		{"to our key, where none is configured", "", to(ours.Public(), jose.ECDHESA256KW, itself), false},
		{"to the key of another", withEC, to(stranger.Public(), jose.ECDHESA256KW, itself), false},
		{"signed by another inside", withEC, to(ours.Public(), jose.ECDHESA256KW, func(*provider) *jose.Key { return other }), false},
		{"unsigned inside", withEC, func(p *provider) {
			p.sign = func(c map[string]any) string {
				return seal(ours.Public(), jose.ECDHESA256KW, rawToken(p.t, `{"alg":"none"}`, c, func(string) []byte { return nil }))
			}
		}, false},
		{"claims alone inside", withEC, func(p *provider) {
			p.sign = func(c map[string]any) string {
				signed := signed(p.t, p.key, jose.ES256, c)
				body, err := jose.Unverified(signed)
				if err != nil {
					p.t.Fatal(err)
				}
				return seal(ours.Public(), jose.ECDHESA256KW, string(body.Payload))
			}
		}, false},
		{"encrypted twice", withEC, func(p *provider) {
			p.sign = func(c map[string]any) string {
				return seal(ours.Public(), jose.ECDHESA256KW, seal(ours.Public(), jose.ECDHESA256KW, signed(p.t, p.key, jose.ES256, c)))
			}
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, failureHandler+`"registrations":[`+appRegistration(tt.config)+`]`, keys, inMemory)
			s.env["OPEN_KEY"] = string(private)
			tt.do(s.op)
			b := s.browser()
			resp := b.get(s.op.consent(b.location(page)))
			if ok := resp.Status.Code == 302; ok != tt.ok {
				t.Fatalf("status %d, body %q", resp.Status.Code, resp.Entity.String())
			}
			if !tt.ok {
				if !strings.HasPrefix(resp.Entity.String(), "server_error: the ID token is not valid") {
					t.Errorf("the failure is %q", resp.Entity.String())
				}
				return
			}
			s.resource = func(x *chain.Exchange) (*chain.Response, error) {
				return text200(eval(t, x, "${contexts.oauth2Info.idTokenClaims.sub}") + " " + eval(t, x, "${contexts.oauth2Info.userInfo.name}")), nil
			}
			b.want(page, 200, "demo Demo User")
		})
	}
}
