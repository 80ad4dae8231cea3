package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
)

// What happens at one node of a cluster reaches agents whose sockets are at another: a session that ends, a policy, an
// agent's profile, a revoked token.
func TestClusterNotifications(t *testing.T) {
	nodes, _ := startCluster(t, 2)
	here, there := nodes[0], nodes[1]
	here.rest("PUT", "/realms/root/realm-config/agents/IdentityGatewayAgent/gateway", map[string]any{"userpassword": "agent-secret"})
	makeClient(here, "shop")
	here.rest("POST", "/realms/root/users?_action=create", map[string]any{"username": "erin", "userpassword": "Pass-w0rd"})
	agent := signInAs(t, there, "gateway", "agent-secret", "?authIndexType=service&authIndexValue=Agent")

	conn, status := follow(t, there, agent)
	if conn == nil {
		t.Fatalf("follow: %d", status)
	}
	read := func() (m struct {
		Topic, Message string
		Body           map[string]any
	}) {
		t.Helper()
		_, raw, err := conn.Read(t.Context())
		if err == nil {
			err = json.Unmarshal(raw, &m)
		}
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, topic := range []string{"/agent/session.v2", "/agent/policy", "/agent/config", "/agent/oauth2.token"} {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"action":"subscribe","topic":"`+topic+`"}`)); err != nil {
			t.Fatal(err)
		}
		if m := read(); m.Message != "subscription registered" {
			t.Fatalf("subscribe: %v", m)
		}
	}

	// What happened just before may be told as well.
	until := func(topic string) map[string]any {
		t.Helper()
		for {
			if m := read(); m.Topic == topic {
				return m.Body
			}
		}
	}
	user := signInAs(t, here, "erin", "Pass-w0rd", "")
	uid := here.rest("POST", "/realms/root/sessions?_action=validate", map[string]any{"tokenId": user})["sessionUid"]
	here.rest("POST", "/realms/root/sessions?_action=logout", map[string]any{"tokenId": user})
	if got := until("/agent/session.v2"); got["sessionuid"] != uid || got["eventType"] != "LOGOUT" {
		t.Errorf("logout: %v", got)
	}
	here.rest("PUT", "/realms/root/policies/Shop", map[string]any{
		"name": "Shop", "active": true, "resources": []string{"https://shop.example.com:443/*"}, "applicationName": "iPlanetAMWebAgentService",
		"actionValues": map[string]any{"GET": true}, "subject": map[string]any{"type": "AuthenticatedUsers"}, "resourceTypeUuid": "76656a38-5f8e-401b-83aa-4ccb74ce88d2",
	})
	if got := until("/agent/policy"); got["policy"] != "Shop" || got["eventType"] != "CREATE" {
		t.Errorf("policy: %v", got)
	}
	here.rest("PUT", "/realms/root/realm-config/agents/IdentityGatewayAgent/gateway", map[string]any{"igTokenIntrospection": "Realm"})
	if got := until("/agent/config"); got["agentName"] != "gateway" {
		t.Errorf("agent: %v", got)
	}
	client := url.Values{"client_id": {"shop"}, "client_secret": {"secret"}, "grant_type": {"client_credentials"}, "scope": {"read"}}
	post := func(path string) map[string]any {
		t.Helper()
		req, err := http.NewRequest("POST", here.base+"/oauth2/"+path, strings.NewReader(client.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		status, body := send(t, req)
		if status != 200 {
			t.Fatalf("%s: %d %v", path, status, body)
		}
		return body
	}
	token, _ := post("access_token")["access_token"].(string)
	client.Set("token", token)
	post("token/revoke")
	sum := sha256.Sum256([]byte(token))
	if got := until("/agent/oauth2.token"); !cmp.Equal(got["sha256"], []any{base64.RawURLEncoding.EncodeToString(sum[:])}) {
		t.Errorf("token: %v", got)
	}
	// The agent's own session ends at the other node, and with it the socket.
	here.rest("POST", "/realms/root/sessions?_action=logout", map[string]any{"tokenId": agent})
	var err error
	for {
		if _, _, err = conn.Read(t.Context()); err != nil {
			break
		}
	}
	if websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("end of the socket = %v", err)
	}
}

// signInAs signs in with name and password, and returns the session's token.
func signInAs(t *testing.T, a *am, name, password, query string) string {
	t.Helper()
	req, err := http.NewRequest("POST", a.base+"/json/realms/root/authenticate"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-OpenAM-Username", name)
	req.Header.Set("X-OpenAM-Password", password)
	status, body := send(t, req)
	token, _ := body["tokenId"].(string)
	if status != 200 || token == "" {
		t.Fatalf("sign in: %d %v", status, body)
	}
	return token
}

// follow opens a socket for notifications with an agent's session; status is that of the answer. The socket is nil where
// it was refused.
func follow(t *testing.T, a *am, agent string) (conn *websocket.Conn, status int) {
	t.Helper()
	conn, resp, err := websocket.Dial(t.Context(), strings.Replace(a.base, "http", "ws", 1)+"/notifications", &websocket.DialOptions{
		HTTPHeader: http.Header{"Iplanetdirectorypro": {agent}}, Subprotocols: []string{"v1.notifications.forgerock.org"},
	})
	if resp == nil {
		t.Fatal(err)
	}
	if err != nil {
		return nil, resp.StatusCode
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn, resp.StatusCode
}
