package am_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var linkIn = regexp.MustCompile(`href="([^"]*suspendedId=[^"]*)"`)

// A journey waits for whoever has the link that it sent by mail, and goes on in any browser, once.
func TestJourneyGoesOnByMail(t *testing.T) {
	j := newJourneys(t)
	host, mails := smtpServer(t)
	name, port, _ := net.SplitHostPort(host)
	n, _ := strconv.Atoi(port)
	j.admin("PUT", "/json/users/demo", map[string]any{"givenName": `<b>"Demo"</b>`}).want(t, 200)
	j.admin("POST", "/json/realm-config/services/email?_action=create", map[string]any{
		"hostname": name, "port": n, "sslState": "No SSL", "from": "realm@example.com", "password": "mailsecret",
	}).want(t, 201)
	const templates = "/json/openidm/config/emailTemplate"
	template := map[string]any{
		"_id": "emailTemplate/reset", "enabled": true, "from": "reset@example.com", "defaultLocale": "en", "mimeType": "text/html",
		"subject": map[string]any{"en": "Reset for {{object.userName}}", "de": "Neues Passwort"},
		"message": map[string]any{"en": `<p>{{#if object.givenName}}Hello {{object.givenName}}{{else}}Hello{{/if}}{{#unless object.sn}} you{{/unless}}, <a href="{{object.resumeURI}}">go on</a></p>`},
	}
	j.admin("PUT", templates+"/reset", template).want(t, 201)
	j.admin("PUT", templates+"/reset", template).want(t, 200)
	if got := j.admin("GET", templates+"/reset", nil).want(t, 200); got["_id"] != "emailTemplate/reset" || got["from"] != "reset@example.com" {
		t.Errorf("template = %v", got)
	}
	if got := j.admin("GET", templates+"?_queryFilter=true", nil).want(t, 200); got["resultCount"] != 1.0 {
		t.Errorf("templates = %v", got)
	}
	template["message"] = map[string]any{"en": "{{#each object.roles}}x{{/each}}"}
	if got := j.admin("PUT", templates+"/reset", template).want(t, 400); !strings.Contains(fmt.Sprint(got["message"]), "message: en: {{#each object.roles}} is no part of templates here") {
		t.Errorf("a template of another kind: %v", got)
	}
	j.send("GET", templates+"/reset", nil).want(t, 401)
	if got := j.admin("GET", j.http.URL+"/openidm/config?_queryFilter=_id+sw+'emailTemplate'", nil).want(t, 200); got["resultCount"] != 1.0 {
		t.Errorf("among all configurations: %v", got)
	}
	if got := j.admin("GET", j.http.URL+"/openidm/config/emailTemplate/reset", nil).want(t, 200); got["from"] != "reset@example.com" {
		t.Errorf("where tools look: %v", got)
	}

	ask := node{"ask", "AttributeCollectorNode", map[string]any{"attributesToCollect": []string{"mail"}, "identityAttribute": "mail"}, map[string]string{"outcome": "find"}}
	find := node{"find", "IdentifyExistingUserNode", map[string]any{"identifier": "userName", "identityAttribute": "mail"}, map[string]string{"true": "mail", "false": "mail"}}
	j.tree("Forgot", ask, find,
		node{"mail", "EmailSuspendNode", map[string]any{
			"emailTemplateName": "reset", "emailAttribute": "mail", "identityAttribute": "mail", "objectLookup": true, "suspendDuration": 30,
			"emailSuspendMessage": map[string]any{"en": "Look into your mails"},
		}, map[string]string{"outcome": "pass"}},
		node{"pass", "CreatePasswordNode", nil, map[string]string{"outcome": "patch"}},
		node{"patch", "PatchObjectNode", map[string]any{"identityResource": "managed/user", "ignoredFields": []string{"mail"}}, map[string]string{"PATCHED": success, "FAILURE": failure}})
	begin := func(mail string) map[string]any {
		t.Helper()
		step := j.answer(j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Forgot&goto=%2Fopenam%2Faccount", "{}").want(t, 200), mail).want(t, 200)
		if kinds(step) != "SuspendedTextOutput" || output(list(step["callbacks"])[0], "message") != "Look into your mails" {
			t.Fatalf("%s: shown %v", mail, step)
		}
		return step
	}
	link := func() *url.URL {
		t.Helper()
		text := <-mails
		m := linkIn.FindStringSubmatch(text)
		if m == nil || !strings.Contains(text, "From: <reset@example.com>") || !strings.Contains(text, "To: <demo@example.com>") || !strings.Contains(text, "Subject: Reset for demo") ||
			!strings.Contains(text, "Content-Type: text/html") || !strings.Contains(text, "Hello &lt;b&gt;&#34;Demo&#34;&lt;/b&gt; you, ") {
			t.Fatalf("mail:\n%s", text)
		}
		u, err := url.Parse(strings.ReplaceAll(m[1], "&amp;", "&"))
		if err != nil || u.Query().Get("realm") != "/" || len(u.Query().Get("suspendedId")) < 40 {
			t.Fatalf("link: %v, %v", u, err)
		}
		return u
	}
	begin("nobody@example.com") // shows the same, and sends nothing
	step := begin("demo@example.com")
	first := link()
	// Who answers what waits only sees it again.
	if again := j.answer(step).want(t, 200); kinds(again) != "SuspendedTextOutput" {
		t.Errorf("answered without the link: %v", again)
	}
	resume := "/json/authenticate?suspendedId=" + url.QueryEscape(first.Query().Get("suspendedId"))
	j.clock.pass(29 * time.Minute)
	step = j.send("POST", resume, "{}").want(t, 200)
	if kinds(step) != "Password Password" {
		t.Fatalf("after the link: %v", step)
	}
	j.send("POST", resume, "{}").want(t, 408) // it was good once
	if done := j.answer(step, "by-mail-only", "by-mail-only").want(t, 200); done["tokenId"] == nil {
		t.Errorf("done: %v", done)
	}
	j.login("/json/authenticate", "demo", "by-mail-only")

	// In a browser somebody has to go on: who only looks at the link uses nothing up.
	begin("demo@example.com")
	second := link()
	at := strings.TrimPrefix(second.String(), j.base)
	for range 2 {
		if page := j.send("GET", at, nil, "Accept", "text/html"); page.StatusCode != 200 || !strings.Contains(page.raw, "Continue") || strings.Contains(page.raw, "IDToken1") {
			t.Fatalf("the page of the link: %d\n%s", page.StatusCode, page.raw)
		}
	}
	page := j.send("POST", at, url.Values{"authId": {""}}, "Accept", "text/html")
	if !strings.Contains(page.raw, `name="IDToken2"`) || !strings.Contains(page.raw, "New password") {
		t.Errorf("after the button:\n%s", page.raw)
	}
	// A stranger cannot have the link lead to a server of his own.
	under := func(host string) int {
		t.Helper()
		step := j.begin("Forgot")
		list(list(step["callbacks"])[0]["input"])[0]["value"] = "demo@example.com"
		body, err := json.Marshal(step)
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequest("POST", j.base+"/json/authenticate", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if got := under("evil.example.com"); got != 400 {
		t.Errorf("under a stranger's name: %d", got)
	}
	j.token = j.login("/json/authenticate", "amAdmin", adminPassword)
	j.admin("PUT", "/json/global-config/realms/Lw", map[string]any{"_id": "Lw", "name": "/", "active": true, "parentPath": "", "aliases": []string{"am.example.com"}}).want(t, 200)
	if got := under("am.example.com:8080"); got != 200 {
		t.Errorf("under an alias: %d", got)
	}
	if u := link(); u.Host != "am.example.com:8080" {
		t.Errorf("link: %v", u)
	}
	// Too late, or in another realm, there is nothing.
	begin("demo@example.com")
	third := link()
	j.admin("POST", "/json/global-config/realms", map[string]any{"name": "alpha", "parentPath": "/", "active": true}).want(t, 201)
	j.send("POST", "/json/realms/root/realms/alpha/authenticate?suspendedId="+url.QueryEscape(third.Query().Get("suspendedId")), "{}").want(t, 408)
	j.clock.pass(31 * time.Minute)
	j.send("POST", "/json/authenticate?suspendedId="+url.QueryEscape(third.Query().Get("suspendedId")), "{}").want(t, 408)

	j.token = j.login("/json/authenticate", "amAdmin", adminPassword)
	// A mail on the way, and none for those who have no address.
	j.tree("Tell", append(signIn(map[string]string{"true": "tell", "false": failure}),
		node{"tell", "EmailTemplateNode", map[string]any{"emailTemplateName": "reset", "emailAttribute": "mail", "identityAttribute": "userName"},
			map[string]string{"EMAIL_SENT": success, "EMAIL_NOT_SENT": failure}})...)
	j.answer(j.begin("Tell"), "demo", "by-mail-only").want(t, 200)
	if text := <-mails; !strings.Contains(text, "Subject: Reset for demo") {
		t.Errorf("mail:\n%s", text)
	}
	j.admin("PUT", "/json/users/demo", map[string]any{"mail": []string{}}).want(t, 200)
	j.answer(j.begin("Tell"), "demo", "by-mail-only").want(t, 401)
	j.admin("DELETE", templates+"/reset", nil).want(t, 200)
	select {
	case text := <-mails:
		t.Errorf("one mail too many:\n%s", text)
	default:
	}
}
