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
	"gatehouse/internal/observe"
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
	// Store is what several nodes share, which then publish what any of them does; nil: there is this one alone.
	Store store.Engine
	// Ended is told of sessions, by their stored ID, that other nodes ended; nil: nobody is.
	Ended func(sessionID string)
	// Beat is the time between pings; 0 is 30 seconds. Who does not answer one until the next is due is dropped.
	Beat time.Duration
	Log  *slog.Logger
	Now  func() time.Time
	// Limits counts what limits held back; nil: nobody does.
	Limits *observe.Limits
}

// Hub knows the subscribers. All methods may be called concurrently.
type Hub struct {
	Options

	mu     sync.Mutex
	closed bool
	all    map[*subscriber]struct{}
	agents map[string]int // sockets by realm and name
	done   sync.WaitGroup
	relay  *relay // nil: there are no other nodes
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
	h := &Hub{Options: o, all: map[*subscriber]struct{}{}, agents: map[string]int{}}
	if o.Store != nil {
		h.relay = newRelay(o.Store, h)
	}
	return h
}

// Wanted tells whether somebody may follow the topic, here or at another node.
func (h *Hub) Wanted(topic string) bool { return h.relay != nil || h.Followed(topic) }

// Followed tells whether somebody follows the topic here.
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

// Publish tells those who follow the topic, at all nodes, if their agent's realm is the given one or above it; "" is
// all of them. It never waits: who is too slow to take what is published is dropped, and asks anew when it comes back.
func (h *Hub) Publish(topic, realm string, body any) {
	if h.Wanted(topic) {
		h.tell(topic, realm, "", body, true)
	}
}

// PublishHere is for what every node finds out by itself.
func (h *Hub) PublishHere(topic, realm string, body any) {
	if h.Followed(topic) {
		h.tell(topic, realm, "", body, false)
	}
}

func (h *Hub) tell(topic, realm, session string, body any, everywhere bool) {
	raw, err := json.Marshal(body)
	if err != nil {
		h.Log.Error("publish", "topic", topic, "error", err)
		return
	}
	e := event{topic, realm, h.Now().UnixMilli(), raw, session}
	h.deliver(e)
	if everywhere && h.relay != nil {
		h.relay.add(e)
	}
}

// deliver sends an event to the sockets here, and ends those of its session.
func (h *Hub) deliver(e event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var frame []byte
	for sub := range h.all {
		if sub.topics[e.Topic] && within(sub.realm, e.Realm) {
			if frame == nil {
				var err error
				frame, err = json.Marshal(struct {
					Topic     string          `json:"topic"`
					Timestamp int64           `json:"timestamp"`
					Body      json.RawMessage `json:"body"`
				}{e.Topic, e.At, e.Body})
				if err != nil {
					h.Log.Error("publish", "topic", e.Topic, "error", err)
					return
				}
			}
			h.send(sub, frame)
		}
		if e.Session != "" && sub.session == e.Session {
			sub.stop(errEnded)
		}
	}
}

func within(agents, realm string) bool {
	return realm == "" || agents == "/" || agents == realm || strings.HasPrefix(realm, agents+"/")
}

// send puts a frame into the queue, or drops the subscriber.
func (h *Hub) send(s *subscriber, frame []byte) {
	select {
	case s.queue <- frame:
	default:
		h.Limits.Add("notification_queue")
		s.stop(errSlow)
	}
}

// SessionEnded tells of the end of a session, by its public ID, and ends the sockets that were opened with it, by its
// stored ID.
func (h *Hub) SessionEnded(sess store.Session) {
	h.tell(TopicSession, "", sess.ID(), map[string]any{"sessionuid": sess.CtxID, "eventType": "LOGOUT"}, true)
}

// Sockets is how many follow notifications now.
func (h *Hub) Sockets() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.all)
}

// Empty tells whether nobody is there to be told anything, here or at another node.
func (h *Hub) Empty() bool { return h.relay == nil && !h.here() }

// here tells whether there are sockets here.
func (h *Hub) here() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.all) > 0
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
	if h.relay != nil {
		h.relay.close()
	}
}

func (h *Hub) join(sub *subscriber) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	agent := sub.realm + "\x00" + sub.agent
	if h.closed || len(h.all) >= h.Limits.Number("notification_sockets", maxSubscribers) || h.agents[agent] >= maxOfAgent {
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
