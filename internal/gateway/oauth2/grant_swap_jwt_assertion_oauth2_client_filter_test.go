package oauth2

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/jose"
)

const swapKeys = `{"name":"keys","type":"SystemAndEnvSecretStore","config":{"mappings":[{"secretId":"sign.key","format":{"type":"JwkPropertyFormat"}},
	{"secretId":"enc.key","format":{"type":"SecretKeyPropertyFormat","config":{"algorithm":"AES","format":"PLAIN"}}}]}}`

func TestGrantSwap(t *testing.T) {
	key := newKey(t, "gateway-key")
	private, err := key.MarshalPrivate()
	if err != nil {
		t.Fatal(err)
	}
	aes, err := jose.NewKey([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	const assertion = `"clientId":"swapped","secretsProvider":"keys","scopes":["read","${request.entity.form['scope'][0]}"],"failureHandler":{"type":"TestFailure"},
		"assertion":{"issuer":"${request.entity.form['client_id'][0]}","subject":"${request.entity.form['client_id'][0]}","audience":"https://as/token",
		"expiryTime":"2 minutes","otherClaims":{"who":"${request.entity.form['who'][0]}","level":3}}`
	const sign = `,"signature":{"secretId":"sign.key","algorithm":"ES256"}`
	tests := []struct {
		name, config, method, body string
		encrypted                  bool
		failure                    string
	}{
		{"signed", assertion + sign, "POST", "grant_type=client_credentials&client_id=app&client_secret=x&scope=mail&who=me", false, ""},
		{"signed and encrypted", assertion + sign + `,"encryption":{"secretId":"enc.key","algorithm":"dir","method":"A256GCM"}`,
			"POST", "grant_type=password&client_id=app&scope=mail&password=x&who=me", true, ""},
		{"GET", assertion + sign, "GET", "", false, "invalid_request: The request is no token request."},
		{"no token request", assertion + sign, "POST", "client_id=app&scope=mail", false, "invalid_request: The request is no token request."},
		{"no client", assertion + sign, "POST", "grant_type=client_credentials&scope=mail", false, "invalid_request: The request does not say what the assertion needs."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.types = append(f.types, failureType)
			f.env["SIGN_KEY"], f.env["ENC_KEY"] = string(private), string(aes.Secret())
			f.load(t, `[`+swapKeys+`,{"name":"f","type":"GrantSwapJwtAssertionOAuth2ClientFilter","config":{`+tt.config+`}}]`).ok(t)
			x := exchangeFor(t, "https://gw/token", "Content-Type", "application/x-www-form-urlencoded")
			x.Request.Method = tt.method
			x.Request.Entity.SetBytes([]byte(tt.body))
			resp, err := object[chain.Filter](t, f, "f").Filter(x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
				form := formOf(t, " "+x.Request.Entity.String())
				if form.Get("grant_type") != jwtBearerGrant || form.Get("client_id") != "swapped" || form.Get("scope") != "read mail" || len(form) != 4 {
					t.Errorf("the form is %v", form)
				}
				o := jose.OpenOptions{Verify: &jose.VerifyOptions{Keys: jose.NewKeySet(key), Algorithms: []jose.Algorithm{jose.ES256}}}
				if tt.encrypted {
					o.Decrypt = &jose.DecryptOptions{Keys: jose.NewKeySet(aes), Algorithms: []jose.Algorithm{jose.Dir}, Encryptions: jose.Encryptions()}
				}
				opened, err := jose.Open(t.Context(), form.Get("assertion"), o)
				if err != nil {
					t.Fatal(err)
				}
				c, err := jose.ParseClaims(opened.Payload)
				if err != nil {
					t.Fatal(err)
				}
				if c.Issuer != "app" || c.Subject != "app" || fmt.Sprint(c.Audience) != "[https://as/token]" || c.ID == "" ||
					!c.IssuedAt.Equal(f.now()) || !c.Expires.Equal(f.now().Add(2*time.Minute)) || c.Values["who"] != "me" || c.Values["level"] != int64(3) {
					t.Errorf("the claims are %v", c.Values)
				}
				return text200("ok"), nil
			}))
			if err != nil {
				t.Fatal(err)
			}
			want := tt.failure
			if want == "" {
				want = "ok"
			}
			if got := resp.Entity.String(); got != want {
				t.Errorf("the answer is %q, want %q", got, want)
			}
		})
	}
}

func TestGrantSwapBadConfiguration(t *testing.T) {
	const rest = `"clientId":"a","secretsProvider":"env","assertion":{"issuer":"a","subject":"b","audience":"c"`
	tests := []struct{ config, want string }{
		{rest + `}`, `one of the fields "signature" and "encryption" is required`},
		{rest + `},"signature":{"secretId":"k","algorithm":"none"}`, `"none" is no signature algorithm`},
		{rest + `,"expiryTime":"unlimited"},"signature":{"secretId":"k"}`, `the duration must be above zero and at most 24h0m0s`},
		{rest + `,"otherClaims":{"sub":"x"}},"signature":{"secretId":"k"}`, `the claim "sub" is the filter's own`},
		{`"clientId":"a","secretsProvider":"env","signature":{"secretId":"k"}`, `the required field "assertion" is missing`},
	}
	for _, tt := range tests {
		f := newFixture(t).load(t, `[{"name":"f","type":"GrantSwapJwtAssertionOAuth2ClientFilter","config":{`+tt.config+`}}]`)
		if got := fmt.Sprint(f.errs.Err()); !strings.Contains(got, tt.want) {
			t.Errorf("%s\n got %s\nwant …%s", tt.config, got, tt.want)
		}
	}
}
