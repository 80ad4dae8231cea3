package filters

import (
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
)

// cookieVisit sends cookies to an upstream that sets others; it returns what each side got.
func cookieVisit(t *testing.T, f chain.Filter, s memorySession, uri, sent string, set ...string) (upstream, client string) {
	t.Helper()
	x := get(t, uri)
	if sent != "" {
		x.Request.Header["Cookie"] = strings.Split(sent, "|")
	}
	if s != nil {
		x = s.in(x)
	}
	resp := pass(t, f, x, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		upstream = strings.Join(x.Request.Header["Cookie"], "|")
		resp := chain.NewResponse(200)
		resp.Header["Set-Cookie"] = set
		return resp, nil
	}))
	return upstream, strings.Join(resp.Header["Set-Cookie"], "|")
}

func TestCookieFilter(t *testing.T) {
	fx := newFixture()
	f := fx.filter(t, `{"type":"CookieFilter","config":{"relayed":["keep","both"],"suppressed":["DROP","both","m2"],"managed":["m2"]}}`)
	s := memorySession{}
	visit := func(uri, sent string, set ...string) (string, string) {
		t.Helper()
		return cookieVisit(t, f, s, uri, sent, set...)
	}
	up, down := visit("http://a/app/x", `Keep="1"; drop=2; mine=3|both=4; keep=5`, "keep=1; Path=/", "drop=2", "mine=3; HttpOnly", "m2=4; Path=/", "no cookie")
	want(t, "sent on", up, `Keep="1"; keep=5`)
	want(t, "sent back", down, "keep=1; Path=/")
	up, _ = visit("http://a/app/y", "mine=forged")
	want(t, "kept cookies, longer paths first", up, "mine=3; m2=4")
	up, _ = visit("http://a/", "keep=1")
	want(t, "path", up, "keep=1; m2=4")
	up, _ = visit("http://b/app/y", "")
	want(t, "other host", up, "")
	_, down = visit("http://a/app/y", "", "mine=; Max-Age=0", "m2=5; Path=/; Max-Age=60", "d=6; Domain=x.a.example", "e=7; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
	want(t, "nothing relayed", down, "")
	up, _ = visit("http://a/app/y", "")
	want(t, "replaced and removed", up, "d=6; m2=5")
	fx.wait(time.Hour)
	up, _ = visit("http://a/app/y", "")
	want(t, "expired", up, "d=6")
	_, _ = visit("http://www.a.example:81/", "", "sub=1; Domain=.a.example; Path=/", "tld=1; Domain=example; Path=/")
	up, _ = visit("http://shop.a.example/", "")
	want(t, "domain", up, "sub=1")

	relaying := build(t, `{"type":"CookieFilter","config":{"defaultAction":"relay","suppressed":["x"]}}`)
	up, down = cookieVisit(t, relaying, nil, "http://a/", "a=1; x=2", "a=1", "x=2")
	want(t, "relayed without a session", up+" "+down, "a=1 a=1")
	if _, err := f.Filter(get(t, "http://a/"), answer(200)); err != errNoSession {
		t.Errorf("without a session: %v", err)
	}
	if up, _ := visit("http://a/", "", "none=1"); len(s.Keys()) != 1 {
		t.Errorf("the session has %v, upstream got %s", s.Keys(), up)
	}
	refused{
		`{"type":"CookieFilter","config":{"defaultAction":"EAT","managed":"x"}}`: `config.defaultAction: expected one of MANAGE, SUPPRESS, RELAY, found "EAT"` + "\n" + `config.managed: expected a list of strings, found a string`,
	}.test(t)
}

func TestCookieJarIsBounded(t *testing.T) {
	j := &cookieJar{}
	now := time.Unix(1_800_000_000, 0)
	for i := range maxCookies + 50 {
		j.store(setCookie{name: "c" + strings.Repeat("x", i), value: "v"}, cookiePlace{"a", "/"}, now)
	}
	j.store(setCookie{name: "big", value: strings.Repeat("v", maxCookieBytes)}, cookiePlace{"a", "/"}, now)
	want(t, "cookies", len(j.list), maxCookies)
}

func TestSetCookieUpdate(t *testing.T) {
	fx := newFixture()
	f := fx.filter(t, `{"type":"SetCookieUpdateFilter","config":{"cookies":{
		"my.*":{"secure":"${true}","SameSite":"LAX","domain":"${request.uri.host}","path":null},
		"mysession":{"http-only":"${false}","Max-Age":"${60 * 2}","value":"${attributes.none}","samesite":"none"},
		"dated":{"expires":"${now.plusDays(1).rfc1123}","value":"v-${request.method}","path":"${attributes.none}","max-age":"${'x'}"}}}}`)
	for set, want := range map[string]string{
		"other=1; Path=/":               "other=1; Path=/",
		"MYcookie=1":                    "MYcookie=1",
		"amy=1":                         "amy=1",
		"myA=1; secure; Domain=x; A=b":  "myA=1; A=b; Secure; SameSite=LAX; Domain=a",
		"mysession=1; HttpOnly; Path=/": "mysession=1; Secure; Domain=a; Max-Age=120; SameSite=none",
		"dated=1; Path=/; Max-Age=3":    "dated=v-GET; Expires=Sat, 16 Jan 2027 08:00:00 GMT",
		"no cookie":                     "no cookie",
	} {
		resp := pass(t, f, get(t, "http://a/"), answer(200, "Set-Cookie", set))
		if got := resp.Header.Get("Set-Cookie"); got != want {
			t.Errorf("%s becomes\n  %s\nwant\n  %s", set, got, want)
		}
	}
	f = build(t, `{"type":"SetCookieUpdateFilter","config":{"cookies":{".*":{"value":"${request.headers['X'][0]}"}}}}`)
	for _, evil := range []string{"a; Domain=x", "a\r\nb"} {
		x := get(t, "http://a/")
		x.Request.Header["X"] = []string{evil}
		if resp, err := f.Filter(x, answer(200, "Set-Cookie", "a=b")); err == nil {
			t.Errorf("%q gives %v", evil, resp.Header["Set-Cookie"])
		}
	}
	refused{
		`{"type":"SetCookieUpdateFilter","config":{"cookies":{"(":{"colour":"x"},"a":"b"}}}`: `config.cookies["("]: invalid regular expression: a group is not closed at position 1` + "\n" +
			`config.cookies["("].colour: "colour" is no attribute of a cookie: expected value, expires, max-age, domain, path, secure, http-only or SameSite` + "\n" +
			`config.cookies.a: expected an object of attributes, found a string`,
		`{"type":"SetCookieUpdateFilter"}`: `: the required field "cookies" is missing`,
	}.test(t)
}

func FuzzSetCookie(f *testing.F) {
	for _, s := range []string{"a=b", "a=b; Path=/; HttpOnly", "a", "=b", "a=b;;; =x; x=", " a = b ; Max-Age = 1 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, field string) {
		c, ok := parseSetCookie(field)
		if !ok {
			return
		}
		again, ok := parseSetCookie(c.String())
		if !ok || again.String() != c.String() {
			t.Errorf("%q is written as %q, which reads as %q", field, c.String(), again.String())
		}
	})
}
