package oauth2

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
	"gatehouse/internal/jose"
)

func TestIntrospectionRequest(t *testing.T) {
	tests := []struct{ name, am, want string }{
		{"root realm", `"url":"http://am.example.com:8088/openam/"`, "POST http://am.example.com:8088/openam/oauth2/realms/root/introspect"},
		{"no slash", `"url":"http://am.example.com:8088/openam","realm":"/"`, "POST http://am.example.com:8088/openam/oauth2/realms/root/introspect"},
		{"realm below", `"url":"http://am/am","realm":"/alpha/be ta"`, "POST http://am/am/oauth2/realms/root/realms/alpha/realms/be%20ta/introspect"},
		{"realm without slash", `"url":"http://am/am","realm":"alpha"`, "POST http://am/am/oauth2/realms/root/realms/alpha/introspect"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t).load(t, `[{"name":"am","type":"AmService","config":{"agent":{"username":"ig_agent","passwordSecretId":"agent.secret.id"},"secretsProvider":"env",`+tt.am+`}},
			{"name":"r","type":"TokenIntrospectionAccessTokenResolver","config":{"amService":"am","endpoint":"http://ignored/","providerHandler":{"type":"Chain","config":{
				"filters":[{"type":"HttpBasicAuthenticationClientFilter","config":{"username":"ig_agent","passwordSecretId":"agent.secret.id","secretsProvider":"env"}}],
				"handler":"ForgeRockClientHandler"}}}}]`).ok(t)
			f.server = func(x *chain.Exchange) (*chain.Response, error) {
				if got, want := x.Request.Header.Get("Authorization"), "Basic aWdfYWdlbnQ6cGFzc3dvcmQ="; got != want {
					t.Errorf("Authorization %q, want %q", got, want)
				}
				return reply(200, introspected)
			}
			got, err := object[AccessTokenResolver](t, f, "r").Resolve(exchangeFor(t, "http://h/"), "a b&c")
			if err != nil {
				t.Fatal(err)
			}
			if want := tt.want + " token=a+b%26c&token_type_hint=access_token"; f.requests[0] != want {
				t.Errorf("request\n got %s\nwant %s", f.requests[0], want)
			}
			if got.ExpiresAt != 1_800_000_600_000 || got.Token != "a b&c" || !got.HasAll([]string{"mail", "employeenumber"}) {
				t.Errorf("token %s", got)
			}
		})
	}
}

func TestIntrospectionFailuresAreNotTheTokens(t *testing.T) {
	f := newFixture(t).load(t, `[{"name":"r","type":"TokenIntrospectionAccessTokenResolver","config":{"endpoint":"http://as/i"}}]`).ok(t)
	r := object[AccessTokenResolver](t, f, "r")
	for name, server := range map[string]chain.HandlerFunc{
		"refused":   func(*chain.Exchange) (*chain.Response, error) { return reply(401, `{"error":"invalid_client"}`) },
		"failing":   func(*chain.Exchange) (*chain.Response, error) { return reply(500, ``) },
		"a page":    func(*chain.Exchange) (*chain.Response, error) { return reply(200, `<html>`) },
		"no answer": func(*chain.Exchange) (*chain.Response, error) { return nil, errors.New("refused") },
		"endless": func(*chain.Exchange) (*chain.Response, error) {
			return reply(200, `{"active":true,"x":"`+strings.Repeat("x", maxAnswer)+`"}`)
		},
	} {
		f.server = server
		_, err := r.Resolve(exchangeFor(t, "http://h/"), "tok")
		var unavailable *token.Unavailable
		if !errors.As(err, &unavailable) {
			t.Errorf("%s: %v, want an Unavailable", name, err)
		}
	}
	f.server = func(*chain.Exchange) (*chain.Response, error) { return reply(200, `{"active":false}`) }
	if _, err := r.Resolve(exchangeFor(t, "http://h/"), "tok"); !errors.Is(err, errInactive) {
		t.Errorf("inactive: %v", err)
	}
}

// A token that its server knows as good, and as something else than an access token, opens nothing.
func TestIntrospectionOfOtherTokens(t *testing.T) {
	f := newFixture(t).load(t, `[{"name":"r","type":"TokenIntrospectionAccessTokenResolver","config":{"endpoint":"http://as/i"}}]`).ok(t)
	for more, want := range map[string]error{
		`"token_type":"Bearer"`: nil, `"token_type":"DPoP"`: nil, `"a":1`: nil, `"tokenName":"access_token"`: nil, `"token_type":"urn:ietf:params:oauth:token-type:access_token"`: nil,
		`"token_type":"refresh_token"`: errNotAccessToken, `"token_type":"Refresh"`: errNotAccessToken, `"tokenName":"refresh_token"`: errNotAccessToken,
		`"token_type":"urn:ietf:params:oauth:token-type:id_token"`: errNotAccessToken,
	} {
		f.server = func(*chain.Exchange) (*chain.Response, error) { return reply(200, `{"active":true,`+more+`}`) }
		if _, err := object[AccessTokenResolver](t, f, "r").Resolve(exchangeFor(t, "http://h/"), "a"); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", more, err, want)
		}
	}
}

func TestTokenInfo(t *testing.T) {
	f := newFixture(t).load(t, `[{"name":"r","type":"OpenAmAccessTokenResolver","config":{"endpoint":"http://as/tokeninfo?realm=a"}},
		{"name":"rs","type":"OAuth2RSFilter","config":{"requireHttps":false,"scopes":["mail"],"cacheExpiration":"1 minute","tokenInfoEndpoint":"http://as/t","providerHandler":"ForgeRockClientHandler"}}]`).ok(t)
	r := object[AccessTokenResolver](t, f, "r")
	tests := []struct {
		name   string
		status int
		body   string
		ok     bool
	}{
		{"good", 200, `{"access_token":"x","expires_in":60,"scope":["mail"],"realm":"/"}`, true},
		{"no expires_in", 200, `{"access_token":"x","scope":["mail"]}`, false},
		{"negative", 200, `{"expires_in":-1}`, false},
		{"refused", 401, `{"error":"invalid_token"}`, false},
		{"failing", 503, ``, false},
		{"a page", 200, `<html>`, false},
	}
	for _, tt := range tests {
		f.server = func(*chain.Exchange) (*chain.Response, error) { return reply(tt.status, tt.body) }
		got, err := r.Resolve(exchangeFor(t, "http://h/"), "a b")
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
		if tt.ok && (got.ExpiresAt != 1_800_000_060_000 || !got.Has("mail")) {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
	if want := "GET http://as/tokeninfo?realm=a&access_token=a+b"; f.requests[0] != want {
		t.Errorf("request %s, want %s", f.requests[0], want)
	}

	f.server = func(*chain.Exchange) (*chain.Response, error) {
		return reply(200, `{"expires_in":60,"scope":["mail"]}`)
	}
	resp, err := object[chain.Filter](t, f, "rs").Filter(exchangeFor(t, "http://h/", "Authorization", "Bearer a"),
		chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return chain.NewResponse(204), nil }))
	if err != nil || resp.Status.Code != 204 {
		t.Errorf("filter of an old route: %v, %v", resp, err)
	}
}

const cacheDecl = `[{"name":"r","type":"CacheAccessTokenResolver","config":{%s"delegate":{"type":"TokenIntrospectionAccessTokenResolver","config":{"endpoint":"http://as/i"}}}}]`

func TestCache(t *testing.T) {
	tests := []struct {
		name, config, answer string
		wait                 time.Duration
		asked                int
	}{
		{"until it ends", ``, `{"active":true,"exp":1800000600}`, 599 * time.Second, 1},
		{"never past its end", ``, `{"active":true,"exp":1800000600}`, 600 * time.Second, 2},
		{"no end", ``, `{"active":true}`, 59 * time.Second, 1},
		{"no end, after the default time", ``, `{"active":true}`, time.Minute, 2},
		{"default time does not bound tokens with an end", `"defaultTimeout":"1 second",`, `{"active":true,"exp":1800000600}`, 300 * time.Second, 1},
		{"bounded", `"maximumTimeToCache":"10 s",`, `{"active":true,"exp":1800000600}`, 9 * time.Second, 1},
		{"bound is over", `"maximumTimeToCache":"10 s",`, `{"active":true,"exp":1800000600}`, 10 * time.Second, 2},
		{"bound wins over the default time", `"maximumTimeToCache":"10 s","defaultTimeout":"1 hour",`, `{"active":true}`, 10 * time.Second, 2},
		{"misspelt field is only a warning", `"defaultTimeout ":"1 hour",`, `{"active":true}`, time.Minute, 2},
		{"off", `"enabled":false,`, `{"active":true,"exp":1800000600}`, 0, 2},
		{"already over", ``, `{"active":true,"exp":1799999999}`, 0, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t).load(t, fmt.Sprintf(cacheDecl, tt.config)).ok(t)
			f.server = func(*chain.Exchange) (*chain.Response, error) { return reply(200, tt.answer) }
			r, x := object[AccessTokenResolver](t, f, "r"), exchangeFor(t, "http://h/")
			for range 2 {
				if _, err := r.Resolve(x, "abc"); err != nil {
					t.Fatal(err)
				}
				f.pass(tt.wait)
			}
			if f.count() != tt.asked {
				t.Errorf("asked %d times, want %d", f.count(), tt.asked)
			}
		})
	}
}

func TestCacheKeepsNoFailure(t *testing.T) {
	f := newFixture(t).load(t, fmt.Sprintf(cacheDecl, "")).ok(t)
	r, x := object[AccessTokenResolver](t, f, "r"), exchangeFor(t, "http://h/")
	f.server = func(*chain.Exchange) (*chain.Response, error) { return reply(200, `{"active":false}`) }
	if _, err := r.Resolve(x, "abc"); err == nil {
		t.Fatal("an inactive token was accepted")
	}
	f.server = func(*chain.Exchange) (*chain.Response, error) { return reply(200, introspected) }
	if _, err := r.Resolve(x, "abc"); err != nil {
		t.Errorf("the failure was kept: %v", err)
	}
	if _, err := r.Resolve(x, "abd"); err != nil || f.count() != 3 {
		t.Errorf("another token: %v after %d questions, want 3", err, f.count())
	}
}

func TestCacheAsksOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).load(t, fmt.Sprintf(cacheDecl, "")).ok(t)
		answer := make(chan struct{})
		f.server = func(*chain.Exchange) (*chain.Response, error) {
			<-answer
			return reply(200, introspected)
		}
		r := object[AccessTokenResolver](t, f, "r")
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, err := r.Resolve(exchangeFor(t, "http://h/"), "abc"); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait() // one is in the server, the others wait for it
		close(answer)
		all.Wait()
		if f.count() != 1 {
			t.Errorf("%d questions, want 1", f.count())
		}
	})
}

func TestCacheOutlivesTheFirstAsker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).load(t, fmt.Sprintf(cacheDecl, "")).ok(t)
		r := object[AccessTokenResolver](t, f, "r")
		ctx, giveUp := context.WithCancel(t.Context())
		f.server = func(x *chain.Exchange) (*chain.Response, error) {
			if f.count() > 1 {
				return reply(200, introspected)
			}
			<-x.Ctx().Done()
			return nil, x.Ctx().Err()
		}
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := r.Resolve(exchangeFor(t, "http://h/").WithCtx(ctx), "abc"); !errors.Is(err, context.Canceled) {
				t.Errorf("the one that gave up: %v", err)
			}
		})
		synctest.Wait()
		for range 3 {
			all.Go(func() {
				if _, err := r.Resolve(exchangeFor(t, "http://h/"), "abc"); err != nil {
					t.Errorf("one that waited: %v", err)
				}
			})
		}
		synctest.Wait()
		giveUp()
		all.Wait()
		if f.count() != 2 {
			t.Errorf("%d questions, want 2", f.count())
		}
	})
}

func TestStateless(t *testing.T) {
	signing, other := newKey(t, "k1"), newKey(t, "k2")
	aes, err := jose.NewKey([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	const iss = "http://am.example.com:8088/openam/oauth2"
	claims := func(change string) string {
		m := map[string]any{"iss": iss, "sub": "(usr!demo)", "tokenName": "access_token", "scope": []string{"myscope"}, "exp": 1800000060, "iat": 1799999990, "nbf": 1799999990}
		for pair := range strings.FieldsSeq(change) {
			name, text, _ := strings.Cut(pair, "=")
			delete(m, name)
			var v any
			if text != "" {
				if err := json.Unmarshal([]byte(text), &v); err != nil {
					t.Fatal(err)
				}
				m[name] = v
			}
		}
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	sign := func(k *jose.Key, payload string, o jose.SignerOptions) string {
		s, err := jose.NewSigner(k, jose.ES256, o)
		if err != nil {
			t.Fatal(err)
		}
		text, err := s.Sign([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	encrypt := func(payload string) string {
		e, err := jose.NewEncrypter(aes, jose.Dir, jose.A256GCM, jose.EncrypterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := e.Encrypt([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	set := jose.NewKeySet(signing)
	heap := `[{"name":"keys","type":"SecretsProvider","config":{"stores":[{"type":"JwkSetSecretStore","config":{"jwkUrl":"http://am.example.com:8088/openam/oauth2/connect/jwk_uri"}}]}},
	{"name":"signed","type":"StatelessAccessTokenResolver","config":{"secretsProvider":"keys","issuer":"` + iss + `","verificationSecretId":"any.id"}},
	{"name":"skewed","type":"PingAmStatelessAccessTokenResolver","config":{"secretsProvider":"keys","issuer":"` + iss + `","verificationSecretId":"any.id","skewAllowance":"30 s"}},
	{"name":"aes","type":"SystemAndEnvSecretStore","config":{"format":{"type":"SecretKeyPropertyFormat","config":{"format":"PLAIN","algorithm":"AES"}}}},
	{"name":"encrypted","type":"StatelessAccessTokenResolver","config":{"secretsProvider":"aes","issuer":"` + iss + `","decryptionSecretId":"aes.key"}}]`
	f := newFixture(t)
	f.env["AES_KEY"] = string(aes.Secret())
	f.load(t, heap).ok(t)
	f.server = func(*chain.Exchange) (*chain.Response, error) {
		r := chain.NewResponse(200)
		return r, r.Entity.SetJSON(set)
	}
	at := jose.SignerOptions{Type: "at+jwt"}
	tests := []struct {
		name, resolver, token string
		err                   error
	}{
		{"good", "signed", sign(signing, claims(""), jose.SignerOptions{}), nil},
		{"without kid", "signed", sign(signing, claims(""), jose.SignerOptions{OmitKeyID: true}), nil},
		{"unknown kid falls back to all keys", "signed", sign(signing.With("zz", "", ""), claims(""), jose.SignerOptions{}), nil},
		{"standard access token", "signed", sign(signing, claims("tokenName="), at), nil},
		{"other key", "signed", sign(other, claims(""), jose.SignerOptions{}), jose.ErrSignature},
		{"known kid decides alone", "signed", sign(other.With("k1", "", ""), claims(""), jose.SignerOptions{}), jose.ErrSignature},
		{"other issuer", "signed", sign(signing, claims(`iss="http://am.example.com:8088/openam/oauth2/"`), jose.SignerOptions{}), jose.ErrIssuer},
		{"no issuer", "signed", sign(signing, claims(`iss=`), jose.SignerOptions{}), jose.ErrIssuer},
		{"ID token", "signed", sign(signing, claims(`tokenName="id_token"`), jose.SignerOptions{}), errNotAccessToken},
		{"ID token that says at+jwt", "signed", sign(signing, claims(`tokenName="id_token"`), at), errNotAccessToken},
		{"no name", "signed", sign(signing, claims(`tokenName=`), jose.SignerOptions{}), errNotAccessToken},
		{"no exp", "signed", sign(signing, claims(`exp=`), jose.SignerOptions{}), jose.ErrClaim},
		{"expired", "signed", sign(signing, claims(`exp=1799999990`), jose.SignerOptions{}), jose.ErrExpired},
		{"expired within the allowance", "skewed", sign(signing, claims(`exp=1799999990`), jose.SignerOptions{}), nil},
		{"expired past the allowance", "skewed", sign(signing, claims(`exp=1799999960`), jose.SignerOptions{}), jose.ErrExpired},
		{"not yet", "signed", sign(signing, claims(`nbf=1800000010`), jose.SignerOptions{}), jose.ErrNotYetValid},
		{"not yet within the allowance", "skewed", sign(signing, claims(`nbf=1800000010`), jose.SignerOptions{}), nil},
		{"opaque", "signed", "abc", jose.ErrMalformed},
		{"unsigned", "signed", "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(claims(""))) + ".", jose.ErrAlgorithm},
		{"encrypted where signed is wanted", "signed", encrypt(claims("")), jose.ErrAlgorithm},
		{"encrypted", "encrypted", encrypt(claims("")), nil},
		{"signed, then encrypted", "encrypted", encrypt(sign(signing, claims(""), jose.SignerOptions{})), nil},
		{"signed where encrypted is wanted", "encrypted", sign(signing, claims(""), jose.SignerOptions{}), jose.ErrDecrypt},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := object[AccessTokenResolver](t, f, tt.resolver).Resolve(exchangeFor(t, "http://h/"), tt.token)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatalf("Resolve: %v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			if sub, _ := got.Info.Text("sub"); sub != "(usr!demo)" || !got.Has("myscope") || got.Expired(f.now()) {
				t.Errorf("token %s", got)
			}
		})
	}

	f = newFixture(t).load(t, strings.Replace(heap, "any.id", "any", 1)).ok(t)
	f.server = func(*chain.Exchange) (*chain.Response, error) { return nil, errors.New("refused") }
	_, err = object[AccessTokenResolver](t, f, "signed").Resolve(exchangeFor(t, "http://h/"), tests[0].token)
	var unavailable *token.Unavailable
	if !errors.As(err, &unavailable) {
		t.Errorf("no keys: %v, want an Unavailable", err)
	}
}

// Keys that are not there are no fault of the token: operators get to know.
func TestStatelessWithoutKeys(t *testing.T) {
	for id, want := range map[string]string{
		"none":             `there is no secret "none" in env (set the environment variable NONE)`,
		"client.secret.id": `the secret "client.secret.id" in env is no key; give it a format`,
		"broken.key":       `secret "broken.key" in env`,
	} {
		f := newFixture(t)
		f.env["BROKEN_KEY"] = "?"
		f.load(t, `[{"name":"r","type":"StatelessAccessTokenResolver","config":{"issuer":"i","secretsProvider":"env","verificationSecretId":"`+id+`"}},
			{"name":"rs","type":"OAuth2ResourceServerFilter","config":{"requireHttps":false,"accessTokenResolver":"r"}}]`).ok(t)
		x := exchangeFor(t, "http://h/", "Authorization", "Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ.e30.AAAA")
		resp, err := object[chain.Filter](t, f, "rs").Filter(x, nil)
		if err != nil || resp.Status.Code != 401 {
			t.Fatal(resp, err)
		}
		if log := f.log.String(); !strings.Contains(log, "level=WARN") || !strings.Contains(strings.ReplaceAll(log, `\"`, `"`), want) {
			t.Errorf("%s: the log lacks %s:\n%s", id, want, log)
		}
	}
}

func TestStatelessBadConfiguration(t *testing.T) {
	tests := []struct{ config, want string }{
		{`{}`, `the required field "issuer" is missing`},
		{`{"issuer":"","secretsProvider":"env","verificationSecretId":"a"}`, `the required field "issuer" is empty`},
		{`{"issuer":"i","secretsProvider":"env"}`, `expected "verificationSecretId" or "decryptionSecretId"`},
		{`{"issuer":"i","secretsProvider":"env","verificationSecretId":"a","decryptionSecretId":"b"}`, `expected either "verificationSecretId" or "decryptionSecretId"`},
		{`{"issuer":"i","secretsProvider":"env","verificationSecretId":"a","skewAllowance":"unlimited"}`, `the duration must not be unlimited`},
		{`{"issuer":"i","secretsProvider":"env","verificationSecretId":"a","skewAllowance":10}`, `expected a duration such as "10 seconds", found the bare number 10`},
	}
	for _, tt := range tests {
		f := newFixture(t).load(t, `[{"name":"r","type":"StatelessAccessTokenResolver","config":`+tt.config+`}]`)
		if got := fmt.Sprint(f.errs.Err()); !strings.HasSuffix(got, ": "+tt.want) {
			t.Errorf("%s\n got %s\nwant …%s", tt.config, got, tt.want)
		}
	}
}

func TestConfirmation(t *testing.T) {
	cert := &x509.Certificate{Raw: []byte("not really DER")}
	sum := sha256.Sum256(cert.Raw)
	thumb := base64.RawURLEncoding.EncodeToString(sum[:])
	published := &chain.MapContext{Name: "certificateThumbprint", Values: map[string]any{"thumbprint": thumb}}
	other := &chain.MapContext{Name: "certificateThumbprint", Values: map[string]any{"thumbprint": "x"}}
	client := func() chain.Context { return &chain.ClientContext{Certificates: []*x509.Certificate{cert}} }
	tests := []struct {
		name, cnf string
		context   chain.Context
		err       error
	}{
		{"not bound", ``, nil, nil},
		{"null", `,"cnf":null`, nil, nil},
		{"certificate of the connection", `,"cnf":{"x5t#S256":"` + thumb + `"}`, client(), nil},
		{"published thumbprint", `,"cnf":{"x5t#S256":"` + thumb + `"}`, published, nil},
		{"other certificate", `,"cnf":{"x5t#S256":"abc"}`, client(), errConfirmation},
		{"other published thumbprint", `,"cnf":{"x5t#S256":"` + thumb + `"}`, other, errConfirmation},
		{"no certificate", `,"cnf":{"x5t#S256":"` + thumb + `"}`, nil, errNoCertificate},
		{"key of DPoP", `,"cnf":{"jkt":"abc"}`, client(), errMethod},
		{"two methods", `,"cnf":{"jkt":"abc","x5t#S256":"` + thumb + `"}`, client(), errMethod},
		{"a text", `,"cnf":"abc"`, client(), errMethod},
		{"empty", `,"cnf":{}`, client(), errMethod},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t).load(t, `[{"name":"r","type":"ConfirmationKeyVerifierAccessTokenResolver","config":{"delegate":{"type":"TokenIntrospectionAccessTokenResolver","config":{"endpoint":"http://as/i"}}}}]`).ok(t)
			f.server = func(*chain.Exchange) (*chain.Response, error) { return reply(200, `{"active":true`+tt.cnf+`}`) }
			x := exchangeFor(t, "http://h/")
			if tt.context != nil {
				x = x.Push(tt.context)
			}
			if _, err := object[AccessTokenResolver](t, f, "r").Resolve(x, "a"); !errors.Is(err, tt.err) {
				t.Errorf("Resolve: %v, want %v", err, tt.err)
			}
		})
	}
}

func newKey(t *testing.T, id string) *jose.Key {
	t.Helper()
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k, err := jose.NewKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	return k.With(id, jose.ES256, jose.ForSignature)
}

// A cached answer does not let somebody without the certificate use the token.
func TestCachedConfirmation(t *testing.T) {
	cert := &x509.Certificate{Raw: []byte("not really DER")}
	sum := sha256.Sum256(cert.Raw)
	thumb := base64.RawURLEncoding.EncodeToString(sum[:])
	f := newFixture(t).load(t, `[{"name":"r","type":"CacheAccessTokenResolver","config":{"delegate":{
		"type":"ConfirmationKeyVerifierAccessTokenResolver","config":{"delegate":{
			"type":"TokenIntrospectionAccessTokenResolver","config":{"endpoint":"http://as/i"}}}}}}]`).ok(t)
	calls := 0
	f.server = func(*chain.Exchange) (*chain.Response, error) {
		calls++
		return reply(200, `{"active":true,"cnf":{"x5t#S256":"`+thumb+`"}}`)
	}
	r := object[AccessTokenResolver](t, f, "r")
	owner := exchangeFor(t, "http://h/").Push(&chain.ClientContext{Certificates: []*x509.Certificate{cert}})
	for range 2 {
		if _, err := r.Resolve(owner, "a"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Resolve(exchangeFor(t, "http://h/"), "a"); !errors.Is(err, errNoCertificate) {
		t.Errorf("a thief resolves the cached token: %v, want %v", err, errNoCertificate)
	}
	if calls != 1 {
		t.Errorf("%d introspections, want 1", calls)
	}
}

// What stands between a cache and the resolver that looks at certificates, such as a
// decorator, does not take the check away; nor does it matter who brings the token first.
func TestCachedConfirmationBehindDecorators(t *testing.T) {
	cert := &x509.Certificate{Raw: []byte("not really DER")}
	sum := sha256.Sum256(cert.Raw)
	f := newFixture(t)
	f.types = []*heap.Type{heap.Define("Decorated", func(c *cacheConfig, _ *heap.Env) (AccessTokenResolver, error) {
		return resolverFunc(c.Delegate.Get().Resolve), nil
	})}
	f.load(t, `[{"name":"r","type":"CacheAccessTokenResolver","config":{"delegate":{"type":"Decorated","config":{"delegate":{
		"type":"ConfirmationKeyVerifierAccessTokenResolver","config":{"delegate":{
			"type":"TokenIntrospectionAccessTokenResolver","config":{"endpoint":"http://as/i"}}}}}}}}]`).ok(t)
	f.server = func(*chain.Exchange) (*chain.Response, error) {
		return reply(200, `{"active":true,"cnf":{"x5t#S256":"`+base64.RawURLEncoding.EncodeToString(sum[:])+`"}}`)
	}
	r := object[AccessTokenResolver](t, f, "r")
	owner := exchangeFor(t, "http://h/").Push(&chain.ClientContext{Certificates: []*x509.Certificate{cert}})
	other := exchangeFor(t, "http://h/").Push(&chain.ClientContext{Certificates: []*x509.Certificate{{Raw: []byte("another")}}})
	for range 2 {
		if _, err := r.Resolve(exchangeFor(t, "http://h/"), "a"); !errors.Is(err, errNoCertificate) {
			t.Errorf("without a certificate: %v, want %v", err, errNoCertificate)
		}
		if _, err := r.Resolve(owner, "a"); err != nil {
			t.Errorf("the owner: %v", err)
		}
		if _, err := r.Resolve(other, "a"); !errors.Is(err, errConfirmation) {
			t.Errorf("with another certificate: %v, want %v", err, errConfirmation)
		}
	}
	if f.count() != 1 {
		t.Errorf("%d introspections, want 1", f.count())
	}
}

// Who has somebody's token and not the certificate does not spoil the request of the
// owner that waits for the same answer.
func TestThiefSharesNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cert := &x509.Certificate{Raw: []byte("not really DER")}
		sum := sha256.Sum256(cert.Raw)
		f := newFixture(t).load(t, `[{"name":"r","type":"CacheAccessTokenResolver","config":{"delegate":{
			"type":"ConfirmationKeyVerifierAccessTokenResolver","config":{"delegate":{
				"type":"TokenIntrospectionAccessTokenResolver","config":{"endpoint":"http://as/i"}}}}}}]`).ok(t)
		answer := make(chan struct{})
		f.server = func(*chain.Exchange) (*chain.Response, error) {
			<-answer
			return reply(200, `{"active":true,"cnf":{"x5t#S256":"`+base64.RawURLEncoding.EncodeToString(sum[:])+`"}}`)
		}
		r := object[AccessTokenResolver](t, f, "r")
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := r.Resolve(exchangeFor(t, "http://h/"), "a"); !errors.Is(err, errNoCertificate) {
				t.Errorf("the thief: %v, want %v", err, errNoCertificate)
			}
		})
		synctest.Wait() // the thief asks
		all.Go(func() {
			if _, err := r.Resolve(exchangeFor(t, "http://h/").Push(&chain.ClientContext{Certificates: []*x509.Certificate{cert}}), "a"); err != nil {
				t.Errorf("the owner: %v", err)
			}
		})
		synctest.Wait() // the owner waits for the same answer
		close(answer)
		all.Wait()
	})
}
