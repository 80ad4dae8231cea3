package am_test

import (
	"bufio"
	"encoding/json"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am"
)

// auditedSite is a site whose events go to files in a folder.
func auditedSite(t *testing.T) (s *site, events func(topic string) []map[string]any) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "audit.json")
	text := `{"config": {"filterPolicies": {"field": {"excludeIf": ["/access/http/request/headers/host"]}}},
		"eventHandlers": [{"class": "org.forgerock.audit.handlers.json.JsonAuditEventHandler", "config": {
			"name": "files", "logDirectory": "logs", "topics": ["access", "authentication", "activity", "config"], "buffering": {"writeInterval": "1 ms"}}}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	service, err := am.OpenAudit(file, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s = newSite(t, func(o *am.Options) { o.Audit = service })
	return s, func(topic string) []map[string]any {
		t.Helper()
		service.Stop() // writes what waits; nothing is written after it
		f, err := os.Open(filepath.Join(dir, "logs", topic+".audit.json"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var list []map[string]any
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var e map[string]any
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				t.Fatalf("%s: %v: %s", topic, err, lines.Text())
			}
			list = append(list, e)
		}
		return list
	}
}

func TestAudit(t *testing.T) {
	s, events := auditedSite(t)
	admin := s.admin()
	const client = "/json/realm-config/agents/OAuth2Client/app"
	admin("PUT", client, map[string]any{"coreOAuth2ClientConfig": map[string]any{"userpassword": "verysecret", "scopes": []string{"a"}}},
		"X-ForgeRock-TransactionId", "tx-1").want(t, 201)
	admin("PUT", client, map[string]any{"coreOAuth2ClientConfig": map[string]any{"scopes": []string{"a", "b"}}}).want(t, 200)
	admin("DELETE", client, nil).want(t, 200)
	admin("POST", "/json/realm-config/services/email?_action=create", map[string]any{"host": "mail.example.com", "password": "verysecret"}).want(t, 201)
	admin("POST", "/json/users?_action=create", map[string]any{"username": "demo", "userpassword": "verysecret1"}).want(t, 201)
	token := s.login("/json/authenticate", "demo", "verysecret1")
	s.send("POST", "/json/authenticate", "{}", "X-OpenAM-Username", "demo", "X-OpenAM-Password", "not the password").want(t, 401)
	s.as(token)("POST", "/json/sessions?_action=logout", "{}").want(t, 200)
	s.send("GET", "/json/users/demo", nil).want(t, 401)

	byName := map[string][]map[string]any{}
	raw := ""
	for _, topic := range []string{"access", "authentication", "activity", "config"} {
		for _, e := range events(topic) {
			name, _ := e["eventName"].(string)
			byName[name] = append(byName[name], e)
			line, _ := json.Marshal(e)
			raw += string(line) + "\n"
			if e["_id"] == nil || e["timestamp"] == nil || e["transactionId"] == "" {
				t.Errorf("%s lacks what every event has: %v", topic, e)
			}
		}
	}
	for _, secret := range []string{"verysecret", "not the password", token, "{sealed}", "$argon2id"} {
		if strings.Contains(raw, secret) {
			t.Errorf("the audit log has %q:\n%s", secret, raw)
		}
	}
	changes := byName["AM-CONFIG-CHANGE"]
	if len(changes) != 4 {
		t.Fatalf("%d changes of configuration:\n%s", len(changes), raw)
	}
	made, updated, deleted := changes[0], changes[1], changes[2]
	if made["operation"] != "CREATE" || made["objectId"] != "realm-config/agents/OAuth2Client/app" || made["transactionId"] != "tx-1" ||
		made["userId"] != "id=amadmin,ou=user,ou=am-config" || made["after"] == nil || made["before"] != nil || made["realm"] != "/" {
		t.Errorf("created: %v", made)
	}
	if updated["operation"] != "UPDATE" || !strings.Contains(toJSON(updated["before"]), `"value":["a"]`) || !strings.Contains(toJSON(updated["after"]), `"value":["a","b"]`) ||
		toJSON(updated["changedFields"]) != `["coreOAuth2ClientConfig"]` {
		t.Errorf("updated: %v", updated)
	}
	if deleted["operation"] != "DELETE" || deleted["before"] == nil || deleted["after"] != nil {
		t.Errorf("deleted: %v", deleted)
	}
	if n := len(byName["AM-IDENTITY-CHANGE"]); n != 1 {
		t.Errorf("%d changes of identities:\n%s", n, raw)
	}
	logins := byName["AM-LOGIN-COMPLETED"]
	if len(logins) != 3 {
		t.Fatalf("%d logins:\n%s", len(logins), raw)
	}
	failed := logins[2]
	if logins[1]["result"] != "SUCCESSFUL" || logins[1]["userId"] != "id=demo,ou=user,dc=openam,dc=forgerock,dc=org" || failed["result"] != "FAILED" ||
		toJSON(failed["principal"]) != `["demo"]` || !strings.Contains(toJSON(failed["entries"]), "ldapService") {
		t.Errorf("logins: %v\n%v", logins[1], failed)
	}
	if len(byName["AM-SESSION-CREATED"]) != 2 || len(byName["AM-SESSION-LOGGED_OUT"]) != 1 || len(byName["AM-LOGOUT"]) != 1 {
		t.Errorf("sessions:\n%s", raw)
	}
	access := byName["AM-ACCESS-OUTCOME"]
	last := access[len(access)-1]
	if at(last, "response", "statusCode") != "401" || at(last, "response", "status") != "FAILED" || at(last, "http", "request", "method") != "GET" ||
		at(last, "client", "ip") != "127.0.0.1" || last["userId"] != nil || at(last, "http", "request", "headers", "host") != nil {
		t.Errorf("last access: %v", last)
	}
}

// Sessions that administrators end, and those that end by time, are written with who ended them.
func TestAuditOfSessionEnds(t *testing.T) {
	s, events := auditedSite(t)
	admin := s.admin()
	admin("POST", "/json/users?_action=create", map[string]any{"username": "demo", "userpassword": "verysecret1"}).want(t, 201)
	session := func() (uid string) {
		token := s.login("/json/authenticate", "demo", "verysecret1")
		return s.send("POST", "/json/sessions?_action=validate", map[string]any{"tokenId": token}).want(t, 200)["sessionUid"].(string)
	}
	want := map[string]string{}
	want[session()] = "AM-SESSION-DESTROYED"
	admin("POST", "/json/sessions?_action=logoutByUser", map[string]any{"username": "demo"}).want(t, 200)
	want[session()] = "AM-SESSION-DESTROYED"
	list := admin("GET", "/json/sessions?_queryFilter="+url.QueryEscape(`username eq "demo"`), nil).want(t, 200)["result"].([]any)
	admin("POST", "/json/sessions?_action=logoutByHandle", map[string]any{"sessionHandles": []any{at(list[0], "sessionHandle"), "shandle:unknown"}}).want(t, 200)
	want[session()] = "AM-SESSION-DESTROYED"
	admin("PUT", "/json/users/demo", map[string]any{"userpassword": "verysecret1"}).want(t, 200)
	idle := session()
	want[idle] = "AM-SESSION-IDLE_TIMED_OUT"
	look := func() {
		t.Helper()
		if err := s.server.LookForTimeouts(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	look()
	s.clock.pass(31 * time.Minute)
	look()
	// One that is used all the time ends at its maximum.
	token := s.login("/json/authenticate", "demo", "verysecret1")
	uid := s.send("POST", "/json/sessions?_action=validate", map[string]any{"tokenId": token}).want(t, 200)["sessionUid"].(string)
	want[uid] = "AM-SESSION-MAX_TIMED_OUT"
	for range 5 {
		s.clock.pass(20 * time.Minute)
		s.send("POST", "/json/sessions?_action=refresh", map[string]any{"tokenId": token}).want(t, 200)
		look()
	}
	s.clock.pass(21 * time.Minute)
	look()
	got := map[string]string{}
	for _, e := range events("activity") {
		name, _ := e["eventName"].(string)
		id, _ := e["objectId"].(string)
		if name == "AM-SESSION-CREATED" || want[id] == "" {
			continue
		}
		if got[id] != "" {
			t.Errorf("%s ended twice: %s, %s", id, got[id], name)
		}
		got[id] = name
		by := "id=demo,ou=user,dc=openam,dc=forgerock,dc=org"
		if name == "AM-SESSION-DESTROYED" {
			by = "id=amadmin,ou=user,ou=am-config"
		}
		if e["userId"] != "id=demo,ou=user,dc=openam,dc=forgerock,dc=org" || e["runAs"] != by || e["realm"] != "/" || e["transactionId"] == "" {
			t.Errorf("%v", e)
		}
	}
	if toJSON(got) != toJSON(want) {
		t.Errorf("ends = %v, want %v", got, want)
	}
}

// Events are kept in memory without any configuration, as many as there is room for, the newest first.
func TestRecentAudit(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	admin("POST", "/json/users?_action=create", map[string]any{"username": "demo", "userpassword": "verysecret1"}, "X-ForgeRock-TransactionId", "tx-1").want(t, 201)
	const events = "/json/global-config/gatehouse/audit"
	ask := func(query string) []any {
		t.Helper()
		list, _ := admin("GET", events+"?"+query, nil).want(t, 200)["result"].([]any)
		return list
	}
	made := ask("_queryFilter=" + url.QueryEscape(`transactionId eq "tx-1" and !(topic eq "access")`))
	if len(made) != 1 || at(made[0].(map[string]any), "objectId") != "users/demo" || at(made[0].(map[string]any), "topic") != "activity" {
		t.Fatalf("made: %v", made)
	}
	id, _ := made[0].(map[string]any)["_id"].(string)
	if got := admin("GET", events+"/"+id, nil).want(t, 200); got["eventName"] != "AM-IDENTITY-CHANGE" || got["userId"] != "id=amadmin,ou=user,ou=am-config" {
		t.Errorf("read: %v", got)
	}
	admin("GET", events+"/nothing", nil).want(t, 404)
	if text := toJSON(ask("_queryFilter=true")); strings.Contains(text, "verysecret") || strings.Contains(text, "$argon2id") {
		t.Errorf("the events have a secret: %s", text)
	}
	// Sessions that end by time are events too, although no log is written.
	for range 2 {
		if err := s.server.LookForTimeouts(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.clock.pass(31 * time.Minute)
	}
	admin = s.admin()
	if got := ask("_queryFilter=" + url.QueryEscape(`eventName eq "AM-SESSION-IDLE_TIMED_OUT"`)); len(got) != 1 || at(got[0].(map[string]any), "userId") != "id=amadmin,ou=user,ou=am-config" {
		t.Errorf("timed out: %v", got)
	}
	for range 2100 {
		s.send("GET", "/json/serverinfo/nothing", nil)
	}
	access := ask("_queryFilter=" + url.QueryEscape(`topic eq "access"`))
	if len(access) != 2000 {
		t.Errorf("%d requests are kept", len(access))
	}
	if first, last := access[0].(map[string]any), access[len(access)-1].(map[string]any); first["timestamp"].(string) < last["timestamp"].(string) {
		t.Errorf("not the newest first: %v, %v", first["timestamp"], last["timestamp"])
	}
	if n := len(ask("_queryFilter=" + url.QueryEscape(`transactionId eq "tx-1"`))); n != 1 {
		t.Errorf("%d events of the change are left: requests drive out what is of other topics, or stay themselves", n)
	}
	s.send("GET", events+"?_queryFilter=true", nil).want(t, 401)
}

func TestAuditConfiguration(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.json")
	text := `{"eventHandlers": [
		{"class": "JdbcAuditEventHandler", "config": {"name": "a", "topics": ["access"]}},
		{"class": "JsonAuditEventHandler", "config": {"name": "b", "topics": ["acces"], "logDirectory": "x"}}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := am.OpenAudit(file, nil, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "audit.json:2") || !strings.Contains(err.Error(), "JdbcAuditEventHandler") || !strings.Contains(err.Error(), "acces") {
		t.Errorf("= %v", err)
	}
}

func toJSON(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}

// Why a client is refused, which it is not told in full, is in the events: for administrators who look for the mistake.
func TestAuditOfRefusals(t *testing.T) {
	s, events := auditedSite(t)
	admin := s.admin()
	admin("POST", "/json/realm-config/services/oauth-oidc?_action=create", map[string]any{}).want(t, 201)
	admin("PUT", "/json/realm-config/agents/OAuth2Client/app", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "verysecret", "scopes": []string{"a"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials", "authorization_code"}},
	}).want(t, 201)
	ask := func(id, secret, scope string) {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "scope": {scope}}
		s.send("POST", "/oauth2/access_token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	ask("app", "verysecret", "a")
	ask("app", "guess-of-somebody", "a")
	ask("nobody", "x", "a")
	ask("app", "verysecret", "b")
	s.send("GET", "/oauth2/authorize?client_id=app&response_type=code&redirect_uri=https%3A%2F%2Fevil.example%2F", nil)
	var got []string
	for _, e := range events("access") {
		request, _ := e["http"].(map[string]any)["request"].(map[string]any)
		if path, _ := request["path"].(string); !strings.Contains(path, "/oauth2/") {
			continue
		}
		raw, _ := json.Marshal(e["response"].(map[string]any)["detail"])
		got = append(got, string(raw))
	}
	want := []string{
		`null`,
		`{"client_id":"app","reason":"invalid_client: Client authentication failed: the secret is wrong"}`,
		`{"client_id":"nobody","reason":"invalid_client: Client authentication failed: there is no such client, or it is not active"}`,
		`{"client_id":"app","reason":"invalid_scope: Unknown/invalid scope(s): [b]"}`,
		`{"client_id":"app","reason":"redirect_uri_mismatch: The redirection URI provided does not match a pre-registered value."}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("details are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
