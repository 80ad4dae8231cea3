package am_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/am"
	"gatehouse/internal/am/store/memory"
	"gatehouse/internal/ui"
)

const (
	adminPassword = "adminadmin"
	version       = "protocol=2.1,resource=1.0"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// site is a running server and somebody who calls it.
type site struct {
	t      *testing.T
	server *am.Server
	http   *httptest.Server
	base   string // with the context
	clock  *clock
}

func newSite(t *testing.T, change ...func(*am.Options)) *site {
	t.Helper()
	c := &clock{now: time.Now()}
	o := am.Options{Engine: memory.NewAt(c.Now), AdminPassword: adminPassword, Now: c.Now, SweepEvery: -1, TrustTransactionHeader: true}
	for _, f := range change {
		f(&o)
	}
	server, err := am.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(server)
	t.Cleanup(func() {
		ts.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := o.Engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return &site{t, server, ts, ts.URL + "/openam", c}
}

// reply is an answer, read.
type reply struct {
	*http.Response
	raw  string
	body map[string]any
}

// send makes a request with a body in JSON, a form, or none, and headers in pairs.
func (s *site) send(method, path string, body any, headers ...string) reply {
	s.t.Helper()
	var in io.Reader
	kind := ""
	switch b := body.(type) {
	case nil:
	case string:
		in, kind = strings.NewReader(b), "application/json"
	case url.Values:
		in, kind = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		in, kind = bytes.NewReader(raw), "application/json"
	}
	if !strings.HasPrefix(path, "http") {
		path = s.base + path
	}
	r, err := http.NewRequest(method, path, in)
	if err != nil {
		s.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	out := reply{Response: resp, raw: string(raw)}
	_ = json.Unmarshal(raw, &out.body) // pages are no JSON
	return out
}

// want checks the status and returns the body.
func (r reply) want(t *testing.T, status int) map[string]any {
	t.Helper()
	if r.StatusCode != status {
		t.Fatalf("%s %s = %d %s, want %d", r.Request.Method, r.Request.URL, r.StatusCode, r.raw, status)
	}
	return r.body
}

// login signs in through headers and returns the session token.
func (s *site) login(path, name, password string) string {
	s.t.Helper()
	body := s.send("POST", path, "{}", "X-OpenAM-Username", name, "X-OpenAM-Password", password).want(s.t, 200)
	token, _ := body["tokenId"].(string)
	if token == "" {
		s.t.Fatalf("login of %s: no tokenId in %v", name, body)
	}
	return token
}

// admin returns a function that calls as the administrator.
func (s *site) admin() func(method, path string, body any, headers ...string) reply {
	token := s.login("/json/realms/root/authenticate", "amAdmin", adminPassword)
	return s.as(token)
}

func (s *site) as(token string) func(method, path string, body any, headers ...string) reply {
	return func(method, path string, body any, headers ...string) reply {
		s.t.Helper()
		return s.send(method, path, body, append([]string{"iPlanetDirectoryPro", token}, headers...)...)
	}
}

// at returns what a path of members leads to.
func at(v any, path ...string) any {
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

// The set-up steps of the gateway guide's client credentials example, then its token request.
func TestClientCredentialsExample(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	admin("PUT", "/json/realms/root/realm-config/agents/IdentityGatewayAgent/ig_agent",
		map[string]any{"userpassword": "password", "igTokenIntrospection": "Realm"}, "Accept-API-Version", "resource=2.0").want(t, 201)
	admin("POST", "/json/realms/root/realm-config/services/oauth-oidc?_action=create", "{}").want(t, 201)
	admin("PUT", "/json/realms/root/realm-config/agents/OAuth2Client/client-service", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "password", "scopes": []string{"client-scope"}, "defaultScopes": []string{}, "redirectionUris": []string{}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
	}, "If-None-Match", "*", "Accept-API-Version", version).want(t, 201)

	token := s.send("POST", "/oauth2/access_token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"client-service"}, "client_secret": {"password"}, "scope": {"client-scope"},
	}).want(t, 200)
	if token["token_type"] != "Bearer" || token["scope"] != "client-scope" {
		t.Errorf("token answer = %v", token)
	}
	basic := "Basic aWdfYWdlbnQ6cGFzc3dvcmQ=" // ig_agent:password
	seen := s.send("POST", "/oauth2/introspect", url.Values{"token": {token["access_token"].(string)}}, "Authorization", basic).want(t, 200)
	if seen["active"] != true || seen["realm"] != "/" || seen["iss"] != s.base+"/oauth2" {
		t.Errorf("introspection = %v", seen)
	}
	agent := s.login("/json/realms/root/authenticate?authIndexType=service&authIndexValue=Agent", "ig_agent", "password")
	info := s.as(agent)("POST", "/json/realms/root/sessions?_action=getSessionInfo", nil, "Accept-API-Version", "resource=4.0").want(t, 200)
	if info["username"] != "ig_agent" || info["universalId"] != "id=ig_agent,ou=agent,dc=openam,dc=forgerock,dc=org" {
		t.Errorf("agent's session = %v", info)
	}
}

// The set-up steps of the gateway guide's token exchange example, then its requests.
func TestTokenExchangeExample(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const mayAct = "c735de08-f8f2-4e69-aa4a-2d8d3d438323"
	got := admin("POST", "/json/realms/root/realm-config/services/validation?_action=create",
		map[string]any{"validGotoDestinations": []string{"https://ig.example.com:8443/*", "https://ig.example.com:8443/*?*"}}).want(t, 201)
	if got["_id"] != "" || at(got, "_type", "name") != "Validation Service" {
		t.Errorf("validation service = %v", got)
	}
	got = admin("POST", "/json/realms/root/realm-config/services/oauth-oidc?_action=create", map[string]any{
		"coreOAuth2Config": map[string]any{"accessTokenMayActScript": mayAct, "oidcMayActScript": mayAct},
	}).want(t, 201)
	if at(got, "coreOAuth2Config", "accessTokenMayActScript") != mayAct || at(got, "coreOAuth2Config", "accessTokenLifetime") != 3600.0 {
		t.Errorf("oauth-oidc = %v", got)
	}
	found := admin("GET", "/json/realms/root/scripts?_queryFilter="+url.QueryEscape(`name eq "OAuth2 May Act Script"`), nil).want(t, 200)
	if found["resultCount"] != 1.0 {
		t.Fatalf("scripts = %v", found)
	}
	script := found["result"].([]any)[0].(map[string]any)
	if script["_id"] != mayAct {
		t.Fatalf("script = %v", script)
	}
	script["script"] = "aW1wb3J0IG9yZy5mb3JnZXJvY2suanNvbi5Kc29uVmFsdWUKdG9rZW4uc2V0TWF5QWN0KAogICAgSnNvblZhbHVlLmpzb24oSnNvblZhbHVlLm9iamVjdCgKICAgICAgICBKc29uVmFsdWUuZmllbGQoImNsaWVudF9pZCIsICJzZXJ2aWNlQ29uZmlkZW50aWFsQ2xpZW50IikpKSk="
	script["language"] = "GROOVY"
	stored := admin("PUT", "/json/realms/root/scripts/"+mayAct, script).want(t, 200)
	if stored["script"] != script["script"] || stored["context"] != "OAUTH2_MAY_ACT" || stored["_rev"] != nil {
		t.Errorf("script after PUT = %v", stored)
	}
	for name, more := range map[string]map[string]any{
		"client-application":        {"grantTypes": []string{"password"}},
		"serviceConfidentialClient": {"grantTypes": []string{"urn:ietf:params:oauth:grant-type:token-exchange"}, "tokenEndpointAuthMethod": "client_secret_post"},
	} {
		admin("PUT", "/json/realms/root/realm-config/agents/OAuth2Client/"+name, map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"userpassword": "password", "scopes": []string{"mail", "employeenumber"}},
			"advancedOAuth2ClientConfig": more,
		}).want(t, 201)
	}
	admin("POST", "/json/realms/root/users?_action=create", map[string]any{
		"username": "demo", "userpassword": "Ch4ng31t", "mail": "demo@example.com", "employeeNumber": "123",
	}).want(t, 201)
	token := s.send("POST", "/oauth2/access_token", url.Values{
		"grant_type": {"password"}, "username": {"demo"}, "password": {"Ch4ng31t"}, "scope": {"mail employeenumber"},
	}, "Authorization", "Basic Y2xpZW50LWFwcGxpY2F0aW9uOnBhc3N3b3Jk").want(t, 200)
	seen := s.send("POST", "/oauth2/realms/root/introspect", url.Values{
		"token": {token["access_token"].(string)}, "client_id": {"client-application"}, "client_secret": {"password"},
	}).want(t, 200)
	if seen["active"] != true || seen["username"] != "demo" || seen["sub"] != "(usr!demo)" ||
		at(seen, "may_act", "client_id") != "serviceConfidentialClient" {
		t.Errorf("introspection = %v", seen)
	}
	issued := s.send("POST", "/oauth2/access_token", url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "scope": {"mail"},
		"subject_token": {token["access_token"].(string)}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
		"client_id": {"serviceConfidentialClient"}, "client_secret": {"password"},
	}).want(t, 200)
	seen = s.send("POST", "/oauth2/realms/root/introspect", url.Values{
		"token": {issued["access_token"].(string)}, "client_id": {"serviceConfidentialClient"}, "client_secret": {"password"},
	}).want(t, 200)
	if seen["active"] != true || seen["scope"] != "mail" || seen["client_id"] != "serviceConfidentialClient" || seen["sub"] != "(usr!demo)" ||
		at(seen, "may_act", "client_id") != "serviceConfidentialClient" {
		t.Errorf("introspection of the issued token = %v", seen)
	}
}

// A realm's endpoints are reached in five spellings, and by the name of a host.
func TestRealmSpellings(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	admin("POST", "/json/global-config/realms", map[string]any{"name": "alpha", "active": true, "parentPath": "/", "aliases": []string{"alpha.example.com", "word"}}).want(t, 201)
	admin("POST", "/json/global-config/realms", map[string]any{"name": "beta", "parentPath": "/alpha"}).want(t, 201)
	for _, realm := range []string{"", "/realms/alpha", "/realms/alpha/realms/beta"} {
		admin("POST", "/json/realms/root"+realm+"/realm-config/services/oauth-oidc?_action=create", "{}").want(t, 201)
	}
	const doc = "/.well-known/openid-configuration"
	other, origin := strings.Replace(s.base, "/openam", "/am", 1), strings.TrimSuffix(s.base, "/openam")
	tests := []struct{ name, url, host, issuer string }{
		{"root, short", s.base + "/oauth2" + doc, "", s.base + "/oauth2"},
		{"root, full", s.base + "/oauth2/realms/root" + doc, "", s.base + "/oauth2"},
		{"other context", other + "/oauth2" + doc, "", other + "/oauth2"},
		{"well-known name first", origin + doc + "/openam/oauth2", "", s.base + "/oauth2"},
		{"well-known name of RFC 8414 first", origin + "/.well-known/oauth-authorization-server/am/oauth2/realms/root/realms/alpha", "", other + "/oauth2/realms/root/realms/alpha"},
		{"full path", s.base + "/oauth2/realms/root/realms/alpha" + doc, "", s.base + "/oauth2/realms/root/realms/alpha"},
		{"nested", s.base + "/oauth2/realms/root/realms/alpha/realms/beta" + doc, "", s.base + "/oauth2/realms/root/realms/alpha/realms/beta"},
		{"without the root", s.base + "/oauth2/realms/alpha" + doc, "", s.base + "/oauth2/realms/root/realms/alpha"},
		{"nested, without the root", s.base + "/oauth2/realms/alpha/realms/beta" + doc, "", s.base + "/oauth2/realms/root/realms/alpha/realms/beta"},
		{"query", s.base + "/oauth2" + doc + "?realm=/alpha", "", s.base + "/oauth2/realms/root/realms/alpha"},
		{"query without slash", s.base + "/oauth2" + doc + "?realm=alpha/beta", "", s.base + "/oauth2/realms/root/realms/alpha/realms/beta"},
		{"query with alias", s.base + "/oauth2" + doc + "?realm=word", "", s.base + "/oauth2/realms/root/realms/alpha"},
		{"old path", s.base + "/oauth2/alpha" + doc, "", s.base + "/oauth2/alpha"},
		{"old path, nested", s.base + "/oauth2/alpha/beta" + doc, "", s.base + "/oauth2/alpha/beta"},
		{"host", s.base + "/oauth2" + doc, "alpha.example.com:8088", "http://alpha.example.com:8088/openam/oauth2/realms/root/realms/alpha"},
		{"host, but root in the path", s.base + "/oauth2/realms/root" + doc, "alpha.example.com", "http://alpha.example.com/openam/oauth2"},
		{"host, but another in the query", s.base + "/oauth2" + doc + "?realm=/alpha/beta", "alpha.example.com", "http://alpha.example.com/openam/oauth2/realms/root/realms/alpha/realms/beta"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			headers := []string{}
			if tt.host != "" {
				headers = append(headers, "Host", tt.host)
			}
			if got := s.send("GET", tt.url, nil, headers...).want(t, 200)["issuer"]; got != tt.issuer {
				t.Errorf("issuer = %v, want %s", got, tt.issuer)
			}
		})
	}
	t.Run("a realm cannot hide an endpoint", func(t *testing.T) {
		admin("POST", "/json/global-config/realms", map[string]any{"name": "connect"}).want(t, 201)
		if got := s.send("GET", "/oauth2/connect/jwk_uri", nil).want(t, 200); got["keys"] == nil {
			t.Errorf("keys = %v", got)
		}
	})
	t.Run("what is of no realm, by the name of a realm's host", func(t *testing.T) {
		admin("GET", "/json/global-config/realms?_queryFilter=true", nil, "Host", "alpha.example.com").want(t, 200)
		got := s.send("GET", "/json/serverinfo/*", nil, "Host", "alpha.example.com").want(t, 200)
		if got["realm"] != "/alpha" {
			t.Errorf("realm = %v", got["realm"])
		}
	})
	t.Run("unknown realm", func(t *testing.T) {
		got := s.send("POST", "/oauth2/realms/root/realms/nowhere/access_token", url.Values{}).want(t, 404)
		if got["error"] != "Not Found" || got["error_description"] != `Realm "/nowhere" not found` {
			t.Errorf("body = %v", got)
		}
		if got := s.send("POST", "/json/realms/nowhere/authenticate", nil).want(t, 400); got["message"] != "Invalid realm, /nowhere" {
			t.Errorf("body = %v", got)
		}
		got = s.send("POST", "/json/realms/root/realms/nowhere/authenticate", nil).want(t, 400)
		if got["message"] != "Invalid realm, /nowhere" {
			t.Errorf("body = %v", got)
		}
	})
	t.Run("inactive realm", func(t *testing.T) {
		admin("PUT", "/json/global-config/realms/L2FscGhhL2JldGE", map[string]any{"active": false, "aliases": []string{}}).want(t, 200)
		s.send("GET", "/oauth2/realms/root/realms/alpha/realms/beta"+doc, nil).want(t, 404)
		got := s.send("POST", "/json/realms/root/realms/alpha/realms/beta/authenticate", nil).want(t, 400)
		if got["message"] != "Org is inactive" {
			t.Errorf("body = %v", got)
		}
	})
}

// The base URL source of a realm decides what the server calls itself.
func TestBaseURLSource(t *testing.T) {
	tests := []struct {
		name    string
		service map[string]any
		headers []string
		want    string
	}{
		{"fixed", map[string]any{"source": "FIXED_VALUE", "fixedValue": "https://id.example.com/am", "contextPath": "/am"}, nil, "https://id.example.com/am"},
		{"fixed, context apart", map[string]any{"source": "FIXED_VALUE", "fixedValue": "https://id.example.com:443/", "contextPath": "/am"}, nil, "https://id.example.com:443/am"},
		{"x-forwarded", map[string]any{"source": "X_FORWARDED_HEADERS", "contextPath": ""}, []string{"X-Forwarded-Host", "front.example.com, inner", "X-Forwarded-Proto", "https"}, "https://front.example.com/openam"},
		{"x-forwarded, hostile", map[string]any{"source": "X_FORWARDED_HEADERS"}, []string{"X-Forwarded-Host", "front/..@evil", "X-Forwarded-Proto", "https"}, "http://HOST/openam"},
		{"forwarded", map[string]any{"source": "FORWARDED_HEADER", "contextPath": "/openam"}, []string{"Forwarded", `for=1.2.3.4;host="front.example.com:8443";proto=https, host=other`}, "https://front.example.com:8443/openam"},
		{"request, headers not trusted", map[string]any{"source": "REQUEST_VALUES"}, []string{"X-Forwarded-Host", "front.example.com", "Forwarded", "host=x"}, "http://HOST/openam"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			admin := s.admin()
			admin("POST", "/json/realms/root/realm-config/services/oauth-oidc?_action=create", "{}").want(t, 201)
			s.send("GET", "/oauth2/.well-known/openid-configuration", nil).want(t, 200) // read before the service is there
			admin("POST", "/json/realms/root/realm-config/services/baseurl?_action=create", tt.service).want(t, 201)
			want := strings.Replace(tt.want, "HOST", strings.TrimPrefix(s.http.URL, "http://"), 1) + "/oauth2"
			got := s.send("GET", "/oauth2/.well-known/openid-configuration", nil, tt.headers...).want(t, 200)
			if got["issuer"] != want {
				t.Errorf("issuer = %v, want %s", got["issuer"], want)
			}
		})
	}
}

// Clients behind one proxy are told apart where the realm trusts the proxy, by what that proxy says and nobody else.
func TestClientsBehindProxy(t *testing.T) {
	for source, field := range map[string]string{"X_FORWARDED_HEADERS": "X-Forwarded-For", "FORWARDED_HEADER": "Forwarded", "REQUEST_VALUES": "X-Forwarded-For"} {
		t.Run(source, func(t *testing.T) {
			s := newSite(t)
			admin := s.admin()
			admin("POST", "/json/realms/root/realm-config/services/oauth-oidc?_action=create", "{}").want(t, 201)
			admin("POST", "/json/realms/root/realm-config/services/baseurl?_action=create", map[string]any{"source": source}).want(t, 201)
			admin("PUT", "/json/realms/root/realm-config/agents/OAuth2Client/app", map[string]any{
				"coreOAuth2ClientConfig":     map[string]any{"userpassword": "secret", "scopes": []string{"read"}},
				"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
			}).want(t, 201)
			ask := func(secret, seen string) int {
				said := "203.0.113.9, " + seen
				if field == "Forwarded" {
					said = `for=203.0.113.9, proto=http;for="` + seen + `:4711"`
				}
				f := url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}, "client_id": {"app"}, "client_secret": {secret}}
				return s.send("POST", "/oauth2/access_token", f, field, said).StatusCode
			}
			for range 20 {
				ask("wrong", "192.0.2.1")
			}
			if got := ask("secret", "192.0.2.1"); got != 429 {
				t.Errorf("who guessed: %d", got)
			}
			want := 200
			if source == "REQUEST_VALUES" {
				want = 429
			}
			if got := ask("secret", "192.0.2.2"); got != want {
				t.Errorf("somebody else: %d, want %d", got, want)
			}
		})
	}
}

// What is not a resource of any kind, and what every answer carries.
func TestLayout(t *testing.T) {
	s := newSite(t)
	tests := []struct {
		name, method, path string
		status             int
		contains           string
	}{
		{"alive", "GET", "/isAlive.jsp", 200, "Server is ALIVE:"},
		{"live", "GET", "/json/health/live", 200, ""},
		{"ready", "GET", "/json/health/ready", 200, ""},
		{"nothing", "GET", "/nothing", 404, "Not Found"},
		{"no such resource", "GET", "/json/type1/node1", 404, "Resource 'type1/node1' not found"},
		{"no such endpoint", "POST", "/oauth2/nothing", 404, ""},
		{"sign-in page", "GET", "/XUI/", 200, `name="IDToken1"`},
		{"sign-in page, old address", "GET", "/UI/Login", 200, `name="IDToken2"`},
		{"style sheet", "GET", "/XUI/assets/" + ui.Asset("ui.css"), 200, "--accent"},
		{"context alone", "GET", "", 302, ""},
		{"webfinger, not offered", "GET", "/.well-known/webfinger?resource=x", 404, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := s.send(tt.method, tt.path, nil, "X-ForgeRock-TransactionId", "tx-1")
			got.want(t, tt.status)
			if !strings.Contains(got.raw, tt.contains) {
				t.Errorf("body = %s, want %q in it", got.raw, tt.contains)
			}
			if got.Header.Get("X-ForgeRock-TransactionId") != "tx-1" || got.Header.Get("X-Content-Type-Options") != "nosniff" ||
				got.Header.Get("Content-Security-Policy") == "" {
				t.Errorf("headers = %v", got.Header)
			}
		})
	}
	t.Run("transaction that would break a log", func(t *testing.T) {
		if got := s.send("GET", "/isAlive.jsp", nil, "X-ForgeRock-TransactionId", "a b"); got.Header.Get("X-ForgeRock-TransactionId") != "" {
			t.Error("it was echoed")
		}
	})
}

func TestWebFinger(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	admin("POST", "/json/realms/root/realm-config/services/oauth-oidc?_action=create",
		map[string]any{"coreOIDCConfig": map[string]any{"oidcDiscoveryEndpointEnabled": true}}).want(t, 201)
	got := s.send("GET", "/.well-known/webfinger?resource=acct:demo@example.com&rel=http://openid.net/specs/connect/1.0/issuer", nil).want(t, 200)
	links, _ := got["links"].([]any)
	if got["subject"] != "acct:demo@example.com" || len(links) != 1 || at(links[0], "href") != s.base+"/oauth2" {
		t.Errorf("body = %v", got)
	}
	s.send("GET", "/.well-known/webfinger", nil).want(t, 400)
	s.send("GET", "/.well-known/webfinger?resource=x&rel=other", nil).want(t, 400)
}

// The administrator's password is made once and not told again.
func TestFirstPassword(t *testing.T) {
	engine := memory.New()
	defer engine.Close()
	start := func() *am.Server {
		server, err := am.New(am.Options{Engine: engine})
		if err != nil {
			t.Fatal(err)
		}
		return server
	}
	first := start()
	password := first.FirstPassword
	if len(password) < 20 {
		t.Fatalf("password = %q", password)
	}
	first.Close()
	second := start()
	defer second.Close()
	if second.FirstPassword != "" {
		t.Error("the second start made a password")
	}
	ts := httptest.NewServer(second)
	defer ts.Close()
	s := &site{t: t, server: second, http: ts, base: ts.URL + "/am"}
	s.login("/json/authenticate", "amadmin", password)
	s.send("POST", "/json/authenticate", "{}", "X-OpenAM-Username", "amAdmin", "X-OpenAM-Password", adminPassword).want(t, 401)
}

func TestCrossOrigin(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	preflight := func(origin string) http.Header {
		return s.send("OPTIONS", "/json/realms/root/authenticate", nil, "Origin", origin,
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "accept-api-version, x-evil").Header
	}
	if h := preflight("https://app.example.com"); h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without a configuration: %v", h)
	}
	body := map[string]any{
		"enabled": true, "acceptedOrigins": []string{"https://app.example.com"}, "acceptedMethods": []string{"POST"},
		"acceptedHeaders": []string{"Accept-API-Version"}, "exposedHeaders": []string{"ETag"}, "allowCredentials": true, "maxAge": 300,
	}
	admin("PUT", "/json/global-config/services/CorsService/configuration/app", body).want(t, 201)
	want := map[string]string{
		"Access-Control-Allow-Origin": "https://app.example.com", "Access-Control-Allow-Methods": "POST",
		"Access-Control-Allow-Headers":     "Cache-Control, Content-Language, Expires, Last-Modified, Pragma, Accept-API-Version",
		"Access-Control-Allow-Credentials": "true", "Access-Control-Max-Age": "300", "Vary": "Origin",
	}
	got := preflight("https://app.example.com")
	for name, value := range want {
		if got.Get(name) != value {
			t.Errorf("%s = %q, want %q", name, got.Get(name), value)
		}
	}
	if h := preflight("https://evil.example.com"); h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another origin: %v", h)
	}
	h := s.send("GET", "/json/serverinfo/*", nil, "Origin", "https://app.example.com").Header
	if h.Get("Access-Control-Expose-Headers") != "ETag" || h.Get("Vary") != "Origin" {
		t.Errorf("plain request: %v", h)
	}
	// Also what is refused can be read, and what no page asked for is kept by nobody for one that does.
	for name, got := range map[string]reply{
		"401": s.send("GET", "/json/global-config/realms?_queryFilter=true", nil, "Origin", "https://app.example.com"),
		"403": s.send("PUT", "/json/users/x", "{}", "Origin", "https://app.example.com", "Cookie", "iPlanetDirectoryPro="+s.login("/json/authenticate", "amAdmin", adminPassword), "Content-Type", "application/json"),
		"404": s.send("GET", "/nowhere", nil, "Origin", "https://app.example.com"),
	} {
		if fmt.Sprint(got.StatusCode) != name || got.Header.Get("Access-Control-Allow-Origin") != "https://app.example.com" || got.Header.Get("Access-Control-Allow-Credentials") != "true" ||
			got.Header.Get("Access-Control-Allow-Methods") != "" {
			t.Errorf("%s: %d %v", name, got.StatusCode, got.Header)
		}
	}
	if h := s.send("GET", "/json/serverinfo/*", nil).Header; h.Get("Vary") != "Origin" || h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without an origin: %v", h)
	}
	// Configurations that name an origin count together; the others, and those that are off, do not.
	configure := func(id string, body map[string]any) {
		t.Helper()
		if got := admin("PUT", "/json/global-config/services/CorsService/configuration/"+id, body); got.StatusCode != 201 {
			got.want(t, 200)
		}
	}
	configure("more", map[string]any{"enabled": true, "acceptedOrigins": []string{"HTTPS://App.example.com/", "null", "file://"}, "acceptedMethods": []string{"PUT", "POST"},
		"acceptedHeaders": []string{"authorization", "accept-api-version"}, "exposedHeaders": []string{"X-More"}})
	configure("off", map[string]any{"enabled": false, "acceptedOrigins": []string{"https://app.example.com", "https://off.example.com"}, "acceptedMethods": []string{"DELETE"}})
	configure("other", map[string]any{"enabled": true, "acceptedOrigins": []string{"https://other.example.com", "*", "https://*.example.org"}, "acceptedMethods": []string{"PATCH"}})
	want["Access-Control-Allow-Methods"] = "POST, PUT"
	want["Access-Control-Allow-Headers"] += ", authorization"
	got = preflight("https://app.example.com")
	for name, value := range want {
		if got.Get(name) != value {
			t.Errorf("together, %s = %q, want %q", name, got.Get(name), value)
		}
	}
	for origin, methods := range map[string]string{"null": "PUT, POST", "file://": "PUT, POST", "https://other.example.com": "PATCH", "https://off.example.com": "", "https://a.example.org": "", "https://app.example.com:8443": "", "http://app.example.com": ""} {
		h := preflight(origin)
		if h.Get("Access-Control-Allow-Methods") != methods || (h.Get("Access-Control-Allow-Origin") == origin) != (methods != "") || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", origin, h)
		}
	}
	// The origins of clients are accepted for what is simple.
	client := func(origins ...string) {
		t.Helper()
		got := admin("PUT", "/json/realm-config/agents/OAuth2Client/spa", map[string]any{"coreOAuth2ClientConfig": map[string]any{"userpassword": "secret-12"},
			"advancedOAuth2ClientConfig": map[string]any{"javascriptOrigins": origins}})
		if got.StatusCode != 201 {
			got.want(t, 200)
		}
	}
	const spa = "https://spa.example.com"
	named := func(want bool) {
		t.Helper()
		h := preflight(spa)
		if (h.Get("Access-Control-Allow-Origin") == spa) != want || strings.Contains(h.Get("Access-Control-Allow-Headers"), "Accept-API") || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("the origin of a client: %v", h)
		}
	}
	named(false)
	client(spa + "/")
	named(true)
	client("https://elsewhere.example.com")
	named(false)
	client(spa)
	named(true)
	// Those of a group are its members'.
	const group = "/json/realm-config/agents/groups/OAuth2Client/pages"
	admin("PUT", group, map[string]any{"advancedOAuth2ClientConfig": map[string]any{"javascriptOrigins": []string{spa}}}).want(t, 201)
	admin("PUT", "/json/realm-config/agents/OAuth2Client/spa", map[string]any{"coreOAuth2ClientConfig": map[string]any{"agentgroup": "pages"},
		"advancedOAuth2ClientConfig": map[string]any{"javascriptOrigins": map[string]any{"inherited": true}}}).want(t, 200)
	named(true)
	admin("PUT", group, map[string]any{}).want(t, 200)
	named(false)
	admin("PUT", group, map[string]any{"advancedOAuth2ClientConfig": map[string]any{"javascriptOrigins": []string{spa}}}).want(t, 200)
	named(true)
	admin("DELETE", "/json/realm-config/agents/OAuth2Client/spa", nil).want(t, 200)
	named(false)
	for _, id := range []string{"more", "off", "other"} {
		admin("DELETE", "/json/global-config/services/CorsService/configuration/"+id, nil).want(t, 200)
	}
	below := admin("POST", "/json/global-config/services/CorsService?_action=nextdescendents", map[string]any{}).want(t, 200)["result"].([]any)
	if len(below) != 1 || below[0].(map[string]any)["_id"] != "app" {
		t.Errorf("below the service: %v", below)
	}
	admin("PUT", "/json/global-config/services/CorsService", map[string]any{"enabled": false}).want(t, 200)
	if h := preflight("https://app.example.com"); h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("switched off: %v", maps.Clone(h))
	}
	admin("PUT", "/json/global-config/services/CorsService", map[string]any{"enabled": true}).want(t, 200)
	if h := preflight("https://app.example.com"); h.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("switched on: %v", maps.Clone(h))
	}
	admin("DELETE", "/json/global-config/services/CorsService/configuration/app", nil).want(t, 200)
	if h := preflight("https://app.example.com"); h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("after deletion: %v", maps.Clone(h))
	}
}

// A Host header that is no host must not get into addresses.
func TestHostileHost(t *testing.T) {
	s := newSite(t)
	for _, host := range []string{"a b", `x"y`, "evil<script>", "a/b"} {
		r := httptest.NewRequest("GET", "/openam/XUI/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		s.server.ServeHTTP(w, r)
		if w.Code != 400 {
			t.Errorf("Host %q: %d, want 400", host, w.Code)
		}
	}
}
