package amservice

import (
	"encoding/json"
	"slices"
	"sync"
	"weak"
)

// Topics of events.
const (
	topicSession = "/agent/session.v2"
	topicPolicy  = "/agent/policy"
	// topicToken tells of revoked tokens. It is an addition of Gatehouse's own server:
	// that of PingAM is not documented.
	topicToken = "/agent/oauth2.token"
)

// Modes of what to do with a cache when events cannot be followed for a while.
const (
	neverClear        = "NEVER_CLEAR"
	clearOnDisconnect = "CLEAR_ON_DISCONNECT"
	clearOnReconnect  = "CLEAR_ON_RECONNECT"
)

// Event is what the server tells. A session event names the session by its public id or
// by its token; one that names none may be about any.
type Event struct {
	Topic       string
	Session     string // public id, a session's AMCtxId
	Token       string
	Realm       string
	Policy, Set string
	Tokens      RevokedTokens
}

// RevokedTokens names tokens that were revoked: server-side ones by the SHA-256 of their
// text in base64url without padding, client-side ones by their claims jti or authGrantId.
type RevokedTokens struct {
	SHA256   []string `json:"sha256"`
	JTIs     []string `json:"jti"`
	GrantIDs []string `json:"authGrantId"`
}

// parseEvent reads a frame; ok is false for those that are no events.
func parseEvent(frame []byte) (e Event, ok bool) {
	var in struct {
		Topic string `json:"topic"`
		Body  *struct {
			Session  string `json:"sessionuid"`
			Session2 string `json:"sessionUid"`
			Token    string `json:"tokenId"`
			Realm    string `json:"realm"`
			Policy   string `json:"policy"`
			Set      string `json:"policySet"`
			RevokedTokens
		} `json:"body"`
	}
	if json.Unmarshal(frame, &in) != nil || in.Topic == "" || in.Body == nil {
		return Event{}, false
	}
	b := in.Body
	if b.Session == "" {
		b.Session = b.Session2
	}
	return Event{Topic: in.Topic, Session: b.Session, Token: b.Token, Realm: b.Realm, Policy: b.Policy, Set: b.Set, Tokens: b.RevokedTokens}, true
}

// following is a cache's tie to the events of a service. The service holds it weakly: it
// lives as long as the cache.
type following struct {
	mode  string
	clear func()
	event func(Event)
	keeps func() bool
}

// events are those who follow a service, and whether it is connected.
type events struct {
	mu        sync.Mutex
	followers []weak.Pointer[following]
	state     connection
	started   bool
	running   bool
	stop      func()
}

type connection int

const (
	unstarted connection = iota // caches live by time alone
	disconnected
	connected
)

// followWith ties a cache to the service.
func followWith[V any](s *Service, c *Cache[V], mode string, event func(Event)) {
	if !s.Follows() {
		return
	}
	f := &following{mode: mode, clear: c.Clear, event: event, keeps: s.events.keeps}
	c.following = f
	s.events.mu.Lock()
	s.events.followers = append(slices.DeleteFunc(s.events.followers, func(p weak.Pointer[following]) bool { return p.Value() == nil }), weak.Make(f))
	start := s.events.started && !s.events.running
	s.events.mu.Unlock()
	if start {
		s.beginFollowing()
	}
}

// FollowDecisions clears a cache of decisions when a policy changes, and drops those about a
// session that has ended or changed. mode is what onNotificationDisconnection says.
func FollowDecisions(s *Service, c *Cache[*Decision], mode string) {
	followWith(s, c, mode, func(e Event) {
		switch e.Topic {
		case topicPolicy:
			c.Clear()
		case topicSession:
			c.DropWhere(func(d *Decision) bool { return d.about.concerns(e) })
		}
	})
}

// FollowTokens drops tokens from a cache when they are revoked. claimed says whether a
// value is one of a client-side token that r names by a claim.
func FollowTokens[V any](s *Service, c *Cache[V], mode string, claimed func(v V, r *RevokedTokens) bool) {
	followWith(s, c, mode, func(e Event) {
		if e.Topic != topicToken {
			return
		}
		for _, digest := range e.Tokens.SHA256 {
			c.dropDigest(digest)
		}
		if len(e.Tokens.JTIs)+len(e.Tokens.GrantIDs) > 0 {
			c.DropWhere(func(v V) bool { return claimed(v, &e.Tokens) })
		}
	})
}

// keeps tells whether answers of now may be kept.
func (e *events) keeps() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state != disconnected
}

func (e *events) each(do func(*following)) {
	e.mu.Lock()
	var list []*following
	for _, p := range e.followers {
		if f := p.Value(); f != nil {
			list = append(list, f)
		}
	}
	e.mu.Unlock()
	for _, f := range list {
		do(f)
	}
}

func (e *events) tell(event Event) {
	e.each(func(f *following) { f.event(event) })
}

// turn changes the state of the connection. What was kept before is cleared as the
// followers want it.
func (e *events) turn(to connection) {
	e.mu.Lock()
	from := e.state
	e.state = to
	e.mu.Unlock()
	if from == to || from == unstarted && to == disconnected {
		return
	}
	e.each(func(f *following) {
		if to == disconnected && f.mode == clearOnDisconnect || to == connected && f.mode == clearOnReconnect {
			f.clear()
		}
	})
}
