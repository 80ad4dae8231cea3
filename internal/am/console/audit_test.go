package console_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// The audit log tells who changed what, is searched, and shows an object before and after; secrets are not in it.
func TestAuditLog(t *testing.T) {
	b := admin(t)
	const client = "realm-config/agents/OAuth2Client/"
	b.api("PUT", client+"audited", `{"coreOAuth2ClientConfig":{"userpassword":"verysecret","scopes":["mail"]}}`)
	b.api("PUT", client+"audited", `{"coreOAuth2ClientConfig":{"scopes":["mail","phone"]}}`)
	b.api("PUT", client+"other", `{"coreOAuth2ClientConfig":{"userpassword":"verysecret"}}`)

	page := b.open("audit")
	b.has(page, "AM-CONFIG-CHANGE", "AM-LOGIN-COMPLETED", client+"audited", client+"other", ">amadmin<", "UPDATE", "--audit FILE", "global-config/gatehouse/audit")
	if strings.Contains(page, "AM-ACCESS-OUTCOME") {
		t.Error("requests are shown though nobody asked for them")
	}
	if strings.Index(page, client+"other") > strings.Index(page, client+"audited") {
		t.Error("the newest event is not the first")
	}

	found := b.open("audit?" + url.Values{"topic": {"config"}, "q": {"AUDITED update"}}.Encode())
	b.has(found, client+"audited", `value="AUDITED update"`, `<option value="config" selected>`, "1 to 1 of 1")
	for _, not := range []string{client + "other", "AM-LOGIN-COMPLETED", "CREATE"} {
		if strings.Contains(found, not) {
			t.Errorf("the search shows %s", not)
		}
	}
	link := regexp.MustCompile(`href="/openam/console/(audit/[^"?]+)"`).FindStringSubmatch(found)
	if link == nil {
		t.Fatalf("no event to open:\n%s", found)
	}
	event := b.open(link[1])
	b.has(event, "<dt>Before</dt>", "<summary>After</summary>", "<h3><code>coreOAuth2ClientConfig.scopes", "phone", "coreOAuth2ClientConfig", "transactionId", "Events of the same transaction")
	if strings.Contains(event, "verysecret") || strings.Contains(event, "{sealed}") || strings.Contains(event, "$argon2id") {
		t.Errorf("the event has a secret:\n%s", event)
	}

	b.has(b.open("audit?topic=access"), "AM-ACCESS-OUTCOME", "PUT http://", "201")
	b.has(b.open("audit?q=nothing-like-this"), "No such event", "--audit FILE")
	b.has(b.open("audit?topic=access&page=999"), "No such event")
	b.openAt("audit/nothing", 404)
	for range 30 {
		b.api("PUT", client+"audited", `{"coreOAuth2ClientConfig":{"scopes":["mail"]}}`)
	}
	b.has(b.open("audit?topic=config&page=2"), "26 to 33 of 33", client+"audited", "Previous")
	b.has(b.open("audit?locale=de"), "Audit-Log", "Ergebnis")
}
