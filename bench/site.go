package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// bench holds the processes of a run.
type bench struct {
	binary string
	dir    string
	procs  []*exec.Cmd
}

func newBench(binary string) (*bench, error) {
	if _, err := os.Stat(binary); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "gatehouse-bench-")
	return &bench{binary: binary, dir: dir}, err
}

func (b *bench) close() {
	for _, p := range b.procs {
		_ = p.Process.Signal(syscall.SIGTERM)
		_ = p.Wait()
	}
	_ = os.RemoveAll(b.dir)
}

// probe starts a bare server and returns its process id and address.
func (b *bench) probe(name, arg string) (int, string, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, "", err
	}
	cmd := exec.Command(self, "probe", name, arg)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, "", err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return 0, "", err
	}
	b.procs = append(b.procs, cmd)
	line, err := bufio.NewReader(out).ReadString('\n')
	return cmd.Process.Pid, strings.TrimSpace(line), err
}

var listening = regexp.MustCompile(`listening address=(\S+)`)

// gatehouse starts the binary and returns its process id and first address.
func (b *bench) gatehouse(env []string, args ...string) (int, string, error) {
	cmd := exec.Command(b.binary, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.StderrPipe()
	if err != nil {
		return 0, "", err
	}
	if err := cmd.Start(); err != nil {
		return 0, "", err
	}
	b.procs = append(b.procs, cmd)
	var log strings.Builder
	addr := ""
	s := bufio.NewScanner(out)
	for s.Scan() {
		log.WriteString(s.Text() + "\n")
		if m := listening.FindStringSubmatch(s.Text()); m != nil && addr == "" {
			addr = m[1]
		}
		if strings.Contains(s.Text(), "is ready") {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return cmd.Process.Pid, addr, nil
		}
	}
	return 0, "", fmt.Errorf("gatehouse %s ended:\n%s", args[0], log.String())
}

const password = "Secret-12345"

// cases starts everything and returns what is measured.
func (b *bench) cases() ([]testCase, error) {
	_, app, err := b.probe("upstream", "-")
	if err != nil {
		return nil, err
	}
	amPID, amAddr, err := b.gatehouse([]string{"GATEHOUSE_ADMIN_PASSWORD=" + password}, "am",
		"--data", filepath.Join(b.dir, "am"), "--listen", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	token, err := setUp("http://" + amAddr + "/openam")
	if err != nil {
		return nil, err
	}
	// Tokens are issued by a server of their own: a store tidies up for a while after
	// some hundred thousand writes, and that is not what an introspection costs.
	writerPID, writerAddr, err := b.gatehouse([]string{"GATEHOUSE_ADMIN_PASSWORD=" + password}, "am",
		"--data", filepath.Join(b.dir, "writer"), "--listen", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if _, err := setUp("http://" + writerAddr + "/openam"); err != nil {
		return nil, err
	}
	jwts, err := b.jwts()
	if err != nil {
		return nil, err
	}
	if err := b.routes(app); err != nil {
		return nil, err
	}
	gwPID, gwAddr, err := b.gatehouse([]string{"AGENT_SECRET_ID=cGFzc3dvcmQ="}, "gateway",
		"--resolve", "am.example.com:8088:"+amAddr, filepath.Join(b.dir, "gateway"))
	if err != nil {
		return nil, err
	}
	wirePID, wireAddr, err := b.probe("wire", "http://"+app)
	if err != nil {
		return nil, err
	}
	rpPID, rpAddr, err := b.probe("reverseproxy", "http://"+app)
	if err != nil {
		return nil, err
	}
	batchPID, batchAddr, err := b.probe("batch", filepath.Join(b.dir, "batch"))
	if err != nil {
		return nil, err
	}
	jsonPID, jsonAddr, err := b.probe("json", "-")
	if err != nil {
		return nil, err
	}
	jwtPID, jwtAddr, err := b.probe("jwt", "-")
	if err != nil {
		return nil, err
	}
	const text = "from the app"
	cases := []testCase{
		{name: "bare ReverseProxy", pid: rpPID, addr: rpAddr, request: get("/plain", ""), want: text},
		{name: "bare wire proxy", pid: wirePID, addr: wireAddr, request: get("/plain", ""), want: text},
		{name: "route", pid: gwPID, addr: gwAddr, request: get("/plain", ""), want: text},
		{name: "resource server, cached", pid: gwPID, addr: gwAddr, request: get("/protected", token), want: text},
		{name: "resource server, cached JWT", pid: gwPID, addr: gwAddr, request: get("/cached-jwt", jwts.es[0]), want: text},
	}
	cases = append(cases, jwts.cases(gwPID, gwAddr)...)
	cases = append(cases,
		testCase{name: "script", pid: gwPID, addr: gwAddr, request: get("/script", ""), want: text},
		testCase{name: "bare JSON", pid: jsonPID, addr: jsonAddr, request: post("/", "client-service", "token="+token), want: "active"},
		testCase{name: "introspection", pid: amPID, addr: amAddr, request: post("/openam/oauth2/introspect", "client-service", "token="+token), want: `"active":true`},
		testCase{name: "bare ES256 JWT", pid: jwtPID, addr: jwtAddr, request: post("/", "client-jwt", grant), want: "access_token"},
		testCase{name: "client_credentials, JWT ES256", pid: amPID, addr: amAddr, request: post("/openam/oauth2/access_token", "client-jwt", grant), want: "access_token"},
		testCase{name: "bare synced batch", pid: batchPID, addr: batchAddr, request: post("/", "client-service", grant), want: "access_token", clients: 32},
		testCase{name: "client_credentials", pid: writerPID, addr: writerAddr, request: post("/openam/oauth2/access_token", "client-service", grant), want: "access_token", clients: 32},
	)
	for i := range cases {
		cases[i].clients = max(cases[i].clients, 8)
	}
	return cases, nil
}

// get is a request to the gateway, with a bearer token where there is one.
func get(path, token string) string {
	if token != "" {
		token = "Authorization: Bearer " + token + "\r\n"
	}
	return "GET " + path + " HTTP/1.1\r\nHost: app.example.com\r\nAccept: text/html\r\nUser-Agent: bench\r\n" + token + "\r\n"
}

// post is a client's request to the authorization server.
func post(path, client, form string) string {
	basic := base64.StdEncoding.EncodeToString([]byte(client + ":password"))
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: am.example.com\r\nAuthorization: Basic %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		path, basic, len(form), form)
}

const grant = "grant_type=client_credentials&scope=client-scope"

// setUp makes a client through the REST interface and returns a token of it.
func setUp(base string) (string, error) {
	sso := ""
	call := func(method, path string, body any) (map[string]any, error) {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		req, err := http.NewRequest(method, base+path, bytes.NewReader(b))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept-API-Version", "protocol=2.1,resource=1.0")
		if sso == "" {
			req.Header.Set("X-OpenAM-Username", "amAdmin")
			req.Header.Set("X-OpenAM-Password", password)
		} else {
			req.Header.Set("iPlanetDirectoryPro", sso)
		}
		return answer(req)
	}
	m, err := call("POST", "/json/realms/root/authenticate", map[string]any{})
	if err != nil {
		return "", err
	}
	sso, _ = m["tokenId"].(string)
	root := "/json/realms/root/realm-config"
	steps := []struct {
		method, path string
		body         any
	}{
		{"POST", root + "/services/oauth-oidc?_action=create", map[string]any{
			"advancedOAuth2Config": map[string]any{"tokenSigningAlgorithm": "ES256"}}},
		{"PUT", root + "/agents/IdentityGatewayAgent/ig_agent", map[string]any{"userpassword": "password", "igTokenIntrospection": "Realm"}},
		{"PUT", root + "/agents/OAuth2Client/client-service", map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"userpassword": "password", "scopes": []string{"client-scope"}, "accessTokenLifetime": 86400},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
		}},
		{"PUT", root + "/agents/OAuth2Client/client-jwt", map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"userpassword": "password", "scopes": []string{"client-scope"}, "accessTokenLifetime": 3600},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
			"overrideOAuth2ClientConfig": map[string]any{"providerOverridesEnabled": true, "statelessTokensEnabled": true},
		}},
		{"PUT", root + "/agents/OAuth2Client/client-brief", map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"userpassword": "password", "scopes": []string{"client-scope"}, "accessTokenLifetime": briefLifetime.Seconds()},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
		}},
	}
	for _, s := range steps {
		if _, err := call(s.method, s.path, s.body); err != nil {
			return "", err
		}
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"client-scope"}}
	req, err := http.NewRequest("POST", base+"/oauth2/access_token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth("client-service", "password")
	if m, err = answer(req); err != nil {
		return "", err
	}
	token, _ := m["access_token"].(string)
	return token, nil
}

func answer(req *http.Request) (map[string]any, error) {
	client := http.Client{Timeout: 20 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var m map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&m); err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 {
		return nil, fmt.Errorf("%s %s: %d %v", req.Method, req.URL.Path, resp.StatusCode, m)
	}
	return m, nil
}

// routes writes the gateway's folder.
func (b *bench) routes(app string) error {
	files := map[string]string{
		"admin.json": `{"connectors": [{"port": 0, "host": "127.0.0.1"}], "adminConnector": {"port": 0, "host": "127.0.0.1"}}`,
		"routes/plain.json": `{"name": "plain", "baseURI": "http://APP", "condition": "${find(request.uri.path, '^/plain')}",
			"handler": "ReverseProxyHandler"}`,
		"routes/script.json": `{"name": "script", "baseURI": "http://APP", "condition": "${find(request.uri.path, '^/script')}",
			"handler": {"type": "ScriptableHandler", "config": {"type": "application/x-groovy",
				"source": ["request.uri.path = '/plain'", "return http.send(context, request)"]}}}`,
		"routes/protected.json": `{"name": "protected", "baseURI": "http://APP", "condition": "${find(request.uri.path, '^/protected')}",
			"heap": [
				{"name": "secrets", "type": "SystemAndEnvSecretStore"},
				{"name": "am", "type": "AmService", "config": {"url": "http://am.example.com:8088/openam", "secretsProvider": "secrets",
					"agent": {"username": "ig_agent", "passwordSecretId": "agent.secret.id"}, "notifications": {"enabled": false}}}],
			"handler": {"type": "Chain", "config": {
				"filters": [{"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "scopes": ["client-scope"],
					"accessTokenResolver": {"type": "CacheAccessTokenResolver", "config": {"delegate": {
						"type": "TokenIntrospectionAccessTokenResolver", "config": {"amService": "am", "providerHandler": {
							"type": "Chain", "config": {
								"filters": [{"type": "HttpBasicAuthenticationClientFilter", "config": {
									"username": "ig_agent", "passwordSecretId": "agent.secret.id", "secretsProvider": "secrets"}}],
								"handler": "ForgeRockClientHandler"}}}}}}}}],
				"handler": "ReverseProxyHandler"}}}`,
	}
	resolver := `{"type": "StatelessAccessTokenResolver", "config": {"issuer": "` + jwtIssuer + `", "verificationSecretId": "any",
		"secretsProvider": {"type": "JwkSetSecretStore", "config": {"jwkUrl": "file://` + b.keySet() + `"}}}}`
	for name, r := range map[string]string{"jwt": resolver, "cached-jwt": `{"type": "CacheAccessTokenResolver", "config": {"delegate": ` + resolver + `}}`} {
		files["routes/"+name+".json"] = `{"name": "` + name + `", "baseURI": "http://APP", "condition": "${find(request.uri.path, '^/` + name + `')}",
			"handler": {"type": "Chain", "config": {
				"filters": [{"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "scopes": ["client-scope"], "accessTokenResolver": ` + r + `}}],
				"handler": "ReverseProxyHandler"}}}`
	}
	for name, text := range files {
		path := filepath.Join(b.dir, "gateway", "config", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "APP", app)), 0o600); err != nil {
			return err
		}
	}
	return nil
}
