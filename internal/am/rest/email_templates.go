package rest

import (
	"encoding/json"
	"strings"

	loginnodes "gatehouse/internal/am/login/nodes"
	"gatehouse/internal/am/store"
)

// emailTemplates are the texts of mails that journeys send, where identity management has them.
func (s *Server) emailTemplates() []*Resource {
	name := func(id string) string { return "emailTemplate/" + id }
	object := func(d store.Doc) (Object, error) {
		o, err := decodeObject(d.Body)
		if err == nil {
			o["_id"] = name(d.ID)
		}
		return o, err
	}
	doc := func(id string, body Object) (store.Doc, error) {
		if err := checkID(id); err != nil {
			return store.Doc{}, err
		}
		raw, err := json.Marshal(openObject(body))
		if err != nil {
			return store.Doc{}, err
		}
		if err := loginnodes.CheckEmailTemplate(raw); err != nil {
			return store.Doc{}, badRequest("%s", err)
		}
		return store.Doc{ID: id, Body: raw}, nil
	}
	bare := func(c *Call) error { // bodies have the whole name
		if id, ok := c.Body["_id"].(string); ok {
			c.Body["_id"] = strings.TrimPrefix(id, name(""))
		}
		return nil
	}
	return []*Resource{{
		Path: "openidm/config/emailTemplate", Global: true, Check: bare, Exists: "Configuration already exists", Complete: true,
		Query: func(c *Call) ([]Object, error) {
			docs, err := s.docs.List(c.Context(), "", loginnodes.KindEmailTemplate)
			list := []Object{}
			for _, d := range docs {
				o, err := object(d)
				if err != nil {
					return nil, err
				}
				list = append(list, o)
			}
			return list, err
		},
		Read: func(c *Call, id string) (Object, error) {
			d, err := s.docs.Get(c.Context(), "", loginnodes.KindEmailTemplate, id)
			if err != nil {
				return nil, err
			}
			return object(d)
		},
		Create: func(c *Call, id string, body Object) (Object, error) {
			d, err := doc(id, body)
			if err == nil {
				_, err = s.docs.Create(c.Context(), "", loginnodes.KindEmailTemplate, d)
			}
			if err != nil {
				return nil, err
			}
			return object(d)
		},
		Update: func(c *Call, id string, body Object) (Object, error) {
			d, err := doc(id, body)
			if err == nil {
				_, err = s.docs.Put(c.Context(), "", loginnodes.KindEmailTemplate, d)
			}
			if err != nil {
				return nil, err
			}
			return object(d)
		},
		Delete: func(c *Call, id string) (Object, error) {
			return Object{"_id": name(id)}, s.docs.Delete(c.Context(), "", loginnodes.KindEmailTemplate, id, 0)
		},
	}}
}
