package oauth_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// A gateway in another domain gets an ID token that stands for the session of its user.
func TestGatewaySignIn(t *testing.T) {
	w, l := withLogin(t)
	const redirect = "https://ig.example.com:8443/home/cdsso/redirect"
	agent := func(rl, id, status string) {
		body, _ := json.Marshal(map[string]any{
			"_type": realm.TypeGatewayAgent, "status": status, "userpassword": w.realms.SealSecret("pw"), "igCdssoRedirectUrls": []string{redirect},
		})
		w.put(rl, store.KindAgent, id, string(body))
	}
	agent("/", "ig_agent", "Active")
	agent("/", "asleep", "Inactive")
	agent("/alpha", "alpha_agent", "Active")
	w.client("/", "web", "s", webClient("", "", ""))
	w.provider("/", `{"advancedOAuth2Config":{"requirePushedAuthorizationRequests":true,"grantTypes":["authorization_code"]},"advancedOIDCConfig":{"storeOpsTokens":false}}`)
	token := l.signIn("/", "demo", "")
	request := func(id string, change ...string) []string {
		f := map[string]string{
			"client_id": id, "response_type": "id_token", "response_mode": "form_post", "scope": "openid", "agent_provider": "true",
			"agent_realm": "/", "nonce": "n", "state": "st", "redirect_uri": redirect,
		}
		for i := 0; i < len(change); i += 2 {
			f[change[i]] = change[i+1]
		}
		var out []string
		for name, v := range f {
			if v != "" {
				out = append(out, name, v)
			}
		}
		return out
	}
	posted := func(a answer) string {
		t.Helper()
		_, rest, ok := strings.Cut(a.body, `name="id_token" value="`)
		raw, _, _ := strings.Cut(rest, `"`)
		if a.status != 200 || !ok || !strings.Contains(a.body, `action="`+redirect+`"`) {
			t.Fatalf("answer is %d %s", a.status, a.body)
		}
		return raw
	}
	raw := posted(w.get("/", "authorize", request("ig_agent"), cookie(token)))
	claims := w.verified(raw)
	if claims["aud"] != "ig_agent" || claims["sub"] != "(usr!demo)" || claims["nonce"] != "n" || claims["agent_realm"] != "/" {
		t.Errorf("ID token is %v", claims)
	}
	sess, err := l.sessions().Find(w.ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	if of, _ := claims["forgerock"].(map[string]any); of["ssotoken"] != token || of["suid"] != sess.CtxID {
		t.Errorf("the agent is told of the session: %v", of)
	}
	if id, err := w.server.SSOSession(w.ctx, raw); err != nil || id != sess.ID() {
		t.Errorf("SSOSession = %q, %v, want %q", id, err, sess.ID())
	}
	posted(w.get("/", "authorize", request("alpha_agent", "agent_realm", "/alpha"), cookie(token)))

	to, q := location(t, w.get("/", "authorize", request("ig_agent")))
	if !strings.HasPrefix(to, base+"/UI/Login?") || !strings.Contains(q.Get("goto"), "agent_provider=true") {
		t.Errorf("without a session sent to %s", to)
	}
	for name, f := range map[string][]string{
		"not an agent":       request("web"),
		"inactive":           request("asleep"),
		"of another realm":   request("alpha_agent"),
		"no such realm":      request("ig_agent", "agent_realm", "/nowhere"),
		"foreign redirect":   request("ig_agent", "redirect_uri", "https://evil.example/"),
		"agent_provider off": request("ig_agent", "agent_provider", ""),
	} {
		if a := w.get("/", "authorize", f, cookie(token)); a.status != 400 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	for name, f := range map[string][]string{
		"not posted": request("ig_agent", "response_mode", "fragment"), "a code": request("ig_agent", "response_type", "code", "response_mode", "query"),
	} {
		if _, q := location(t, w.get("/", "authorize", f, cookie(token))); q.Get("error") == "" {
			t.Errorf("%s: %v", name, q)
		}
	}

	// Nobody else's ID token, and no expired one, stands for a session.
	w.provider("/", `{"advancedOIDCConfig":{"authorisedOpenIdConnectSSOClients":["listed"]}}`)
	w.client("/", "listed", "s", webClient("", "", ""))
	idOf := func(client string) string {
		f := form("client_id", client, "response_type", "code", "redirect_uri", callback, "scope", "openid", "decision", "allow", "csrf", token)
		_, q := location(t, w.post("/", "authorize", f, cookie(token)))
		return w.token("/", form("grant_type", "authorization_code", "code", q.Get("code"), "redirect_uri", callback), basic(client, "s")).text("id_token")
	}
	if _, err := w.server.SSOSession(w.ctx, idOf("listed")); err != nil {
		t.Errorf("a client in the settings: %v", err)
	}
	agent("/", "ig_agent", "Inactive")
	for name, raw := range map[string]string{"a client's": idOf("web"), "an inactive agent's": raw, "a forged one": raw[:len(raw)-6] + "AAAAAA", "junk": "eyJ.e30.x"} {
		if _, err := w.server.SSOSession(w.ctx, raw); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	agent("/", "ig_agent", "Active")
	w.pass(61 * time.Minute)
	if _, err := w.server.SSOSession(w.ctx, raw); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an expired one: %v", err)
	}
}

func TestLoginTemplates(t *testing.T) {
	w, _ := withLogin(t)
	w.client("/", "web", "s", webClient("", "", ""))
	sent := func(template string, more ...string) answer {
		settings, _ := json.Marshal(map[string]any{"advancedOAuth2Config": map[string]string{"customLoginUrlTemplate": template}})
		w.provider("/", string(settings))
		return w.get("/", "authorize", append(form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read"), more...))
	}
	const template = `https://login.example.com/in?goto=${goto}<#if acrValues??>&acr=${acrValues}</#if><#if locale??>&lang=${locale}</#if>&realm=${realm}`
	to, q := location(t, sent(template, "ui_locales", "de&x=y"))
	if !strings.HasPrefix(to, "https://login.example.com/in?goto=http%3A%2F%2Fam.example.com") || !strings.HasPrefix(q.Get("goto"), base+"/oauth2/authorize?client_id=web&") ||
		q.Get("lang") != "de&x=y" || q.Get("realm") != "/" || q.Has("acr") {
		t.Errorf("sent to %s", to)
	}
	if _, q := location(t, sent(template, "acr_values", "a b")); q.Get("acr") != "a b" || q.Has("lang") {
		t.Errorf("sent to %v", q)
	}
	w.client("/", "web", "s", webClient("", "", `}, "overrideOAuth2ClientConfig":{"providerOverridesEnabled":true,"customLoginUrlTemplate":"https://own.example.com/?goto=${goto}"`))
	if to, _ := location(t, sent(template)); !strings.HasPrefix(to, "https://own.example.com/?goto=http") {
		t.Errorf("a client with a template of its own is sent to %s", to)
	}
	w.client("/", "web", "s", webClient("", "", `}, "overrideOAuth2ClientConfig":{"providerOverridesEnabled":false,"customLoginUrlTemplate":"https://own.example.com/?goto=${goto}"`))
	if to, _ := location(t, sent(template)); !strings.HasPrefix(to, "https://login.example.com/in?") {
		t.Errorf("a client whose template does not count is sent to %s", to)
	}
	for name, template := range map[string]string{
		"unknown name": "https://login.example.com/${secret}", "more of the language": "https://x.example/<#list a as b></#list>", "no address": "${goto}",
		"a script": "javascript:alert(1)//${goto}",
	} {
		if to, q := location(t, sent(template)); !strings.HasPrefix(to, callback) || q.Get("error") != "server_error" || strings.Contains(to, "secret") {
			t.Errorf("%s: sent to %s", name, to)
		}
	}
}
