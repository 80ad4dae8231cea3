package login_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/memory"
)

const password = "Ch4ng31t"

var passwordHash = sync.OnceValue(func() string { return realm.HashPassword(password) })

// site is the authentication of the realms / and /alpha, each with the user demo.
type site struct {
	t      testing.TB
	realms *realm.Manager
	login  *login.Service
	base   string
	mu     sync.Mutex
	now    time.Time
}

func newSite(t testing.TB, domains ...string) *site {
	t.Helper()
	s := &site{t: t, now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), base: "http://am.example.com:8088/openam"}
	clock := func() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.now }
	engine := memory.NewAt(clock)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); engine.Close() })
	var err error
	s.realms, err = realm.NewManager(ctx, realm.Options{Engine: engine, Now: clock})
	if err == nil {
		_, err = s.realms.Create(ctx, realm.Spec{Name: "alpha", Parent: "/", Active: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/alpha"} {
		for _, name := range []string{"demo", "jürgen"} {
			d, err := (&realm.User{Name: name, Password: passwordHash()}).Doc()
			if err == nil {
				_, err = s.realms.Docs().Create(ctx, path, store.KindUser, d)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	s.put("/", store.KindAgent, "ig", `{"_type":"IdentityGatewayAgent","userpassword":"agent-password"}`)
	s.put("/", store.KindService, "validation", `{"validGotoDestinations":["https://app.example.com/*"]}`)
	s.login = login.New(login.Options{Realms: s.realms, Now: clock, Domains: domains})
	return s
}

func (s *site) put(realmPath, kind, id, body string) {
	s.t.Helper()
	if _, err := s.realms.Docs().Put(s.t.Context(), realmPath, kind, store.Doc{ID: id, Body: json.RawMessage(body)}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) pass(d time.Duration) { s.mu.Lock(); defer s.mu.Unlock(); s.now = s.now.Add(d) }

// request makes a request of the realm: to the authenticate endpoint when the path is empty or a query, else to a page.
func (s *site) request(method, realmPath, path, body string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	tree, page, isPage := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	isPage = isPage && !strings.HasPrefix(path, "?")
	if !isPage {
		path = "/json/authenticate" + path
	}
	r := httptest.NewRequest(method, s.base+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rl, ok := s.realms.Find(realmPath)
	if !ok {
		s.t.Fatalf("no realm %s", realmPath)
	}
	place := login.Place{Realm: rl, Base: s.base, Context: "/openam"}
	w := httptest.NewRecorder()
	if isPage {
		page, _, _ = strings.Cut(page, "?")
		s.login.ServePage(w, r, place, tree, page)
	} else {
		s.login.Authenticate(w, r, place)
	}
	return w
}

func (s *site) json(want int, w *httptest.ResponseRecorder) map[string]any {
	s.t.Helper()
	if w.Code != want {
		s.t.Fatalf("%d %s, want %d", w.Code, w.Body, want)
	}
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		s.t.Fatal(err)
	}
	return body
}

func (s *site) refused(want int, message string, w *httptest.ResponseRecorder) map[string]any {
	s.t.Helper()
	body := s.json(want, w)
	if body["message"] != message || body["code"] != float64(want) || body["reason"] != http.StatusText(want) {
		s.t.Errorf("body = %v, want the message %q", body, message)
	}
	return body
}

func credentials(name, password string) []string {
	return []string{"X-OpenAM-Username", name, "X-OpenAM-Password", password}
}

func (s *site) signIn(realmPath, name string) string {
	s.t.Helper()
	return s.json(200, s.request("POST", realmPath, "", "{}", credentials(name, password)...))["tokenId"].(string)
}

// fill answers the callbacks of a step.
func fill(step map[string]any, name, password string) string {
	for i, value := range []string{name, password} {
		step["callbacks"].([]any)[i].(map[string]any)["input"].([]any)[0].(map[string]any)["value"] = value
	}
	raw, _ := json.Marshal(step)
	return string(raw)
}

func TestHeaderLogin(t *testing.T) {
	s := newSite(t)
	w := s.request("POST", "/", "", "", credentials("demo", password)...)
	got := s.json(200, w)
	if got["successUrl"] != "/openam/console" || got["realm"] != "/" || !strings.Contains(got["tokenId"].(string), ".*AAJTS") || len(got) != 3 {
		t.Errorf("body = %v", got)
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "Content-Api-Version": "resource=2.1", "Pragma": "no-cache", "Expires": "0"} {
		if w.Header().Get(name) != want {
			t.Errorf("%s = %q, want %q", name, w.Header().Get(name), want)
		}
	}
	tests := []struct {
		name           string
		user, secret   string
		status         int
		message, realm string
	}{
		{"wrong password", "demo", "wrong", 401, "Login failure", "/"},
		{"nobody", "nobody", password, 401, "Login failure", "/"},
		{"other realm", "demo", password, 200, "", "/alpha"},
		{"case", "DEMO", password, 200, "", "/"},
		{"encoded words", "=?UTF-8?B?" + base64.StdEncoding.EncodeToString([]byte("jürgen")) + "?=", "=?UTF-8?Q?Ch4ng31t?=", 200, "", "/"},
		{"utf-8", "jürgen", password, 200, "", "/"},
		{"latin-1", "j\xfcrgen", password, 200, "", "/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := s.json(tt.status, s.request("POST", tt.realm, "", "{}", credentials(tt.user, tt.secret)...))
			if tt.message != "" && got["message"] != tt.message {
				t.Errorf("message = %v, want %s", got["message"], tt.message)
			}
			if tt.status == 200 && got["realm"] != tt.realm {
				t.Errorf("realm = %v", got["realm"])
			}
		})
	}
}

func TestCallbacks(t *testing.T) {
	s := newSite(t)
	w := s.request("POST", "/alpha", "?authIndexType=service&authIndexValue=Login", "")
	step := s.json(200, w)
	var list []map[string]any
	raw, _ := json.Marshal(step["callbacks"])
	json.Unmarshal(raw, &list)
	if len(list) != 2 || list[0]["type"] != "NameCallback" || list[1]["type"] != "PasswordCallback" || list[1]["_id"] != 1.0 ||
		list[0]["input"].([]any)[0].(map[string]any)["name"] != "IDToken1" || step["stage"] != "UsernamePassword" || step["header"] != "Sign in" {
		t.Errorf("step = %v", step)
	}
	if cookies := w.Result().Cookies(); len(cookies) != 1 || cookies[0].Name != "amlbcookie" {
		t.Errorf("cookies = %v", cookies)
	}
	parts := strings.Split(step["authId"].(string), ".")
	header, _ := base64.RawURLEncoding.DecodeString(parts[0])
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]any
	json.Unmarshal(payload, &claims)
	if !strings.Contains(string(header), `"HS256"`) || claims["authIndexValue"] != "Login" || claims["realm"] != "/alpha" ||
		claims["exp"].(float64)-claims["iat"].(float64) != 300 || len(claims["otk"].(string)) != 26 || claims["sessionId"] == "" {
		t.Errorf("authId = %s %s", header, payload)
	}
	body := fill(step, "demo", password)
	if got := s.json(200, s.request("POST", "/alpha", "", body)); got["tokenId"] == nil || got["realm"] != "/alpha" {
		t.Errorf("success = %v", got)
	}
	s.refused(408, "Session has timed out", s.request("POST", "/alpha", "", body)) // an authId works once

	again := func() map[string]any { return s.json(200, s.request("POST", "/", "", "{}")) }
	s.refused(401, "Login failure", s.request("POST", "/", "", fill(again(), "demo", "wrong")))
	s.refused(400, "AuthId JWT Signature not valid", s.request("POST", "/alpha", "", fill(again(), "demo", password)))
	step = again()
	step["authId"] = step["authId"].(string)[:40] + "x" + step["authId"].(string)[41:]
	s.json(400, s.request("POST", "/", "", fill(step, "demo", password)))
	step["authId"] = "no JWT"
	s.refused(400, "Failed to parse JWT", s.request("POST", "/", "", fill(step, "demo", password)))
	step = again()
	delete(step, "callbacks")
	raw, _ = json.Marshal(step)
	s.refused(400, "Invalid callbacks", s.request("POST", "/", "", string(raw)))
	step = again()
	s.pass(6 * time.Minute)
	got := s.refused(408, "Session has timed out", s.request("POST", "/", "", fill(step, "demo", password)))
	if d, _ := got["detail"].(map[string]any); d["errorCode"] != "110" {
		t.Errorf("detail = %v", got["detail"])
	}
	// A name alone fills in the first callback.
	step = s.json(200, s.request("POST", "/", "", "{}", "X-OpenAM-Username", "demo"))
	if raw, _ := json.Marshal(step); !strings.Contains(string(raw), `"value":"demo"`) {
		t.Errorf("step = %s", raw)
	}
}

func TestIndexTypes(t *testing.T) {
	s := newSite(t)
	tests := []struct {
		query, user, secret string
		status              int
		message             string
	}{
		{"?authIndexType=service&authIndexValue=ldapService", "demo", password, 200, ""},
		{"?authIndexType=service&authIndexValue=Agent", "ig", "agent-password", 200, ""},
		{"?authIndexType=service&authIndexValue=Agent", "ig", "wrong", 401, "Login failure"},
		{"?authIndexType=service&authIndexValue=Agent", "demo", password, 401, "Login failure"},
		{"?authIndexType=module&authIndexValue=Application", "ig", "agent-password", 200, ""},
		{"?authIndexType=module&authIndexValue=DataStore", "demo", password, 200, ""},
		{"?authIndexType=service&authIndexValue=nothing", "demo", password, 400, "No Configuration found"},
		{"?authIndexType=service", "demo", password, 200, ""},
		{"?authIndexType=level", "demo", password, 400, "No Configuration found"},
		{"?authIndexType=role&authIndexValue=managers", "demo", password, 400, "No Configuration found"},
		{"?authIndexType=resource&authIndexValue=https%3A%2F%2Fapp.example.com", "demo", password, 400, "No Configuration found"},
		{"?authIndexType=transaction&authIndexValue=none", "demo", password, 400, "Unable to read transaction."},
		{"?authIndexType=user&authIndexValue=Demo", "demo", password, 200, ""},
		{"?authIndexType=user&authIndexValue=jürgen", "demo", password, 401, "Login failure"},
		{"?authIndexType=user&authIndexValue=nobody", "demo", password, 401, "Login failure"},
		{"?authIndexType=colour&authIndexValue=red", "demo", password, 400, "Unknown Authentication Index Type"},
		{"?authIndexType=level&authIndexValue=5", "demo", password, 400, "No Configuration found"},
		{"?authIndexType=level&authIndexValue=0", "demo", password, 200, ""},
		{"?authIndexType=level&authIndexValue=high", "demo", password, 400, "No Configuration found"},
		{"?authIndexType=service&authIndexValue=amsterService", "demo", password, 501, "The journey amsterService is not supported by this server"},
	}
	for _, tt := range tests {
		t.Run(tt.query+" "+tt.user, func(t *testing.T) {
			got := s.json(tt.status, s.request("POST", "/", tt.query, "{}", credentials(tt.user, tt.secret)...))
			if tt.message != "" && got["message"] != tt.message {
				t.Errorf("message = %v, want %s", got["message"], tt.message)
			}
		})
	}
}

func TestParameters(t *testing.T) {
	s := newSite(t)
	ok, wrong := credentials("demo", password), credentials("demo", "wrong")
	got := s.request("POST", "/", "?noSession=true", "{}", ok...)
	if body := s.json(200, got); body["message"] != "Authentication Successful" || body["tokenId"] != nil || len(got.Result().Cookies()) != 0 {
		t.Errorf("noSession: %v, cookies %v", body, got.Result().Cookies())
	}
	for target, want := range map[string]string{"https://app.example.com/x": "https://app.example.com/x", "https://evil.example.com/x": "/openam/console", "/openam/oauth2/authorize?x=y": "/openam/oauth2/authorize?x=y", "//evil.example.com": "/openam/console", "javascript:alert(1)": "/openam/console"} {
		if body := s.json(200, s.request("POST", "/", "?goto="+url.QueryEscape(target), "{}", ok...)); body["successUrl"] != want {
			t.Errorf("goto %s: %v, want %s", target, body["successUrl"], want)
		}
	}
	body := s.json(401, s.request("POST", "/", "?gotoOnFail="+url.QueryEscape("https://app.example.com/f"), "{}", wrong...))
	if d, _ := body["detail"].(map[string]any); d["failureUrl"] != "https://app.example.com/f" {
		t.Errorf("gotoOnFail: %v", body)
	}
	if body := s.json(401, s.request("POST", "/", "?gotoOnFail="+url.QueryEscape("https://evil.example.com/f"), "{}", wrong...)); body["detail"] != nil {
		t.Errorf("gotoOnFail to elsewhere: %v", body)
	}
	body = s.json(401, s.request("POST", "/", "?gotoOnFail=/f", "{}", append(wrong, "Accept-API-Version", "resource=1.0")...))
	if body["errorMessage"] != "Login failure" || body["failureUrl"] != "/f" || body["code"] != nil {
		t.Errorf("version 1: %v", body)
	}
	s.refused(405, "Method Not Allowed", s.request("GET", "/", "", ""))
	s.refused(415, "Unsupported Media Type", s.request("POST", "/", "", "a=b", "Content-Type", "application/x-www-form-urlencoded"))
	s.json(400, s.request("POST", "/", "", "{"))
	s.json(413, s.request("POST", "/", "", strings.Repeat(" ", 70<<10)+"{}"))
	s.json(200, s.request("POST", "/", "", "null", ok...))
}

func TestExistingSession(t *testing.T) {
	s := newSite(t)
	token := s.signIn("/", "demo")
	cookie := []string{"Cookie", "iPlanetDirectoryPro=" + token, "Accept-API-Version", "resource=2.1"}
	if got := s.json(200, s.request("POST", "/", "", "{}", cookie...)); got["tokenId"] != token {
		t.Errorf("with a session: %v", got)
	}
	if got := s.json(200, s.request("POST", "/", "", "{}", "iPlanetDirectoryPro", token)); got["tokenId"] != token {
		t.Errorf("with a session in the header: %v", got)
	}
	s.refused(403, "Forbidden", s.request("POST", "/", "", "{}", cookie[:2]...)) // a foreign page could send that
	for name, query := range map[string]string{"ForceAuth": "?ForceAuth=true", "another journey": "?authIndexType=service&authIndexValue=Agent"} {
		if got := s.json(200, s.request("POST", "/", query, "{}", cookie...)); got["authId"] == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := s.json(200, s.request("POST", "/alpha", "", "{}", cookie...)); got["authId"] == nil {
		t.Errorf("another realm: %v", got)
	}
	if got := s.json(200, s.request("POST", "/", "?arg=newsession", "{}", cookie...)); got["authId"] == nil {
		t.Errorf("newsession: %v", got)
	}
	if _, err := s.login.Find(t.Context(), token); err == nil {
		t.Error("newsession left the old session alive")
	}
}

func TestValidGoto(t *testing.T) {
	s := newSite(t)
	s.put("/", store.KindService, "validation", `{"validGotoDestinations":["https://app.example.com/open/*","/other/*"]}`)
	s.put("", store.KindGlobal, "validation", `{"validGotoDestinations":["https://global.example.com:8443/*"]}`)
	root, _ := s.realms.Find("/")
	alpha, _ := s.realms.Find("/alpha")
	tests := []struct {
		target      string
		root, alpha bool
	}{
		{"https://app.example.com/open/x", true, false},
		{"https://app.example.com:443/open/x", true, false},
		{"https://app.example.com/closed/x", false, false},
		{"https://app.example.com/open/../closed", false, false},
		{"https://app.example.com/open/%2E%2e/closed", false, false},
		{"https://user@app.example.com/open/x", false, false},
		{"https://app.example.com\\.evil.com/open/x", false, false},
		{"https://global.example.com:8443/x", true, true},
		{"http://am.example.com:8088/anything?x=y", true, true}, // this server
		{"http://am.example.com/anything", false, false},        // another port of it
		{"/openam/console", true, true},
		{"openam/console", true, true},
		{"?x=y", true, true},
		{"//evil.com/x", false, false},
		{"///evil.com/x", false, false},
		{"/\\evil.com", false, false},
		{"/\tevil.com", false, false},
		{"javascript:alert(1)", false, false},
		{"data:text/html,x", false, false},
		{"http:evil.com", false, false},
		{"", false, false},
		{"/" + strings.Repeat("x", 2001), false, false},
	}
	for _, tt := range tests {
		for rl, want := range map[*realm.Realm]bool{root: tt.root, alpha: tt.alpha} {
			if got := s.login.ValidGoto(t.Context(), login.Place{Realm: rl, Base: s.base, Context: "/openam"}, tt.target); got != want {
				t.Errorf("ValidGoto(%.60q) in %s = %v, want %v", tt.target, rl.Path, got, want)
			}
		}
	}
}

// Sessions end when they are idle for too long or too old, whichever comes first.
func TestSessionTimes(t *testing.T) {
	s := newSite(t)
	alive := func(token string) bool { _, err := s.login.Find(t.Context(), token); return err == nil }
	token := s.signIn("/", "demo")
	s.pass(29 * time.Minute)
	if !alive(token) {
		t.Fatal("idle for 29 minutes: gone")
	}
	s.pass(2 * time.Minute)
	if alive(token) {
		t.Error("idle for 31 minutes: there")
	}
	token = s.signIn("/", "demo")
	for range 6 {
		s.pass(19 * time.Minute)
		if _, err := s.login.Touch(t.Context(), token); err != nil {
			t.Fatal("in use: gone")
		}
	}
	s.pass(7 * time.Minute)
	if alive(token) {
		t.Error("121 minutes old: there")
	}
	s.put("/", store.KindService, "session", `{"dynamic":{"maxIdleTime":1,"maxSessionTime":2}}`)
	token = s.signIn("/", "demo")
	s.pass(61 * time.Second)
	if alive(token) {
		t.Error("the session service is not heard")
	}
	for _, token := range []string{"", "x", strings.Repeat("x", 5000)} {
		if alive(token) {
			t.Errorf("token %.10q is alive", token)
		}
	}
}

func TestTooManyAttempts(t *testing.T) {
	s := newSite(t)
	for _, name := range []string{"demo", "nobody"} { // it does not tell who exists
		for range 5 {
			s.refused(401, "Login failure", s.request("POST", "/", "", "{}", credentials(name, "wrong")...))
		}
		for _, spelling := range []string{name, strings.ToUpper(name), " " + name} {
			s.refused(401, "Your account has been locked.", s.request("POST", "/", "", "{}", credentials(spelling, password)...))
		}
	}
	s.signIn("/alpha", "demo")
	s.pass(time.Second)
	s.signIn("/", "demo")
}

// Older agents and gateways name no journey.
func TestAgentsWithoutJourney(t *testing.T) {
	s := newSite(t)
	subject := func(w *httptest.ResponseRecorder) string {
		t.Helper()
		found, err := s.login.Find(t.Context(), s.json(200, w)["tokenId"].(string))
		if err != nil {
			t.Fatal(err)
		}
		return found.Subject.Type + " " + found.Subject.Name + " " + found.Tree
	}
	const agent = "age ig Agent"
	if got := subject(s.request("POST", "/", "", "{}", credentials("ig", "agent-password")...)); got != agent {
		t.Errorf("by headers: %s", got)
	}
	if got := subject(s.request("POST", "/", "?authIndexType=service", "{}", credentials("ig", "agent-password")...)); got != agent {
		t.Errorf("a service without a name: %s", got)
	}
	step := s.json(200, s.request("POST", "/", "", "{}"))
	if got := subject(s.request("POST", "/", "", fill(step, "ig", "agent-password"))); got != agent {
		t.Errorf("by callbacks: %s", got)
	}
	// A journey that is named is for whom it is for.
	s.refused(401, "Login failure", s.request("POST", "/", "?authIndexType=service&authIndexValue=ldapService", "{}", credentials("ig", "agent-password")...))
	step = s.json(200, s.request("POST", "/", "?authIndexType=service&authIndexValue=ldapService", "{}"))
	s.refused(401, "Login failure", s.request("POST", "/", "", fill(step, "ig", "agent-password")))
	s.refused(401, "Login failure", s.request("POST", "/alpha", "", "{}", credentials("ig", "agent-password")...))
	// A user of that name goes before.
	s.put("/", store.KindAgent, "demo", `{"_type":"IdentityGatewayAgent","status":"Active","userpassword":"agent-password"}`)
	if got := subject(s.request("POST", "/", "", "{}", credentials("demo", password)...)); got != "usr demo ldapService" {
		t.Errorf("a user: %s", got)
	}
	s.refused(401, "Login failure", s.request("POST", "/", "", "{}", credentials("demo", "agent-password")...))
	// Who is not active does not sign in, and passwords are not guessed.
	s.put("/", store.KindAgent, "off", `{"_type":"IdentityGatewayAgent","status":"Inactive","userpassword":"agent-password"}`)
	s.refused(401, "Login failure", s.request("POST", "/", "", "{}", credentials("off", "agent-password")...))
	for range 5 {
		s.refused(401, "Login failure", s.request("POST", "/", "", "{}", credentials("ig", "wrong")...))
	}
	for _, query := range []string{"", "?authIndexType=service&authIndexValue=Agent"} {
		s.refused(401, "Your account has been locked.", s.request("POST", "/", query, "{}", credentials("ig", "agent-password")...))
	}
	// A realm that lets no agents in lets none in this way.
	s.put("/", journey.KindTree, login.TreeAgent, `{"entryNodeId":"`+journey.Failure+`","nodes":{},"enabled":false}`)
	s.pass(time.Minute)
	s.refused(401, "Login failure", s.request("POST", "/", "", "{}", credentials("ig", "agent-password")...))
}

func TestCookies(t *testing.T) {
	tests := []struct {
		name, base string
		domains    []string
		want       []string
	}{
		{"plain", "http://am.example.com:8088/openam", nil, []string{"iPlanetDirectoryPro=T; Path=/; HttpOnly; SameSite=Lax"}},
		{"tls", "https://am.example.com/openam", nil, []string{"iPlanetDirectoryPro=T; Path=/; HttpOnly; Secure; SameSite=Lax"}},
		{"domains", "http://am.example.com/openam", []string{".example.com", "other.org", "xample.com"}, []string{"iPlanetDirectoryPro=T; Path=/; Domain=example.com; HttpOnly; SameSite=Lax"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, tt.domains...)
			s.base = tt.base
			w := s.request("POST", "/", "", "{}", credentials("demo", password)...)
			token := s.json(200, w)["tokenId"].(string)
			var got []string
			for _, c := range w.Header()["Set-Cookie"] {
				if strings.HasPrefix(c, "iPlanet") {
					got = append(got, strings.Replace(c, token, "T", 1))
				}
			}
			if strings.Join(got, "|") != strings.Join(tt.want, "|") {
				t.Errorf("cookies = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPages(t *testing.T) {
	s := newSite(t)
	form := func(name, secret string) string { return url.Values{"IDToken1": {name}, "IDToken2": {secret}}.Encode() }
	const target = "http://am.example.com:8088/openam/oauth2/authorize?client_id=a&x=%26"
	page := "/XUI/?realm=/&goto=" + url.QueryEscape(target)
	urlencoded := []string{"Content-Type", "application/x-www-form-urlencoded"}

	w := s.request("GET", "/", page, "")
	if w.Code != 200 || !strings.Contains(w.Body.String(), `name="IDToken1"`) || !strings.Contains(w.Header().Get("Content-Security-Policy"), "form-action 'self'") {
		t.Fatalf("form: %d %s", w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), "<script>") || strings.Contains(w.Body.String(), "style=") {
		t.Error("the page has scripts or styles of its own")
	}
	w = s.request("POST", "/", page, form("demo", "wrong"), urlencoded...)
	if w.Code != 401 || !strings.Contains(w.Body.String(), "not right") || !strings.Contains(w.Body.String(), `value="demo"`) || strings.Contains(w.Body.String(), `value="wrong"`) {
		t.Errorf("wrong password: %d %s", w.Code, w.Body)
	}
	w = s.request("POST", "/", page, form(`"><b>`, "wrong"), urlencoded...)
	if strings.Contains(w.Body.String(), "<b>") {
		t.Errorf("the name is not escaped: %s", w.Body)
	}
	w = s.request("POST", "/", page, form("demo", password), urlencoded...)
	if w.Code != 302 || w.Header().Get("Location") != target {
		t.Errorf("signed in: %d %v", w.Code, w.Header())
	}
	w = s.request("POST", "/", page, form("demo", password), append(urlencoded, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "same-origin")...)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `content="0;url=http://am.example.com:8088/openam/oauth2/authorize?client_id=a&amp;x=%26"`) {
		t.Errorf("signed in with a browser: %d %s", w.Code, w.Body)
	}
	var cookie []string
	for _, c := range w.Result().Cookies() {
		if c.Name == "iPlanetDirectoryPro" {
			cookie = []string{"Cookie", c.Name + "=" + c.Value}
		}
	}
	if len(cookie) == 0 {
		t.Fatal("no session cookie")
	}
	if w = s.request("GET", "/", page, "", cookie...); w.Code != 302 || w.Header().Get("Location") != target {
		t.Errorf("with a session: %d", w.Code)
	}
	if w = s.request("GET", "/", page+"&ForceAuth=true", "", cookie...); w.Code != 200 || !strings.Contains(w.Body.String(), "IDToken2") {
		t.Errorf("ForceAuth: %d", w.Code)
	}
	if w = s.request("GET", "/", "/XUI/", "", cookie...); w.Code != 200 || !strings.Contains(w.Body.String(), "Signed in as demo") {
		t.Errorf("with a session and nowhere to go: %d %s", w.Code, w.Body)
	}
	if w = s.request("POST", "/", "/UI/Login?goto="+url.QueryEscape("https://evil.example.com/"), form("demo", password), urlencoded...); w.Header().Get("Location") != "/openam/account?realm=%2F" {
		t.Errorf("goto elsewhere: %s", w.Header().Get("Location"))
	}
	if w = s.request("POST", "/", page, form("demo", password), append(urlencoded, "Sec-Fetch-Site", "cross-site")...); w.Code != 403 || len(w.Result().Cookies()) != 0 {
		t.Errorf("sent by a foreign page: %d %v", w.Code, w.Result().Cookies())
	}
	if w = s.request("PUT", "/", page, "{}"); w.Code != 405 {
		t.Errorf("PUT: %d", w.Code)
	}
	if w = s.request("GET", "/", "/XUI/nothing", ""); w.Code != 404 {
		t.Errorf("no page: %d", w.Code)
	}
	w = s.request("GET", "/", "/UI/Logout?goto="+url.QueryEscape("https://evil.example.com/"), "", cookie...)
	if w.Code != 200 || !strings.Contains(w.Body.String(), "signed out") || !strings.Contains(strings.Join(w.Header()["Set-Cookie"], ""), "Max-Age=0") {
		t.Errorf("logout: %d %s %v", w.Code, w.Body, w.Header())
	}
	if w = s.request("GET", "/", page, "", cookie...); w.Code != 200 {
		t.Errorf("after the logout: %d", w.Code)
	}
	if w = s.request("GET", "/", "/UI/Logout?goto="+url.QueryEscape("https://app.example.com/bye"), ""); w.Code != 302 {
		t.Errorf("logout with a goto: %d", w.Code)
	}
}

// Whatever is posted, the answer is JSON and no server error.
func FuzzAuthenticate(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", "[]", `{"authId":"a.b.c"}`, `{"authId":1}`, `{"callbacks":[{"type":"NameCallback","input":[]}]}`,
		`{"authId":"eyJhbGciOiJIUzI1NiJ9.e30.AA","callbacks":[{"type":"NameCallback","input":[{"name":"IDToken1","value":{}}]}]}`,
	} {
		f.Add([]byte(seed))
	}
	s := newSite(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		rl, _ := s.realms.Find("/")
		r := httptest.NewRequest("POST", s.base+"/json/authenticate", io.NopCloser(strings.NewReader(string(body))))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.login.Authenticate(w, r, login.Place{Realm: rl, Base: s.base, Context: "/openam"})
		if w.Code >= 500 && w.Code != 501 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}
