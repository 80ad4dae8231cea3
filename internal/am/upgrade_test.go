package am_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Who signs in over one's own session gets a new one in its place: with its properties, and no lower level. The old token
// is none any more.
func TestSessionUpgrade(t *testing.T) {
	j := newJourneys(t)
	j.admin("POST", "/json/users?_action=create", map[string]any{"username": "other", "userpassword": "Ch4ng31t"}).want(t, 201)
	j.admin("POST", "/json/realm-config/services/amSessionPropertyWhitelist?_action=create", map[string]any{}).want(t, 201)
	up := func(name string, level int, property, value string) {
		suffix := strings.ToLower(name)
		nodes := signIn(map[string]string{"true": "level-" + suffix, "false": failure})
		if name != "First" { // journeys share the page
			nodes = []node{{"check-" + suffix, "DataStoreDecisionNode", nil, map[string]string{"true": "level-" + suffix, "false": failure}}}
			page := signIn(nil)[0]
			page.id, page.to = "page-"+suffix, map[string]string{"outcome": "check-" + suffix}
			nodes = append([]node{page}, nodes...)
		}
		j.tree(name, append(nodes,
			node{"level-" + suffix, "ModifyAuthLevelNode", map[string]any{"authLevelIncrement": level}, map[string]string{"outcome": "prop-" + suffix}},
			node{"prop-" + suffix, "SetSessionPropertiesNode", map[string]any{"properties": map[string]any{property: value, "last": suffix}}, map[string]string{"outcome": success}})...)
	}
	up("First", 1, "colour", "blue")
	up("Second", 5, "shape", "round")
	up("Third", 0, "size", "big")

	in := func(tree, user, token string, more ...string) reply {
		t.Helper()
		path := "/json/authenticate?authIndexType=service&authIndexValue=" + tree
		if strings.HasPrefix(tree, "<") {
			path = "/json/authenticate?authIndexType=composite_advice&authIndexValue=" + url.QueryEscape(tree)
		}
		headers := append([]string{"Accept-API-Version", version}, more...)
		if token != "" {
			headers = append(headers, "Cookie", "iPlanetDirectoryPro="+token)
		}
		step := j.send("POST", path, "{}", headers...)
		if step.StatusCode != 200 || step.body["tokenId"] != nil {
			return step
		}
		for i, c := range list(step.body["callbacks"]) {
			list(c["input"])[0]["value"] = []any{user, "Ch4ng31t"}[i]
		}
		return j.send("POST", path, step.body, headers...)
	}
	token := func(r reply) string { t.Helper(); return fmt.Sprint(r.want(t, 200)["tokenId"]) }
	valid := func(token string) bool {
		t.Helper()
		return j.admin("POST", "/json/sessions?_action=validate", map[string]any{"tokenId": token}).want(t, 200)["valid"] == true
	}
	first := token(in("First", "demo", ""))
	if again := token(in("First", "demo", first)); again != first {
		t.Error("a session that does was replaced")
	}
	answer := in("Second", "demo", first)
	second := token(answer)
	if second == first || valid(first) || !valid(second) {
		t.Errorf("after the upgrade: first %v, second %v", valid(first), valid(second))
	}
	if set := strings.Join(answer.Header.Values("Set-Cookie"), "; "); !strings.Contains(set, second) {
		t.Errorf("cookies = %s", set)
	}
	sess, err := j.server.Login().Find(t.Context(), second)
	if err != nil || sess.AuthLevel != 5 || sess.Tree != "Second" || sess.Properties["colour"] != "blue" || sess.Properties["shape"] != "round" || sess.Properties["last"] != "second" {
		t.Errorf("session = %+v, %v", sess, err)
	}
	// A lesser journey takes nothing away.
	third := token(in("Third", "demo", second))
	if sess, err = j.server.Login().Find(t.Context(), third); err != nil || sess.AuthLevel != 5 || sess.Properties["colour"] != "blue" || sess.Properties["last"] != "third" {
		t.Errorf("session = %+v, %v", sess, err)
	}
	// An advice is for the user of the session alone, and a failure leaves the session.
	const advice = `<Advices><AttributeValuePair><Attribute name="AuthenticateToServiceConditionAdvice"/><Value>First</Value></AttributeValuePair></Advices>`
	in(advice, "other", third).want(t, 401)
	if !valid(third) {
		t.Error("a failed upgrade ended the session")
	}
	fourth := token(in(advice, "demo", third))
	if valid(third) || !valid(fourth) {
		t.Error("the advice did not upgrade the session")
	}
	// Somebody else's session is no upgrade, and has nothing of it.
	others := token(in("Second", "other", fourth))
	if sess, err = j.server.Login().Find(t.Context(), others); err != nil || sess.Properties["colour"] != "" || !valid(fourth) {
		t.Errorf("session = %+v, %v; the other one lives: %v", sess, err, valid(fourth))
	}
	// The session can be named instead of shown.
	named := j.send("POST", "/json/authenticate?sessionUpgradeSSOTokenId="+url.QueryEscape(fourth), "{}", "X-OpenAM-Username", "demo", "X-OpenAM-Password", "Ch4ng31t")
	if fifth := token(named); valid(fourth) || !valid(fifth) {
		t.Error("sessionUpgradeSSOTokenId did not upgrade the session")
	}
	j.send("POST", "/json/authenticate?sessionUpgradeSSOTokenId=gone", "{}", "X-OpenAM-Username", "demo", "X-OpenAM-Password", "Ch4ng31t").want(t, 200)
}

// What is to follow the end of a session follows the end of the one that took its place; an ID token of the first one
// ends that one.
func TestSessionUpgradeKeepsClients(t *testing.T) {
	told := make(chan string, 4)
	ear := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.PostFormValue("logout_token") }))
	defer ear.Close()
	s := newSite(t)
	admin := s.admin()
	const path = "/json/realms/root/realm-config"
	admin("POST", path+"/services/oauth-oidc?_action=create", map[string]any{
		"consent": map[string]any{"clientsCanSkipConsent": true}, "advancedOIDCConfig": map[string]any{"storeOpsTokens": true},
		"gatehouseConfig": map[string]any{"revokeTokensOnSessionEnd": true},
	}).want(t, 201)
	admin("PUT", path+"/agents/OAuth2Client/web", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "password", "scopes": []string{"openid"}, "redirectionUris": []string{"https://web.example.com/cb"}},
		"advancedOAuth2ClientConfig": map[string]any{"isConsentImplied": true},
		"coreOpenIDClientConfig":     map[string]any{"backchannel_logout_uri": ear.URL + "/out", "backchannel_logout_session_required": true},
	}).want(t, 201)
	admin("POST", "/json/users?_action=create", map[string]any{"username": "demo", "userpassword": "Ch4ng31t"}).want(t, 201)
	token := s.login("/json/authenticate", "demo", "Ch4ng31t")
	tokens := s.tokensOf(token)
	active := func() any {
		return s.send("POST", "/oauth2/introspect", url.Values{"token": {fmt.Sprint(tokens["access_token"])}}, "Authorization", "Basic d2ViOnBhc3N3b3Jk").want(t, 200)["active"]
	}
	upgraded := s.send("POST", "/json/authenticate?ForceAuth=true", "{}", "iPlanetDirectoryPro", token, "X-OpenAM-Username", "demo", "X-OpenAM-Password", "Ch4ng31t").want(t, 200)
	if err := s.server.Follow(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if got := active(); got != true {
		t.Errorf("the grant ended with the upgrade: active = %v", got)
	}
	select {
	case got := <-told:
		t.Fatalf("the client was told of an end: %s", got)
	default:
	}
	s.send("GET", "/oauth2/connect/endSession?id_token_hint="+fmt.Sprint(tokens["id_token"]), nil)
	s.as(fmt.Sprint(upgraded["tokenId"]))("POST", "/json/sessions?_action=getSessionInfo", "{}").want(t, 401)
	if err := s.server.Follow(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	logout, sid := payload(t, <-told)["sid"], payload(t, fmt.Sprint(tokens["id_token"]))["sid"]
	if sid == nil || logout != sid {
		t.Errorf("told of %v, the client knows %v", logout, sid)
	}
	for active() != false { // which may be in the hands of the server's own round
		if err := s.server.Follow(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
}

// payload are the claims of a JWT.
func payload(t *testing.T, raw string) (claims map[string]any) {
	t.Helper()
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		t.Fatalf("no JWT: %q", raw)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(text, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims
}
