// Package notify tells agents over a WebSocket what changes: sessions that end, policies and agents that are written.
// The protocol is that of PingAM's /notifications, v1.
package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/am/store"
)

// Topics that are published.
const (
	TopicSession = "/agent/session.v2"
	TopicPolicy  = "/agent/policy"
	TopicConfig  = "/agent/config"
	// TopicToken is an addition: PingAM's topic for revoked tokens is not documented.
	TopicToken = "/agent/oauth2.token"
)

// oldSession names sessions by their tokens, which the server does not keep.
const oldSession = "/agent/session"

// Limits.
const (
	maxSubscribers = 4096 // of the server
	maxOfAgent     = 64
	maxTopics      = 32 // of one subscriber
	maxTopic       = 256
	maxQueue       = 256 // frames that wait for one subscriber
	maxFrame       = 4 << 10
)

// Options are what a Hub works with. Find and Touch are needed.
type Options struct {
	// Find returns the session that a request shows, with its token; store.ErrNotFound when there is none.
	Find func(r *http.Request) (store.Session, string, error)
	// Touch notes that the session is in use; store.ErrNotFound when it has ended.
	Touch func(ctx context.Context, token string) error
	// Beat is the time between pings; 0 is 30 seconds. Who does not answer one until the next is due is dropped.
	Beat time.Duration
	Log  *slog.Logger
	Now  func() time.Time
}

// Hub knows the subscribers. All methods may be called concurrently.
type Hub struct {
	Options

	mu     sync.Mutex
	closed bool
	all    map[*subscriber]struct{}
	agents map[string]int // sockets by realm and name
	done   sync.WaitGroup
}

// subscriber is one open socket.
type subscriber struct {
	realm, agent string
	session      string // its stored ID
	queue        chan []byte
	stop         context.CancelCauseFunc
	topics       map[string]bool // guarded by Hub.mu
}

// New returns a hub without subscribers.
func New(o Options) *Hub {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.Beat = cmp.Or(o.Beat, 30*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Hub{Options: o, all: map[*subscriber]struct{}{}, agents: map[string]int{}}
}

// Followed tells whether somebody follows the topic.
func (h *Hub) Followed(topic string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for sub := range h.all {
		if sub.topics[topic] {
			return true
		}
	}
	return false
}

// Publish tells those who follow the topic, if their agent's realm is the given one or above it; "" is all of them.
// It never waits: who is too slow to take what is published is dropped, and asks anew when it comes back.
func (h *Hub) Publish(topic, realm string, body any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var frame []byte
	for sub := range h.all {
		if !sub.topics[topic] || !within(sub.realm, realm) {
			continue
		}
		if frame == nil {
			var err error
			frame, err = json.Marshal(struct {
				Topic     string `json:"topic"`
				Timestamp int64  `json:"timestamp"`
				Body      any    `json:"body"`
			}{topic, h.Now().UnixMilli(), body})
			if err != nil {
				h.Log.Error("publish", "topic", topic, "error", err)
				return
			}
		}
		sub.send(frame)
	}
}

func within(agents, realm string) bool {
	return realm == "" || agents == "/" || agents == realm || strings.HasPrefix(realm, agents+"/")
}

// send puts a frame into the queue, or drops the subscriber.
func (s *subscriber) send(frame []byte) {
	select {
	case s.queue <- frame:
	default:
		s.stop(errSlow)
	}
}

// SessionEnded tells of the end of a session, by its public ID, and ends the sockets that were opened with it, by its
// stored ID.
func (h *Hub) SessionEnded(sess store.Session) {
	h.Publish(TopicSession, "", map[string]any{"sessionuid": sess.CtxID, "eventType": "LOGOUT"})
	h.mu.Lock()
	defer h.mu.Unlock()
	for sub := range h.all {
		if sub.session == sess.ID() {
			sub.stop(errEnded)
		}
	}
}

// Empty tells whether nobody is there to be told anything.
func (h *Hub) Empty() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.all) == 0
}

// Close ends all sockets and waits for them.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	for sub := range h.all {
		sub.stop(errClosing)
	}
	h.mu.Unlock()
	h.done.Wait()
}

func (h *Hub) join(sub *subscriber) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	agent := sub.realm + "\x00" + sub.agent
	if h.closed || len(h.all) >= maxSubscribers || h.agents[agent] >= maxOfAgent {
		return false
	}
	h.all[sub] = struct{}{}
	h.agents[agent]++
	h.done.Add(1)
	return true
}

func (h *Hub) leave(sub *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	agent := sub.realm + "\x00" + sub.agent
	delete(h.all, sub)
	if h.agents[agent]--; h.agents[agent] == 0 {
		delete(h.agents, agent)
	}
	h.done.Done()
}

// follow adds a topic.
func (h *Hub) follow(sub *subscriber, topic string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(sub.topics) >= maxTopics && !sub.topics[topic] {
		return false
	}
	sub.topics[topic] = true
	return true
}
