package notify

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/memory"
)

// node is the hub of a node of a store, with one socket.
func node(t *testing.T, e store.Engine, ended func(string)) (*Hub, *subscriber, context.Context) {
	t.Helper()
	h := New(Options{Store: e, Ended: ended})
	sub, ctx := newSubscriber(h, "a")
	if !h.join(sub) || !h.follow(sub, TopicPolicy) || !h.follow(sub, TopicSession) {
		t.Fatal("cannot join")
	}
	t.Cleanup(func() { h.leave(sub); h.Close() })
	return h, sub, ctx
}

func (s *subscriber) next(t *testing.T) (topic string, body any) {
	t.Helper()
	var out struct {
		Topic string
		Body  any
	}
	select {
	case frame := <-s.queue:
		if err := json.Unmarshal(frame, &out); err != nil {
			t.Fatal(err)
		}
	case <-t.Context().Done():
		t.Fatal("nothing came")
	}
	return out.Topic, out.Body
}

// What one node publishes reaches the sockets of all, once and in order, and ends those of a session that ended.
func TestRelay(t *testing.T) {
	e := memory.New()
	t.Cleanup(func() { e.Close() })
	ended := make(chan string, 1)
	first, here, _ := node(t, e, func(string) { t.Error("its own session was told of as another node's") })
	_, there, life := node(t, e, func(id string) { ended <- id })
	there.session = "stored"
	const n = 3*relayRecord + 1
	for i := range n {
		if i%relayRecord == 0 { // the queue of a socket is bounded
			first.Publish(TopicPolicy, "/", i)
			if _, body := here.next(t); body != float64(i) {
				t.Fatalf("here: %v, want %d", body, i)
			}
			if topic, body := there.next(t); topic != TopicPolicy || body != float64(i) {
				t.Fatalf("there: %v, want %d", body, i)
			}
			continue
		}
		first.Publish("another topic", "/", i)
	}
	first.PublishHere(TopicPolicy, "/", "here alone")
	if _, body := here.next(t); body != "here alone" {
		t.Errorf("here: %v", body)
	}
	first.tell(TopicSession, "", "stored", map[string]string{"sessionuid": "public"}, true)
	here.next(t)
	if topic, _ := there.next(t); topic != TopicSession {
		t.Errorf("topic = %s, want that of the session", topic)
	}
	if id := <-ended; id != "stored" {
		t.Errorf("ended = %s", id)
	}
	<-life.Done()
	if !errors.Is(context.Cause(life), errEnded) {
		t.Errorf("cause = %v", context.Cause(life))
	}
	if first.Empty() || !first.Wanted("anything") || first.Followed("anything") {
		t.Error("a node of several must tell the others, whoever is there")
	}
}

// Who comes later is not told what was before, and a node that is closed has told what waited.
func TestRelayLate(t *testing.T) {
	e := memory.New()
	t.Cleanup(func() { e.Close() })
	early := New(Options{Store: e})
	early.Publish(TopicPolicy, "/", "before")
	early.Close()
	list, err := e.List(t.Context(), store.Query{Kind: kindNotice})
	if err != nil || len(list) != 1 || list[0].Expires.IsZero() {
		t.Fatalf("written: %v, %v", list, err)
	}
	r := &relay{engine: e, hub: New(Options{}), node: "other", now: early.Now, log: early.Log}
	sub, _ := newSubscriber(r.hub, "a")
	r.hub.join(sub)
	r.hub.follow(sub, TopicPolicy)
	seen := map[string]bool{}
	if err := r.poll(t.Context(), early.Now().Add(relayWindow), seen); err != nil || len(sub.queue) != 0 || len(seen) != 1 {
		t.Errorf("told %d frames of %d records, %v", len(sub.queue), len(seen), err)
	}
	clear(seen)
	for range 2 {
		if err := r.poll(t.Context(), early.Now().Add(-relayWindow), seen); err != nil || len(sub.queue) != 1 {
			t.Errorf("told %d frames, %v, want one", len(sub.queue), err)
		}
	}
}
