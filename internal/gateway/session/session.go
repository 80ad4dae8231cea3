// Package session keeps what belongs to a user agent between requests: in memory, or
// in an encrypted cookie.
package session

import (
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// SessionManager opens sessions and saves them.
type SessionManager interface {
	// Open returns the session of a request. Nothing is read before somebody looks
	// into the session.
	Open(x *chain.Exchange) Scope
}

// Scope is a session while a request is under way.
type Scope interface {
	chain.Session
	// Save stores what changed and sets the cookie on the response where needed.
	Save(resp *chain.Response) error
}

// All lists the types of session managers.
var All = []*heap.Type{inMemory, jwt}

// Within wraps h so that it sees the sessions of m.
func Within(m SessionManager, h chain.Handler) chain.Handler {
	return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		scope := m.Open(x)
		resp, err := h.Handle(x.Push(&chain.SessionContext{Session: scope}))
		if err != nil {
			return nil, err
		}
		if err := scope.Save(resp); err != nil {
			resp.Entity.Close()
			return nil, err
		}
		return resp, nil
	})
}
