package oauth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	gatehouse "gatehouse/internal/am/oauth"
)

// Clients that others wrote find their way by discovery alone.
func TestForeignClients(t *testing.T) {
	w, l := withLogin(t)
	w.client("/alpha", "web", "s%cr t+", strings.Replace(webClient("", "", ""), `"grantTypes":[`, `"grantTypes":["client_credentials",`, 1))
	rl, _ := w.realms.Find("/alpha")
	const prefix = "/am/oauth2/realms/root/realms/alpha/"
	mux := http.NewServeMux()
	var site *httptest.Server
	mux.HandleFunc(prefix, func(rw http.ResponseWriter, r *http.Request) {
		w.server.ServeHTTP(rw, r, rl, gatehouse.BaseURL{URL: site.URL + "/am"}, strings.TrimPrefix(r.URL.Path, prefix))
	})
	site = httptest.NewServer(mux)
	defer site.Close()

	ctx := context.WithValue(w.ctx, oauth2.HTTPClient, site.Client())
	provider, err := oidc.NewProvider(ctx, site.URL+strings.TrimSuffix(prefix, "/"))
	if err != nil {
		t.Fatal(err)
	}
	config := oauth2.Config{ClientID: "web", ClientSecret: "s%cr t+", Endpoint: provider.Endpoint(), RedirectURL: callback, Scopes: []string{"openid", "profile"}}

	token := l.signIn("/alpha", "demo", "")
	proof := oauth2.GenerateVerifier()
	address := config.AuthCodeURL("state", oauth2.S256ChallengeOption(proof), oidc.Nonce("nonce"))
	body := strings.NewReader(url.Values{"decision": {"allow"}, "csrf": {token}}.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.AddCookie(&http.Cookie{Name: cookieName, Value: token})
	resp, err := site.Client().Transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		t.Fatal(err)
	}
	if back.Query().Get("state") != "state" || back.Query().Get("iss") != site.URL+strings.TrimSuffix(prefix, "/") {
		t.Errorf("sent to %s", back)
	}

	got, err := config.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(proof))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := got.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: "web"}).Verify(ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	if id.Subject != "(usr!demo)" || id.Nonce != "nonce" {
		t.Errorf("ID token of %s with nonce %s", id.Subject, id.Nonce)
	}
	if err := id.VerifyAccessToken(got.AccessToken); err != nil {
		t.Error(err)
	}
	info, err := provider.UserInfo(ctx, config.TokenSource(ctx, got))
	if err != nil || info.Subject != id.Subject {
		t.Errorf("user info of %v: %v", info, err)
	}
	old := *got
	old.Expiry = w.now().Add(-1)
	fresh, err := config.TokenSource(ctx, &old).Token()
	if err != nil || fresh.AccessToken == got.AccessToken || fresh.RefreshToken == got.RefreshToken {
		t.Errorf("refreshed: %v", err)
	}

	for name, style := range map[string]oauth2.AuthStyle{"basic": oauth2.AuthStyleInHeader, "detected": oauth2.AuthStyleAutoDetect} {
		own := clientcredentials.Config{ClientID: "web", ClientSecret: "s%cr t+", TokenURL: provider.Endpoint().TokenURL, Scopes: []string{"read"}, AuthStyle: style}
		if _, err := own.Token(ctx); err != nil {
			t.Errorf("client credentials, %s: %v", name, err)
		}
	}
}
