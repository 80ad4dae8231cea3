package filters

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/jose"
)

// visitor is a browser: it keeps cookies.
type visitor map[string]string

func (v visitor) visit(t *testing.T, f chain.Filter, x *chain.Exchange, next chain.Handler) *chain.Response {
	t.Helper()
	for n, c := range v {
		x.Request.Header.Add("Cookie", n+"="+c)
	}
	resp := pass(t, f, x, next)
	for n, c := range cookies(resp) {
		if c.MaxAge < 0 {
			delete(v, n)
		} else {
			v[n] = c.Value
		}
	}
	return resp
}

// loginFilter stands for a filter that sends users to log in until they are.
func loginFilter(loggedIn *bool) chain.HandlerFunc {
	return func(x *chain.Exchange) (*chain.Response, error) {
		if *loggedIn {
			body, err := x.Request.Entity.Text()
			if err != nil {
				return nil, err
			}
			return answer(200, "", x.Request.String()+" "+x.Request.Header.Get("Content-Type")+" "+body)(x)
		}
		back := chain.OriginalURI(x).Clone()
		announceRedirect(x, back)
		return answer(302, "Location", "https://login/?goto="+url.QueryEscape(back.String()), "Set-Cookie", "nonce=1")(x)
	}
}

func TestDataPreservation(t *testing.T) {
	fx := newFixture()
	f := fx.filter(t, `{"type":"DataPreservationFilter","config":{"noJavaScriptMessage":"press <it>","maxContentLength":20}}`)
	s := memorySession{}
	loggedIn := false
	next := loginFilter(&loggedIn)
	goTo := func(resp *chain.Response) string {
		t.Helper()
		u, err := url.Parse(resp.Header.Get("Location"))
		if err != nil || resp.Status.Code != 302 {
			t.Fatalf("no redirect: %v %v", resp.Status, resp.Header)
		}
		return u.Query().Get("goto")
	}
	back := goTo(pass(t, f, s.in(post(t, "https://app/x?a=%2f", "b=1")), next))
	if !strings.HasPrefix(back, "https://app/x?a=%2f&_ig_data=") {
		t.Fatalf("the user comes back to %s", back)
	}
	loggedIn = true
	// Another one's marker does nothing.
	want(t, "other marker", text(t, pass(t, f, s.in(get(t, "https://app/x?_ig_data=other")), next)), "GET https://app/x  ")
	resp := pass(t, f, s.in(get(t, back)), next)
	page := text(t, resp)
	action := regexp.MustCompile(`action="([^"]*)"`).FindStringSubmatch(page)
	if action == nil || !strings.Contains(page, "press &lt;it&gt;") || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "script-src 'sha256-") {
		t.Fatalf("the page is %v %s", resp.Header, page)
	}
	again := strings.ReplaceAll(action[1], "&amp;", "&")
	want(t, "form", "https://app"+again, back)
	posted := post(t, "https://app"+again, "")
	posted.Request.Header.Set("Content-Type", "text/plain")
	want(t, "resumed", text(t, pass(t, f, s.in(posted), next)), "POST https://app/x?a=%2f application/x-www-form-urlencoded b=1")
	want(t, "kept afterwards", len(s), 0)

	loggedIn = false
	want(t, "too long", goTo(pass(t, f, s.in(post(t, "https://app/x", strings.Repeat("b", 21))), next)), "https://app/x")
	back = goTo(pass(t, f, s.in(post(t, "https://app/x", "b=1")), next))
	fx.wait(6 * time.Minute)
	loggedIn = true
	want(t, "too late", text(t, pass(t, f, s.in(get(t, back)), next)), "GET https://app/x  ")
	want(t, "kept after its time", len(s), 0)
	if _, err := f.Filter(get(t, "https://app/"), next); err != errPreservation {
		t.Errorf("without session: %v", err)
	}
	refused{
		`{"type":"DataPreservationFilter","config":{"lifetime":"zero"}}`: `config.lifetime: the duration must be neither zero nor unlimited`,
	}.test(t)
}

func TestFragment(t *testing.T) {
	f := build(t, `{"type":"FragmentFilter","config":{"fragmentCaptureEndpoint":"/app/fragment","noJavaScriptMessage":"<on>"}}`)
	loggedIn := false
	next := loginFilter(&loggedIn)
	v := visitor{}
	resp := v.visit(t, f, get(t, "https://app/x?a=1"), next)
	page := text(t, resp)
	nonce := regexp.MustCompile(`name="nonce" value="([^"]*)"`).FindStringSubmatch(page)
	if resp.Status.Code != 200 || nonce == nil || !strings.Contains(page, `action="/app/fragment"`) || !strings.Contains(page, "&lt;on&gt;") {
		t.Fatalf("the page is %d %s", resp.Status.Code, page)
	}
	want(t, "cookie of the redirect", v["nonce"], "1")
	capture := func(v visitor, nonce, fragment string) *chain.Response {
		return v.visit(t, f, post(t, "https://app/app/fragment", "nonce="+nonce+"&fragment="+url.QueryEscape(fragment)), next)
	}
	want(t, "wrong nonce", capture(v, "x", "#part").Status.Code, 400)
	want(t, "no cookie", capture(visitor{}, nonce[1], "#part").Status.Code, 400)
	resp = capture(v, nonce[1], "#part/2?x")
	want(t, "to log in", resp.Header.Get("Location"), "https://login/?goto=https%3A%2F%2Fapp%2Fx%3Fa%3D1")
	loggedIn = true
	want(t, "elsewhere", v.visit(t, f, get(t, "https://app/y"), next).Status.Code, 200)
	want(t, "restored", v.visit(t, f, get(t, "https://app/x?a=1"), next).Header.Get("Location"), "https://app/x?a=1#part/2?x")
	want(t, "only once", v.visit(t, f, get(t, "https://app/x?a=1"), next).Status.Code, 200)

	for _, evil := range []string{"", "#", "a b", "a\r\nX: y", strings.Repeat("f", maxFragment+1)} {
		loggedIn = false
		v := visitor{}
		page := text(t, v.visit(t, f, get(t, "https://app/x"), next))
		nonce := regexp.MustCompile(`name="nonce" value="([^"]*)"`).FindStringSubmatch(page)
		want(t, "to log in", capture(v, nonce[1], evil).Status.Code, 302)
		loggedIn = true
		want(t, fmt.Sprintf("after %.10q", evil), v.visit(t, f, get(t, "https://app/x"), next).Status.Code, 200)
	}
	loggedIn = false
	want(t, "redirect that no cookie can hold", v.visit(t, f, get(t, "https://app/x?a="+strings.Repeat("a", 3000)), next).Status.Code, 302)
	v = visitor{}
	want(t, "redirect with many parameters", v.visit(t, f, get(t, "https://app/x?"+strings.Repeat("a=b&", 300)), next).Status.Code, 200)
	if n := len(v["ig-fragment-cookie"]); n < 1000 || n > maxFragmentCookie {
		t.Errorf("the cookie has %d bytes", n)
	}
	want(t, "redirect of a POST", pass(t, f, post(t, "https://app/x", ""), next).Status.Code, 302)
	refused{
		`{"type":"FragmentFilter"}`: `: the required field "fragmentCaptureEndpoint" is missing`,
		`{"type":"FragmentFilter","config":{"fragmentCaptureEndpoint":"app","cookie":{"name":"a b"}}}`: `config.fragmentCaptureEndpoint: expected a path such as "/app/fragment", found "app"` + "\n" +
			`config.cookie.name: "a b" cannot be the name of a cookie`,
	}.test(t)
}

func TestAmSessionIdleTimeout(t *testing.T) {
	fx, am, f := withAM(t, `{"type":"AmSessionIdleTimeoutFilter","config":{"amService":"am","idleTimeout":"60 s"}}`)
	v := visitor{"sso": "good", "x": "1"}
	var sent string
	next := chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		sent = strings.Join(x.Request.Header["Cookie"], ",")
		return chain.NewResponse(200), nil
	})
	visit := func() {
		t.Helper()
		sent = ""
		v.visit(t, f, get(t, "https://app/"), next)
	}
	visit()
	for range 3 {
		fx.wait(60 * time.Second)
		visit()
		want(t, "session", strings.Contains(sent, "sso=good"), true)
	}
	before := v["x-ig-activity-tracker"]
	visit()
	want(t, "cookie in the same second", v["x-ig-activity-tracker"], before)
	// The cookie is of no use with another session.
	am.sessions["other"] = "eve"
	fx.wait(61 * time.Second)
	stolen := visitor{"sso": "other", "x-ig-activity-tracker": before}
	stolen.visit(t, f, get(t, "https://app/"), next)
	want(t, "other session", strings.Contains(sent, "sso=other"), true)
	visit()
	want(t, "idle session", strings.Contains(sent, "sso="), false)
	want(t, "session at the server", am.sessions["good"], "")
	want(t, "cookie afterwards", v["x-ig-activity-tracker"], "")
	want(t, "other cookies", strings.Contains(sent, "x=1"), true)

	visitor{"sso": "other", "x-ig-activity-tracker": "forged"}.visit(t, f, get(t, "https://app/"), next)
	want(t, "forged cookie", strings.Contains(sent, "sso=other"), true)

	for mode, want := range map[string][3]int64{
		"ALWAYS": {20, 5, 10}, "DECREASE_ONLY": {10, 5, 10}, "INCREASE_ONLY": {20, 10, 10}, "INCREASE_ONLY_THEN_ALWAYS": {20, 10, 10}, "NEVER": {10, 10, 10},
	} {
		w := &idleWatch{c: &amSessionIdleTimeoutConfig{IdleTimeoutUpdate: mode}}
		for i, configured := range []int64{20, 5, 10} {
			if got, _ := w.update(&activity{Idle: 10}, configured); got != want[i] {
				t.Errorf("%s: 10 s become %d s where %d s are configured, want %d s", mode, got, configured, want[i])
			}
		}
	}
	w := &idleWatch{c: &amSessionIdleTimeoutConfig{IdleTimeoutUpdate: "INCREASE_ONLY_THEN_ALWAYS"}}
	got, _ := w.update(&activity{Idle: 10, Raised: true}, 5)
	want(t, "then always", got, 5)
	refused{
		`{"type":"AmSessionIdleTimeoutFilter"}`: `: the required field "amService" is missing` + "\n" + `: the required field "idleTimeout" is missing`,
		`{"type":"AmSessionIdleTimeoutFilter","config":{"amService":"am","idleTimeout":"unlimited","encryptionMethod":"A256CBC"}}`: `config.idleTimeout: the duration must be neither zero nor unlimited` + "\n" +
			`config.encryptionMethod: "A256CBC" is no content encryption (did you mean "A256GCM"?)`,
	}.test(t)
}

func TestCapturedUserPassword(t *testing.T) {
	fx := withKeys(t)
	key, err := jose.NewKey([]byte("01234567890123456789012345678901"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := jose.NewEncrypter(key, jose.Dir, jose.A256GCM, jose.EncrypterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	am := &fakeAM{sessions: map[string]string{"good": "demo"}, profiles: map[string]string{}}
	fx.server = am.serve
	for plain, password := range map[string]string{"secret": "secret", `{"password":"sécret"}`: "sécret"} {
		if am.profiles["password"], err = e.Encrypt([]byte(plain)); err != nil {
			t.Fatal(err)
		}
		f := fx.keyed(t, `{"type":"CapturedUserPasswordFilter","config":{"amService":"am","keySecretId":"wrap.key","secretsProvider":"keys"}}`)
		pass(t, f, get(t, "https://app/", "Cookie", "sso=good"), chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
			want(t, "value", eval(t, y, "contexts.capturedPassword.value"), any(password))
			want(t, "printed", fmt.Sprintf("%v %#v", chain.Named(y.Context, "capturedPassword"), chain.Named(y.Context, "capturedPassword")), "*** ***")
			return chain.NewResponse(200), nil
		}))
		for what, cookie := range map[string]string{"no session": "sso=bad", "bad password": "sso=good"} {
			am.profiles["password"] = "x.y.z"
			pass(t, f, get(t, "https://app/", "Cookie", cookie), chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
				want(t, what, chain.Named(y.Context, "capturedPassword"), nil)
				return chain.NewResponse(200), nil
			}))
		}
	}
	if strings.Contains(fx.log.String(), "secret\"") {
		t.Error("the log has the password")
	}
	refused{
		`{"type":"CapturedUserPasswordFilter","config":{"amService":"am","secretsProvider":"env"}}`:                                    `config: the required field "keySecretId" is missing`,
		`{"type":"CapturedUserPasswordFilter","config":{"amService":"am","secretsProvider":"env","keySecretId":"a","key":"c2VjcmV0"}}`: `config.key: keys are not written into configurations; use "keySecretId"`,
	}.test(t)
}

func TestCrossDomainSingleSignOn(t *testing.T) {
	key, err := jose.Generate(jose.KindP256)
	if err != nil {
		t.Fatal(err)
	}
	key.ID = "k"
	signer, err := jose.NewSigner(key, "ES256", jose.SignerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	fx, am, f := withAM(t, `{"type":"CrossDomainSingleSignOnFilter","config":{"amService":"am","redirectEndpoint":"https://app/cdsso/land","authenticationService":"Tree",
		"failureHandler":"ClientHandler","logoutExpression":"${request.uri.path == '/out'}","defaultLogoutLandingPage":"https://bye/"}}`)
	failure := ""
	fx.server = func(x *chain.Exchange) (*chain.Response, error) {
		if c := chain.Named(x.Context, "cdssoFailure"); c != nil {
			code, _ := c.Get("error")
			failure = code.(string)
			return chain.NewResponse(418), nil
		}
		if strings.HasSuffix(x.Request.URI.RawPath, "/connect/jwk_uri") {
			b, err := jose.NewKeySet(key).MarshalJSON()
			if err != nil {
				return nil, err
			}
			return answer(200, "", string(b))(x)
		}
		return am.serve(x)
	}
	kind := "id_token"
	token := func(nonce, aud string, exp time.Duration) string {
		t.Helper()
		b, _ := json.Marshal(map[string]any{"tokenName": kind, "aud": aud, "nonce": nonce, "exp": fx.now().Add(exp).Unix(), "forgerock": map[string]any{"ssotoken": "sso-1", "suid": "uid-1"}})
		s, err := signer.Sign(b)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	begin := func(v visitor) url.Values {
		t.Helper()
		resp := v.visit(t, f, get(t, "https://app/x?a=1"), answer(200))
		u, err := url.Parse(resp.Header.Get("Location"))
		if err != nil || resp.Status.Code != 302 {
			t.Fatalf("no redirect: %v", resp.Header)
		}
		want(t, "server", u.Scheme+"://"+u.Host+u.Path, "https://am.example.com/am/oauth2/realms/root/authorize")
		return u.Query()
	}
	land := func(v visitor, state, idToken string, more ...string) *chain.Response {
		t.Helper()
		failure = ""
		return v.visit(t, f, post(t, "https://app/cdsso/land", url.Values{"state": {state}, "id_token": {idToken}}.Encode()+strings.Join(more, "")), answer(200))
	}
	v := visitor{}
	q := begin(v)
	for name, value := range map[string]string{"response_type": "id_token", "response_mode": "form_post", "client_id": "ig_agent", "redirect_uri": "https://app/cdsso/land", "scope": "openid", "service": "Tree",
		"agent_provider": "true", "agent_realm": "/"} {
		want(t, name, q.Get(name), value)
	}
	state, nonce := q.Get("state"), q.Get("nonce")
	good := token(nonce, "ig_agent", time.Hour)
	for name, attempt := range map[string]func() *chain.Response{
		"another browser": func() *chain.Response { return land(visitor{}, state, good) },
		"forged state":    func() *chain.Response { return land(v, state+"x", good) },
		"other audience":  func() *chain.Response { return land(v, state, token(nonce, "other", time.Hour)) },
		"other nonce":     func() *chain.Response { return land(v, state, token("n", "ig_agent", time.Hour)) },
		"expired token":   func() *chain.Response { return land(v, state, token(nonce, "ig_agent", -2*time.Minute)) },
		"error of server": func() *chain.Response { return land(v, state, "", "&error=access_denied") },
		"an access token": func() *chain.Response {
			defer func() { kind = "id_token" }()
			kind = "access_token"
			return land(v, state, token(nonce, "ig_agent", time.Hour))
		},
		"token of another": func() *chain.Response { return land(v, state, good[:len(good)-4]+"AAAA") },
	} {
		want(t, name, attempt().Status.Code, 418)
		want(t, name+": failure", failure != "", true)
		want(t, name+": cookie", v["ig-token-cookie"], "")
	}
	resp := land(v, state, good)
	want(t, "back", resp.Header.Get("Location"), "https://app/x?a=1&_ig=true")
	want(t, "cookie", v["ig-token-cookie"], good)
	want(t, "cookies left", len(v), 1)
	if c := cookies(resp)["ig-token-cookie"]; !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
		t.Errorf("the cookie is %v", c)
	}

	am.sessions["sso-1"] = "demo"
	v.visit(t, f, get(t, "https://app/x?a=1&_ig=true"), chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
		for expression, value := range map[string]any{
			"contexts.cdsso.token": good, "contexts.cdsso.sessionUid": "uid-1", "contexts.cdsso.redirectEndpoint": "https://app/cdsso/land",
			"contexts.cdsso.claimsSet.getClaim('nonce')": nonce, "contexts.cdsso.cookieInfo.name": "ig-token-cookie",
			"contexts.ssoToken.value": "sso-1", "contexts.ssoToken.info.uid": "demo", "request.uri.query": "a=1",
		} {
			want(t, expression, eval(t, y, expression), value)
		}
		return chain.NewResponse(204), nil
	}))
	want(t, "comes back without cookie", pass(t, f, get(t, "https://app/x?_ig=true"), answer(200)).Status.Code, 403)
	want(t, "logout", v.visit(t, f, get(t, "https://app/out"), answer(200)).Header.Get("Location"), "https://bye/")
	want(t, "cookies after logout", len(v), 0)
	v["ig-token-cookie"] = good
	want(t, "ended session", v.visit(t, f, get(t, "https://app/x"), answer(200)).Status.Code, 302)

	// Published routes name the endpoint by its path.
	_, _, relative := withAM(t, `{"type":"CrossDomainSingleSignOnFilter","config":{"amService":"am","redirectEndpoint":"/home/cdsso/redirect","authCookie":{"path":"/home"}}}`)
	for site, secure := range map[string]bool{"https://ig.example.com:8443": true, "http://ig.example.com:8080": false} {
		resp = pass(t, relative, get(t, site+"/home/cdsso?a=b"), answer(200))
		u, err := url.Parse(resp.Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		want(t, "redirect_uri", u.Query().Get("redirect_uri"), site+"/home/cdsso/redirect")
		for name, c := range cookies(resp) {
			if !strings.HasPrefix(name, "ig-login-") || c.Secure != secure || c.Path != "/home/cdsso/redirect" {
				t.Errorf("%s: the cookie is %v", site, c)
			}
		}
		want(t, "without a state", pass(t, relative, post(t, site+"/home/cdsso/redirect", "id_token=a"), answer(200)).Status.Code, 403)
	}

	v = visitor{}
	q = begin(v)
	fx.wait(6 * time.Minute)
	want(t, "too late", land(v, q.Get("state"), token(q.Get("nonce"), "ig_agent", time.Hour)).Status.Code, 418)
	refused{
		`{"type":"CrossDomainSingleSignOnFilter"}`:                                                              `: the required field "amService" is missing` + "\n" + `: the required field "redirectEndpoint" is missing`,
		`{"type":"CrossDomainSingleSignOnFilter","config":{"amService":"am","redirectEndpoint":"land"}}`:        `config.redirectEndpoint: expected a path such as "/app/redirect", or an absolute URL, found "land"`,
		`{"type":"CrossDomainSingleSignOnFilter","config":{"amService":"am","redirectEndpoint":"//evil/land"}}`: `config.redirectEndpoint: expected a path such as "/app/redirect", or an absolute URL, found "//evil/land"`,
	}.test(t)
}
