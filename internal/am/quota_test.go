package am_test

import (
	"testing"
	"time"
)

// Users may have a number of sessions; what becomes of more is a setting of the server.
func TestSessionQuotas(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const actions = "org.forgerock.openam.session.service."
	const global = "/json/global-config/services/session"
	if got := at(admin("GET", global, nil).want(t, 200), "quotas", "iplanet-am-session-enable-session-constraint"); got != "OFF" {
		t.Fatalf("quotas are %v from the start", got)
	}
	for _, name := range []string{"demo", "few"} {
		body := map[string]any{"username": name, "userpassword": "Ch4ng31t"}
		if name == "few" {
			body["iplanet-am-session-quota-limit"] = "1"
		}
		admin("POST", "/json/users?_action=create", body).want(t, 201)
	}
	quotas := func(action string, limit int) {
		t.Helper()
		admin("PUT", global, map[string]any{
			"quotas":   map[string]any{"iplanet-am-session-enable-session-constraint": "ON", "behaviourWhenQuotaExhausted": actions + action},
			"defaults": map[string]any{"dynamic": map[string]any{"quotaLimit": limit, "maxIdleTime": 20, "maxSessionTime": 60}},
		}).want(t, 200)
	}
	signIn := func(name string) string {
		t.Helper()
		s.clock.pass(time.Minute)
		return s.login("/json/authenticate", name, "Ch4ng31t")
	}
	alive := func(tokens ...string) (out []bool) {
		t.Helper()
		for _, token := range tokens {
			got := admin("POST", "/json/sessions?_action=validate", map[string]any{"tokenId": token}).want(t, 200)
			out = append(out, got["valid"] == true)
		}
		return out
	}
	endAll := func(name string) {
		t.Helper()
		admin("POST", "/json/sessions?_action=logoutByUser", map[string]any{"username": name}).want(t, 200)
	}
	var many []string
	for range 7 { // off: as many as he likes
		many = append(many, signIn("demo"))
	}
	if got := alive(many...); !same(got, []bool{true, true, true, true, true, true, true}) {
		t.Errorf("without quotas: %v", got)
	}
	endAll("demo")

	quotas("DenyAccessAction", 2)
	a, b := signIn("demo"), signIn("demo")
	refused := s.send("POST", "/json/authenticate", "{}", "X-OpenAM-Username", "demo", "X-OpenAM-Password", "Ch4ng31t")
	if got := refused.want(t, 401); got["message"] != "You have reached your session limit." || refused.Header.Values("Set-Cookie") != nil {
		t.Errorf("a third session: %v %v", got, refused.Header)
	}
	s.send("POST", "/json/sessions?_action=logout", "{}", "iPlanetDirectoryPro", a, "Accept-API-Version", version).want(t, 200)
	c := signIn("demo")
	if got := alive(a, b, c); !same(got, []bool{false, true, true}) {
		t.Errorf("after a logout: %v", got)
	}
	// Sessions that have ended do not count.
	s.clock.pass(21 * time.Minute)
	a, b = signIn("demo"), signIn("demo")

	quotas("DestroyOldestAction", 2)
	c = signIn("demo")
	if got := alive(a, b, c); !same(got, []bool{false, true, true}) {
		t.Errorf("the oldest: %v", got)
	}
	// The next to expire is the one that was not used.
	quotas("DestroyNextExpiringAction", 2)
	s.clock.pass(5 * time.Minute)
	s.send("POST", "/json/sessions?_action=getSessionInfoAndResetIdleTime", "{}", "iPlanetDirectoryPro", b, "Accept-API-Version", "resource=4.0").want(t, 200)
	d := signIn("demo")
	if got := alive(b, c, d); !same(got, []bool{true, false, true}) {
		t.Errorf("the next to expire: %v", got)
	}
	quotas("DestroyAllAction", 2)
	a = signIn("demo")
	if got := alive(b, d, a); !same(got, []bool{false, false, true}) {
		t.Errorf("all: %v", got)
	}
	// A lower limit, a realm's and a user's own.
	endAll("demo")
	quotas("DestroyOldestAction", 3)
	a, b, c = signIn("demo"), signIn("demo"), signIn("demo")
	admin("POST", "/json/realm-config/services/session?_action=create", map[string]any{"dynamic": map[string]any{"quotaLimit": 2, "maxSessionTime": 60, "maxIdleTime": 20}}).want(t, 201)
	d = signIn("demo")
	if got := alive(a, b, c, d); !same(got, []bool{false, false, true, true}) {
		t.Errorf("the realm's limit: %v", got)
	}
	a, b = signIn("few"), signIn("few")
	if got := alive(a, b); !same(got, []bool{false, true}) {
		t.Errorf("the user's limit: %v", got)
	}
	// Who signs in over a session of his own replaces it.
	quotas("DenyAccessAction", 2)
	over := s.send("POST", "/json/authenticate?ForceAuth=true", "{}", "X-OpenAM-Username", "few", "X-OpenAM-Password", "Ch4ng31t", "iPlanetDirectoryPro", b).want(t, 200)
	if got := alive(b, over["tokenId"].(string)); !same(got, []bool{false, true}) {
		t.Errorf("over a session: %v", got)
	}
	s.send("POST", "/json/authenticate", "{}", "X-OpenAM-Username", "few", "X-OpenAM-Password", "Ch4ng31t").want(t, 401)
	// It is not for users to change, nor is their journey.
	for _, name := range []string{"iplanet-am-session-quota-limit", "iplanet-am-user-auth-config"} {
		mine := []string{"iPlanetDirectoryPro", over["tokenId"].(string), "Accept-API-Version", version}
		if got := s.send("PUT", "/json/users/few", map[string]any{name: "99"}, mine...); got.StatusCode == 200 && same(got.body[name], []any{"99"}) || got.StatusCode >= 500 {
			t.Errorf("a user gives himself %s: %d %s", name, got.StatusCode, got.raw)
		}
	}
	// The administrator may have any number.
	quotas("DenyAccessAction", 1)
	for range 3 {
		s.login("/json/authenticate", "amAdmin", adminPassword)
	}
	admin("PUT", global, map[string]any{"quotas": map[string]any{"behaviourWhenQuotaExhausted": "com.example.Mine"}}).want(t, 400)
}
