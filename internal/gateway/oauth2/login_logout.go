package oauth2

import (
	"fmt"
	"net/url"
	"strings"

	"gatehouse/internal/gateway/chain"
)

// logout ends the login here and, as configured, at the authorization server. It works
// also when nobody is logged in.
func (v *visit) logout() (*chain.Response, error) {
	target := ""
	if texts := chain.RequestForm(v.x.Request)["goto"]; len(texts) > 0 && texts[0] != "" {
		var err error
		if target, err = v.p.target(texts[0]); err != nil {
			return nil, invalid("The parameter goto must lead to the site of the request.", err)
		}
	}
	// What cannot be read is ended too.
	l, err := readLogin(v.session, v.key)
	if err != nil {
		l = &login{}
	}
	if err := v.session.Set(v.key, nil); err != nil {
		return nil, err
	}
	r, ok := v.f.registration(l.registration, l.issuer)
	if !l.loggedIn() || !ok || !v.f.RevokeOnLogout && !v.f.EndSession {
		return v.leave(target, v.f.DefaultLogoutGoto)
	}
	m, err := r.Issuer.Get().metadata(v.x)
	if err != nil {
		v.f.log.WarnContext(v.x.Ctx(), "the logout does not reach the authorization server", "error", err)
		return v.leave(target, v.f.DefaultLogoutGoto)
	}
	if v.f.RevokeOnLogout && m.revocation != "" {
		if err := revoke(v.x, r, m, l); err != nil {
			v.f.log.WarnContext(v.x.Ctx(), "the tokens of a logout are not revoked", "error", err)
		}
	}
	if v.f.EndSession && m.endSession != "" && l.token("id_token") != "" {
		return v.endSession(m, l, target)
	}
	return v.leave(target, v.f.DefaultLogoutGoto)
}

// revoke ends the refresh token, and the access tokens with it, or the access token when
// there is no other (RFC 7009 §2.1).
func revoke(x *chain.Exchange, r *ClientRegistration, m *metadata, l *login) error {
	form := url.Values{"token": {l.token("access_token")}, "token_type_hint": {"access_token"}}
	if t := l.token("refresh_token"); t != "" {
		form = url.Values{"token": {t}, "token_type_hint": {"refresh_token"}}
	}
	status, _, err := postForm(x, r.authenticated(m), m.revocation, form)
	if err == nil && status != 200 {
		err = fmt.Errorf("the authorization server answered with status %d", status)
	}
	return err
}

// endSession sends the browser to the authorization server, which ends its own session
// (OIDC RP-Initiated Logout §2).
func (v *visit) endSession(m *metadata, l *login, target string) (*chain.Response, error) {
	to, err := url.Parse(m.endSession)
	if err != nil {
		return nil, err
	}
	if target == "" {
		if target, err = v.usual(v.f.DefaultLogoutGoto); err != nil {
			return nil, err
		}
	}
	query := url.Values{"id_token_hint": {l.token("id_token")}}
	if target != "" {
		query.Set("post_logout_redirect_uri", target)
	}
	to.RawQuery = strings.TrimPrefix(to.RawQuery+"&"+query.Encode(), "&")
	return redirect(to.String())
}
