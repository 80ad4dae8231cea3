package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// shortLife is how long the access tokens of these tests live. A filter that gets tokens for itself replaces one of so
// short a life when half of it is over.
const shortLife = 6 * time.Second

// leastLeft is what a token has left when it is replaced: half of its life, which the server tells in whole seconds.
const leastLeft = (shortLife - time.Second) / 2

// tokenDesk stands between the gateway and the authorization server and notes which tokens were asked for and when.
type tokenDesk struct {
	*httptest.Server
	mu     sync.Mutex
	grants map[string]int       // token requests that were granted, by grant type
	ends   map[string]time.Time // of each access token: not before this
}

func newTokenDesk(t *testing.T, a *am) *tokenDesk {
	t.Helper()
	d := &tokenDesk{grants: map[string]int{}, ends: map[string]time.Time{}}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: a.addr(0)})
		r.Out.Host = r.In.Host
	}}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "POST" || !strings.HasSuffix(r.URL.Path, "/access_token") {
			proxy.ServeHTTP(w, r)
			return
		}
		asked := time.Now()
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		form, _ := url.ParseQuery(string(body))
		answer := httptest.NewRecorder()
		proxy.ServeHTTP(answer, r)
		d.note(form.Get("grant_type"), asked, answer)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *tokenDesk) note(grant string, asked time.Time, answer *httptest.ResponseRecorder) {
	var m struct {
		Token string `json:"access_token"`
		Life  int    `json:"expires_in"`
	}
	if answer.Code != 200 || json.Unmarshal(answer.Body.Bytes(), &m) != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.grants[grant]++
	d.ends[m.Token] = asked.Add(time.Duration(m.Life) * time.Second)
}

// granted is how many tokens were got by a grant, and by all of them for "".
func (d *tokenDesk) granted(grant string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if grant != "" {
		return d.grants[grant]
	}
	n := 0
	for _, k := range d.grants {
		n += k
	}
	return n
}

func (d *tokenDesk) end(token string) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ends[token]
}

// tokenReader is an application that has the authorization server say whether a token is good.
type tokenReader struct {
	*httptest.Server
	mu      sync.Mutex
	tokens  []string // the good ones, in the order in which they came first
	refused int
	least   time.Duration // how much of its life a token had at least when the request for it was sent to the gateway
}

// sentAt is when the client sent a request. The gateway chose the token later, which makes what is measured from here
// too long, never too short: no delay anywhere can fail a gateway that is right.
const sentAt = "X-Sent-At"

func newTokenReader(t *testing.T, a *am, desk *tokenDesk, client string) *tokenReader {
	t.Helper()
	r := &tokenReader{least: time.Hour}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		token := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
		_, said, _ := a.token("/oauth2/introspect", client, "password", url.Values{"token": {token}})
		at, _ := strconv.ParseInt(req.Header.Get(sentAt), 10, 64)
		r.mu.Lock()
		defer r.mu.Unlock()
		if said["active"] != true {
			r.refused++
			w.Header().Set("WWW-Authenticate", `Bearer realm="app", error="invalid_token"`)
			w.WriteHeader(401)
			return
		}
		if !slices.Contains(r.tokens, token) {
			r.tokens = append(r.tokens, token)
		}
		r.least = min(r.least, desk.end(token).Sub(time.Unix(0, at)))
		_, _ = io.WriteString(w, token)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *tokenReader) seen() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.tokens)
}

// burst sends requests at once and demands that all succeed.
func burst(t *testing.T, client *http.Client, address string) {
	t.Helper()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			req, err := http.NewRequest("GET", address, nil)
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set(sentAt, strconv.FormatInt(time.Now().UnixNano(), 10))
			resp, err := client.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != 200 {
				t.Errorf("%s: %d %s", address, resp.StatusCode, body)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

const ownTokenRoute = `{"name": "own", "baseURI": "APP", "heap": [
  {"name": "env", "type": "SystemAndEnvSecretStore"},
  {"name": "client", "type": "Chain", "config": {"handler": "ForgeRockClientHandler", "filters": [
    {"type": "ClientSecretBasicAuthenticationFilter", "config": {"clientId": "svc", "clientSecretId": "client.secret.id", "secretsProvider": "env"}}]}}],
 "handler": {"type": "Chain", "config": {"handler": "ReverseProxyHandler", "filters": [{"type": "TYPE", "config": {
   "tokenEndpoint": "http://am.example.com:8088/openam/oauth2/access_token", "endpointHandler": "client", "scopes": ["read"] FIELDS}}]}}}`

// ownTokens are the filters that get tokens for the gateway itself.
var ownTokens = []struct{ filter, fields, first, next string }{
	{"ClientCredentialsOAuth2ClientFilter", ``, "client_credentials", "client_credentials"},
	{"ResourceOwnerOAuth2ClientFilter", `, "username": "demo", "passwordSecretId": "user.secret.id", "secretsProvider": "env"`, "password", "refresh_token"},
}

// ownTokenSite runs an authorization server, a gateway that gets tokens for itself, and an application that wants them.
func ownTokenSite(t *testing.T, filter, fields string, life time.Duration) (a *am, desk *tokenDesk, app *tokenReader, gateway string) {
	t.Helper()
	a = startAM(t, t.TempDir())
	root := "/realms/root"
	a.rest("POST", root+"/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	a.rest("PUT", root+"/realm-config/agents/OAuth2Client/svc", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "password", "scopes": []string{"read"}, "accessTokenLifetime": int(life / time.Second)},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials", "password", "refresh_token"}},
	})
	a.rest("POST", root+"/users?_action=create", map[string]any{"username": "demo", "userpassword": "Ch4ng31t"})
	desk = newTokenDesk(t, a)
	app = newTokenReader(t, a, desk, "svc")
	route := strings.NewReplacer("APP", app.URL, "TYPE", filter, "FIELDS", fields).Replace(ownTokenRoute)
	g, _ := gatewayWith(t, []string{"CLIENT_SECRET_ID=" + encode64("password"), "USER_SECRET_ID=" + encode64("Ch4ng31t")}, "",
		map[string]string{"own.json": route}, "--resolve", "am.example.com:8088:"+desk.Listener.Addr().String())
	return a, desk, app, "http://" + g.addr(0)
}

// The filters that get tokens for the gateway itself replace one before it ends, once for however many requests.
func TestOwnTokensAreReplacedAheadOfTheirEnd(t *testing.T) {
	for _, f := range ownTokens {
		t.Run(f.filter, func(t *testing.T) {
			t.Parallel()
			_, desk, app, gateway := ownTokenSite(t, f.filter, f.fields, shortLife)
			eventuallyIn(t, 90*time.Second, "three tokens were used one after another", func() bool {
				burst(t, http.DefaultClient, gateway+"/")
				return app.seen() >= 3
			})
			if app.refused > 0 || app.least < leastLeft {
				t.Errorf("the application refused %d requests and saw a token with %s to live, want at least %s", app.refused, app.least, leastLeft)
			}
			if got := desk.granted(""); got != app.seen() {
				t.Errorf("%d token requests for %d tokens", got, app.seen())
			}
			want := map[string]int{f.first: 1}
			want[f.next] += app.seen() - 1
			if fmt.Sprint(desk.grants) != fmt.Sprint(want) {
				t.Errorf("token requests %v, want %v", desk.grants, want)
			}
		})
	}
}

// A token that the application no longer takes is replaced once for all requests that it refused, and these are sent
// again with the new one.
func TestOwnTokensAreReplacedWhenRefused(t *testing.T) {
	for _, f := range ownTokens {
		t.Run(f.filter, func(t *testing.T) {
			t.Parallel()
			a, desk, app, gateway := ownTokenSite(t, f.filter, f.fields, time.Hour)
			for range 3 {
				burst(t, http.DefaultClient, gateway+"/")
			}
			if app.seen() != 1 || desk.granted("") != 1 || app.refused != 0 {
				t.Fatalf("%d tokens by %d requests, %d refused", app.seen(), desk.granted(""), app.refused)
			}
			if status, body, _ := a.token("/oauth2/token/revoke", "svc", "password", url.Values{"token": {app.tokens[0]}}); status != 200 {
				t.Fatalf("revoke: %d %v", status, body)
			}
			for range 3 {
				burst(t, http.DefaultClient, gateway+"/")
			}
			if app.seen() != 2 || app.refused == 0 || app.refused > 8 {
				t.Errorf("%d tokens, %d requests were refused", app.seen(), app.refused)
			}
			if got := desk.granted(f.next); got != map[bool]int{true: 2, false: 1}[f.next == f.first] || desk.granted("") != 2 {
				t.Errorf("token requests %v", desk.grants)
			}
		})
	}
}

const loginTokenRoute = `{"name": "token", "condition": "${find(request.uri.path, '^/token')}", "baseURI": "APP", "session": {"type": "SESSIONTYPE"},
 "heap": [
  {"name": "env", "type": "SystemAndEnvSecretStore"},
  {"name": "client", "type": "Chain", "config": {"handler": "ForgeRockClientHandler", "filters": [
    {"type": "ClientSecretBasicAuthenticationFilter", "config": {"clientId": "short", "clientSecretId": "oidc.secret.id", "secretsProvider": "env"}}]}}],
 "handler": {"type": "Chain", "config": {"handler": "ReverseProxyHandler", "filters": [
  {"type": "AuthorizationCodeOAuth2ClientFilter", "config": {"clientEndpoint": "/token/oidc", "requireHttps": false, "registrations": [
    {"type": "ClientRegistration", "config": {"clientId": "short", "scopes": ["openid"], "authenticatedRegistrationHandler": "client",
      "issuer": {"name": "desk", "type": "Issuer", "config": {"wellKnownEndpoint": "http://am.example.com:8088/openam/oauth2/.well-known/openid-configuration"}}}}]}},
  {"type": "HeaderFilter", "config": {"messageType": "REQUEST", "remove": ["Authorization"], "add": {"Authorization": ["Bearer ${contexts.oauth2Info.accessToken}"]}}}]}}}`

// The login filter replaces a token when the application refuses it, which the browser does not notice: once for however
// many requests of the session.
func TestLoginTokensAreReplacedWhenRefused(t *testing.T) {
	for _, sessionType := range []string{"InMemorySessionManager", "JwtSessionManager"} {
		t.Run(sessionType, func(t *testing.T) {
			t.Parallel()
			a := startAM(t, t.TempDir())
			desk := newTokenDesk(t, a)
			app := newTokenReader(t, a, desk, "short")
			route := strings.NewReplacer("APP", app.URL, "SESSIONTYPE", sessionType).Replace(loginTokenRoute)
			w := newOIDCSiteAt(t, a, desk.Listener.Addr().String(), "InMemorySessionManager", route)
			a.rest("PUT", "/realms/root/realm-config/agents/OAuth2Client/short", map[string]any{
				"coreOAuth2ClientConfig": map[string]any{"userpassword": "password", "scopes": []string{"openid"},
					"accessTokenLifetime": int(shortLife / time.Second), "redirectionUris": []string{oidcGateway + "/token/oidc/callback"}},
				"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"authorization_code", "refresh_token"}, "isConsentImplied": true},
			})
			b := w.browser(t)
			if at, status, body := b.signIn(oidcGateway+"/token/page", "Ch4ng31t"); at.Path != "/token/page" || status != 200 {
				t.Fatalf("the login ends at %s: %d %s", at, status, body)
			}
			eventuallyIn(t, 90*time.Second, "three tokens were used one after another", func() bool {
				burst(t, b.Client, oidcGateway+"/token/page")
				return app.seen() >= 3
			})
			want := map[string]int{"authorization_code": 1, "refresh_token": app.seen() - 1}
			if fmt.Sprint(desk.grants) != fmt.Sprint(want) || app.refused < app.seen()-1 {
				t.Errorf("token requests %v, want %v; the application refused %d", desk.grants, want, app.refused)
			}
		})
	}
}
