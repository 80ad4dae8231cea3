package rest

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"gatehouse/internal/am/rest/policy"
	"gatehouse/internal/am/store"
)

// policySet is the document of a policy set, an "application" of PingAM's.
type policySet struct {
	Name        string   `json:"name"`
	DisplayName *string  `json:"displayName"`
	Description *string  `json:"description"`
	Attributes  []string `json:"attributeNames"`
	Conditions  []string `json:"conditions"`
	Subjects    []string `json:"subjects"`
	Combiner    string   `json:"entitlementCombiner"`
	Comparator  *string  `json:"resourceComparator"`
	SaveIndex   *string  `json:"saveIndex"`
	SearchIndex *string  `json:"searchIndex"`
	Editable    bool     `json:"editable"`
	Kind        string   `json:"applicationType"`
	Types       []string `json:"resourceTypeUuids"`
	authorship
}

func (p policySet) object() (Object, error) {
	o, err := plainObject(p)
	if err == nil {
		o["_id"] = p.Name
	}
	return o, err
}

const combiner = "DenyOverride"

func newSet() policySet {
	p := policySet{Attributes: []string{}, Combiner: combiner, Editable: true, Kind: policy.AgentSet}
	for _, k := range policy.ConditionTypes() {
		p.Conditions = append(p.Conditions, k.Name)
	}
	for _, k := range policy.SubjectTypes() {
		p.Subjects = append(p.Subjects, k.Name)
	}
	return p
}

func (s *Server) policySets() []*Resource {
	return []*Resource{{
		Path: "applications", Patterns: true, Version: "2.1", Unversioned: true, Complete: true, NoPutCreate: true, Exists: "Application already exists",
		Query: func(c *Call) ([]Object, error) {
			sets, err := s.setsOf(c)
			list := []Object{}
			for _, set := range sets {
				o, err := set.object()
				if err != nil {
					return nil, err
				}
				list = append(list, o)
			}
			return list, err
		},
		Read: func(c *Call, id string) (Object, error) {
			set, err := s.setNamed(c, id)
			if err != nil {
				return nil, err
			}
			return set.object()
		},
		Create: s.createSet,
		Update: s.updateSet,
		Delete: s.deleteSet,
	}}
}

// setsOf lists the policy sets of the realm with the shipped ones.
func (s *Server) setsOf(c *Call) ([]policySet, error) {
	docs, err := s.docs.List(c.Context(), c.realmPath(), KindPolicySet)
	if err != nil {
		return nil, err
	}
	var list []policySet
	for _, d := range docs {
		c.note(c.realmPath(), KindPolicySet, d)
		var set policySet
		if err := json.Unmarshal(d.Body, &set); err != nil {
			return nil, err
		}
		list = append(list, set)
	}
	for _, shipped := range policy.ShippedSets() {
		if slices.ContainsFunc(list, func(have policySet) bool { return have.Name == shipped.Name }) {
			continue
		}
		set := newSet()
		set.Name, set.Description, set.Types = shipped.Name, &shipped.Description, shipped.Types
		set.CreatedBy, set.LastModifiedBy = shippedBy, shippedBy
		list = append(list, set)
	}
	return list, nil
}

func (s *Server) setNamed(c *Call, name string) (*policySet, error) {
	list, err := s.setsOf(c)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(list, func(set policySet) bool { return set.Name == name }); i >= 0 {
		return &list[i], nil
	}
	return nil, refuse(http.StatusNotFound, "%s not found.", name)
}

func (s *Server) createSet(c *Call, id string, body Object) (Object, error) {
	name, _ := body["name"].(string)
	if name == "" {
		name = id
	}
	switch _, err := s.setNamed(c, name); {
	case err == nil:
		return nil, store.ErrConflict
	case !isNotFound(err):
		return nil, err
	}
	return s.storeSet(c, name, body, nil)
}

func (s *Server) updateSet(c *Call, id string, body Object) (Object, error) {
	old, err := s.setNamed(c, id)
	if err != nil {
		return nil, err
	}
	return s.storeSet(c, id, body, old)
}

func (s *Server) storeSet(c *Call, name string, body Object, old *policySet) (Object, error) {
	set := newSet()
	if err := readInto(body, &set); err != nil {
		return nil, err
	}
	if set.Name == "" {
		set.Name = name
	}
	if err := checkName("name", set.Name); err != nil {
		return nil, err
	}
	if set.Name != name {
		return nil, badRequest("A policy set cannot be renamed")
	}
	if set.Combiner != combiner {
		return nil, badRequest("Invalid value entitlementCombiner")
	}
	if set.Kind == "" {
		set.Kind = policy.AgentSet
	}
	types, err := s.typesOf(c)
	if err != nil {
		return nil, err
	}
	for _, id := range set.Types {
		if !slices.ContainsFunc(types, func(t resourceType) bool { return t.ID == id }) {
			return nil, badRequest("Invalid value resourceTypeUuids: there is no resource type %s", id)
		}
	}
	set.Editable = true
	if old == nil {
		set.authorship = s.stamp(c, nil)
	} else {
		set.authorship = s.stamp(c, &old.authorship)
	}
	if err := s.putDoc(c, KindPolicySet, name, set, old == nil); err != nil {
		return nil, err
	}
	return set.object()
}

// deleteSet removes an empty policy set.
func (s *Server) deleteSet(c *Call, id string) (Object, error) {
	if _, err := s.setNamed(c, id); err != nil {
		return nil, err
	}
	policies, err := s.policiesOf(c, id)
	if err != nil {
		return nil, err
	}
	if len(policies) > 0 {
		return nil, refuse(http.StatusConflict, "Application cannot be altered because policies exist within the Application. "+
			"Remove all policies from the Application before attempting to delete the Application.")
	}
	return s.deleteDoc(c, KindPolicySet, id)
}

// authorizationKinds are the catalogs that consoles and tools read before they write policies.
func (s *Server) authorizationKinds() []*Resource {
	kinds := func(list []policy.Kind) []Object {
		var out []Object
		for _, k := range list {
			members := Object{}
			for _, m := range k.Members {
				switch m.Type {
				case "texts":
					members[m.Name] = Object{"type": "array", "items": Object{"type": "string"}}
				case "object":
					members[m.Name] = Object{"type": "object", "properties": Object{}}
				default:
					members[m.Name] = Object{"type": m.Type}
				}
			}
			out = append(out, Object{"_id": k.Name, "title": k.Name, "logical": k.Logical, "config": Object{"type": "object", "properties": members}})
		}
		return out
	}
	actions := Object{}
	for _, t := range policy.ShippedTypes() {
		if t.ID == policy.URLType {
			for a, ok := range t.Actions {
				actions[a] = ok
			}
		}
	}
	return []*Resource{
		readOnly("conditiontypes", kinds(policy.ConditionTypes())),
		readOnly("subjecttypes", kinds(policy.SubjectTypes())),
		readOnly("decisioncombiners", []Object{{"_id": combiner, "title": combiner}}),
		readOnly("subjectattributes", nil),
		readOnly("applicationtypes", []Object{{
			"_id": policy.AgentSet, "name": policy.AgentSet, "actions": actions, "applicationClassName": "com.sun.identity.entitlement.Application",
			"resourceComparator": "com.sun.identity.entitlement.URLResourceName", "saveIndex": "org.forgerock.openam.entitlement.indextree.TreeSaveIndex",
			"searchIndex": "org.forgerock.openam.entitlement.indextree.TreeSearchIndex",
		}}),
	}
}

func readOnly(path string, list []Object) *Resource {
	return &Resource{
		Path: path, Version: "1.0", Complete: true,
		Query: func(*Call) ([]Object, error) { return list, nil },
		Read: func(_ *Call, id string) (Object, error) {
			if i := slices.IndexFunc(list, func(o Object) bool { return o["_id"] == id }); i >= 0 {
				return list[i], nil
			}
			return nil, notFound()
		},
	}
}

var errNoSet = errors.New("there is no such policy set")
