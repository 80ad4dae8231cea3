package rest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/rest"
	"gatehouse/internal/am/store/memory"
)

// Whatever a body says, it is taken or refused with an error for the client, and what was taken can be read, listed,
// and deleted.
func FuzzBodies(f *testing.F) {
	for _, body := range []string{
		`{}`, `[]`, `null`, `"x"`, `{"username":"x","userpassword":"short"}`, `{"mail":["a","b"],"cn":{}}`, `{"inetUserStatus":"Inactive"}`,
		`{"coreOAuth2ClientConfig":{"scopes":{"inherited":false,"value":["a"]},"redirectionUris":["https://a/"]},"advancedOAuth2ClientConfig":{"grantTypes":[1]}}`,
		`{"coreOAuth2Config":{"accessTokenLifetime":-1,"statelessTokensEnabled":"true"},"advancedOIDCConfig":null}`,
		`{"members":{"uniqueMember":["demo","uid=,"]},"description":[[]]}`,
		`[{"operation":"add","field":"/mail/-","value":"x"},{"operation":"remove","field":""}]`,
		`[{"operation":"replace","field":"/coreOAuth2ClientConfig/scopes","value":{"value":[1e999]}}]`,
		`[{"operation":"increment","field":"/coreOAuth2Config/accessTokenLifetime","value":1}]`,
	} {
		for which := range byte(12) {
			f.Add(which, body)
		}
	}
	realms, err := realm.NewManager(f.Context(), realm.Options{Engine: memory.New(), Kinds: rest.Kinds()})
	if err != nil {
		f.Fatal(err)
	}
	server := rest.New(rest.Options{Realms: realms, Login: login.New(login.Options{Realms: realms}), Scripts: scriptChecker{}})
	root, _ := realms.Find("/")
	send := func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/openam/json/"+path, strings.NewReader(body))
		r = r.WithContext(rest.AsAdministrator(r.Context()))
		r.Header.Set("Content-Type", "application/json")
		at, _, _ := strings.Cut(path, "?")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r, login.Place{Realm: root, Base: "http://example.com/openam", Context: "/openam"}, at)
		return w
	}
	objects := []struct{ collection, id, base string }{
		{"users", "fuzz", `{"mail":"a@example.com"}`}, {"realm-config/agents/OAuth2Client", "fuzz", `{}`},
		{"realm-config/services", "oauth-oidc", `{}`}, {"groups", "fuzz", `{}`},
	}
	f.Fuzz(func(t *testing.T, which byte, body string) {
		o := objects[which%4]
		at := o.collection + "/" + o.id
		var got *httptest.ResponseRecorder
		switch which / 4 % 3 {
		case 0:
			if o.id == "oauth-oidc" {
				got = send("POST", at+"?_action=create", body)
			} else {
				got = send("PUT", at, body)
			}
		case 1, 2:
			if o.id == "oauth-oidc" {
				send("POST", at+"?_action=create", o.base)
			} else {
				send("PUT", at, o.base)
			}
			got = send(map[byte]string{1: "PUT", 2: "PATCH"}[which/4%3], at, body)
		}
		if got.Code >= 500 && got.Code != http.StatusNotImplemented || !json.Valid(got.Body.Bytes()) {
			t.Errorf("%d %s", got.Code, got.Body)
		}
		made := got.Code < 300
		if read := send("GET", at, ""); made && read.Code != 200 || read.Code >= 500 || !json.Valid(read.Body.Bytes()) {
			t.Errorf("read after %d: %d %s", got.Code, read.Code, read.Body)
		}
		if list := send("GET", o.collection+"?_queryFilter=true", ""); list.Code != 200 {
			t.Errorf("list: %d %s", list.Code, list.Body)
		}
		if gone := send("DELETE", at, ""); gone.Code != 200 && (made || gone.Code != 404) {
			t.Errorf("delete: %d %s", gone.Code, gone.Body)
		}
	})
}
