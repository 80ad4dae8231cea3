package oauth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// ear is a client's endpoint for logout tokens.
type ear struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	heard  []string
}

func newEar(t *testing.T) *ear {
	e := &ear{status: 200}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.heard = append(e.heard, r.PostFormValue("logout_token"))
		w.WriteHeader(e.status)
	}))
	t.Cleanup(e.Close)
	return e
}

// took gives what was heard since the last call.
func (e *ear) took() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer func() { e.heard = nil }()
	return e.heard
}

func (e *ear) answers(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status = status
}

func TestBackchannelLogout(t *testing.T) {
	w, l := withLogin(t)
	e := newEar(t)
	oidc := `,"backchannel_logout_uri":"` + e.URL + `/out","backchannel_logout_session_required":true`
	w.client("/", "web", "s", webClient("", "", oidc))
	follow := func() []string {
		t.Helper()
		if err := w.server.Follow(w.ctx, ""); err != nil {
			t.Fatal(err)
		}
		return e.took()
	}
	signedIn := func() (session, id string) {
		t.Helper()
		session = l.signIn("/", "demo", "")
		for range 2 { // two grants in one session, one logout token
			a := w.token("/", form("grant_type", "authorization_code", "code", w.code(session, "scope", "openid"), "redirect_uri", callback), basic("web", "s"))
			id = a.text("id_token")
			w.token("/", refreshWith(a.text("refresh_token")), basic("web", "s"))
		}
		return session, id
	}
	_, id := signedIn()
	if heard := follow(); len(heard) != 0 {
		t.Fatalf("told %d times of a session that lives", len(heard))
	}
	if a := w.get("/", "connect/endSession", form("id_token_hint", id)); a.status != 204 {
		t.Fatal(a.body)
	}
	heard := follow()
	if len(heard) != 1 {
		t.Fatalf("told %d times, want 1", len(heard))
	}
	head, err := jose.Unverified(heard[0])
	if err != nil || head.Header.Type != "logout+jwt" {
		t.Fatalf("header is %+v, %v", head, err)
	}
	claims, before := w.verified(heard[0]), w.verified(id)
	events, _ := claims["events"].(map[string]any)
	if claims["iss"] != base+"/oauth2" || claims["aud"] != "web" || claims["sub"] != "(usr!demo)" || claims["sid"] != before["sid"] ||
		claims["nonce"] != nil || claims["jti"] == nil || claims["exp"] == nil || events["http://schemas.openid.net/event/backchannel-logout"] == nil {
		t.Errorf("logout token is %v", claims)
	}
	if heard := follow(); len(heard) != 0 {
		t.Error("told again")
	}

	// A session that only expires, and a client that does not answer at once.
	_, _ = signedIn()
	e.answers(503)
	w.pass(3 * time.Hour)
	if heard := follow(); len(heard) != 1 {
		t.Fatalf("after the end of life told %d times", len(heard))
	}
	if heard := follow(); len(heard) != 0 {
		t.Error("tried again without a pause")
	}
	tried := 1
	for range 10 {
		w.pass(16 * time.Minute)
		tried += len(follow())
	}
	if tried != 5 {
		t.Errorf("tried %d times, want 5", tried)
	}
	session, _ := signedIn()
	e.answers(400)
	if err := l.sessions().End(w.ctx, session); err != nil {
		t.Fatal(err)
	}
	if n := len(follow()); n != 1 {
		t.Errorf("told %d times", n)
	}
	w.pass(16 * time.Minute)
	if n := len(follow()); n != 0 {
		t.Error("a refusal is repeated")
	}

	// Internal addresses that a client wrote into its own profile are not called.
	e.answers(200)
	w.client("/", "web", "s", `{"_selfRegistered":true,`+webClient("", "", `,"backchannel_logout_uri":"`+e.URL+`"`)[1:])
	session, _ = signedIn()
	if err := l.sessions().End(w.ctx, session); err != nil {
		t.Fatal(err)
	}
	if n := len(follow()); n != 0 {
		t.Error("a registered address leads inside")
	}
}

// Most of the time sessions are left alone that end later by themselves: each costs a lookup when its time has come, and
// one that somebody ended unnoticed waits until all are looked after.
func TestFollowDue(t *testing.T) {
	w, l := withLogin(t)
	e := newEar(t)
	w.client("/", "web", "s", webClient("", "", `,"backchannel_logout_uri":"`+e.URL+`"`))
	signedIn := func() string {
		session := l.signIn("/", "demo", "")
		w.token("/", form("grant_type", "authorization_code", "code", w.code(session, "scope", "openid"), "redirect_uri", callback), basic("web", "s"))
		return session
	}
	due := func(want int) {
		t.Helper()
		if err := w.server.FollowDue(w.ctx); err != nil {
			t.Fatal(err)
		}
		if n := len(e.took()); n != want {
			t.Errorf("told %d times, want %d", n, want)
		}
	}
	signedIn()
	w.pass(time.Hour)
	if err := l.sessions().End(w.ctx, signedIn()); err != nil {
		t.Fatal(err)
	}
	due(0)
	if err := w.server.Follow(w.ctx, ""); err != nil {
		t.Fatal(err)
	}
	if n := len(e.took()); n != 1 {
		t.Errorf("of the session that somebody ended told %d times", n)
	}
	w.pass(time.Hour + time.Second) // the first one has its two hours
	due(1)
	due(0)
}

// Ended tells the running server which session to look after.
func TestFollowSessions(t *testing.T) {
	w, l := withLogin(t)
	e := newEar(t)
	w.client("/", "web", "s", webClient("", "", `,"backchannel_logout_uri":"`+e.URL+`"`))
	session := l.signIn("/", "demo", "")
	w.token("/", form("grant_type", "authorization_code", "code", w.code(session, "scope", "openid"), "redirect_uri", callback), basic("web", "s"))
	found, err := l.sessions().Find(w.ctx, session)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.sessions().End(w.ctx, session); err != nil {
		t.Fatal(err)
	}
	told := make(chan struct{})
	e.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(told) })
	done := make(chan struct{})
	go func() { defer close(done); w.server.FollowSessions(w.ctx) }()
	w.server.SessionEnded(found.ID())
	<-told
	t.Cleanup(func() { <-done }) // after the context of the test has ended
}

func TestSessionEndRevokes(t *testing.T) {
	for _, kind := range []string{"server-side", "client-side"} {
		t.Run(kind, func(t *testing.T) {
			w, l := withLogin(t)
			set := func(on string) {
				w.provider("/", strings.TrimSuffix(settings(kind == "client-side"), "}")+`,"gatehouseConfig":{"revokeTokensOnSessionEnd":`+on+`}}`)
			}
			w.client("/", "web", "s", strings.Replace(webClient("", "", ""), `"openid",`, `"openid","offline_access",`, 1))
			outcome := func(on, scope string) []bool {
				set(on)
				session := l.signIn("/", "demo", "")
				a := w.token("/", form("grant_type", "authorization_code", "code", w.code(session, "scope", scope), "redirect_uri", callback), basic("web", "s"))
				if err := l.sessions().End(w.ctx, session); err != nil {
					t.Fatal(err)
				}
				if err := w.server.Follow(w.ctx, ""); err != nil {
					t.Fatal(err)
				}
				return []bool{w.active(a.text("access_token")), w.active(a.text("refresh_token"))}
			}
			for _, tt := range []struct {
				on, scope string
				want      []bool
			}{
				{"false", "openid read", []bool{true, true}},
				{"true", "openid read", []bool{false, false}},
				{"true", "openid read offline_access", []bool{true, true}},
			} {
				if got := outcome(tt.on, tt.scope); !slices.Equal(got, tt.want) {
					t.Errorf("setting %s, scope %s: active %v, want %v", tt.on, tt.scope, got, tt.want)
				}
			}
		})
	}
}

func TestExpiredCode(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "web", "s", webClient("", "", ""))
	redeem := func(code string) answer {
		return w.post("/", "access_token", form("grant_type", "authorization_code", "code", code, "redirect_uri", callback), basic("web", "s"))
	}
	session := l.signIn("/", "demo", "")
	late, used := w.code(session, "scope", "read"), w.code(session, "scope", "read")
	first := redeem(used)
	w.pass(121 * time.Second)
	wantError(t, redeem(late), 400, "invalid_grant", "Authorization code expired.")
	redeem(used)
	if w.active(first.text("access_token")) {
		t.Error("a used code shown late leaves its tokens alive")
	}
	wantError(t, redeem(store.NewRaw()), 400, "invalid_request", "Authorization code doesn't exist.")
}

// A client that could not be told is told again in time, though its session would have lived on.
func TestFollowAgain(t *testing.T) {
	w, l := withLogin(t)
	e := newEar(t)
	w.client("/", "web", "s", webClient("", "", `,"backchannel_logout_uri":"`+e.URL+`"`))
	session := l.signIn("/", "demo", "")
	w.token("/", form("grant_type", "authorization_code", "code", w.code(session, "scope", "openid"), "redirect_uri", callback), basic("web", "s"))
	found, err := l.sessions().Find(w.ctx, session)
	if err == nil {
		err = l.sessions().End(w.ctx, session)
	}
	if err != nil {
		t.Fatal(err)
	}
	e.answers(503)
	if err := w.server.Follow(w.ctx, found.ID()); err != nil || len(e.took()) != 1 {
		t.Fatalf("not told at once: %v", err)
	}
	e.answers(200)
	w.pass(11 * time.Second)
	if err := w.server.FollowDue(w.ctx); err != nil || len(e.took()) != 1 {
		t.Errorf("not told again after the first pause: %v", err)
	}
}

// A client that does not answer keeps nobody else waiting.
func TestFollowHangingClient(t *testing.T) {
	w, l := withLogin(t)
	release, told := make(chan struct{}), make(chan struct{})
	var calls atomic.Int64
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1); <-release }))
	defer slow.Close()
	quick := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(told) }))
	defer quick.Close()
	ended := func(client string) string {
		session := l.signIn("/", "demo", "")
		_, q := location(t, w.post("/", "authorize", form("client_id", client, "response_type", "code", "redirect_uri", callback,
			"scope", "openid", "decision", "allow", "csrf", session), cookie(session)))
		w.token("/", form("grant_type", "authorization_code", "code", q.Get("code"), "redirect_uri", callback), basic(client, "s"))
		found, err := l.sessions().Find(w.ctx, session)
		if err == nil {
			err = l.sessions().End(w.ctx, session)
		}
		if err != nil {
			t.Fatal(err)
		}
		return found.ID()
	}
	w.client("/", "slow", "s", webClient("", "", `,"backchannel_logout_uri":"`+slow.URL+`"`))
	w.client("/", "quick", "s", webClient("", "", `,"backchannel_logout_uri":"`+quick.URL+`"`))
	for range 100 {
		w.server.SessionEnded(ended("slow"))
	}
	w.server.SessionEnded(ended("quick"))
	ctx, stop := context.WithCancel(w.ctx)
	done := make(chan struct{})
	go func() { defer close(done); w.server.FollowSessions(ctx) }()
	<-told
	if n := calls.Load(); n > 32 {
		t.Errorf("%d calls of the client that hangs came first", n)
	}
	close(release)
	stop()
	<-done
}
