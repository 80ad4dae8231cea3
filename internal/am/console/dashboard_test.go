package console_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/am"
	"gatehouse/internal/am/store/memory"
)

// clock is a time that a test sets.
type clock struct{ nanos atomic.Int64 }

func (c *clock) now() time.Time      { return time.Unix(0, c.nanos.Load()) }
func (c *clock) add(d time.Duration) { c.nanos.Add(int64(d)) }

// The dashboard shows what clients did, not what the console itself asks, and looking at it does not keep a session
// alive.
func TestDashboard(t *testing.T) {
	c := &clock{}
	c.nanos.Store(time.Now().UnixNano()) // the store has the system's clock
	s, err := am.New(am.Options{Engine: memory.New(), AdminPassword: adminPassword, SweepEvery: -1, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	server := httptest.NewServer(s)
	defer server.Close()
	b := (&browser{t: t, base: server.URL + "/openam/"}).stranger()
	b.signIn("amAdmin", adminPassword)
	b.api("POST", "realm-config/services/oauth-oidc?_action=create", `{}`)
	b.api("PUT", "realm-config/agents/OAuth2Client/c", `{"coreOAuth2ClientConfig":{"userpassword":"secret","scopes":["mail"]},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"]}}`)
	c.add(time.Minute)
	for _, secret := range []string{"secret", "secret", "secret", "wrong"} {
		r, err := http.NewRequest("POST", b.base+"oauth2/access_token", strings.NewReader("grant_type=client_credentials&scope=mail"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth("c", secret)
		want := 200
		if secret == "wrong" {
			want = 401
		}
		b.send(r, want)
	}
	for range 5 {
		b.open("realms")
	}
	c.add(10 * time.Second)
	page := b.open("")
	b.has(page, "Tokens issued in the last half hour: now 3 a minute, at most 3.", "Refused requests in the last half hour: now 1 a minute",
		"Errors in the last half hour: now 0 a minute", "<code>oauth2/access_token</code>", "<strong>1</strong>")
	if strings.Contains(page, "global-config/realms?") || strings.Contains(page, "<td class=\"num\" data-label=\"Requests\">5</td>") {
		t.Error("the requests of the console are counted")
	}

	// What the dashboard's script asks for every few seconds is a part of a page, and no use of the session.
	ask := func() (int, string) {
		r, err := http.NewRequest("GET", b.base+"console/figures", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("HX-Request", "true")
		res, err := b.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var body strings.Builder
		_ = res.Write(&body)
		return res.StatusCode, body.String()
	}
	for range 3 {
		if status, body := ask(); status != 200 || strings.Contains(body, "<html") || !strings.Contains(body, "Tokens issued") {
			t.Fatalf("figures = %d %s", status, body)
		}
		c.add(9 * time.Minute)
	}
	c.add(5 * time.Minute)
	if status, _ := ask(); status != 401 {
		t.Errorf("a session that nobody used for 32 minutes still shows figures: %d", status)
	}
}
