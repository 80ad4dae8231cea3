package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const treesPath = "/realms/root/realm-config/authentication/authenticationtrees"

// tree makes a journey of nodes, by their IDs, of which the first is named; a node is its type, settings and connections.
func (a *am) tree(name, entry string, nodes map[string][3]any) {
	a.t.Helper()
	members := map[string]any{}
	for id, n := range nodes {
		kind := n[0].(string)
		a.rest("PUT", treesPath+"/nodes/"+kind+"/"+id, n[1])
		members[id] = map[string]any{"displayName": kind, "nodeType": kind, "connections": n[2]}
	}
	a.rest("PUT", treesPath+"/trees/"+name, map[string]any{"_id": name, "entryNodeId": entry, "nodes": members})
}

// script makes a script and returns its ID.
func (a *am) script(n int, language, kind, source string) string {
	a.t.Helper()
	id := fmt.Sprintf("10000000-0000-4000-8000-%012d", n)
	a.rest("PUT", "/realms/root/scripts/"+id, map[string]any{
		"_id": id, "name": fmt.Sprint("script ", n), "language": language, "context": kind, "evaluatorVersion": "1.0",
		"script": base64.StdEncoding.EncodeToString([]byte(source)),
	})
	return id
}

// client makes a client whose access tokens a script changes.
func (a *am) scripted(name, script string) {
	a.t.Helper()
	a.rest("PUT", "/realms/root/realm-config/agents/OAuth2Client/"+name, map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "secret", "scopes": []string{"read"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}, "tokenEndpointAuthMethod": "client_secret_post"},
		"overrideOAuth2ClientConfig": map[string]any{"providerOverridesEnabled": true, "accessTokenModificationPluginType": "SCRIPTED", "accessTokenModificationScript": script},
	})
}

// newSigner signs claims with a new key, whose public part is in the set.
func newSigner(t *testing.T) (sign func(claims string) string, set string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: k}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return func(claims string) string {
		signed, err := s.Sign([]byte(claims))
		if err != nil {
			t.Fatal(err)
		}
		text, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}, jsonOf(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: k.Public()}}})
}

// Limits of what the authorization server does: OAuth 2.0, journeys, scripts, sessions, notifications.
func TestLimitsOfWork(t *testing.T) {
	t.Parallel()
	waiting := make(chan struct{})
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/wait":
			select {
			case <-waiting:
			case <-r.Context().Done():
			}
		case "/large":
			_, _ = io.WriteString(w, strings.Repeat("x", 1<<20+1))
		case "/object":
			_, _ = io.WriteString(w, strings.Repeat("x", 70<<10))
		case "/keys":
			_, _ = io.WriteString(w, `{"keys": [`+strings.Repeat(" ", 1<<20)+`]}`)
		}
	}))
	defer other.Close()
	defer close(waiting)
	host := strings.TrimPrefix(other.URL, "http://")
	a := startAM(t, t.TempDir(), "--listen-metrics", "127.0.0.1:0", "--limit", "notification_sockets=2", "--limit", "notification_queue=1", "--limit", "mails=1")
	const realm = "/realms/root"
	clients := realm + "/realm-config/agents/OAuth2Client/"
	a.rest("POST", realm+"/realm-config/services/oauth-oidc?_action=create", map[string]any{
		"gatehouseConfig":      map[string]any{"dpopEnabled": true, "allowedFetchHosts": []string{host}},
		"coreOAuth2Config":     map[string]any{"accessTokenMayActScript": a.script(1, "JAVASCRIPT", "OAUTH2_MAY_ACT", `(function () { var f = JavaImporter(org.forgerock.json.JsonValue); var m = f.JsonValue.json(f.JsonValue.object()); m.put("client_id", "`+strings.Repeat("x", 200)+`"); m.put("sub", "(age!`+strings.Repeat("x", 200)+`)"); token.setMayAct(m); }());`)},
		"advancedOAuth2Config": map[string]any{"enableRichAuthorizationRequests": true, "richAuthorizationRequestsTypes": []string{"pay"}, "supportedScopes": []string{"read", "openid"}},
		"consent":              map[string]any{"clientsCanSkipConsent": true},
	})
	everything := []string{"client_credentials", "authorization_code", "urn:ietf:params:oauth:grant-type:device_code", "urn:openid:params:grant-type:ciba", "urn:ietf:params:oauth:grant-type:token-exchange"}
	const secret = "secret"
	sign, keys := newSigner(t)
	actor := strings.Repeat("x", 200)
	for _, id := range []string{"app", actor} {
		a.rest("PUT", clients+id, map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"userpassword": secret, "scopes": []string{"read", "openid"}, "redirectionUris": []string{"https://app.example.com/cb"}},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": everything, "tokenEndpointAuthMethod": "client_secret_post", "isConsentImplied": true, "requestUris": []string{other.URL + "/object"}},
			"signEncOAuth2ClientConfig":  map[string]any{"publicKeyLocation": "jwks", "jwkSet": keys},
		})
	}
	for id, of := range map[string]map[string]any{
		"signed": {"publicKeyLocation": "jwks", "jwkSet": keys, "tokenEndpointAuthSigningAlgorithm": "ES256"},
		"keyed":  {"publicKeyLocation": "jwks_uri", "jwksUri": other.URL + "/keys", "tokenEndpointAuthSigningAlgorithm": "ES256"},
		"slow":   {"publicKeyLocation": "jwks_uri", "jwksUri": other.URL + "/wait", "tokenEndpointAuthSigningAlgorithm": "ES256"},
	} {
		a.rest("PUT", clients+id, map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"userpassword": secret, "scopes": []string{"read", "openid"}},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": everything, "tokenEndpointAuthMethod": "private_key_jwt"},
			"signEncOAuth2ClientConfig":  of,
		})
	}
	a.rest("PUT", realm+"/realm-config/agents/IdentityGatewayAgent/gate", map[string]any{"userpassword": "agentpass"})
	a.rest("POST", realm+"/users?_action=create", map[string]any{"username": "demo", "userpassword": "Ch4ng31t", "mail": "demo@example.com"})
	names := make([]string, 65)
	properties := map[string]any{}
	for i := range names {
		names[i] = fmt.Sprint("p", i)
		properties[names[i]] = "v"
	}
	a.rest("POST", realm+"/realm-config/services/amSessionPropertyWhitelist?_action=create", map[string]any{"sessionPropertyWhitelist": names})

	oauth := func(path string, pairs ...string) func() string {
		return func() string {
			status, body, _ := a.token("/oauth2/realms/root/"+path, "", "", form(pairs...))
			return fmt.Sprint(status, " ", body["error"])
		}
	}
	ofScript := func(n int, language, source string) func() string {
		a.scripted(fmt.Sprint("c", n), a.script(n, language, "OAUTH2_ACCESS_TOKEN_MODIFICATION", strings.ReplaceAll(source, "SERVER", other.URL)))
		return oauth("access_token", "grant_type", "client_credentials", "client_id", fmt.Sprint("c", n), "client_secret", "secret", "scope", "read")
	}
	journey := func(name string) func() string {
		return func() string {
			return strconv.Itoa(statusOf(t, "POST", a.base+"/json"+realm+"/authenticate?authIndexType=service&authIndexValue="+name, "{}", "Content-Type", "application/json"))
		}
	}
	const done = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
	node := func(n int) string { return fmt.Sprintf("20000000-0000-4000-8000-%012d", n) }
	run := func(n int, source string) any {
		return map[string]any{"script": a.script(n, "JAVASCRIPT", "AUTHENTICATION_TREE_DECISION_NODE", source), "outcomes": []string{"true"}}
	}
	a.tree("Round", node(1), map[string][3]any{node(1): {"ScriptedDecisionNode", run(2, `outcome = "true";`), map[string]any{"true": node(1)}}})
	a.tree("Large", node(2), map[string][3]any{
		node(2): {"ScriptedDecisionNode", run(3, `sharedState.put("x", new Array(30000).join("x")); outcome = "true";`), map[string]any{"true": node(3)}},
		node(3): {"UsernameCollectorNode", map[string]any{}, map[string]any{"outcome": done}},
	})
	a.tree("Inner", node(4), map[string][3]any{node(4): {"InnerTreeEvaluatorNode", map[string]any{"tree": "Inner"}, map[string]any{"true": done, "false": done}}})

	mails, err := net.Listen("tcp", "127.0.0.1:0") // a mail server that says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer mails.Close()
	a.rest("POST", realm+"/realm-config/services/email?_action=create", map[string]any{"hostname": "127.0.0.1", "port": mails.Addr().(*net.TCPAddr).Port, "sslState": "No SSL", "from": "am@example.com"})
	a.rest("PUT", "/openidm/config/emailTemplate/registration", map[string]any{"subject": map[string]any{"en": "Go on"}, "message": map[string]any{"en": "{{object.resumeURI}}"}})
	a.tree("Mails", node(5), map[string][3]any{
		node(5): {"ScriptedDecisionNode", run(4, `sharedState.put("username", "demo"); outcome = "true";`), map[string]any{"true": node(6)}},
		node(6): {"EmailSuspendNode", map[string]any{"objectLookup": true}, map[string]any{"outcome": done}},
	})

	session := func() string { return signInAs(t, a, "demo", "Ch4ng31t", "") }
	proof := newProver(t).proof("POST", a.base+tokenPath, "", map[string]any{"x": strings.Repeat("x", 9<<10)})
	assertion := func(id, text string) func() string {
		return oauth("access_token", "grant_type", "client_credentials", "client_id", id, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion", text)
	}
	claims := func(id, jti, more string) string {
		return fmt.Sprintf(`{"iss": %q, "sub": %q, "aud": %q, "exp": %d, "jti": %q%s}`, id, id, a.base+"/oauth2/realms/root/access_token", time.Now().Add(time.Minute).Unix(), jti, more)
	}
	goOver(t, "Authorization server", metricsURL.FindStringSubmatch(a.output())[1], map[string]limitTry{
		"state that a journey gives its client (`authId`)": {"500", journey("Large")},
		"steps of a journey": {"500", journey("Round")},
		"inner journeys":     {"500", journey("Inner")},
		"mails of `EmailSuspendNode` that are on their way": {"200", func() string {
			last := ""
			for range 2 {
				last = strconv.Itoa(statusOf(t, "POST", a.base+"/json"+realm+"/authenticate?authIndexType=service&authIndexValue=Mails", "{}", "Content-Type", "application/json"))
			}
			return last
		}},
		"user codes that a session may try in a minute": {"429", func() string {
			cookie := []string{"Cookie", "iPlanetDirectoryPro=" + session(), "Content-Type", "application/x-www-form-urlencoded"}
			for range 10 {
				statusOf(t, "POST", a.base+"/oauth2/realms/root/device/user", "user_code=ABCDEFGH", cookie...)
			}
			return strconv.Itoa(statusOf(t, "POST", a.base+"/oauth2/realms/root/device/user", "user_code=ABCDEFGH", cookie...))
		}},
		"backchannel requests that wait for one user": {"503 temporarily_unavailable", func() string {
			last := ""
			for i := range 51 {
				last = oauth("bc-authorize", "client_id", "app", "client_secret", secret, "request", sign(fmt.Sprintf(
					`{"iss": "app", "aud": %q, "exp": %d, "jti": "b%d", "scope": "openid", "login_hint": "demo"}`, a.base+"/oauth2/realms/root", time.Now().Add(time.Minute).Unix(), i)))()
			}
			return last
		}},
		"request object": {"400", func() string {
			return strconv.Itoa(statusOf(t, "GET", a.base+"/oauth2/realms/root/authorize?client_id=app&response_type=code&scope=read&request_uri="+url.QueryEscape(other.URL+"/object"), "", "Cookie", "iPlanetDirectoryPro="+a.sso))
		}},
		"DPoP proof": {"400", func() string {
			return strconv.Itoa(statusOf(t, "POST", a.base+tokenPath, form("grant_type", "client_credentials", "client_id", "app", "client_secret", secret, "scope", "read").Encode(), "Content-Type", "application/x-www-form-urlencoded", "DPoP", proof))
		}},
		"`authorization_details`": {"400 invalid_authorization_details", oauth("par", "client_id", "app", "client_secret", secret, "response_type", "code", "scope", "read", "redirect_uri", "https://app.example.com/cb",
			"authorization_details", "["+strings.Repeat(`{"type": "pay"},`, 20)+`{"type": "pay"}]`)},
		"chain of actors in a token": {"400 invalid_request", func() string {
			const of = "urn:ietf:params:oauth:token-type:access_token"
			_, body, _ := a.token(tokenPath, "", "", form("grant_type", "client_credentials", "client_id", actor, "client_secret", secret, "scope", "read"))
			own, _ := body["access_token"].(string)
			subject := own
			for range 30 {
				status, body, _ := a.token(tokenPath, "", "", form("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "client_id", actor, "client_secret", secret,
					"subject_token", subject, "subject_token_type", of, "actor_token", own, "actor_token_type", of, "scope", "read"))
				if status != 200 {
					return fmt.Sprint(status, " ", body["error"])
				}
				subject, _ = body["access_token"].(string)
			}
			return "no end"
		}},
		"JWT, compressed or not, with what is in it": {"400 invalid_client", assertion("signed", sign(claims("signed", strings.Repeat("x", 200<<10), "")))},
		"depth of claims": {"400 invalid_client", assertion("signed", sign(claims("signed", "c", `, "x": `+strings.Repeat("[", 65)+strings.Repeat("]", 65))))},
		"set of keys, or another document that a client registered": {"400 invalid_client", assertion("keyed", sign(claims("keyed", "a", "")))},
		"call of an address that a client registered":               {"400 invalid_client", assertion("slow", sign(claims("slow", "b", "")))},
		"script: time":         {"500 server_error", ofScript(10, "JAVASCRIPT", `while (true) {}`)},
		"script: nested calls": {"500 server_error", ofScript(11, "JAVASCRIPT", `function f() { f(); } f();`)},
		"script: memory":       {"500 server_error", ofScript(12, "JAVASCRIPT", `var l = []; while (true) { l.push(new Array(10000).join("x") + l.length); }`)},
		"script: one match of a regular expression":                 {"500 server_error", ofScript(13, "GROOVY", `("a" * 40) ==~ /(a|aa)+(?=b)b/`)},
		"script: waiting for answers to its requests, all together": {"500 server_error", ofScript(14, "JAVASCRIPT", get("wait", 2))},
		"script: requests":                        {"500 server_error", ofScript(15, "JAVASCRIPT", get("", 11))},
		"script: body of a request, of an answer": {"500 server_error", ofScript(16, "JAVASCRIPT", get("large", 1))},
		"properties of a session": {"400", func() string {
			return strconv.Itoa(statusOf(t, "POST", a.base+"/json"+realm+"/sessions?_action=updateSessionProperties", jsonOf(properties), "Content-Type", "application/json", "iPlanetDirectoryPro", session(), "Accept-API-Version", "resource=4.0"))
		}},
		"sockets for notifications": {"503", func() string {
			agent := signInAs(t, a, "gate", "agentpass", "?authIndexType=service&authIndexValue=Agent")
			for range 2 {
				if _, status := follow(t, a, agent); status != 101 {
					t.Errorf("a socket: %d", status)
				}
			}
			_, status := follow(t, a, agent)
			return strconv.Itoa(status)
		}},
	})
}

// get is a script that asks a server n times.
func get(path string, n int) string {
	return fmt.Sprintf(`for (var i = 0; i < %d; i++) {
  var request = new org.forgerock.http.protocol.Request();
  request.setMethod("GET");
  request.setUri("SERVER/%s");
  httpClient.send(request).get().getEntity().getString();
}`, n, path)
}
