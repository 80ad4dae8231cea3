package oauth_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

const cookieName = "iPlanetDirectoryPro"

// fakeLogin keeps sessions in the store and checks passwords against the realm.
type fakeLogin struct{ w *world }

func (l *fakeLogin) sessions() store.Sessions {
	return store.Sessions{Engine: l.w.engine, Now: l.w.now}
}

func (l *fakeLogin) Session(r *http.Request) (store.Session, string, error) {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return store.Session{}, "", store.ErrNotFound
	}
	s, err := l.sessions().Find(r.Context(), c.Value)
	return s, c.Value, err
}

func (l *fakeLogin) Password(ctx context.Context, rl *realm.Realm, tree, user, password string) (oauth.Authenticated, error) {
	u, err := rl.CheckPassword(ctx, user, password)
	if err != nil {
		return oauth.Authenticated{}, &oauth.LoginError{Message: "no, said " + tree}
	}
	return oauth.Authenticated{User: u, AuthTime: l.w.now(), AuthLevel: 3, AMR: []string{"pwd"}}, nil
}

func (l *fakeLogin) URL(base oauth.BaseURL, rl *realm.Realm, goTo string, h oauth.LoginHints) string {
	v := url.Values{"realm": {rl.Path}, "goto": {goTo}, "tree": {h.Tree}, "user": {h.User}}
	if h.Force {
		v.Set("force", "true")
	}
	return base.URL + "/UI/Login?" + v.Encode()
}

func (l *fakeLogin) End(ctx context.Context, id string) error { return l.sessions().EndByID(ctx, id) }

// withLogin gives a world whose users can have sessions.
func withLogin(t *testing.T, change ...func(*oauth.Options)) (*world, *fakeLogin) {
	l := &fakeLogin{}
	w := newWorld(t, append(change, func(o *oauth.Options) { o.Login = l })...)
	l.w = w
	return w, l
}

// signIn starts a session and gives its token.
func (l *fakeLogin) signIn(rl, user, tree string) string {
	l.w.t.Helper()
	token := store.NewRaw()
	err := l.sessions().Create(l.w.ctx, token, store.Session{
		Realm: rl, Subject: oauth.UserSubject(user), Created: l.w.now(), LastAccess: l.w.now(), MaxLife: 2 * time.Hour, Tree: tree, Handle: "h" + token[:5],
	})
	if err != nil {
		l.w.t.Fatal(err)
	}
	return token
}

func cookie(token string) option {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: cookieName, Value: token}) }
}

const callback = "https://app.example.com:443/cb"

// webClient is a client for the browser flows; more members go to its groups.
func webClient(coreMore, advancedMore, oidcMore string) string {
	return `{"coreOAuth2ClientConfig":{"scopes":["openid","profile","read|Read your things","write"],"redirectionUris":["` + callback + `","com.example.app:/cb"]` + coreMore + `},
		"advancedOAuth2ClientConfig":{"grantTypes":["authorization_code","refresh_token","implicit","` + grantDevice + `"]` + advancedMore + `},
		"coreOpenIDClientConfig":{"postLogoutRedirectUri":["https://app.example.com/bye"]` + oidcMore + `}}`
}

const grantDevice = "urn:ietf:params:oauth:grant-type:device_code"

// location parses where an answer sends the browser.
func location(t testing.TB, a answer) (to string, query url.Values) {
	t.Helper()
	if a.status != http.StatusFound {
		t.Fatalf("no redirect: %d %s", a.status, a.body)
	}
	to = a.header.Get("Location")
	cut := strings.IndexAny(to, "?#")
	if cut < 0 {
		return to, nil
	}
	query, err := url.ParseQuery(to[cut+1:])
	if err != nil {
		t.Fatal(err)
	}
	return to, query
}

// code runs the tool use of /authorize and gives the code.
func (w *world) code(token string, pairs ...string) string {
	w.t.Helper()
	f := append([]string{"client_id", "web", "response_type", "code", "redirect_uri", callback, "decision", "allow", "csrf", token}, pairs...)
	_, q := location(w.t, w.post("/", "authorize", f, cookie(token)))
	if q.Get("code") == "" {
		w.t.Fatalf("no code: %v", q)
	}
	return q.Get("code")
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

func TestAuthorizeByTool(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "web", "s", webClient("", "", ""))
	token := l.signIn("/", "demo", "")
	f := form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "openid read", "state", "abc", "nonce", "n1", "decision", "allow", "csrf", token)
	to, q := location(t, w.post("/", "authorize", f, cookie(token)))
	code := q.Get("code")
	want := callback + "?code=" + code + "&iss=" + url.QueryEscape(base+"/oauth2") + "&state=abc&client_id=web"
	if to != want || code == "" {
		t.Errorf("Location is %q, want %q", to, want)
	}

	a := w.token("/", form("grant_type", "authorization_code", "code", code, "redirect_uri", callback, "scope", "ignored"), basic("web", "s"))
	if a.text("scope") != "openid read" || a.text("nonce") != "n1" || a.text("refresh_token") == "" {
		t.Errorf("answer is %s", a.body)
	}
	id := w.verified(a.text("id_token"))
	for name, want := range map[string]any{
		"iss": base + "/oauth2", "aud": "web", "azp": "web", "sub": "(usr!demo)", "subname": "demo", "nonce": "n1", "realm": "/",
		"tokenName": "id_token", "tokenType": "JWTToken", "acr": "0",
	} {
		if id[name] != want {
			t.Errorf("ID token: %s is %v, want %v", name, id[name], want)
		}
	}
	for name, of := range map[string]string{"at_hash": a.text("access_token"), "c_hash": code, "s_hash": "abc"} {
		sum := sha256.Sum256([]byte(of))
		if id[name] != base64.RawURLEncoding.EncodeToString(sum[:16]) {
			t.Errorf("ID token: %s is %v", name, id[name])
		}
	}
	for _, name := range []string{"sid", "org.forgerock.openidconnect.ops", "auditTrackingId", "exp", "iat", "auth_time"} {
		if id[name] == nil {
			t.Errorf("ID token: %s is missing", name)
		}
	}
}

func TestAuthorizeDecisions(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "web", "s", webClient("", "", ""))
	token := l.signIn("/", "demo", "")
	f := func(more ...string) []string {
		return append(form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read", "state", "s"), more...)
	}
	for name, csrf := range map[string]string{"missing": "", "wrong": "x"} {
		if a := w.post("/", "authorize", f("decision", "allow", "csrf", csrf), cookie(token)); a.status != 400 || a.text("error") != "bad_request" || a.json["error_description"] != nil {
			t.Errorf("csrf %s: %d %s", name, a.status, a.body)
		}
	}
	if _, q := location(t, w.post("/", "authorize", f("decision", "no", "csrf", token), cookie(token))); q.Get("error") != "access_denied" ||
		q.Get("error_description") != "Resource Owner did not authorize the request" || q.Get("state") != "s" {
		t.Errorf("denied: %v", q)
	}
	// A decision in a GET is none.
	if a := w.get("/", "authorize", f("decision", "allow", "csrf", token), cookie(token)); a.status != 200 || !strings.Contains(a.body, "<form") {
		t.Errorf("a decision by GET: %d %s", a.status, a.body)
	}
	to, q := location(t, w.get("/", "authorize", f()))
	if !strings.HasPrefix(to, base+"/UI/Login?") || !strings.HasPrefix(q.Get("goto"), base+"/oauth2/authorize?client_id=web&") || q.Get("realm") != "/" {
		t.Errorf("without a session: %s", to)
	}
	other := l.signIn("/alpha", "demo", "")
	if to, _ := location(t, w.get("/", "authorize", f(), cookie(other))); !strings.HasPrefix(to, base+"/UI/Login?") {
		t.Errorf("with a session of another realm: %s", to)
	}
}

func TestConsentPage(t *testing.T) {
	w, l := withLogin(t)
	w.provider("/", `{"consent":{"savedConsentAttribute":"description"},"advancedOAuth2Config":{"supportedScopes":["write|Change your things"]}}`)
	w.client("/", "web", "s", webClient(`,"clientName":["Shop <b>&</b> Co"]`, "", ""))
	token := l.signIn("/", "demo", "")
	f := form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read write")
	a := w.get("/", "authorize", f, cookie(token))
	for _, want := range []string{
		"Read your things", "Change your things", "Shop &lt;b&gt;&amp;&lt;/b&gt; Co", "Demo User", `name="save_consent"`, `name="csrf"`,
		`name="decision" value="allow"`, `name="redirect_uri" value="` + callback + `"`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page lacks %q:\n%s", want, a.body)
		}
	}
	if strings.Contains(a.body, token) {
		t.Error("the page holds the session's token")
	}
	if p := a.header.Get("Content-Security-Policy"); !strings.Contains(p, "form-action 'self' https://app.example.com:443") || a.header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("policy is %q", p)
	}
	_, rest, _ := strings.Cut(a.body, `name="csrf" value="`)
	csrf, _, _ := strings.Cut(rest, `"`)
	if _, q := location(t, w.post("/", "authorize", append(f, "csrf", csrf, "decision", "allow", "save_consent", "on"), cookie(token))); q.Get("code") == "" {
		t.Errorf("after the page: %v", q)
	}
	// Now it is saved, for these scopes.
	if _, q := location(t, w.get("/", "authorize", f, cookie(token))); q.Get("code") == "" {
		t.Errorf("with a saved consent: %v", q)
	}
	if a := w.get("/", "authorize", append(f, "prompt", "consent"), cookie(token)); a.status != 200 {
		t.Errorf("prompt=consent: %d", a.status)
	}
	w.provider("/", `{"consent":{"clientsCanSkipConsent":true}}`)
	w.client("/", "web", "s", webClient("", `,"isConsentImplied":true`, ""))
	if _, q := location(t, w.get("/", "authorize", f, cookie(token))); q.Get("code") == "" {
		t.Errorf("with implied consent: %v", q)
	}
}

// Claims that a request asks for one by one are shown, in the words of the profile and the settings, and asked for each
// time.
func TestConsentToClaims(t *testing.T) {
	w, l := withLogin(t)
	const saved = `"consent":{"savedConsentAttribute":"description"},"coreOIDCConfig":{"supportedClaims":["email|Your mail address","name|Your name","intent|"]}`
	w.provider("/", `{`+saved+`,"advancedOIDCConfig":{"claimsParameterSupported":true}}`)
	w.client("/", "web", "s", webClient("", "", `,"claims":["email|de|Ihre Mailadresse","email|en|Mail"]`))
	token := l.signIn("/", "demo", "")
	f := form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "openid profile",
		"claims", `{"userinfo":{"email":null,"name":null,"shoe_size":null,"Call 0190 now":null},"id_token":{"acr":null,"intent":{"value":"x"},"email":null}}`)
	page := w.get("/", "authorize", f, cookie(token))
	asks := regexp.MustCompile(`(?s)<ul class="asks".*?</ul>`).FindString(page.body)
	for text, want := range map[string]int{"<span>Mail</span>": 1, "shoe_size": 1, "Your name": 0, "0190": 0, "acr": 0, "intent": 0, "Your mail address": 0} {
		if strings.Count(asks, text) != want {
			t.Errorf("%q is there %d times, want %d: %s", text, strings.Count(asks, text), want, asks)
		}
	}
	if page := w.get("/", "authorize", f, cookie(token), header("Accept-Language", "de")); !strings.Contains(page.body, "Ihre Mailadresse") {
		t.Errorf("in German: %s", page.body)
	}
	location(t, w.post("/", "authorize", append(f, "csrf", token, "decision", "allow", "save_consent", "on"), cookie(token)))
	if a := w.get("/", "authorize", f, cookie(token)); a.status != 200 {
		t.Errorf("the saved consent is taken for one to the claims: %d", a.status)
	}
	if _, q := location(t, w.get("/", "authorize", f[:8], cookie(token))); q.Get("code") == "" {
		t.Errorf("the saved consent, without claims: %v", q)
	}
	w.provider("/", `{`+saved+`}`) // then the parameter means nothing
	if _, q := location(t, w.get("/", "authorize", f, cookie(token))); q.Get("code") == "" {
		t.Errorf("without support of the parameter: %v", q)
	}
}

// Errors that are shown here, because nothing says that the redirection is the client's.
func TestAuthorizeErrorsHere(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "web", "s", webClient("", "", ""))
	token := l.signIn("/", "demo", "")
	tests := []struct {
		name              string
		query             []string
		code, description string
	}{
		{"no client", form("response_type", "code"), "invalid_request", "Missing parameter, client_id"},
		{"unknown client", form("client_id", "x", "response_type", "code"), "invalid_client", "Client authentication failed"},
		{"no redirect_uri of several", form("client_id", "web", "response_type", "code"), "invalid_request", "Missing parameter: redirect_uri"},
		{"foreign redirect_uri", form("client_id", "web", "response_type", "code", "redirect_uri", "https://evil.example/"), "redirect_uri_mismatch", "The redirection URI provided does not match a pre-registered value."},
		{"default port differs", form("client_id", "web", "response_type", "code", "redirect_uri", "https://app.example.com/cb"), "redirect_uri_mismatch", "The redirection URI provided does not match a pre-registered value."},
		{"relative redirect_uri", form("client_id", "web", "response_type", "code", "redirect_uri", "/cb"), "relative_redirect_uri", "The redirection URI provided is not absolute."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.t = t
			wantError(t, w.get("/", "authorize", tt.query, cookie(token)), 400, tt.code, tt.description)
			page := w.get("/", "authorize", tt.query, cookie(token), header("Accept", "text/html"))
			if page.status != 400 || !strings.Contains(page.body, "<h1>") {
				t.Errorf("page: %d %s", page.status, page.body)
			}
		})
	}
}

// Errors that go back to the client.
func TestAuthorizeErrorsRedirected(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "web", "s", webClient("", "", ""))
	w.client("/", "codeonly", "s", `{"coreOAuth2ClientConfig":{"scopes":["read","openid"],"redirectionUris":["`+callback+`"]},"advancedOAuth2ClientConfig":{"responseTypes":["code"]}}`)
	token := l.signIn("/", "demo", "")
	tests := []struct {
		name              string
		query             []string
		fragment          bool
		code, description string
	}{
		{"no response type", form("client_id", "web"), false, "invalid_request", "Missing parameter, response_type"},
		{"unknown response type", form("client_id", "web", "response_type", "magic"), false, "unsupported_response_type", "Response type is not supported."},
		{"response type not the client's", form("client_id", "codeonly", "response_type", "token", "scope", "read"), true, "unsupported_response_type", "Client does not support this response type."},
		{"unknown scope", form("client_id", "web", "response_type", "code", "scope", "magic"), false, "invalid_scope", "Unknown/invalid scope(s): [magic]"},
		{"no scope", form("client_id", "web", "response_type", "code"), false, "invalid_scope", "No scope requested and no default scope configured"},
		{"ID token without openid", form("client_id", "web", "response_type", "id_token", "scope", "read", "nonce", "n"), true, "invalid_request", "Missing expected scope=openid from request"},
		{"ID token without nonce", form("client_id", "web", "response_type", "id_token", "scope", "openid"), true, "invalid_request", "Missing required parameter nonce from request"},
		{"bare token with openid", form("client_id", "web", "response_type", "token", "scope", "openid", "nonce", "n"), true, "unsupported_response_type", "Response type is not supported."},
		{"tokens in the query", form("client_id", "web", "response_type", "token", "scope", "read", "response_mode", "query"), true, "invalid_request", "response_mode query is not allowed for tokens."},
		{"unknown response mode", form("client_id", "web", "response_type", "code", "scope", "read", "response_mode", "smoke.jwt"), false, "invalid_request", "Invalid response_mode parameter"},
		{"challenge method", form("client_id", "web", "response_type", "code", "scope", "read", "code_challenge", challengeOf(verifier), "code_challenge_method", "S512"), false, "invalid_request", "Invalid code challenge method specified."},
		{"prompt none with others", form("client_id", "web", "response_type", "code", "scope", "read", "prompt", "none login"), false, "invalid_request", "Prompt parameter only allows one value when 'none' is used"},
		{"prompt none without consent", form("client_id", "web", "response_type", "code", "scope", "read", "prompt", "none"), false, "consent_required", "The request requires consent."},
		{"bad max_age", form("client_id", "web", "response_type", "code", "scope", "read", "max_age", "-1"), false, "invalid_request", "Invalid max_age parameter"},
		{"rich authorization", form("client_id", "web", "response_type", "code", "scope", "read", "authorization_details", "[]"), false, "invalid_request", "authorization_details is not supported by this server."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.t = t
			to, q := location(t, w.get("/", "authorize", append(tt.query, "redirect_uri", callback, "state", "st"), cookie(token)))
			glue := "?"
			if tt.fragment {
				glue = "#"
			}
			if !strings.HasPrefix(to, callback+glue) {
				t.Errorf("sent to %s", to)
			}
			if q.Get("error") != tt.code || q.Get("error_description") != tt.description || q.Get("state") != "st" {
				t.Errorf("got %v, want %s %q", q, tt.code, tt.description)
			}
		})
	}
	_, q := location(t, w.get("/", "authorize", form("client_id", "web", "response_type", "code", "scope", "read", "prompt", "none", "redirect_uri", callback)))
	if q.Get("error") != "interaction_required" || q.Get("error_description") != "The request requires some interaction that is not allowed." {
		t.Errorf("prompt=none without a session: %v", q)
	}
}

// The type "none" brings nothing back but that the user agreed (OAuth 2.0 Multiple Response Types §4), where it is enabled.
func TestResponseTypeNone(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "web", "s", webClient("", `,"responseTypes":["none","code"]`, ""))
	token := l.signIn("/", "demo", "")
	ask := func(kind string) url.Values {
		_, q := location(t, w.post("/", "authorize", form("client_id", "web", "response_type", kind, "redirect_uri", callback, "scope", "openid", "state", "st", "decision", "allow", "csrf", token), cookie(token)))
		return q
	}
	if q := ask("none"); q.Get("error") != "unsupported_response_type" {
		t.Errorf("not enabled: %v", q)
	}
	w.provider("/", `{"advancedOAuth2Config":{"responseTypeClasses":["none|x","code|x"]}}`)
	if q := ask("none"); q.Get("state") != "st" || q.Get("iss") != base+"/oauth2" || len(q) != 3 {
		t.Errorf("answer: %v", q)
	}
	for _, kind := range []string{"none code", "none none"} {
		if q := ask(kind); q.Get("error") != "unsupported_response_type" || q.Has("code") {
			t.Errorf("%s: %v", kind, q)
		}
	}
}

// An error that cannot go back to the client has the state of the request all the same.
func TestShownErrorHasState(t *testing.T) {
	w := newWorld(t)
	for _, q := range [][]string{form("client_id", "nobody", "state", "st"), form("state", "st")} {
		if a := w.get("/", "authorize", q); a.status != 400 || a.text("state") != "st" {
			t.Errorf("%v: %d %s", q, a.status, a.body)
		}
	}
}

func TestFrontChannelTokens(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "web", "s", webClient("", "", ""))
	token := l.signIn("/", "demo", "")
	tests := []struct {
		name, kind, scope string
		want              []string
	}{
		{"token", "token", "read", []string{"access_token", "token_type", "expires_in", "scope", "iss", "state", "client_id"}},
		{"id_token", "id_token", "openid profile", []string{"id_token", "iss", "state", "client_id"}},
		{"token id_token", "id_token token", "openid", []string{"access_token", "token_type", "expires_in", "scope", "id_token", "iss", "state", "client_id"}},
		{"code id_token", "code id_token", "openid", []string{"code", "id_token", "iss", "state", "client_id"}},
		{"all", "code token id_token", "openid", []string{"code", "access_token", "token_type", "expires_in", "scope", "id_token", "iss", "state", "client_id"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.t = t
			f := form("client_id", "web", "response_type", tt.kind, "scope", tt.scope, "redirect_uri", callback, "state", "st", "nonce", "n", "decision", "allow", "csrf", token)
			to, q := location(t, w.post("/", "authorize", f, cookie(token)))
			if !strings.HasPrefix(to, callback+"#") || len(q) != len(tt.want) {
				t.Fatalf("sent to %s", to)
			}
			for _, name := range tt.want {
				if q.Get(name) == "" {
					t.Errorf("%s is missing", name)
				}
			}
			if raw := q.Get("id_token"); raw != "" {
				id := w.verified(raw)
				if id["nonce"] != "n" || (id["at_hash"] != nil) != (q.Get("access_token") != "") || (id["c_hash"] != nil) != (q.Get("code") != "") {
					t.Errorf("ID token is %v", id)
				}
				if tt.kind == "id_token" && id["name"] != "Demo User" {
					t.Errorf("the lone ID token lacks the user's claims: %v", id)
				}
			}
		})
	}
	f := form("client_id", "web", "response_type", "code", "response_mode", "form_post", "scope", "read", "redirect_uri", "com.example.app:/cb", "state", `"><x>`, "decision", "allow", "csrf", token)
	a := w.post("/", "authorize", f, cookie(token))
	if a.status != 200 || !strings.Contains(a.body, `action="com.example.app:/cb"`) || !strings.Contains(a.body, `name="code"`) || strings.Contains(a.body, "<x>") {
		t.Errorf("form_post: %d %s", a.status, a.body)
	}
}

func TestReauthentication(t *testing.T) {
	w, l := withLogin(t)
	w.provider("/", `{"consent":{"clientsCanSkipConsent":true},"advancedOIDCConfig":{"loaMapping":{"strong":"StrongTree"}}}`)
	w.client("/", "web", "s", webClient("", `,"isConsentImplied":true`, ""))
	w.client("/", "guarded", "s", webClient("", `,"isConsentImplied":true,"treeName":"StrongTree"`, ""))
	token := l.signIn("/", "demo", "Login")
	w.pass(5 * time.Minute)
	f := func(more ...string) []string {
		return append(form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "openid"), more...)
	}
	tests := []struct {
		name  string
		query []string
		tree  string
	}{
		{"prompt=login", f("prompt", "login"), ""},
		{"max_age passed", f("max_age", "60"), ""},
		{"another authentication context", f("acr_values", "strong"), "StrongTree"},
		{"the journey of the client", form("client_id", "guarded", "response_type", "code", "redirect_uri", callback, "scope", "openid"), "StrongTree"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.t = t
			to, q := location(t, w.get("/", "authorize", tt.query, cookie(token)))
			if !strings.HasPrefix(to, base+"/UI/Login?") || q.Get("force") != "true" || q.Get("tree") != tt.tree {
				t.Fatalf("sent to %s", to)
			}
			back, err := url.Parse(q.Get("goto"))
			if err != nil {
				t.Fatal(err)
			}
			again := func(token string) answer {
				return w.get("/", "authorize", nil, cookie(token), func(r *http.Request) { r.URL.RawQuery = back.RawQuery })
			}
			if to, _ := location(t, again(token)); !strings.HasPrefix(to, base+"/UI/Login?") {
				t.Errorf("the old session is enough: %s", to)
			}
			w.pass(time.Second)
			fresh := l.signIn("/", "demo", tt.tree)
			if _, q := location(t, again(fresh)); q.Get("code") == "" {
				t.Errorf("after signing in: %v", q)
			}
			// Since when the user has to have signed in is this server's word, for this very request.
			stamp := back.Query().Get("login_after")
			for _, forged := range []string{"1", "1." + strings.Repeat("x", 24), "x" + stamp, ""} {
				if to, _ := location(t, w.get("/", "authorize", append(tt.query, "login_after", forged), cookie(token))); !strings.HasPrefix(to, base+"/UI/Login?") {
					t.Errorf("login_after=%s lets the old session in: %s", forged, to)
				}
			}
			w.pass(2 * time.Minute)
			if to, _ := location(t, w.get("/", "authorize", append(tt.query, "state", "later", "login_after", stamp), cookie(fresh))); tt.tree == "" && !strings.HasPrefix(to, base+"/UI/Login?") {
				t.Errorf("the stamp of another request lets a session in: %s", to)
			}
		})
	}
	if _, q := location(t, w.get("/", "authorize", f("max_age", "3600"), cookie(token))); q.Get("code") == "" {
		t.Errorf("max_age not passed: %v", q)
	}
	if _, q := location(t, w.get("/", "authorize", f("max_age", "60", "prompt", "none"), cookie(token))); q.Get("error") != "login_required" {
		t.Errorf("prompt=none and max_age passed: %v", q)
	}
}

func TestPKCE(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "web", "s", webClient("", "", ""))
	token := l.signIn("/", "demo", "")
	redeem := func(code string, more ...string) answer {
		return w.post("/", "access_token", append(form("grant_type", "authorization_code", "code", code, "redirect_uri", callback), more...), basic("web", "s"))
	}
	const grantText = "The provided access grant is invalid, expired, or revoked."
	s256 := func() string {
		return w.code(token, "scope", "read", "code_challenge", challengeOf(verifier), "code_challenge_method", "S256")
	}
	if a := redeem(s256(), "code_verifier", verifier); a.status != 200 {
		t.Errorf("the right verifier: %s", a.body)
	}
	wantError(t, redeem(s256(), "code_verifier", strings.Repeat("x", 43)), 400, "invalid_grant", grantText)
	wantError(t, redeem(s256()), 400, "invalid_request", "code_verifier parameter required")
	wantError(t, redeem(w.code(token, "scope", "read"), "code_verifier", verifier), 400, "invalid_grant", grantText)
	if a := redeem(w.code(token, "scope", "read", "code_challenge", verifier), "code_verifier", verifier); a.status != 200 {
		t.Errorf("a challenge without a method is plain: %s", a.body)
	}
	wantError(t, redeem(w.code(token, "scope", "read"), "redirect_uri", callback), 400, "invalid_request", "The request has a duplicate request parameter.")
	wantError(t, w.post("/", "access_token", form("grant_type", "authorization_code", "code", w.code(token, "scope", "read")), basic("web", "s")),
		400, "invalid_request", "Missing parameter, 'redirect_uri'")
	w.provider("/", `{"advancedOAuth2Config":{"codeVerifierEnforced":"true"}}`)
	_, q := location(t, w.post("/", "authorize", form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read"), cookie(token)))
	if q.Get("error") != "invalid_request" {
		t.Errorf("no challenge where one is enforced: %v", q)
	}
}

// A code that is used twice takes the tokens of the first use with it.
func TestCodeReplay(t *testing.T) {
	for _, kind := range []string{"server-side", "client-side"} {
		t.Run(kind, func(t *testing.T) {
			w, l := withLogin(t)
			w.provider("/", settings(kind == "client-side"))
			w.client("/", "web", "s", webClient("", "", ""))
			w.client("/", "other", "s", webClient("", "", ""))
			code := w.code(l.signIn("/", "demo", ""), "scope", "read")
			redeem := form("grant_type", "authorization_code", "code", code, "redirect_uri", callback)
			const text = "The provided access grant is invalid, expired, or revoked."
			wantError(t, w.post("/", "access_token", redeem, basic("other", "s")), 400, "invalid_grant", text)
			first := w.token("/", redeem, basic("web", "s"))
			if a := w.post("/", "introspect", form("token", first.text("access_token")), basic("web", "s")); a.json["active"] != true {
				t.Fatalf("the first use bought nothing: %s", a.body)
			}
			wantError(t, w.post("/", "access_token", redeem, basic("other", "s")), 400, "invalid_grant", text)
			if a := w.post("/", "introspect", form("token", first.text("access_token")), basic("web", "s")); a.json["active"] != true {
				t.Errorf("another client's replay ended the grant: %s", a.body)
			}
			wantError(t, w.post("/", "access_token", redeem, basic("web", "s")), 400, "invalid_grant", text)
			for _, token := range []string{first.text("access_token"), first.text("refresh_token")} {
				if a := w.post("/", "introspect", form("token", token), basic("web", "s")); a.body != `{"active":false}` {
					t.Errorf("after the replay: %s", a.body)
				}
			}
		})
	}
}

// lockstep lets the first reads of a kind of record pass together.
type lockstep struct {
	store.Engine
	kind string
	left atomic.Int32
	gate sync.WaitGroup
}

func (e *lockstep) arm(kind string, n int) {
	e.kind = kind
	e.left.Store(int32(n))
	e.gate.Add(n)
}

func (e *lockstep) Get(ctx context.Context, k store.Key) (store.Record, error) {
	rec, err := e.Engine.Get(ctx, k)
	if k.Kind == e.kind && e.left.Add(-1) >= 0 {
		e.gate.Done()
		e.gate.Wait()
	}
	return rec, err
}

// However close the uses of one code are, tokens of at most one live on.
func TestCodeRace(t *testing.T) {
	step := &lockstep{}
	w, l := withLogin(t, func(o *oauth.Options) {
		step.Engine = o.Engine
		o.Engine = step
	})
	w.client("/", "web", "s", webClient("", "", ""))
	code := w.code(l.signIn("/", "demo", ""), "scope", "read")
	const callers = 8
	step.arm("code", callers)
	answers := make(chan answer, callers)
	var done sync.WaitGroup
	for range callers {
		done.Go(func() {
			answers <- w.post("/", "access_token", form("grant_type", "authorization_code", "code", code, "redirect_uri", callback), basic("web", "s"))
		})
	}
	done.Wait()
	close(answers)
	bought := 0
	for a := range answers {
		if a.status != 200 {
			continue
		}
		bought++
		if seen := w.post("/", "introspect", form("token", a.text("access_token")), basic("web", "s")); seen.json["active"] == true {
			t.Errorf("a token of a code that was used %d times lives", callers)
		}
	}
	if bought > 1 {
		t.Errorf("the code bought %d times", bought)
	}
}

// The claims parameter may ask for a kind of sign-in and for a user (OIDC Core §5.5, §5.5.1.1).
func TestClaimsOfTheSignIn(t *testing.T) {
	w, l := withLogin(t)
	w.provider("/", `{"consent":{"clientsCanSkipConsent":true},"advancedOIDCConfig":{"claimsParameterSupported":true,"loaMapping":{"strong":"StrongTree"}}}`)
	w.client("/", "web", "s", webClient("", `,"isConsentImplied":true`, ""))
	weak, strong := l.signIn("/", "demo", "Login"), l.signIn("/", "demo", "StrongTree")
	ask := func(session, claims string, more ...string) (string, url.Values) {
		f := append(form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "openid", "claims", claims), more...)
		return location(t, w.get("/", "authorize", f, cookie(session)))
	}
	const acr = `{"id_token":{"acr":{"essential":true,"values":["strong"]}}}`
	to, q := ask(weak, acr)
	if !strings.HasPrefix(to, base+"/UI/Login?") || q.Get("tree") != "StrongTree" {
		t.Errorf("an essential acr of another journey: %s", to)
	}
	back, err := url.Parse(q.Get("goto"))
	if err != nil {
		t.Fatal(err)
	}
	w.pass(time.Second)
	again := l.signIn("/", "demo", "Login")
	if _, q := location(t, w.get("/", "authorize", nil, cookie(again), func(r *http.Request) { r.URL.RawQuery = back.RawQuery })); q.Get("error") != "unmet_authentication_requirements" {
		t.Errorf("signed in otherwise: %v", q)
	}
	_, q = ask(strong, acr)
	bought := w.token("/", form("grant_type", "authorization_code", "code", q.Get("code"), "redirect_uri", callback), basic("web", "s"))
	if id := w.verified(bought.text("id_token")); id["acr"] != "strong" {
		t.Errorf("ID token is %v", id)
	}
	if _, q := ask(strong, `{"id_token":{"acr":{"essential":true,"value":"unknown"}}}`); q.Get("error") != "unmet_authentication_requirements" {
		t.Errorf("an acr that nobody can have: %v", q)
	}
	if _, q := ask(strong, `{"id_token":{"acr":{"value":"unknown"}}}`); q.Get("code") == "" {
		t.Errorf("the same, voluntary: %v", q)
	}
	if _, q := ask(weak, `{"id_token":{"sub":{"value":"(usr!demo)"}}}`); q.Get("code") == "" {
		t.Errorf("the user who is signed in: %v", q)
	}
	if to, _ := ask(weak, `{"id_token":{"sub":{"value":"(usr!other)"}}}`); !strings.HasPrefix(to, base+"/UI/Login?") {
		t.Errorf("another user: %s", to)
	}
	if _, q := ask(weak, `{"id_token":{"sub":{"value":"(usr!other)"}}}`, "prompt", "none"); q.Get("error") != "login_required" {
		t.Errorf("another user with prompt=none: %v", q)
	}
}

// elsewhere keeps users outside of the server's store.
type elsewhere struct {
	realm.Identities
	user  realm.User
	saved int
}

func (e *elsewhere) Find(_ context.Context, _, name string) (*realm.User, error) {
	if name != e.user.Name {
		return nil, store.ErrNotFound
	}
	u := e.user
	u.Attributes = maps.Clone(u.Attributes)
	return &u, nil
}

func (e *elsewhere) Save(_ context.Context, _ string, u *realm.User) error {
	e.user = *u
	e.saved++
	return nil
}

// A consent is saved where the user is kept: a copy in the server's own store would stand before the user from then on.
func TestConsentSavedElsewhere(t *testing.T) {
	w, l := withLogin(t)
	out := &elsewhere{user: realm.User{Name: "ann", External: "uid=ann", Attributes: map[string][]string{}}}
	w.realms.SetIdentities(out)
	w.provider("/", `{"consent":{"savedConsentAttribute":"consents"}}`)
	w.client("/", "web", "s", webClient("", "", ""))
	token := l.signIn("/", "ann", "")
	w.code(token, "scope", "read", "save_consent", "on")
	if out.saved != 1 || !slices.Equal(out.user.Attribute("consents"), []string{"web read"}) {
		t.Errorf("saved %d times: %v", out.saved, out.user.Attributes)
	}
	if _, err := w.realms.Docs().Get(w.ctx, "/", store.KindUser, "ann"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the server has a copy of the user: %v", err)
	}
	f := form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read")
	if _, q := location(t, w.get("/", "authorize", f, cookie(token))); q.Get("code") == "" {
		t.Errorf("asked again: %v", q)
	}
}
