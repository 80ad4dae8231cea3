package am

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/rest"
	"gatehouse/internal/am/store"
	"gatehouse/internal/ui"
)

// oauthLogin is the authentication as the OAuth 2.0 endpoints see it.
type oauthLogin struct {
	*login.Service
}

func (l oauthLogin) Session(r *http.Request) (store.Session, string, error) {
	found, err := l.FromRequest(r)
	if err != nil {
		return store.Session{}, "", err
	}
	sess, err := l.Touch(r.Context(), found.Token)
	return sess, found.Token, err
}

func (l oauthLogin) Password(ctx context.Context, rl *realm.Realm, tree, user, password string) (oauth.Authenticated, error) {
	a, err := l.Service.Password(ctx, rl, tree, user, password)
	if refusal, ok := errors.AsType[*login.Refusal](err); ok && refusal.Status < 500 {
		return oauth.Authenticated{}, &oauth.LoginError{Message: refusal.Message}
	}
	if err == nil && a.User == nil {
		return oauth.Authenticated{}, &oauth.LoginError{Message: "Authentication Failed"} // a journey of agents
	}
	return oauth.Authenticated{User: a.User, AuthLevel: a.AuthLevel, AMR: a.AMR, AuthTime: a.Time}, err
}

func (l oauthLogin) URL(base oauth.BaseURL, rl *realm.Realm, goTo string, hints oauth.LoginHints) string {
	q := url.Values{"realm": {rl.Path}, "goto": {goTo}}
	if hints.Tree != "" {
		q.Set("authIndexType", "service")
		q.Set("authIndexValue", hints.Tree)
	}
	if hints.Force {
		q.Set("ForceAuth", "true")
	}
	if hints.Locale != "" {
		q.Set("locale", hints.Locale)
	}
	if hints.User != "" {
		q.Set("login_hint", hints.User)
	}
	return base.URL + "/XUI/?" + q.Encode()
}

// End ends a session, or the one that took its place.
func (l oauthLogin) End(ctx context.Context, sessionID string) error {
	successor, err := l.Sessions().Successor(ctx, sessionID)
	if err == nil {
		sessionID = successor
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return l.Sessions().EndByID(ctx, sessionID)
}

// bearer looks access tokens up for the administration interface.
type bearer struct {
	server *oauth.Server
	realms *realm.Manager
}

func (b bearer) Bearer(ctx context.Context, token string) (rest.BearerInfo, error) {
	root, ok := b.realms.Find("/")
	if !ok {
		return rest.BearerInfo{}, store.ErrNotFound
	}
	found, err := (&oauth.Provider{Server: b.server, Realm: root}).FindAnyRealm(ctx, token)
	if err != nil {
		if errors.Is(err, store.ErrUsed) {
			err = store.ErrNotFound
		}
		return rest.BearerInfo{}, err
	}
	// A token that is bound to a key must not be used without it (RFC 9449 §7.1, RFC 8705 §3).
	if found.Kind != "access" || found.Cnf != nil {
		return rest.BearerInfo{}, store.ErrNotFound
	}
	return rest.BearerInfo{Realm: found.Realm, Subject: found.Subject, Scopes: found.Scopes}, nil
}

// told notes of requests which client they name and why they were refused, for the audit events of refusals.
type told struct{}

func (told) Names(ctx context.Context, clientID string) {
	if a := auditedOf(ctx); a != nil {
		a.mu.Lock()
		a.client = clientID
		a.mu.Unlock()
	}
}

func (told) Refused(ctx context.Context, e *oauth.Error) {
	if a := auditedOf(ctx); a != nil {
		a.mu.Lock()
		a.refusal = e
		a.mu.Unlock()
	}
}

// scopePolicies are the policies as the OAuth 2.0 endpoints ask them.
type scopePolicies struct{ server *Server }

func (p scopePolicies) DecideScopes(ctx context.Context, rl *realm.Realm, set string, sess *store.Session, scopes []string) (map[string]bool, error) {
	return p.server.rest.DecideScopes(ctx, rl, set, sess, scopes)
}

// oauthPage is a page of the OAuth 2.0 endpoints in the look of the realm.
func (s *Server) oauthPage(r *http.Request, base oauth.BaseURL, rl *realm.Realm) *ui.Page {
	place := login.Place{Realm: rl, Base: base.URL}
	if u, err := url.Parse(base.URL); err == nil {
		place.Context = u.EscapedPath()
	}
	return s.login.Page(r, place)
}
