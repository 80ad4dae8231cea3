package session

import (
	"crypto/rand"
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/maypok86/otter/v2"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/observe"
)

type inMemoryConfig struct {
	// Timeout is how long a session lives after it was last used.
	Timeout conf.Duration `conf:"timeout,default=30 minutes"`
	// Cookie is the session cookie.
	Cookie *Cookie `conf:"cookie"`
}

// maxSessions bounds the memory that sessions take; the one that was unused longest
// makes room.
const maxSessions = 500_000

// DefaultName is the cookie of sessions of the gateway.
const DefaultName = "IG_SESSIONID"

// adminName is the cookie of sessions of the administration, which browsers may send
// to the other ports of the same host too.
const adminName = "IG_ADMIN_SESSIONID"

var inMemory = heap.Define("InMemorySessionManager", func(c *inMemoryConfig, env *heap.Env) (SessionManager, error) {
	if c.Timeout <= 0 {
		env.Fail("timeout", "expected a duration above zero")
	}
	name := DefaultName
	if env.Heap.Name == "admin" {
		name = adminName
	}
	c.Cookie = c.Cookie.OrDefaults(env, "cookie", name)
	m := newMemory(c, env.Limits)
	env.Measure(m.samples)
	return m, nil
})

// NewDefault returns the manager that applies where no configuration of the heap names one.
func NewDefault(h *heap.Heap) SessionManager {
	d, _ := conf.ParseDuration("30 minutes")
	m := newMemory(&inMemoryConfig{Timeout: d, Cookie: &Cookie{Name: DefaultName, HTTPOnly: true, Path: "/"}}, h.Services().Limits)
	(&heap.Env{Name: "session", Heap: h}).Measure(m.samples)
	return m
}

func (m *memory) samples() []heap.Sample {
	return []heap.Sample{{Metric: "gatehouse_sessions", Value: float64(m.sessions.EstimatedSize())}}
}

type memory struct {
	config   *inMemoryConfig
	sessions *otter.Cache[string, *stored]
}

func newMemory(c *inMemoryConfig, limits *observe.Limits) *memory {
	o := &otter.Options[string, *stored]{MaximumSize: limits.Number("sessions", maxSessions), OnDeletion: func(e otter.DeletionEvent[string, *stored]) {
		if e.Cause == otter.CauseOverflow {
			limits.Add("sessions")
		}
	}}
	if !c.Timeout.Unlimited() {
		o.ExpiryCalculator = otter.ExpiryAccessing[string, *stored](c.Timeout.D())
	}
	return &memory{config: c, sessions: otter.Must(o)}
}

// Stop ends the cache's own work.
func (m *memory) Stop() {
	m.sessions.InvalidateAll()
	m.sessions.StopAllGoroutines()
}

// stored is a session as all its requests share it.
type stored struct {
	mu     sync.RWMutex
	values map[string]any
}

func (m *memory) Open(x *chain.Exchange) Scope { return &memoryScope{manager: m, x: x} }

// memoryScope finds its session when somebody looks, and makes one when somebody stores.
type memoryScope struct {
	manager *memory
	x       *chain.Exchange

	mu      sync.Mutex // a script's calls run beside one another
	looked  bool
	session *stored
	fresh   string // id of a session made by this request
}

func (s *memoryScope) find() *stored {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.found()
}

func (s *memoryScope) found() *stored {
	if !s.looked {
		s.looked = true
		if id := s.manager.config.Cookie.Get(s.x.Request.Header); id != "" {
			s.session, _ = s.manager.sessions.GetIfPresent(id)
		}
	}
	return s.session
}

func (s *memoryScope) Get(key string) (any, bool) {
	st := s.find()
	if st == nil {
		return nil, false
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	v, ok := st.values[key]
	return v, ok
}

func (s *memoryScope) Set(key string, v any) error {
	st := s.find()
	if st == nil {
		if v == nil {
			return nil
		}
		st = s.make()
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if v == nil {
		delete(st.values, key)
	} else {
		st.values[key] = own(v)
	}
	return nil
}

// own copies maps and lists, which whoever stored them may go on changing while other
// requests of the session read them. What is stored is never changed in place.
func own(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for name, e := range v {
			m[name] = own(e)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = own(e)
		}
		return list
	case []string:
		return slices.Clone(v)
	case map[string]string:
		return maps.Clone(v)
	case chain.Headers:
		return chain.Headers(http.Header(v).Clone())
	}
	return v
}

// make begins a session, unless another call has done so meanwhile.
func (s *memoryScope) make() *stored {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session == nil {
		s.fresh = newID()
		s.session = &stored{values: map[string]any{}}
		s.manager.sessions.Set(s.fresh, s.session)
	}
	return s.session
}

func (s *memoryScope) Keys() []string {
	st := s.find()
	if st == nil {
		return nil
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	return slices.Sorted(maps.Keys(st.values))
}

func (s *memoryScope) Clear() {
	if st := s.find(); st != nil {
		st.mu.Lock()
		defer st.mu.Unlock()
		clear(st.values)
	}
}

func (s *memoryScope) Save(resp *chain.Response) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fresh != "" {
		s.manager.config.Cookie.Set(resp.Header, s.fresh, 0)
	}
	return nil
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// Renew gives the session another id, so that an id which somebody planted before a
// login is worth nothing after it.
func (s *memoryScope) Renew() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.found()
	if st == nil || s.fresh != "" {
		return nil
	}
	s.manager.sessions.Invalidate(s.manager.config.Cookie.Get(s.x.Request.Header))
	s.fresh = newID()
	s.manager.sessions.Set(s.fresh, st)
	return nil
}

func newID() string { return base64.RawURLEncoding.EncodeToString(randomBytes(32)) }
