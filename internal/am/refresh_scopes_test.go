package am_test

import (
	"encoding/base64"
	"net/url"
	"testing"
)

// A refresh token keeps what it was granted, unless the scope validation script says that it has what the access token got.
func TestRefreshInheritsScopes(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const service = "/json/realm-config/services/oauth-oidc"
	admin("POST", service+"?_action=create", map[string]any{}).want(t, 201)
	admin("PUT", "/json/realm-config/agents/OAuth2Client/app", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "secret", "scopes": []string{"read", "write"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"password", "refresh_token"}, "tokenEndpointAuthMethod": "client_secret_post"},
	}).want(t, 201)
	admin("POST", "/json/users?_action=create", map[string]any{"username": "demo", "userpassword": "Ch4ng31t"}).want(t, 201)
	p := &plugSite{site: s, session: ""}
	for _, tt := range []struct{ name, call, want string }{
		{"without a word", "", "read write"},
		{"inherited", "scopeValidatorHelper.inheritAccessTokenScopesOnRefresh();", "read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			source := `function validateAccessTokenScope() { return requestedScopes; }
function validateRefreshTokenScope() { ` + tt.call + ` return requestedScopes.length ? requestedScopes : allowedScopes; }`
			made := admin("POST", "/json/scripts?_action=create", map[string]any{
				"name": tt.name, "language": "JAVASCRIPT", "context": "OAUTH2_VALIDATE_SCOPE_NEXT_GEN", "evaluatorVersion": "2.0",
				"script": base64.StdEncoding.EncodeToString([]byte(source)),
			}).want(t, 201)
			id, _ := made["_id"].(string)
			admin("PUT", service, ofPlugin("validateScope")(id)).want(t, 200)
			refresh := func(token any, scope string) reply {
				raw, _ := token.(string)
				form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {raw}}
				if scope != "" {
					form.Set("scope", scope)
				}
				return p.token(form)
			}
			first := p.password("read write")
			less := refresh(member(first, "refresh_token"), "read")
			if less.StatusCode != 200 || less.body["scope"] != "read" {
				t.Fatalf("a refresh that asks for less: %d %s", less.StatusCode, less.raw)
			}
			if again := refresh(member(less, "refresh_token"), ""); again.StatusCode != 200 || again.body["scope"] != tt.want {
				t.Errorf("the refresh after it: %d %s, want %q", again.StatusCode, again.raw, tt.want)
			}
		})
	}
}
