package notify

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/store"
)

func newSubscriber(h *Hub, agent string) (*subscriber, context.Context) {
	ctx, stop := context.WithCancelCause(context.Background())
	return &subscriber{realm: "/", agent: agent, queue: make(chan []byte, maxQueue), stop: stop, topics: map[string]bool{}}, ctx
}

// Whoever does not take what is published is dropped; the others are not held up.
func TestSlowSubscriber(t *testing.T) {
	h := New(Options{})
	slow, ctx := newSubscriber(h, "slow")
	if !h.join(slow) || !h.follow(slow, TopicPolicy) || !h.Followed(TopicPolicy) || h.Followed(TopicConfig) {
		t.Fatal("cannot join")
	}
	for range maxQueue {
		h.Publish(TopicPolicy, "/", "x")
	}
	if ctx.Err() != nil {
		t.Fatal("dropped too early")
	}
	h.Publish(TopicPolicy, "/", "x")
	if !errors.Is(context.Cause(ctx), errSlow) {
		t.Errorf("cause = %v", context.Cause(ctx))
	}
	h.leave(slow)
	if !h.Empty() {
		t.Error("it did not leave")
	}
}

func TestLimits(t *testing.T) {
	h := New(Options{})
	for range maxOfAgent {
		if sub, _ := newSubscriber(h, "a"); !h.join(sub) {
			t.Fatal("refused")
		}
	}
	sub, _ := newSubscriber(h, "a")
	if h.join(sub) {
		t.Error("one agent has too many sockets")
	}
	sub, _ = newSubscriber(h, "b")
	if !h.join(sub) {
		t.Error("another agent is refused")
	}
	for i := range maxTopics {
		h.follow(sub, string(rune('a'+i)))
	}
	if h.follow(sub, "one more") || !h.follow(sub, "a") {
		t.Error("topics are not bounded")
	}
}

func FuzzHear(f *testing.F) {
	for _, s := range []string{`{"action":"subscribe","topic":"/agent/policy","id":"1"}`, `{"action":null}`, `[]`, `{"id":{}}`, ``} {
		f.Add([]byte(s))
	}
	h := New(Options{})
	f.Fuzz(func(t *testing.T, frame []byte) {
		sub, _ := newSubscriber(h, "a")
		if answer := h.hear(sub, frame); answer["error"] == "" && answer["message"] == "" {
			t.Errorf("%s has no answer", frame)
		}
	})
}

func TestSessionOfAnother(t *testing.T) {
	h := New(Options{})
	sub, ctx := newSubscriber(h, "a")
	sub.session = "mine"
	h.join(sub)
	h.SessionEnded(store.Session{})
	if ctx.Err() != nil {
		t.Error("the socket ended with another session")
	}
}

// open serves a hub to one agent and dials it.
func open(t *testing.T, touch func(context.Context, string) error) (*Hub, *websocket.Conn) {
	t.Helper()
	h := New(Options{
		Beat:  5 * time.Millisecond,
		Touch: touch,
		Find: func(*http.Request) (store.Session, string, error) {
			return store.Session{Realm: "/", Subject: store.Subject{Type: login.TypeAgent, Name: "a"}}, "token", nil
		},
	})
	ts := httptest.NewServer(h)
	t.Cleanup(ts.Close)
	conn, _, err := websocket.Dial(t.Context(), ts.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return h, conn
}

// A session that ends by time ends its socket at the next beat.
func TestSessionTimesOut(t *testing.T) {
	var beats atomic.Int32
	_, conn := open(t, func(context.Context, string) error {
		if beats.Add(1) > 2 {
			return store.ErrNotFound
		}
		return nil
	})
	if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("end = %v", err)
	}
}

// A peer that does not answer pings is dropped: this one does not even read them.
func TestSilentPeer(t *testing.T) {
	h, _ := open(t, func(context.Context, string) error { return nil })
	h.done.Wait()
	if !h.Empty() {
		t.Error("the silent peer is still there")
	}
}
