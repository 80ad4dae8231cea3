package e2e

import (
	"net/url"
	"strings"
	"testing"
)

const logoSVG = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSIxMjAiIGhlaWdodD0iMzIiPjxyZWN0IHdpZHRoPSIxMjAiIGhlaWdodD0iMzIiIHJ4PSI2IiBmaWxsPSIjMGI3YTc1Ii8+PHRleHQgeD0iMTIiIHk9IjIyIiBmb250LXNpemU9IjE4IiBmaWxsPSIjZmZmIiBmb250LWZhbWlseT0ic2Fucy1zZXJpZiI+TGltZXRyZWU8L3RleHQ+PC9zdmc+"

// The pages for users, in a browser: sign-in, consent, device, errors, account, sign-out.
func TestBrowserPages(t *testing.T) {
	a := startAM(t, t.TempDir())
	const root = "/realms/root/realm-config"
	a.rest("POST", root+"/services/oauth-oidc?_action=create", map[string]any{
		"advancedOAuth2Config": map[string]any{"supportedScopes": []string{"openid", "profile", "email"}},
	})
	client := func(id string, advanced map[string]any) {
		advanced["grantTypes"] = []string{"authorization_code", "password", "urn:ietf:params:oauth:grant-type:device_code"}
		a.rest("PUT", root+"/agents/OAuth2Client/"+id, map[string]any{
			"coreOAuth2ClientConfig": map[string]any{
				"userpassword": "password", "redirectionUris": []string{"https://photos.example.com/callback"},
				"scopes":     []string{"openid|en|Know that it is you", "openid|de|Wissen, dass Sie es sind", "profile|en|See your name", "profile|de|Ihren Namen sehen", "email|en|See your address for mail", "email|de|Ihre Mailadresse sehen"},
				"clientName": []string{"en|Photo prints", "de|Fotoabzüge"},
			},
			"advancedOAuth2ClientConfig": advanced,
		})
	}
	client("photos", map[string]any{
		"name":         []string{"en|Photo prints"},
		"descriptions": []string{"en|Prints your pictures and sends them to you.", "de|Druckt Ihre Bilder und schickt sie Ihnen."},
		"policyUri":    []string{"https://photos.example.com/privacy"}, "tosURI": []string{"https://photos.example.com/terms"},
	})
	a.rest("POST", "/realms/root/users?_action=create", map[string]any{
		"username": "erin", "userpassword": "Pass-w0rd", "givenName": "Erin", "sn": "Example", "cn": "Erin Example", "mail": "erin@example.com",
	})
	a.rest("POST", "/global-config/realms?_action=create", map[string]any{"name": "alpha", "active": true, "parentPath": "/", "aliases": []string{}})
	a.rest("POST", "/realms/root/realms/alpha/realm-config/services/gatehousePages?_action=create", map[string]any{
		"name": "Limetree", "logo": logoSVG, "accentColor": "#0b7a75",
		"footerLinks": []string{"en|Imprint|https://limetree.example.com/imprint", "de|Impressum|https://limetree.example.com/impressum", "Help|mailto:help@limetree.example.com"},
	})
	for _, bad := range []map[string]any{{"accentColor": "teal"}, {"logo": "javascript:alert(1)"}, {"footerLinks": []string{"x"}}, {"footerLinks": []string{"x|javascript:alert(1)"}}} {
		if status, body := a.try("PUT", "/realms/root/realms/alpha/realm-config/services/gatehousePages", bad); status != 400 {
			t.Errorf("%v: %d %v", bad, status, body)
		}
	}
	// A token, so that the account has an application; and a device that waits.
	if status, body, _ := a.token("/oauth2/access_token", "photos", "password", url.Values{
		"grant_type": {"password"}, "username": {"erin"}, "password": {"Pass-w0rd"}, "scope": {"profile email"},
	}); status != 200 {
		t.Fatalf("token: %d %v", status, body)
	}
	status, device, _ := a.token("/oauth2/device/code", "photos", "password", url.Values{"scope": {"profile"}})
	if status != 200 {
		t.Fatalf("device: %d %v", status, device)
	}
	browse(t, "users", map[string]any{"base": a.base, "userCode": device["user_code"]})
}

// The start page of the demo: every flow runs, and its messages hold no secret.
func TestBrowserSample(t *testing.T) {
	p := start(t, nil, "demo", "--data", t.TempDir())
	eventually(t, "the demo has printed its commands", func() bool { return strings.HasSuffix(p.printed(), "\n\n") })
	browse(t, "sample", map[string]any{"base": "http://127.0.0.1:8081"})
}
