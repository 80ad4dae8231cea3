package am_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A journey that sends the browser away goes on when it is back: for applications, and for the sign-in page.
func TestJourneyGoesOnAfterRedirect(t *testing.T) {
	j := newJourneys(t)
	const id = "22222222-1111-4111-8111-000000000001"
	j.script(id, "JAVASCRIPT", "SCRIPTED_DECISION_NODE", `
		if (callbacks.isEmpty()) {
			callbacksBuilder.redirectCallback("https://idp.example.com/in?state=xyz", {}, "GET", true);
		} else if (requestParameters.get("state") && requestParameters.get("state").get(0) == "xyz" && requestParameters.get("code")) {
			nodeState.putShared("username", requestParameters.get("code").get(0));
			action.goTo("in");
		} else {
			action.goTo("out");
		}`)
	j.tree("Away", node{"away", "ScriptedDecisionNode", map[string]any{"script": id, "outcomes": []string{"in", "out"}}, map[string]string{"in": success, "out": failure}})

	step := j.begin("Away")
	if c := list(step["callbacks"])[0]; output(c, "trackingCookie") != true || output(c, "redirectMethod") != "GET" {
		t.Fatalf("callback = %v", c)
	}
	if got := j.send("POST", "/json/authenticate?state=xyz&code=demo", step).want(t, 200); got["tokenId"] == nil {
		t.Fatalf("an application's return: %v", got)
	}
	j.send("POST", "/json/authenticate?state=other&code=demo", j.begin("Away")).want(t, 401)

	leave := func() *http.Cookie {
		t.Helper()
		got := j.send("GET", "/XUI/?realm=/&service=Away&goto=%2Fopenam%2Faccount%3Fx%3D1", nil, "Accept", "text/html")
		if !strings.Contains(got.raw, `href="https://idp.example.com/in?state=xyz"`) {
			t.Fatalf("the page leads nowhere:\n%s", got.raw)
		}
		for _, c := range got.Cookies() {
			if c.Name == "reentry" {
				if !c.HttpOnly || c.Path != "/openam/" || c.MaxAge != 300 {
					t.Errorf("cookie = %+v", c)
				}
				return c
			}
		}
		t.Fatal("no cookie tracks the step")
		return nil
	}
	comeBack := func(c *http.Cookie, query string) reply {
		t.Helper()
		return j.send("GET", "/XUI/?realm=/"+query, nil, "Accept", "text/html", "Cookie", "reentry="+c.Value)
	}
	session := func(r reply) bool {
		return strings.Contains(strings.Join(r.Header.Values("Set-Cookie"), "\n"), "iPlanetDirectoryPro=")
	}
	c := leave()
	back := comeBack(c, "&state=xyz&code=demo")
	if !session(back) || back.StatusCode != 200 || !strings.Contains(back.raw, "/openam/account?x=1") || strings.Contains(back.raw, "code=demo") {
		t.Fatalf("back: %d %v\n%s", back.StatusCode, back.Header, back.raw)
	}
	if again := comeBack(c, "&state=xyz&code=demo"); session(again) || !strings.Contains(again.raw, "IDToken1") {
		t.Errorf("back twice:\n%s", again.raw)
	}
	// Who only opens the page again begins anew; so does who comes too late.
	c = leave()
	if got := comeBack(c, ""); session(got) || !strings.Contains(got.raw, "IDToken1") {
		t.Errorf("opened again:\n%s", got.raw)
	}
	if got := comeBack(c, "&state=wrong&code=demo"); session(got) || got.StatusCode != 401 {
		t.Errorf("back with another state: %d\n%s", got.StatusCode, got.raw)
	}
	c = leave()
	j.clock.pass(6 * time.Minute)
	if got := comeBack(c, "&state=xyz&code=demo"); session(got) || !strings.Contains(got.raw, "IDToken1") {
		t.Errorf("too late:\n%s", got.raw)
	}
	j.send("POST", "/json/authenticate?suspendedId=x", "{}").want(t, 408)

	// A return in a form of another site has no cookie; the address that it is sent on to has.
	stop := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	post := func(form url.Values) (int, string) {
		t.Helper()
		r, err := http.NewRequest("POST", j.base+"/XUI/?realm=/", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://idp.example.com")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		resp, err := stop.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode, resp.Header.Get("Location")
	}
	c = leave()
	status, to := post(url.Values{"state": {"xyz"}, "code": {"demo"}})
	if status != 303 || to != "/openam/XUI/?code=demo&realm=%2F&state=xyz" {
		t.Fatalf("a form of a return: %d %s", status, to)
	}
	if back := j.send("GET", strings.TrimPrefix(to, "/openam"), nil, "Accept", "text/html", "Cookie", "reentry="+c.Value); !session(back) {
		t.Errorf("after the form: %d\n%s", back.StatusCode, back.raw)
	}
	for _, form := range []url.Values{
		{}, {"IDToken1": {"demo"}, "IDToken2": {"Ch4ng31t"}}, {"authId": {"x"}, "callbacks": {"W10="}}, {"goto": {"/x"}, "code": {"demo"}},
		{"code": {strings.Repeat("x", 9<<10)}},
	} {
		if status, to := post(form); status != 403 || to != "" {
			t.Errorf("%.60v: %d %s", form, status, to)
		}
	}
}
