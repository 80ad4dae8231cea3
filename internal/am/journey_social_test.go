package am_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const socialService = "/json/realm-config/services/SocialIdentityProviders"

// socialJourneys makes a journey that signs people in at a provider, registers those who have no account, and links those
// who have.
func socialJourneys(j *journeys, handler string, interrupted map[string]string) {
	to := map[string]string{"ACCOUNT_EXISTS": success, "NO_ACCOUNT": "register"}
	maps.Copy(to, interrupted)
	j.tree("Social",
		node{"select", "SelectIdPNode", map[string]any{"includeLocalAuthentication": false}, map[string]string{"socialAuthentication": "handle"}},
		node{"handle", handler, map[string]any{"script": "58c824ae-84ed-4724-82cd-db128fc3f6c", "clientType": "BROWSER"}, to},
		node{"register", "CreateObjectNode", map[string]any{"identityResource": "managed/user"}, map[string]string{"CREATED": success, "FAILURE": failure}})
	to = map[string]string{"ACCOUNT_EXISTS": failure, "NO_ACCOUNT": "patch"}
	maps.Copy(to, interrupted)
	patch := node{"patch", "PatchObjectNode", map[string]any{"identityResource": "managed/user", "identityAttribute": "userName", "ignoredFields": []string{"userName", "sn", "givenName", "mail"}},
		map[string]string{"PATCHED": success, "FAILURE": failure}}
	j.tree("Link", append(signIn(map[string]string{"true": "selectLink", "false": failure}),
		node{"selectLink", "SelectIdPNode", map[string]any{"includeLocalAuthentication": false}, map[string]string{"socialAuthentication": "handleLink"}},
		node{"handleLink", handler, map[string]any{"script": "58c824ae-84ed-4724-82cd-db128fc3f6c"}, to}, patch)...)
	// A mistake: it would link whoever the provider says the account is of.
	j.tree("Careless",
		node{"selectCareless", "SelectIdPNode", map[string]any{"includeLocalAuthentication": false}, map[string]string{"socialAuthentication": "handleCareless"}},
		node{"handleCareless", handler, map[string]any{"script": "58c824ae-84ed-4724-82cd-db128fc3f6c"}, to}, patch)
	j.tree("Nameless",
		node{"selectNameless", "SelectIdPNode", map[string]any{"includeLocalAuthentication": false}, map[string]string{"socialAuthentication": "handleNameless"}},
		node{"handleNameless", handler, map[string]any{}, map[string]string{"ACCOUNT_EXISTS": success, "NO_ACCOUNT": success, "SOCIAL_AUTH_INTERRUPTED": failure}})
}

func (j *journeys) fetchFrom(realm string, hosts ...string) {
	j.t.Helper()
	at := "/json" + realm + "/realm-config/services/oauth-oidc"
	if got := j.admin("POST", at+"?_action=create", map[string]any{}); got.StatusCode != 409 {
		got.want(j.t, 201)
	}
	j.admin("PUT", at, map[string]any{
		"gatehouseConfig": map[string]any{"allowedFetchHosts": hosts}, "advancedOAuth2Config": map[string]any{"supportedScopes": []string{"openid", "profile", "email"}},
		"consent": map[string]any{"clientsCanSkipConsent": true},
	}).want(j.t, 200)
}

var awayLink = regexp.MustCompile(`href="(http[^"]*)" rel="noreferrer"`)

// One realm is the provider of another: the browser goes there and comes back, with nothing but links and cookies.
func TestJourneySignsInAtAnotherRealm(t *testing.T) {
	j := newJourneys(t)
	j.admin("POST", "/json/global-config/realms", map[string]any{"name": "alpha", "parentPath": "/", "active": true}).want(t, 201)
	at, _ := url.Parse(j.base)
	const alpha = "/realms/root/realms/alpha"
	j.fetchFrom("", at.Host)
	j.fetchFrom(alpha)
	back := j.base + "/XUI/?realm=/"
	j.admin("PUT", "/json"+alpha+"/realm-config/agents/OAuth2Client/gatehouse", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "client-secret", "redirectionUris": []string{back}, "scopes": []string{"openid", "profile", "email"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"authorization_code"}, "tokenEndpointAuthMethod": "client_secret_basic", "isConsentImplied": true},
	}).want(t, 201)
	for name, mail := range map[string]string{"ann": "ann@example.com", "demo": "other@example.com"} {
		j.admin("POST", "/json"+alpha+"/users?_action=create", map[string]any{"username": name, "userpassword": "Ch4ng31t-" + name, "mail": mail, "givenName": "Ann", "sn": "Other"}).want(t, 201)
	}
	j.admin("POST", socialService+"?_action=create", map[string]any{"enabled": true}).want(t, 201)
	config := map[string]any{
		"clientId": "gatehouse", "clientSecret": "client-secret", "wellKnownEndpoint": j.base + "/oauth2" + alpha + "/.well-known/openid-configuration", "enabled": true,
		"scopes": []string{"openid", "profile", "email"}, "scopeDelimiter": " ", "redirectURI": back, "pkceMethod": "S256", "clientAuthenticationMethod": "CLIENT_SECRET_BASIC",
		"authenticationIdKey": "sub", "transform": "33333333-1111-4111-8111-000000000001", "issuerComparisonCheckType": "EXACT", "userInfoResponseType": "JSON",
		"uiConfig": map[string]any{"buttonDisplayName": "Alpha"}, "issuer": j.base + "/oauth2" + alpha,
	}
	written := j.admin("PUT", socialService+"/oidcConfig/alpha", config)
	written.want(t, 201)
	if strings.Contains(written.raw, "client-secret") {
		t.Errorf("the secret is shown: %s", written.raw)
	}
	j.script("33333333-1111-4111-8111-000000000001", "JAVASCRIPT", "SOCIAL_IDP_PROFILE_TRANSFORMATION", `
(function () {
  var imports = JavaImporter(org.forgerock.json.JsonValue);
  var normalized = imports.JsonValue.json(imports.JsonValue.object());
  normalized.put("id", rawProfile.get("sub").asString());
  normalized.put("username", rawProfile.get("subname").asString());
  normalized.put("givenName", rawProfile.get("given_name"));
  normalized.put("familyName", rawProfile.get("family_name"));
  normalized.put("email", rawProfile.get("email"));
  return normalized;
}());`)
	socialJourneys(j, "SocialProviderHandlerNodeV2", map[string]string{"SOCIAL_AUTH_INTERRUPTED": failure})
	at2 := func(name string) string { return j.login("/json"+alpha+"/authenticate", name, "Ch4ng31t-"+name) }

	// leave opens the page of a journey, and gives the way to the provider and the cookie that tracks the step.
	leave := func(page reply) (*url.URL, string) {
		t.Helper()
		m := awayLink.FindStringSubmatch(page.raw)
		if m == nil {
			t.Fatalf("the page leads nowhere: %d\n%s", page.StatusCode, page.raw)
		}
		u, err := url.Parse(html.UnescapeString(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Cookies() {
			if c.Name == "reentry" {
				return u, "reentry=" + c.Value
			}
		}
		t.Fatal("no cookie tracks the step")
		return nil, ""
	}
	open := func(journey string) (*url.URL, string) {
		t.Helper()
		return leave(j.send("GET", "/XUI/?realm=/&service="+journey, nil, "Accept", "text/html"))
	}
	// provider is what the provider answers to somebody who is signed in there.
	provider := func(u *url.URL, as string) *url.URL {
		t.Helper()
		got := j.send("GET", u.String(), nil, "Cookie", "iPlanetDirectoryPro="+at2(as))
		to, err := url.Parse(got.Header.Get("Location"))
		if err != nil || got.StatusCode != 302 || to.Query().Get("code") == "" {
			t.Fatalf("provider: %d %s %s", got.StatusCode, got.Header.Get("Location"), got.raw)
		}
		return to
	}
	comeBack := func(to *url.URL, cookie string) reply {
		return j.send("GET", to.String(), nil, "Accept", "text/html", "Cookie", cookie)
	}
	subject := func(r reply) string {
		for _, c := range r.Cookies() {
			if c.Name == "iPlanetDirectoryPro" && c.Value != "" {
				sess, err := j.server.Login().Find(t.Context(), c.Value)
				if err != nil {
					t.Fatal(err)
				}
				return sess.Realm + sess.Subject.Name
			}
		}
		return ""
	}

	u, cookie := open("Social")
	q := u.Query()
	if q.Get("state") == "" || q.Get("nonce") == "" || q.Get("code_challenge_method") != "S256" || q.Get("redirect_uri") != back || q.Get("scope") != "openid profile email" {
		t.Fatalf("the way to the provider: %s", u)
	}
	to := provider(u, "ann")
	if got := comeBack(to, "reentry=x"); subject(got) != "" {
		t.Errorf("another browser is signed in as %s", subject(got))
	}
	got := comeBack(to, cookie)
	if subject(got) != "/ann" {
		t.Fatalf("registered: %q, %d\n%s", subject(got), got.StatusCode, got.raw)
	}
	ann := j.admin("GET", "/json/users/ann", nil).want(t, 200)
	if fmt.Sprint(ann["mail"], ann["givenName"], ann["iplanet-am-user-alias-list"], ann["fr-idm-custom-attrs"]) != "[ann@example.com] [Ann] [alpha-(usr!ann)] <nil>" {
		t.Errorf("the account: %v", ann)
	}
	if again := comeBack(to, cookie); subject(again) != "" {
		t.Error("a return is good twice")
	}
	u, cookie = open("Social")
	if got = comeBack(provider(u, "ann"), cookie); subject(got) != "/ann" {
		t.Errorf("the second time: %q\n%s", subject(got), got.raw)
	}
	// Somebody of the same name at the provider is somebody else here.
	for _, journey := range []string{"Social", "Careless", "Nameless"} {
		u, cookie = open(journey)
		if got = comeBack(provider(u, "demo"), cookie); subject(got) != "" || got.StatusCode != 401 {
			t.Errorf("%s: demo of the provider is %q here: %d", journey, subject(got), got.StatusCode)
		}
	}
	if demo := j.admin("GET", "/json/users/demo", nil).want(t, 200); demo["iplanet-am-user-alias-list"] != nil {
		t.Errorf("demo is linked: %v", demo)
	}
	// Who proves to be demo here links the account, and comes by it later.
	form := j.send("GET", "/XUI/?realm=/&service=Link", nil, "Accept", "text/html")
	u, cookie = leave(j.postPage("/XUI/?realm=/&service=Link", form.raw, url.Values{"IDToken1": {"demo"}, "IDToken2": {"Ch4ng31t"}}))
	if got = comeBack(provider(u, "demo"), cookie); subject(got) != "/demo" {
		t.Fatalf("linked: %q\n%s", subject(got), got.raw)
	}
	u, cookie = open("Social")
	if got = comeBack(provider(u, "demo"), cookie); subject(got) != "/demo" {
		t.Errorf("by the link: %q\n%s", subject(got), got.raw)
	}
	if demo := j.admin("GET", "/json/users/demo", nil).want(t, 200); fmt.Sprint(demo["mail"]) != "[demo@example.com]" {
		t.Errorf("demo is somebody else now: %v", demo)
	}
	// Nobody gives himself an alias.
	own := j.login("/json/authenticate", "demo", "Ch4ng31t")
	j.send("PUT", "/json/users/demo", map[string]any{"iplanet-am-user-alias-list": []string{"alpha-(usr!ann)"}}, "iPlanetDirectoryPro", own, "Accept-API-Version", version).want(t, 403)

	// A code of one attempt is none of another, with or without its state.
	u1, cookie1 := open("Social")
	u2, cookie2 := open("Social")
	first := provider(u1, "ann")
	if got := comeBack(first, cookie2); subject(got) != "" {
		t.Error("the state of another attempt is taken")
	}
	q = first.Query()
	u2, cookie2 = open("Social")
	q.Set("state", u2.Query().Get("state"))
	first.RawQuery = q.Encode()
	if got := comeBack(first, cookie2); subject(got) != "" {
		t.Error("the code of another attempt is taken")
	}
	_ = cookie1
	// An application gets the callback, and brings back what the provider said.
	step := j.begin("Social")
	c := list(step["callbacks"])[0]
	if c["type"] != "RedirectCallback" || output(c, "trackingCookie") != true || output(c, "redirectMethod") != "GET" {
		t.Fatalf("callback: %v", step)
	}
	away, _ := url.Parse(fmt.Sprint(output(c, "redirectUrl")))
	answer := provider(away, "ann").Query()
	if done := j.send("POST", "/json/authenticate?code="+url.QueryEscape(answer.Get("code"))+"&state="+url.QueryEscape(answer.Get("state")), step).want(t, 200); done["tokenId"] == nil {
		t.Errorf("an application: %v", done)
	}
	j.send("POST", "/json/authenticate?error=access_denied&state="+away.Query().Get("state"), j.begin("Social")).want(t, 401)
	// Without a host on the list nothing is asked inside.
	j.fetchFrom("")
	if got := j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Social", "{}"); got.StatusCode != 500 {
		t.Errorf("an internal provider: %d %s", got.StatusCode, got.raw)
	}
}

// fakeProvider is a provider that says what a test wants.
type fakeProvider struct {
	*httptest.Server
	key     *ecdsa.PrivateKey
	claims  map[string]any // over the right ones
	sign    func(payload []byte) string
	profile map[string]any
	posted  url.Values
	nonce   string
}

func newFakeProvider(t *testing.T, clock interface{ Now() time.Time }) *fakeProvider {
	f := &fakeProvider{}
	f.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	f.sign = func(payload []byte) string { return f.signed(t, jose.ES256, f.key, payload) }
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: f.key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		f.posted = r.PostForm
		claims := map[string]any{
			"iss": f.URL, "aud": "app", "sub": "Sub-1", "nonce": f.nonce, "iat": clock.Now().Unix(), "exp": clock.Now().Add(time.Minute).Unix(), "name": "Pat Doe", "given_name": "Pat",
		}
		maps.Copy(claims, f.claims)
		maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
		raw, _ := json.Marshal(claims)
		answer(w, map[string]any{"access_token": "at", "token_type": "bearer", "id_token": f.sign(raw)})
	})
	mux.HandleFunc("/me", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer at" {
			w.WriteHeader(401)
			return
		}
		answer(w, f.profile)
	})
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeProvider) signed(t *testing.T, alg jose.SignatureAlgorithm, key any, payload []byte) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
	if err != nil {
		t.Fatal(err)
	}
	sig, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := sig.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// ID tokens, profiles and returns that are not what they should be sign nobody in.
func TestJourneyDistrustsProviders(t *testing.T) {
	j := newJourneys(t)
	f := newFakeProvider(t, j.clock)
	host := strings.TrimPrefix(f.URL, "http://")
	j.fetchFrom("", host)
	j.admin("POST", socialService+"?_action=create", map[string]any{"enabled": true}).want(t, 201)
	oidc := map[string]any{
		"clientId": "app", "clientSecret": "s", "authorizationEndpoint": f.URL + "/authorize", "tokenEndpoint": f.URL + "/token", "jwksUriEndpoint": f.URL + "/jwks", "issuer": f.URL,
		"scopes": []string{"openid"}, "redirectURI": j.base + "/XUI/", "clientAuthenticationMethod": "CLIENT_SECRET_POST", "transform": "dbe0bf9a-72aa-49d5-8483-9db147985a47",
	}
	j.admin("PUT", socialService+"/oidcConfig/fake", oidc).want(t, 201)
	socialJourneys(j, "SocialProviderHandlerNode", nil)
	try := func(more ...string) reply {
		t.Helper()
		step := j.begin("Social")
		away, _ := url.Parse(fmt.Sprint(output(list(step["callbacks"])[0], "redirectUrl")))
		f.nonce = away.Query().Get("nonce")
		q := url.Values{"code": {"c"}, "state": {away.Query().Get("state")}}
		for i := 0; i+1 < len(more); i += 2 {
			q.Set(more[i], more[i+1])
		}
		return j.send("POST", "/json/authenticate?"+q.Encode(), step)
	}
	signed := func(want bool, what string, got reply) {
		t.Helper()
		if want && got.StatusCode != 200 || !want && got.StatusCode != 401 {
			t.Errorf("%s: %d %s", what, got.StatusCode, got.raw)
		}
	}
	es := f.sign
	for what, claims := range map[string]map[string]any{
		"nonce": {"nonce": "other"}, "no nonce": {"nonce": nil}, "issuer": {"iss": "https://other.example.com"}, "audience": {"aud": "other"}, "expired": {"exp": j.clock.Now().Add(-time.Hour).Unix()},
		"no exp": {"exp": nil}, "no sub": {"sub": nil}, "azp": {"azp": "other"}, "audiences": {"aud": []string{"app", "other"}}, "sub": {"sub": ""},
	} {
		f.claims = claims
		signed(false, what, try())
	}
	f.claims = nil
	other, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	for what, sign := range map[string]func([]byte) string{
		"another key": func(p []byte) string { return f.signed(t, jose.ES256, other, p) },
		"HS256":       func(p []byte) string { return f.signed(t, jose.HS256, []byte(strings.Repeat("s", 32)), p) },
		"none":        func(p []byte) string { return "eyJhbGciOiJub25lIn0." + strings.Split(es(p), ".")[1] + "." },
		"no token":    func([]byte) string { return "" },
	} {
		f.sign = sign
		signed(false, what, try())
	}
	f.sign = es
	signed(false, "another state", try("state", "x"))
	signed(false, "no code", try("code", ""))
	signed(false, "an error", try("code", "", "error", "access_denied"))
	signed(false, "the issuer of the answer", try("iss", "https://other.example.com"))
	if users := list(j.admin("GET", `/json/users?_queryFilter=iplanet-am-user-alias-list+pr`, nil).want(t, 200)["result"]); len(users) != 0 {
		t.Fatalf("somebody was registered: %v", users)
	}
	signed(true, "as it should be", try("iss", f.URL))
	if f.posted.Get("code_verifier") == "" || f.posted.Get("client_secret") != "s" || f.posted.Get("redirect_uri") != j.base+"/XUI/" || f.posted.Get("grant_type") != "authorization_code" {
		t.Errorf("the code was bought with %v", f.posted)
	}
	signed(true, "again", try())
	// Who differs by capitals alone is another person: here one whose name is taken.
	f.claims = map[string]any{"sub": "sub-1"}
	signed(false, "sub-1", try())
	f.claims = nil
	// What userinfo tells has to be of the same person.
	oidc["userInfoEndpoint"] = f.URL + "/me"
	j.admin("PUT", socialService+"/oidcConfig/fake", oidc).want(t, 200)
	f.profile = map[string]any{"sub": "Sub-2", "email": "pat@example.com"}
	signed(false, "userinfo of somebody else", try())
	f.profile["sub"] = "Sub-1"
	signed(true, "userinfo", try())

	// Without OpenID Connect, userinfo is all there is.
	j.admin("DELETE", socialService+"/oidcConfig/fake", nil).want(t, 200)
	f.profile = map[string]any{"id": 4711, "login": "octo", "email": "octo@example.com", "name": "Octo Cat"}
	j.admin("PUT", socialService+"/oauth2Config/hub", map[string]any{
		"clientId": "app", "clientSecret": "s", "authorizationEndpoint": f.URL + "/authorize?x=1", "tokenEndpoint": f.URL + "/token", "userInfoEndpoint": f.URL + "/me", "scopes": []string{"user"},
		"redirectURI": j.base + "/XUI/", "authenticationIdKey": "id", "transform": "a7a78773-445b-4eca-bb93-409e86bced81", "pkceMethod": "NONE",
	}).want(t, 201)
	signed(true, "OAuth 2.0", try())
	if octo := j.admin("GET", "/json/users/octo", nil).want(t, 200); fmt.Sprint(octo["iplanet-am-user-alias-list"], octo["mail"], octo["sn"]) != "[hub-4711] [octo@example.com] [Cat]" {
		t.Errorf("the account: %v", octo)
	}
	if f.posted.Has("code_verifier") {
		t.Errorf("a verifier without a challenge: %v", f.posted)
	}
	// What this server cannot do is refused, and so are names whose users could not be told apart.
	j.admin("PUT", socialService+"/oauth2Config/hub-2", map[string]any{"clientId": "app", "redirectURI": "https://x.example.com/", "userInfoEndpoint": f.URL + "/me"}).want(t, 201)
	j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Social", "{}").want(t, 200) // of two, one is selected
	step := j.answer(j.begin("Social"), "hub")
	if step.StatusCode != 500 {
		t.Errorf("hub and hub-2: %d %s", step.StatusCode, step.raw)
	}
	j.admin("DELETE", socialService+"/oauth2Config/hub-2", nil).want(t, 200)
	for name, v := range map[string]any{
		"clientAuthenticationMethod": "PRIVATE_KEY_JWT", "encryptedIdTokens": true, "jwtRequestParameterOption": "REFERENCE", "pkceMethod": "S512", "useCustomTrustStore": true, "transform": "nothing",
	} {
		body := maps.Clone(oidc)
		body[name] = v
		j.admin("PUT", socialService+"/oidcConfig/hub3", body).want(t, 201)
		j.admin("DELETE", socialService+"/oauth2Config/hub", nil)
		if name == "transform" {
			f.profile = map[string]any{"sub": "Sub-9"}
			f.claims = map[string]any{"sub": "Sub-9"}
			if got := try(); got.StatusCode != 500 {
				t.Errorf("%s: %d %s", name, got.StatusCode, got.raw)
			}
		} else if got := j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Social", "{}"); got.StatusCode != 500 {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.raw)
		}
		j.admin("DELETE", socialService+"/oidcConfig/hub3", nil).want(t, 200)
	}
}

// What there is to select is the realm's providers, and signing in here.
func TestJourneySelectsProvider(t *testing.T) {
	j := newJourneys(t)
	j.admin("POST", socialService+"?_action=create", map[string]any{"enabled": true}).want(t, 201)
	for _, name := range []string{"one", "two", "off"} {
		j.admin("PUT", socialService+"/oidcConfig/"+name, map[string]any{
			"clientId": "app", "enabled": name != "off", "redirectURI": "https://x.example.com/", "uiConfig": map[string]any{"buttonDisplayName": "Provider " + name},
		}).want(t, 201)
	}
	says := func(url string) node {
		return node{"say" + url, "SetFailureUrlNode", map[string]any{"failureUrl": "/" + url}, map[string]string{"outcome": failure}}
	}
	to := map[string]string{"socialAuthentication": "saysocial", "localAuthentication": "saylocal"}
	j.tree("Select", node{"sel", "SelectIdPNode", map[string]any{}, to}, says("social"), says("local"))
	j.tree("Only", node{"selOnly", "SelectIdPNode", map[string]any{"includeLocalAuthentication": false, "filteredProviders": []string{"two", "off"}}, map[string]string{"socialAuthentication": "saysocial"}}, says("social"))
	j.tree("Linked", node{"who", "UsernameCollectorNode", nil, map[string]string{"outcome": "selLinked"}},
		node{"selLinked", "SelectIdPNode", map[string]any{"offerOnlyExisting": true, "identityAttribute": "userName"}, to}, says("social"), says("local"))
	j.tree("None", node{"selNone", "SelectIdPNode", map[string]any{"includeLocalAuthentication": false, "filteredProviders": []string{"three"}}, map[string]string{"socialAuthentication": failure}})
	step := j.begin("Select")
	c := list(step["callbacks"])[0]
	offers := list(output(c, "providers"))
	if c["type"] != "SelectIdPCallback" || len(offers) != 3 || offers[0]["provider"] != "one" || offers[2]["provider"] != "localAuthentication" || offers[2]["uiConfig"] != nil ||
		!same(offers[1]["uiConfig"], map[string]any{"buttonDisplayName": "Provider two"}) {
		t.Fatalf("offered: %v", step)
	}
	led := func(r reply) any {
		detail, _ := r.want(t, 401)["detail"].(map[string]any)
		return detail["failureUrl"]
	}
	if again := j.answer(step, "off").want(t, 200); kinds(again) != "SelectIdP" {
		t.Errorf("one that is off: %v", again)
	}
	if got := led(j.answer(j.begin("Select"), "one")); got != "/social" {
		t.Errorf("one: %v", got)
	}
	if got := led(j.answer(j.begin("Select"), "localAuthentication")); got != "/local" {
		t.Errorf("local: %v", got)
	}
	if got := led(j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Only", "{}")); got != "/social" {
		t.Errorf("the only one: %v", got)
	}
	j.admin("PUT", "/json/users/demo", map[string]any{"iplanet-am-user-alias-list": []string{"one-x"}}).want(t, 200)
	if linked := j.answer(j.begin("Linked"), "demo").want(t, 200); len(list(output(list(linked["callbacks"])[0], "providers"))) != 2 {
		t.Errorf("those that demo has: %v", linked)
	}
	j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=None", "{}").want(t, 500)
	page := j.send("GET", "/XUI/?realm=/&service=Select", nil, "Accept", "text/html", "Accept-Language", "de")
	for _, want := range []string{"Provider one", "Benutzername und Passwort", `type="radio"`} {
		if !strings.Contains(page.raw, want) {
			t.Errorf("the page has no %s:\n%s", want, page.raw)
		}
	}
	// Without the service there is none.
	j.admin("PUT", socialService, map[string]any{"enabled": false}).want(t, 200)
	if got := led(j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Select", "{}")); got != "/local" {
		t.Errorf("without providers: %v", got)
	}
}
