package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// What is wrong with a form is said beside the field, counted at the top, and nothing that was typed is lost.
func TestBadForms(t *testing.T) {
	b := admin(t)
	b.api("POST", "realms/root/realm-config/services/oauth-oidc?_action=create", "{}")
	b.post("applications/new?method=oidc&type=web&name=shop", "applications/new", url.Values{
		"method": {"oidc"}, "type": {"web"}, "name": {"shop"}, "id": {"shop"}, "secret": {"forgerock"},
	}, 200)
	for _, c := range []struct {
		page, path string
		form       url.Values
		field      string
		says       string
		keeps      string
	}{
		{"realms/new", "realms/new", url.Values{"name": {"a b"}, "parent": {"/"}, "aliases": {"b.example.com"}}, "name", "Organization name a b is invalid", "b.example.com"},
		{"realms/new", "realms/new", url.Values{"name": {""}, "parent": {"/"}, "aliases": {"b.example.com"}}, "name", "Name is missing.", "b.example.com"},
		{"realms/new", "realms/new", url.Values{"name": {"b"}, "parent": {"/"}, "aliases": {"https://b.example.com"}}, "aliases", "cannot be a part of an address", `value="b"`},
		{"realms/Lw", "realms/Lw", url.Values{"aliases": {"two words"}}, "aliases", "cannot be a part of an address", "two words"},
		{"identities/new", "identities/new", url.Values{"username": {""}, "password": {"long-enough"}, "mail": {"m@example.com"}}, "username", "User name is missing.", "m@example.com"},
		{"identities/new", "identities/new", url.Values{"username": {"a/b"}, "password": {"long-enough"}, "mail": {"m@example.com"}}, "username", "Names cannot have slashes", `value="a/b"`},
		{"identities/new", "identities/new", url.Values{"username": {"bob"}, "password": {"short"}}, "password", "Minimum password length is 8.", `value="bob"`},
		{"identities/amAdmin", "identities/amAdmin/password", url.Values{"password": {"short"}}, "password", "Minimum password length is 8.", ""},
		{"applications/new?method=oidc&type=web&name=shop", "applications/new", url.Values{"method": {"oidc"}, "type": {"web"}, "name": {"shop"}, "id": {"shop"}}, "id", "There is an agent or a client shop already.", `value="shop"`},
		{"applications/new?method=oidc&type=web&name=x", "applications/new", url.Values{"method": {"oidc"}, "type": {"web"}, "name": {"x"}, "logo": {"javascript:alert(1)"}}, "logo", "begins with https://", "javascript:alert(1)"},
		{"agents/new", "agents/new", url.Values{"type": {"IdentityGatewayAgent"}, "id": {" "}, "redirects": {"https://a.example.com"}}, "id", "Agent ID is missing.", "https://a.example.com"},
		{"agents/new", "agents/new", url.Values{"type": {"IdentityGatewayAgent"}, "id": {"gate"}}, "password", "type one", `value="gate"`},
		{"agents/new", "agents/new", url.Values{"type": {"IdentityGatewayAgent"}, "id": {"gate"}, "password": {"long-enough"}, "redirects": {"nowhere"}}, "redirects", "nowhere is no address", `value="gate"`},
		{"agents/new", "agents/new", url.Values{"type": {"TrustedJwtIssuer"}, "id": {"iss"}, "issuer": {"i"}, "jwks": {"nowhere"}}, "jwks", "begins with https://", `value="iss"`},
		{"agent-groups", "agent-groups", url.Values{"type": {"OAuth2Client"}, "id": {""}}, "id", "Name is missing.", ""},
		{"scripts/new", "scripts/new", url.Values{"name": {"OIDC Claims Script"}, "description": {"mine"}, "context": {"OAUTH2_MAY_ACT"}, "language": {"GROOVY"}}, "name", "already exist", `value="mine"`},
		{"keys", "keys/stores", url.Values{"kind": {"KeyStoreSecretStore"}, "name": {"ks"}, "place": {"/nowhere.p12"}}, "place", "no such file", `value="ks"`},
		{"keys", "keys/stores", url.Values{"kind": {"KeyStoreSecretStore"}, "name": {""}, "place": {"/nowhere.p12"}}, "name", "Name is missing.", "/nowhere.p12"},
		{"applications/shop", "applications/shop", url.Values{"coreOAuth2ClientConfig.scopes": {"openid profile"}}, "f-coreOAuth2ClientConfig-scopes", "One scope a line", "openid profile"},
		{"applications/shop", "applications/shop", url.Values{"coreOAuth2ClientConfig.redirectionUris": {"app.example.com"}}, "f-coreOAuth2ClientConfig-redirectionUris", "whole address", "app.example.com"},
		{"applications/shop", "applications/shop", url.Values{"coreOAuth2ClientConfig.accessTokenLifetime": {"-5"}}, "f-coreOAuth2ClientConfig-accessTokenLifetime", "cannot be negative", `value="-5"`},
		{"applications/shop/advanced", "applications/shop/advanced", url.Values{"signEncOAuth2ClientConfig.jwkSet": {"{"}}, "f-signEncOAuth2ClientConfig-jwkSet", "JSON Web Key Set", ">{<"},
	} {
		page, _ := b.post(c.page, c.path, c.form, 200)
		page = text(page)
		said := regexp.MustCompile(`(?s)id="` + c.field + `"[^>]*aria-invalid="true".*?class="field-error"[^>]*>([^<]*)<`).FindStringSubmatch(page)
		if said == nil || !strings.Contains(said[1], c.says) {
			t.Errorf("POST %s %v: the field %s says %q, want %q", c.path, c.form, c.field, said, c.says)
		}
		if !strings.Contains(page, `<a href="#`+c.field+`">`) {
			t.Errorf("POST %s %v: the top does not lead to the field", c.path, c.form)
		}
		if !strings.Contains(page, c.keeps) {
			t.Errorf("POST %s %v: %q is lost", c.path, c.form, c.keeps)
		}
	}
}

// What the server kept from elsewhere does not keep anybody from saving something else.
func TestOddValuesStay(t *testing.T) {
	b := admin(t)
	b.api("PUT", "realms/root/realm-config/agents/OAuth2Client/odd", `{"coreOAuth2ClientConfig":{"redirectionUris":["nowhere"],"scopes":["a b"]}}`)
	page, _ := b.post("applications/odd", "applications/odd", url.Values{
		"coreOAuth2ClientConfig.redirectionUris": {"nowhere"}, "coreOAuth2ClientConfig.scopes": {"a b"}, "coreOAuth2ClientConfig.defaultScopes": {"a"},
	}, 200)
	b.has(page, "The settings were saved.")
}

// Somebody whose address is wrong gets a page that says so.
func TestLost(t *testing.T) {
	b := admin(t)
	for path, want := range map[string]int{"console/?realm=/nowhere": 400, "XUI/?realm=/nowhere": 400, "account?realm=/nowhere": 400, "nowhere": 404} {
		r, err := http.NewRequest("GET", b.base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/html,*/*;q=0.8")
		page, _ := b.send(r, want)
		b.has(page, "<h1>Not found</h1>", "There is no such")
	}
	page, _ := b.openAt("services/validation", 404)
	b.has(page, "There is nothing of this name in the realm Top Level Realm.")
}

// The session that the console is used with is marked, so that nobody ends it for another.
func TestOwnSession(t *testing.T) {
	b := admin(t)
	b.stranger().signIn("amAdmin", adminPassword)
	if n := strings.Count(b.open("sessions"), "this browser"); n != 1 {
		t.Errorf("%d sessions are this browser's, want 1", n)
	}
}
