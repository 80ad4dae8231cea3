package rest

import (
	"cmp"
	"slices"
	"time"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/store"
)

// tokenRecords are the server-side tokens of a realm: found by the user that they stand for, by the client that holds
// them, or by both, and ended. PingAM has no such interface; what the tokens are called is what introspection calls
// them, and none of it opens anything.
func (s *Server) tokenRecords() []*Resource {
	return []*Resource{{
		Path: "gatehouse/tokens", Version: "1.0", Counted: true, Unversioned: true,
		Query: func(c *Call) ([]Object, error) {
			found, err := s.findTokens(c, c.Query.Get("user"), c.Query.Get("client"))
			if err != nil {
				return nil, err
			}
			list := make([]Object, 0, len(found))
			for _, t := range found {
				list = append(list, tokenObject(t))
			}
			return list, nil
		},
		Delete: s.endToken,
	}}
}

// findTokens lists live tokens, the newest first; of a client no more than one page may have. There is no list of all: a
// realm, and a client, may have millions.
func (s *Server) findTokens(c *Call, user, client string) ([]store.Token, error) {
	var found []store.Token
	var err error
	now := s.Now()
	keep := func(t store.Token) bool {
		if (client == "" || t.ClientID == client) && (t.Expires.IsZero() || now.Before(t.Expires)) && (t.Used.IsZero() || now.Before(t.GraceUntil)) {
			found = append(found, t)
		}
		return len(found) < maxPage
	}
	switch {
	case user != "":
		var all []store.Token
		all, err = s.tokens.OfSubject(c.Context(), c.realmPath(), store.Subject{Type: login.TypeUser, Name: user})
		for _, t := range all {
			keep(t)
		}
	case client != "":
		err = s.tokens.OfClient(c.Context(), c.realmPath(), client, keep)
	default:
		return nil, badRequest("Tokens are found with user=, client= or both")
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b store.Token) int { return cmp.Or(b.IssuedAt.Compare(a.IssuedAt), cmp.Compare(a.ID(), b.ID())) })
	return found, nil
}

func tokenObject(t store.Token) Object {
	o := Object{
		"_id": t.ID(), "token_type": t.Kind + "_token", "client_id": t.ClientID, "subname": t.Subject.Name, "sub": "(" + t.Subject.Type + "!" + t.Subject.Name + ")",
		"scope": append([]string{}, t.Scopes...), "grant_type": t.GrantType, "authGrantId": t.GrantID, "auditTrackingId": t.AuditID,
		"iat": t.IssuedAt.UTC().Format(time.RFC3339), "exp": nil,
	}
	if !t.Expires.IsZero() {
		o["exp"] = t.Expires.UTC().Format(time.RFC3339)
	}
	return o
}

// endToken ends a token; a refresh token with all that was granted together with it.
func (s *Server) endToken(c *Call, id string) (Object, error) {
	t, err := s.tokens.EndByID(c.Context(), c.realmPath(), id)
	if err != nil {
		return nil, err
	}
	return tokenObject(t), nil
}
