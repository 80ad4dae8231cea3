package oauth2

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
)

const introspected = `{"active":true,"scope":"mail employeenumber","realm":"/","client_id":"app","exp":1800000600,"cnf":{"a":[1,2.5]},"auditTrackingId":"track-7"}`

func resource(config string) string {
	return `[{"name":"rs","type":"OAuth2ResourceServerFilter","config":{"accessTokenResolver":{"type":"TokenIntrospectionAccessTokenResolver",
		"config":{"endpoint":"http://as.example.com/introspect"}},` + config + `}}]`
}

func TestResourceServerAnswers(t *testing.T) {
	const (
		badToken = `Bearer realm="x", error="invalid_token", error_description="The access token provided is expired, revoked, malformed, or invalid for other reasons."`
		bad      = `Bearer realm="x", error="invalid_request", error_description="The request is missing a required parameter, includes an unsupported parameter or parameter value, repeats the same parameter, uses more than one method for including an access token, or is otherwise malformed."`
		scope    = `Bearer realm="x", scope="mail", error="insufficient_scope", error_description="The request requires higher privileges than provided by the access token."`
	)
	config := `"scopes":["mail"],"realm":"x","requireHttps":false`
	tests := []struct {
		name, config, uri string
		header            []string
		answer            string // of the authorization server
		status            int
		challenge         string
	}{
		{"good", config, "http://h/", []string{"Authorization", "Bearer abc"}, introspected, 200, ""},
		{"scheme in any case", config, "http://h/", []string{"Authorization", "  bearer abc "}, introspected, 200, ""},
		{"no header", config, "http://h/", nil, "", 401, `Bearer realm="x"`},
		{"no header and no realm", `"requireHttps":false`, "http://h/", nil, "", 401, `Bearer`},
		{"realm is quoted", `"requireHttps":false,"realm":"a\"b\\c"`, "http://h/", nil, "", 401, `Bearer realm="a\"b\\c"`},
		{"other scheme", config, "http://h/", []string{"Authorization", "Basic abc"}, "", 401, `Bearer realm="x"`},
		{"no blank", config, "http://h/", []string{"Authorization", "Bearer"}, "", 401, `Bearer realm="x"`},
		{"other scheme that begins alike", config, "http://h/", []string{"Authorization", "BearerX abc"}, "", 401, `Bearer realm="x"`},
		{"two headers", config, "http://h/", []string{"Authorization", "Bearer a", "Authorization", "Bearer b"}, "", 400, bad},
		{"inactive", config, "http://h/", []string{"Authorization", "Bearer abc"}, `{"active":false}`, 401, badToken},
		{"active is a text", config, "http://h/", []string{"Authorization", "Bearer abc"}, `{"active":"true","scope":"mail"}`, 401, badToken},
		{"name twice in the answer", config, "http://h/", []string{"Authorization", "Bearer abc"}, `{"active":false,"active":true,"scope":"mail"}`, 401, badToken},
		{"not JSON", config, "http://h/", []string{"Authorization", "Bearer abc"}, `<html>`, 401, badToken},
		{"expired", config, "http://h/", []string{"Authorization", "Bearer abc"}, `{"active":true,"scope":"mail","exp":1799999999}`, 401, badToken},
		{"ends this second", config, "http://h/", []string{"Authorization", "Bearer abc"}, `{"active":true,"scope":"mail","exp":1800000000}`, 200, ""},
		{"no exp", config, "http://h/", []string{"Authorization", "Bearer abc"}, `{"active":true,"scope":"mail"}`, 200, ""},
		{"exp beyond reason", config, "http://h/", []string{"Authorization", "Bearer abc"}, `{"active":true,"scope":"mail","exp":9223372036854775807}`, 200, ""},
		{"negative exp", config, "http://h/", []string{"Authorization", "Bearer abc"}, `{"active":true,"scope":"mail","exp":-5}`, 401, badToken},
		{"scopes as a list", config, "http://h/", []string{"Authorization", "Bearer abc"}, `{"active":true,"scope":["x","mail"]}`, 200, ""},
		{"scope is lacking", config, "http://h/", []string{"Authorization", "Bearer abc"}, `{"active":true,"scope":"mailbox"}`, 403, scope},
		{"no scopes wanted", `"scopes":[],"requireHttps":false`, "http://h/", []string{"Authorization", "Bearer abc"}, `{"active":true}`, 200, ""},
		{"scope by request", `"scopes":["${request.uri.path == '/e' ? 'employee' : 'mail'}"],"requireHttps":false`, "http://h/e",
			[]string{"Authorization", "Bearer abc"}, introspected, 403,
			`Bearer scope="employee", error="insufficient_scope", error_description="The request requires higher privileges than provided by the access token."`},
		{"plain http", `"scopes":[]`, "http://h/", []string{"Authorization", "Bearer abc"}, "", 403, ""},
		{"https", `"scopes":[]`, "https://h/", []string{"Authorization", "Bearer abc"}, introspected, 200, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t).load(t, resource(tt.config)).ok(t)
			f.server = func(*chain.Exchange) (*chain.Response, error) { return reply(200, tt.answer) }
			if tt.answer == "" {
				f.server = func(x *chain.Exchange) (*chain.Response, error) {
					t.Error("the server was asked")
					return reply(500, "")
				}
			}
			x := exchangeFor(t, tt.uri, tt.header...)
			passed := false
			resp, err := object[chain.Filter](t, f, "rs").Filter(x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
				passed = true
				if got := x.Request.Header["Authorization"]; !slices.Equal(got, tt.header[1:2]) {
					t.Errorf("Authorization became %q", got)
				}
				return chain.NewResponse(200), nil
			}))
			if err != nil {
				t.Fatal(err)
			}
			if resp.Status.Code != tt.status || passed != (tt.status == 200) {
				t.Errorf("status %d (cause %v), passed %v; want %d", resp.Status.Code, resp.Cause, passed, tt.status)
			}
			if got := resp.Header.Get("WWW-Authenticate"); got != tt.challenge {
				t.Errorf("challenge\n got %s\nwant %s", got, tt.challenge)
			}
			if !resp.Entity.Empty() {
				t.Error("the answer has a body")
			}
		})
	}
}

func TestResourceServerFailures(t *testing.T) {
	f := newFixture(t).load(t, resource(`"scopes":["${request.headers['X-Scope'][0]}"],"requireHttps":false`)).ok(t)
	f.server = func(*chain.Exchange) (*chain.Response, error) { return reply(200, introspected) }
	filter := object[chain.Filter](t, f, "rs")
	if _, err := filter.Filter(exchangeFor(t, "http://h/", "Authorization", "Bearer a"), nil); !errors.Is(err, errNoScope) {
		t.Errorf("an expression that yields null: %v, want %v", err, errNoScope)
	}
	x := exchangeFor(t, "http://h/", "Authorization", "Bearer a", "X-Scope", `a" x="b`)
	if _, err := filter.Filter(x, nil); err == nil {
		t.Error("an expression that yields no scope passed into the challenge")
	}

	f.server = func(*chain.Exchange) (*chain.Response, error) { return nil, errors.New("connection refused") }
	resp, err := filter.Filter(exchangeFor(t, "http://h/", "Authorization", "Bearer s3cr3t-token"), nil)
	if err != nil || resp.Status.Code != 401 {
		t.Fatalf("server down: %v, %v, want 401", resp, err)
	}
	if log := f.log.String(); !strings.Contains(log, "level=WARN") || !strings.Contains(log, "connection refused") || strings.Contains(log, "s3cr3t") {
		t.Errorf("log: %s", log)
	}
}

func TestResourceServerContext(t *testing.T) {
	f := newFixture(t).load(t, resource(`"scopes":["mail"],"requireHttps":false`)).ok(t)
	f.server = func(*chain.Exchange) (*chain.Response, error) { return reply(200, introspected) }
	x := exchangeFor(t, "http://h/", "Authorization", "Bearer abc")
	tests := []struct{ src, want string }{
		{"${contexts.oauth2.accessToken.info}", "{active=true, scope=mail employeenumber, realm=/, client_id=app, exp=1800000600, cnf={a=[1, 2.5]}, auditTrackingId=track-7}"},
		{"${contexts.oauth2.accessToken.info.client_id}", "app"},
		{"${contexts.oauth2.accessToken.info['realm']}", "/"},
		{"${contexts.oauth2.accessToken.info.cnf.a[1]}", "2.5"},
		{"${contexts.oauth2.accessToken.info.nothing}", ""},
		{"${contexts.oauth2.accessToken.token}", "abc"},
		{"${contexts.oauth2.accessToken.scopes}", "[mail, employeenumber]"},
		{"${contexts.oauth2.accessToken.scopes[0]}", "mail"},
		{"${contains(contexts.oauth2.accessToken.scopes, 'mail')}", "true"},
		{"${contexts.oauth2.accessToken.expiresAt}", "1800000600000"},
		{"${contexts.oauth2.accessToken.asJsonValue().realm}", "/"},
		{"${contexts.oauth2.contextName}", "oauth2"},
		{"${contexts.oauth2.id}", "1"},
		{"${length(contexts.oauth2.accessToken.info)}", "7"},
		{"${contexts.oauth2}", "{accessToken={info={active=true, scope=mail employeenumber, realm=/, client_id=app, exp=1800000600, cnf={a=[1, 2.5]}, auditTrackingId=track-7}, token=abc, scopes=[mail, employeenumber], expiresAt=1800000600000}}"},
	}
	_, err := object[chain.Filter](t, f, "rs").Filter(x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		for _, tt := range tests {
			e, err := expr.Compile("-"+tt.src, &expr.Env{Warn: func(_ expr.Scope, w string, _ error) {
				if !strings.Contains(tt.src, "nothing") {
					t.Errorf("%s warns: %s", tt.src, w)
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(e.Eval(x)); got != "-"+tt.want {
				t.Errorf("%s\n got %s\nwant -%s", tt.src, got, tt.want)
			}
		}
		e, err := expr.Compile("${contexts.oauth2.accessToken.info.realm}", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = e.Assign(x, "/other")
		if got, _ := e.Text(x); got != "/" {
			t.Errorf("the token was changed: realm %q", got)
		}
		return chain.NewResponse(200), nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got := chain.Find[*chain.AuditContext](x.Context).TrackingIDs; !slices.Equal(got, []string{"track-7"}) {
		t.Errorf("tracking ids %q", got)
	}
}

// access is a ResourceAccess as a script would be.
type access struct{ err error }

func (a access) RequiredScopes(x *chain.Exchange) ([]string, error) {
	return []string{strings.Trim(x.Request.URI.Path(), "/")}, a.err
}

type teapot struct{}

func (teapot) Error() string           { return "short and stout" }
func (teapot) Answer() *chain.Response { return chain.NewResponse(418) }

func TestResourceAccess(t *testing.T) {
	f := newFixture(t).load(t, resource(`"requireHttps":false`)).ok(t)
	f.server = func(*chain.Exchange) (*chain.Response, error) { return reply(200, introspected) }
	rs := object[chain.Filter](t, f, "rs").(*resourceServer)
	ok := chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return chain.NewResponse(200), nil })
	tests := []struct {
		name   string
		access ResourceAccess
		uri    string
		status int
		err    bool
	}{
		{"enough", access{}, "http://h/mail", 200, false},
		{"lacking", access{}, "http://h/admin", 403, false},
		{"own answer", access{teapot{}}, "http://h/mail", 418, false},
		{"failure", access{errors.New("x")}, "http://h/mail", 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rs.Scopes.access = tt.access
			resp, err := rs.Filter(exchangeFor(t, tt.uri, "Authorization", "Bearer a"), ok)
			if (err != nil) != tt.err || err == nil && resp.Status.Code != tt.status {
				t.Errorf("got %v, %v, want %d", resp, err, tt.status)
			}
		})
	}
}

func TestResourceServerBadConfiguration(t *testing.T) {
	tests := []struct{ name, config, want string }{
		{"no resolver", `{"scopes":[]}`, `heap[0]: the required field "accessTokenResolver" is missing`},
		{"no endpoint", `{"accessTokenResolver":{"type":"TokenIntrospectionAccessTokenResolver","config":{}}}`,
			`heap[0].config.accessTokenResolver: expected "amService" or "endpoint"`},
		{"wrong kind", `{"accessTokenResolver":"env"}`,
			`heap[0].config.accessTokenResolver: expected an access token resolver, found the object "env" (SystemAndEnvSecretStore)`},
		{"a scope is two words", `{"accessTokenResolver":"r","scopes":["a b"]}`,
			`heap[0].config.scopes[0]: expected a scope, which is a word without blanks and quotes, found "a b"`},
		{"scopes are a text", `{"accessTokenResolver":"r","scopes":"mail"}`, `heap[0].config.scopes: expected a list of scopes such as ["mail"], or the name of a ScriptableResourceAccess, found "mail"`},
		{"no end for the cache", `{"accessTokenResolver":"r","cache":{"enabled":true,"maxTimeout":"unlimited"}}`,
			`heap[0].config.cache.maxTimeout: the duration must be neither zero nor unlimited`},
		{"realm", `{"accessTokenResolver":"r","realm":"a\nb"}`, `heap[0].config.realm: the realm has a control character`},
		{"scopes of an expression", `{"accessTokenResolver":"r","scopes":"${split('mail,a b',',')}"}`, `heap[0].config.scopes[1]: expected a scope, which is a word`},
		{"expression", `{"accessTokenResolver":"r","scopes":["${request."]}`, `heap[0].config.scopes[0]: `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t).load(t, `[{"name":"rs","type":"OAuth2RSFilter","config":`+tt.config+`},
				{"name":"r","type":"TokenIntrospectionAccessTokenResolver","config":{"endpoint":"http://as/i"}}]`)
			got := fmt.Sprint(f.errs.Err())
			if i := strings.Index(got, ": "); i < 0 || !strings.HasPrefix(got[i+2:], tt.want) || strings.Contains(got, "\nroute.json") {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestCachedTokenIsCheap holds the way of a request with a cached token to the child
// context and its exchange.
func TestCachedTokenIsCheap(t *testing.T) {
	f := newFixture(t).load(t, resource(`"scopes":["mail","employeenumber"],"requireHttps":false,"realm":"x","cache":{"enabled":true}`)).ok(t)
	f.server = func(*chain.Exchange) (*chain.Response, error) {
		return reply(200, `{"active":true,"scope":"mail employeenumber","exp":1800000600}`)
	}
	filter := object[chain.Filter](t, f, "rs")
	x := exchangeFor(t, "http://h/", "Authorization", "Bearer "+strings.Repeat("x", 800))
	answer := chain.NewResponse(200)
	next := chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return answer, nil })
	allocs := testing.AllocsPerRun(200, func() {
		if resp, err := filter.Filter(x, next); err != nil || resp != answer {
			t.Fatal(resp, err)
		}
	})
	if allocs > 2 {
		t.Errorf("%v allocations a request, want at most 2", allocs)
	}
	if f.count() != 1 {
		t.Errorf("%d introspections, want 1", f.count())
	}
}

func BenchmarkCachedToken(b *testing.B) {
	now := time.Unix(1_800_000_000, 0)
	info, err := token.ParseInfo([]byte(introspected))
	if err != nil {
		b.Fatal(err)
	}
	t := token.New("abc", info, token.Never)
	clock := func() time.Time { return now }
	rs := &resourceServer{now: clock, resolver: &cached{
		resolverFunc(func(*chain.Exchange, string) (*AccessToken, error) { return t, nil }),
		amservice.NewCache(0, clock, func(*AccessToken) time.Duration { return time.Hour }),
	}}
	rs.Scopes.list = []string{"mail"}
	req := chain.NewRequest()
	req.Header.Set("Authorization", "Bearer abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")
	x := chain.New(b.Context(), req, &chain.RootContext{})
	answer := chain.NewResponse(200)
	next := chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return answer, nil })
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rs.Filter(x, next); err != nil {
			b.Fatal(err)
		}
	}
}

type resolverFunc func(*chain.Exchange, string) (*AccessToken, error)

func (f resolverFunc) Resolve(x *chain.Exchange, s string) (*AccessToken, error) { return f(x, s) }

// A handler makes the answers to requests that do not pass; the challenge stays.
func TestResourceServerFailureHandler(t *testing.T) {
	const metadata = `resource_metadata="https://h/.well-known/oauth-protected-resource"`
	f := newFixture(t)
	f.types = append(f.types, heap.Define("TestRefused", func(*struct{}, *heap.Env) (chain.Handler, error) {
		return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			return text200(eval(t, x, "${contexts.oauth2Failure.status} ${contexts.oauth2Failure.error} ${contexts.oauth2Failure.scopes}")), nil
		}), nil
	}))
	f.load(t, resource(`"scopes":["mail"],"failureHandler":{"type":"TestRefused"},"resourceMetadata":"https://h/.well-known/oauth-protected-resource"`)).ok(t)
	tests := []struct {
		name, uri, answer string
		header            []string
		body, challenge   string
	}{
		{"no token", "https://h/", "", nil, "401  []", `Bearer ` + metadata},
		{"plain http", "http://h/", "", nil, "403  []", ""},
		{"refused", "https://h/", `{"active":false}`, []string{"Authorization", "Bearer a"}, "401 invalid_token []",
			challenge("", "", "invalid_token", invalidTokenText) + ", " + metadata},
		{"two tokens", "https://h/", "", []string{"Authorization", "Bearer a", "Authorization", "Bearer b"}, "400 invalid_request []",
			challenge("", "", "invalid_request", invalidRequestText) + ", " + metadata},
		{"scope is lacking", "https://h/", `{"active":true}`, []string{"Authorization", "Bearer a"}, "403 insufficient_scope [mail]",
			challenge("", "mail", "insufficient_scope", insufficientScopeText) + ", " + metadata},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f.server = func(*chain.Exchange) (*chain.Response, error) { return reply(200, tt.answer) }
			resp, err := object[chain.Filter](t, f, "rs").Filter(exchangeFor(t, tt.uri, tt.header...), chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) {
				t.Error("the request passes")
				return chain.NewResponse(200), nil
			}))
			if err != nil {
				t.Fatal(err)
			}
			if got := resp.Entity.String(); got != tt.body {
				t.Errorf("body %q, want %q", got, tt.body)
			}
			if got := resp.Header.Get("Www-Authenticate"); got != tt.challenge {
				t.Errorf("challenge\n got %s\nwant %s", got, tt.challenge)
			}
		})
	}
}

// Tokens are in no log, whatever becomes of them.
func TestTokensAreNotLogged(t *testing.T) {
	const secret = "s3cr3t-t0k3n"
	f := newFixture(t).load(t, resource(`"scopes":["mail"],"requireHttps":false,"cache":{"enabled":true}`)).ok(t)
	for _, answer := range []string{introspected, `{"active":false}`, `{"active":true}`, `<html>` + secret, `{"error":"` + secret + `"}`} {
		for _, header := range [][]string{{"Authorization", "Bearer " + secret}, {"Authorization", "Bearer " + secret, "Authorization", "Bearer b"}} {
			f.server = func(x *chain.Exchange) (*chain.Response, error) {
				if answer == introspected {
					return nil, fmt.Errorf("POST %s: refused", x.Request.URI)
				}
				return reply(200, answer)
			}
			resp, err := object[chain.Filter](t, f, "rs").Filter(exchangeFor(t, "http://h/", header...), chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) {
				return chain.NewResponse(200), nil
			}))
			if err != nil || strings.Contains(fmt.Sprint(resp.Header, resp.Cause), secret) {
				t.Errorf("answer %v, cause %v, error %v", resp.Header, resp.Cause, err)
			}
		}
	}
	if f.log.Len() == 0 || strings.Contains(f.log.String(), secret) {
		t.Errorf("the log is\n%s", f.log.String())
	}
}
