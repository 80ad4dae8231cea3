package filters

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/observe"
)

type cookieConfig struct {
	// Managed are cookies that the gateway keeps in the session, away from the client.
	Managed []string `conf:"managed"`
	// Suppressed are cookies that are dropped both ways.
	Suppressed []string `conf:"suppressed"`
	// Relayed are cookies that pass.
	Relayed []string `conf:"relayed"`
	// DefaultAction is for cookies that no list names.
	DefaultAction string `conf:"defaultAction,oneof=MANAGE|SUPPRESS|RELAY,default=MANAGE"`
}

type cookieAction int

const (
	manage cookieAction = iota
	suppress
	relay
)

// cookie keeps cookies of upstreams from clients, or clients' from upstreams.
var cookie = heap.Define("CookieFilter", func(c *cookieConfig, env *heap.Env) (chain.Filter, error) {
	f := &cookieFilter{actions: map[string]cookieAction{}, now: env.Now, limits: env.Limits, key: "cookies of " + env.Name}
	f.other = map[string]cookieAction{"MANAGE": manage, "SUPPRESS": suppress, "RELAY": relay}[c.DefaultAction]
	// The most important list is written last and wins.
	for _, l := range []struct {
		action cookieAction
		names  []string
	}{{relay, c.Relayed}, {suppress, c.Suppressed}, {manage, c.Managed}} {
		for _, n := range l.names {
			f.actions[strings.ToLower(n)] = l.action
		}
	}
	f.manages = f.other == manage || len(c.Managed) > 0
	return f, nil
})

type cookieFilter struct {
	actions map[string]cookieAction
	other   cookieAction
	manages bool
	key     string // of the jar in the session
	now     func() time.Time
	limits  *observe.Limits
	mu      sync.Mutex // held while a jar is put into a session
}

var (
	errNoSession     = errors.New("a CookieFilter that manages cookies needs a session")
	errCookieSession = errors.New("the session cannot hold cookies; use an InMemorySessionManager")
)

func (f *cookieFilter) action(name string) cookieAction {
	if a, ok := f.actions[strings.ToLower(name)]; ok {
		return a
	}
	return f.other
}

func (f *cookieFilter) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	var session chain.Session
	if f.manages {
		s := chain.Find[*chain.SessionContext](x.Context)
		if s == nil || s.Session == nil {
			return nil, errNoSession
		}
		session = s.Session
	}
	place := placeOf(x)
	if err := f.request(x.Request, session, place); err != nil {
		return nil, err
	}
	resp, err := next.Handle(x)
	if err != nil || len(resp.Header["Set-Cookie"]) == 0 {
		return resp, err
	}
	if err := f.response(resp.Header, session, place); err != nil {
		resp.Entity.Close()
		return nil, err
	}
	return resp, nil
}

// placeOf is the host that the client asked and the path that was asked for.
func placeOf(x *chain.Exchange) cookiePlace {
	host := ""
	if h := x.Request.Header["Host"]; len(h) > 0 {
		host = h[0]
		if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
			host = host[:i]
		}
	} else {
		host = x.Request.URI.Host
	}
	return cookiePlace{strings.ToLower(host), x.Request.URI.RawPath}
}

// request drops the client's cookies that must not pass and adds those that are kept.
func (f *cookieFilter) request(r *chain.Request, session chain.Session, place cookiePlace) error {
	var b strings.Builder
	add := func(pair string) {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(pair)
	}
	chain.EachCookie(r.Header, func(pair, name, _ string) {
		if f.action(name) == relay {
			add(pair)
		}
	})
	if session != nil {
		j, err := f.jar(session, false)
		if err != nil {
			return err
		}
		if j != nil {
			j.each(place, f.now(), add)
		}
	}
	delete(r.Header, "Cookie")
	if b.Len() > 0 {
		r.Header["Cookie"] = []string{b.String()}
	}
	return nil
}

// response takes the upstream's cookies that must not reach the client.
func (f *cookieFilter) response(h http.Header, session chain.Session, place cookiePlace) error {
	fields := h["Set-Cookie"]
	kept := make([]string, 0, len(fields))
	for _, field := range fields {
		c, ok := parseSetCookie(field)
		if !ok {
			continue
		}
		switch f.action(c.name) {
		case relay:
			kept = append(kept, field)
		case manage:
			j, err := f.jar(session, true)
			if err != nil {
				return err
			}
			if j.store(c, place, f.now()) {
				f.limits.Add("cookies")
			}
		}
	}
	if len(kept) == 0 {
		delete(h, "Set-Cookie")
	} else {
		h["Set-Cookie"] = kept
	}
	return nil
}

// jar returns the jar of a session; a missing one is made when it is needed.
func (f *cookieFilter) jar(session chain.Session, make bool) (*cookieJar, error) {
	v, ok := session.Get(f.key)
	if !ok && make {
		f.mu.Lock()
		defer f.mu.Unlock()
		if v, ok = session.Get(f.key); !ok {
			if err := session.Set(f.key, &cookieJar{}); err != nil {
				return nil, errors.Join(errCookieSession, err)
			}
			v, ok = session.Get(f.key)
		}
	}
	if !ok || v == nil {
		return nil, nil
	}
	j, ok := v.(*cookieJar)
	if !ok {
		return nil, errCookieSession
	}
	return j, nil
}
