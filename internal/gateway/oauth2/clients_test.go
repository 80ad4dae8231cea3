package oauth2

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/jose"
)

func TestClientAuthentication(t *testing.T) {
	tests := []struct {
		name, decl, contentType, body string
		header, form                  string
		err                           string
	}{
		{"basic", `"HttpBasicAuthenticationClientFilter","config":{"username":"ig agent","passwordSecretId":"client.secret.id","secretsProvider":"env"}`,
			"application/x-www-form-urlencoded", "a=b", "Basic aWcgYWdlbnQ6cCZzcw==", "a=b", ""},
		{"basic, encoded", `"HttpBasicAuthenticationClientFilter","config":{"username":"ig:agent","urlEncodeCredentials":true,"passwordSecretId":"client.secret.id","secretsProvider":"env"}`,
			"", "", "Basic aWclM0FhZ2VudDpwJTI2c3M=", "", ""},
		{"client secret basic", `"ClientSecretBasicAuthenticationFilter","config":{"clientId":"a:b","clientSecretId":"client.secret.id","secretsProvider":"env"}`,
			"", "", "Basic YSUzQWI6cCUyNnNz", "", ""},
		{"client secret post", `"ClientSecretPostAuthenticationFilter","config":{"clientId":"app","clientSecretId":"client.secret.id","secretsProvider":"env"}`,
			"application/x-www-form-urlencoded; charset=UTF-8", "grant_type=x&client_secret=old", "", "client_id=app&client_secret=p%26ss&grant_type=x", ""},
		{"client secret post without a body", `"ClientSecretPostAuthenticationFilter","config":{"clientId":"app","clientSecretId":"client.secret.id","secretsProvider":"env"}`,
			"", "", "", "client_id=app&client_secret=p%26ss", ""},
		{"client secret post, no form", `"ClientSecretPostAuthenticationFilter","config":{"clientId":"app","clientSecretId":"client.secret.id","secretsProvider":"env"}`,
			"application/json", "{}", "", "", "the request to authenticate has a body that is no form"},
		{"no secret", `"ClientSecretBasicAuthenticationFilter","config":{"clientId":"app","clientSecretId":"other.id","secretsProvider":"env"}`,
			"", "", "", "", `there is no secret "other.id" in env (set the environment variable OTHER_ID)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t).load(t, `[{"name":"x","type":`+tt.decl+`}]`).ok(t)
			x := exchangeFor(t, "http://as/token")
			x.Request.Method = "POST"
			if tt.contentType != "" {
				x.Request.Header.Set("Content-Type", tt.contentType)
			}
			x.Request.Entity.SetBytes([]byte(tt.body))
			_, err := object[chain.Filter](t, f, "x").Filter(x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
				if got := x.Request.Header.Get("Authorization"); got != tt.header {
					t.Errorf("Authorization %q, want %q", got, tt.header)
				}
				if got := x.Request.Entity.String(); got != tt.form {
					t.Errorf("body %q, want %q", got, tt.form)
				}
				return chain.NewResponse(200), nil
			}))
			if got := fmt.Sprint(err); (tt.err != "" || err != nil) && got != tt.err {
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
}

func TestPrivateKeyJwt(t *testing.T) {
	key := newKey(t, "client-key")
	text, err := key.MarshalPrivate()
	if err != nil {
		t.Fatal(err)
	}
	aes, err := jose.NewKey([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	f.env["SIGN_KEY"], f.env["ENC_KEY"] = string(text), string(aes.Secret())
	f.load(t, `[{"name":"keys","type":"SystemAndEnvSecretStore","config":{"mappings":[{"secretId":"sign.key","format":{"type":"JwkPropertyFormat"}},
		{"secretId":"enc.key","format":{"type":"SecretKeyPropertyFormat","config":{"algorithm":"AES","format":"PLAIN"}}}]}},
	{"name":"signed","type":"PrivateKeyJwtClientAuthenticationFilter","config":{"clientId":"app","tokenEndpoint":"http://as/token","secretsProvider":"keys",
		"signingSecretId":"sign.key","signingAlgorithm":"ES256","jwtExpirationTimeout":"2 minutes","claims":{"aud":"http://as","extra":["${1+1}"]}}},
	{"name":"encrypted","type":"EncryptedPrivateKeyJwtClientAuthenticationFilter","config":{"clientId":"app","tokenEndpoint":"http://as/token","secretsProvider":"keys",
		"signingSecretId":"sign.key","signingAlgorithm":"ES256","encryptionAlgorithm":"dir","encryptionMethod":"A256GCM","encryptionSecretId":"enc.key"}}]`).ok(t)
	seen := map[string]bool{}
	for _, name := range []string{"signed", "signed", "encrypted"} {
		x := exchangeFor(t, "http://as/token")
		_, err := object[chain.Filter](t, f, name).Filter(x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			form := formOf(t, " "+x.Request.Entity.String())
			if form.Get("client_id") != "app" || form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
				t.Errorf("form %v", form)
			}
			o := jose.OpenOptions{Verify: &jose.VerifyOptions{Keys: jose.NewKeySet(key), Algorithms: []jose.Algorithm{jose.ES256}}}
			if name == "encrypted" {
				o.Decrypt = &jose.DecryptOptions{Keys: jose.NewKeySet(aes), Algorithms: []jose.Algorithm{jose.Dir}, Encryptions: jose.Encryptions()}
			}
			opened, err := jose.Open(t.Context(), form.Get("client_assertion"), o)
			if err != nil {
				t.Fatal(err)
			}
			c, err := jose.ParseClaims(opened.Payload)
			if err != nil {
				t.Fatal(err)
			}
			wantAudience, life := "http://as", 2*time.Minute
			if name == "encrypted" {
				wantAudience, life = "http://as/token", time.Minute
			}
			if c.Issuer != "app" || c.Subject != "app" || len(c.Audience) != 1 || c.Audience[0] != wantAudience ||
				!c.Expires.Equal(f.now().Add(life)) || !c.IssuedAt.Equal(f.now()) || len(c.ID) < 20 || seen[c.ID] {
				t.Errorf("claims %+v", c)
			}
			seen[c.ID] = true
			if name == "signed" && (fmt.Sprint(c.Values["extra"]) != "[2]" || opened.Signed.Header.KeyID != "client-key") {
				t.Errorf("extra %v, kid %q", c.Values["extra"], opened.Signed.Header.KeyID)
			}
			return chain.NewResponse(200), nil
		}))
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestClientBadConfiguration(t *testing.T) {
	tests := []struct{ typ, config, want string }{
		{"HttpBasicAuthenticationClientFilter", `{"username":"a:b","passwordSecretId":"a","secretsProvider":"env"}`, `the name has a colon, which ends it in this scheme (RFC 7617 §2); set "urlEncodeCredentials" if the service decodes it`},
		{"ClientSecretBasicAuthenticationFilter", `{"clientId":"a","secretsProvider":"env"}`, `the required field "clientSecretId" is missing`},
		{"PrivateKeyJwtClientAuthenticationFilter", `{"clientId":"a","tokenEndpoint":"http://as/t","signingSecretId":"k","secretsProvider":"env","signingAlgorithm":"RSA256"}`, `"RSA256" is no signature algorithm (did you mean "RS256"?)`},
		{"PrivateKeyJwtClientAuthenticationFilter", `{"clientId":"a","tokenEndpoint":"token","signingSecretId":"k","secretsProvider":"env"}`, `expected an absolute URL such as "https://host/path", found "token"`},
		{"EncryptedPrivateKeyJwtClientAuthenticationFilter", `{"clientId":"a","tokenEndpoint":"http://as/t","signingSecretId":"k","secretsProvider":"env","encryptionAlgorithm":"RSA1_5","encryptionSecretId":"e"}`, `"RSA1_5" is no encryption algorithm`},
		{"EncryptedPrivateKeyJwtClientAuthenticationFilter", `{"clientId":"a","tokenEndpoint":"http://as/t","signingSecretId":"k","secretsProvider":"env","encryptionAlgorithm":"dir","encryptionMethod":"A256CGM","encryptionSecretId":"e"}`, `"A256CGM" is no encryption method (did you mean "A256GCM"?)`},
		{"ClientCredentialsOAuth2ClientFilter", `{"scopes":["a"]}`, `the required field "tokenEndpoint" is missing`},
		{"ClientCredentialsOAuth2ClientFilter", `{"tokenEndpoint":"http://as/t","scopes":["a b"]}`, `expected a scope, which is a word without blanks and quotes, found "a b"`},
		{"ClientCredentialsOAuth2ClientFilter", `{"tokenEndpoint":"http://as/t","clientSecretId":"a","secretsProvider":"env"}`, `the required field "clientId" is missing`},
		{"ResourceOwnerOAuth2ClientFilter", `{"tokenEndpoint":"http://as/t","username":"demo","secretsProvider":"env"}`, `the required field "passwordSecretId" is missing`},
		{"OAuth2TokenExchangeFilter", `{"endpoint":"http://as/t"}`, `the required field "subjectToken" is missing`},
		{"OAuth2TokenExchangeFilter", `{"subjectToken":"a"}`, `expected "amService" or "endpoint"`},
		{"OAuth2TokenExchangeFilter", `{"endpoint":"http://as/t","subjectToken":"a","failureHandler":"env"}`, `expected a handler, found the object "env" (SystemAndEnvSecretStore)`},
	}
	for _, tt := range tests {
		f := newFixture(t).load(t, `[{"name":"r","type":"`+tt.typ+`","config":`+tt.config+`}]`)
		if got := fmt.Sprint(f.errs.Err()); !strings.HasSuffix(got, ": "+tt.want) {
			t.Errorf("%s %s\n got %s\nwant …%s", tt.typ, tt.config, got, tt.want)
		}
	}
}

func TestClientCredentialsUnusedFields(t *testing.T) {
	f := newFixture(t).load(t, `[{"name":"cc","type":"ClientCredentialsOAuth2ClientFilter","config":{"tokenEndpoint":"http://as/t","clientId":"a","secretsProvider":"env"}}]`).ok(t)
	if got := fmt.Sprint(f.errs.Warnings()); strings.Count(got, "the field has no effect") != 2 {
		t.Errorf("warnings %s", got)
	}
}

const clientCredentialsDecl = `[{"name":"cc","type":"ClientCredentialsOAuth2ClientFilter","config":{"tokenEndpoint":"http://as/token","scopes":["a","b"],
	"endpointHandler":{"type":"Chain","config":{"filters":[{"type":"ClientSecretBasicAuthenticationFilter","config":{"clientId":"client-service","clientSecretId":"client.secret.id",
	"secretsProvider":{"type":"Base64EncodedSecretStore","config":{"secrets":{"client.secret.id":"cGFzc3dvcmQ="}}}}}],"handler":"ForgeRockClientHandler"}}}}]`

// tokens makes the fake server issue t1, t2 and so on.
func (f *fixture) tokens(extra string) {
	f.server = func(*chain.Exchange) (*chain.Response, error) {
		return reply(200, fmt.Sprintf(`{"access_token":"t%d","token_type":"Bearer"%s}`, f.count(), extra))
	}
}

func TestClientCredentials(t *testing.T) {
	f := newFixture(t).load(t, clientCredentialsDecl).ok(t)
	f.tokens(`,"expires_in":60`)
	filter := object[chain.Filter](t, f, "cc")
	var got []string
	send := func() {
		t.Helper()
		x := exchangeFor(t, "http://api/", "Authorization", "Bearer of-the-client")
		_, err := filter.Filter(x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			got = append(got, strings.Join(x.Request.Header["Authorization"], "|"))
			return chain.NewResponse(200), nil
		}))
		if err != nil {
			t.Fatal(err)
		}
	}
	send()
	send()
	f.pass(51 * time.Second)
	send()
	if want := "Bearer t1, Bearer t1, Bearer t2"; strings.Join(got, ", ") != want {
		t.Errorf("sent %q, want %q: the token is reused until shortly before its end", got, want)
	}
	if want := "POST http://as/token grant_type=client_credentials&scope=a+b"; f.requests[0] != want {
		t.Errorf("token request %q, want %q", f.requests[0], want)
	}
}

func TestClientCredentialsRetry(t *testing.T) {
	tests := []struct {
		name      string
		challenge []string
		sent      string // tokens that the resource saw
		status    int
	}{
		{"refused token", []string{`Bearer realm="x", error="invalid_token"`}, "t1 t2", 200},
		{"no challenge", nil, "t1 t2", 200},
		{"bare challenge", []string{"Bearer"}, "t1 t2", 200},
		{"lacking scope", []string{`Bearer error="insufficient_scope"`}, "t1", 401},
		{"other scheme", []string{"Basic realm=x"}, "t1", 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t).load(t, clientCredentialsDecl).ok(t)
			f.tokens(`,"expires_in":60`)
			var sent []string
			x := exchangeFor(t, "http://api/a")
			x.Request.Method = "POST"
			x.Request.Entity.SetStream(stream("the body"), -1)
			resp, err := object[chain.Filter](t, f, "cc").Filter(x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
				token := strings.TrimPrefix(x.Request.Header.Get("Authorization"), "Bearer ")
				sent = append(sent, token)
				if got := x.Request.Entity.String(); got != "the body" || x.Request.URI.RawPath != "/a" {
					t.Errorf("attempt with %s: body %q, path %q", token, got, x.Request.URI.RawPath)
				}
				x.Request.URI.RawPath = "/changed by those below"
				if token == "t2" {
					return chain.NewResponse(200), nil
				}
				r := chain.NewResponse(401)
				r.Header["Www-Authenticate"] = tt.challenge
				return r, nil
			}))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(sent, " "); got != tt.sent || resp.Status.Code != tt.status {
				t.Errorf("sent %q, status %d; want %q, %d", got, resp.Status.Code, tt.sent, tt.status)
			}
		})
	}
}

func TestClientCredentialsDoNotHammer(t *testing.T) {
	f := newFixture(t).load(t, clientCredentialsDecl).ok(t)
	f.tokens(`,"expires_in":600`)
	filter := object[chain.Filter](t, f, "cc")
	refuse := chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return chain.NewResponse(401), nil })
	for range 10 {
		if resp, err := filter.Filter(exchangeFor(t, "http://api/"), refuse); err != nil || resp.Status.Code != 401 {
			t.Fatal(resp, err)
		}
	}
	if f.count() != 2 {
		t.Errorf("%d token requests for ten refusals at once, want 2", f.count())
	}
	f.pass(5 * time.Second)
	if _, err := filter.Filter(exchangeFor(t, "http://api/"), refuse); err != nil {
		t.Fatal(err)
	}
	if f.count() != 3 {
		t.Errorf("%d token requests after the pause, want 3", f.count())
	}
}

func TestClientCredentialsFailures(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"refused", 401, `{"error":"invalid_client","error_description":"Client authentication failed"}`,
			"get an access token from http://as/token: invalid_client: Client authentication failed"},
		{"a page", 502, `<html>`, "get an access token from http://as/token: server_error: unable to exchange access token [status=502]"},
		{"an error with another status", 503, `{"error":"temporarily_unavailable"}`, "get an access token from http://as/token: server_error: unable to exchange access token [status=503]"},
		{"a page for a token", 200, `<html>`, "get an access token from http://as/token: server_error: the authorization server's answer is no JSON object"},
		{"no token", 200, `{"token_type":"Bearer"}`, "get an access token from http://as/token: server_error: the authorization server's answer has no usable access token"},
		{"line break in the token", 200, `{"access_token":"a\r\nX: y"}`, "get an access token from http://as/token: server_error: the authorization server's answer has no usable access token"},
		{"other type", 200, `{"access_token":"a","token_type":"mac"}`, `the authorization server issued a token of type "mac", which cannot be sent`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t).load(t, clientCredentialsDecl).ok(t)
			f.server = func(*chain.Exchange) (*chain.Response, error) { return reply(tt.status, tt.body) }
			_, err := object[chain.Filter](t, f, "cc").Filter(exchangeFor(t, "http://api/"), chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) {
				t.Error("the request went on without a token")
				return nil, nil
			}))
			if fmt.Sprint(err) != tt.want {
				t.Errorf("error\n got %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestClientCredentialsAskOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).load(t, clientCredentialsDecl).ok(t)
		answer := make(chan struct{})
		f.server = func(x *chain.Exchange) (*chain.Response, error) {
			select {
			case <-answer:
			case <-x.Ctx().Done():
				return nil, x.Ctx().Err()
			}
			return reply(200, `{"access_token":"t","expires_in":60}`)
		}
		filter := object[chain.Filter](t, f, "cc")
		ok := chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			if got := x.Request.Header.Get("Authorization"); got != "Bearer t" {
				t.Errorf("Authorization %q", got)
			}
			return chain.NewResponse(200), nil
		})
		ctx, giveUp := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := filter.Filter(exchangeFor(t, "http://api/").WithCtx(ctx), ok); !errors.Is(err, context.Canceled) {
				t.Errorf("the first, which gave up: %v", err)
			}
		})
		synctest.Wait()
		for range 8 {
			all.Go(func() {
				if _, err := filter.Filter(exchangeFor(t, "http://api/"), ok); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		giveUp()
		synctest.Wait()
		close(answer)
		all.Wait()
		if f.count() != 2 {
			t.Errorf("%d token requests, want one that was given up and one more", f.count())
		}
	})
}

func TestResourceOwner(t *testing.T) {
	f := newFixture(t)
	f.env["USER_SECRET_ID"] = "Y2g0bmc="
	f.load(t, `[{"name":"ro","type":"ResourceOwnerOAuth2ClientFilter","config":{"tokenEndpoint":"http://as/token","username":"demo","passwordSecretId":"user.secret.id","secretsProvider":"env","scopes":["s"]}}]`).ok(t)
	f.tokens(`,"expires_in":60,"refresh_token":"r1"`)
	filter := object[chain.Filter](t, f, "ro")
	send := func() string {
		t.Helper()
		got := ""
		_, err := filter.Filter(exchangeFor(t, "http://api/"), chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			got = x.Request.Header.Get("Authorization")
			return chain.NewResponse(200), nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	send()
	f.pass(time.Minute)
	send()
	f.pass(time.Minute)
	f.server = func(x *chain.Exchange) (*chain.Response, error) {
		if strings.Contains(f.requests[len(f.requests)-1], "refresh_token") {
			return reply(400, `{"error":"invalid_grant"}`)
		}
		return reply(200, `{"access_token":"again","expires_in":60}`)
	}
	if got := send(); got != "Bearer again" {
		t.Errorf("sent %q after the refresh token ended", got)
	}
	want := []string{
		"POST http://as/token grant_type=password&password=ch4ng&scope=s&username=demo",
		"POST http://as/token grant_type=refresh_token&refresh_token=r1",
		"POST http://as/token grant_type=refresh_token&refresh_token=r1",
		"POST http://as/token grant_type=password&password=ch4ng&scope=s&username=demo",
	}
	if got := strings.Join(f.requests, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("requests\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}
