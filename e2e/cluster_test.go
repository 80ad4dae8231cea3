package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/am/store/postgres/pgtest"
)

// The instance key that all nodes of a test's cluster have.
const instanceKey = "GATEHOUSE_INSTANCE_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// startCluster starts n nodes at once on an empty database.
func startCluster(t *testing.T, n int, settings ...string) (nodes []*am, db *pgtest.Server) {
	t.Helper()
	db = pgtest.Start(t, settings...)
	nodes = make([]*am, n)
	for i := range nodes {
		nodes[i] = &am{process: launchNode(t, db, "127.0.0.1:0"), t: t}
	}
	for _, a := range nodes {
		select {
		case <-a.ready:
		case <-a.done:
			t.Fatal("a node ended")
		}
		a.base = "http://" + a.addr(0) + "/openam"
	}
	nodes[0].login()
	for _, a := range nodes {
		a.sso = nodes[0].sso // a session of one node is a session of all
	}
	nodes[0].rest("POST", "/realms/root/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	return nodes, db
}

func launchNode(t *testing.T, db *pgtest.Server, listen string, more ...string) *process {
	env := []string{"GATEHOUSE_ADMIN_PASSWORD=" + adminPassword, instanceKey, "GATEHOUSE_STORE=" + db.URL(nil)}
	return launch(t, env, append([]string{"am", "--data", t.TempDir(), "--listen", listen, "--drain", "500ms"}, more...)...)
}

// makeClient makes a client of the root realm that may do everything the tests of clusters need.
func makeClient(a *am, id string) {
	a.rest("PUT", "/realms/root/realm-config/agents/OAuth2Client/"+id, map[string]any{
		"coreOAuth2ClientConfig": map[string]any{
			"userpassword": "secret", "scopes": []string{"read", "openid"}, "redirectionUris": []string{"https://app.example.com/cb"},
		},
		"advancedOAuth2ClientConfig": map[string]any{
			"grantTypes":              []string{"client_credentials", "authorization_code", "refresh_token"},
			"tokenEndpointAuthMethod": "client_secret_post", "isConsentImplied": true,
		},
	})
}

func form(pairs ...string) url.Values {
	f := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

const (
	tokenPath      = "/oauth2/realms/root/access_token"
	introspectPath = "/oauth2/realms/root/introspect"
)

func clientToken(a *am, id string) (int, string) {
	status, body, _ := a.token(tokenPath, "", "", form("grant_type", "client_credentials", "client_id", id, "client_secret", "secret", "scope", "read"))
	token, _ := body["access_token"].(string)
	return status, token
}

func active(a *am, id, token string) bool {
	_, body, _ := a.token(introspectPath, "", "", form("client_id", id, "client_secret", "secret", "token", token))
	return body["active"] == true
}

// authorize gets a code with the administrator's session.
func (a *am) authorize(id string) string {
	a.t.Helper()
	code := newCrashClient(a.t, a).code(id)
	if code == "" {
		a.t.Fatal("authorize: no code")
	}
	return code
}

func TestCluster(t *testing.T) {
	nodes, _ := startCluster(t, 3, "fsync=off")
	makeClient(nodes[0], "first")

	t.Run("configuration reaches all nodes", func(t *testing.T) {
		slowest := time.Duration(0)
		defer func() { t.Logf("the slowest change took %s", slowest.Round(10*time.Millisecond)) }()
		for i, a := range nodes {
			eventually(t, "the node knows the client", func() bool { status, _ := clientToken(a, "first"); return status == 200 })
			makeClient(a, "second")
			a.rest("PUT", "/realms/root/realm-config/services/oauth-oidc", map[string]any{
				"coreOAuth2Config": map[string]any{"accessTokenLifetime": 100 + i},
			})
			changed := time.Now()
			for _, other := range nodes {
				eventually(t, "the node has the lifetime that another one set", func() bool {
					_, body, _ := other.token(tokenPath, "", "", form("grant_type", "client_credentials", "client_id", "first", "client_secret", "secret", "scope", "read"))
					left, _ := body["expires_in"].(float64)
					return int(left) > 98+i && int(left) <= 100+i
				})
			}
			slowest = max(slowest, time.Since(changed))
		}
	})

	t.Run("groups of clients reach all nodes", func(t *testing.T) {
		const agents = "/realms/root/realm-config/agents"
		group := func(a *am, scopes ...string) {
			a.rest("PUT", agents+"/groups/OAuth2Client/readers", map[string]any{"coreOAuth2ClientConfig": map[string]any{"scopes": scopes}})
		}
		group(nodes[0], "read")
		nodes[0].rest("PUT", agents+"/OAuth2Client/grouped", map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"agentgroup": "readers", "userpassword": "secret", "scopes": map[string]any{"inherited": true}},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
		})
		status := func(a *am, scope string) int {
			status, _, _ := a.token(tokenPath, "", "", form("grant_type", "client_credentials", "client_id", "grouped", "client_secret", "secret", "scope", scope))
			return status
		}
		for _, a := range nodes {
			eventually(t, "the node knows the client with its group", func() bool { return status(a, "read") == 200 && status(a, "write") == 400 })
		}
		group(nodes[1], "write")
		for _, a := range nodes {
			eventually(t, "the node has the change of the group", func() bool { return status(a, "read") == 400 && status(a, "write") == 200 })
		}
	})

	t.Run("tokens, keys and sessions are shared", func(t *testing.T) {
		_, token := clientToken(nodes[0], "first")
		for _, a := range nodes {
			if !active(a, "first", token) {
				t.Error("a token of one node is not active on another one")
			}
		}
		keys := ""
		for _, a := range nodes {
			resp, err := http.Get(a.base + "/oauth2/realms/root/connect/jwk_uri")
			if err != nil {
				t.Fatal(err)
			}
			set := decode(t, resp)
			resp.Body.Close()
			var ids []string
			for _, k := range set["keys"].([]any) {
				ids = append(ids, k.(map[string]any)["kid"].(string))
			}
			if got := strings.Join(ids, " "); keys == "" {
				keys = got
			} else if got != keys {
				t.Errorf("key sets differ: %s and %s", keys, got)
			}
		}
		nodes[1].token("/oauth2/realms/root/token/revoke", "", "", form("client_id", "first", "client_secret", "secret", "token", token))
		for _, a := range nodes {
			if active(a, "first", token) {
				t.Error("a token that one node revoked is active on another one")
			}
		}
	})

	t.Run("a code buys once and a refresh token rotates once", func(t *testing.T) {
		for range 5 {
			code := nodes[0].authorize("first")
			bought := raceNodes(t, nodes, form("grant_type", "authorization_code", "code", code, "redirect_uri", "https://app.example.com/cb"))
			if len(bought) > 1 {
				t.Errorf("the code bought %d times", len(bought))
			}
		}
		_, body, _ := nodes[0].token(tokenPath, "", "", form("grant_type", "authorization_code", "code", nodes[0].authorize("first"),
			"redirect_uri", "https://app.example.com/cb", "client_id", "first", "client_secret", "secret", "scope", "read"))
		refresh, _ := body["refresh_token"].(string)
		if refresh == "" {
			t.Fatalf("no refresh token: %v", body)
		}
		if rotated := raceNodes(t, nodes, form("grant_type", "refresh_token", "refresh_token", refresh)); len(rotated) > 1 {
			t.Errorf("the refresh token was exchanged %d times", len(rotated))
		}
	})
}

// raceNodes sends the same token request to all nodes at once, and returns the answers with tokens.
func raceNodes(t *testing.T, nodes []*am, f url.Values) (won []map[string]any) {
	t.Helper()
	f.Set("client_id", "first")
	f.Set("client_secret", "secret")
	var mu sync.Mutex
	var done sync.WaitGroup
	for i := range 12 {
		done.Go(func() {
			status, body, _ := nodes[i%len(nodes)].token(tokenPath, "", "", f)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case status == 200:
				won = append(won, body)
			case status != 400 || body["error"] != "invalid_grant":
				t.Errorf("a losing request: %d %v", status, body)
			}
		})
	}
	done.Wait()
	return won
}

// A database that is away costs clear errors, and nothing needs a restart afterwards.
func TestClusterDatabaseGone(t *testing.T) {
	nodes, db := startCluster(t, 1)
	a := nodes[0]
	makeClient(a, "first")
	_, token := clientToken(a, "first")
	for name, end := range map[string]func(){"stopped": db.Stop, "crashed": db.Kill} {
		end()
		requests := map[string]func() (int, map[string]any, http.Header){
			"token": func() (int, map[string]any, http.Header) {
				return a.token(tokenPath, "", "", form("grant_type", "client_credentials", "client_id", "first", "client_secret", "secret", "scope", "read"))
			},
			"introspection": func() (int, map[string]any, http.Header) {
				return a.token(introspectPath, "", "", form("client_id", "first", "client_secret", "secret", "token", token))
			},
			"administration": func() (int, map[string]any, http.Header) {
				status, body := a.try("GET", "/realms/root/users/demo", nil)
				return status, body, nil
			},
			"readiness": func() (int, map[string]any, http.Header) {
				resp, err := http.Get(a.base + "/json/health/ready")
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				return resp.StatusCode, nil, nil
			},
		}
		var done sync.WaitGroup
		for what, ask := range requests {
			done.Go(func() {
				status, body, h := ask()
				if status != http.StatusServiceUnavailable || strings.Contains(strings.ToLower(fmt.Sprint(body)), "postgres") {
					t.Errorf("%s while the database is %s: %d %v, want 503 without particulars", what, name, status, body)
				}
				if h != nil && (body["error"] != "temporarily_unavailable" || h.Get("Retry-After") == "") {
					t.Errorf("%s while the database is %s: %v, Retry-After %q", what, name, body, h.Get("Retry-After"))
				}
			})
		}
		done.Wait()
		if err := db.Run(); err != nil {
			t.Fatal(err)
		}
		if status, _ := clientToken(a, "first"); status != 200 {
			t.Errorf("token after the database was %s: %d", name, status)
		}
		if !active(a, "first", token) {
			t.Errorf("a token from before is not active after the database was %s", name)
		}
	}
}

// A crash of the database under load loses nothing that was acknowledged.
func TestClusterDatabaseCrash(t *testing.T) {
	nodes, db := startCluster(t, 2) // with synced writes
	makeClient(nodes[0], "first")
	eventually(t, "the other node knows the client", func() bool { status, _ := clientToken(nodes[1], "first"); return status == 200 })
	var mu sync.Mutex
	var acknowledged []string
	var refused atomic.Int32
	stop := make(chan struct{})
	var done sync.WaitGroup
	for i := range 8 {
		done.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				switch status, token := clientToken(nodes[i%2], "first"); status {
				case 200:
					mu.Lock()
					acknowledged = append(acknowledged, token)
					mu.Unlock()
				case 503:
					refused.Add(1)
				default:
					t.Errorf("a token request while the database crashes: %d", status)
				}
			}
		})
	}
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(acknowledged) }
	for range 3 {
		before := count()
		eventually(t, "tokens are issued", func() bool { return count() > before+50 })
		db.Kill()
		if err := db.Run(); err != nil {
			t.Fatal(err)
		}
	}
	before := count()
	eventually(t, "tokens are issued again", func() bool { return count() > before+50 })
	close(stop)
	done.Wait()
	for i, token := range acknowledged {
		if !active(nodes[(i+1)%2], "first", token) {
			t.Fatalf("token %d of %d was acknowledged and is lost", i, len(acknowledged))
		}
	}
	t.Logf("%d tokens, %d requests refused", len(acknowledged), refused.Load())
}

// Three nodes behind the gateway are restarted one after the other under load: no request fails.
func TestClusterRollingRestart(t *testing.T) {
	nodes, db := startCluster(t, 3, "fsync=off")
	makeClient(nodes[0], "first")
	var addrs []string
	for _, a := range nodes {
		addrs = append(addrs, a.addr(0))
		eventually(t, "the node knows the client", func() bool { status, _ := clientToken(a, "first"); return status == 200 })
	}
	dir := t.TempDir()
	write(t, dir+"/config/admin.json", `{"connectors": [{"port": 0}], "adminConnector": {"host": "127.0.0.1", "port": 0}}`)
	write(t, dir+"/config/config.json", `{"handler": {"type": "ReverseProxyHandler"}, "baseURI": "http://am.example.com:8088"}`)
	front := start(t, nil, "gateway", dir, "--resolve", "am.example.com:8088:"+strings.Join(addrs, ","))
	through := &am{t: t, base: "http://" + front.addr(0) + "/openam"}

	var answered atomic.Int32
	stop := make(chan struct{})
	var done sync.WaitGroup
	for i := range 6 {
		done.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				status, token := clientToken(through, "first")
				if status != 200 {
					t.Errorf("a token request during a restart: %d", status)
					return
				}
				if i%2 == 0 && !active(through, "first", token) {
					t.Error("a token that was just issued is not active")
					return
				}
				answered.Add(1)
			}
		})
	}
	more := func() {
		before := answered.Load()
		eventually(t, "requests are answered", func() bool { return answered.Load() > before+50 || t.Failed() })
	}
	for i, a := range nodes {
		more()
		a.stop()
		more()
		again := launchNode(t, db, addrs[i])
		select {
		case <-again.ready:
		case <-again.done:
			t.Fatal("the node did not come back")
		}
	}
	more()
	close(stop)
	done.Wait()
	t.Logf("%d requests", answered.Load())
}
