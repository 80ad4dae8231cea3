package am

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"

	"gatehouse/internal/am/notify"
	"gatehouse/internal/am/rest"
	"gatehouse/internal/am/store"
)

// serviceBaseURL is the service that says where the server stands as others see it.
const serviceBaseURL = "baseurl"

// baseURLSource is how the base URL is found.
type baseURLSource struct {
	Source  string `json:"source"`
	Fixed   string `json:"fixedValue"`
	Context string `json:"contextPath"`
}

// settings keeps what nearly every request needs, decoded, until a document of its kinds changes.
type settings struct {
	log *slog.Logger

	mu      sync.RWMutex
	docs    store.Docs
	version int                      // counts changes, so that what was read before one is not kept after it
	base    map[string]baseURLSource // by realm; the zero value: the realm says nothing
	cors    *corsRules               // nil: not read yet
	apis    *rest.APISettings        // nil: not read yet
}

func newSettings(log *slog.Logger) *settings {
	return &settings{log: log, base: map[string]baseURLSource{}}
}

// follow forgets what other nodes change.
func (s *settings) follow(ctx context.Context, done *sync.WaitGroup, e store.Engine, docs store.Docs) error {
	s.docs = docs
	events, err := e.Watch(ctx, store.KindService, store.KindGlobal, rest.KindCORS)
	if err != nil {
		return err
	}
	done.Go(func() {
		for range events {
			s.forget()
		}
	})
	return nil
}

func (s *settings) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	clear(s.base)
	s.cors, s.apis = nil, nil
}

// baseURL returns the realm's base URL source.
func (s *settings) baseURL(ctx context.Context, realm string) baseURLSource {
	s.mu.RLock()
	source, ok := s.base[realm]
	version := s.version
	s.mu.RUnlock()
	if ok {
		return source
	}
	return s.loadBaseURL(ctx, realm, version)
}

func (s *settings) loadBaseURL(ctx context.Context, realm string, version int) (source baseURLSource) {
	d, err := s.docs.Get(ctx, realm, store.KindService, serviceBaseURL)
	if err == nil {
		err = json.Unmarshal(d.Body, &source)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.log.Error("the base URL source cannot be used", "realm", realm, "error", err)
		return source
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if version == s.version {
		s.base[realm] = source
	}
	return source
}

// crossOrigin returns the rules of the CORS service.
func (s *settings) crossOrigin(ctx context.Context) *corsRules {
	s.mu.RLock()
	rules, version := s.cors, s.version
	s.mu.RUnlock()
	if rules != nil {
		return rules
	}
	service := rest.CORSService{Enabled: true}
	d, err := s.docs.Get(ctx, "", store.KindGlobal, rest.ServiceCORS)
	switch {
	case err == nil:
		err = json.Unmarshal(d.Body, &service)
	case errors.Is(err, store.ErrNotFound):
		err = nil
	}
	var docs []store.Doc
	if err == nil && service.Enabled {
		docs, err = s.docs.List(ctx, "", rest.KindCORS)
	}
	if err != nil {
		s.log.Error("the CORS service cannot be used", "error", err)
		return &corsRules{}
	}
	list := []rest.CORS{}
	for _, d := range docs {
		var c rest.CORS
		if err := json.Unmarshal(d.Body, &c); err != nil {
			s.log.Error("a CORS configuration cannot be used", "id", d.ID, "error", err)
			continue
		}
		list = append(list, c)
	}
	rules = compileCORS(list)
	s.mu.Lock()
	defer s.mu.Unlock()
	if version == s.version {
		s.cors = rules
	}
	return rules
}

// api returns the settings of the REST interfaces.
func (s *settings) api(ctx context.Context) rest.APISettings {
	s.mu.RLock()
	kept, version := s.apis, s.version
	s.mu.RUnlock()
	if kept != nil {
		return *kept
	}
	set := rest.DefaultAPISettings()
	d, err := s.docs.Get(ctx, "", store.KindGlobal, rest.ServiceREST)
	if err == nil {
		err = json.Unmarshal(d.Body, &set)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.log.Error("the settings of the REST interfaces cannot be used", "error", err)
		return rest.DefaultAPISettings()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if version == s.version {
		s.apis = &set
	}
	return set
}

// noticing is an engine whose writes of settings are in force when they return, and that tells of sessions that end.
type noticing struct {
	store.Engine
	settings *settings
	origins  *clientOrigins
	ended    func(sessionID string)
	hub      func() *notify.Hub // nil is none yet
}

func (e noticing) Batch(ctx context.Context, ops ...store.Op) error {
	hub := e.hub()
	news := noticesOf(ctx, hub, e.Engine, ops)
	err := e.Engine.Batch(ctx, ops...)
	if err == nil {
		news.publish(hub)
	}
	for i := range ops {
		switch ops[i].Kind {
		case store.KindService, store.KindGlobal, rest.KindCORS:
			e.settings.forget()
		case store.KindAgent, store.KindAgentGroup:
			if err == nil && ops[i].Delete {
				e.origins.changed(ctx, ops[i].Key, json.RawMessage("{}"))
			} else if err == nil {
				e.origins.changed(ctx, ops[i].Key, ops[i].Body)
			}
		}
	}
	for i := range ops {
		if id, ends := store.SessionOf(ops[i]); ends && err == nil {
			e.ended(id)
		}
	}
	return err
}
