package session

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/observe"
)

// gateway is a place where managers are declared, with an environment and a clock.
type gateway struct {
	name string
	env  map[string]string
	now  time.Time
	errs *conf.Errors
	heap *heap.Heap
	log  bytes.Buffer
}

func (g *gateway) build(t *testing.T, declaration string) SessionManager {
	t.Helper()
	n, err := conf.Parse("x.json", []byte(`{"session": `+declaration+`}`))
	if err != nil {
		t.Fatal(err)
	}
	if g.now.IsZero() {
		g.now = time.Now().Truncate(time.Second)
	}
	if g.name == "" {
		g.name = "test"
	}
	g.errs = &conf.Errors{}
	none := func(string) (string, bool) { return "", false }
	g.heap = heap.New(heap.Options{Name: g.name, Catalog: heap.NewCatalog(All, secrets.All), Errs: g.errs, Bindings: heap.NewBindings(nil, nil),
		Services: &heap.Services{Logger: observe.NewLogger(&g.log, "text", ""), Now: func() time.Time { return g.now },
			Getenv: func(k string) (string, bool) { v, ok := g.env[k]; return v, ok }, System: none}})
	var c struct {
		Session heap.Ref[SessionManager] `conf:"session"`
	}
	g.heap.Decoder().Decode(n, &c)
	return c.Session.Get()
}

func (g *gateway) warnings() string {
	var b strings.Builder
	for _, w := range g.errs.Warnings() {
		b.WriteString(w.String() + "\n")
	}
	return b.String()
}

// sealedWith declares sessions in cookies with keys of files, the active one first.
func sealedWith(config string, folders ...string) string {
	stores := make([]string, len(folders))
	for i, folder := range folders {
		stores[i] = `{"type":"FileSystemSecretStore","config":{"directory":"` + folder + `","format":{"type":"SecretKeyPropertyFormat","config":{"algorithm":"HmacSHA512"}}}}`
	}
	return `{"type":"JwtSessionManager","config":{` + config + `"authenticatedEncryptionSecretId":"session.key","secretsProvider":[` + strings.Join(stores, ",") + `]}}`
}

func keyFolder(t *testing.T, size int, fill byte) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, dir+"/session.key", base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, size)))
	return dir
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (b browser) copy() browser {
	c := browser{}
	for k, v := range b {
		c[k] = v
	}
	return c
}

// TestCookieFields looks at what each field of "cookie" and its neighbours does to Set-Cookie.
func TestCookieFields(t *testing.T) {
	for _, tt := range []struct{ name, heap, declaration, want, lacks string }{
		{"in memory, defaults", "", `{"type":"InMemorySessionManager"}`, "IG_SESSIONID=|; Path=/; HttpOnly", "Secure Domain SameSite Max-Age Expires"},
		{"in memory, administration", "admin", `{"type":"InMemorySessionManager"}`, "IG_ADMIN_SESSIONID=|; Path=/; HttpOnly", "Secure"},
		{"in memory, all", "", `{"type":"InMemorySessionManager","config":{"cookie":{"name":"N","domain":"example.com","httpOnly":false,"path":"/a","sameSite":"STRICT","secure":true}}}`,
			"N=|; Path=/a; Domain=example.com; Secure; SameSite=Strict", "HttpOnly"},
		{"in a cookie, defaults", "", `{"type":"JwtSessionManager"}`, "openig-jwt-session=|; Path=/; HttpOnly", "Secure Domain SameSite Max-Age Expires"},
		{"in a cookie, all", "", `{"type":"JwtSessionManager","config":{"cookie":{"name":"N","domain":"example.com","httpOnly":false,"path":"/a","sameSite":"NONE","secure":true}}}`,
			"N=|; Path=/a; Domain=example.com; Secure; SameSite=None", "HttpOnly"},
		{"older spelling", "", `{"type":"JwtSession","config":{"cookieName":"N","cookieDomain":"example.com"}}`, "N=|; Path=/; Domain=example.com; HttpOnly", "Secure"},
		{"persistent", "", `{"type":"JwtSessionManager","config":{"persistentCookie":true,"sessionTimeout":"1 hour"}}`,
			"openig-jwt-session=|; Path=/; Expires=|; Max-Age=3600; HttpOnly", "Secure"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := &gateway{name: tt.heap}
			m := g.build(t, tt.declaration)
			if err := g.errs.Err(); err != nil {
				t.Fatal(err)
			}
			got := browser{}.visit(t, m, set(t, "k", "v"))
			if len(got) != 1 {
				t.Fatalf("Set-Cookie is %q", got)
			}
			rest := got[0]
			for _, part := range strings.Split(tt.want, "|") {
				i := strings.Index(rest, part)
				if i < 0 {
					t.Fatalf("Set-Cookie is %q, without %q", got[0], part)
				}
				rest = rest[i+len(part):]
			}
			for _, word := range strings.Fields(tt.lacks) {
				if strings.Contains(got[0], word) {
					t.Errorf("Set-Cookie %q has %s", got[0], word)
				}
			}
		})
	}
}

func TestManagerProblems(t *testing.T) {
	for _, tt := range []struct{ declaration, err, warning string }{
		{`{"type":"InMemorySessionManager","config":{"timeout":"zero"}}`, "expected a duration above zero", ""},
		{`{"type":"InMemorySessionManager","config":{"cookie":{"name":"a b"}}}`, "cannot be the name of a cookie", ""},
		{`{"type":"InMemorySessionManager","config":{"cookie":{"sameSite":"SOME"}}}`, "sameSite", ""},
		{`{"type":"InMemorySessionManager","config":{"cookie":{"sameSite":"NONE"}}}`, "", "browsers ignore a cookie with sameSite NONE"},
		{`{"type":"JwtSessionManager","config":{"sessionTimeout":"zero"}}`, "neither zero nor unlimited", ""},
		{`{"type":"JwtSessionManager","config":{"sessionTimeout":"unlimited"}}`, "neither zero nor unlimited", ""},
		{`{"type":"JwtSessionManager","config":{"skewAllowance":"unlimited"}}`, "skewAllowance: the duration must not be unlimited", ""},
		{`{"type":"JwtSessionManager","config":{"sessionTimeout":"4000 days"}}`, "", "10 years are used"},
		{`{"type":"JwtSessionManager","config":{"encryptionMethod":"A257GCM"}}`, "encryptionMethod", ""},
		{`{"type":"JwtSessionManager"}`, "", "sessions are encrypted with a random key"},
		{`{"type":"JwtSessionManager","config":{"authenticatedEncryptionSecretId":"a.b"}}`, "", `the field "secretsProvider" is missing`},
		{`{"type":"JwtSession","config":{"sharedSecret":"x"}}`, "", "use authenticatedEncryptionSecretId"},
	} {
		g := &gateway{}
		g.build(t, tt.declaration)
		problem := ""
		if err := g.errs.Err(); err != nil {
			problem = err.Error()
		}
		if tt.err == "" && problem != "" || !strings.Contains(problem, tt.err) {
			t.Errorf("%s: %q, want %q", tt.declaration, problem, tt.err)
		}
		if !strings.Contains(g.warnings(), tt.warning) {
			t.Errorf("%s: warnings %q lack %q", tt.declaration, g.warnings(), tt.warning)
		}
	}
}

// TestSealedKeys: the first key encrypts, all decrypt, and one that does not fit the method is found at the start.
func TestSealedKeys(t *testing.T) {
	old, next := keyFolder(t, 64, 1), keyFolder(t, 64, 2)
	const method = `"encryptionMethod":"A256CBC-HS512",`
	g := &gateway{}
	b := browser{}
	b.visit(t, g.build(t, sealedWith(method, old)), set(t, "k", "v"))
	rotated := g.build(t, sealedWith(method, next, old))
	b.visit(t, rotated, want(t, "k", "v"))
	b.visit(t, rotated, set(t, "k2", "v2"))
	b.visit(t, g.build(t, sealedWith(method, next)), want(t, "k2", "v2"))
	b.visit(t, g.build(t, sealedWith(method, old)), want(t, "k2", nil))

	g.build(t, sealedWith(method, keyFolder(t, 32, 1)))
	if err := g.heap.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "encrypt sessions") {
		t.Errorf("Start with a key of 32 bytes for A256CBC-HS512: %v", err)
	}
	g.build(t, sealedWith(method, t.TempDir()))
	if err := g.heap.Start(t.Context()); err != nil || !strings.Contains(g.log.String(), "sessions cannot be kept") {
		t.Errorf("Start without a key: %v, log %s", err, g.log.String())
	}
	// Other instances with the same key share sessions; those with a key of their own do not.
	c := browser{}
	c.visit(t, g.build(t, `{"type":"JwtSessionManager"}`), set(t, "k", "v"))
	c.visit(t, g.build(t, `{"type":"JwtSessionManager"}`), want(t, "k", nil))
}

// TestSealedTimes: a session ends a time after its beginning, whatever happened meanwhile, plus the skew.
func TestSealedTimes(t *testing.T) {
	g := &gateway{}
	m := g.build(t, `{"type":"JwtSessionManager","config":{"sessionTimeout":"1 minute","skewAllowance":"10 seconds","persistentCookie":true}}`)
	b := browser{}
	b.visit(t, m, set(t, "k", "v"))
	g.now = g.now.Add(40 * time.Second)
	if c := b.visit(t, m, set(t, "k", "w")); len(c) != 1 || !strings.Contains(c[0], "Max-Age=20;") {
		t.Errorf("a change after 40 seconds sets %q", c)
	}
	g.now = g.now.Add(29 * time.Second)
	b.visit(t, m, want(t, "k", "w"))
	g.now = g.now.Add(2 * time.Second)
	c := b.visit(t, m, want(t, "k", nil))
	if len(c) != 1 || !strings.Contains(c[0], "Max-Age=0") || !strings.Contains(c[0], "Expires=Thu, 01 Jan 1970") {
		t.Errorf("an expired cookie is answered with %q", c)
	}
	if !strings.Contains(g.log.String(), "the session has expired") {
		t.Errorf("log: %s", g.log.String())
	}
}

// TestSealedCompression: what was written before the setting changed is still read, and nobody reads it without the key.
func TestSealedCompression(t *testing.T) {
	dir := keyFolder(t, 32, 3)
	g := &gateway{}
	long := strings.Repeat("abc", 1000)
	size := map[bool]int{}
	for _, on := range []bool{true, false} {
		b := browser{}
		config := map[bool]string{true: `"useCompression":true,`, false: ``}
		b.visit(t, g.build(t, sealedWith(config[on], dir)), set(t, "secret", long))
		for _, v := range b {
			size[on] += len(v)
			if strings.Contains(v, "abcabc") || strings.Count(v, ".") > 4 {
				t.Errorf("the cookie is readable: %s", v)
			}
		}
		b.visit(t, g.build(t, sealedWith(config[!on], dir)), want(t, "secret", long))
	}
	if size[true] > size[false]/4 {
		t.Errorf("%d bytes with compression, %d without", size[true], size[false])
	}
}

// TestInMemoryTimeout: use keeps a session, and what timed out comes back under another id.
func TestInMemoryTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := (&gateway{}).build(t, `{"type":"InMemorySessionManager","config":{"timeout":"10 minutes"}}`)
		defer m.(*memory).Stop()
		b := browser{}
		b.visit(t, m, set(t, "k", "v"))
		id := b["IG_SESSIONID"]
		for range 3 {
			time.Sleep(9 * time.Minute)
			b.visit(t, m, want(t, "k", "v"))
		}
		time.Sleep(11 * time.Minute)
		b.visit(t, m, want(t, "k", nil))
		b.visit(t, m, set(t, "k", "new"))
		if b["IG_SESSIONID"] == id {
			t.Error("an id that nobody knows becomes the id of a session")
		}
	})
}

// TestEmptiedSession: in memory it stays usable under its id; two requests see each other's writes at once.
func TestEmptiedSession(t *testing.T) {
	m := (&gateway{}).build(t, `{"type":"InMemorySessionManager"}`)
	b := browser{}
	b.visit(t, m, set(t, "k", "v"))
	id := b["IG_SESSIONID"]
	if c := b.visit(t, m, func(s chain.Session) { s.Clear() }); c != nil {
		t.Errorf("emptying sets %q", c)
	}
	b.visit(t, m, func(s chain.Session) {
		b.copy().visit(t, m, set(t, "k", "from another request"))
		want(t, "k", "from another request")(s)
	})
	if b["IG_SESSIONID"] != id {
		t.Error("the id changed")
	}
}

// TestShadowed: within a route that has sessions of its own the outer one is not seen.
func TestShadowed(t *testing.T) {
	outer := (&gateway{}).build(t, `{"type":"InMemorySessionManager"}`)
	inner := (&gateway{}).build(t, `{"type":"JwtSessionManager"}`)
	session := func(x *chain.Exchange) chain.Session { return chain.Find[*chain.SessionContext](x.Context).Session }
	h := Within(outer, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		set(t, "k", "outer")(session(x))
		resp, err := Within(inner, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			want(t, "k", nil)(session(x))
			set(t, "k", "inner")(session(x))
			return chain.NewResponse(200), nil
		})).Handle(x)
		want(t, "k", "outer")(session(x))
		return resp, err
	}))
	resp, err := h.Handle(chain.New(context.Background(), chain.NewRequest(), &chain.RootContext{ID: "1"}))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range (&http.Response{Header: resp.Header}).Cookies() {
		names = append(names, c.Name)
	}
	if slices.Sort(names); strings.Join(names, " ") != "IG_SESSIONID openig-jwt-session" {
		t.Errorf("cookies %v", names)
	}
}
