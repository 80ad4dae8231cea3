package sample

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// login is a login on its way.
type login struct {
	verifier, nonce string
	request         string // the authorization request, as it is shown
	until           time.Time
}

const loginCookie = "sample_state"

// issuer is the authorization server as the browser knows it.
func (d *Demo) issuer() string { return d.AM + "/openam/oauth2" }

func (d *Demo) oauthConfig() oauth2.Config {
	return oauth2.Config{
		ClientID: "sample-application", ClientSecret: "password", RedirectURL: d.Self + "/_demo/callback", Scopes: []string{"openid", "profile", "email"},
		Endpoint: oauth2.Endpoint{AuthURL: d.issuer() + "/authorize", TokenURL: d.issuer() + "/access_token", AuthStyle: oauth2.AuthStyleInHeader},
	}
}

// toLogin sends the browser to the authorization server (OpenID Connect Core §3.1.2.1, with PKCE and state).
func (d *Demo) toLogin(w http.ResponseWriter, r *http.Request) {
	state := rand.Text()
	l := login{verifier: oauth2.GenerateVerifier(), nonce: rand.Text(), until: time.Now().Add(10 * time.Minute)}
	config := d.oauthConfig()
	to := config.AuthCodeURL(state, oauth2.S256ChallengeOption(l.verifier), oidc.Nonce(l.nonce))
	if u, err := url.Parse(to); err == nil {
		l.request = "GET " + maskQuery(u) + " HTTP/1.1\nHost: " + u.Host + "\n"
	}
	d.mu.Lock()
	for s, old := range d.logins {
		if time.Now().After(old.until) || len(d.logins) > 1000 {
			delete(d.logins, s)
		}
	}
	d.logins[state] = l
	d.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: loginCookie, Value: cookieOf(state), Path: "/_demo/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 600})
	http.Redirect(w, r, to, http.StatusFound)
}

func cookieOf(state string) string {
	sum := sha256.Sum256([]byte(state))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// callback takes what the authorization server sent the browser back with, and shows the whole login.
func (d *Demo) callback(w http.ResponseWriter, r *http.Request) {
	f := flow{ID: "login", Icon: "external"}
	state := r.URL.Query().Get("state")
	d.mu.Lock()
	l, ok := d.logins[state]
	delete(d.logins, state)
	d.mu.Unlock()
	c, err := r.Cookie(loginCookie)
	if !ok || err != nil || c.Value != cookieOf(state) || time.Now().After(l.until) {
		d.result(w, r, f, nil, errors.New("this login was not begun in this browser, or it took too long"), "")
		return
	}
	claims := ""
	list, err := d.record(r.Context(), func(x *run) error {
		x.log.add(message{Text: "sample.say.authorize", From: "browser", To: hostPart(d.AM), Request: l.request})
		x.log.add(message{Text: "sample.say.callback", From: "browser", To: hostPart(d.Self), Request: requestText(r, nil)})
		if code := r.URL.Query().Get("error"); code != "" {
			return errors.New(code + ": " + r.URL.Query().Get("error_description"))
		}
		var err error
		claims, err = d.finish(x, r.URL.Query().Get("code"), l)
		return err
	})
	d.result(w, r, f, list, err, claims)
}

func hostPart(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// finish turns the code into tokens and checks the ID token.
func (d *Demo) finish(x *run, code string, l login) (string, error) {
	ctx := oidc.ClientContext(context.WithValue(x.ctx, oauth2.HTTPClient, x.client), x.client)
	config := d.oauthConfig()
	x.say("sample.say.code")
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(l.verifier))
	if err != nil {
		return "", err
	}
	x.say("sample.say.discovery")
	provider, err := oidc.NewProvider(ctx, d.issuer())
	if err != nil {
		return "", err
	}
	raw, _ := token.Extra("id_token").(string)
	x.say("sample.say.keys")
	id, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: config.ClientID}).Verify(ctx, raw)
	if err != nil {
		return "", err
	}
	if id.Nonce != l.nonce {
		return "", errors.New("the ID token has another nonce")
	}
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return "", err
	}
	x.say("sample.say.userinfo")
	if _, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token)); err != nil {
		return "", err
	}
	return claimsText(claims), nil
}

func claimsText(claims map[string]any) string {
	raw, err := json.Marshal(claims)
	if err != nil {
		return ""
	}
	return maskJSON(raw)
}
