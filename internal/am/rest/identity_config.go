package rest

import (
	"encoding/json"
	"errors"
	"net/http"

	"gatehouse/internal/am/login/selfservice"
	"gatehouse/internal/am/store"
)

// identityConfig is the configuration of identity management that journeys work with: security questions, terms. Of the
// other parts, those that tools list something in are there, and empty.
func (s *Server) identityConfig() *Resource {
	return &Resource{
		Path: "openidm/config", Global: true, Identities: true, Exists: "Configuration already exists", Complete: true,
		Plain: func(*Call) (any, error) { return Object{"_id": "", "configurations": []any{}}, nil },
		Query: func(c *Call) ([]Object, error) {
			list, err := s.listEmailTemplates(c)
			if err != nil {
				return nil, err
			}
			for _, id := range []string{selfservice.ConfigKBA, selfservice.ConfigTerms} {
				o, err := s.readConfig(c, id)
				if err == nil {
					list = append(list, o)
				} else if e, ok := errors.AsType[*Error](err); !ok || e.Status != http.StatusNotFound {
					return nil, err
				}
			}
			return list, nil
		},
		Read: s.readConfig,
		Create: func(c *Call, id string, body Object) (Object, error) {
			return s.writeConfig(c, id, body, func(d store.Doc) error {
				_, err := s.docs.Create(c.Context(), "", selfservice.KindConfig, d)
				return err
			})
		},
		Update: func(c *Call, id string, body Object) (Object, error) {
			return s.writeConfig(c, id, body, func(d store.Doc) error {
				return c.over("", selfservice.KindConfig, d)
			})
		},
		Delete: func(c *Call, id string) (Object, error) {
			o, err := s.readConfig(c, id)
			if err != nil {
				return nil, err
			}
			return o, c.remove("", selfservice.KindConfig, id)
		},
	}
}

func isKept(id string) bool { return id == selfservice.ConfigKBA || id == selfservice.ConfigTerms }

func (s *Server) readConfig(c *Call, id string) (Object, error) {
	o := Object{}
	switch {
	case isKept(id):
		d, err := c.getIn("", selfservice.KindConfig, id)
		if errors.Is(err, store.ErrNotFound) && selfservice.Default(id) != nil {
			d.Body, err = selfservice.Default(id), nil
		}
		if errors.Is(err, store.ErrNotFound) {
			return nil, refuse(http.StatusNotFound, "No configuration exists for id %s", id)
		}
		if err != nil {
			return nil, err
		}
		if o, err = decodeObject(d.Body); err != nil {
			return nil, err
		}
	case id == "authentication": // clients that identity management takes for users
		o["rsFilter"] = Object{"staticUserMapping": []any{}}
	case id == "sync":
		o["mappings"] = []any{}
	default:
		return nil, refuse(http.StatusNotFound, "No configuration exists for id %s", id)
	}
	o["_id"] = id
	return o, nil
}

func (s *Server) writeConfig(c *Call, id string, body Object, write func(store.Doc) error) (Object, error) {
	if !isKept(id) {
		return unchanged(s.readConfig)(c, id, body)
	}
	raw, err := json.Marshal(openObject(body))
	if err != nil {
		return nil, err
	}
	if err := selfservice.Check(id, raw); err != nil {
		return nil, badRequest("%s", err)
	}
	if err := write(store.Doc{ID: id, Body: raw}); err != nil {
		return nil, err
	}
	return s.readConfig(c, id)
}
