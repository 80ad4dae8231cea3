package oauth2

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/session"
	"gatehouse/internal/jose"
)

// provider is an OpenID provider. What it does wrong on purpose is set in its fields.
type provider struct {
	t      *testing.T
	f      *fixture
	issuer string
	key    *jose.Key
	keys   []*jose.Key // published; nil: key alone

	codes    map[string]url.Values // code → the authorization request
	claims   func(map[string]any)  // changes those of an ID token
	sign     func(claims map[string]any) string
	answer   func(form url.Values, m map[string]any) // changes a token answer
	document func(map[string]any)
	subject  string // of user info; "": as in the ID token
	issued   int
	refuse   map[string]bool // access tokens that user info refuses
	failing  string          // the error of the token endpoint
	info     int             // calls of user info
	down     bool
}

const opIssuer = "https://op.example.com/oidc"

func newProvider(t *testing.T, f *fixture) *provider {
	p := &provider{t: t, f: f, issuer: opIssuer, key: newKey(t, "op-1"), codes: map[string]url.Values{}, refuse: map[string]bool{}}
	f.server = p.serve
	return p
}

func (p *provider) serve(x *chain.Exchange) (*chain.Response, error) {
	at := x.Request.URI.Scheme + "://" + x.Request.URI.HostPort() + x.Request.URI.RawPath
	if p.down || x.Request.URI.Host == "dead.example.com" {
		return reply(503, "")
	}
	switch strings.TrimPrefix(at, p.issuer) {
	case "/.well-known/openid-configuration":
		m := map[string]any{
			"issuer": p.issuer, "authorization_endpoint": p.issuer + "/authorize?realm=a", "token_endpoint": p.issuer + "/token",
			"userinfo_endpoint": p.issuer + "/userinfo", "jwks_uri": p.issuer + "/jwks", "revocation_endpoint": p.issuer + "/revoke",
			"end_session_endpoint": p.issuer + "/end", "registration_endpoint": p.issuer + "/register",
		}
		if p.document != nil {
			p.document(m)
		}
		return p.json(200, m)
	case "/jwks":
		keys := p.keys
		if keys == nil {
			keys = []*jose.Key{p.key}
		}
		b, err := jose.NewKeySet(keys...).MarshalJSON()
		if err != nil {
			p.t.Error(err)
		}
		return reply(200, string(b))
	case "/token":
		form := url.Values(x.Request.Entity.Form())
		return p.token(form)
	case "/userinfo":
		p.info++
		access := strings.TrimPrefix(x.Request.Header.Get("Authorization"), "Bearer ")
		if p.refuse[access] {
			return reply(401, "")
		}
		sub := p.subject
		if sub == "" {
			sub = "demo"
		}
		return p.json(200, map[string]any{"sub": sub, "name": "Demo User"})
	case "/revoke":
		return reply(200, "")
	}
	p.t.Errorf("the provider has no %s", at)
	return reply(404, "")
}

func (p *provider) json(status int, m map[string]any) (*chain.Response, error) {
	r := chain.NewResponse(status)
	if err := r.Entity.SetJSON(m); err != nil {
		p.t.Error(err)
	}
	return r, nil
}

func (p *provider) token(form url.Values) (*chain.Response, error) {
	if p.failing != "" {
		return reply(400, `{"error":"`+p.failing+`"}`)
	}
	nonce := ""
	if form.Get("grant_type") == "authorization_code" {
		asked, ok := p.codes[form.Get("code")]
		delete(p.codes, form.Get("code"))
		sum := sha256.Sum256([]byte(form.Get("code_verifier")))
		if !ok || form.Get("redirect_uri") != asked.Get("redirect_uri") ||
			asked.Get("code_challenge") != "" && asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) {
			return reply(400, `{"error":"invalid_grant","error_description":"no such code"}`)
		}
		nonce = asked.Get("nonce")
	}
	p.issued++
	access := fmt.Sprintf("access-%d", p.issued)
	claims := map[string]any{
		"iss": p.issuer, "sub": "demo", "aud": "app", "exp": p.f.now().Unix() + 600, "iat": p.f.now().Unix(),
		"at_hash": halfHash(jose.ES256, access),
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if p.claims != nil {
		p.claims(claims)
	}
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	sign := p.sign
	if sign == nil {
		sign = func(c map[string]any) string { return signed(p.t, p.key, jose.ES256, c) }
	}
	m := map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": 300, "scope": "openid profile",
		"refresh_token": fmt.Sprintf("refresh-%d", p.issued), "id_token": sign(claims),
	}
	if p.answer != nil {
		p.answer(form, m)
	}
	return p.json(200, m)
}

func signed(t *testing.T, k *jose.Key, a jose.Algorithm, claims map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(k, a, jose.SignerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.SignClaims(claims)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// consent is what the user does at the authorization endpoint: it returns the URL that the
// browser comes back with.
func (p *provider) consent(location string) string {
	p.t.Helper()
	u, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(location, p.issuer+"/authorize?realm=a&") {
		p.t.Fatalf("the browser is sent to %q", location)
	}
	q := u.Query()
	code := fmt.Sprintf("code-%d", len(p.f.requests))
	p.codes[code] = q
	return q.Get("redirect_uri") + "?" + url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
}

// site is a gateway with the filter in front of a resource, and its users' browsers.
type site struct {
	*fixture
	t        *testing.T
	op       *provider
	manager  session.SessionManager
	filter   chain.Filter
	resource chain.HandlerFunc
}

// browser keeps cookies.
type browser struct {
	s       *site
	cookies map[string]string
}

const (
	inMemory = `{"name":"sessions","type":"InMemorySessionManager"}`
	inCookie = `{"name":"sessions","type":"JwtSessionManager"}`
)

// newSite builds the filter: fields are those of its configuration besides the client
// endpoint, heap further declarations.
func newSite(t *testing.T, fields string, heap ...string) *site {
	t.Helper()
	f := newFixture(t)
	s := &site{fixture: f, t: t, op: newProvider(t, f)}
	s.resource = func(x *chain.Exchange) (*chain.Response, error) { return text200("granted"), nil }
	list := append([]string{}, heap...)
	if !strings.Contains(strings.Join(heap, ""), `"sessions"`) {
		list = append(list, inMemory)
	}
	if fields == "" {
		fields = `"registrations":[` + appRegistration("") + `]`
	}
	list = append(list, `{"name":"login","type":"AuthorizationCodeOAuth2ClientFilter","config":{"clientEndpoint":"/home/login",`+fields+`}}`)
	f.types = append(append(f.types[:0:0], session.All...), failureType, selectionType)
	f.load(t, "["+strings.Join(list, ",")+"]").ok(t)
	s.manager = object[session.SessionManager](t, f, "sessions")
	s.filter = object[chain.Filter](t, f, "login")
	return s
}

// appRegistration is an inline registration with further fields.
func appRegistration(more string) string {
	return `{"type":"ClientRegistration","config":{"clientId":"app","scopes":["openid","profile"],` + more + `
		"authenticatedRegistrationHandler":{"type":"Chain","config":{"filters":[{"type":"ClientSecretBasicAuthenticationFilter",
			"config":{"clientId":"app","clientSecretId":"client.secret.id","secretsProvider":"env"}}],"handler":"ForgeRockClientHandler"}},
		"issuer":{"name":"op","type":"Issuer","config":{"wellKnownEndpoint":"` + opIssuer + `/.well-known/openid-configuration"}}}}`
}

func text200(s string) *chain.Response {
	r := chain.NewResponse(200)
	r.Entity.SetBytes([]byte(s))
	return r
}

func (s *site) browser() *browser { return &browser{s, map[string]string{}} }

// get requests a URI as this browser.
func (b *browser) get(uri string) *chain.Response {
	b.s.t.Helper()
	x := exchangeFor(b.s.t, uri)
	x.Push(&chain.AttributesContext{})
	return b.send(x)
}

func (b *browser) send(x *chain.Exchange) *chain.Response {
	b.s.t.Helper()
	x = x.Push(&chain.AttributesContext{})
	for n, v := range b.cookies {
		x.Request.Header.Add("Cookie", n+"="+v)
	}
	resp, err := session.Within(b.s.manager, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		return b.s.filter.Filter(x, b.s.resource)
	})).Handle(x)
	if err != nil {
		b.s.t.Fatalf("GET %s: %v", x.Request.URI, err)
	}
	for _, c := range (&http.Response{Header: resp.Header}).Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return resp
}

// location gets a URI and returns where it redirects to.
func (b *browser) location(uri string) string {
	b.s.t.Helper()
	resp := b.get(uri)
	if resp.Status.Code != 302 {
		b.s.t.Fatalf("GET %s: status %d, body %q, want a redirect", uri, resp.Status.Code, resp.Entity.String())
	}
	return resp.Header.Get("Location")
}

const page = "https://gw.example.com/home/page?a=b"

// logIn goes through a login that begins at the page.
func (b *browser) logIn() {
	b.s.t.Helper()
	if got := b.location(b.s.op.consent(b.location(page))); got != page {
		b.s.t.Fatalf("the login leads to %q, want %q", got, page)
	}
}

// want gets a URI and compares status and body.
func (b *browser) want(uri string, status int, body string) {
	b.s.t.Helper()
	resp := b.get(uri)
	if got := resp.Entity.String(); resp.Status.Code != status || got != body {
		b.s.t.Errorf("GET %s: %d %q, want %d %q", uri, resp.Status.Code, got, status, body)
	}
}

// requestsTo counts what the provider got at an endpoint.
func (s *site) requestsTo(path string) []string {
	var found []string
	for _, r := range s.requests {
		if strings.Contains(r, path) {
			found = append(found, r)
		}
	}
	return found
}
