package e2e

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	authz "gatehouse/internal/am"
	"gatehouse/internal/am/store/embedded"
	"gatehouse/internal/gateway"
)

// steppedClock runs as the system's does, and is set forward and back.
type steppedClock struct{ ahead atomic.Int64 }

func (c *steppedClock) now() time.Time       { return time.Now().Round(0).Add(time.Duration(c.ahead.Load())) }
func (c *steppedClock) step(d time.Duration) { c.ahead.Add(int64(d)) }

// Both wings in this process, since the clock of a process can only be set for the whole machine.
func TestFaultClock(t *testing.T) {
	clock := &steppedClock{}
	engine, err := embedded.Open(t.TempDir(), embedded.Options{Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	server, err := authz.New(authz.Options{Engine: engine, Key: [32]byte{1}, AdminPassword: adminPassword, Now: clock.now, SweepEvery: 10 * time.Millisecond,
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	site := httptest.NewServer(server)
	t.Cleanup(site.Close)
	a := &am{t: t, base: site.URL + "/openam"}
	a.login()
	setUpDemo(t, a)
	a.rest("PUT", "/realms/root/realm-config/services/oauth-oidc", map[string]any{"advancedOAuth2Config": map[string]any{"tokenSigningAlgorithm": "ES256"}})
	a.rest("PUT", "/realms/root/realm-config/agents/OAuth2Client/client-jwt", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "password", "scopes": []string{"client-scope"}, "accessTokenLifetime": 7200},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
		"overrideOAuth2ClientConfig": map[string]any{"providerOverridesEnabled": true, "statelessTokensEnabled": true},
	})
	a.rest("PUT", "/realms/root/realm-config/agents/OAuth2Client/client-long", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "password", "scopes": []string{"client-scope"}, "accessTokenLifetime": 7200},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
	})

	dir := t.TempDir()
	route := func(path, filter string) {
		write(t, filepath.Join(dir, "config", "routes", path[1:]+".json"), `{"condition": "${request.uri.path == '`+path+`'}", "handler": {"type": "Chain", "config": {
			"filters": [`+filter+`], "handler": {"type": "StaticResponseHandler", "config": {"status": 204}}}}}`)
	}
	resource := func(resolver string) string {
		return `{"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "scopes": ["client-scope"], "accessTokenResolver": ` + resolver + `}}`
	}
	introspection := `{"type": "TokenIntrospectionAccessTokenResolver", "config": {"endpoint": "` + a.base + `/oauth2/introspect", "providerHandler": {"type": "Chain", "config": {
		"filters": [{"type": "HttpBasicAuthenticationClientFilter", "config": {"username": "ig_agent", "passwordSecretId": "agent.secret.id",
			"secretsProvider": {"type": "Base64EncodedSecretStore", "config": {"secrets": {"agent.secret.id": "cGFzc3dvcmQ="}}}}}],
		"handler": "ForgeRockClientHandler"}}}}`
	route("/direct", resource(introspection))
	route("/cached", resource(`{"type": "CacheAccessTokenResolver", "config": {"delegate": `+introspection+`}}`))
	route("/jwt", resource(`{"type": "StatelessAccessTokenResolver", "config": {"issuer": "`+a.base+`/oauth2", "verificationSecretId": "any",
		"secretsProvider": {"type": "JwkSetSecretStore", "config": {"jwkUrl": "`+a.base+`/oauth2/connect/jwk_uri"}}}}`))
	route("/throttled", `{"type": "ThrottlingFilter", "config": {"requestGroupingPolicy": "all", "rate": {"numberOfRequests": 2, "duration": "1 minute"}}}`)
	write(t, filepath.Join(dir, "config", "admin.json"), `{"connectors": [{"port": 0, "host": "127.0.0.1"}], "adminConnector": {"port": 0, "host": "127.0.0.1"}}`)
	write(t, filepath.Join(dir, "config", "config.json"), `{"handler": {"type": "Router", "config": {"directory": "${openig.configDirectory}/routes"}}}`)
	g, err := gateway.Load(gateway.Options{Dir: dir, Now: clock.now, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Stop(context.Background()) })
	get := func(path, token string) int {
		t.Helper()
		req, err := http.NewRequest("GET", "http://"+g.Addrs()[0].String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, _ := do(t, req)
		return resp.StatusCode
	}
	issue := func(client string) string {
		t.Helper()
		status, body, _ := a.token("/oauth2/access_token", client, "password", form("grant_type", "client_credentials", "scope", "client-scope"))
		token, _ := body["access_token"].(string)
		if status != 200 {
			t.Errorf("a token for %s: %d %v", client, status, body)
		}
		return token
	}

	opaque, jwt := issue("client-long"), issue("client-jwt") // of two hours
	want := func(when string, token, jwtToken string, live bool) {
		t.Helper()
		status := 401
		if live {
			status = 204
		}
		for _, path := range []string{"/direct", "/cached", "/cached"} {
			if got := get(path, token); got != status {
				t.Errorf("%s, %s: %d, want %d", when, path, got, status)
			}
		}
		if got := get("/jwt", jwtToken); got != status {
			t.Errorf("%s, /jwt: %d, want %d", when, got, status)
		}
	}
	all := func(when string) {
		t.Helper()
		want(when+", old tokens", opaque, jwt, true)
		want(when+", new tokens", issue("client-long"), issue("client-jwt"), true)
	}
	all("before")
	for range 2 {
		if got := get("/throttled", ""); got != 204 {
			t.Errorf("throttled: %d, want 204", got)
		}
	}
	if got := get("/throttled", ""); got != 429 {
		t.Errorf("throttled, over the rate: %d, want 429", got)
	}

	clock.step(time.Hour)
	all("an hour forward")
	if got := get("/throttled", ""); got != 204 {
		t.Errorf("throttled, an hour forward: %d, want 204", got)
	}
	clock.step(-time.Hour)
	all("back again")
	if got := get("/throttled", ""); got != 204 {
		t.Errorf("throttled, the clock having been set back by an hour: %d, want 204", got)
	}
	clock.step(-time.Hour)
	// A JWT says from when on it holds (nbf), and that is an hour away.
	for _, path := range []string{"/direct", "/cached"} {
		if got := get(path, opaque); got != 204 {
			t.Errorf("an hour back, %s: %d, want 204", path, got)
		}
	}
	want("an hour back, new tokens", issue("client-long"), issue("client-jwt"), true)
	clock.step(time.Hour)
	all("as before")
	clock.step(2*time.Hour + time.Minute)
	want("two hours forward, old tokens", opaque, jwt, false)
	a.login() // the session has timed out
	want("two hours forward, new tokens", issue("client-long"), issue("client-jwt"), true)
}
