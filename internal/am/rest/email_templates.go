package rest

import (
	"encoding/json"
	"strings"

	loginnodes "gatehouse/internal/am/login/nodes"
	"gatehouse/internal/am/store"
)

// templatePrefix begins the _id of templates.
const templatePrefix = "emailTemplate/"

func emailTemplate(d store.Doc) (Object, error) {
	o, err := decodeObject(d.Body)
	if err == nil {
		o["_id"] = templatePrefix + d.ID
	}
	return o, err
}

func (s *Server) listEmailTemplates(c *Call) ([]Object, error) {
	docs, err := s.docs.List(c.Context(), "", loginnodes.KindEmailTemplate)
	list := []Object{}
	for _, d := range docs {
		o, err := emailTemplate(d)
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, err
}

// emailTemplates are the texts of mails that journeys send, where identity management has them.
func (s *Server) emailTemplates() []*Resource {
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
			c.Body["_id"] = strings.TrimPrefix(id, templatePrefix)
		}
		return nil
	}
	return []*Resource{{
		Path: "openidm/config/emailTemplate", Global: true, Identities: true, Check: bare, Exists: "Configuration already exists", Complete: true,
		Query: s.listEmailTemplates,
		Read: func(c *Call, id string) (Object, error) {
			d, err := c.getIn("", loginnodes.KindEmailTemplate, id)
			if err != nil {
				return nil, err
			}
			return emailTemplate(d)
		},
		Create: func(c *Call, id string, body Object) (Object, error) {
			d, err := doc(id, body)
			if err == nil {
				_, err = s.docs.Create(c.Context(), "", loginnodes.KindEmailTemplate, d)
			}
			if err != nil {
				return nil, err
			}
			return emailTemplate(d)
		},
		Update: func(c *Call, id string, body Object) (Object, error) {
			d, err := doc(id, body)
			if err == nil {
				err = c.over("", loginnodes.KindEmailTemplate, d)
			}
			if err != nil {
				return nil, err
			}
			return emailTemplate(d)
		},
		Delete: func(c *Call, id string) (Object, error) {
			return Object{"_id": templatePrefix + id}, c.remove("", loginnodes.KindEmailTemplate, id)
		},
	}}
}
