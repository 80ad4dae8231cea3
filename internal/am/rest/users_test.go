package rest_test

import (
	"testing"
	"time"

	"gatehouse/internal/am/store"
)

func TestUsers(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	made := admin("POST", "/users?_action=create", map[string]any{
		"username": "Babs", "userpassword": "Passw0rd!", "mail": "babs@example.com", "employeeNumber": []string{"7"}, "givenName": "",
	}).want(t, 201)
	for name, want := range map[string]any{
		"_id": "Babs", "username": "Babs", "realm": "/", "uid": []any{"Babs"}, "mail": []any{"babs@example.com"}, "employeeNumber": []any{"7"},
		"universalid": []any{"id=Babs,ou=user,dc=openam,dc=forgerock,dc=org"}, "inetUserStatus": []any{"Active"}, "sn": []any{"Babs"},
	} {
		if !same(made[name], want) {
			t.Errorf("%s = %v, want %v", name, made[name], want)
		}
	}
	if made["userpassword"] != nil || made["userPassword"] != nil {
		t.Error("the password is shown")
	}
	s.signIn("/authenticate", "BABS", "Passw0rd!")
	admin("POST", "/users?_action=create", map[string]any{"username": "babs"}).refused(t, 409, "Resource already exists")
	admin("POST", "/users?_action=create", map[string]any{"username": "x", "userpassword": "short"}).refused(t, 400, "Minimum password length is 8.")
	admin("POST", "/users?_action=create", map[string]any{"userpassword": "long enough"}).want(t, 400)
	for _, name := range []string{"a,b", "a=b", "_x", "a/b", "..", "a\u0000b"} {
		admin("POST", "/users?_action=create", map[string]any{"username": name}).want(t, 400)
	}
	admin("POST", "/users?_action=create", map[string]any{"username": "x", "bad name": "v"}).want(t, 400)
	admin("POST", "/users?_action=create", map[string]any{"username": "x", "mail": map[string]any{}}).want(t, 400)
	admin("PUT", "/users/Put", map[string]any{"mail": "p@example.com"}).want(t, 201)

	// An update changes what it names; an empty list removes.
	got := admin("PUT", "/users/babs", map[string]any{"mail": []string{"b@example.com"}, "employeeNumber": []string{}}).want(t, 200)
	if !same(got["mail"], []any{"b@example.com"}) || got["employeeNumber"] != nil {
		t.Errorf("updated = %v", got)
	}
	got = admin("PATCH", "/users/babs", []any{
		map[string]any{"operation": "add", "field": "mail", "value": "c@example.com"},
		map[string]any{"operation": "replace", "field": "/telephoneNumber", "value": []string{"1"}},
	}).want(t, 200)
	if !same(got["mail"], []any{"b@example.com", "c@example.com"}) || !same(got["telephoneNumber"], []any{"1"}) {
		t.Errorf("patched = %v", got)
	}
	got = admin("PATCH", "/users/babs", []any{map[string]any{"operation": "remove", "field": "/telephoneNumber"}}).want(t, 200)
	if got["telephoneNumber"] != nil || got["mail"] == nil {
		t.Errorf("patched = %v", got)
	}
	admin("PATCH", "/users/babs", []any{map[string]any{"operation": "move", "field": "mail"}}).want(t, 501)
	admin("PATCH", "/users/babs", []any{"x"}).want(t, 400)

	query := admin("GET", "/users?_queryFilter=true", nil).want(t, 200)
	if query["resultCount"] != 4.0 || query["totalPagedResultsPolicy"] != "NONE" || query["remainingPagedResults"] != 0.0 || at(query["result"].([]any)[0], "_rev") != "-1" {
		t.Errorf("query = %v", query)
	}
	if got := admin("GET", "/users?_queryId=ba*", nil).want(t, 200); got["resultCount"] != 1.0 {
		t.Errorf("query by id = %v", got)
	}
	gone := admin("DELETE", "/users/babs", nil).want(t, 200)
	if gone["success"] != "true" || gone["_id"] != "Babs" {
		t.Errorf("deleted = %v", gone)
	}
	admin("GET", "/users/babs", nil).refused(t, 404, "Not Found")
	admin("DELETE", "/users/amAdmin", nil).want(t, 403)
	admin("PUT", "/users/amadmin", map[string]any{"inetUserStatus": "Inactive"}).want(t, 403)
}

// Sessions end with the account, or with its password.
func TestSessionsOfUsers(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	alive := func(token string) bool {
		return s.as(token)("POST", "/sessions?_action=validate", nil).StatusCode == 200
	}
	first, second := s.signIn("/authenticate", "demo", userPassword), s.signIn("/authenticate", "demo", userPassword)
	other := s.signIn("/alpha/authenticate", "demo", userPassword)
	change := map[string]any{"currentpassword": userPassword, "userpassword": "newpassword"}
	s.as(first)("POST", "/users/demo?_action=changePassword", map[string]any{"currentpassword": "wrong", "userpassword": "newpassword"}).want(t, 400)
	s.as(first)("POST", "/users/demo?_action=changePassword", map[string]any{"currentpassword": userPassword, "userpassword": "short"}).want(t, 400)
	s.as(other)("POST", "/users/demo?_action=changePassword", change).want(t, 403)
	s.as(first)("POST", "/users/demo?_action=changePassword", change).want(t, 200)
	if !alive(first) || alive(second) || !alive(other) {
		t.Errorf("after the change: first %v, second %v, other realm %v; want true, false, true", alive(first), alive(second), alive(other))
	}
	s.signIn("/authenticate", "demo", "newpassword")
	admin("PUT", "/users/demo", map[string]any{"inetUserStatus": "Inactive"}).want(t, 200)
	if alive(first) {
		t.Error("the session of an inactive user lives")
	}
	s.send("POST", "/authenticate", nil, "X-OpenAM-Username", "demo", "X-OpenAM-Password", "newpassword").refused(t, 401, "User not Active")
	s.send("POST", "/authenticate", nil, "X-OpenAM-Username", "demo", "X-OpenAM-Password", "wrong password").refused(t, 401, "Login failure")
}

func TestIDFromSession(t *testing.T) {
	s := newSite(t)
	got := s.user()("POST", "/users?_action=idFromSession", nil, "Accept-API-Version", "resource=2.0").want(t, 200)
	want := map[string]any{
		"id": "demo", "realm": "/", "dn": "id=demo,ou=user,dc=openam,dc=forgerock,dc=org", "successURL": "/openam/console", "fullLoginURL": "/openam/UI/Login?realm=%2F",
	}
	if !same(got, want) {
		t.Errorf("idFromSession = %v, want %v", got, want)
	}
	s.send("POST", "/users?_action=idFromSession", nil).refused(t, 401, "Unauthorized")
}

func TestValidateGoto(t *testing.T) {
	s := newSite(t)
	s.admin()("POST", services+"/validation?_action=create", map[string]any{"validGotoDestinations": []string{"https://ig.example.com:8443/*", "https://ig.example.com:8443/*?*"}}).want(t, 201)
	user := s.user()
	for target, want := range map[string]string{
		"https://ig.example.com:8443/x":     "https://ig.example.com:8443/x",
		"https://ig.example.com:8443/x?y=z": "https://ig.example.com:8443/x?y=z",
		"https://evil.example.com/x":        "/openam/console",
		"":                                  "/openam/console",
	} {
		got := user("POST", "/users?_action=validateGoto", map[string]any{"goto": target}, "Accept-API-Version", "protocol=1.0,resource=2.0").want(t, 200)
		if got["successURL"] != want {
			t.Errorf("goto %q: %v, want %s", target, got["successURL"], want)
		}
	}
}

// The applications of a user are the clients that hold tokens for him; deleting one takes them away.
func TestApplications(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	tokens := store.Tokens{Engine: s.realms.Engine()}
	admin("PUT", clients+"/web", map[string]any{"advancedOAuth2ClientConfig": map[string]any{"name": []string{"The web"}}}).want(t, 201)
	issue := func(raw, client string, until time.Time, scopes ...string) {
		t.Helper()
		err := tokens.Issue(t.Context(), store.NewToken{Raw: raw, Token: store.Token{
			Kind: "access", Realm: "/", ClientID: client, Subject: store.Subject{Type: "usr", Name: "demo"}, Scopes: scopes, GrantID: raw, Expires: until,
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	until := time.Date(2200, 1, 2, 3, 4, 5, 0, time.UTC)
	issue("a", "web", until, "mail")
	issue("b", "web", until.Add(-time.Hour), "phone")
	issue("c", "app", time.Time{}, "mail")
	user := s.user()
	got := user("GET", "/users/demo/oauth2/applications?_queryFilter=true", nil).want(t, 200)["result"].([]any)
	if len(got) != 2 || at(got[0], "_id") != "app" || at(got[0], "expiryDateTime") != nil ||
		at(got[1], "name") != "The web" || at(got[1], "expiryDateTime") != "2200-01-02T03:04:05.000Z" || !same(at(got[1], "scopes"), map[string]any{"mail": "mail", "phone": "phone"}) {
		t.Errorf("applications = %v", got)
	}
	user("DELETE", "/users/demo/oauth2/applications/web", nil).want(t, 200)
	for raw, want := range map[string]bool{"a": false, "b": false, "c": true} {
		if _, err := tokens.Find(t.Context(), "/", raw); (err == nil) != want {
			t.Errorf("token %s: %v", raw, err)
		}
	}
}
