package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// sdkPage says where the browser finds the packages that the SDK imports.
const sdkPage = `<!doctype html><html lang=en><title>Application</title><h1>Application</h1><script type=importmap>{"imports": {
	"@reduxjs/toolkit": "/npm/@reduxjs/toolkit/dist/redux-toolkit.browser.mjs", "@reduxjs/toolkit/query": "/npm/@reduxjs/toolkit/dist/query/rtk-query.browser.mjs",
	"immer": "/npm/immer/dist/immer.production.mjs", "redux": "/npm/redux/dist/redux.browser.mjs",
	"redux-thunk": "/npm/redux-thunk/dist/redux-thunk.mjs", "reselect": "/npm/reselect/dist/reselect.browser.mjs",
	"@standard-schema/utils": "/npm/@standard-schema/utils/dist/index.js", "@standard-schema/spec": "/npm/@standard-schema/spec/dist/index.js"
}}</script>`

// sdkOrigin serves pages that use the SDK, and returns their origin.
func sdkOrigin(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/npm/", http.StripPrefix("/npm/", http.FileServer(http.Dir("node/node_modules"))))
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"authorization": r.Header.Get("Authorization")})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(sdkPage))
	})
	pages := httptest.NewServer(mux)
	t.Cleanup(pages.Close)
	return local(pages.URL)
}

// local is an address that browsers trust although it is plain http, as PKCE and security keys need it. Its ports are
// one site, so that cookies are sent.
func local(url string) string { return strings.Replace(url, "127.0.0.1", "localhost", 1) }

// A page of another origin signs in with the ForgeRock JavaScript SDK, unmodified: callbacks, authorization in a frame
// with PKCE, user info, renewal, logout. What the browser lets it do is what the CORS service allows.
func TestJavaScriptSDK(t *testing.T) {
	origin := sdkOrigin(t)
	a := startAM(t, t.TempDir())
	const root = "/realms/root"
	a.rest("POST", root+"/realm-config/services/oauth-oidc?_action=create", map[string]any{
		"consent":              map[string]any{"clientsCanSkipConsent": true},
		"advancedOAuth2Config": map[string]any{"supportedScopes": []string{"openid", "profile", "email"}},
	})
	a.rest("PUT", root+"/realm-config/agents/OAuth2Client/spa", map[string]any{
		"coreOAuth2ClientConfig": map[string]any{
			"clientType": "Public", "redirectionUris": []string{origin + "/callback"}, "scopes": []string{"openid", "profile", "email"},
		},
		"advancedOAuth2ClientConfig": map[string]any{
			"grantTypes": []string{"authorization_code", "refresh_token"}, "tokenEndpointAuthMethod": "none", "isConsentImplied": true,
		},
	})
	a.rest("POST", root+"/users?_action=create", map[string]any{
		"username": "erin", "userpassword": "Pass-w0rd", "givenName": "Erin", "sn": "Example", "cn": "Erin Example", "mail": "erin@example.com",
	})
	a.rest("PUT", "/global-config/services/CorsService/configuration/spa", map[string]any{
		"enabled": true, "acceptedOrigins": []string{origin}, "acceptedMethods": []string{"GET", "POST"}, "allowCredentials": true,
		"acceptedHeaders": []string{"Accept-API-Version", "Authorization", "Content-Type", "X-Requested-With", "X-Requested-Platform"},
	})
	browse(t, "javascript-sdk", map[string]any{
		"app": origin + "/", "am": local(a.base), "client": "spa", "username": "erin", "password": "Pass-w0rd",
		"resolve": map[string]string{"localhost": "127.0.0.1"},
	})
}
