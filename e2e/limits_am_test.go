package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestLimitsOfAM(t *testing.T) {
	t.Parallel()
	a := startAM(t, t.TempDir(), "--listen-metrics", "127.0.0.1:0", "--limit", "registrations=2")
	realm := "/realms/root"
	a.rest("POST", realm+"/realm-config/services/oauth-oidc?_action=create", map[string]any{
		"clientDynamicRegistrationConfig": map[string]any{"allowDynamicRegistration": true},
		"advancedOAuth2Config":            map[string]any{"grantTypes": []string{"client_credentials", "authorization_code", "urn:ietf:params:oauth:grant-type:device_code"}},
	})
	makeClient(a, "app")
	xs := strings.Repeat("x", 3<<20)
	oauth := func(pairs ...string) func() string {
		return func() string {
			status, body, _ := a.token(tokenPath, "", "", form(pairs...))
			return fmt.Sprint(status, " ", body["error"])
		}
	}
	rest := func(method, path string, body any) func() string {
		return func() string { status, _ := a.try(method, path, body); return strconv.Itoa(status) }
	}
	call := func(method, path, body string, header ...string) func() string {
		return func() string { return strconv.Itoa(statusOf(t, method, a.base+path, body, header...)) }
	}
	many := form("grant_type", "client_credentials", "client_id", "app", "client_secret", "secret")
	for i := range 100 {
		many.Set(fmt.Sprint("p", i), "v")
	}
	var deep any = "x"
	for range 102 {
		deep = map[string]any{"x": deep}
	}
	nodes := map[string]any{}
	for i := range 1001 {
		nodes[fmt.Sprintf("00000000-0000-4000-8000-%012d", i)] = map[string]any{"nodeType": "MessageNode", "displayName": "m", "connections": map[string]any{}}
	}
	questions := make([]string, 257)
	for i := range questions {
		questions[i] = "https://a.example.com/" + strconv.Itoa(i)
	}
	json := []string{"Content-Type", "application/json", "iPlanetDirectoryPro", a.sso}
	goOver(t, "Authorization server", metricsURL.FindStringSubmatch(a.output())[1], map[string]limitTry{
		"header of a request": {"431 431", func() string {
			// net/http refuses the second one itself.
			return call("GET", "/json/serverinfo/*", "", "X", xs[:100<<10])() + " " + call("GET", "/json/serverinfo/*", "", "X", xs[:200<<10])()
		}},
		"body of any request": {"413", call("POST", tokenPath, xs+xs, "Content-Type", "application/x-www-form-urlencoded")},
		"body: OAuth 2.0":     {"413 request_too_large", oauth("grant_type", "client_credentials", "x", xs[:1<<20])},
		"parameters of an OAuth 2.0 request": {"400 invalid_request", func() string {
			status, body, _ := a.token(tokenPath, "", "", many)
			return fmt.Sprint(status, " ", body["error"])
		}},
		"body: authenticate":                      {"413", call("POST", "/json"+realm+"/authenticate", xs[:70<<10], "Content-Type", "application/json")},
		"body: administration interface":          {"413", rest("POST", realm+"/users?_action=create", map[string]any{"x": xs})},
		"depth of JSON: administration interface": {"400", rest("POST", realm+"/users?_action=create", map[string]any{"username": "deep", "x": deep})},
		"wrong passwords of a name before it has to wait": {"401", func() string {
			sign := call("POST", "/json"+realm+"/authenticate", "{}", "Content-Type", "application/json", "X-OpenAM-Username", "bob", "X-OpenAM-Password", "wrong")
			for range 6 {
				sign()
			}
			return sign()
		}},
		"wrong secrets of a client from one address": {"429 invalid_client", func() string {
			wrong := oauth("grant_type", "client_credentials", "client_id", "nobody", "client_secret", "wrong")
			for range 21 {
				wrong()
			}
			return wrong()
		}},
		"clients that one address may register without a token before it has to wait": {"201 201 429", func() string {
			register := call("POST", "/oauth2/register", `{"redirect_uris": ["https://a.example.com/"]}`, "Content-Type", "application/json")
			return register() + " " + register() + " " + register()
		}},
		"sessions of one user": {"401", func() string {
			a.rest("PUT", "/global-config/services/session", map[string]any{
				"quotas": map[string]any{
					"iplanet-am-session-enable-session-constraint": "ON",
					"behaviourWhenQuotaExhausted":                  "org.forgerock.openam.session.service.DenyAccessAction",
				},
				"defaults": map[string]any{"dynamic": map[string]any{"quotaLimit": 1}},
			})
			a.rest("POST", realm+"/users?_action=create", map[string]any{"username": "once", "userpassword": "Ch4ng31t"})
			sign := call("POST", "/json"+realm+"/authenticate", "{}", "Content-Type", "application/json", "X-OpenAM-Username", "once", "X-OpenAM-Password", "Ch4ng31t")
			sign()
			return sign()
		}},
		"source of a script": {"413", rest("POST", realm+"/scripts?_action=create", map[string]any{
			"name": "long", "language": "JAVASCRIPT", "context": "OAUTH2_ACCESS_TOKEN_MODIFICATION", "script": xs[:200<<10],
		})},
		"nodes of a tree":      {"400", rest("PUT", realm+"/realm-config/authentication/authenticationtrees/trees/large", map[string]any{"entryNodeId": "x", "nodes": nodes})},
		"query filter: length": {"400", rest("GET", realm+"/users?_queryFilter="+url.QueryEscape(`userName eq "`+xs[:9<<10]+`"`), nil)},
		"query filter: depth":  {"400", rest("GET", realm+"/users?_queryFilter="+url.QueryEscape(strings.Repeat("(", 70)+"true"+strings.Repeat(")", 70)), nil)},
		"operations of a PATCH": {"400", func() string {
			operations := make([]any, 1001)
			for i := range operations {
				operations[i] = map[string]any{"operation": "replace", "field": "/description", "value": "x"}
			}
			return rest("PATCH", realm+"/users/amAdmin", operations)()
		}},
		"page of a query":                {"200", rest("GET", realm+"/users?_queryFilter=true&_pageSize=10001", nil)},
		"resources of a policy question": {"400", rest("POST", realm+"/policies?_action=evaluate", map[string]any{"resources": questions, "application": "iPlanetAMWebAgentService"})},
		"realms, nested": {"400", func() string {
			for i := range 16 {
				parent := "/" + strings.Join(strings.Split("abcdefghijklmnop"[:i], ""), "/")
				if got := call("POST", "/json/global-config/realms?_action=create", fmt.Sprintf(`{"name": %q, "parentPath": %q, "active": true}`, "abcdefghijklmnop"[i:i+1], parent), json...)(); got != "201" {
					t.Errorf("realm %d: %s", i+1, got)
				}
			}
			return call("POST", "/json/global-config/realms?_action=create", `{"name": "q", "parentPath": "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", "active": true}`, json...)()
		}},
	})
}

// Limits of time, and of connections, of a server whose limits are low.
func TestLimitsOfTimeAM(t *testing.T) {
	t.Parallel()
	a := startAM(t, t.TempDir(), "--listen-metrics", "127.0.0.1:0", "--limit", "connections=6", "--limit", "header_time=3s", "--limit", "body_time=3s",
		"--limit", "answer_time=4s", "--limit", "idle_time=1s")
	a.rest("POST", "/realms/root/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	metrics := metricsURL.FindStringSubmatch(a.output())[1]
	tries := lateTries(t, a.addr(0), 6, "/openam/XUI/?realm=/", "/openam"+tokenPath, func() bool {
		_, text := scrape(t, metrics)
		return strings.Contains(text, `am_limit_total{limit="connections"} 1`)
	})
	goOver(t, "Authorization server", metrics, map[string]limitTry{
		"connections of clients":                            tries["connections"],
		"time for a header, and for a TLS handshake":        tries["header"],
		"time for a request":                                {"400", tries["body"].do},
		"time for an answer, and for the client to take it": tries["answer"],
		"idle connection":                                   tries["idle"],
	})
}

// Caches are kept small: what is over goes, and what was asked is answered all the same.
func TestLimitsOfCachesAM(t *testing.T) {
	t.Parallel()
	waiting := make(chan struct{})
	sign, keys := newSigner(t)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/keys") {
			_, _ = io.WriteString(w, keys)
			return
		}
		select {
		case <-waiting:
		case <-r.Context().Done():
		}
	}))
	defer other.Close()
	defer close(waiting)
	args := []string{"--listen-metrics", "127.0.0.1:0"}
	for _, name := range []string{"remembered_failures", "password_checks", "user_code_sessions", "verified_tokens", "remote_key_sets", "documents", "compiled_scripts",
		"timed_sessions", "ended_sessions", "notification_queue", "recent_events"} {
		args = append(args, "--limit", name+"=1")
	}
	a := startAM(t, t.TempDir(), args...)
	const realm = "/realms/root"
	clients := realm + "/realm-config/agents/OAuth2Client/"
	a.rest("POST", realm+"/realm-config/services/oauth-oidc?_action=create", map[string]any{
		"gatehouseConfig":      map[string]any{"allowedFetchHosts": []string{strings.TrimPrefix(other.URL, "http://")}},
		"coreOAuth2Config":     map[string]any{"statelessTokensEnabled": true},
		"advancedOAuth2Config": map[string]any{"supportedScopes": []string{"read", "openid"}},
		"consent":              map[string]any{"clientsCanSkipConsent": true},
	})
	a.rest("PUT", clients+"first", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "secret", "scopes": []string{"read", "openid"}, "redirectionUris": []string{"https://app.example.com/cb"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials", "authorization_code"}, "tokenEndpointAuthMethod": "client_secret_post", "isConsentImplied": true},
		"coreOpenIDClientConfig":     map[string]any{"backchannel_logout_uri": other.URL + "/out"},
	})
	for i := range 2 {
		a.rest("PUT", clients+fmt.Sprint("keyed", i), map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"scopes": []string{"read"}},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}, "tokenEndpointAuthMethod": "private_key_jwt"},
			"signEncOAuth2ClientConfig":  map[string]any{"publicKeyLocation": "jwks_uri", "jwksUri": fmt.Sprint(other.URL, "/keys", i), "tokenEndpointAuthSigningAlgorithm": "ES256"},
		})
		a.scripted(fmt.Sprint("scripted", i), a.script(i, "JAVASCRIPT", "OAUTH2_ACCESS_TOKEN_MODIFICATION", fmt.Sprint("accessToken.setField('n', ", i, ");")))
	}
	a.rest("PUT", realm+"/realm-config/agents/IdentityGatewayAgent/gate", map[string]any{"userpassword": "agentpass"})
	a.rest("POST", realm+"/users?_action=create", map[string]any{"username": "demo", "userpassword": "Ch4ng31t"})
	session := func() string { return signInAs(t, a, "demo", "Ch4ng31t", "") }
	wrong := func(name string) string {
		return strconv.Itoa(statusOf(t, "POST", a.base+"/json"+realm+"/authenticate", "{}", "Content-Type", "application/json", "X-OpenAM-Username", name, "X-OpenAM-Password", "wrong"))
	}
	metrics := metricsURL.FindStringSubmatch(a.output())[1]
	counted := func(limit string) bool {
		_, text := scrape(t, metrics)
		return regexp.MustCompile(`am_limit_total\{limit="` + limit + `"\} [1-9]`).MatchString(text)
	}
	goOver(t, "Authorization server", metrics, map[string]limitTry{
		"names whose failures are remembered": {"401 401", func() string { return wrong("nobody") + " " + wrong("none") }},
		"passwords that wait to be checked, for each half of the processors": {"503", func() string {
			refused := atomic.Bool{}
			eventually(t, "a login is refused", func() bool {
				var all sync.WaitGroup
				for range 20 {
					all.Go(func() {
						if statusOf(t, "POST", a.base+"/json"+realm+"/authenticate", "{}", "Content-Type", "application/json", "X-OpenAM-Username", "demo", "X-OpenAM-Password", "Ch4ng31t") == 503 {
							refused.Store(true)
						}
					})
				}
				all.Wait()
				return refused.Load()
			})
			return "503"
		}},
		"sessions whose tries of user codes are remembered": {"200 200", func() string {
			try := func() string {
				return strconv.Itoa(statusOf(t, "POST", a.base+"/oauth2/realms/root/device/user", "user_code=ABCDEFGH", "Cookie", "iPlanetDirectoryPro="+session(), "Content-Type", "application/x-www-form-urlencoded"))
			}
			return try() + " " + try()
		}},
		"client-side tokens whose signature is remembered": {"true true", func() string {
			_, one := clientToken(a, "first")
			_, two := clientToken(a, "first")
			return fmt.Sprint(active(a, "first", one), " ", active(a, "first", two))
		}},
		"key sets of clients in memory": {"200 200", func() string {
			buy := func(id string) string {
				status, _, _ := a.token(tokenPath, "", "", form("grant_type", "client_credentials", "scope", "read", "client_id", id,
					"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion",
					sign(fmt.Sprintf(`{"iss": %q, "sub": %q, "aud": %q, "exp": %d, "jti": %q}`, id, id, a.base+tokenPath, time.Now().Add(time.Minute).Unix(), id))))
				return strconv.Itoa(status)
			}
			return buy("keyed0") + " " + buy("keyed1")
		}},
		"clients, agents or scripts of a realm in memory": {"200 200", func() string {
			one, _ := clientToken(a, "first")
			two, _ := clientToken(a, "scripted0")
			return fmt.Sprint(one, " ", two)
		}},
		"compiled scripts in memory": {"200 200", func() string {
			one, _ := clientToken(a, "scripted0")
			two, _ := clientToken(a, "scripted1")
			return fmt.Sprint(one, " ", two)
		}},
		"frames that wait for one socket": {"closed", func() string {
			conn, status := follow(t, a, signInAs(t, a, "gate", "agentpass", "?authIndexType=service&authIndexValue=Agent"))
			if conn == nil {
				return strconv.Itoa(status)
			}
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"action":"subscribe","topic":"/agent/oauth2.token"}`)); err != nil {
				t.Fatal(err)
			}
			eventuallyIn(t, time.Minute, "a socket is too slow", func() bool { // events come while another is being sent
				var all sync.WaitGroup
				for range 20 {
					all.Go(func() {
						_, token := clientToken(a, "first")
						a.token("/oauth2/realms/root/token/revoke", "", "", form("client_id", "first", "client_secret", "secret", "token", token))
					})
				}
				all.Wait()
				return counted("notification_queue")
			})
			for {
				if _, _, err := conn.Read(t.Context()); err != nil {
					return "closed"
				}
			}
		}},
		"audit events in memory, of each topic": {"401 401", func() string { return wrong("no") + " " + wrong("one") }},
		"ended sessions whose clients are told at once": {"200", func() string {
			// The first client does not answer when it is told; so the others have to wait.
			var sessions []string
			for range 12 {
				s := session()
				other := *a
				other.sso = s
				code := other.authorize("first")
				a.token(tokenPath, "", "", form("grant_type", "authorization_code", "client_id", "first", "client_secret", "secret", "code", code, "redirect_uri", "https://app.example.com/cb"))
				sessions = append(sessions, s)
			}
			last := 0
			for _, s := range sessions {
				last = statusOf(t, "POST", a.base+"/json"+realm+"/sessions?_action=logout", "{}", "Content-Type", "application/json", "iPlanetDirectoryPro", s, "Accept-API-Version", "resource=4.0")
			}
			return strconv.Itoa(last)
		}},
		"sessions whose end by time is noticed": {"200", func() string {
			session()
			eventuallyIn(t, 90*time.Second, "the server looks for sessions that have ended", func() bool { return counted("timed_sessions") })
			return "200"
		}},
	})
}
