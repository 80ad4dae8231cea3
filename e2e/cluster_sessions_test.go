package e2e

import (
	"net/http"
	"testing"
)

// Gateways that have the same session key read one another's sessions, also one that was started later; one with
// another key begins a session of its own.
func TestClusterGatewaySessions(t *testing.T) {
	const route = `{
		"heap": [{"name": "keys", "type": "SystemAndEnvSecretStore", "config": {"mappings": [{"secretId": "session.key",
			"format": {"type": "SecretKeyPropertyFormat", "config": {"format": "BASE64", "algorithm": "AES"}}}]}}],
		"session": {"type": "JwtSessionManager", "config": {"authenticatedEncryptionSecretId": "session.key", "secretsProvider": "keys", "cookie": {"name": "shop"}}},
		"handler": {"type": "Chain", "config": {
			"filters": [{"type": "ConditionalFilter", "config": {"condition": "${request.uri.path == '/set'}", "delegate": {"type": "AssignmentFilter", "config": {
				"onRequest": [{"target": "${session.user}", "value": "demo"}]}}}}],
			"handler": {"type": "StaticResponseHandler", "config": {"status": 200, "headers": {"Content-Type": ["text/plain"]}, "entity": "user ${session.user}"}}}}}`
	begin := func(key string) *process {
		g, _ := gatewayWith(t, []string{"SESSION_KEY=" + key}, "", map[string]string{"x.json": route})
		return g
	}
	const same = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	first, second, stranger := begin(same), begin(same), begin("HxECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	ask := func(g *process, path string, cookies []*http.Cookie) (string, []*http.Cookie) {
		t.Helper()
		req, err := http.NewRequest("GET", "http://"+g.addr(0)+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cookies {
			req.AddCookie(c)
		}
		resp, body := do(t, req)
		if resp.StatusCode != 200 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
		return body, resp.Cookies()
	}
	_, cookies := ask(first, "/set", nil)
	if len(cookies) == 0 {
		t.Fatal("no session cookie")
	}
	for name, g := range map[string]*process{"the same gateway": first, "another one": second, "one that was started afterwards": begin(same)} {
		if got, _ := ask(g, "/get", cookies); got != "user demo" {
			t.Errorf("%s: %q, want the session", name, got)
		}
	}
	first.stop()
	if got, _ := ask(second, "/get", cookies); got != "user demo" {
		t.Errorf("after the first gateway has ended: %q", got)
	}
	if got, _ := ask(stranger, "/get", cookies); got != "user " {
		t.Errorf("a gateway with another key: %q, want none of the session", got)
	}
}
