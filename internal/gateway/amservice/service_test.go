package amservice

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
)

// server is an AM server as far as the gateway needs it.
type server struct {
	t      *testing.T
	start  time.Time
	passed atomic.Int64

	mu       sync.Mutex
	cookie   string
	agent    string          // the agent token that is accepted
	logins   int             // how often the agent logged in
	sessions map[string]bool // live sessions
	log      []string        // requests: METHOD PATH?QUERY
	block    chan struct{}   // holds logins back until it is closed
	fail     int             // status of everything, when not 0
	idle     string          // until when sessions may go unused
	leaving  func()          // is called while somebody logs out
}

func (s *server) now() time.Time       { return s.start.Add(time.Duration(s.passed.Load())) }
func (s *server) pass(d time.Duration) { s.passed.Add(int64(d)) }

func (s *server) Handle(x *chain.Exchange) (*chain.Response, error) {
	if s.block != nil {
		<-s.block
	}
	if leaving := s.leaving; leaving != nil && strings.Contains(x.Request.URI.RequestTarget(), "_action=logout") {
		s.leaving = nil
		leaving()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	req := x.Request
	s.log = append(s.log, req.Method+" "+req.URI.RequestTarget())
	if s.fail != 0 {
		return reply(s.fail, `{}`)
	}
	if len(req.Header["Accept-Api-Version"]) != 1 {
		s.t.Errorf("%s has no Accept-API-Version", req)
	}
	target := req.URI.RequestTarget()
	switch {
	case strings.HasSuffix(target, "/json/serverinfo/*"):
		return reply(200, `{"cookieName":"`+s.cookie+`"}`)
	case strings.Contains(target, "/authenticate?"):
		if req.Header.Get("X-OpenAM-Username") != "ig_agent" || req.Header.Get("X-OpenAM-Password") != "password" {
			return reply(401, `{"code":401}`)
		}
		s.logins++
		s.agent = fmt.Sprintf("agent-%d*", s.logins)
		return reply(200, `{"tokenId":"`+s.agent+`","successUrl":"/","realm":"/"}`)
	}
	caller := req.Header.Get(s.cookie)
	if strings.Contains(target, "_action=logout") {
		delete(s.sessions, caller)
		if caller == s.agent {
			s.agent = ""
		}
		return reply(200, `{"result":"Successfully logged out"}`)
	}
	if caller == "" || caller != s.agent {
		return reply(401, `{"code":401,"reason":"Unauthorized","message":"Access Denied"}`)
	}
	return s.about(req)
}

func (s *server) about(req *chain.Request) (*chain.Response, error) {
	body, err := req.Entity.JSON()
	if err != nil {
		return nil, err
	}
	if strings.Contains(req.URI.RequestTarget(), "/policies?_action=evaluate") {
		return reply(200, `[{"resource":"https://a.example.com/","actions":{"GET":true},"ttl":9223372036854775807}]`)
	}
	token, _ := body.(map[string]any)["tokenId"].(string)
	target := req.URI.RequestTarget()
	switch {
	case !s.sessions[token]:
		return reply(200, `{"valid":false}`)
	case strings.Contains(target, "_action=validate"):
		return reply(200, `{"valid":true,"sessionUid":"x","uid":"demo","realm":"/"}`)
	}
	return reply(200, `{"username":"demo","universalId":"id=demo,ou=user","realm":"/","latestAccessTime":"2027-01-15T08:00:00Z",
		"maxIdleExpirationTime":"`+s.idle+`","maxSessionExpirationTime":"2027-01-15T10:00:00Z",
		"properties":{"AMCtxId":"c-1","a":"1","b":"2","c":null}}`)
}

func reply(status int, body string) (*chain.Response, error) {
	r := chain.NewResponse(status)
	r.Entity.SetBytes([]byte(body))
	return r, nil
}

// load builds an AmService with the given fields besides the usual ones.
func load(t *testing.T, s *server, fields string) (*Service, *conf.Errors, *bytes.Buffer) {
	t.Helper()
	s.t, s.start = t, time.Date(2027, 1, 15, 8, 0, 0, 0, time.UTC)
	s.cookie = cmp.Or(s.cookie, "iPlanetDirectoryPro")
	s.idle = cmp.Or(s.idle, "2027-01-15T08:30:00Z")
	client := heap.Define("TestClient", func(*struct{}, *heap.Env) (chain.Handler, error) { return s, nil })
	text := `[{"name":"env","type":"SystemAndEnvSecretStore"},{"name":"ForgeRockClientHandler","type":"TestClient"},
		{"name":"am","type":"AmService","config":{` + fields + `}}]`
	n, err := conf.Parse("route.json", []byte(`{"heap":`+text+`}`))
	if err != nil {
		t.Fatal(err)
	}
	log, errs := &bytes.Buffer{}, &conf.Errors{}
	h := heap.New(heap.Options{
		Name: "route", Catalog: heap.NewCatalog(All, secrets.All, []*heap.Type{client}), Bindings: heap.NewBindings(nil, nil),
		Services: &heap.Services{Logger: slog.New(slog.NewTextHandler(log, nil)), Now: s.now, Getenv: func(k string) (string, bool) {
			v, ok := map[string]string{"AGENT_SECRET_ID": "cGFzc3dvcmQ=", "WRONG": "d3Jvbmc="}[k]
			return v, ok
		}},
		Errs: errs, Declared: n.Get("heap"),
	})
	h.BuildAll()
	v, ok := h.Get("am")
	if !ok {
		return nil, errs, log
	}
	return v.(*Service), errs, log
}

const usual = `"agent":{"username":"ig_agent","passwordSecretId":"agent.secret.id"},"secretsProvider":"env","url":"http://am.example.com:8088/openam/"`

func exchange(t *testing.T) *chain.Exchange {
	return chain.New(t.Context(), chain.NewRequest(), &chain.RootContext{ID: "1"})
}

func TestURLs(t *testing.T) {
	tests := []struct{ fields, oauth, json string }{
		{usual, "http://am.example.com:8088/openam/oauth2/realms/root/introspect", "http://am.example.com:8088/openam/json/realms/root/users/demo"},
		{usual + `,"realm":"/alpha/beta"`, "http://am.example.com:8088/openam/oauth2/realms/root/realms/alpha/realms/beta/introspect",
			"http://am.example.com:8088/openam/json/realms/root/realms/alpha/realms/beta/users/demo"},
	}
	for _, tt := range tests {
		s, errs, _ := load(t, &server{}, tt.fields)
		if s == nil {
			t.Fatal(errs.Err())
		}
		if got := s.OAuthURL("introspect"); got != tt.oauth {
			t.Errorf("OAuthURL = %s, want %s", got, tt.oauth)
		}
		if got := s.JSONURL("", "users/demo"); got != tt.json {
			t.Errorf("JSONURL = %s, want %s", got, tt.json)
		}
	}
}

func TestBadConfiguration(t *testing.T) {
	const agent = `"agent":{"username":"a","passwordSecretId":"a"},"secretsProvider":"env",`
	tests := []struct{ fields, want string }{
		{`"url":"http://am/"`, `the required field "agent" is missing`},
		{`"agent":{"username":"a"},"url":"http://am/","secretsProvider":"env"`, `the required field "passwordSecretId" is missing`},
		{agent + `"realm":"/"`, `the required field "url" is missing`},
		{agent + `"url":"am.example.com"`, `expected an absolute URL such as "https://host/path", found "am.example.com"`},
		{agent + `"url":"ftp://am/"`, `expected a URL that begins with https: or http:, found "ftp://am/"`},
		{agent + `"url":"http://u:p@am/"`, `the URL has a name and password, which messages would show; the agent's are in "agent"`},
		{agent + `"url":"http://am/","sessionCache":true`, `expected an object such as {"enabled": true}, found a boolean`},
		{agent + `"url":"http://am/?realm=a"`, `expected a URL without query and fragment, found "http://am/?realm=a"`},
		{agent + `"url":"http://am/","realm":"/a//b"`, `expected a realm such as "/" or "/alpha", found "/a//b"`},
		{agent + `"url":"http://am/","realm":"/../a"`, `expected a realm such as "/" or "/alpha", found "/../a"`},
		{agent + `"url":"http://am/","sessionCache":{"enabled":true,"maximumTimeToCache":"zero"}`, `the duration must be neither zero nor unlimited`},
		{agent + `"url":"http://am/","sessionIdleRefresh":{"enabled":true,"interval":"zero"}`, `the duration must not be zero`},
		{agent + `"url":"http://am/","notifications":{"initialConnectionAttempts":-2}`, `expected a number of at least -1, found -2`},
	}
	for _, tt := range tests {
		_, errs, _ := load(t, &server{}, tt.fields)
		if got := fmt.Sprint(errs.Err()); !strings.HasSuffix(got, ": "+tt.want) {
			t.Errorf("%s\n got %s\nwant …%s", tt.fields, got, tt.want)
		}
	}
}

func TestBuildingAsksNobody(t *testing.T) {
	am := &server{}
	if s, errs, _ := load(t, am, usual+`,"sessionCache":{"enabled":true},"sessionIdleRefresh":{"enabled":true}`); s == nil || len(am.log) > 0 {
		t.Errorf("%v, requests %v", errs.Err(), am.log)
	}
}

func TestAgent(t *testing.T) {
	am := &server{sessions: map[string]bool{"user*": true}, cookie: "Sess"}
	s, errs, _ := load(t, am, usual+`,"realm":"alpha"`)
	if s == nil {
		t.Fatal(errs.Err())
	}
	if ok, err := s.Validate(exchange(t), "user*"); !ok || err != nil {
		t.Fatalf("Validate = %v, %v", ok, err)
	}
	am.agent = "another" // the server has forgotten the agent's session
	if ok, err := s.Validate(exchange(t), "user*"); !ok || err != nil {
		t.Fatalf("Validate after the agent's session ended = %v, %v", ok, err)
	}
	if ok, err := s.Validate(exchange(t), "nobody"); ok || err != nil {
		t.Fatalf("Validate(nobody) = %v, %v", ok, err)
	}
	s.Stop()
	const realm = "/openam/json/realms/root/realms/alpha/"
	login, validate := "POST "+realm+"authenticate?authIndexType=service&authIndexValue=Agent", "POST "+realm+"sessions?_action=validate&refresh=false"
	want := []string{"GET /openam/json/serverinfo/*", login, validate, validate, login, validate, validate, "POST " + realm + "sessions?_action=logout"}
	if !slices.Equal(am.log, want) {
		t.Errorf("requests\n%s\nwant\n%s", strings.Join(am.log, "\n"), strings.Join(want, "\n"))
	}
	if am.agent != "" {
		t.Error("the agent was not logged out")
	}
}

func TestAgentFailures(t *testing.T) {
	tests := []struct {
		name, fields string
		fail         int
		want         string
	}{
		{"wrong password", strings.Replace(usual, "agent.secret.id", "wrong", 1), 0, `log in agent "ig_agent" at http://am.example.com:8088/openam: status 401`},
		{"no password", strings.Replace(usual, "agent.secret.id", "none", 1), 0, `log in agent "ig_agent": there is no secret "none" in env (set the environment variable NONE)`},
		{"server fails", usual + `,"ssoTokenHeader":"x"`, 503, `log in agent "ig_agent" at http://am.example.com:8088/openam: status 503`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, errs, _ := load(t, &server{fail: tt.fail}, tt.fields)
			if s == nil {
				t.Fatal(errs.Err())
			}
			if _, err := s.AgentToken(exchange(t)); fmt.Sprint(err) != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

// A login that failed answers for a while: users' requests must not lock the agent out.
func TestFailedLoginsAreNotRepeated(t *testing.T) {
	for name, tt := range map[string]struct {
		fields string
		fail   int
		wait   time.Duration
	}{
		"wrong password": {strings.Replace(usual, "agent.secret.id", "wrong", 1), 0, afterRefusal},
		"server fails":   {usual, 503, afterFailure},
	} {
		t.Run(name, func(t *testing.T) {
			am := &server{fail: tt.fail}
			s, errs, _ := load(t, am, tt.fields+`,"ssoTokenHeader":"x"`)
			if s == nil {
				t.Fatal(errs.Err())
			}
			for range 3 {
				if _, err := s.AgentToken(exchange(t)); err == nil {
					t.Fatal("the agent is logged in")
				}
			}
			if len(am.log) != 1 {
				t.Errorf("%d logins, want 1", len(am.log))
			}
			am.pass(tt.wait)
			if _, err := s.AgentToken(exchange(t)); err == nil || len(am.log) != 2 {
				t.Errorf("%v after %d logins, want 2", err, len(am.log))
			}
		})
	}
}

func TestOneLoginForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		am := &server{block: make(chan struct{})}
		s, errs, _ := load(t, am, usual)
		if s == nil {
			t.Fatal(errs.Err())
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if token, err := s.AgentToken(exchange(t)); token != "agent-1*" || err != nil {
					t.Errorf("AgentToken = %q, %v", token, err)
				}
			})
		}
		synctest.Wait()
		close(am.block)
		all.Wait()
		if am.logins != 1 {
			t.Errorf("%d logins, want 1", am.logins)
		}
	})
}

func TestSession(t *testing.T) {
	am := &server{sessions: map[string]bool{"user*": true}}
	s, errs, _ := load(t, am, usual+`,"sessionProperties":["a","c"]`)
	if s == nil {
		t.Fatal(errs.Err())
	}
	got, err := s.Session(exchange(t), "user*")
	if err != nil {
		t.Fatal(err)
	}
	if got.Username != "demo" || got.Realm != "/" || !got.MaxExpiration.Equal(am.start.Add(2*time.Hour)) || fmt.Sprint(got.Properties) != "map[AMCtxId:c-1 a:1]" {
		t.Errorf("session %+v", got)
	}
	for _, token := range []string{"nobody", ""} {
		if _, err := s.Session(exchange(t), token); err != ErrNoSession {
			t.Errorf("Session(%q): %v, want ErrNoSession", token, err)
		}
	}
	am.fail = 500
	if _, err := s.Session(exchange(t), "user*"); err == nil || err == ErrNoSession {
		t.Errorf("the server fails: %v", err)
	}
}

func TestSessionCache(t *testing.T) {
	tests := []struct {
		name, fields string
		waits        []time.Duration
		asked        []string // actions
	}{
		{"off", ``, []time.Duration{0, 0}, []string{"getSessionInfo", "getSessionInfo"}},
		{"until the session ends", `,"sessionCache":{"enabled":true}`, []time.Duration{0, 119 * time.Minute, time.Minute}, []string{"getSessionInfo", "getSessionInfo"}},
		{"bounded", `,"sessionCache":{"enabled":true,"maximumTimeToCache":"1 minute"}`, []time.Duration{0, 59 * time.Second, time.Second}, []string{"getSessionInfo", "getSessionInfo"}},
		{"refresh at first and then each interval", `,"sessionCache":{"enabled":true},"sessionIdleRefresh":{"enabled":true}`,
			[]time.Duration{0, 4 * time.Minute, time.Minute, time.Minute}, []string{"getSessionInfoAndResetIdleTime", "getSessionInfoAndResetIdleTime"}},
		{"refresh without cache", `,"sessionIdleRefresh":{"enabled":true}`, []time.Duration{0, time.Minute, 4 * time.Minute},
			[]string{"getSessionInfoAndResetIdleTime", "getSessionInfo", "getSessionInfoAndResetIdleTime"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			am := &server{sessions: map[string]bool{"user*": true}}
			s, errs, _ := load(t, am, usual+tt.fields)
			if s == nil {
				t.Fatal(errs.Err())
			}
			for _, d := range tt.waits {
				am.pass(d)
				if _, err := s.Session(exchange(t), "user*"); err != nil {
					t.Fatal(err)
				}
			}
			var asked []string
			for _, line := range am.log {
				if _, query, ok := strings.Cut(line, "?"); ok && !strings.Contains(query, "authIndex") {
					v, err := url.ParseQuery(query)
					if err != nil {
						t.Fatal(err)
					}
					asked = append(asked, v.Get("_action"))
				}
			}
			if !slices.Equal(asked, tt.asked) {
				t.Errorf("asked %v, want %v", asked, tt.asked)
			}
		})
	}
}

func TestLogout(t *testing.T) {
	am := &server{sessions: map[string]bool{"user*": true}}
	s, errs, _ := load(t, am, usual+`,"sessionCache":{"enabled":true},"notifications":{"enabled":false}`)
	if s == nil {
		t.Fatal(errs.Err())
	}
	if _, err := s.Session(exchange(t), "user*"); err != nil {
		t.Fatal(err)
	}
	if err := s.Logout(exchange(t), "user*"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Session(exchange(t), "user*"); err != ErrNoSession {
		t.Errorf("after logout: %v, want ErrNoSession", err)
	}
	if err := s.Logout(exchange(t), "a\r\nb"); err != ErrNoSession {
		t.Errorf("a token that is no header value: %v", err)
	}
}

// A request that finds the session alive while another one ends it does not make it live on
// in the cache.
func TestSessionIsNotKeptDuringLogout(t *testing.T) {
	am := &server{sessions: map[string]bool{"user*": true}}
	s, errs, _ := load(t, am, usual+`,"sessionCache":{"enabled":true},"notifications":{"enabled":false}`)
	if s == nil {
		t.Fatal(errs.Err())
	}
	am.leaving = func() {
		if _, err := s.Session(exchange(t), "user*"); err != nil {
			t.Errorf("before the end: %v", err)
		}
	}
	if err := s.Logout(exchange(t), "user*"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Session(exchange(t), "user*"); err != ErrNoSession {
		t.Errorf("after logout: %v, want ErrNoSession", err)
	}
}

// The end of a session is no later than its idle timeout, and the other way round.
func TestSessionEndsBeforeItIsIdle(t *testing.T) {
	am := &server{sessions: map[string]bool{"user*": true}, idle: "2027-01-15T23:00:00Z"}
	s, errs, _ := load(t, am, usual+`,"sessionCache":{"enabled":true},"sessionIdleRefresh":{"enabled":true,"interval":"1 day"}`)
	if s == nil {
		t.Fatal(errs.Err())
	}
	if _, err := s.Session(exchange(t), "user*"); err != nil {
		t.Fatal(err)
	}
	am.pass(2 * time.Hour) // maxSessionExpirationTime
	delete(am.sessions, "user*")
	if _, err := s.Session(exchange(t), "user*"); err != ErrNoSession {
		t.Errorf("after its end: %v, want ErrNoSession", err)
	}
}

// Who asks after a token was dropped does not get an answer that was on its way before.
func TestDropEndsFlights(t *testing.T) {
	for name, drop := range map[string]func(*Cache[int]){
		"one": func(c *Cache[int]) { c.Drop("a") }, "all": (*Cache[int]).Clear,
		"some": func(c *Cache[int]) { c.DropWhere(func(int) bool { return false }) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := NewCache(8, time.Now, func(int) time.Duration { return time.Hour })
				answer := make(chan struct{})
				go func() {
					if v, err := c.Load(exchange(t), "a", func() (int, error) { <-answer; return 1, nil }); v != 1 || err != nil {
						t.Errorf("before: %d, %v", v, err)
					}
				}()
				synctest.Wait()
				drop(c)
				asked := false
				go func() {
					if v, err := c.Load(exchange(t), "a", func() (int, error) { asked = true; return 2, nil }); v != 2 || err != nil {
						t.Errorf("after: %d, %v", v, err)
					}
				}()
				synctest.Wait()
				if !asked {
					t.Error("the second one waits for the answer of the first")
				}
				close(answer)
				synctest.Wait()
				if v, ok := c.Get("a"); v != 2 || !ok {
					t.Errorf("%d is kept", v)
				}
			})
		})
	}
}

// Tokens that are dropped all the time do not keep others from being kept.
func TestDropsOfOthers(t *testing.T) {
	c := NewCache(1000, time.Now, func(int) time.Duration { return time.Hour })
	kept := 0
	for i := range 64 {
		token := fmt.Sprint("t", i)
		if _, err := c.Load(exchange(t), token, func() (int, error) { c.Drop("another"); return i, nil }); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Get(token); ok {
			kept++
		}
	}
	if kept < 60 {
		t.Errorf("%d of 64 are kept", kept)
	}
}

// A call that a limit of its own ends fails for all who wait for it; one that is given up
// by its client is made again by another.
func TestFlightFailures(t *testing.T) {
	for name, givenUp := range map[string]bool{"time limit of the call": false, "client that is gone": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var f Flight[int]
				var calls atomic.Int64
				var wg sync.WaitGroup
				for i := range 3 {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					wg.Go(func() {
						time.Sleep(time.Duration(i) * time.Millisecond) // the first one makes the call
						v, err := f.Do(chain.New(ctx, nil, &chain.RootContext{}), "", func() (int, error) {
							time.Sleep(time.Second)
							switch n := calls.Add(1); {
							case n == 1 && givenUp:
								cancel()
								return 0, ctx.Err()
							case n < 10 && !givenUp:
								return 0, fmt.Errorf("dial: %w", context.DeadlineExceeded)
							}
							return 7, nil
						})
						if good := givenUp && i > 0; good != (err == nil && v == 7) {
							t.Errorf("number %d got %d, %v", i, v, err)
						}
					})
				}
				wg.Wait()
				if want := map[bool]int64{false: 1, true: 2}[givenUp]; calls.Load() != want {
					t.Errorf("%d calls, want %d", calls.Load(), want)
				}
			})
		})
	}
}
