package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The documents that the product started from are read as they are: routes, script,
// commands and printed answers are taken from their text.
type seeds struct {
	gatewayCC, cloudCC, amCC, exchange string
}

func readSeeds(t *testing.T) seeds {
	t.Helper()
	dir := os.Getenv("GATEHOUSE_SEEDS")
	if dir == "" {
		dir = "../../shared/seeds"
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.txt"))
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the documents are missing: no text files in %s", dir)
		}
		t.Skipf("no documents in %s; TestDemo covers the same flows", dir)
	}
	var s seeds
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		switch {
		case strings.Contains(text, "title: Client credentials grant with PingAM"):
			s.gatewayCC = text
		case strings.HasPrefix(text, "PingOne Advanced Identity Cloud"):
			s.cloudCC = text
		case strings.HasPrefix(text, "Access Management 7.2"):
			s.amCC = text
		case strings.Contains(text, "title: OAuth 2.0 token exchange with PingAM"):
			s.exchange = text
		}
	}
	if s.gatewayCC == "" || s.cloudCC == "" || s.amCC == "" || s.exchange == "" {
		t.Fatal("not all documents are there")
	}
	return s
}

var fence = regexp.MustCompile("(?ms)^ *```(\\w*)\n(.*?)^ *```$")

// blocks returns the fenced blocks of a document in a language, without their indent.
func blocks(doc, lang string) []string {
	var list []string
	for _, m := range fence.FindAllStringSubmatch(doc, -1) {
		if m[1] == lang {
			list = append(list, dedent(m[2]))
		}
	}
	return list
}

func dedent(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	indent := lines[0][:len(lines[0])-len(strings.TrimLeft(lines[0], " "))]
	for i, l := range lines {
		lines[i] = strings.TrimPrefix(l, indent)
	}
	return strings.Join(lines, "\n") + "\n"
}

// routes returns the route documents of a text by their file name.
func routes(t *testing.T, doc string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, b := range blocks(doc, "json") {
		var head struct {
			Name    string `json:"name"`
			Handler any    `json:"handler"`
		}
		if json.Unmarshal([]byte(b), &head) == nil && head.Handler != nil {
			found[head.Name+".json"] = b
		}
	}
	return found
}

// command returns the shell command that begins behind the n-th "$ " whose text has mark.
func command(t *testing.T, doc, mark string) string {
	t.Helper()
	lines := strings.Split(doc, "\n")
	for i, l := range lines {
		first, ok := strings.CutPrefix(strings.TrimSpace(l), "$ ")
		if !ok {
			continue
		}
		cmd := []string{first}
		// A bare "curl" goes on in the next line although no backslash says so.
		for n := i + 1; n < len(lines) && (strings.HasSuffix(cmd[len(cmd)-1], "\\") || cmd[len(cmd)-1] == "curl"); n++ {
			if cmd[len(cmd)-1] == "curl" {
				cmd[len(cmd)-1] = "curl \\"
			}
			cmd = append(cmd, strings.TrimSpace(lines[n]))
		}
		if text := strings.Join(cmd, "\n"); strings.Contains(text, mark) {
			return text
		}
	}
	t.Fatalf("the document has no command with %q", mark)
	return ""
}

// answer returns the JSON object that is printed behind mark in a document.
func answer(t *testing.T, doc, mark string) map[string]any {
	t.Helper()
	i := strings.Index(doc, mark)
	if i < 0 {
		t.Fatalf("the document lacks %q", mark)
	}
	rest := doc[i+len(mark):]
	rest = rest[strings.Index(rest, "{\n"):]
	var m map[string]any
	if err := json.NewDecoder(strings.NewReader(rest)).Decode(&m); err != nil {
		t.Fatalf("answer behind %q: %v", mark, err)
	}
	return m
}

// mayActScript returns the script of the exchange document.
func mayActScript(t *testing.T, doc string) string {
	t.Helper()
	for _, b := range blocks(doc, "") {
		if strings.Contains(b, "setMayAct") {
			return b
		}
	}
	t.Fatal("the document has no may-act script")
	return ""
}

// site is an authorization server and a gateway set up as the documents say.
type site struct {
	am       *am
	gateway  *process
	dir      string // of the gateway
	curlHome string
	cert     string
}

// setUpAM performs the documents' steps through the REST interface.
func setUpAM(t *testing.T, a *am, s seeds) {
	t.Helper()
	root := "/realms/root/realm-config"
	a.rest("POST", root+"/services/validation?_action=create", map[string]any{
		"validGotoDestinations": []string{"https://ig.example.com:8443/*", "https://ig.example.com:8443/*?*"},
	})
	a.rest("PUT", root+"/agents/IdentityGatewayAgent/ig_agent", map[string]any{
		"userpassword": "password", "igTokenIntrospection": "Realm",
	})
	scripts := a.rest("GET", "/realms/root/scripts?_queryFilter="+url.QueryEscape(`name eq "OAuth2 May Act Script"`), nil)
	list, _ := scripts["result"].([]any)
	if len(list) != 1 {
		t.Fatalf("the may-act script is not there: %v", scripts)
	}
	script := list[0].(map[string]any)
	id := script["_id"].(string)
	script["script"] = encode64(mayActScript(t, s.exchange))
	a.rest("PUT", "/realms/root/scripts/"+id, script)
	a.rest("POST", root+"/services/oauth-oidc?_action=create", map[string]any{
		"coreOAuth2Config": map[string]any{"accessTokenMayActScript": id, "oidcMayActScript": id},
	})
	client := func(realm, id, secret string, scopes []string, grants []string, more map[string]any) {
		advanced := map[string]any{"grantTypes": grants}
		for k, v := range more {
			advanced[k] = v
		}
		a.rest("PUT", realm+"/realm-config/agents/OAuth2Client/"+id, map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"userpassword": secret, "scopes": scopes},
			"advancedOAuth2ClientConfig": advanced,
		})
	}
	client("/realms/root", "client-service", "password", []string{"client-scope"}, []string{"client_credentials"}, nil)
	client("/realms/root", "client-application", "password", []string{"mail", "employeenumber"}, []string{"password"}, nil)
	client("/realms/root", "serviceConfidentialClient", "password", []string{"mail", "employeenumber"},
		[]string{"urn:ietf:params:oauth:grant-type:token-exchange"}, map[string]any{"tokenEndpointAuthMethod": "client_secret_post"})
	a.rest("POST", "/realms/root/users?_action=create", map[string]any{
		"username": "demo", "userpassword": "Ch4ng31t", "mail": "demo@example.com", "employeeNumber": "123",
	})
	a.rest("POST", "/global-config/realms?_action=create", map[string]any{"name": "alpha", "active": true, "parentPath": "/"})
	alpha := "/realms/root/realms/alpha"
	a.rest("POST", alpha+"/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	client(alpha, "myClient", "forgerock", []string{"write"}, []string{"client_credentials"}, nil)
}

// newSite starts both servers; the gateway's folder gets the documents' routes.
func newSite(t *testing.T, s seeds) *site {
	t.Helper()
	w := &site{dir: t.TempDir(), curlHome: t.TempDir()}
	var key string
	w.cert, key = certificate(t, filepath.Join(w.dir, "secrets"), "ig.example.com", "openam.example.com", "tenant.example.com", "localhost")
	w.am = startAM(t, t.TempDir(), "--listen-tls", "127.0.0.1:0", "--tls-cert", w.cert, "--tls-key", key)
	setUpAM(t, w.am, s)

	write(t, filepath.Join(w.dir, "config", "admin.json"), adminJSON)
	for _, doc := range []string{s.gatewayCC, s.exchange} {
		for name, text := range routes(t, doc) {
			write(t, filepath.Join(w.dir, "config", "routes", name), text)
		}
	}
	port := freePort(t)
	w.gateway = start(t, []string{"AGENT_SECRET_ID=cGFzc3dvcmQ=", "CLIENT_SECRET_ID=cGFzc3dvcmQ=", "GATEWAY_PORT=" + port}, "gateway",
		"--resolve", "am.example.com:8088:"+w.am.addr(0), "--resolve", "ig.example.com:8080:127.0.0.1:"+port, w.dir)
	rc := fmt.Sprintf("silent\nshow-error\ncacert = %q\n", w.cert)
	for from, to := range map[string]string{
		"am.example.com:8088": w.am.addr(0), "openam.example.com:8443": w.am.addr(1), "tenant.example.com:443": w.am.addr(1),
		"ig.example.com:8443": w.gateway.addr(1), "ig.example.com:8080": w.gateway.addr(0),
	} {
		rc += fmt.Sprintf("connect-to = %q\n", from+":"+to)
	}
	write(t, filepath.Join(w.curlHome, ".curlrc"), rc)
	return w
}

const adminJSON = `{
  "heap": [
    {"name": "files", "type": "FileSystemSecretStore", "config": {"directory": "&{ig.instance.dir}/secrets", "suffix": ".pem",
      "mappings": [{"secretId": "tls", "format": {"type": "PemPropertyFormat"}}]}},
    {"name": "key", "type": "SecretsKeyManager", "config": {"signingSecretId": "tls", "secretsProvider": "files"}}
  ],
  "connectors": [
    {"port": {"$int": "&{gateway.port}"}, "host": "127.0.0.1"},
    {"port": 0, "host": "127.0.0.1", "tls": {"type": "ServerTlsOptions", "config": {"keyManager": "key"}}}
  ],
  "adminConnector": {"port": 0, "host": "127.0.0.1"}
}
`

// freePort returns a port that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func TestSeeds(t *testing.T) {
	s := readSeeds(t)
	w := newSite(t, s)

	t.Run("client credentials through the gateway", func(t *testing.T) {
		got := shell(t, w.curlHome, nil, "curl https://ig.example.com:8443/client-credentials")
		if !strings.Contains(got, "<h2>Access Granted</h2>") {
			t.Errorf("answer %q, want the page that grants access", got)
		}
	})

	t.Run("AM 7.2, form parameters", func(t *testing.T) {
		got := object(t, shell(t, w.curlHome, nil, command(t, s.amCC, "client_secret=forgerock")))
		likeToken(t, got, answer(t, s.amCC, "in the access_token property. For example:"))
	})

	t.Run("Advanced Identity Cloud, basic authentication", func(t *testing.T) {
		cmd := strings.NewReplacer("<client-id>:<client-secret>", "myClient:forgerock", "<tenant-env-fqdn>", "tenant.example.com").
			Replace(command(t, s.cloudCC, "access_token"))
		got := object(t, shell(t, w.curlHome, nil, cmd))
		likeToken(t, got, answer(t, s.cloudCC, "returns an access token, for example:"))
	})

	t.Run("scope left out, default scope granted", func(t *testing.T) {
		w.am.rest("PUT", "/realms/root/realms/alpha/realm-config/agents/OAuth2Client/quick", map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"userpassword": "forgerock", "scopes": []string{"write"}, "defaultScopes": []string{"write"}},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
		})
		cmd := strings.NewReplacer("--data \"scope=write\" \\\n", "", "<client-id>:<client-secret>", "quick:forgerock", "<tenant-env-fqdn>", "tenant.example.com").
			Replace(command(t, s.cloudCC, "access_token"))
		if strings.Contains(cmd, "scope=") {
			t.Fatalf("the scope is still in %s", cmd)
		}
		got := object(t, shell(t, w.curlHome, nil, cmd))
		likeToken(t, got, answer(t, s.cloudCC, "returns an access token, for example:"))
	})

	t.Run("token exchange", func(t *testing.T) { exchange(t, s, w) })
}

// exchange runs the four commands of the exchange document one after the other.
func exchange(t *testing.T, s seeds, w *site) {
	subject := strings.TrimSpace(shell(t, w.curlHome, nil, command(t, s.exchange, "subjecttoken=$(")))
	env := []string{"subjecttoken=" + subject}
	parts := strings.SplitN(s.exchange, "Exchange the subject token for an issued token", 2)

	got := object(t, shell(t, w.curlHome, env, command(t, parts[0], "client_id=client-application")))
	likeIntrospection(t, got, answer(t, s.exchange, "Decoded access_token: "))

	cmd := strings.ReplaceAll(command(t, parts[1], "issuedtoken=$("), "/path/to/secrets/ig.example.com-certificate.pem", w.cert)
	issued := strings.TrimSpace(shell(t, w.curlHome, env, cmd))
	if issued == "" || issued == "null" || issued == subject {
		t.Fatalf("issued token %q for subject token %q", issued, subject)
	}
	env = append(env, "issuedtoken="+issued)
	got = object(t, shell(t, w.curlHome, env, command(t, parts[1], "client_id=serviceConfidentialClient")))
	likeIntrospection(t, got, answer(t, parts[1], "client_id=serviceConfidentialClient"))
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("no JSON object: %s", text)
	}
	return m
}

// likeToken compares a token answer with a printed one: all fields but the token itself.
func likeToken(t *testing.T, got, want map[string]any) {
	t.Helper()
	token, _ := got["access_token"].(string)
	if len(token) < 27 {
		t.Errorf("access_token %q is too short", token)
	}
	got["access_token"] = want["access_token"]
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer differs from the printed one (-printed +got):\n%s", diff)
	}
}

// likeIntrospection compares an introspection answer with a printed one, field by
// field; what is random or a time only has to be there and of the kind.
func likeIntrospection(t *testing.T, got, want map[string]any) {
	t.Helper()
	for _, name := range []string{"authGrantId", "auditTrackingId"} {
		if v, _ := got[name].(string); v == "" {
			t.Errorf("%s is missing", name)
		}
		got[name] = want[name]
	}
	if v, _ := got["exp"].(float64); v < 1.7e9 {
		t.Errorf("exp is %v", got["exp"])
	}
	got["exp"] = want["exp"]
	// Newer releases of the product print it, and so do we.
	if v, ok := got["expires_in"].(float64); !ok || v < 3500 || v > 3600 {
		t.Errorf("expires_in is %v", got["expires_in"])
	}
	delete(got, "expires_in")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer differs from the printed one (-printed +got):\n%s", diff)
	}
}
