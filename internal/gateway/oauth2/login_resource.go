package oauth2

import (
	"errors"

	"gatehouse/internal/gateway/chain"
)

// resource lets requests of those who are logged in pass, and has others log in.
func (v *visit) resource(next chain.Handler) (*chain.Response, error) {
	l, err := v.read()
	if err != nil {
		return nil, err
	}
	r, ok := v.f.registration(l.registration, l.issuer)
	if !l.loggedIn() || !ok {
		if !v.f.RequireLogin {
			return next.Handle(v.x)
		}
		return v.begin()
	}
	var again *chain.Request
	if l.token("refresh_token") != "" {
		if again, err = copyOf(v.x.Request, v.f.streaming); err != nil {
			return nil, err
		}
	}
	resp, err := v.pass(r, l, v.x, next)
	if err != nil {
		letGo(again)
		return nil, err
	}
	b, found := challengeOf(resp.Header["Www-Authenticate"], "Bearer")
	if !found {
		letGo(again)
		return resp, nil
	}
	resp.Entity.Close()
	if b["error"] != "invalid_token" || l.token("refresh_token") == "" {
		letGo(again)
		return nil, refusal(b)
	}
	if again == nil {
		// The body is gone; it was not buffered. Whoever sends it again finds a new token.
		if _, err := v.refresh(v.x, r, l); err != nil {
			return nil, err
		}
		return nil, refusal(b)
	}
	return v.replay(r, l, again, next)
}

// replay sends the request once more, with a new token.
func (v *visit) replay(r *ClientRegistration, l *login, again *chain.Request, next chain.Handler) (*chain.Response, error) {
	l, err := v.refresh(v.x, r, l)
	if err != nil {
		letGo(again)
		return nil, err
	}
	resp, err := v.pass(r, l, v.x.With(again), next)
	if err != nil {
		return nil, err
	}
	if b, found := challengeOf(resp.Header["Www-Authenticate"], "Bearer"); found {
		resp.Entity.Close()
		return nil, refusal(b)
	}
	return resp, nil
}

// refusal is the error of a resource that did not take the token (RFC 6750 §3.1).
func refusal(challenge map[string]string) *Error {
	e := &Error{Code: challenge["error"], Description: challenge["error_description"]}
	if e.Code == "" {
		e.Code, e.Description = "invalid_token", "The resource wants another access token."
	}
	return e
}

// begin sends the user to where registrations are chosen, or to the only one.
func (v *visit) begin() (*chain.Response, error) {
	target := v.p.original.String()
	if v.f.LoginHandler.IsSet() {
		return v.f.LoginHandler.Get().Handle(v.x.Push(&chain.MapContext{
			Name: "idpSelectionLogin", Values: map[string]any{"originalUri": target},
		}))
	}
	return v.authorize(v.f.Registrations[0], target, "")
}

// pass publishes the login and hands the request on.
func (v *visit) pass(r *ClientRegistration, l *login, x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	info := &loginInfo{visit: v, registration: r, login: l}
	below := x.Push(info)
	info.x = below
	if v.f.Target != nil {
		if err := v.f.Target.Assign(below, snakeInfo{info}); err != nil {
			return nil, err
		}
	}
	return next.Handle(below)
}

// refresh gets new tokens and stores them. Requests that come with the same refresh
// token meanwhile, or shortly after, get what the first one got: it works once only where
// the server rotates it.
func (v *visit) refresh(x *chain.Exchange, r *ClientRegistration, l *login) (*login, error) {
	old := l.token("refresh_token")
	next, err := v.f.refreshed.Load(x, l.issuer+" "+l.registration+" "+old, func() (*login, error) { return r.refresh(x, l, v.f.now()) })
	var e *Error
	if errors.As(err, &e) && e.Code == "invalid_grant" {
		// The login is over. Were it kept, the user could not log in again.
		next = &login{}
	} else if err != nil {
		return nil, err
	}
	stored := v.update(func(now *login) *login {
		if now.token("refresh_token") != old {
			return now // logged out, or refreshed by another request
		}
		changed := *next
		changed.pending = now.pending
		return &changed
	})
	if err == nil {
		err = stored
	}
	return next, err
}
