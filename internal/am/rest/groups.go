package rest

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// KindGroup is the kind of the documents that hold a realm's groups; their ID is the name in lower case.
const KindGroup = "group"

// maxMembers bounds the members of a group, and the groups of a user.
const maxMembers = 10000

// group is a list of users. Names of users that have gone are not members.
type group struct {
	Name        string   `json:"username"`
	Description []string `json:"description,omitempty"`
	Members     []string `json:"members"` // names of users

	rev uint64 // what is written over
}

// groups are the groups of users of a realm (PingAM: groups).
func (s *Server) groups() []*Resource {
	return []*Resource{
		{
			Path: "groups", Version: "4.0", Exists: "Resource already exists", ItemRev: "-1", Complete: true,
			Query: func(c *Call) ([]Object, error) {
				all, err := s.allGroups(c)
				list := []Object{}
				for _, g := range all {
					list = append(list, g.object(c))
				}
				return list, err
			},
			Read: func(c *Call, id string) (Object, error) {
				g, err := c.group(id)
				if err != nil {
					return nil, err
				}
				return g.object(c), nil
			},
			Create: s.createGroup,
			Update: func(c *Call, id string, body Object) (Object, error) {
				return s.changeGroup(c, id, func(g *group) (bool, error) { return true, s.readGroup(c, g, body) })
			},
			Delete: func(c *Call, id string) (Object, error) {
				g, err := c.group(id)
				if err != nil {
					return nil, err
				}
				o := g.object(c)
				o["success"] = "true"
				return o, c.remove(c.realmPath(), KindGroup, realm.UserID(g.Name))
			},
		},
		{
			Path: "users/{user}/groups", Version: "1.0", Complete: true, Check: userExists,
			// Users see their groups; who is in which is for administrators to say.
			Allow: func(c *Call, v Verb) error {
				if v == VerbQuery || v == VerbRead {
					return ownPart(c, v)
				}
				return administrators(c)
			},
			Query:   s.groupsOfUser,
			Actions: map[string]Action{"updateMemberships": {Do: s.updateMemberships}},
		},
	}
}

// group reads a group of the realm, once.
func (c *Call) group(name string) (*group, error) {
	d, err := c.get(KindGroup, realm.UserID(name))
	if err != nil {
		return nil, err
	}
	return parseGroup(d)
}

func parseGroup(d store.Doc) (*group, error) {
	g := &group{rev: d.Rev}
	return g, json.Unmarshal(d.Body, g)
}

func (s *Server) allGroups(c *Call) ([]*group, error) {
	docs, err := s.docs.List(c.Context(), c.realmPath(), KindGroup)
	var list []*group
	for _, d := range docs {
		g, err := parseGroup(d)
		if err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	return list, err
}

func (g *group) doc() (store.Doc, error) {
	raw, err := json.Marshal(g)
	return store.Doc{ID: realm.UserID(g.Name), Rev: g.rev, Body: raw}, err
}

// changeGroup reads a group, lets change change it, and writes it if that says so: over what was read. Who names no
// revision changes the group as it is, whoever else does at the time.
func (s *Server) changeGroup(c *Call, name string, change func(*group) (bool, error)) (Object, error) {
	return c.again(func() (Object, error) {
		g, err := c.group(name)
		if err != nil {
			return nil, err
		}
		changed, err := change(g)
		if err != nil || !changed {
			return g.object(c), err
		}
		d, err := g.doc()
		if err != nil {
			return nil, err
		}
		_, err = s.docs.Put(c.Context(), c.realmPath(), KindGroup, d)
		return g.object(c), err
	})
}

func (g *group) dn(c *Call) string {
	return "cn=" + g.Name + ",ou=groups," + login.RealmDN(c.realmPath())
}

func (g *group) universalID(c *Call) string {
	return "id=" + g.Name + ",ou=group," + login.RealmDN(c.realmPath())
}

func (g *group) object(c *Call) Object {
	o := Object{
		"_id": g.Name, "username": g.Name, "realm": c.realmPath(), "cn": []string{g.Name}, "dn": []string{g.dn(c)},
		"universalid": []string{g.universalID(c)}, "objectclass": []string{"top", "groupofuniquenames"},
		"members": Object{"uniqueMember": append([]string{}, g.Members...)},
	}
	if len(g.Description) > 0 {
		o["description"] = g.Description
	}
	return o
}

func (s *Server) createGroup(c *Call, id string, body Object) (Object, error) {
	name, err := newName("group", id, body)
	if err != nil {
		return nil, err
	}
	g := &group{Name: name, Members: []string{}}
	if err := s.readGroup(c, g, body); err != nil {
		return nil, err
	}
	d, err := g.doc()
	if err != nil {
		return nil, err
	}
	if _, err := s.docs.Create(c.Context(), c.realmPath(), KindGroup, d); err != nil {
		return nil, err
	}
	return g.object(c), nil
}

// readGroup takes what a body says of a group: its members, as {"members":{"uniqueMember":[…]}} or, as older clients
// have it, {"uniqueMember":[…]}, and the description. What is not named stays.
func (s *Server) readGroup(c *Call, g *group, body Object) error {
	c.warnOfUnknown(body, "username", "realm", "cn", "dn", "universalid", "objectclass", "members", "description", "uniqueMember", "uniquemember")
	members, given := body["members"].(Object)
	if body["members"] != nil && !given {
		return invalid("members")
	}
	for _, from := range []Object{members, body} {
		for name, v := range from {
			if !strings.EqualFold(name, "uniqueMember") || v == nil {
				continue
			}
			list, err := s.membersOf(c, g, v)
			if err != nil {
				return err
			}
			g.Members = list
		}
		if given {
			break // what the newer form says goes before the older
		}
	}
	if v, ok := body["description"]; ok {
		list := textValues(v)
		if size := len(strings.Join(list, "")); v != nil && list == nil || size > maxAttribute {
			return invalid("description")
		}
		g.Description = list
	}
	return nil
}

// membersOf reads names of users, or their DNs and universal identifiers. Those that were members before are not
// looked for again.
func (s *Server) membersOf(c *Call, g *group, v any) ([]string, error) {
	names := textValues(v)
	if names == nil || len(names) > maxMembers {
		return nil, invalid("uniqueMember")
	}
	list, seen, before := []string{}, map[string]bool{}, map[string]bool{}
	for _, m := range g.Members {
		before[realm.UserID(m)] = true
	}
	for _, name := range names {
		if first, _, isDN := strings.Cut(name, ","); isDN {
			_, name, _ = strings.Cut(first, "=")
		}
		if !before[realm.UserID(name)] {
			u, err := c.Realm.User(c.Context(), name)
			if errors.Is(err, store.ErrNotFound) {
				return nil, badRequest("The member %s is not a user of the realm", name)
			}
			if err != nil {
				return nil, err
			}
			name = u.Name
		}
		if id := realm.UserID(name); !seen[id] {
			list, seen[id] = append(list, name), true
		}
	}
	return list, nil
}

func (g *group) has(user string) bool {
	return slices.ContainsFunc(g.Members, func(m string) bool { return realm.SameUser(m, user) })
}

// remove takes a user out, and tells whether he was in.
func (g *group) remove(user string) bool {
	before := len(g.Members)
	g.Members = slices.DeleteFunc(g.Members, func(m string) bool { return realm.SameUser(m, user) })
	return len(g.Members) < before
}

func (s *Server) groupsOfUser(c *Call) ([]Object, error) {
	all, err := s.allGroups(c)
	list := []Object{}
	for _, g := range all {
		if g.has(c.Vars["user"]) {
			list = append(list, Object{"_id": g.Name, "groupname": g.Name})
		}
	}
	return list, err
}

// updateMemberships puts the user into the groups of the body, and out of all others (PingAM: updateMemberships).
func (s *Server) updateMemberships(c *Call) (any, error) {
	names := textValues(c.Body["groups"])
	if _, isList := c.Body["groups"].([]any); !isList || names == nil || len(names) > maxMembers {
		return nil, badRequest("The action needs a list groups")
	}
	u, err := c.anyUser(c.Vars["user"])
	if err != nil {
		return nil, err
	}
	all, err := s.allGroups(c)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(g *group) bool { return realm.SameUser(g.Name, name) }) {
			return nil, badRequest("There is no group %s", name)
		}
	}
	for _, g := range all {
		in := slices.ContainsFunc(names, func(n string) bool { return realm.SameUser(n, g.Name) })
		if in == g.has(u.Name) {
			continue
		}
		_, err := s.changeGroup(c, g.Name, func(g *group) (bool, error) {
			switch {
			case !in:
				return g.remove(u.Name), nil
			case g.has(u.Name):
				return false, nil
			case len(g.Members) >= maxMembers:
				return false, badRequest("The group %s is full", g.Name)
			}
			g.Members = append(g.Members, u.Name)
			return true, nil
		})
		if err != nil && !(errors.Is(err, store.ErrNotFound) && !in) {
			return nil, err
		}
	}
	list, err := s.groupsOfUser(c)
	return Object{"result": list}, err
}

// leaveGroups takes a user who is deleted out of the groups: a later user of the name is not a member.
func (s *Server) leaveGroups(c *Call, user string) error {
	all, err := s.allGroups(c)
	if err != nil {
		return err
	}
	for _, g := range all {
		if !g.has(user) {
			continue
		}
		_, err := s.changeGroup(c, g.Name, func(g *group) (bool, error) { return g.remove(user), nil })
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}
