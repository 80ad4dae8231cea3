package am_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

const subProtocol = "v1.notifications.forgerock.org"

// follower is an agent's open socket.
type follower struct {
	t    *testing.T
	conn *websocket.Conn
}

// dial opens a socket with a token; status is that of the answer.
func (s *site) dial(token string, headers ...string) (*follower, int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	h := http.Header{}
	if token != "" {
		h.Set("iPlanetDirectoryPro", token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	conn, resp, err := websocket.Dial(ctx, strings.Replace(s.base, "http", "ws", 1)+"/notifications", &websocket.DialOptions{HTTPHeader: h, Subprotocols: []string{subProtocol}})
	if err != nil {
		if resp == nil {
			s.t.Fatal(err)
		}
		return nil, resp.StatusCode
	}
	s.t.Cleanup(func() { conn.CloseNow() })
	return &follower{s.t, conn}, resp.StatusCode
}

// say sends a frame and reads the answer.
func (f *follower) say(frame string) map[string]any {
	f.t.Helper()
	if err := f.conn.Write(f.t.Context(), websocket.MessageText, []byte(frame)); err != nil {
		f.t.Fatal(err)
	}
	return f.next()
}

// next reads a frame.
func (f *follower) next() map[string]any {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 10*time.Second)
	defer cancel()
	_, raw, err := f.conn.Read(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		f.t.Fatal(err)
	}
	return out
}

// closed reads the close frame.
func (f *follower) closed() websocket.StatusCode {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 10*time.Second)
	defer cancel()
	_, raw, err := f.conn.Read(ctx)
	if err == nil {
		f.t.Fatalf("read %s", raw)
	}
	return websocket.CloseStatus(err)
}

func (s *site) signInAgent(realm, name string) string {
	s.t.Helper()
	return s.send("POST", "/json"+realm+"/authenticate?authIndexType=service&authIndexValue=Agent", "{}", "X-OpenAM-Username", name, "X-OpenAM-Password", "agentpass").want(s.t, 200)["tokenId"].(string)
}

// notified is a site with realm /alpha, an agent in both realms, and a user.
func notified(t *testing.T) (s *site, admin string) {
	t.Helper()
	s = newSite(t)
	admin = s.login("/json/authenticate", "amAdmin", adminPassword)
	s.send("POST", "/json/global-config/realms", map[string]any{"name": "alpha", "parentPath": "/", "active": true}, "iPlanetDirectoryPro", admin).want(t, 201)
	for _, realm := range []string{"", "/realms/root/realms/alpha"} {
		s.send("PUT", "/json"+realm+"/realm-config/agents/IdentityGatewayAgent/ig", map[string]any{"userpassword": "agentpass"}, "iPlanetDirectoryPro", admin).want(t, 201)
	}
	s.send("PUT", "/json/users/demo", map[string]any{"userpassword": "Ch4ng31t"}, "iPlanetDirectoryPro", admin).want(t, 201)
	return s, admin
}

func TestNotifications(t *testing.T) {
	s, admin := notified(t)
	if _, status := s.dial(""); status != 401 {
		t.Errorf("nobody: %d", status)
	}
	if _, status := s.dial("dead"); status != 401 {
		t.Errorf("dead token: %d", status)
	}
	if _, status := s.dial(admin); status != 403 {
		t.Errorf("a user: %d", status)
	}
	agent := s.signInAgent("", "ig")
	if _, status := s.dial(agent, "Origin", "https://evil.test"); status != 403 {
		t.Errorf("a foreign page: %d", status)
	}
	f, status := s.dial(agent)
	if status != 101 || f.conn.Subprotocol() != subProtocol {
		t.Fatalf("agent: %d", status)
	}
	for frame, want := range map[string]string{
		`{`:                                `{"error":"the frame is not a JSON object"}`,
		`{"id":1}`:                         `{"error":"\"id\" must be a string"}`,
		`{"topic":"/agent/policy"}`:        `{"error":"missing required field \"action\""}`,
		`{"action":"subscribe","id":"7"}`:  `{"error":"missing required field \"topic\"","id":"7"}`,
		`{"action":"x","topic":"/a"}`:      `{"error":"unknown action \"x\""}`,
		`{"action":1}`:                     `{"error":"\"action\" must be a string"}`,
		`{"action":"subscribe","topic":1}`: `{"error":"\"topic\" must be a string"}`,
		`{"action":"subscribe","topic":"/agent/session"}`:               `{"error":"the topic \"/agent/session\" is not offered, follow \"/agent/session.v2\""}`,
		`{"action":"subscribe","topic":"/agent/session.v2"}`:            `{"message":"subscription registered","topic":"/agent/session.v2"}`,
		`{"action":"subscribe","topic":"/agent/policy","id":"p"}`:       `{"id":"p","message":"subscription registered","topic":"/agent/policy"}`,
		`{"action":"subscribe","topic":"/agent/config","id":"another"}`: `{"id":"another","message":"subscription registered","topic":"/agent/config"}`,
	} {
		if got, _ := json.Marshal(f.say(frame)); string(got) != want {
			t.Errorf("%s = %s, want %s", frame, got, want)
		}
	}

	demo := s.login("/json/authenticate", "demo", "Ch4ng31t")
	uid := s.send("POST", "/json/sessions?_action=validate", map[string]any{"tokenId": demo}).want(t, 200)["sessionUid"]
	s.send("POST", "/json/sessions?_action=logout", map[string]any{"tokenId": demo}).want(t, 200)
	got := f.next()
	body := got["body"].(map[string]any)
	if got["topic"] != "/agent/session.v2" || got["timestamp"] != float64(s.clock.Now().UnixMilli()) || body["sessionuid"] != uid || body["eventType"] != "LOGOUT" {
		t.Errorf("session end = %v, want of %v", got, uid)
	}

	policy := map[string]any{"name": "P", "active": true, "applicationName": "iPlanetAMWebAgentService", "resources": []string{"https://a:443/*"},
		"actionValues": map[string]any{"GET": true}, "subject": map[string]any{"type": "AuthenticatedUsers"}}
	s.send("PUT", "/json/policies/P", policy, "iPlanetDirectoryPro", admin).want(t, 201)
	s.send("PUT", "/json/policies/P", policy, "iPlanetDirectoryPro", admin).want(t, 200)
	s.send("DELETE", "/json/policies/P", nil, "iPlanetDirectoryPro", admin).want(t, 200)
	for _, event := range []string{"CREATE", "UPDATE", "DELETE"} {
		want := `{"eventType":"` + event + `","policy":"P","policySet":"iPlanetAMWebAgentService","realm":"/"}`
		if got, _ := json.Marshal(f.next()["body"]); string(got) != want {
			t.Errorf("policy = %s, want %s", got, want)
		}
	}
	s.send("PUT", "/json/realm-config/agents/OAuth2Client/web", map[string]any{}, "iPlanetDirectoryPro", admin).want(t, 201) // no agent
	s.send("PUT", "/json/realm-config/agents/IdentityGatewayAgent/other", map[string]any{"userpassword": "x"}, "iPlanetDirectoryPro", admin).want(t, 201)
	if got, _ := json.Marshal(f.next()); !strings.Contains(string(got), `"body":{"agentName":"other","agentType":"IdentityGatewayAgent","realm":"/"}`) {
		t.Errorf("agent = %s", got)
	}
	// A change of a group is one of its members.
	const groups = "/json/realm-config/agents/groups/IdentityGatewayAgent/"
	for _, name := range []string{"mine", "empty"} {
		s.send("PUT", groups+name, map[string]any{"igTokenIntrospection": "Realm"}, "iPlanetDirectoryPro", admin).want(t, 201)
	}
	s.send("PUT", "/json/realm-config/agents/IdentityGatewayAgent/member", map[string]any{"userpassword": "x", "agentgroup": "mine"}, "iPlanetDirectoryPro", admin).want(t, 201)
	f.next()
	for _, name := range []string{"empty", "mine"} {
		s.send("PUT", groups+name, map[string]any{"igTokenIntrospection": "None"}, "iPlanetDirectoryPro", admin).want(t, 200)
	}
	if got, _ := json.Marshal(f.next()); !strings.Contains(string(got), `"body":{"agentName":"member","agentType":"IdentityGatewayAgent","realm":"/"}`) {
		t.Errorf("group = %s", got)
	}
}

// An agent hears of its own realm and those below it.
func TestNotificationsOfRealms(t *testing.T) {
	s, admin := notified(t)
	root, _ := s.dial(s.signInAgent("", "ig"))
	alpha, _ := s.dial(s.signInAgent("/realms/root/realms/alpha", "ig"))
	for _, f := range []*follower{root, alpha} {
		f.say(`{"action":"subscribe","topic":"/agent/config"}`)
	}
	var seen [2][]string
	for _, path := range []string{"", "/realms/root/realms/alpha"} {
		s.send("PUT", "/json"+path+"/realm-config/agents/IdentityGatewayAgent/new", map[string]any{"userpassword": "x"}, "iPlanetDirectoryPro", admin).want(t, 201)
	}
	for range 2 {
		seen[0] = append(seen[0], root.next()["body"].(map[string]any)["realm"].(string))
	}
	seen[1] = append(seen[1], alpha.next()["body"].(map[string]any)["realm"].(string))
	if !slices.Equal(seen[0], []string{"/", "/alpha"}) || !slices.Equal(seen[1], []string{"/alpha"}) {
		t.Errorf("seen %v", seen)
	}
}

// The socket ends with the session, and with the server.
func TestEndOfNotifications(t *testing.T) {
	s, admin := notified(t)
	token := s.signInAgent("", "ig")
	f, _ := s.dial(token)
	f.say(`{"action":"subscribe","topic":"/agent/policy"}`)
	s.send("POST", "/json/sessions?_action=logout", map[string]any{"tokenId": token}).want(t, 200)
	if status := f.closed(); status != websocket.StatusPolicyViolation {
		t.Errorf("after logout: %v", status)
	}
	f, _ = s.dial(s.signInAgent("", "ig"))
	f.say(`{"action":"subscribe","topic":"/agent/policy"}`)
	s.send("DELETE", "/json/realm-config/agents/IdentityGatewayAgent/ig", nil, "iPlanetDirectoryPro", admin).want(t, 200)
	if status := f.closed(); status != websocket.StatusPolicyViolation {
		t.Errorf("after the agent was removed: %v", status)
	}
	f, _ = s.dial(s.signInAgent("/realms/root/realms/alpha", "ig"))
	f.say(`{"action":"subscribe","topic":"/agent/policy"}`)
	go s.server.Close()
	if status := f.closed(); status != websocket.StatusGoingAway {
		t.Errorf("after the server went: %v", status)
	}
}

// Frames that are too large end the socket.
func TestLargeFrame(t *testing.T) {
	s, _ := notified(t)
	f, _ := s.dial(s.signInAgent("", "ig"))
	if err := f.conn.Write(t.Context(), websocket.MessageText, []byte(`{"action":"`+strings.Repeat("x", 5000)+`"}`)); err != nil {
		t.Fatal(err)
	}
	if status := f.closed(); status != websocket.StatusMessageTooBig {
		t.Errorf("status = %v", status)
	}
}

// Sessions that idle out are told of; those that were ended are not told of twice.
func TestSessionTimeouts(t *testing.T) {
	s, _ := notified(t)
	f, _ := s.dial(s.signInAgent("", "ig"))
	look := func() {
		t.Helper()
		if err := s.server.LookForTimeouts(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	session := func() (token, uid string) {
		token = s.login("/json/authenticate", "demo", "Ch4ng31t")
		return token, s.send("POST", "/json/sessions?_action=validate", map[string]any{"tokenId": token}).want(t, 200)["sessionUid"].(string)
	}
	events := func(n int) map[string]string {
		out := map[string]string{}
		for range n {
			body := f.next()["body"].(map[string]any)
			out[body["sessionuid"].(string)] = body["eventType"].(string)
		}
		return out
	}
	_, early := session()
	look() // nobody follows yet
	f.say(`{"action":"subscribe","topic":"/agent/session.v2"}`)
	look()
	token, ended := session()
	_, late := session()
	look()
	s.send("POST", "/json/sessions?_action=logout", map[string]any{"tokenId": token}).want(t, 200)
	if got := events(1); got[ended] != "LOGOUT" {
		t.Errorf("logout: %v", got)
	}
	s.clock.pass(31 * time.Minute)
	look()
	// The administrator's and the agent's idle out too.
	got := events(4)
	if got[early] != "IDLE_TIMEOUT" || got[late] != "IDLE_TIMEOUT" || got[ended] != "" {
		t.Errorf("timeouts: %v", got)
	}
}

// Revoked tokens are told: server-side ones by their digest, client-side ones by a claim.
func TestRevokedTokensAreTold(t *testing.T) {
	s, admin := notified(t)
	s.send("POST", "/json/realm-config/services/oauth-oidc?_action=create", map[string]any{}, "iPlanetDirectoryPro", admin).want(t, 201)
	s.send("PUT", "/json/realm-config/agents/OAuth2Client/app", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "secret", "scopes": []string{"read"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"password", "refresh_token"}},
	}, "iPlanetDirectoryPro", admin).want(t, 201)
	issue := func() map[string]any {
		return s.form("/oauth2/access_token", "app", "secret", "grant_type", "password", "username", "demo", "password", "Ch4ng31t", "scope", "read")
	}
	f, _ := s.dial(s.signInAgent("", "ig"))
	f.say(`{"action":"subscribe","topic":"/agent/oauth2.token"}`)
	next := func() map[string]any {
		got := f.next()
		if got["topic"] != "/agent/oauth2.token" {
			t.Fatalf("event = %v", got)
		}
		return got["body"].(map[string]any)
	}
	digest := func(token any) string {
		sum := sha256.Sum256([]byte(token.(string)))
		return base64.RawURLEncoding.EncodeToString(sum[:])
	}

	tok := issue()
	s.form("/oauth2/token/revoke", "app", "secret", "token", tok["access_token"].(string))
	if got := next(); got["eventType"] != "REVOKE" || fmt.Sprint(got["sha256"]) != "["+digest(tok["access_token"])+"]" {
		t.Errorf("an access token: %v", got)
	}
	tok = issue()
	s.form("/oauth2/token/revoke", "app", "secret", "token", tok["refresh_token"].(string))
	if got := next(); !strings.Contains(fmt.Sprint(got["sha256"]), digest(tok["access_token"])) {
		t.Errorf("a refresh token: %v", got)
	}
	if got := next(); got["authGrantId"] == nil {
		t.Errorf("its grant: %v", got)
	}

	s.send("PUT", "/json/realm-config/services/oauth-oidc", map[string]any{"coreOAuth2Config": map[string]any{"statelessTokensEnabled": true}}, "iPlanetDirectoryPro", admin).want(t, 200)
	tok = issue()
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(tok["access_token"].(string), ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var c struct{ JTI, AuthGrantID string }
	if err := json.Unmarshal(claims, &c); err != nil || c.JTI == "" {
		t.Fatalf("%s: %v", claims, err)
	}
	s.form("/oauth2/token/revoke", "app", "secret", "token", tok["access_token"].(string))
	if got := next(); fmt.Sprint(got["jti"]) != "["+c.JTI+"]" {
		t.Errorf("a client-side token: %v, want %s", got, c.JTI)
	}
	s.form("/oauth2/token/revoke", "app", "secret", "token", tok["refresh_token"].(string))
	for {
		if got := next(); got["authGrantId"] != nil {
			if fmt.Sprint(got["authGrantId"]) != "["+c.AuthGrantID+"]" {
				t.Errorf("a client-side grant: %v, want %s", got, c.AuthGrantID)
			}
			return
		}
	}
}

// form sends a form as a client and reads the JSON answer.
func (s *site) form(path, client, secret string, fields ...string) map[string]any {
	s.t.Helper()
	body := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		body.Set(fields[i], fields[i+1])
	}
	auth := base64.StdEncoding.EncodeToString([]byte(client + ":" + secret))
	return s.send("POST", path, body, "Authorization", "Basic "+auth).want(s.t, 200)
}
