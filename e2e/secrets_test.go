package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What clients prove who they are with is in no log line, audit event or span of either half, when all is well and when
// not.
func TestSecretsStayOutOfLogsAndSpans(t *testing.T) {
	c := newCollector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
	dir := t.TempDir()
	amLogs, gateLogs := filepath.Join(dir, "am-logs"), filepath.Join(dir, "gate-logs")
	audit := func(logs string) string {
		return `{"eventHandlers": [{"class": "JsonAuditEventHandler", "config": {"name": "files", "logDirectory": "` + filepath.ToSlash(logs) +
			`", "topics": ["access", "authentication", "activity", "config"]}}]}`
	}
	write(t, filepath.Join(dir, "audit.json"), audit(amLogs))
	a := startAM(t, filepath.Join(dir, "am"), "--log-level", "debug", "--audit", filepath.Join(dir, "audit.json"))
	a.rest("POST", "/realms/root/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	makeClient(a, "app")
	makeGate(a)
	_, token := clientToken(a, "app")
	upstream, _ := upstreamSeeing(t)
	folder := filepath.Join(dir, "gateway")
	conf := filepath.Join(folder, "config")
	write(t, filepath.Join(conf, "admin.json"), `{"connectors": [{"port": 0, "host": "127.0.0.1"}], "adminConnector": {"port": 0, "host": "127.0.0.1"}}`)
	write(t, filepath.Join(conf, "routes", "a-dead.json"), `{"condition": "${request.uri.path == '/dead'}", "handler": {"type": "ReverseProxyHandler", "baseURI": "http://127.0.0.1:1"}}`)
	write(t, filepath.Join(conf, "routes", "guarded.json"),
		strings.NewReplacer("UPSTREAM", upstream, "INTROSPECT", a.base+introspectPath, "LOGS", filepath.ToSlash(gateLogs)).Replace(guardedRoute))
	gate := start(t, nil, "gateway", "--log-level", "debug", folder)

	const query, cookie, wrong = "query-that-is-secret", "cookie-that-is-secret", "token-that-nobody-made"
	ask := func(method, url, body string, header ...string) {
		t.Helper()
		req, err := http.NewRequest(method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			req.Header.Add(header[i], header[i+1])
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	front := "http://" + gate.addr(0)
	for _, path := range []string{"/loans", "/dead"} {
		for _, bearer := range []string{token, wrong, wrong + ".a.b"} {
			ask("GET", front+path+"?access_token="+bearer+"&q="+query, "", "Authorization", "Bearer "+bearer, "Cookie", "iPlanetDirectoryPro="+cookie)
		}
		ask("GET", front+path+"?q="+query+"%zz", "", "Authorization", "Basic Z2F0ZTpzZWNyZXQ=")
	}
	o := a.base + "/oauth2/realms/root"
	formType := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for _, bearer := range []string{token, wrong} {
		ask("GET", o+"/tokeninfo?access_token="+bearer, "")
		ask("GET", o+"/userinfo", "", "Authorization", "Bearer "+bearer)
		ask("POST", o+"/introspect", "token="+bearer, append(formType, "Authorization", "Basic Z2F0ZTpzZWNyZXQ=")...)
		ask("POST", o+"/introspect", "token="+bearer, append(formType, "Authorization", "Basic Z2F0ZTp3cm9uZw==")...)
		ask("POST", o+"/token/revoke", "token="+bearer+"&client_id=app&client_secret="+query, formType...)
	}
	ask("GET", o+"/authorize?client_id=app&response_type=code&state="+query+"&login_hint="+query, "", "Cookie", "iPlanetDirectoryPro="+cookie)
	ask("POST", o+"/access_token", "grant_type=authorization_code&code="+query+"&client_id=app&client_secret="+query, formType...)
	ask("POST", o+"/access_token?client_secret="+query, "grant_type=refresh_token&refresh_token="+query+"&client_id=app", formType...)
	api := a.base + "/json/realms/root"
	ask("POST", api+"/authenticate", "{}", "Content-Type", "application/json", "X-OpenAM-Username", "amAdmin", "X-OpenAM-Password", query)
	ask("POST", api+"/authenticate", "{", "Content-Type", "application/json", "Cookie", "iPlanetDirectoryPro="+cookie)
	ask("POST", api+"/sessions/"+a.sso+"?_action=validate", "{}", "Content-Type", "application/json", "Accept-API-Version", "resource=1.1")
	ask("POST", api+"/sessions?_action=getSessionInfo&tokenId="+a.sso, "{}", "Content-Type", "application/json", "iPlanetDirectoryPro", a.sso)
	ask("PUT", api+"/users/eve", `{"userPassword": "`+query+`"`, "Content-Type", "application/json", "iPlanetDirectoryPro", a.sso)
	ask("PUT", api+"/users/eve", `{"userPassword": "`+query+`", "mail": "eve@example.com"}`, "Content-Type", "application/json", "iPlanetDirectoryPro", a.sso, "If-None-Match", "*")
	gate.stop()
	a.stop()

	c.mu.Lock()
	places := map[string]string{"log of the gateway": gate.output(), "log of the authorization server": a.output(), "spans": c.raw.String()}
	c.mu.Unlock()
	for _, logs := range []string{amLogs, gateLogs} {
		files, err := filepath.Glob(filepath.Join(logs, "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no audit in %s: %v", logs, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			places[filepath.Base(logs)+" "+filepath.Base(file)] = string(text)
		}
	}
	for where, text := range places {
		if len(text) == 0 && !strings.Contains(where, "config") {
			t.Errorf("%s is empty", where)
		}
		for what, secret := range map[string]string{
			"the token": token, "a wrong token": wrong, "what was secret in a query, a body or a header": query, "a session cookie": cookie,
			"the administrator's session": a.sso, "the administrator's password": adminPassword, "the header of a client": "Z2F0ZTpzZWNyZXQ", "a wrong one": "Z2F0ZTp3cm9uZw",
		} {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%s: %s: …%s", where, what, text[max(0, at-200):min(len(text), at+80)])
			}
		}
	}
}
