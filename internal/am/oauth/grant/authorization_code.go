package grant

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/store"
)

// authorizationCode turns what a user agreed to in the browser into tokens (RFC 6749 §4.1.3, RFC 7636). A scope
// parameter is ignored: the scopes are those of the consent.
var authorizationCode = oauth.Grant{
	Name: "authorization_code",
	Authorize: func(ctx context.Context, p *oauth.Provider, req *oauth.TokenRequest) (*oauth.Authorization, error) {
		raw := req.Get("code")
		if raw == "" {
			return nil, oauth.Missing("code")
		}
		code, err := p.FindCode(ctx, raw)
		used := errors.Is(err, store.ErrUsed)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil, oauth.Refuse("invalid_request", "Authorization code doesn't exist.")
		case err != nil && !used && !errors.Is(err, store.ErrExpired):
			return nil, err
		case code.ClientID != req.Client.ID:
			return nil, oauth.ErrGrant.Because(errors.New("the code is another client's"))
		case used:
			return nil, replayed(ctx, p, code)
		case err != nil:
			return nil, oauth.Refuse("invalid_grant", "Authorization code expired.").Because(err)
		}
		if err := checkRedirect(code.RedirectURI, req); err != nil {
			return nil, err
		}
		if err := checkVerifier(p, req, code.Challenge, code.Method); err != nil {
			return nil, err
		}
		if code.DPoPKey != "" && code.DPoPKey != req.ProofKey { // RFC 9449 §10
			return nil, oauth.ErrGrant.Because(errors.New("the code is bound to a key of which there is no proof"))
		}
		if _, err := p.NarrowDetails(req, json.RawMessage(code.AuthorizeInfo)); err != nil {
			return nil, err
		}
		// Only now is the code used up, for the right client's mistakes should not cost it. Whoever is second here gets
		// ErrUsed, however close; the tokens of the first are withdrawn even when they are being issued at this moment.
		if code, err = p.RedeemCode(ctx, raw); errors.Is(err, store.ErrUsed) {
			return nil, replayed(ctx, p, code)
		}
		if err != nil {
			return nil, err
		}
		a := &oauth.Authorization{
			Subject: code.Subject, Scopes: code.Scopes, SessionID: code.SessionID, GrantID: code.GrantID,
			AuthTime: code.AuthTime, AuthLevel: code.AuthLevel, Nonce: code.Nonce, State: code.State, ACR: code.ACR,
			AMR: code.AMR, Claims: code.Claims, Code: raw,
		}
		if code.AuthorizeInfo != "" {
			a.Details = json.RawMessage(code.AuthorizeInfo)
		}
		a.User, err = p.ActiveUser(ctx, code.Subject, oauth.ErrGrant)
		return a, err
	},
}

// replayed ends the grant of a code that was used before: one of the two users stole it (RFC 6749 §4.1.2).
func replayed(ctx context.Context, p *oauth.Provider, code store.Code) error {
	t := store.Token{Realm: code.Realm, ClientID: code.ClientID, GrantID: code.GrantID}
	if err := p.RevokeGrant(ctx, &t); err != nil {
		return err
	}
	return oauth.ErrGrant.Because(store.ErrUsed)
}

// checkRedirect compares with the redirect_uri of the authorization request, which must be repeated where there was
// one (RFC 6749 §4.1.3).
func checkRedirect(wanted string, req *oauth.TokenRequest) error {
	got := req.Get("redirect_uri")
	if got == "" && wanted != "" {
		return oauth.Missing("redirect_uri")
	}
	if got != wanted && wanted != "" {
		return oauth.ErrGrant.Because(errors.New("redirect_uri differs"))
	}
	return nil
}

// checkVerifier checks a code_verifier against the challenge of the first request (RFC 7636 §4.6). A verifier without
// a challenge is refused too: somebody may have removed the challenge (RFC 9700 §4.8.2).
func checkVerifier(p *oauth.Provider, req *oauth.TokenRequest, challenge, method string) error {
	verifier := req.Get("code_verifier")
	switch {
	case challenge == "" && p.NeedsVerifier(req.Client), challenge != "" && verifier == "":
		return oauth.Refuse("invalid_request", "code_verifier parameter required")
	case challenge == "" && verifier == "":
		return nil
	case challenge == "" || !validVerifier(verifier):
		return oauth.ErrGrant.Because(errors.New("code_verifier does not fit"))
	}
	got := verifier
	if method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		got = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if subtle.ConstantTimeCompare([]byte(got), []byte(challenge)) != 1 {
		return oauth.ErrGrant.Because(errors.New("code_verifier does not fit"))
	}
	return nil
}

// validVerifier is the syntax of RFC 7636 §4.1.
func validVerifier(v string) bool {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	return len(v) >= 43 && len(v) <= 128 && strings.Trim(v, unreserved) == ""
}
