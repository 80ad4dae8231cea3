package rest

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/am/rest/policy"
	"gatehouse/internal/am/store"
)

// policyDoc is the document of a policy.
type policyDoc struct {
	Name        string             `json:"name"`
	Active      bool               `json:"active"`
	Description string             `json:"description"`
	Resources   []string           `json:"resources"`
	Set         string             `json:"applicationName"`
	Actions     map[string]bool    `json:"actionValues"`
	Subject     any                `json:"subject"`
	Condition   any                `json:"condition,omitempty"`
	Type        string             `json:"resourceTypeUuid"`
	Attributes  []policy.Attribute `json:"resourceAttributes,omitempty"`
	authorship

	checked *policy.Policy
}

func (p policyDoc) object() (Object, error) {
	o, err := plainObject(p)
	if err == nil {
		o["_id"], o["_rev"] = p.Name, strconv.FormatInt(p.LastModified, 10)
		o["creationDate"], o["lastModifiedDate"] = dateOf(p.Created), dateOf(p.LastModified)
	}
	return o, err
}

func dateOf(ms int64) string { return time.UnixMilli(ms).UTC().Format(millis) }

func (s *Server) policies() []*Resource {
	return []*Resource{{
		Path: "policies", Version: "2.1", Complete: true, Exists: "Policy already exists",
		Query: func(c *Call) ([]Object, error) {
			policies, err := s.policiesOf(c, "")
			list := []Object{}
			for _, p := range policies {
				o, err := p.object()
				if err != nil {
					return nil, err
				}
				list = append(list, o)
			}
			return list, err
		},
		Read: func(c *Call, id string) (Object, error) {
			p, err := s.policyNamed(c, id)
			if err != nil {
				return nil, err
			}
			return p.object()
		},
		Create: func(c *Call, id string, body Object) (Object, error) {
			if id == "" {
				id, _ = body["name"].(string)
			}
			return s.storePolicy(c, id, body, nil)
		},
		Update: func(c *Call, id string, body Object) (Object, error) {
			old, err := s.policyNamed(c, id)
			if err != nil {
				return nil, err
			}
			return s.storePolicy(c, id, body, old)
		},
		Delete: func(c *Call, id string) (Object, error) {
			old, err := s.policyNamed(c, id)
			if err != nil {
				return nil, err
			}
			if err := c.remove(c.realmPath(), KindPolicy, id); err != nil {
				return nil, err
			}
			s.tellPolicy(c, id, old.Set, "DELETE")
			return Object{"_id": id, "_rev": "0"}, nil
		},
		Patched: func(o Object) Object {
			o = maps.Clone(o)
			delete(o, "_rev")
			return o
		},
		Actions: map[string]Action{
			"evaluate":     {Open: true, Do: s.evaluate},
			"evaluateTree": {Open: true, Do: s.evaluateTree},
		},
	}}
}

// policiesOf lists the policies of a set, of all sets with "". Others may have them too: nobody changes what is in them.
func (s *Server) policiesOf(c *Call, set string) ([]*policyDoc, error) {
	docs, err := s.docs.List(c.Context(), c.realmPath(), KindPolicy)
	if err != nil {
		return nil, err
	}
	parsed, err := s.parsed.read(c.realmPath(), docs)
	list := make([]*policyDoc, 0, len(parsed))
	for _, p := range parsed {
		if set == "" || p.policy.Set == set {
			list = append(list, p.policy)
		}
	}
	return list, err
}

func readPolicy(d store.Doc) (*policyDoc, error) {
	var p policyDoc
	err := json.Unmarshal(d.Body, &p)
	if err == nil {
		p.checked, err = policy.Parse(d.Body)
	}
	return &p, err
}

func (s *Server) policyNamed(c *Call, id string) (*policyDoc, error) {
	d, err := c.get(KindPolicy, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, refuse(http.StatusNotFound, "Policy %s does not exist in realm %s", id, c.realmPath())
	}
	if err != nil {
		return nil, err
	}
	return readPolicy(d)
}

func (s *Server) storePolicy(c *Call, id string, body Object, old *policyDoc) (Object, error) {
	body = maps.Clone(body)
	for _, name := range [...]string{"createdBy", "creationDate", "lastModifiedBy", "lastModifiedDate"} {
		delete(body, name) // dates come back as texts
	}
	if err := booleans(body); err != nil {
		return nil, err
	}
	var p policyDoc
	if err := readInto(body, &p); err != nil {
		return nil, err
	}
	if p.Name == "" {
		p.Name = id
	}
	if err := checkName("name", p.Name); err != nil {
		return nil, err
	}
	if p.Name != id {
		return nil, badRequest("A policy cannot be renamed")
	}
	if p.Subject == nil {
		p.Subject = Object{"type": "NONE"}
	}
	if err := s.fitsSet(c, &p); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	if p.checked, err = policy.Parse(raw); err != nil {
		return nil, badRequest("The policy cannot be used: %s", err)
	}
	event := "CREATE"
	d := store.Doc{ID: id}
	if old == nil {
		p.authorship = s.stamp(c, nil)
	} else {
		p.authorship, event = s.stamp(c, &old.authorship), "UPDATE"
	}
	if d.Body, err = json.Marshal(p); err != nil {
		return nil, err
	}
	if old == nil {
		_, err = s.docs.Create(c.Context(), c.realmPath(), KindPolicy, d)
	} else {
		err = c.over(c.realmPath(), KindPolicy, d)
	}
	if err != nil {
		return nil, err
	}
	if old != nil && old.Set != p.Set {
		s.tellPolicy(c, id, old.Set, event)
	}
	s.tellPolicy(c, id, p.Set, event)
	return p.object()
}

// booleans lets numbers stand for what an action is allowed, 0 being denied.
func booleans(body Object) error {
	actions, ok := body["actionValues"].(Object)
	if !ok && body["actionValues"] != nil {
		return badRequest("Invalid value actionValues")
	}
	out := Object{}
	for name, v := range actions {
		if n, ok := number(v); ok {
			v = n != 0
		}
		out[name] = v
	}
	if ok {
		body["actionValues"] = out
	}
	return nil
}

// fitsSet checks a policy against its set and its resource type.
func (s *Server) fitsSet(c *Call, p *policyDoc) error {
	set, err := s.setNamed(c, p.Set)
	if isNotFound(err) {
		return badRequest("Invalid value applicationName")
	}
	if err != nil {
		return err
	}
	if p.Type == "" && len(set.Types) == 1 {
		p.Type = set.Types[0]
	}
	if !slices.Contains(set.Types, p.Type) {
		return badRequest("Invalid value resourceTypeUuid")
	}
	t, err := s.typeNamed(c, p.Type)
	if err != nil {
		return err
	}
	for name := range p.Actions {
		if _, ok := t.Actions[name]; !ok {
			return badRequest("Invalid value actionValues: the resource type has no action %s", name)
		}
	}
	for _, r := range p.Resources {
		if !slices.ContainsFunc(t.Patterns, func(text string) bool {
			pattern, err := policy.ParsePattern(text)
			return err == nil && pattern.Matches(policy.ParseResource(strings.ReplaceAll(r, "-*-", "*")))
		}) {
			return badRequest("Invalid Resource %s", r)
		}
	}
	return nil
}

// tellPolicy tells those who follow policies of a change.
func (s *Server) tellPolicy(c *Call, name, set, event string) {
	if s.Notify != nil {
		s.Notify(topicPolicy, c.realmPath(), Object{"realm": c.realmPath(), "policy": name, "policySet": set, "eventType": event})
	}
}

// topicPolicy is the topic of changes of policies (PingAM: notifications).
const topicPolicy = "/agent/policy"
