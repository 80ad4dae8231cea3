package rest_test

import (
	"net/url"
	"testing"
)

func TestSessions(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	token := s.signIn("/authenticate", "demo", userPassword)
	user := s.as(token)
	act := func(c caller, action string, body any) map[string]any {
		t.Helper()
		return c("POST", "/sessions/?_action="+action, body).want(t, 200)
	}
	valid := act(user, "validate", nil)
	if valid["valid"] != true || valid["uid"] != "demo" || valid["realm"] != "/" || valid["sessionUid"] == nil {
		t.Errorf("validate = %v", valid)
	}
	if got := s.send("POST", "/sessions/"+url.PathEscape(token)+"?_action=validate", nil, "iPlanetDirectoryPro", token).want(t, 200); got["valid"] != true {
		t.Errorf("validate in the old form = %v", got)
	}
	if got := act(admin, "getSessionInfo", map[string]any{"tokenId": token}); got["username"] != "demo" {
		t.Errorf("info of a target = %v", got)
	}
	if got := act(admin, "getSessionInfo", map[string]any{"tokenId": "dead"}); !same(got, map[string]any{"valid": false}) {
		t.Errorf("info of a dead target = %v", got)
	}
	// Tools show the token in the body alone.
	if got := act(s.send, "getSessionInfo", map[string]any{"tokenId": token}); got["username"] != "demo" {
		t.Errorf("info by the body alone = %v", got)
	}
	s.send("POST", "/sessions?_action=getSessionInfo", map[string]any{"tokenId": "dead"}).refused(t, 401, "Access Denied")
	if got := act(s.send, "validate", map[string]any{"tokenId": "dead"}); !same(got, map[string]any{"valid": false}) {
		t.Errorf("validation of a dead token = %v", got)
	}
	s.as("dead")("POST", "/sessions?_action=getSessionInfo", nil).refused(t, 401, "Access Denied")
	if got := act(user, "refresh", nil); got["uid"] != "demo" || got["maxidletime"] != 30.0 || got["maxsessiontime"] != 120.0 || got["maxtime"].(float64) < 7100 {
		t.Errorf("refresh = %v", got)
	}
	for action, member := range map[string]string{"getTimeLeft": "maxtime", "getIdle": "idletime", "getMaxTime": "maxsessiontime", "isActive": "active", "getPropertyNames": "properties"} {
		if got := act(user, action, nil); got[member] == nil {
			t.Errorf("%s = %v", action, got)
		}
	}
	user("POST", "/sessions?_action=updateSessionProperties", map[string]any{"mine": "x"}).refused(t, 403, "Forbidden")
	// Realms that say nothing have what the server says.
	admin("PUT", "/global-config/services/amSessionPropertyWhitelist", map[string]any{"defaults": map[string]any{"sessionPropertyWhitelist": []string{"AMCtxId", "ours"}}}).want(t, 200)
	if got := act(user, "getPropertyNames", nil); !same(got, map[string]any{"properties": []any{"AMCtxId", "ours"}}) {
		t.Errorf("names = %v", got)
	}
	admin("POST", services+"/amSessionPropertyWhitelist?_action=create", map[string]any{
		"sessionPropertyWhitelist": []string{"mine"}, "whitelistedQueryProperties": []string{"mine"},
	}).want(t, 201)
	if got := act(user, "getSessionProperties", nil); !same(got, map[string]any{"mine": ""}) {
		t.Errorf("properties = %v", got)
	}
	if got := act(user, "updateSessionProperties", map[string]any{"mine": "x"}); !same(got, map[string]any{"mine": "x"}) {
		t.Errorf("updated properties = %v", got)
	}
	if got := act(user, "getSessionInfo", nil); at(got, "properties", "mine") != "x" {
		t.Errorf("info with property = %v", got)
	}
	if got := admin("GET", "/sessions?_queryFilter="+url.QueryEscape(`username eq "demo"`), nil).want(t, 200)["result"].([]any); at(got[0], "properties", "mine") != "x" {
		t.Errorf("listed = %v", got)
	}
	act(user, "deleteProperty", map[string]any{"properties": []string{"mine"}})
	if got := act(user, "getSessionInfo", nil); at(got, "properties", "mine") != nil {
		t.Errorf("info after deletion = %v", got)
	}
	user("POST", "/sessions?_action=updateSessionProperties", map[string]any{"AMCtxId": "x"}).want(t, 403)

	found := admin("GET", "/sessions?_queryFilter="+url.QueryEscape(`username eq "demo" and realm eq "/"`), nil).want(t, 200)
	if found["resultCount"] != 1.0 {
		t.Fatalf("query = %v", found)
	}
	handle := at(found["result"].([]any)[0], "sessionHandle").(string)
	if got := act(admin, "logoutByHandle", map[string]any{"sessionHandles": []string{handle, "shandle:none"}}); at(got, "result", handle) != true || at(got, "result", "shandle:none") != false {
		t.Errorf("logoutByHandle = %v", got)
	}
	user("POST", "/sessions?_action=validate", nil).want(t, 401)

	second := s.signIn("/authenticate", "demo", userPassword)
	if got := act(admin, "logoutByUser", map[string]any{"username": "DEMO"}); got["result"] != true {
		t.Errorf("logoutByUser = %v", got)
	}
	if got := act(s.as(second), "logout", nil); got["result"] != "Token has expired" {
		t.Errorf("logout when it is over = %v", got)
	}
	third := s.signIn("/authenticate", "demo", userPassword)
	out := s.as(third)("POST", "/sessions?_action=logout", nil)
	if out.want(t, 200); out.body["result"] != "Successfully logged out" || out.Header.Get("Set-Cookie") == "" {
		t.Errorf("logout = %v, %v", out.body, out.Header)
	}
	s.send("POST", "/sessions?_action=logout", nil).want(t, 401)
}
