package rest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Scopes of access tokens whose bearers do what an administrator may (PingOne Advanced Identity Cloud: service accounts).
const (
	adminScope    = "fr:am:*"  // all of it
	identityScope = "fr:idm:*" // what the resources of identity management are for
)

// BearerInfo is what an access token says.
type BearerInfo struct {
	Realm   string
	Subject store.Subject
	Scopes  []string
}

// Bearer looks access tokens up; what is not a live one is store.ErrNotFound.
type Bearer interface {
	Bearer(ctx context.Context, token string) (BearerInfo, error)
}

// Caller is who sent a request. The zero value is nobody in particular.
type Caller struct {
	// Session is the login session, nil for bearers of access tokens and for nobody.
	Session *store.Session
	// Token is what the caller showed for the session.
	Token string
	// Realm is where the caller belongs.
	Realm   string
	Subject store.Subject
	Admin   bool
	// Scopes are those of an access token, nil for sessions.
	Scopes []string
}

// Known tells whether the caller is somebody.
func (c Caller) Known() bool { return c.Subject.Name != "" }

// IsUser tells whether the caller is that user.
func (c Caller) IsUser(path, name string) bool {
	return c.Subject.Type == login.TypeUser && c.Realm == path && realm.SameUser(c.Subject.Name, name)
}

// IsAgent tells whether the caller is an agent of the realm.
func (c Caller) IsAgent(realm string) bool {
	return c.Subject.Type == login.TypeAgent && c.Realm == realm
}

type administratorKey struct{}

// AsAdministrator marks requests that a part of this program makes, an import for one, as the administrator's. No
// request from outside can be marked.
func AsAdministrator(ctx context.Context) context.Context {
	return context.WithValue(ctx, administratorKey{}, true)
}

// identify finds out who calls: by the session in a cookie or in a header named like it, or by an access token.
func (c *Call) identify(res *Resource) error {
	if c.Context().Value(administratorKey{}) == true {
		c.Caller = Caller{Realm: "/", Subject: store.Subject{Type: login.TypeUser, Name: login.AdminName}, Admin: true}
		return nil
	}
	found, err := c.server.Login.FromRequest(c.Request)
	switch {
	case err == nil:
		// Pages of other sites cannot send an access token either: tools that send one beside the cookie need no other header.
		if _, token := bearerToken(c.Request); found.Cookie && !token && unsafeMethod(c.Request.Method) {
			if no := c.server.Login.CSRF(c.Request); no != nil {
				return refuse(no.Status, "%s", no.Message).because(no)
			}
		}
		sess := found.Session
		if !res.Passive {
			if sess, err = c.server.Login.Touch(c.Context(), found.Token); err != nil {
				return err
			}
		}
		c.Caller = Caller{Session: &sess, Token: found.Token, Realm: sess.Realm, Subject: sess.Subject, Admin: sess.Admin}
		return nil
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	token, ok := bearerToken(c.Request)
	if !ok || c.server.Bearer == nil {
		return nil
	}
	info, err := c.server.Bearer.Bearer(c.Context(), token)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !slices.Contains(info.Scopes, adminScope) && !(res.Identities && slices.Contains(info.Scopes, identityScope)) {
		return nil // the token is for something else: its bearer is nobody here
	}
	// A user's token does what the user may; a client's own token of the root realm was given the scope by an
	// administrator.
	admin := info.Realm == "/" && (info.Subject.Type == login.TypeAgent || login.IsAdmin(info.Realm, info.Subject.Name))
	c.Caller = Caller{Realm: info.Realm, Subject: info.Subject, Admin: admin, Scopes: info.Scopes}
	return nil
}

func unsafeMethod(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

func bearerToken(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
}

var (
	errAnonymous = refuse(http.StatusUnauthorized, "Access Denied")
	errNotAdmin  = refuse(http.StatusForbidden, "The user has insufficient privileges")
)

// administrators lets administrators do all.
func administrators(c *Call) error {
	switch {
	case !c.Caller.Known():
		return errAnonymous
	case !c.Caller.Admin:
		return errNotAdmin
	}
	return nil
}

// everybody lets anybody do all.
func everybody(*Call, Verb) error { return nil }

// known lets those do all who are somebody.
func known(c *Call, _ Verb) error {
	if !c.Caller.Known() {
		return errAnonymous
	}
	return nil
}
