package rest

import (
	"net/http"
	"slices"
	"time"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/login/devices"
	"gatehouse/internal/am/store"
)

// userParts are the collections below a user: the applications that hold tokens for him, his devices, and those that
// administration tools read and that are always empty here.
func (s *Server) userParts() []*Resource {
	list := []*Resource{{
		Path: "users/{user}/oauth2/applications", Version: "1.1", Complete: true,
		Allow: ownPart, Check: userExists, Query: s.applications,
		Read: func(c *Call, id string) (Object, error) {
			all, err := s.applications(c)
			i := slices.IndexFunc(all, func(o Object) bool { return o["_id"] == id })
			if err == nil && i < 0 {
				err = notFound()
			}
			if err != nil {
				return nil, err
			}
			return all[i], nil
		},
		Delete: func(c *Call, id string) (Object, error) {
			u, err := c.anyUser(c.Vars["user"])
			if err != nil {
				return nil, err
			}
			sub := store.Subject{Type: login.TypeUser, Name: u.Name}
			return Object{"_id": id}, s.tokens.RevokeClient(c.Context(), c.realmPath(), id, sub)
		},
		Actions: map[string]Action{"revokeTokens": {Do: func(*Call) (any, error) { return nil, unsupported("The action revokeTokens") }}},
	}, s.userDevices("2fa/oath", devices.OATH), s.userDevices("2fa/webauthn", devices.WebAuthn), s.userDevices("profile", devices.Profile)}
	for _, part := range []string{
		"devices/trusted", "devices/2fa/push", "devices/2fa/binding",
		"policies", "oauth2/resources/sets", "oauth2/resources/labels",
	} {
		list = append(list, &Resource{
			Path: "users/{user}/" + part, Allow: ownPart, Check: userExists, Complete: true,
			Query: none,
		})
	}
	for _, part := range []string{"policies", "auditHistory", "pendingrequests"} {
		list = append(list, &Resource{
			Path: "users/{user}/uma/" + part, Allow: ownPart,
			Query: func(*Call) ([]Object, error) {
				return nil, refuse(http.StatusNotFound, "UMA is not supported in this realm")
			},
		})
	}
	return append(list,
		&Resource{
			Path: "users/{user}/services", Allow: ownPart, Check: userExists, Complete: true,
			Query:   none,
			Actions: map[string]Action{"nextdescendents": {Do: noResult}},
		},
	)
}

func ownPart(c *Call, _ Verb) error {
	if c.Caller.IsUser(c.realmPath(), c.Vars["user"]) {
		return nil
	}
	return administrators(c)
}

// userExists refuses parts of users that are not there, to those who may know.
func userExists(c *Call) error {
	if ownPart(c, VerbRead) != nil {
		return nil
	}
	_, err := c.anyUser(c.Vars["user"])
	return err
}

// applications lists the clients that hold tokens for the user (PingAM: oauth2/applications).
func (s *Server) applications(c *Call) ([]Object, error) {
	u, err := c.anyUser(c.Vars["user"])
	if err != nil {
		return nil, err
	}
	toks, err := s.tokens.OfSubject(c.Context(), c.realmPath(), store.Subject{Type: login.TypeUser, Name: u.Name})
	if err != nil {
		return nil, err
	}
	type held struct {
		scopes  Object
		forever bool
		until   time.Time
	}
	by := map[string]*held{}
	var ids []string
	for _, t := range toks {
		h, ok := by[t.ClientID]
		if !ok {
			h = &held{scopes: Object{}}
			by[t.ClientID] = h
			ids = append(ids, t.ClientID)
		}
		for _, scope := range t.Scopes {
			h.scopes[scope] = scope
		}
		h.forever = h.forever || t.Expires.IsZero()
		if t.Expires.After(h.until) {
			h.until = t.Expires
		}
	}
	slices.Sort(ids)
	list := []Object{}
	for _, id := range ids {
		o := Object{"_id": id, "name": id, "scopes": by[id].scopes, "expiryDateTime": nil, "logoUri": nil}
		if !by[id].forever {
			o["expiryDateTime"] = by[id].until.UTC().Format(millis)
		}
		if client, err := c.Realm.Client(c.Context(), id); err == nil {
			if names := client.Advanced.Name; len(names) > 0 {
				o["name"] = names[0]
			}
			if logos := client.Advanced.LogoURI; len(logos) > 0 {
				o["logoUri"] = logos[0]
			}
		}
		list = append(list, o)
	}
	return list, nil
}
