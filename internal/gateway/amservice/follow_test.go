package amservice

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// teller is the server's end of the sockets for events.
type teller struct {
	t      *testing.T
	url    string
	status int                  // refuses, when not 0
	conns  chan *websocket.Conn // those that are subscribed
	mu     sync.Mutex
	tokens []string // with which they were opened

	closed chan struct{} // connections that were
}

func newTeller(t *testing.T) *teller {
	tell := &teller{t: t, conns: make(chan *websocket.Conn, 8), closed: make(chan struct{}, 64)}
	ts := httptest.NewUnstartedServer(tell)
	ts.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			tell.closed <- struct{}{}
		}
	}
	ts.Start()
	t.Cleanup(ts.Close)
	tell.url = ts.URL + "/am"
	return tell
}

func (tell *teller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tell.mu.Lock()
	tell.tokens = append(tell.tokens, r.Header.Get("iPlanetDirectoryPro"))
	status := tell.status
	tell.status = 0
	tell.mu.Unlock()
	if status != 0 {
		w.WriteHeader(status)
		return
	}
	if r.URL.Path != "/am/notifications" {
		tell.t.Errorf("path %s", r.URL.Path)
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subProtocol}})
	if err != nil {
		tell.t.Error(err)
		return
	}
	defer conn.CloseNow()
	if conn.Subprotocol() != subProtocol {
		tell.t.Errorf("sub-protocol %q", conn.Subprotocol())
	}
	for n := 0; ; n++ {
		_, frame, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		var in map[string]string
		if err := json.Unmarshal(frame, &in); err != nil || in["action"] != "subscribe" {
			tell.t.Errorf("frame %s", frame)
		}
		if n == 1 { // an event may come between two confirmations
			tell.say(conn, `{"topic":"/agent/session.v2","timestamp":1,"body":{"sessionuid":"another","eventType":"LOGOUT"}}`)
		}
		if in["topic"] == topicToken {
			tell.say(conn, `{"error":"no such topic","id":"`+in["id"]+`"}`)
		} else {
			tell.say(conn, `{"topic":"`+in["topic"]+`","message":"subscription registered","id":"x"}`)
		}
		if n == 2 {
			tell.conns <- conn
		}
	}
}

func (tell *teller) say(conn *websocket.Conn, frame string) {
	if err := conn.Write(tell.t.Context(), websocket.MessageText, []byte(frame)); err != nil {
		tell.t.Error(err)
	}
}

// watcher notes what happens to a service's connection.
type watcher struct {
	s            *Service
	cache        *Cache[int]
	cleared, ups chan struct{}
	events       chan Event
	up           *following
}

func watch(s *Service) *watcher {
	w := &watcher{s: s, cleared: make(chan struct{}, 8), ups: make(chan struct{}, 8), events: make(chan Event, 8)}
	w.cache = NewCache(8, time.Now, func(int) time.Duration { return time.Hour })
	followWith(s, w.cache, clearOnDisconnect, func(e Event) { w.events <- e })
	w.cache.following.clear = func() { w.cache.Clear(); w.cleared <- struct{}{} }
	second := NewCache(8, time.Now, func(int) time.Duration { return time.Hour })
	followWith(s, second, clearOnReconnect, func(Event) {})
	w.up = second.following
	w.up.clear = func() { w.ups <- struct{}{} }
	return w
}

func await[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("nothing happened")
		panic("unreachable")
	}
}

func followed(t *testing.T, tell *teller, am *server, notifications string) (*Service, *watcher) {
	t.Helper()
	fields := strings.Replace(usual, "http://am.example.com:8088/openam/", tell.url, 1) + `,"sessionCache":{"enabled":true},"notifications":{"reconnectDelay":"100 milliseconds"` + notifications + `}`
	s, errs, _ := load(t, am, fields)
	if s == nil {
		t.Fatal(errs.Err())
	}
	var w *watcher
	if s.Follows() {
		w = watch(s)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s, w
}

func (s *server) asked() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.log {
		if strings.Contains(line, "getSessionInfo") {
			n++
		}
	}
	return n
}

func TestEventsEvict(t *testing.T) {
	tell, am := newTeller(t), &server{sessions: map[string]bool{"user*": true}}
	s, w := followed(t, tell, am, "")
	conn := await(t, tell.conns)
	await(t, w.ups)
	await(t, w.events)
	session := func(want int) {
		t.Helper()
		for range 2 {
			if _, err := s.Session(exchange(t), "user*"); err != nil {
				t.Fatal(err)
			}
		}
		if got := am.asked(); got != want {
			t.Errorf("asked %d times, want %d", got, want)
		}
	}
	session(1)
	for i, tt := range []struct {
		frame string
		asks  int
	}{
		{`{"topic":"/agent/session.v2","body":{"sessionuid":"another"}}`, 0},
		{`{"topic":"/agent/policy","body":{"realm":"/","policy":"P"}}`, 0},
		{`{"topic":"/agent/session.v2","body":{"sessionuid":"c-1"}}`, 1},
		{`{"topic":"/agent/session.v2","body":{"tokenId":"user*"}}`, 1},
		{`{"topic":"/agent/session.v2","body":{}}`, 1},
		{`{"topic":"/agent/session.v2"}`, 0},
	} {
		tell.say(conn, tt.frame)
		if i < 5 {
			await(t, w.events)
		}
		session(am.asked() + tt.asks)
	}
}

// Decisions end with the session that they are about, and with nobody else's.
func TestDecisionsEndWithSessions(t *testing.T) {
	tell, am := newTeller(t), &server{sessions: map[string]bool{"user*": true}}
	s, w := followed(t, tell, am, "")
	kept := NewCache(8, time.Now, func(*Decision) time.Duration { return time.Hour })
	FollowDecisions(s, kept, neverClear)
	conn := await(t, tell.conns)
	await(t, w.ups)
	await(t, w.events)
	asked := 0
	decide := func(q Question) {
		t.Helper()
		if _, err := kept.Load(exchange(t), q.SSOToken+q.JWT, func() (*Decision, error) { asked++; return s.Decide(exchange(t), q) }); err != nil {
			t.Fatal(err)
		}
	}
	known, unknown, jwt := Question{SSOToken: "user*"}, Question{SSOToken: "another*"}, Question{JWT: "j"}
	for _, tt := range []struct {
		frame string
		asks  int
	}{
		{`{"topic":"/agent/session.v2","body":{"sessionuid":"c-1"}}`, 2}, // the id of the other session is not known
		{`{"topic":"/agent/session.v2","body":{"sessionuid":"c-2"}}`, 1},
		{`{"topic":"/agent/session.v2","body":{"tokenId":"user*"}}`, 1},
		{`{"topic":"/agent/session.v2","body":{}}`, 2},
		{`{"topic":"/agent/policy","body":{"realm":"/","policy":"P"}}`, 3},
		{`{"topic":"/agent/config","body":{"realm":"/"}}`, 0},
	} {
		kept.Clear()
		if _, err := s.Session(exchange(t), known.SSOToken); err != nil {
			t.Fatal(err)
		}
		for _, q := range []Question{known, unknown, jwt} {
			decide(q)
		}
		tell.say(conn, tt.frame)
		await(t, w.events)
		tell.say(conn, `{"topic":"/agent/config","body":{}}`) // followers are told one after the other: now all were
		await(t, w.events)
		asked = 0
		for _, q := range []Question{known, unknown, jwt} {
			decide(q)
		}
		if asked != tt.asks {
			t.Errorf("after %s: asked %d times, want %d", tt.frame, asked, tt.asks)
		}
	}
}

// Server-side tokens are named by their digest, client-side ones by their claims.
func TestRevokedTokens(t *testing.T) {
	tell, am := newTeller(t), &server{}
	s, w := followed(t, tell, am, "")
	conn := await(t, tell.conns)
	await(t, w.ups)
	await(t, w.events)
	c := NewCache(8, time.Now, func(string) time.Duration { return time.Hour })
	FollowTokens(s, c, neverClear, func(v string, r *RevokedTokens) bool {
		return slices.Contains(r.JTIs, v) || slices.Contains(r.GrantIDs, v)
	})
	for frame, want := range map[string]string{
		`{"topic":"/agent/policy","body":{"sha256":["` + base64.RawURLEncoding.EncodeToString(hash("a")) + `"]}}`:       "a b d",
		`{"topic":"/agent/oauth2.token","body":{"sha256":["` + base64.RawURLEncoding.EncodeToString(hash("a")) + `"]}}`: "b d",
		`{"topic":"/agent/oauth2.token","body":{"jti":["x","b"]}}`:                                                      "a d",
		`{"topic":"/agent/oauth2.token","body":{"authGrantId":["d"],"jti":["a"]}}`:                                      "b",
		`{"topic":"/agent/oauth2.token","body":{"sha256":["?","AAAA",""]}}`:                                             "a b d",
	} {
		for _, text := range []string{"a", "b", "d"} {
			if _, err := c.Load(exchange(t), text, func() (string, error) { return text, nil }); err != nil {
				t.Fatal(err)
			}
		}
		tell.say(conn, frame)
		// The frame after it: events are told one after the other.
		tell.say(conn, `{"topic":"/agent/session.v2","body":{"sessionuid":"mark"}}`)
		for await(t, w.events).Session != "mark" {
		}
		tell.say(conn, `{"topic":"/agent/session.v2","body":{"sessionuid":"mark"}}`)
		for await(t, w.events).Session != "mark" {
		}
		var kept []string
		for _, text := range []string{"a", "b", "d"} {
			if _, ok := c.Get(text); ok {
				kept = append(kept, text)
			}
		}
		if got := strings.Join(kept, " "); got != want {
			t.Errorf("%s leaves %q, want %q", frame, got, want)
		}
	}
}

func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// While events cannot be followed nothing is kept, and what was kept is gone.
func TestLostConnection(t *testing.T) {
	tell, am := newTeller(t), &server{sessions: map[string]bool{"user*": true}}
	s, w := followed(t, tell, am, "")
	conn := await(t, tell.conns)
	await(t, w.ups)
	load := func() (int, error) { return 1, nil }
	if _, err := w.cache.Load(exchange(t), "a", load); err != nil {
		t.Fatal(err)
	}
	tell.mu.Lock()
	tell.status = 401 // the agent's session is gone: it logs in again
	tell.mu.Unlock()
	conn.CloseNow()
	await(t, w.cleared)
	if _, ok := w.cache.Get("a"); ok {
		t.Error("it is kept although events are missed")
	}
	await(t, tell.conns)
	await(t, w.ups)
	if _, err := w.cache.Load(exchange(t), "a", load); err != nil {
		t.Fatal(err)
	}
	if _, ok := w.cache.Get("a"); !ok {
		t.Error("it is not kept although events are followed")
	}
	s.events.turn(disconnected)
	if _, err := w.cache.Load(exchange(t), "b", load); err != nil {
		t.Fatal(err)
	}
	if _, ok := w.cache.Get("b"); ok {
		t.Error("it is kept while events are missed")
	}
	tell.mu.Lock()
	defer tell.mu.Unlock()
	if got := strings.Join(tell.tokens, " "); got != "agent-1* agent-1* agent-2*" {
		t.Errorf("tokens %s", got)
	}
}

// The connection is renewed with a new session of the agent, and is never missing meanwhile.
// A server without sockets is asked again and again, and not on connections that stay.
func TestRefusedSocketsAreClosed(t *testing.T) {
	tell := newTeller(t)
	tell.status = http.StatusNotFound
	followed(t, tell, &server{}, "")
	await(t, tell.conns)
	await(t, tell.closed)
}

func TestRenewal(t *testing.T) {
	tell, am := newTeller(t), &server{}
	_, w := followed(t, tell, am, `,"renewalDelay":"200 milliseconds"`)
	await(t, tell.conns)
	await(t, w.ups)
	await(t, tell.conns)
	await(t, tell.conns)
	tell.mu.Lock()
	defer tell.mu.Unlock()
	if len(w.cleared) > 0 || len(tell.tokens) < 3 || tell.tokens[0] == tell.tokens[1] {
		t.Errorf("tokens %v, cleared %d times", tell.tokens, len(w.cleared))
	}
}

// What is dropped while the answer is on its way is not kept.
func TestDropWhileLoading(t *testing.T) {
	c := NewCache(8, time.Now, func(int) time.Duration { return time.Hour })
	_, _ = c.Load(exchange(t), "a", func() (int, error) { c.Clear(); return 1, nil })
	if _, ok := c.Get("a"); ok {
		t.Error("the stale answer is kept")
	}
}

func TestNotificationsOff(t *testing.T) {
	tell, am := newTeller(t), &server{}
	s, _ := followed(t, tell, am, `,"enabled":false`)
	if s.events.running {
		t.Error("a socket was opened")
	}
}

func FuzzEvent(f *testing.F) {
	for _, s := range []string{`{"topic":"/agent/session.v2","body":{"sessionuid":"a"}}`, `{"topic":1}`, `{"body":[]}`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		if e, ok := parseEvent(frame); ok && e.Topic == "" {
			t.Error("an event without a topic")
		}
	})
}
