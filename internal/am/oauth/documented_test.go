package oauth_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	grantExchange   = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeAccessToken = "urn:ietf:params:oauth:token-type:access_token"
	typeIDToken     = "urn:ietf:params:oauth:token-type:id_token"
)

// The documented client credentials flows: by form in a sub-realm, by Basic in the root.
func TestClientCredentials(t *testing.T) {
	w := newWorld(t)
	for _, rl := range []string{"/", "/alpha"} {
		w.client(rl, "myClient", "forgerock", core("write", "client_credentials"))
	}
	cases := map[string]answer{
		"form, sub-realm": w.token("/alpha", form("grant_type", "client_credentials", "client_id", "myClient", "client_secret", "forgerock", "scope", "write")),
		"basic, root":     w.token("/", form("grant_type", "client_credentials", "scope", "write"), basic("myClient", "forgerock")),
	}
	for name, a := range cases {
		t.Run(name, func(t *testing.T) {
			if got := slices.Sorted(maps.Keys(a.json)); !slices.Equal(got, []string{"access_token", "expires_in", "scope", "token_type"}) {
				t.Errorf("members are %v", got)
			}
			if a.text("scope") != "write" || a.text("token_type") != "Bearer" || a.json["expires_in"] != 3599.0 {
				t.Errorf("answer is %s", a.body)
			}
			if len(a.text("access_token")) < 27 || strings.Contains(a.text("access_token"), ".") {
				t.Errorf("access token is %q", a.text("access_token"))
			}
			for name, want := range map[string]string{
				"Cache-Control": "no-store", "Pragma": "no-cache", "Content-Type": "application/json;charset=UTF-8",
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "SAMEORIGIN",
			} {
				if got := a.header.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

// A gateway's agent looks at the token of a client service.
func TestAgentIntrospects(t *testing.T) {
	w := newWorld(t)
	w.client("/", "client-service", "password", core("client-scope", "client_credentials"))
	w.agent("/", "ig_agent", "password", "Realm")
	issued := w.token("/", form("grant_type", "client_credentials", "scope", "client-scope"), basic("client-service", "password"))
	a := w.post("/", "introspect", form("token", issued.text("access_token"), "token_type_hint", "access_token"), basic("ig_agent", "password"))
	if a.json["active"] != true || a.text("scope") != "client-scope" {
		t.Fatalf("introspection says %s", a.body)
	}
	for _, member := range []string{"username", "user_id", "client_id", "subname"} {
		if a.text(member) != "client-service" {
			t.Errorf("%s is %q", member, a.text(member))
		}
	}
	if a.text("sub") != "(age!client-service)" {
		t.Errorf("sub is %q", a.text("sub"))
	}
}

// The documented token exchange: a password grant, introspection by form, exchange by Basic though the profile says
// post, introspection by the new client.
func TestTokenExchangeFlow(t *testing.T) {
	scripts := &fakeScripts{mayAct: `{"client_id":"serviceConfidentialClient"}`}
	w := newWorld(t, scripts.into)
	w.provider("/", `{"coreOAuth2Config":{"accessTokenMayActScript":"`+mayActScript+`","oidcMayActScript":"`+mayActScript+`"}}`)
	w.editScript("/", mayActScript)
	w.client("/", "client-application", "password", core("mail employeenumber", "password authorization_code"))
	w.client("/", "serviceConfidentialClient", "password", `{"coreOAuth2ClientConfig":{"scopes":["mail","employeenumber"]},
		"advancedOAuth2ClientConfig":{"grantTypes":["`+grantExchange+`"],"tokenEndpointAuthMethod":"client_secret_post"}}`)

	subject := w.token("/", form("grant_type", "password", "username", "demo", "password", "Ch4ng31t", "scope", "mail employeenumber"),
		basic("client-application", "password"))
	seen := w.post("/", "introspect", form("token", subject.text("access_token"), "client_id", "client-application", "client_secret", "password"))
	wantIntrospection(t, seen, map[string]any{
		"active": true, "scope": "employeenumber mail", "realm": "/", "client_id": "client-application", "user_id": "demo",
		"username": "demo", "token_type": "Bearer", "sub": "(usr!demo)", "subname": "demo", "iss": base + "/oauth2", "auth_level": 0.0,
		"may_act": map[string]any{"client_id": "serviceConfidentialClient"},
	})

	issued := w.token("/", form("grant_type", grantExchange, "subject_token", subject.text("access_token"),
		"subject_token_type", typeAccessToken, "scope", "mail"), basic("serviceConfidentialClient", "password"))
	if got := slices.Sorted(maps.Keys(issued.json)); !slices.Equal(got, []string{"access_token", "expires_in", "issued_token_type", "scope", "token_type"}) {
		t.Errorf("members are %v", got)
	}
	if issued.text("issued_token_type") != typeAccessToken || issued.text("scope") != "mail" {
		t.Errorf("answer is %s", issued.body)
	}
	seen2 := w.post("/", "introspect", form("token", issued.text("access_token"), "client_id", "serviceConfidentialClient", "client_secret", "password"))
	wantIntrospection(t, seen2, map[string]any{
		"active": true, "scope": "mail", "realm": "/", "client_id": "serviceConfidentialClient", "user_id": "demo",
		"username": "demo", "token_type": "Bearer", "sub": "(usr!demo)", "subname": "demo", "iss": base + "/oauth2", "auth_level": 0.0,
		"may_act": map[string]any{"client_id": "serviceConfidentialClient"},
	})
	for _, id := range []string{"authGrantId", "auditTrackingId"} {
		if seen.text(id) == "" || seen.text(id) == seen2.text(id) {
			t.Errorf("%s is %q, then %q", id, seen.text(id), seen2.text(id))
		}
	}
}

// wantIntrospection compares all members but those that differ each time.
func wantIntrospection(t *testing.T, a answer, want map[string]any) {
	t.Helper()
	got := maps.Clone(a.json)
	for _, volatile := range []string{"exp", "expires_in", "authGrantId", "auditTrackingId"} {
		if got[volatile] == nil {
			t.Errorf("%s is missing", volatile)
		}
		delete(got, volatile)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("introspection (-want +got):\n%s", diff)
	}
}
