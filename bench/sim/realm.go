package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// mayAct lets the client of exchanges act for everybody.
const mayAct = `import org.forgerock.json.JsonValue
token.setMayAct(JsonValue.json(JsonValue.object(JsonValue.field('client_id', '` + exchangeClient + `'))))`

// prepare makes accounts, clients and settings through the REST interface.
func (w *world) prepare(ctx context.Context, adminPassword string) error {
	sso := ""
	call := func(method, path string, body any) (map[string]any, error) {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		req, err := http.NewRequestWithContext(ctx, method, w.am+"/json/realms/root"+path, bytes.NewReader(b))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept-API-Version", "protocol=2.1,resource=1.0")
		if sso == "" {
			req.Header.Set("X-OpenAM-Username", "amAdmin")
			req.Header.Set("X-OpenAM-Password", adminPassword)
			req.Header.Set("Accept-API-Version", "protocol=1.0,resource=2.0")
		} else {
			req.Header.Set("iPlanetDirectoryPro", sso)
		}
		m, resp, err := w.do(req, 201)
		if resp != nil && (resp.StatusCode == 200 || resp.StatusCode == 409 || resp.StatusCode == 412) {
			return m, nil // made, or there already
		}
		return m, err
	}
	req, err := http.NewRequestWithContext(ctx, "POST", w.am+"/json/realms/root/authenticate", nil)
	if err != nil {
		return err
	}
	req.Header.Set("X-OpenAM-Username", "amAdmin")
	req.Header.Set("X-OpenAM-Password", adminPassword)
	req.Header.Set("Accept-API-Version", "protocol=1.0,resource=2.0")
	m, _, err := w.do(req, 200)
	if err != nil {
		return fmt.Errorf("sign in as amAdmin: %w", err)
	}
	if sso, _ = m["tokenId"].(string); sso == "" {
		return errors.New("sign in as amAdmin: no session")
	}
	script, err := call("POST", "/scripts?_action=create", map[string]any{"name": "sim-may-act", "language": "GROOVY", "context": "OAUTH2_MAY_ACT",
		"script": base64.StdEncoding.EncodeToString([]byte(mayAct))})
	if err != nil {
		return err
	}
	const config, clients = "/realm-config", "/realm-config/agents/OAuth2Client/"
	steps := []struct {
		method, path string
		body         any
	}{
		{"POST", config + "/services/oauth-oidc?_action=create", map[string]any{
			"consent":          map[string]any{"clientsCanSkipConsent": true},
			"coreOAuth2Config": map[string]any{"accessTokenMayActScript": script["_id"]},
		}},
		{"PUT", config + "/agents/IdentityGatewayAgent/" + agent, map[string]any{"userpassword": clientSecret, "igTokenIntrospection": "Realm"}},
		{"PUT", clients + appClient, map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"userpassword": clientSecret, "scopes": []string{"openid", "sim-call"}, "redirectionUris": []string{callback}},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"authorization_code", "refresh_token"}, "isConsentImplied": true},
		}},
		{"PUT", clients + serviceClient, map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"userpassword": clientSecret, "scopes": []string{"sim-call"}},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
		}},
		{"PUT", clients + exchangeClient, map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"userpassword": clientSecret, "scopes": []string{"sim-call"}},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"urn:ietf:params:oauth:grant-type:token-exchange"}},
		}},
	}
	for _, s := range steps {
		if _, err := call(s.method, s.path, s.body); err != nil {
			return err
		}
	}
	for n := range w.accounts {
		if _, err := call("POST", "/users?_action=create", map[string]any{"username": user(n), "userpassword": userPassword,
			"givenName": "Sim", "sn": "User", "cn": "Sim User", "mail": user(n) + "@example.com"}); err != nil {
			return err
		}
	}
	return nil
}

// warmUp logs some people in, so that there are sessions and tokens from the beginning.
func (w *world) warmUp(ctx context.Context, n int) error {
	for i := range n {
		session, err := w.signIn(ctx)
		if err != nil {
			return err
		}
		c, err := w.authorize(ctx, session)
		if err != nil {
			return err
		}
		if err := w.redeem(ctx, c); err != nil {
			return err
		}
		if w.call == "" || i%2 == 0 { // some stay new
			continue
		}
		if err := w.send(ctx, firstCall); err != nil {
			return fmt.Errorf("%w (does %s take tokens with the scope sim-call?)", err, strings.SplitN(w.call, "?", 2)[0])
		}
	}
	return nil
}
