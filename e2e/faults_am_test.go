package e2e

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The authorization server is away, slow or breaks off: the gateway refuses what it cannot check, goes on with what it
// has checked, and takes both back when the server is there again.
func TestFaultAuthorizationServer(t *testing.T) {
	t.Parallel()
	a := startAM(t, t.TempDir())
	setUpDemo(t, a)
	way := newFaultyWay(t, a.addr(0))
	introspection := `{"type": "TokenIntrospectionAccessTokenResolver", "config": {"amService": "am", "providerHandler": {"type": "Chain", "config": {
		"filters": [{"type": "HttpBasicAuthenticationClientFilter", "config": {"username": "ig_agent", "passwordSecretId": "agent.secret.id", "secretsProvider": "secrets"}}],
		"handler": {"type": "ClientHandler", "config": {"soTimeout": "3 seconds", "connectionTimeout": "3 seconds"}}}}}}`
	route := func(path, resolver string) string {
		return `{"condition": "${request.uri.path == '` + path + `'}", "heap": [
			{"name": "secrets", "type": "SystemAndEnvSecretStore"},
			{"name": "am", "type": "AmService", "config": {"url": "http://am.example.com:8088/openam", "secretsProvider": "secrets",
				"agent": {"username": "ig_agent", "passwordSecretId": "agent.secret.id"}, "notifications": {"enabled": false}}}],
			"handler": {"type": "Chain", "config": {"filters": [{"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "realm": "demo",
				"scopes": ["client-scope"], "accessTokenResolver": ` + resolver + `}}],
			"handler": {"type": "StaticResponseHandler", "config": {"status": 200, "headers": {"Content-Type": ["text/plain"]}, "entity": "in"}}}}}`
	}
	g, _ := gatewayWith(t, []string{"AGENT_SECRET_ID=cGFzc3dvcmQ="}, "", map[string]string{
		"cached.json": route("/cached", `{"type": "CacheAccessTokenResolver", "config": {"delegate": `+introspection+`}}`),
		"direct.json": route("/direct", introspection),
	}, "--resolve", "am.example.com:8088:"+way.addr)
	get := func(path, token string) (int, string) {
		t.Helper()
		req, err := http.NewRequest("GET", "http://"+g.addr(0)+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, _ := do(t, req)
		return resp.StatusCode, resp.Header.Get("WWW-Authenticate")
	}
	tests := []struct {
		name   string
		mode   int32
		delay  time.Duration
		during int // the status for a token that must be asked about
		log    string
	}{
		{"gone", wayGone, 0, 401, "reset by peer"},
		{"silent", waySilent, 0, 401, "timeout"},
		{"slow, but within the time-out", waySlow, 200 * time.Millisecond, 200, ""},
		{"too slow", waySlow, 6 * time.Second, 401, "timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			known, fresh := a.issue("client-scope"), a.issue("client-scope")
			for _, path := range []string{"/cached", "/direct"} {
				if status, _ := get(path, known); status != 200 {
					t.Fatalf("%s before: %d", path, status)
				}
			}
			from := len(g.output())
			way.delay.Store(int64(tt.delay))
			way.set(tt.mode)
			if status, _ := get("/cached", known); status != 200 {
				t.Errorf("a token in the cache: %d, want 200", status)
			}
			for path, token := range map[string]string{"/cached": fresh, "/direct": known} {
				status, challenge := get(path, token)
				if status != tt.during || status == 401 && challenge != invalidToken {
					t.Errorf("%s, a token that has to be asked about: %d %q, want %d", path, status, challenge, tt.during)
				}
			}
			if tt.log != "" {
				g.wantLine(t, from, "WARN", tt.log)
			}
			if strings.Contains(g.output(), fresh) || strings.Contains(g.output(), known) {
				t.Error("the log holds a token")
			}
			way.set(wayOpen)
			way.cut()
			for path, token := range map[string]string{"/cached": fresh, "/direct": known} {
				if status, _ := get(path, token); status != 200 {
					t.Errorf("%s afterwards: %d, want 200: the failure is not kept", path, status)
				}
			}
		})
	}
}

// The keys of the authorization server change while tokens are under way: those signed with the old key hold until
// they end, those signed with the new one are taken at once. (A key that the gateway does not know makes it ask for the
// set again, once in the time that the store is given as cacheMissCacheTime.)
func TestFaultSigningKeyRotation(t *testing.T) {
	t.Parallel()
	a := startAM(t, t.TempDir())
	setUpDemo(t, a)
	a.rest("PUT", "/realms/root/realm-config/services/oauth-oidc", map[string]any{
		"coreOAuth2Config": map[string]any{"statelessTokensEnabled": true}, "advancedOAuth2Config": map[string]any{"tokenSigningAlgorithm": "ES256"}})
	g, _ := gatewayWith(t, nil, "", map[string]string{"x.json": `{"handler": {"type": "Chain", "config": {
		"filters": [{"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "scopes": ["client-scope"], "accessTokenResolver": {
			"type": "StatelessAccessTokenResolver", "config": {"issuer": "` + a.base + `/oauth2", "verificationSecretId": "any",
				"secretsProvider": {"type": "JwkSetSecretStore", "config": {"jwkUrl": "` + a.base + `/oauth2/connect/jwk_uri"}}}}}}],
		"handler": {"type": "StaticResponseHandler", "config": {"status": 204}}}}}`})
	status := func(token string) int {
		req, err := http.NewRequest("GET", "http://"+g.addr(0)+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, _ := do(t, req)
		return resp.StatusCode
	}
	var tokens []string
	kids := map[string]bool{}
	for round := range 2 {
		token := a.issue("client-scope")
		kids[kidOf(t, token)] = true
		tokens = append(tokens, token)
		for i, tok := range tokens {
			if got := status(tok); got != 204 {
				t.Errorf("after %d rotations, the token of round %d: %d, want 204", round, i, got)
			}
		}
		rotateKeys(a)
	}
	if len(kids) != 2 {
		t.Errorf("the tokens are signed with %d keys, want 2", len(kids))
	}
	forged := tokens[0][:len(tokens[0])-6] + "AAAAAA"
	if got := status(forged); got != 401 {
		t.Errorf("a token with a wrong signature: %d", got)
	}
}

func rotateKeys(a *am) {
	a.t.Helper()
	a.rest("POST", "/realms/root/realm-config/secrets/stores/KeyStoreSecretStore/default-keystore/mappings/am.services.oauth2.oidc.signing.ES256?_action=rotate", map[string]any{})
}

// kidOf is the key that a JWT names.
func kidOf(t *testing.T, token string) string {
	t.Helper()
	head, _, _ := strings.Cut(token, ".")
	b, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	var h struct {
		Kid string `json:"kid"`
	}
	if err := json.Unmarshal(b, &h); err != nil || h.Kid == "" {
		t.Fatalf("header %s: %v", b, err)
	}
	return h.Kid
}
