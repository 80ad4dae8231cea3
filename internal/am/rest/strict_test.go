package rest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/rest"
	"gatehouse/internal/am/store/memory"
)

type o = map[string]any

// Values of a wrong type, and members that an object does not have, are refused or told: none is dropped in silence.
func TestNothingIsDroppedInSilence(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const (
		files  = "/realm-config/secrets/stores/FileSystemSecretStore/f"
		keys   = "/realm-config/secrets/stores/KeyStoreSecretStore/k"
		env    = "/global-config/secrets/stores/EnvironmentAndSystemPropertySecretStore"
		type1  = "33333333-0000-4000-8000-000000000000"
		policy = "/policies/P"
	)
	admin("PUT", files, o{"directory": "/tmp"}).want(t, 201)
	refused := []struct {
		method, path string
		body         any
	}{
		{"PUT", files, o{"directory": 5}},
		{"PUT", files, o{"directory": "/tmp", "format": []any{"a", "b"}}},
		{"PUT", files, o{"directory": "/tmp", "unheard": "of"}},
		{"PUT", keys, o{"file": "/x", "leaseExpiryDuration": "soon"}},
		{"PUT", keys, o{"file": "/x", "leaseExpiryDuration": 0}},
		{"PUT", keys, o{"file": "/x", "storePassword": o{}}},
		{"PUT", keys, o{"file": "/x", "unheard": "of"}},
		{"PUT", env, o{"format": 5.5}},
		{"PUT", env, o{"unheard": "of"}},
		{"PUT", "/resourcetypes/" + type1, o{"name": "rt", "patterns": []any{"*"}, "actions": o{"GO": true}, "unheard": "of"}},
		{"POST", "/applications?_action=create", o{"name": "set", "resourceTypeUuids": []any{}, "unheard": "of"}},
		{"PUT", policy, o{"applicationName": "iPlanetAMWebAgentService", "resources": []any{"http://a.example.com/*"}, "unheard": "of"}},
		{"PUT", "/realm-config/authentication", o{"core": "x"}},
		{"PUT", "/realm-config/authentication", o{"security": []any{}}},
		{"PUT", "/users/demo", o{"username": "other"}},
		{"PUT", "/users/demo", o{"mail": "a@example.com", "Mail": "b@example.com"}},
		{"PUT", "/users/demo", o{"_id": 5}},
		{"POST", clients + "?_action=create", o{"_id": 5}},
		{"PATCH", "/users/demo", o{}},
		{"PATCH", "/users/demo", nil},
		{"PUT", "/realm-config/authentication/authenticationtrees/trees/t", o{"nodes": []any{}}},
	}
	for _, tt := range refused {
		got := admin(tt.method, tt.path, tt.body)
		if got.StatusCode != 400 {
			t.Errorf("%s %s %v: %d %s", tt.method, tt.path, tt.body, got.StatusCode, got.raw)
		}
	}
	for _, tt := range []struct {
		path string
		body o
	}{
		{"/scripts/11111111-0000-4000-8000-000000000000", o{"name": "n", "script": "MQ==", "language": "GROOVY", "context": "OAUTH2_MAY_ACT", "unheard": "of"}},
		{"/groups/people", o{"unheard": "of"}},
		{"/openidm/managed/svcacct/11111111-0000-4000-8000-000000000000", o{"name": "n", "jwks": `{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`, "unheard": "of"}},
	} {
		got := admin("PUT", tt.path, tt.body)
		got.want(t, 201)
		if w := got.Header.Get("Warning"); w != `199 - "not kept: unheard"` {
			t.Errorf("%s: Warning: %s", tt.path, w)
		}
		// What was read can be written back without one.
		if got := admin("PUT", tt.path, admin("GET", tt.path, nil).raw); got.StatusCode != 200 || got.Header.Get("Warning") != "" {
			t.Errorf("%s: %d %s, Warning: %s", tt.path, got.StatusCode, got.raw, got.Header.Get("Warning"))
		}
	}
	admin("PUT", env, o{"_id": "", "format": "PLAIN"}).want(t, 200)
	if got := admin("GET", env, nil).want(t, 200); got["format"] != "PLAIN" {
		t.Errorf("environment = %v", got)
	}
}

// Cookies of pages are anybody's text.
func TestPageCookiesFarOut(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	for _, at := range []string{"9223372036854775807", "4611686018427387904", "-1", "2147483648"} {
		cookie := base64.RawURLEncoding.EncodeToString([]byte(at))
		for _, query := range []string{"/scripts?_queryFilter=true&_pagedResultsOffset=2147483647&_pagedResultsCookie=", "/users?_queryFilter=true&_sortKeys=_id&_pagedResultsOffset=1&_pagedResultsCookie="} {
			admin("GET", query+cookie, nil).want(t, 400)
		}
	}
	cookie := base64.RawURLEncoding.EncodeToString([]byte("2147483647"))
	if got := admin("GET", "/scripts?_queryFilter=true&_pagedResultsOffset=2147483647&_pagedResultsCookie="+cookie, nil).want(t, 200); got["resultCount"] != 0.0 {
		t.Errorf("%v", got)
	}
}

// Users change what their password is sent to with their password alone.
func TestConfirmedAttributes(t *testing.T) {
	s := newSite(t)
	user := s.user()
	user("PUT", "/users/demo", o{"description": "free"}).want(t, 200)
	const text = "Must provide a valid confirmation password to change protected attribute (mail) from 'demo@example.com' to 'thief@example.com'"
	change := o{"mail": "thief@example.com"}
	user("PUT", "/users/demo", change).refused(t, 400, text)
	user("PUT", "/users/demo", change, "currentpassword", "wrong").refused(t, 400, text)
	user("PUT", "/users/demo", o{"MAIL": []any{"thief@example.com"}}).refused(t, 400, text)
	user("PATCH", "/users/demo", []any{o{"operation": "replace", "field": "/mail", "value": []any{"thief@example.com"}}}).refused(t, 400, text)
	user("PATCH", "/users/demo", []any{o{"operation": "remove", "field": "/mail"}}).want(t, 400)
	user("PUT", "/users/demo", o{"mail": []any{}}).want(t, 400)
	user("PUT", "/users/demo", o{"telephoneNumber": "1"}).want(t, 400)
	user("PUT", "/users/demo", o{"mail": "demo@example.com"}).want(t, 200) // no change
	if got := s.admin()("GET", "/users/demo", nil).want(t, 200); !same(got["mail"], []any{"demo@example.com"}) {
		t.Errorf("mail = %v", got["mail"])
	}
	user("PUT", "/users/demo", o{"mail": "new@example.com", "telephoneNumber": "1"}, "currentpassword", userPassword).want(t, 200)
	s.admin()("PUT", "/users/demo", o{"mail": "admin@example.com"}).want(t, 200)
	for range 8 {
		user("PUT", "/users/demo", change, "currentpassword", "guess").want(t, 400)
	}
	user("PUT", "/users/demo", change, "currentpassword", userPassword).want(t, 400) // it cannot be guessed here either
}

// The current password is one, whatever the realm's journeys let in.
func TestChangePasswordAsksForThePassword(t *testing.T) {
	s := newSite(t)
	user, admin := s.user(), s.admin()
	admin("PUT", "/realm-config/authentication/authenticationtrees/trees/ldapService", o{
		"entryNodeId": "11111111-0000-4000-8000-000000000001", "nodes": o{"11111111-0000-4000-8000-000000000001": o{
			"nodeType": "PageNode", "connections": o{"outcome": "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"}, "displayName": "x"}},
	}).want(t, 200)
	admin("PUT", "/realm-config/authentication/authenticationtrees/nodes/PageNode/11111111-0000-4000-8000-000000000001", o{
		"nodes": []any{o{"_id": "11111111-0000-4000-8000-000000000002", "nodeType": "UsernameCollectorNode"}, o{"_id": "11111111-0000-4000-8000-000000000003", "nodeType": "PasswordCollectorNode"}},
	}).want(t, 201)
	for node, kind := range map[string]string{"2": "UsernameCollectorNode", "3": "PasswordCollectorNode"} {
		admin("PUT", "/realm-config/authentication/authenticationtrees/nodes/"+kind+"/11111111-0000-4000-8000-00000000000"+node, o{}).want(t, 201)
	}
	s.signIn("/authenticate", "demo", "anything") // such is the journey
	user("POST", "/users/demo?_action=changePassword", o{"currentpassword": "anything", "userpassword": "Passw0rd!"}).refused(t, 400, "The password is not the current one")
	user("POST", "/users/demo?_action=changePassword", o{"currentpassword": userPassword, "userpassword": "Passw0rd!"}).want(t, 200)
}

// A script that something of the realm names is not deleted.
func TestScriptsInUse(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const id, nodes = "11111111-0000-4000-8000-000000000000", "/realm-config/authentication/authenticationtrees/nodes/"
	users := []struct{ path, body string }{
		{nodes + "ScriptedDecisionNode/22222222-0000-4000-8000-000000000000", `{"script":"` + id + `","outcomes":["true"]}`},
		{nodes + "UnknownNode/22222222-0000-4000-8000-000000000000", `{"scripts":["` + id + `"]}`},
		{"/realm-config/agents/groups/OAuth2Client/g", `{"overrideOAuth2ClientConfig":{"accessTokenMayActScript":"` + id + `"}}`},
		{"/realm-config/services/oauth-oidc", `{"coreOAuth2Config":{"accessTokenMayActScript":"` + id + `"}}`},
	}
	admin("PUT", "/scripts/"+id, o{"name": "n", "script": "MQ==", "language": "JAVASCRIPT", "context": "AUTHENTICATION_TREE_DECISION_NODE"}).want(t, 201)
	for _, u := range users {
		admin("PUT", u.path, u.body).want(t, 201)
		admin("DELETE", "/scripts/"+id, nil).want(t, 409)
		admin("DELETE", u.path, nil).want(t, 200)
	}
	admin("DELETE", "/scripts/"+id, nil).want(t, 200)
}

// Who deletes a library script that others require is told of them in the log.
func TestRequiredLibrary(t *testing.T) {
	realms, err := realm.NewManager(t.Context(), realm.Options{Engine: memory.New()})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	server := rest.New(rest.Options{Realms: realms, Login: login.New(login.Options{Realms: realms}), Log: slog.New(slog.NewTextHandler(&log, nil))})
	root, _ := realms.Find("/")
	send := func(method, path, body string) {
		t.Helper()
		r := httptest.NewRequest(method, "/openam/json/"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r.WithContext(rest.AsAdministrator(t.Context())), login.Place{Realm: root, Base: "http://example.com/openam", Context: "/openam"}, path)
		if w.Code >= 300 {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	}
	script := func(id, name, context, source string) {
		t.Helper()
		send("PUT", "scripts/"+id, `{"name":"`+name+`","script":"`+b64(source)+`","language":"JAVASCRIPT","context":"`+context+`","evaluatorVersion":"2.0"}`)
	}
	const one, two = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
	script(one, "my.lib", "LIBRARY", "exports.x = 1")
	script(two, "other", "LIBRARY", "exports.x = 2")
	script("11111111-0000-4000-8000-000000000003", "reader", "AUTHENTICATION_TREE_DECISION_NODE", `var lib = require( "my.lib" ); // other`)
	send("DELETE", "scripts/"+two, "")
	if log.Len() > 0 {
		t.Errorf("nobody requires it: %s", &log)
	}
	send("DELETE", "scripts/"+one, "")
	if text := log.String(); !strings.Contains(text, "library=my.lib") || !strings.Contains(text, "script=reader") || strings.Count(text, "\n") != 1 {
		t.Errorf("log: %s", text)
	}
}

// Names of objects may have any characters that an address can carry, and no others.
func TestOddNames(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const trees = "/realm-config/authentication/authenticationtrees"
	collections := []struct{ at, body string }{
		{clients, `{}`}, {"/realm-config/agents/groups/OAuth2Client", `{}`}, {"/realm-config/services/id-repositories/LDAPv3", `{}`},
		{"/realm-config/secrets/stores/FileSystemSecretStore", `{"directory":"/tmp"}`}, {trees + "/trees", `{}`}, {trees + "/nodes/PageNode", `{}`},
		{"/global-config/services/CorsService/configuration", `{}`}, {"/scripts", `{"name":"x","script":"MQ==","language":"GROOVY","context":"OAUTH2_MAY_ACT"}`},
		{"/openidm/config/emailTemplate", `{"enabled":true,"from":"","subject":{"en":"s"},"message":{"en":"m"},"defaultLocale":"en"}`},
		{"/openidm/managed/alpha_application", `{"name":"app"}`},
		{"/resourcetypes", `{"name":"rt","patterns":["*"],"actions":{"GO":true}}`},
	}
	for _, c := range collections {
		for _, id := range []string{"a b", "ä☃", "a%b", "a?b#c", "a;b=c", "*", "%2e%2e x", "..x", "a\"b", "a+b", strings.Repeat("n", 255)} {
			at := c.at + "/" + url.PathEscape(id)
			made := admin("PUT", at, c.body)
			if made.StatusCode != 201 {
				t.Errorf("PUT %s: %d %s", at, made.StatusCode, made.raw)
				continue
			}
			if loc := made.Header.Get("Location"); loc != s.base+at {
				t.Errorf("PUT %s: Location: %s", at, loc)
			}
			read := admin("GET", at, nil).want(t, 200)
			if got, _ := read["_id"].(string); got != id && got != "emailTemplate/"+id {
				t.Errorf("GET %s: _id %q", at, got)
			}
			list := admin("GET", c.at+"?_pageSize=100&_queryFilter="+url.QueryEscape(`_id co "`+strings.ReplaceAll(id, `"`, `\"`)+`"`), nil).want(t, 200)
			if len(list["result"].([]any)) == 0 {
				t.Errorf("%s: %q is not found by its name", c.at, id)
			}
			admin("DELETE", at, nil).want(t, 200)
		}
		for _, id := range []string{"a%2Fb", "%2E%2E", ".", "%00", "a%0Ab", "%7F", "%FF", strings.Repeat("n", 256), strings.Repeat("n", 1000)} {
			if got := admin("PUT", c.at+"/"+id, c.body); got.StatusCode != 400 && got.StatusCode != 404 {
				t.Errorf("PUT %s/%.20s: %d %s", c.at, id, got.StatusCode, got.raw)
			}
		}
	}
}

// Who ends the session of somebody else keeps the cookie of his own.
func TestLogoutOfAnotherSession(t *testing.T) {
	s := newSite(t)
	token, other := s.signIn("/authenticate", "amAdmin", adminPassword), s.signIn("/authenticate", "demo", userPassword)
	cookie := []string{"Cookie", "iPlanetDirectoryPro=" + token, "X-Requested-With", "x"}
	got := s.send("POST", "/sessions?_action=logout", o{"tokenId": other}, cookie...)
	if got.want(t, 200); got.body["result"] != "Successfully logged out" || len(got.Header["Set-Cookie"]) > 0 {
		t.Errorf("%s, cookies %v", got.raw, got.Header["Set-Cookie"])
	}
	if got := s.send("POST", "/sessions?_action=validate", o{"tokenId": other}); got.body["valid"] != false {
		t.Errorf("the other session: %s", got.raw)
	}
	for _, body := range []any{o{"tokenId": token}, nil} {
		got := s.send("POST", "/sessions?_action=logout", body, cookie...)
		if got.want(t, 200); len(got.Header["Set-Cookie"]) != 1 {
			t.Errorf("%s, cookies %v", got.raw, got.Header["Set-Cookie"])
		}
	}
}

// A refused method is answered with those that there are.
func TestAllowedMethods(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	for method, path := range map[string]string{"TRACE": "/users/demo", "PUT": "/users"} {
		got := admin(method, path, nil)
		if got.want(t, 405); got.Header.Get("Allow") != "GET, HEAD, PUT, PATCH, POST, DELETE" {
			t.Errorf("%s %s: Allow: %q", method, path, got.Header.Get("Allow"))
		}
	}
}

// A patch that is made to be much work is refused, or is not much work.
func TestPatchesOfMuchWork(t *testing.T) {
	s := newSite(t)
	user := s.user()
	user("PATCH", "/users/demo", `[{"operation":"add","field":"`+strings.Repeat("/a", 200_000)+`","value":1}]`).want(t, 400)
	user("PATCH", "/users/demo", `[`+strings.Repeat(`{"operation":"add","field":"x","value":1},`, 1000)+`{"operation":"add","field":"x","value":1}]`).want(t, 400)
	var values, others strings.Builder
	for i := range 150_000 {
		fmt.Fprintf(&values, ",%d", i)
		if i%10 == 0 {
			fmt.Fprintf(&others, `,{"a":%d}`, i)
		}
	}
	user("PATCH", "/users/demo", `[{"operation":"replace","field":"x","value":[1`+values.String()+`]},{"operation":"add","field":"x","value":[1`+values.String()+`]}]`).want(t, 413)
	user("PATCH", "/users/demo", `[{"operation":"replace","field":"x","value":[1`+values.String()+`]},{"operation":"remove","field":"x","value":[1`+values.String()+`]}]`).want(t, 200)
	user("PATCH", "/users/demo", `[{"operation":"replace","field":"x","value":[1`+others.String()+`]},{"operation":"add","field":"x","value":[1`+others.String()+`]}]`).want(t, 400)
}

// Names that look alike to some, but are names of two users, are no way from one's profile to the other's: "ſ" is an s to
// those who compare without case.
func TestNamesThatFoldToOthers(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	for _, name := range []string{"sam", "ſam"} {
		admin("POST", "/users?_action=create", o{"username": name, "userpassword": userPassword, "mail": "x@example.com"}).want(t, 201)
	}
	admin("PUT", "/groups/staff", o{"members": o{"uniqueMember": []any{"sam"}}}).want(t, 201)
	other := s.as(s.signIn("/authenticate", "=?UTF-8?B?"+base64.StdEncoding.EncodeToString([]byte("ſam"))+"?=", userPassword))
	if got := other("POST", "/users?_action=idFromSession", nil).want(t, 200); got["id"] != "ſam" {
		t.Fatalf("the session is of %v", got["id"])
	}
	other("GET", "/users/%C5%BFam", nil).want(t, 200)
	other("GET", "/users/sam", nil).want(t, 403)
	other("PUT", "/users/sam", o{"description": "hers"}).want(t, 403)
	other("POST", "/users/sam?_action=changePassword", o{"currentpassword": userPassword, "userpassword": "Passw0rd!"}).want(t, 403)
	for _, part := range []string{"groups", "oauth2/applications", "devices/2fa/oath", "devices/2fa/webauthn", "devices/profile"} {
		other("GET", "/users/sam/"+part+"?_queryFilter=true", nil).want(t, 403)
	}
	if got := other("GET", "/users/%C5%BFam/groups?_queryFilter=true", nil).want(t, 200); got["resultCount"] != 0.0 {
		t.Errorf("groups of the other: %v", got)
	}
	admin("DELETE", "/users/%C5%BFam", nil).want(t, 200)
	if got := admin("GET", "/groups/staff", nil).want(t, 200); !same(at(got, "members", "uniqueMember"), []any{"sam"}) {
		t.Errorf("the group after the other has gone: %v", got)
	}
	admin("GET", "/users/SAM", nil).want(t, 200)
	s.as(s.signIn("/authenticate", "SAM", userPassword))("GET", "/users/Sam", nil).want(t, 200)
}

// A managed user is an identity to auditors, and a managed application is configuration.
func TestManagedUsersAreIdentities(t *testing.T) {
	realms, err := realm.NewManager(t.Context(), realm.Options{Engine: memory.New()})
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	server := rest.New(rest.Options{Realms: realms, Login: login.New(login.Options{Realms: realms}), Changed: func(_ context.Context, c rest.Change) { told[c.Object] = c.Identity }})
	root, _ := realms.Find("/")
	for path, body := range map[string]string{
		"openidm/managed/user": `{"userName":"sam","mail":"a@example.com"}`, "openidm/managed/application": `{"_id":"a","name":"app"}`, "users": `{"username":"demo"}`,
	} {
		r := httptest.NewRequest("POST", "/"+path+"?_action=create", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r.WithContext(rest.AsAdministrator(t.Context())), login.Place{Realm: root, Base: "http://example.com"}, path)
		if w.Code != 201 {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if !told["openidm/managed/user/sam"] || told["openidm/managed/application/a"] || !told["users/demo"] || len(told) != 3 {
		t.Errorf("told %v", told)
	}
}
