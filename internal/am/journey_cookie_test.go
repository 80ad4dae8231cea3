package am_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A cookie signs its user in again, until its idle time or its life is over, or the password is another one.
func TestJourneyRemembers(t *testing.T) {
	j := newJourneys(t)
	key := base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
	cookie := func(more map[string]any) map[string]any {
		out := map[string]any{"persistentCookieName": "remember", "idleTimeout": 2, "hmacSigningKey": key, "useSecureCookie": false, "useHttpOnlyCookie": true, "sameSite": "STRICT"}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	j.tree("Remember", append([]node{{"known", "PersistentCookieDecisionNode", cookie(map[string]any{"enforceClientIp": true}), map[string]string{"true": success, "false": "page"}}},
		append(signIn(map[string]string{"true": "set", "false": failure}),
			node{"set", "SetPersistentCookieNode", cookie(map[string]any{"maxLife": 5}), map[string]string{"outcome": "level"}},
			node{"level", "ChoiceCollectorNode", map[string]any{"choices": []string{"yes"}}, map[string]string{"yes": success}})...)...)
	j.tree("Other", node{"other", "PersistentCookieDecisionNode", cookie(map[string]any{"hmacSigningKey": base64.StdEncoding.EncodeToString([]byte("another"))}), map[string]string{"true": success, "false": failure}})
	if got := j.admin("GET", treesAt+"/nodes/SetPersistentCookieNode/set", nil); strings.Contains(got.raw, key) {
		t.Errorf("the key is shown: %s", got.raw)
	}
	given := func(r reply) *http.Cookie {
		for _, c := range r.Cookies() {
			if c.Name == "remember" {
				return c
			}
		}
		return nil
	}
	start := func(tree, value string) reply {
		t.Helper()
		return j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue="+tree, "{}", "Cookie", "remember="+value)
	}
	sign := func(password string) *http.Cookie {
		t.Helper()
		step := j.answer(j.begin("Remember"), "demo", password)
		if step.want(t, 200); given(step) != nil {
			t.Error("the cookie came before the journey was over")
		}
		c := given(j.answer(step.body, 0))
		if c == nil {
			t.Fatal("no cookie")
		}
		return c
	}
	c := sign("Ch4ng31t")
	if !c.HttpOnly || c.Secure || c.SameSite != http.SameSiteStrictMode || c.MaxAge != 7200 || c.Path != "/" || strings.Contains(c.Value, "demo") {
		t.Errorf("cookie = %+v", c)
	}
	j.clock.pass(time.Hour)
	again := start("Remember", c.Value)
	if again.want(t, 200)["tokenId"] == nil {
		t.Fatalf("remembered: %s", again.raw)
	}
	next := given(again)
	if next == nil || next.Value == c.Value || next.MaxAge != 7200 {
		t.Fatalf("the cookie anew: %+v", next)
	}
	if got := start("Remember", c.Value[:len(c.Value)-4]+"AAAA"); got.want(t, 200)["tokenId"] != nil {
		t.Error("a forged cookie was taken")
	}
	start("Other", c.Value).want(t, 401)
	j.clock.pass(90 * time.Minute) // the first one is idle for too long
	if got := start("Remember", c.Value); got.want(t, 200)["tokenId"] != nil {
		t.Error("an idle cookie was taken")
	}
	for range 2 { // within its life alone
		got := start("Remember", next.Value)
		if got.want(t, 200)["tokenId"] == nil {
			t.Fatalf("the second one: %s", got.raw)
		}
		next = given(got)
		j.clock.pass(time.Hour)
	}
	if next.MaxAge != 5400 {
		t.Errorf("the end of its life: %d seconds", next.MaxAge)
	}
	j.clock.pass(time.Hour)
	if got := start("Remember", next.Value); got.want(t, 200)["tokenId"] != nil {
		t.Error("a cookie outlived its life")
	}
	c = sign("Ch4ng31t")
	j.token = j.login("/json/authenticate", "amAdmin", adminPassword)
	j.admin("PUT", "/json/users/demo", map[string]any{"userpassword": "another-one"}).want(t, 200)
	if got := start("Remember", c.Value); got.want(t, 200)["tokenId"] != nil {
		t.Error("a cookie outlived the password")
	}
	if got := j.answer(j.begin("Remember"), "demo", "wrong"); got.want(t, 401) == nil || given(got) != nil {
		t.Error("a cookie came with a failure")
	}
}

// Behind a proxy that the realm trusts, the address that a cookie is good for is the client's and not the proxy's.
func TestRememberedAddressBehindProxy(t *testing.T) {
	j := newJourneys(t)
	j.admin("POST", "/json/realm-config/services/baseurl?_action=create", map[string]any{"source": "X_FORWARDED_HEADERS"}).want(t, 201)
	cookie := map[string]any{
		"persistentCookieName": "remember", "idleTimeout": 2, "hmacSigningKey": base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef")),
		"useSecureCookie": false, "enforceClientIp": true, "maxLife": 5,
	}
	j.tree("Remember", append([]node{{"known", "PersistentCookieDecisionNode", cookie, map[string]string{"true": success, "false": "page"}}},
		append(signIn(map[string]string{"true": "set", "false": failure}), node{"set", "SetPersistentCookieNode", cookie, map[string]string{"outcome": success}})...)...)
	from := func(address string, headers ...string) reply {
		return j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Remember", "{}", append(headers, "X-Forwarded-For", "203.0.113.9, "+address)...)
	}
	var value string
	got := from("192.0.2.1", "X-OpenAM-Username", "demo", "X-OpenAM-Password", "Ch4ng31t")
	for _, c := range got.Cookies() {
		if c.Name == "remember" {
			value = c.Value
		}
	}
	if got.want(t, 200)["tokenId"] == nil || value == "" {
		t.Fatalf("%s, cookie %q", got.raw, value)
	}
	if got := from("192.0.2.1", "Cookie", "remember="+value); got.want(t, 200)["tokenId"] == nil {
		t.Errorf("from the same address: %s", got.raw)
	}
	if got := from("192.0.2.2", "Cookie", "remember="+value); got.want(t, 200)["tokenId"] != nil {
		t.Error("the cookie was taken from another address")
	}
}
