// Package token is what access token resolvers and the filters that ask them agree on:
// the token after it was resolved, and the two interfaces that scripts may implement.
package token

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
)

// AccessTokenResolver finds out what an access token stands for. An error means that
// the token is not accepted; when the answer could not be had at all the error is an
// *Unavailable. Resolvers are called concurrently.
type AccessTokenResolver interface {
	Resolve(x *chain.Exchange, token string) (*AccessToken, error)
}

// ResourceAccess computes the scopes that a request needs.
type ResourceAccess interface {
	RequiredScopes(x *chain.Exchange) ([]string, error)
}

// Unavailable says that a token could not be resolved for a reason that is not the
// token's: operators want to see those.
type Unavailable struct{ Err error }

func (e *Unavailable) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *Unavailable) Unwrap() error { return e.Err }

// Never is the ExpiresAt of a token without end.
const Never int64 = math.MaxInt64

// AccessToken is a resolved token. It is shared between requests and never changed.
type AccessToken struct {
	// Info is all that is known about the token: claims, or the introspection answer.
	Info *Info
	// Token is the text that was resolved.
	Token string
	// Scopes are what the token grants.
	Scopes []string
	// ExpiresAt is in milliseconds since 1970, or Never.
	ExpiresAt int64
	// Check, when it is not nil, decides for each request whether it may use the token, which is
	// bound to something that the request has to have. Who keeps tokens calls it each time.
	Check func(x *chain.Exchange, t *AccessToken) error
}

// Unconfirmed says that a token is good, though not for the request that brought it: Check
// failed with Err. Who keeps tokens may keep this one.
type Unconfirmed struct {
	Token *AccessToken
	Err   error
}

func (e *Unconfirmed) Error() string { return e.Err.Error() }

// Unwrap returns what Check said.
func (e *Unconfirmed) Unwrap() error { return e.Err }

// New returns a token. Scopes are those of the claim "scope"; they may be shared with
// other tokens.
func New(text string, info *Info, expiresAt int64) *AccessToken {
	return &AccessToken{Info: info, Token: text, Scopes: info.scopes(), ExpiresAt: expiresAt}
}

// Compact returns a copy for keeping: it takes little memory and holds on to nothing else,
// such as the request that brought the token.
func (t *AccessToken) Compact() *AccessToken {
	all := t.Info.packed + t.Token // one allocation is smaller than two
	both := &struct {
		AccessToken
		info Info
	}{*t, Info{t.Info.shape, all[:len(t.Info.packed)]}}
	both.Info, both.Token = &both.info, all[len(t.Info.packed):]
	return &both.AccessToken
}

// TrackingID is the auditTrackingId of Info, "" when there is none.
func (t *AccessToken) TrackingID() string {
	id, _ := t.Info.Text("auditTrackingId")
	return id
}

// Expired says whether the token has ended.
func (t *AccessToken) Expired(now time.Time) bool { return now.UnixMilli() > t.ExpiresAt }

// Has says whether the token grants a scope.
func (t *AccessToken) Has(scope string) bool {
	for _, s := range t.Scopes {
		if s == scope {
			return true
		}
	}
	return false
}

// HasAll says whether the token grants all scopes.
func (t *AccessToken) HasAll(scopes []string) bool {
	for _, s := range scopes {
		if !t.Has(s) {
			return false
		}
	}
	return true
}

// Get returns a property as expressions see it.
func (t *AccessToken) Get(name string) (any, bool) {
	switch name {
	case "info":
		return t.Info, true
	case "token":
		return t.Token, true
	case "scopes":
		return texts(t.Scopes), true
	case "expiresAt":
		return t.ExpiresAt, true
	}
	return nil, false
}

// Call offers asJsonValue and the getters.
func (t *AccessToken) Call(method string, args []any) (any, error) {
	switch {
	case len(args) > 0:
	case method == "asJsonValue", method == "getInfo":
		return t.Info, nil
	case method == "getToken":
		return t.Token, nil
	case method == "getScopes":
		return texts(t.Scopes), nil
	case method == "getExpiresAt":
		return t.ExpiresAt, nil
	}
	return nil, fmt.Errorf("access token: %w %q", expr.ErrNoMethod, method)
}

func (t *AccessToken) String() string {
	return "{info=" + t.Info.String() + ", token=" + t.Token + ", scopes=" + texts(t.Scopes).String() +
		", expiresAt=" + strconv.FormatInt(t.ExpiresAt, 10) + "}"
}

// Answerer is an error of a ResourceAccess that brings the answer to the client.
type Answerer interface {
	error
	Answer() *chain.Response
}

// ScopeList is Scopes as expressions see it.
func (t *AccessToken) ScopeList() List { return texts(t.Scopes) }
