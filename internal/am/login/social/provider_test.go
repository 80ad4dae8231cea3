package social

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"
)

// What cannot be used is told, all of it at once.
func TestCheck(t *testing.T) {
	const right = `"clientId":"a","redirectURI":"https://am.example.com/am","issuer":"https://idp.example.com"`
	for _, tt := range []struct {
		kind, body string
		want       []string
	}{
		{"oidcConfig", "{" + right + "}", nil},
		{"googleConfig", "{" + right + `,"pkceMethod":"NONE","clientAuthenticationMethod":"CLIENT_SECRET_BASIC","responseMode":"FORM_POST"}`, nil},
		{"oauth2Config", "{" + right + "}", []string{"userInfoEndpoint"}},
		{"oidcConfig", `{"redirectURI":"here","pkceMethod":"x"}`, []string{"clientId: expected a value", "redirectURI: expected an address, found here", "pkceMethod: expected S256", "userInfoEndpoint"}},
		{"oidcConfig", "{" + right + `,"clientAuthenticationMethod":"PRIVATE_KEY_JWT","issuerComparisonCheckType":"REGEX"}`, []string{"clientAuthenticationMethod", "issuerComparisonCheckType: expected EXACT, found REGEX"}},
		{"oidcConfig", "{" + right + `,"revocationCheckOptions":["X"]}`, []string{"revocationCheckOptions"}},
		{"oidcConfig", `[]`, []string{"provider p"}},
	} {
		err := Check(tt.kind, "p", json.RawMessage(tt.body))
		if (err == nil) != (tt.want == nil) {
			t.Errorf("%s %s: %v", tt.kind, tt.body, err)
		}
		for _, want := range tt.want {
			if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s %s: %v, want %q", tt.kind, tt.body, err, want)
			}
		}
	}
}

// Configurations and what browsers bring back never end in a panic, and nothing is of an attempt but its own state.
func FuzzBegin(f *testing.F) {
	f.Add(`{"clientId":"a","redirectURI":"https://am.example.com/am","authorizationEndpoint":"https://idp.example.com/a?b=c","tokenEndpoint":"https://idp.example.com/t","userInfoEndpoint":"https://idp.example.com/u"}`, "state=x&code=y")
	f.Fuzz(func(t *testing.T, config, query string) {
		p, err := parse("oauth2Config", "p", json.RawMessage(config))
		if err != nil || p.check() != nil || p.WellKnown != "" {
			return
		}
		address, a, err := NewClient(time.Now).Begin(t.Context(), p)
		if err != nil {
			return
		}
		u, err := url.Parse(address)
		if err != nil || u.Query().Get("state") != a.State || u.Query().Get("redirect_uri") != p.RedirectURI || u.Query().Get("client_id") != p.ClientID {
			t.Errorf("%s of %s: %v", address, config, err)
		}
		brought, err := url.ParseQuery(query)
		if err == nil && a.Mine(brought) {
			t.Errorf("%q is of the attempt", query)
		}
	})
}
