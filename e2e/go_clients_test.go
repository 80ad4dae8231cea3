package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// sentTo follows the user's browser one step, with the session's cookie.
func (s npmSite) sentTo(t *testing.T, address string, form url.Values) *url.URL {
	t.Helper()
	method := "GET"
	if form != nil {
		method = "POST"
	}
	req, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.AddCookie(&http.Cookie{Name: "iPlanetDirectoryPro", Value: s.Session})
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	to, err := resp.Location()
	if err != nil && form == nil {
		t.Fatalf("%s: %d", address, resp.StatusCode)
	}
	return to
}

// golang.org/x/oauth2 and go-oidc find their way by discovery.
func TestGoClients(t *testing.T) {
	s := newNPMSite(t)
	ctx := t.Context()
	provider, err := oidc.NewProvider(ctx, s.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	config := oauth2.Config{ClientID: "basic", ClientSecret: s.Secret, Endpoint: provider.Endpoint(), RedirectURL: s.Redirect,
		Scopes: []string{oidc.ScopeOpenID, "email"}}
	login := func(t *testing.T) *oauth2.Token {
		t.Helper()
		verifier := oauth2.GenerateVerifier()
		back := s.sentTo(t, config.AuthCodeURL("state", oidc.Nonce("nonce"), oauth2.S256ChallengeOption(verifier)), nil).Query()
		if back.Get("state") != "state" || back.Get("iss") != s.Issuer {
			t.Errorf("came back with %v", back)
		}
		tok, err := config.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(verifier))
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	t.Run("code flow with PKCE, ID token, user info", func(t *testing.T) {
		tok := login(t)
		raw, _ := tok.Extra("id_token").(string)
		id, err := provider.Verifier(&oidc.Config{ClientID: "basic"}).Verify(ctx, raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := id.VerifyAccessToken(tok.AccessToken); err != nil || id.Nonce != "nonce" {
			t.Errorf("ID token: %v, nonce %q", err, id.Nonce)
		}
		info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(tok))
		if err != nil || info.Subject != id.Subject || info.Email != "erin@example.com" {
			t.Errorf("user info: %+v, %v", info, err)
		}
	})
	t.Run("refresh", func(t *testing.T) {
		old := login(t)
		fresh, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: old.RefreshToken}).Token()
		if err != nil || fresh.AccessToken == old.AccessToken {
			t.Fatalf("%v, %v", fresh, err)
		}
		_, err = config.TokenSource(ctx, &oauth2.Token{RefreshToken: old.RefreshToken}).Token()
		if e, ok := errors.AsType[*oauth2.RetrieveError](err); !ok || e.ErrorCode != "invalid_grant" {
			t.Errorf("the old refresh token: %v", err)
		}
	})
	t.Run("client credentials in header and body", func(t *testing.T) {
		for id, style := range map[string]oauth2.AuthStyle{"basic": oauth2.AuthStyleInHeader, "post": oauth2.AuthStyleInParams, "hmac": oauth2.AuthStyleAutoDetect} {
			c := clientcredentials.Config{ClientID: id, ClientSecret: s.Secret, TokenURL: provider.Endpoint().TokenURL, Scopes: []string{"read"}, AuthStyle: style}
			tok, err := c.Token(ctx)
			if id == "hmac" { // registered for another method
				if e, ok := errors.AsType[*oauth2.RetrieveError](err); !ok || e.ErrorCode != "invalid_client" {
					t.Errorf("%s: %v", id, err)
				}
				continue
			}
			if err != nil || tok.Type() != "Bearer" {
				t.Errorf("%s: %v", id, err)
			}
		}
	})
	t.Run("password", func(t *testing.T) {
		if _, err := config.PasswordCredentialsToken(ctx, "erin", "Pass-w0rd"); err != nil {
			t.Error(err)
		}
		if _, err := config.PasswordCredentialsToken(ctx, "erin", "wrong"); err == nil {
			t.Error("a wrong password is taken")
		}
	})
	t.Run("device", func(t *testing.T) {
		c := oauth2.Config{ClientID: "public", Endpoint: provider.Endpoint(), Scopes: []string{"openid", "read"}}
		device, err := c.DeviceAuth(ctx)
		if err != nil {
			t.Fatal(err)
		}
		s.sentTo(t, device.VerificationURI, url.Values{"user_code": {device.UserCode}, "decision": {"allow"}, "csrf": {s.Session}})
		if tok, err := c.DeviceAccessToken(ctx, device); err != nil || tok.AccessToken == "" {
			t.Error(err)
		}
	})
	t.Run("JWT access token by go-oidc", func(t *testing.T) {
		c := clientcredentials.Config{ClientID: "stateless", ClientSecret: s.Secret, TokenURL: provider.Endpoint().TokenURL, Scopes: []string{"read"}}
		tok, err := c.Token(ctx)
		if err != nil {
			t.Fatal(err)
		}
		verifier := provider.Verifier(&oidc.Config{SkipClientIDCheck: true, SupportedSigningAlgs: []string{"ES256"}})
		if _, err := verifier.Verify(ctx, tok.AccessToken); err != nil {
			t.Error(err)
		}
	})
}

// loginProxy is a proxy as people put before applications that know nothing of logins: it keeps a cookie, leads whoever
// has none to the provider, and tells the application the user's address in a header.
type loginProxy struct {
	config   oauth2.Config
	verifier *oidc.IDTokenVerifier
	app      http.Handler
	mu       sync.Mutex
	pending  map[string]pendingLogin // by state
	sessions map[string]string       // cookie to email
}

type pendingLogin struct{ page, nonce, proof string }

func (p *loginProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/oauth2/callback" {
		p.callback(w, r)
		return
	}
	cookie, err := r.Cookie("_proxy")
	if err == nil {
		p.mu.Lock()
		email := p.sessions[cookie.Value]
		p.mu.Unlock()
		if email != "" {
			r.Header.Set("X-Forwarded-Email", email)
			p.app.ServeHTTP(w, r)
			return
		}
	}
	state, visit := oauth2.GenerateVerifier(), pendingLogin{r.URL.String(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()}
	p.mu.Lock()
	p.pending[state] = visit
	p.mu.Unlock()
	http.Redirect(w, r, p.config.AuthCodeURL(state, oidc.Nonce(visit.nonce), oauth2.S256ChallengeOption(visit.proof)), http.StatusFound)
}

func (p *loginProxy) callback(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	visit, ok := p.pending[r.FormValue("state")]
	delete(p.pending, r.FormValue("state"))
	p.mu.Unlock()
	if !ok {
		http.Error(w, "unknown state", http.StatusForbidden)
		return
	}
	email, err := p.redeem(r.Context(), r.FormValue("code"), visit)
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	cookie := oauth2.GenerateVerifier()
	p.mu.Lock()
	p.sessions[cookie] = email
	p.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: "_proxy", Value: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, visit.page, http.StatusFound)
}

func (p *loginProxy) redeem(ctx context.Context, code string, visit pendingLogin) (string, error) {
	tok, err := p.config.Exchange(ctx, code, oauth2.VerifierOption(visit.proof))
	if err != nil {
		return "", err
	}
	raw, _ := tok.Extra("id_token").(string)
	id, err := p.verifier.Verify(ctx, raw)
	if err != nil {
		return "", err
	}
	if id.Nonce != visit.nonce {
		return "", errors.New("another nonce")
	}
	var claims struct {
		Email string `json:"email"`
	}
	if err := id.Claims(&claims); err != nil || claims.Email == "" {
		return "", fmt.Errorf("no email in the ID token: %w", err)
	}
	return claims.Email, nil
}

// A browser comes to an application behind a proxy of x/oauth2 and go-oidc, signs in at the authorization server and is
// back at the page that it asked for.
func TestLoginProxy(t *testing.T) {
	o := newOP(t)
	o.rest("PUT", "/realms/root/realm-config/services/oauth-oidc", map[string]any{
		"consent":              map[string]any{"clientsCanSkipConsent": true},
		"advancedOAuth2Config": map[string]any{"supportedScopes": []string{"openid", "email"}},
		"advancedOIDCConfig":   map[string]any{"alwaysAddClaimsToToken": true},
	})
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"page": r.URL.String(), "email": r.Header.Get("X-Forwarded-Email")})
	}))
	defer app.Close()
	to, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	p := &loginProxy{app: httputil.NewSingleHostReverseProxy(to), verifier: o.provider.Verifier(&oidc.Config{ClientID: "proxy"}),
		pending: map[string]pendingLogin{}, sessions: map[string]string{}}
	site := httptest.NewServer(p)
	defer site.Close()
	p.config = oauth2.Config{ClientID: "proxy", ClientSecret: opSecret, Endpoint: o.provider.Endpoint(),
		RedirectURL: site.URL + "/oauth2/callback", Scopes: []string{"openid", "email"}}
	o.rest("PUT", "/realms/root/realm-config/agents/OAuth2Client/proxy", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": opSecret, "scopes": []string{"openid", "email"}, "redirectionUris": []string{p.config.RedirectURL}},
		"advancedOAuth2ClientConfig": map[string]any{"isConsentImplied": true},
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t, &http.Client{Jar: jar}}
	page := site.URL + "/orders?id=7"
	at, status, body := b.visit("GET", page, nil)
	if status != 200 || !strings.Contains(body, `name="IDToken1"`) {
		t.Fatalf("led to %s: %d %s", at, status, body)
	}
	at, status, body = b.visit("POST", at.String(), url.Values{"IDToken1": {"erin"}, "IDToken2": {"Pass-w0rd"}})
	want := `{"email":"erin@example.com","page":"/orders?id=7"}`
	if at.String() != page || status != 200 || strings.TrimSpace(body) != want {
		t.Errorf("ends at %s: %d %s", at, status, body)
	}
	if _, _, again := b.visit("GET", page, nil); strings.TrimSpace(again) != want {
		t.Errorf("again: %s", again)
	}
	// A code that comes with a state of nobody is not redeemed.
	if _, status, _ := b.visit("GET", site.URL+"/oauth2/callback?code=x&state=y", nil); status != 403 {
		t.Errorf("a forged callback: %d", status)
	}
}
