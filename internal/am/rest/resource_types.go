package rest

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/rest/policy"
	"gatehouse/internal/am/store"
)

// Kinds of the documents of authorization, in the realm's path.
const (
	KindPolicy       = "policy"       // ID: name
	KindPolicySet    = "policyset"    // ID: name
	KindResourceType = "resourcetype" // ID: UUID
)

// Kinds are the kinds of documents of a realm that this package adds to those of package store.
func Kinds() []string {
	return []string{KindPolicy, KindPolicySet, KindResourceType, journey.KindTree, journey.KindNode, KindManaged, KindGroup}
}

// authorship is who changed what, and when, in milliseconds.
type authorship struct {
	CreatedBy      string `json:"createdBy"`
	Created        int64  `json:"creationDate"`
	LastModifiedBy string `json:"lastModifiedBy"`
	LastModified   int64  `json:"lastModifiedDate"`
}

// shippedBy is the author of what every realm has from the start.
const shippedBy = "id=dsameuser,ou=user,dc=openam,dc=forgerock,dc=org"

// stamp notes the author of a change; old is nil for what is new.
func (s *Server) stamp(c *Call, old *authorship) authorship {
	now, who := s.Now().UnixMilli(), s.callerID(c)
	a := authorship{who, now, who, now}
	if old != nil {
		a.CreatedBy, a.Created = old.CreatedBy, old.Created
		a.LastModified = max(now, old.LastModified+1) // it is the revision
	}
	return a
}

// resourceType is the document of a resource type.
type resourceType struct {
	ID          string          `json:"uuid"`
	Name        string          `json:"name"`
	Description *string         `json:"description"`
	Patterns    []string        `json:"patterns"`
	Actions     map[string]bool `json:"actions"`
	authorship
}

func (t resourceType) object() (Object, error) {
	o, err := plainObject(t)
	if err == nil {
		o["_id"], o["_rev"] = t.ID, strconv.FormatInt(t.LastModified, 10)
	}
	return o, err
}

func (s *Server) resourceTypes() []*Resource {
	return []*Resource{{
		Path: "resourcetypes", Patterns: true, Version: "1.0", Complete: true,
		Query: func(c *Call) ([]Object, error) {
			types, err := s.typesOf(c)
			list := []Object{}
			for _, t := range types {
				o, err := t.object()
				if err != nil {
					return nil, err
				}
				list = append(list, o)
			}
			return list, err
		},
		Read: func(c *Call, id string) (Object, error) {
			t, err := s.typeNamed(c, id)
			if err != nil {
				return nil, err
			}
			return t.object()
		},
		Create: func(c *Call, id string, body Object) (Object, error) { return s.storeType(c, id, body, nil) },
		Update: func(c *Call, id string, body Object) (Object, error) {
			old, err := s.typeNamed(c, id)
			if err != nil {
				return nil, err
			}
			return s.storeType(c, id, body, old)
		},
		Delete: s.deleteType,
	}}
}

// typesOf lists the resource types of the realm with the shipped ones.
func (s *Server) typesOf(c *Call) ([]resourceType, error) {
	docs, err := s.docs.List(c.Context(), c.realmPath(), KindResourceType)
	if err != nil {
		return nil, err
	}
	var list []resourceType
	for _, d := range docs {
		c.note(c.realmPath(), KindResourceType, d)
		var t resourceType
		if err := json.Unmarshal(d.Body, &t); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	for _, t := range policy.ShippedTypes() {
		if !slices.ContainsFunc(list, func(have resourceType) bool { return have.ID == t.ID }) {
			list = append(list, resourceType{t.ID, t.Name, &t.Description, t.Patterns, t.Actions, authorship{shippedBy, 0, shippedBy, 0}})
		}
	}
	return list, nil
}

func (s *Server) typeNamed(c *Call, id string) (*resourceType, error) {
	list, err := s.typesOf(c)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(list, func(t resourceType) bool { return t.ID == id }); i >= 0 {
		return &list[i], nil
	}
	return nil, refuse(http.StatusNotFound, "Resource Type %s not found in realm %s", id, c.realmPath())
}

// checkName refuses the characters that names of policies, sets and types must not have.
func checkName(what, name string) error {
	if strings.TrimSpace(name) == "" || strings.ContainsAny(name, "\"+,<=>\\/;\x00") || checkID(name) != nil {
		return badRequest("Invalid value %s", what)
	}
	return nil
}

func (s *Server) storeType(c *Call, id string, body Object, old *resourceType) (Object, error) {
	var t resourceType
	if err := readInto(body, &t); err != nil {
		return nil, err
	}
	if id == "" {
		if id = t.ID; id == "" {
			id = uuid.NewString()
		}
	}
	if t.ID != "" && t.ID != id {
		return nil, badRequest("name and URI's resource ID do not match")
	}
	t.ID = id
	if err := errors.Join(checkID(id), checkName("name", t.Name)); err != nil {
		return nil, badRequest("Invalid value name")
	}
	if len(t.Patterns) == 0 {
		return nil, badRequest("Invalid value patterns")
	}
	for _, p := range t.Patterns {
		if _, err := policy.ParsePattern(p); err != nil {
			return nil, badRequest("Invalid value patterns: %s", err)
		}
	}
	if len(t.Actions) == 0 {
		return nil, badRequest("Invalid value actions")
	}
	list, err := s.typesOf(c)
	if err != nil {
		return nil, err
	}
	for _, other := range list {
		switch {
		case old == nil && other.ID == id:
			return nil, refuse(http.StatusConflict, "Resource Type %s already exists", id)
		case other.ID != id && other.Name == t.Name:
			return nil, refuse(http.StatusConflict, "Resource Type %s already exists", t.Name)
		}
	}
	if old == nil {
		t.authorship = s.stamp(c, nil)
	} else {
		t.authorship = s.stamp(c, &old.authorship)
	}
	if err := s.putDoc(c, KindResourceType, id, t, old == nil); err != nil {
		return nil, err
	}
	return t.object()
}

// readInto reads a body into a struct. A member that the struct does not have is a mistake; the realm is that of the address.
func readInto(body Object, v any) error {
	known := memberNames(reflect.TypeOf(v).Elem())
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if !ignored(name) && name != "realm" && !slices.Contains(known, name) {
			return badRequest("Invalid value %s", name).with(Object{"validAttributes": known})
		}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	err = json.Unmarshal(raw, v)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return badRequest("Invalid value %s", wrong.Field)
	}
	return err
}

// memberNames are the JSON names of a struct's fields.
func memberNames(t reflect.Type) []string {
	var list []string
	for f := range t.Fields() {
		if f.Anonymous {
			list = append(list, memberNames(f.Type)...)
		} else if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			list = append(list, name)
		}
	}
	return list
}

// putDoc writes a document: a new one, or over what was read.
func (s *Server) putDoc(c *Call, kind, id string, v any, isNew bool) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	d := store.Doc{ID: id, Body: raw}
	if isNew {
		_, err = s.docs.Create(c.Context(), c.realmPath(), kind, d)
		return err
	}
	return c.over(c.realmPath(), kind, d)
}

// deleteType removes a type that nothing refers to.
func (s *Server) deleteType(c *Call, id string) (Object, error) {
	if _, err := s.typeNamed(c, id); err != nil {
		return nil, err
	}
	sets, err := s.setsOf(c)
	if err != nil {
		return nil, err
	}
	used := slices.ContainsFunc(sets, func(set policySet) bool { return slices.Contains(set.Types, id) })
	policies, err := s.policiesOf(c, "")
	if err != nil {
		return nil, err
	}
	if used || slices.ContainsFunc(policies, func(p *policyDoc) bool { return p.Type == id }) {
		return nil, refuse(http.StatusConflict, "Unable to remove resource type %s because it is referenced in the policy model.", id)
	}
	return s.deleteDoc(c, KindResourceType, id)
}

func (s *Server) deleteDoc(c *Call, kind, id string) (Object, error) {
	err := c.remove(c.realmPath(), kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, refuse(http.StatusForbidden, "What every realm has cannot be deleted")
	}
	return Object{"_id": id, "_rev": "0"}, err
}
