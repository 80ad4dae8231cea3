package console_test

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The request helper shows the command of each grant, runs it, and never shows the secret.
func TestRequestHelper(t *testing.T) {
	b := admin(t)
	b.api("POST", "users?_action=create", `{"username":"demo","userpassword":"Ch4ng31t"}`)
	b.api("POST", "realm-config/services/oauth-oidc?_action=create", `{}`)
	b.api("PUT", "realm-config/agents/OAuth2Client/c", `{"coreOAuth2ClientConfig":{"userpassword":"top-secret","scopes":["mail","write|Write"],"redirectionUris":["https://app.example.com/cb"]},
		"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials","password","authorization_code","refresh_token","urn:ietf:params:oauth:grant-type:token-exchange","urn:ietf:params:oauth:grant-type:device_code"]}}`)
	at := "applications/c/request"
	page := text(b.open(at))
	b.has(page, "--user \"c:$CLIENT_SECRET\"", "--data-urlencode 'grant_type=client_credentials'", "--data-urlencode 'scope=mail write'", "/openam/oauth2/realms/root/access_token'")

	page, _ = b.post(at, at, url.Values{"grant": {"client_credentials"}, "sent": {"1"}, "scope": {"write"}, "client_secret": {"top-secret"}, "run": {"1"}}, 200)
	b.has(text(page), "200 OK", `"token_type": "Bearer"`, `"scope": "write"`)
	if strings.Contains(page, "top-secret") {
		t.Error("the page shows the secret")
	}
	page, _ = b.post(at, at, url.Values{"grant": {"client_credentials"}, "sent": {"1"}, "client_secret": {"wrong"}, "run": {"1"}}, 200)
	b.has(text(page), "401 Unauthorized", "invalid_client")

	page, _ = b.post(at, at, url.Values{"grant": {"password"}, "sent": {"1"}, "username": {"demo"}, "password": {"Ch4ng31t"}, "scope": {"mail"}, "client_secret": {"top-secret"}, "run": {"1"}}, 200)
	page = text(page)
	b.has(page, `"access_token"`, `--data-urlencode "password=$PASSWORD"`)
	if strings.Contains(page, "Ch4ng31t") {
		t.Error("the page shows the password")
	}
	refresh := regexp.MustCompile(`"refresh_token": "([^"]+)"`).FindStringSubmatch(page)
	if refresh == nil {
		t.Fatalf("no refresh token:\n%s", page)
	}
	page, _ = b.post(at, at, url.Values{"grant": {"refresh_token"}, "sent": {"1"}, "refresh_token": {refresh[1]}, "client_secret": {"top-secret"}, "run": {"1"}}, 200)
	b.has(text(page), "200 OK")

	page = text(b.open(at + "?grant=authorization_code"))
	b.has(page, "/openam/oauth2/realms/root/authorize?", "code_challenge_method=S256", "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb", "Open in a new tab")
	page, _ = b.post(at, at, url.Values{"grant": {"urn:ietf:params:oauth:grant-type:device_code"}, "sent": {"1"}, "scope": {"mail"}, "client_secret": {"top-secret"}, "run": {"1"}}, 200)
	b.has(text(page), `"user_code"`, "--data-urlencode 'grant_type=urn:ietf:params:oauth:grant-type:device_code'", "--data-urlencode 'device_code=")
	b.has(text(b.open(at+"?grant="+url.QueryEscape("urn:ietf:params:oauth:grant-type:token-exchange"))), "subject_token_type=urn:ietf:params:oauth:token-type:access_token")

	b.api("PUT", "realm-config/agents/OAuth2Client/tls", `{"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"],"tokenEndpointAuthMethod":"tls_client_auth"}}`)
	page = b.open("applications/tls/request")
	b.has(page, "proves who it is with a certificate (tls_client_auth)")
	if strings.Contains(page, `name="run"`) {
		t.Error("a request that needs a certificate can be run")
	}
	b.api("PUT", "realm-config/agents/OAuth2Client/spa", `{"coreOAuth2ClientConfig":{"clientType":"Public"},"advancedOAuth2ClientConfig":{"grantTypes":["refresh_token"],"tokenEndpointAuthMethod":"none"}}`)
	b.has(text(b.open("applications/spa/request")), "Client authentication: none", "--data-urlencode 'client_id=spa'")
}

// Every text of the console is there in German.
func TestGerman(t *testing.T) {
	b := admin(t)
	b.has(b.open("applications?locale=de"), `lang="de"`, "Noch keine Anwendungen", "Eigene Anwendung")
	raw, err := os.ReadFile("texts.de.json")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, pattern := range []string{"*.html", "*.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	said := regexp.MustCompile(`(?:\.Say |Say\(|Title: |Section: |Message: |Error = |Label: |Help: )"((?:[^"\\]|\\.)+)"`)
	n := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range said.FindAllSubmatch(body, -1) {
			n++
			if !strings.Contains(string(raw), `"`+string(m[1])+`": `) {
				t.Errorf("%s says %q, which texts.de.json does not have", file, m[1])
			}
		}
	}
	if n < 300 {
		t.Errorf("found %d texts: is the pattern right?", n)
	}
}
