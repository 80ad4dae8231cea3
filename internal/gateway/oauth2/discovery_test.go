package oauth2

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/jose"
)

func TestNormalized(t *testing.T) {
	tests := []struct{ in, resource, host string }{
		{"demo@example.com", "acct:demo@example.com", "https://example.com/"},
		{"acct:demo@example.com", "acct:demo@example.com", "https://example.com/"},
		{"a@b@example.com:8443", "acct:a@b@example.com:8443", "https://example.com:8443/"},
		{"example.com", "https://example.com", "https://example.com/"},
		{"example.com:8080/demo", "https://example.com:8080/demo", "https://example.com:8080/"},
		{"http://app.example.com:8081/demo#x", "http://app.example.com:8081/demo", "http://app.example.com:8081/"},
		{"", "", ""},
		{"@example.com", "", ""},
		{"demo@", "", ""},
		{"file:///etc/passwd", "", ""},
		{"https://user@example.com/", "", ""},
		{"demo@evil.example.com/x", "", ""},
		{"a b@example.com", "", ""},
		{"gopher://example.com/", "", ""},
	}
	for _, tt := range tests {
		resource, host, err := normalized(tt.in)
		if resource != tt.resource || host != tt.host || (err != nil) != (tt.host == "") {
			t.Errorf("normalized(%q) = %q, %q, %v, want %q, %q", tt.in, resource, host, err, tt.resource, tt.host)
		}
	}
}

// registrar adds WebFinger and registration to the provider.
type registrar struct {
	*provider
	answer   map[string]any
	href     string
	fingers  int
	received []map[string]any
}

func (r *registrar) serve(x *chain.Exchange) (*chain.Response, error) {
	switch u := x.Request.URI; {
	case u.RawPath == "/.well-known/webfinger":
		r.fingers++
		q := chain.QueryForm(u)
		if u.HostPort() != "users.example.com:8081" || q["resource"][0] != "http://users.example.com:8081/demo" || q["rel"][0] != webFingerRel {
			return reply(404, "")
		}
		return r.json(200, map[string]any{"links": []any{
			map[string]any{"rel": "other", "href": "https://evil.example.com"}, map[string]any{"rel": webFingerRel, "href": r.href},
		}})
	case strings.HasSuffix(u.RawPath, "/register"):
		body, _ := x.Request.Entity.Bytes()
		var m map[string]any
		if err := json.Unmarshal(body, &m); err != nil {
			r.t.Error(err)
		}
		r.received = append(r.received, m)
		if r.answer == nil {
			return r.json(400, map[string]any{"error": "invalid_client_metadata"})
		}
		return r.json(201, r.answer)
	}
	return r.provider.serve(x)
}

func newRegistrar(t *testing.T, fields string, answer map[string]any) (*site, *registrar) {
	s := newSite(t, failureHandler+`"loginHandler":{"type":"TestSelection"},"metadata":{"client_name":"gateway","pkce_method":"S256",
		"redirect_uris":["https://gw.example.com/home/login/callback"],"scopes":["openid","profile"]},`+fields+`"discoveryHandler":"ClientHandler"`,
		inMemory, `{"name":"unused","type":"TestSelection"}`)
	r := &registrar{provider: s.op, href: opIssuer, answer: answer}
	s.fixture.server = r.serve
	return s, r
}

const discoveryLink = "https://gw.example.com/home/login/login?discovery=http%3A%2F%2Fusers.example.com%3A8081%2Fdemo&goto=%2Fhome%2Fpage%3Fa%3Db"

func TestDynamicRegistration(t *testing.T) {
	s, r := newRegistrar(t, "", map[string]any{"client_id": "app", "client_secret": "s3cret", "token_endpoint_auth_method": "client_secret_post"})
	b := s.browser()
	b.want(page, 200, "choose for "+page)
	to := b.location(discoveryLink)
	if q := mustQuery(t, to); q.Get("login_hint") != "http://users.example.com:8081/demo" || q.Get("scope") != "openid profile" {
		t.Errorf("the authorization request is %v", q)
	}
	if got := b.location(s.op.consent(to)); got != page {
		t.Errorf("the login leads to %q", got)
	}
	b.want(page, 200, "granted")
	if form := formOf(t, s.requestsTo("/token")[0]); form.Get("client_secret") != "s3cret" {
		t.Errorf("the token request is %v", form)
	}
	s.browser().location(discoveryLink)
	if len(r.received) != 1 || r.fingers != 1 {
		t.Errorf("%d registrations and %d look-ups, want one each", len(r.received), r.fingers)
	}
	m := r.received[0]
	if m["scope"] != "openid profile" || m["client_name"] != "gateway" || m["token_endpoint_auth_method"] != "client_secret_basic" || m["pkce_method"] != nil {
		t.Errorf("registered %v", m)
	}
	if strings.Contains(s.log.String(), "s3cret") {
		t.Error("the client's secret is in the log")
	}
}

func TestDynamicRegistrationWithKey(t *testing.T) {
	key := newKey(t, "client-key")
	text, err := key.MarshalPrivate()
	if err != nil {
		t.Fatal(err)
	}
	f := func(s *site) { s.env["SIGN_KEY"] = string(text) }
	s, r := newRegistrar(t, `"discoverySecretId":"sign.key","tokenEndpointAuthSigningAlg":"ES256","secretsProvider":{"type":"SystemAndEnvSecretStore",
		"config":{"mappings":[{"secretId":"sign.key","format":{"type":"JwkPropertyFormat"}}]}},`, map[string]any{"client_id": "app"})
	f(s)
	b := s.browser()
	b.location(s.op.consent(b.location(discoveryLink)))
	b.want(page, 200, "granted")
	form := formOf(t, s.requestsTo("/token")[0])
	signed, err := jose.Verify(t.Context(), form.Get("client_assertion"), jose.VerifyOptions{Keys: jose.NewKeySet(key), Algorithms: []jose.Algorithm{jose.ES256}})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := jose.ParseClaims(signed.Payload); err != nil || c.Issuer != "app" || c.Audience[0] != opIssuer+"/token" {
		t.Errorf("the assertion has %+v, %v", c, err)
	}
	sent, _ := json.Marshal(r.received[0]["jwks"])
	if set, err := jose.ParseKeySet(sent); err != nil || set.Len() != 1 || set.Keys()[0].IsPrivate() {
		t.Errorf("the registered keys are %s, %v", sent, err)
	}
}

func TestDiscoveryRefusals(t *testing.T) {
	good := map[string]any{"client_id": "app", "client_secret": "x"}
	tests := []struct {
		name, link string
		do         func(s *site, r *registrar)
		want       string
	}{
		{"no address", "https://gw.example.com/home/login/login?discovery=", nil, "invalid_request: The parameter discovery is no address of a user or server."},
		{"host without answer", "https://gw.example.com/home/login/login?discovery=a@nobody.example.com", nil, "server_error: The authorization server cannot be found."},
		{"issuer that its document denies", discoveryLink, func(_ *site, r *registrar) {
			r.document = func(m map[string]any) { m["issuer"] = "https://evil.example.com" }
		}, "server_error: the authorization server's configuration cannot be read"},
		{"link that is no URL", discoveryLink, func(_ *site, r *registrar) { r.href = "file:///etc/passwd" }, "server_error: The authorization server cannot be found."},
		{"registration refused", discoveryLink, func(_ *site, r *registrar) { r.answer = nil }, "server_error: The authorization server cannot be found."},
		{"no client id", discoveryLink, func(_ *site, r *registrar) { r.answer = map[string]any{} }, "server_error: The authorization server cannot be found."},
		{"no secret", discoveryLink, func(_ *site, r *registrar) { r.answer = map[string]any{"client_id": "app"} }, "server_error: The authorization server cannot be found."},
		{"no registration", discoveryLink, func(_ *site, r *registrar) {
			r.document = func(m map[string]any) { delete(m, "registration_endpoint") }
		}, "server_error: The authorization server registers no clients."},
		{"callback that is not registered", strings.Replace(discoveryLink, "gw.", "other.", 1), nil,
			"invalid_request: None of the configured redirect_uris is the callback of this client endpoint."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, r := newRegistrar(t, "", good)
			if tt.do != nil {
				tt.do(s, r)
			}
			s.browser().want(tt.link, 500, tt.want)
		})
	}
	t.Run("not configured", func(t *testing.T) {
		s := plainSite(t)
		s.browser().want(discoveryLink, 500, "invalid_request: The address belongs to no authorization server that is known here.")
		if len(s.requests) != 0 {
			t.Errorf("requests were sent: %v", s.requests)
		}
	})
}

func TestSupportedDomains(t *testing.T) {
	registration := strings.Replace(appRegistration(""), `{"wellKnownEndpoint"`, `{"supportedDomains":["users\\.example\\.com(:\\d+)?"],"wellKnownEndpoint"`, 1)
	s := newSite(t, failureHandler+`"registrations":[`+registration+`]`)
	b := s.browser()
	if got := mustQuery(t, b.location(discoveryLink)).Get("client_id"); got != "app" {
		t.Errorf("client_id %q", got)
	}
	b.want("https://gw.example.com/home/login/login?discovery="+url.QueryEscape("http://users.example.com.evil.example.com/"), 500,
		"invalid_request: The address belongs to no authorization server that is known here.")
}
