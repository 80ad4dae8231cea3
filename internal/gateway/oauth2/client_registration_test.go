package oauth2

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/jose"
)

// Ways to prove who the client is, and to check ID tokens, that configurations have.
func TestClientRegistration(t *testing.T) {
	const (
		wellKnown = `"issuer":{"name":"op","type":"Issuer","config":{"wellKnownEndpoint":"` + opIssuer + `/.well-known/openid-configuration"}}`
		endpoints = `"issuer":{"name":"op","type":"Issuer","config":{"authorizeEndpoint":"` + opIssuer + `/authorize?realm=a","tokenEndpoint":"` + opIssuer + `/token",
			"issuer":"` + opIssuer + `","idTokenVerificationSecretId":"op.key","secretsProvider":"keys"}}`
		keys = `{"name":"keys","type":"SystemAndEnvSecretStore","config":{"mappings":[{"secretId":"op.key","format":{"type":"JwkPropertyFormat"}},
			{"secretId":"sign.key","format":{"type":"JwkPropertyFormat"}}]}}`
	)
	hmac := func(p *provider) {
		p.sign = func(c map[string]any) string {
			k, err := jose.NewClientSecret("p&ss")
			if err != nil {
				p.t.Fatal(err)
			}
			c["at_hash"] = halfHash(jose.HS256, "access-1")
			return signed(p.t, k, jose.HS256, c)
		}
	}
	unsigned := func(p *provider) {
		p.sign = func(c map[string]any) string {
			delete(c, "at_hash")
			return rawToken(p.t, `{"alg":"none"}`, c, func(string) []byte { return nil })
		}
	}
	tests := []struct {
		name, config string
		do           func(*provider)
		ok           bool
		form         string // a parameter of the token request
		header       string // of the token request
	}{
		{"public client", wellKnown, nil, true, "client_id=app", ""},
		{"old secret", `"clientSecretId":"client.secret.id","secretsProvider":"env",` + wellKnown, nil, true, "", "Basic YXBwOnAlMjZzcw=="},
		{"old secret in the form", `"clientSecretId":"client.secret.id","secretsProvider":"env","tokenEndpointAuthMethod":"client_secret_post",` + wellKnown, nil, true, "client_secret=p%26ss", ""},
		{"secret in the configuration", `"clientSecret":"plain","tokenEndpointUseBasicAuth":false,` + wellKnown, nil, true, "client_secret=plain", ""},
		{"secret for ID tokens alone", `"clientSecretId":"client.secret.id","secretsProvider":"env","clientSecretUsage":"ID_TOKEN_VALIDATION_ONLY",` + wellKnown, hmac, true, "client_id=app", ""},
		{"secret for client authentication alone", `"clientSecretId":"client.secret.id","secretsProvider":"env","clientSecretUsage":"CLIENT_AUTHENTICATION_ONLY",` + wellKnown, hmac, false, "", "Basic YXBwOnAlMjZzcw=="},
		{"HMAC with the secret", `"clientSecretId":"client.secret.id","secretsProvider":"env",` + wellKnown, hmac, true, "", ""},
		{"HMAC where there is no secret", wellKnown, hmac, false, "", ""},
		{"old key", `"privateKeyJwtSecretId":"sign.key","tokenEndpointAuthSigningAlg":"ES256","secretsProvider":"keys",` + wellKnown, nil, true, "client_assertion_type=urn", ""},
		{"configured endpoints and key", endpoints, nil, true, "", ""},
		{"configured endpoints, other key", endpoints, func(p *provider) { p.key = newKey(p.t, "op-1") }, false, "", ""},
		{"signature is not checked", `"skipSignatureVerification":true,` + wellKnown, unsigned, true, "", ""},
		{"signature is not checked, claims are", `"skipSignatureVerification":true,` + wellKnown, func(p *provider) {
			p.claims = func(c map[string]any) { c["aud"] = "other" }
		}, false, "", ""},
		{"unsigned", wellKnown, unsigned, false, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, failureHandler+`"registrations":[{"type":"ClientRegistration","config":{"clientId":"app","scopes":["openid","profile"],`+tt.config+`}}]`, keys, inMemory)
			public, err := s.op.key.MarshalPublic()
			if err != nil {
				t.Fatal(err)
			}
			private, err := newKey(t, "client").MarshalPrivate()
			if err != nil {
				t.Fatal(err)
			}
			s.env["OP_KEY"], s.env["SIGN_KEY"] = string(public), string(private)
			if tt.do != nil {
				tt.do(s.op)
			}
			header := ""
			inner := s.server
			s.server = func(x *chain.Exchange) (*chain.Response, error) {
				if strings.HasSuffix(x.Request.URI.RawPath, "/token") {
					header = x.Request.Header.Get("Authorization")
				}
				return inner(x)
			}
			b := s.browser()
			resp := b.get(s.op.consent(b.location(page)))
			if ok := resp.Status.Code == 302; ok != tt.ok {
				t.Errorf("%d %s", resp.Status.Code, resp.Entity.String())
			}
			if body := s.requestsTo("/token")[0]; !strings.Contains(body, tt.form) || tt.header != "" && header != tt.header {
				t.Errorf("the token request is %s with %q", body, header)
			}
		})
	}
}

// Fields of earlier releases that say nothing, or too little, are told of.
func TestClientRegistrationOlderFields(t *testing.T) {
	const rest = `"clientId":"a","secretsProvider":"env","issuer":{"type":"Issuer","config":{"authorizeEndpoint":"https://a/b","tokenEndpoint":"https://a/c"}}`
	for config, want := range map[string]string{
		`"tokenEndpointAuthMethod":"private_key_jwt","clientSecretId":"s"`:                               `config.tokenEndpointAuthMethod: the method private_key_jwt needs "privateKeyJwtSecretId"`,
		`"tokenEndpointAuthMethod":"client_secret_post"`:                                                 `config.tokenEndpointAuthMethod: the method client_secret_post needs "clientSecretId"`,
		`"authenticatedRegistrationHandler":"ClientHandler","tokenEndpointAuthMethod":"private_key_jwt"`: `config.tokenEndpointAuthMethod: the field has no effect beside "authenticatedRegistrationHandler"`,
		`"clientSecret":"${env['NONE']}"`:                                                                `config.clientSecret: the secret is empty`,
		`"authenticatedRegistrationHandler":"ClientHandler","clientSecret":"s"`:                          `config.clientSecret: the field has no effect beside "authenticatedRegistrationHandler"`,
	} {
		f := newFixture(t).load(t, `[{"name":"r","type":"ClientRegistration","config":{`+rest+`,`+config+`}}]`)
		if got := fmt.Sprint(f.errs.Err(), f.errs.Warnings()); !strings.Contains(got, want) {
			t.Errorf("%s\n got %s\nwant %s", config, got, want)
		}
	}
}

func TestSignedUserInfo(t *testing.T) {
	for name, good := range map[string]bool{"by the issuer": true, "by somebody else": false} {
		t.Run(name, func(t *testing.T) {
			s := plainSite(t)
			b := s.browser()
			b.logIn()
			key := s.op.key
			if !good {
				key = newKey(t, "op-1")
			}
			inner := s.server
			s.server = func(x *chain.Exchange) (*chain.Response, error) {
				if strings.HasSuffix(x.Request.URI.RawPath, "/userinfo") {
					return text200(signed(t, key, jose.ES256, map[string]any{"sub": "demo", "name": "Signed"})), nil
				}
				return inner(x)
			}
			s.resource = func(x *chain.Exchange) (*chain.Response, error) {
				return text200("[" + eval(t, x, "${contexts.oauth2Info.userInfo.name}") + "]"), nil
			}
			want := "[]"
			if good {
				want = "[Signed]"
			}
			b.want(page, 200, want)
		})
	}
}

// Tabs that begin at once do not lose each other's login.
func TestLoginsBeginAtOnce(t *testing.T) {
	s := plainSite(t)
	b := s.browser()
	b.location(page) // makes the session
	links := make([]string, maxPending-1)
	var wg sync.WaitGroup
	for i := range links {
		tab := &browser{s, map[string]string{}}
		for k, v := range b.cookies {
			tab.cookies[k] = v
		}
		wg.Go(func() { links[i] = tab.get(page).Header.Get("Location") })
	}
	wg.Wait()
	for _, l := range links {
		if got := b.location(s.op.consent(l)); got != page {
			t.Errorf("a login leads to %q", got)
		}
	}
}

func FuzzReadLogin(f *testing.F) {
	f.Add(`{"atr":{"access_token":"a"},"crn":"x","s":["a"],"ea":1,"p":[{"arn":"a","n":"b"}]}`)
	f.Add(`{"p":[{}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := chain.ParseJSON([]byte(text))
		if err != nil {
			return
		}
		s := fakeSession{"k": v}
		l, err := readLogin(s, "k")
		if err != nil {
			return
		}
		if err := l.store(s, "k"); err != nil {
			t.Fatal(err)
		}
		again, err := readLogin(s, "k")
		if err != nil {
			t.Fatalf("%s is stored as %v: %v", text, s["k"], err)
		}
		if again.loggedIn() != l.loggedIn() || len(again.pending) != len(l.pending) || again.token("access_token") != l.token("access_token") {
			t.Errorf("%s becomes %v", text, s["k"])
		}
	})
}

type fakeSession map[string]any

func (s fakeSession) Get(key string) (any, bool) { v, ok := s[key]; return v, ok }
func (s fakeSession) Set(key string, v any) error {
	if v == nil {
		delete(s, key)
	} else {
		s[key] = v
	}
	return nil
}
func (s fakeSession) Keys() []string { return nil }
func (s fakeSession) Clear()         { clear(s) }
