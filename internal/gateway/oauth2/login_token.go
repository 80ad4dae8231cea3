package oauth2

import (
	"net/url"
	"strings"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/oauth2/token"
	"gatehouse/internal/jose"
)

// tokenAnswer is a token response (RFC 6749 §5.1) after it was checked.
type tokenAnswer struct {
	members map[string]any
	life    time.Duration // 0: the server does not say
	scopes  []string      // nil: those that were asked for
}

// request sends a token request of the client.
func (r *ClientRegistration) request(x *chain.Exchange, m *metadata, form url.Values) (*tokenAnswer, error) {
	info, err := requestToken(x, r.authenticated(m), m.token, form)
	if err != nil {
		return nil, err
	}
	return readTokenAnswer(info)
}

func readTokenAnswer(info *token.Info) (*tokenAnswer, error) {
	if kind, ok := info.Text("token_type"); ok && !strings.EqualFold(kind, "Bearer") {
		return nil, &Error{Code: "server_error", Description: "the authorization server issued a token of a type that is not supported"}
	}
	a := &tokenAnswer{members: info.Plain()}
	if v, there := info.Get("expires_in"); there && v != nil {
		seconds, ok := info.Int("expires_in")
		if !ok || seconds < 0 {
			return nil, &Error{Code: "server_error", Description: "the authorization server's answer has no usable expires_in"}
		}
		a.life = time.Duration(min(max(seconds, 1), 1<<31)) * time.Second
	}
	if scope, ok := info.Text("scope"); ok {
		a.scopes = strings.Fields(scope)
	}
	return a, nil
}

// newLogin makes a login of the answer to a code. The ID token, which there must be when
// openid was asked for, is checked.
func (r *ClientRegistration) newLogin(x *chain.Exchange, m *metadata, p pending, a *tokenAnswer, now time.Time) (*login, error) {
	l := (&login{registration: r.ClientID, issuer: r.Issuer.Get().Name, scopes: r.Scopes}).merged(a, now)
	raw := l.token("id_token")
	if raw == "" {
		if r.isOpenID() {
			return nil, &Error{Code: "server_error", Description: "the authorization server issued no ID token"}
		}
		return l, nil
	}
	if p.nonce == "" {
		// Nobody asked for it, so nothing ties it to this login.
		delete(l.tokens, "id_token")
		return l, nil
	}
	if err := r.acceptIDToken(x, m, l, raw, idTokenCheck{nonce: p.nonce, accessToken: l.token("access_token")}); err != nil {
		return nil, err
	}
	return l, nil
}

// refresh gets new tokens (RFC 6749 §6).
func (r *ClientRegistration) refresh(x *chain.Exchange, l *login, now time.Time) (*login, error) {
	m, err := r.Issuer.Get().metadata(x)
	if err != nil {
		return nil, err
	}
	a, err := r.request(x, m, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {l.token("refresh_token")}})
	if err != nil {
		return nil, err
	}
	next := l.merged(a, now)
	if a.scopes == nil {
		next.scopes = l.scopes
	}
	raw, issued := a.members["id_token"].(string)
	if !issued {
		return next, nil
	}
	before, err := claimsOf(l.token("id_token"))
	if err != nil {
		delete(next.tokens, "id_token") // there was none to compare with
		return next, nil
	}
	if err := r.acceptIDToken(x, m, next, raw, idTokenCheck{accessToken: next.token("access_token"), before: before}); err != nil {
		return nil, err
	}
	return next, nil
}

// acceptIDToken checks an ID token and keeps it in the login, decrypted if need be.
func (r *ClientRegistration) acceptIDToken(x *chain.Exchange, m *metadata, l *login, raw string, check idTokenCheck) error {
	inner, err := r.opened(x, raw)
	if err == nil {
		_, err = r.checkIDToken(x, m, inner, check)
	}
	if err != nil {
		return &Error{Code: "server_error", Description: "the ID token is not valid", Err: err}
	}
	l.tokens["id_token"] = inner
	return nil
}

// claimsOf reads the claims of an ID token that was checked before it was stored.
func claimsOf(raw string) (*jose.Claims, error) {
	t, err := jose.Unverified(raw)
	if err != nil {
		return nil, err
	}
	return jose.ParseClaims(t.Payload)
}
