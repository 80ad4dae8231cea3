package console_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"gatehouse/internal/am"
	"gatehouse/internal/am/store/memory"
)

// browser is somebody with a browser, without its scripts.
type browser struct {
	t    *testing.T
	http *http.Client
	base string
}

const adminPassword = "console-password"

func newSite(t *testing.T) *browser {
	t.Helper()
	s, err := am.New(am.Options{Engine: memory.New(), AdminPassword: adminPassword, SweepEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &browser{t: t, base: server.URL + "/openam/", http: &http.Client{}}
}

// stranger is another browser at the same site.
func (b *browser) stranger() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return &browser{t: b.t, base: b.base, http: &http.Client{Jar: jar}}
}

func admin(t *testing.T) *browser {
	t.Helper()
	b := newSite(t).stranger()
	b.signIn("amAdmin", adminPassword)
	return b
}

func (b *browser) signIn(name, password string) {
	b.t.Helper()
	r, err := http.NewRequest("POST", b.base+"json/authenticate", strings.NewReader("{}"))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-OpenAM-Username", name)
	r.Header.Set("X-OpenAM-Password", password)
	b.send(r, 200)
}

func (b *browser) send(r *http.Request, want int) (page string, at *url.URL) {
	b.t.Helper()
	res, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if res.StatusCode != want {
		b.t.Fatalf("%s %s = %d, want %d:\n%s", r.Method, r.URL, res.StatusCode, want, raw)
	}
	return strings.ReplaceAll(string(raw), "<wbr>", ""), res.Request.URL // which nobody sees
}

// open reads a page of the console.
func (b *browser) open(path string) string {
	b.t.Helper()
	page, _ := b.openAt(path, 200)
	return page
}

func (b *browser) openAt(path string, want int) (string, *url.URL) {
	b.t.Helper()
	r, err := http.NewRequest("GET", b.base+"console/"+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.send(r, want)
}

var proof = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// post sends a form, with the proof that the page at path has.
func (b *browser) post(page, path string, form url.Values, want int) (string, *url.URL) {
	b.t.Helper()
	m := proof.FindStringSubmatch(b.open(page))
	if m == nil {
		b.t.Fatalf("%s has no form", page)
	}
	form.Set("csrf", m[1])
	return b.postBare(path, form, want)
}

func (b *browser) postBare(path string, form url.Values, want int, headers ...string) (string, *url.URL) {
	b.t.Helper()
	r, err := http.NewRequest("POST", b.base+"console/"+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.send(r, want)
}

func (b *browser) has(page string, texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			b.t.Errorf("the page does not have %q:\n%s", text, page)
		}
	}
}

// Nobody sees anything without signing in, and comes back afterwards to where he wanted to go.
func TestStranger(t *testing.T) {
	b := newSite(t).stranger()
	_, at := b.openAt("applications?realm=/", 200)
	if at.Path != "/openam/XUI/" || at.Query().Get("goto") != "/openam/console/applications?realm=/" {
		t.Errorf("a stranger is sent to %s", at)
	}
	for _, path := range []string{"console", "ui-admin", "ui-admin/"} {
		r, err := http.NewRequest("GET", b.base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, at := b.send(r, 200); at.Query().Get("goto") != "/openam/console/" {
			t.Errorf("%s leads to %s", path, at)
		}
	}
	b.postBare("realms/new", url.Values{"name": {"evil"}}, 200) // redirected to the sign-in page
}

// Users of the server are no administrators.
func TestUser(t *testing.T) {
	b := admin(t)
	b.api("POST", "users?_action=create", `{"username":"demo","userpassword":"Ch4ng31t"}`)
	u := b.stranger()
	u.signIn("demo", "Ch4ng31t")
	page, _ := u.openAt("applications", 403)
	b.has(page, "You are signed in as demo, who may not administer this server.", "Sign in as somebody else")
	if strings.Contains(page, "Realms") {
		t.Error("a user sees the navigation")
	}
}

// api sends a request of an administrator with a token, and returns the object of the answer.
func (b *browser) api(method, path, body string) map[string]any {
	b.t.Helper()
	r, err := http.NewRequest(method, b.base+"json/"+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Requested-With", "test")
	res, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	var o map[string]any
	if res.StatusCode > 299 || err != nil || json.Unmarshal(raw, &o) != nil {
		b.t.Fatalf("%s %s = %d %s, %v", method, path, res.StatusCode, raw, err)
	}
	return o
}

// A form counts only with the proof of a page of the same session, whatever cookies come along.
func TestForeignForms(t *testing.T) {
	b := admin(t)
	form := url.Values{"name": {"evil"}, "parent": {"/"}, "active": {"true"}}
	b.postBare("realms/new", form, 403)
	other := b.stranger()
	other.signIn("amAdmin", adminPassword)
	form.Set("csrf", proof.FindStringSubmatch(other.open("realms/new"))[1])
	b.postBare("realms/new", form, 403)
	form.Set("csrf", proof.FindStringSubmatch(b.open("realms/new"))[1])
	b.postBare("realms/new", form, 403, "Sec-Fetch-Site", "cross-site")
	if strings.Contains(b.open("realms"), "evil") {
		t.Fatal("a foreign form made a realm")
	}
	b.postBare("realms/new", form, 200)
	b.has(b.open("realms"), "evil")
}

// Pages say what may be loaded, and have nothing that this forbids.
func TestPolicy(t *testing.T) {
	b := admin(t)
	for _, path := range []string{"realms", "applications", "applications/new", "services", "search?q=a", "nothing-here"} {
		r, err := http.NewRequest("GET", b.base+"console/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := b.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'; script-src 'self'; style-src 'self'") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if m := regexp.MustCompile(`(?i) style=| on\w+="|<script>|<style`).FindString(string(raw)); m != "" {
			t.Errorf("%s has %q, which the policy forbids", path, m)
		}
	}
}

// The way of the Advanced Identity Cloud document: a custom application, its sign-in URLs, scopes and grant types;
// then it gets a token.
func TestCustomApplication(t *testing.T) {
	b := admin(t)
	b.post("realms/new", "realms/new", url.Values{"name": {"alpha"}, "parent": {"/"}, "active": {"true"}}, 200)
	b.has(b.open("services?realm=/alpha"), "No services yet")
	b.post("services?realm=/alpha", "services?realm=/alpha", url.Values{"id": {"oauth-oidc"}}, 200)

	b.has(b.open("applications/new?realm=/alpha"), "OIDC - OpenId Connect")
	b.has(b.open("applications/new?realm=/alpha&method=oidc"), "Native / SPA", "Service")
	b.has(b.open("applications/new?realm=/alpha&method=oidc&type=web"), "Owners")
	last := "applications/new?realm=/alpha&method=oidc&type=web&name=myClient"
	b.has(b.open(last), `name="secret"`)
	page, at := b.post(last, "applications/new?realm=/alpha", url.Values{
		"method": {"oidc"}, "type": {"web"}, "name": {"myClient"}, "id": {"myClient"}, "secret": {"forgerock"}, "owner": {"bjensen, scarter"},
	}, 200)
	if at.Path != "/openam/console/applications/myClient" {
		t.Fatalf("after creating the browser is at %s:\n%s", at, page)
	}
	b.has(page, "The application myClient was created.", "Sign-in URLs", "bjensen\nscarter")
	if strings.Contains(page, "forgerock\"") {
		t.Error("the page shows the secret")
	}
	rev := regexp.MustCompile(`name="rev" value="([^"]+)"`).FindStringSubmatch(page)[1]
	form := url.Values{
		"rev":                                               {rev},
		"coreOAuth2ClientConfig.redirectionUris":            {"https://www.example.com:443/callback"},
		"coreOAuth2ClientConfig.scopes":                     {"write\r\nread"},
		"advancedOAuth2ClientConfig.grantTypes.shown":       {"1"},
		"advancedOAuth2ClientConfig.grantTypes":             {"authorization_code", "client_credentials"},
		"coreOAuth2ClientConfig.accessTokenLifetime":        {"60"},
		"advancedOAuth2ClientConfig.isConsentImplied.shown": {"1"},
	}
	client := "applications/myClient?realm=/alpha"
	page, _ = b.post(client, client, form, 200)
	b.has(page, "The settings were saved.", "https://www.example.com:443/callback", "write\nread", `value="60"`)

	token := func(secret string, want int) string {
		r, err := http.NewRequest("POST", b.base+"oauth2/realms/root/realms/alpha/access_token", strings.NewReader("grant_type=client_credentials&scope=write"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth("myClient", secret)
		answer, _ := b.stranger().send(r, want)
		return answer
	}
	lives := regexp.MustCompile(`"expires_in":(60|5\d)\b`)
	if answer := token("forgerock", 200); !lives.MatchString(answer) || !strings.Contains(answer, `"scope":"write"`) {
		t.Errorf("token = %s", answer)
	}

	// Who has an older page does not write over what is new.
	page, _ = b.post(client, client, form, 200)
	b.has(page, "Somebody else changed this")
	// Mistakes are at the field and counted at the top.
	form.Set("coreOAuth2ClientConfig.accessTokenLifetime", "soon")
	form.Del("rev")
	page, _ = b.post(client, client, form, 200)
	b.has(page, "A whole number is needed here.", `aria-invalid="true"`, `value="soon"`, "One thing needs your attention")
	if answer := token("forgerock", 200); !lives.MatchString(answer) {
		t.Errorf("token = %s", answer)
	}

	// A secret that the server makes is shown once.
	credentials := "applications/myClient/credentials?realm=/alpha"
	page, _ = b.post(credentials, credentials, url.Values{}, 200)
	fresh := regexp.MustCompile(`id="new-secret">([^<]+)<`).FindStringSubmatch(page)
	if fresh == nil {
		t.Fatalf("no new secret:\n%s", page)
	}
	token("forgerock", 401)
	token(fresh[1], 200)
	if strings.Contains(b.open(credentials), fresh[1]) {
		t.Error("the secret is shown again")
	}

	// What is deleted has to be named.
	danger := "applications/myClient/danger?realm=/alpha"
	page, _ = b.post(danger, danger, url.Values{"confirm": {"myclient"}}, 200)
	b.has(page, "Nothing was deleted")
	token(fresh[1], 200)
	b.post(danger, danger, url.Values{"confirm": {"myClient"}}, 200)
	token(fresh[1], 401)
	b.has(b.open("applications?realm=/alpha"), "No applications yet")
}

// All settings of a client can be changed, and come back as they were sent.
func TestAdvancedSettings(t *testing.T) {
	b := admin(t)
	b.api("PUT", "realm-config/agents/OAuth2Client/c", `{}`)
	page := b.open("applications/c/advanced")
	b.has(page, "mTLSSubjectDN", "tab-coreUmaClientConfig", "overrideOAuth2ClientConfig.providerOverridesEnabled", `data-words="`)
	saved, _ := b.post("applications/c/advanced", "applications/c/advanced", url.Values{
		"signEncOAuth2ClientConfig.jwkSet":                    {`{"keys":[]}`},
		"advancedOAuth2ClientConfig.customProperties":         {"a=b\n\n c=d "},
		"overrideOAuth2ClientConfig.providerOverridesEnabled": {"true"},
		"overrideOAuth2ClientConfig.issueRefreshToken.shown":  {"1"},
		"signEncOAuth2ClientConfig.userinfoResponseFormat":    {"SIGNED_JWT"},
	}, 200)
	b.has(saved, "The settings were saved.", "{&#34;keys&#34;:[]}", "a=b\nc=d", `<option value="SIGNED_JWT" selected>`)
	if regexp.MustCompile(`name="overrideOAuth2ClientConfig.issueRefreshToken" value="true" checked`).MatchString(saved) {
		t.Error("a switch that was turned off is on")
	}
}

// Each page tells the requests that it makes, without secrets.
func TestShownAsCurl(t *testing.T) {
	b := admin(t)
	b.api("PUT", "realm-config/agents/OAuth2Client/c", `{"coreOAuth2ClientConfig":{"userpassword":"hidden-secret"}}`)
	page := b.open("applications/c")
	b.has(page, "Show as curl", "/openam/json/realms/root/realm-config/agents/OAuth2Client/c&#39;", "--request PUT", "iPlanetDirectoryPro: $TOKEN", "If-Match")
	if strings.Contains(page, "hidden-secret") {
		t.Error("the page shows the secret")
	}
}

// The search finds pages, settings by the names of their properties, and objects by theirs.
func TestSearch(t *testing.T) {
	b := admin(t)
	b.api("POST", "realm-config/services/oauth-oidc?_action=create", `{}`)
	b.api("PUT", "realm-config/agents/OAuth2Client/lifetime-client", `{}`)
	page := b.open("search?q=LIFETIME")
	b.has(page, "services/oauth-oidc#f-coreOAuth2Config-codeLifetime", "applications/lifetime-client")
	b.has(b.open("search?q=servic"), ">Services</a>")
	b.has(b.open("search?q=zzzzz"), "Nothing was found")
}

// Services that mean nothing to this server are kept as JSON.
func TestOpenService(t *testing.T) {
	b := admin(t)
	b.post("services", "services", url.Values{"id": {"email"}}, 200)
	page, _ := b.post("services/email", "services/email", url.Values{"json": {"{\"hostname\":\n}"}}, 200)
	b.has(page, "line 2")
	page, _ = b.post("services/email", "services/email", url.Values{"json": {`{"hostname":"mail.example.com"}`}}, 200)
	b.has(page, "The settings were saved.", "mail.example.com")
	b.post("services/email", "services/email/delete", url.Values{"confirm": {"Email Service"}}, 200)
	b.has(b.open("services"), "No services yet")
}

// Signing out ends the session, not only the cookie.
func TestSignOut(t *testing.T) {
	b := admin(t)
	m := proof.FindStringSubmatch(b.open("realms"))
	u, _ := url.Parse(b.base)
	cookies := b.http.Jar.Cookies(u)
	b.postBare("signout", url.Values{"csrf": {m[1]}}, 200)
	b.http.Jar.SetCookies(u, cookies)
	if _, at := b.openAt("realms", 200); at.Path != "/openam/XUI/" {
		t.Errorf("after signing out the session leads to %s", at)
	}
}
