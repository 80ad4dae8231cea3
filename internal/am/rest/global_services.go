package rest

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// globalSession are the settings that sessions have for the whole server.
type globalSession struct {
	Quotas login.Quotas `json:"quotas"`
}

// corsType is one configuration of the CORS service.
func corsType() *Type {
	return &Type{ID: "configuration", Name: "Cors Configuration", Collection: true, Groups: groupsOf(CORS{
		Enabled: true, AcceptedOrigins: []string{}, AcceptedMethods: []string{}, AcceptedHeaders: []string{}, ExposedHeaders: []string{}, MaxAge: 600,
	}, nil, nil)}
}

// CORS is one configuration of which pages of other origins may call (PingAM: CORS service).
type CORS struct {
	Enabled          bool     `json:"enabled"`
	AcceptedOrigins  []string `json:"acceptedOrigins"` // without wildcards
	AcceptedMethods  []string `json:"acceptedMethods"`
	AcceptedHeaders  []string `json:"acceptedHeaders"` // beside the simple ones
	ExposedHeaders   []string `json:"exposedHeaders"`
	MaxAge           int      `json:"maxAge"` // seconds
	AllowCredentials bool     `json:"allowCredentials"`
}

// ServiceCORS is the service of the whole server, kept as store.KindGlobal, that can be switched off.
const ServiceCORS = "CorsService"

// CORSService are its own settings.
type CORSService struct {
	Enabled bool `json:"enabled"`
}

// KindCORS is the kind of the documents that hold CORS, under the realm "".
const KindCORS = "cors"

// globals are settings of the whole server, and the defaults of services that are added later.
type globals struct {
	*Server
	own   map[string]*Type
	realm []*Type
}

func (s *Server) globalServices() []*Resource {
	provider := &Type{ID: realm.ServiceOAuth2, Groups: groupsOf(*realm.DefaultGlobal(), nil, nil)}
	validation := &Type{ID: "validation", Groups: groupsOf(validationSettings{Destinations: []string{}}, nil, nil)}
	session := &Type{ID: login.ServiceSession, Groups: groupsOf(globalSession{login.DefaultQuotas()}, map[string]string{
		"quotas": "Session Quotas", "iplanet-am-session-enable-session-constraint": "Enable Quota Constraints",
		"behaviourWhenQuotaExhausted": "Resulting behavior if session quota exhausted", "denyLoginWhenRepoDown": "Deny user login when session repository is down",
		"quotaConstraintMaxWaitTime": "Read Timeout for Quota Constraint",
	}, options{
		"iplanet-am-session-enable-session-constraint": enum("ON", "OFF"), "denyLoginWhenRepoDown": enum("YES", "NO"),
		"behaviourWhenQuotaExhausted": enum(login.QuotaActions()...),
	})}
	cors := corsType()
	service := &Type{ID: ServiceCORS, Name: "CORS Service", Groups: groupsOf(CORSService{Enabled: true}, nil, nil)}
	g := globals{s, map[string]*Type{provider.ID: provider, validation.ID: validation, session.ID: session}, serviceTypes()}
	for _, t := range []*Type{service, apiType()} { // no realm has them
		g.own[t.ID], g.realm = t, append(g.realm, t)
	}
	configurations := func(c *Call) ([]Object, error) {
		docs, err := s.docs.List(c.Context(), "", KindCORS)
		list := []Object{}
		for _, d := range docs {
			o, err := decodeObject(d.Body)
			if err != nil {
				return nil, err
			}
			list = append(list, cors.terse(d.ID, o))
		}
		return list, err
	}
	return []*Resource{
		{
			Path: "global-config/services", Global: true, Query: g.query, Read: g.read, Update: g.update,
			Actions: map[string]Action{"nextdescendents": {Do: g.descendents}},
			ItemActions: map[string]Action{
				"schema": {Do: func(c *Call) (any, error) { t, _, err := g.typesOf(c.ID); return t.schema(), err }},
				"nextdescendents": {Do: func(c *Call) (any, error) {
					if c.ID != ServiceCORS {
						return noResult(c)
					}
					list, err := configurations(c)
					return Object{"result": list}, err
				}},
			},
		},
		{
			Path: "global-config/services/CorsService/configuration", Global: true,
			Query: configurations,
			Read: func(c *Call, id string) (Object, error) {
				d, err := c.getIn("", KindCORS, id)
				if err != nil {
					return nil, err
				}
				o, err := decodeObject(d.Body)
				return cors.terse(id, o), err
			},
			Create: func(c *Call, id string, body Object) (Object, error) {
				return s.storeCORS(c, cors, id, body, func(d store.Doc) error {
					_, err := s.docs.Create(c.Context(), "", KindCORS, d)
					return err
				})
			},
			Update: func(c *Call, id string, body Object) (Object, error) {
				return s.storeCORS(c, cors, id, body, func(d store.Doc) error {
					return c.over("", KindCORS, d)
				})
			},
			Delete: func(c *Call, id string) (Object, error) {
				return Object{"_id": id}, c.remove("", KindCORS, id)
			},
			Actions: map[string]Action{
				"schema":          {Do: func(*Call) (any, error) { return cors.schema(), nil }},
				"template":        {Do: func(*Call) (any, error) { return cors.template(), nil }},
				"nextdescendents": {Do: func(c *Call) (any, error) { list, err := configurations(c); return Object{"result": list}, err }},
			},
		},
	}
}

func (s *Server) storeCORS(c *Call, t *Type, id string, body Object, write func(store.Doc) error) (Object, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	o, err := t.normal(body, nil)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	if origins, ok := o["acceptedOrigins"].([]any); ok {
		for _, origin := range textList(origins) {
			if strings.Contains(origin, "*") {
				s.Log.Warn("a CORS configuration accepts an origin with a wildcard, which no page has: origins are compared as a whole", "configuration", id, "origin", origin)
			}
		}
	}
	return t.terse(id, o), write(store.Doc{ID: id, Body: raw})
}

// typesOf returns the type of the global settings and that of the defaults.
func (g globals) typesOf(id string) (*Type, *Type, error) {
	i := slices.IndexFunc(g.realm, func(t *Type) bool { return t.ID == id })
	if i < 0 {
		return &Type{}, nil, noRoute(id)
	}
	own, ok := g.own[id]
	switch {
	case ok && own == g.realm[i]:
		return own, own, nil
	case !ok:
		own = &Type{ID: id, Open: g.realm[i].Open}
	}
	return own, g.realm[i], nil
}

func (g globals) query(c *Call) ([]Object, error) {
	list := []Object{}
	for _, t := range g.realm {
		list = append(list, Object{"_id": t.ID, "name": t.Name})
	}
	return list, nil
}

func (g globals) descendents(c *Call) (any, error) {
	list := []Object{}
	for _, t := range g.realm {
		o, err := g.read(c, t.ID)
		if err != nil {
			return nil, err
		}
		o["_id"] = t.ID
		list = append(list, o)
	}
	return Object{"result": list}, nil
}

func (g globals) read(c *Call, id string) (Object, error) {
	own, of, err := g.typesOf(id)
	if err != nil {
		return nil, err
	}
	stored, err := g.stored(c, id)
	if err != nil {
		return nil, err
	}
	return g.print(own, of, stored)
}

// stored is what was set of a service, nothing when nobody set anything.
func (g globals) stored(c *Call, id string) (Object, error) {
	d, err := c.getIn("", store.KindGlobal, id)
	if errors.Is(err, store.ErrNotFound) {
		return Object{}, nil
	}
	if err != nil {
		return nil, err
	}
	return decodeObject(d.Body)
}

func (g globals) print(own, of *Type, stored Object) (Object, error) {
	o := own.terse("", merged(own, stored))
	if of == own { // no realm has it
		return o, nil
	}
	defaults, _ := stored["defaults"].(Object)
	full, err := of.normal(Object{}, defaults)
	if err != nil {
		return nil, err
	}
	if of.Open {
		full = defaults
	}
	inner := of.terse("", full)
	delete(inner, "_id")
	delete(inner, "_type")
	o["defaults"] = inner
	o["_type"] = of.kind()
	return o, nil
}

// merged is what is stored over the shipped values.
func merged(t *Type, stored Object) Object {
	if t.Open {
		o := maps.Clone(stored)
		delete(o, "defaults")
		return o
	}
	o := t.defaults()
	for _, name := range t.names() {
		if v, ok := stored[name]; ok {
			o[name] = v
		}
	}
	return o
}

func (g globals) update(c *Call, id string, body Object) (Object, error) {
	own, of, err := g.typesOf(id)
	if err != nil {
		return nil, err
	}
	rest := Object{}
	for name, v := range body {
		if name != "defaults" {
			rest[name] = v
		}
	}
	o, err := own.normal(rest, nil)
	if err != nil {
		return nil, err
	}
	if of == own {
		if body["defaults"] != nil {
			return nil, invalid("defaults")
		}
		return g.store(c, own, of, o)
	}
	given, ok := body["defaults"].(Object)
	if body["defaults"] != nil && !ok {
		return nil, invalid("defaults")
	}
	defaults, err := of.normal(given, nil)
	if err != nil {
		return nil, err
	}
	stored, err := g.stored(c, id)
	if err != nil {
		return nil, err
	}
	before, _ := stored["defaults"].(Object)
	of.sealSecrets(g.Realms, defaults, before)
	delete(stored, "defaults")
	own.sealSecrets(g.Realms, o, stored)
	o["defaults"] = defaults
	return g.store(c, own, of, o)
}

func (g globals) store(c *Call, own, of *Type, o Object) (Object, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	if err := c.over("", store.KindGlobal, store.Doc{ID: of.ID, Body: raw}); err != nil {
		return nil, err
	}
	return g.print(own, of, o)
}
