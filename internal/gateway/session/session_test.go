package session

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/observe"
)

// build makes a session manager from its declaration.
func build(t *testing.T, declaration string, now func() time.Time) SessionManager {
	t.Helper()
	n, err := conf.Parse("x.json", []byte(`{"session": `+declaration+`}`))
	if err != nil {
		t.Fatal(err)
	}
	errs := &conf.Errors{}
	h := heap.New(heap.Options{Name: "test", Catalog: heap.NewCatalog(All), Errs: errs, Bindings: heap.NewBindings(nil, nil),
		Services: &heap.Services{Logger: observe.NewLogger(testWriter{t}, "text", ""), Now: now,
			Getenv: func(string) (string, bool) { return "", false }, System: func(string) (string, bool) { return "", false }}})
	var c struct {
		Session heap.Ref[SessionManager] `conf:"session"`
	}
	if !h.Decoder().Decode(n, &c) {
		t.Fatal(errs.Err())
	}
	return c.Session.Get()
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) { w.t.Logf("%s", b); return len(b), nil }

// browser keeps cookies.
type browser map[string]string

// visit sends a request whose handler is f.
func (b browser) visit(t *testing.T, m SessionManager, f func(s chain.Session)) []string {
	t.Helper()
	req := chain.NewRequest()
	for n, v := range b {
		req.Header.Add("Cookie", n+"="+v)
	}
	resp, err := Within(m, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		f(chain.Find[*chain.SessionContext](x.Context).Session)
		return chain.NewResponse(200), nil
	})).Handle(chain.New(context.Background(), req, &chain.RootContext{ID: "1"}))
	if err != nil {
		t.Fatal(err)
	}
	r := http.Response{Header: resp.Header}
	for _, c := range r.Cookies() {
		if c.MaxAge < 0 {
			delete(b, c.Name)
		} else {
			b[c.Name] = c.Value
		}
	}
	return resp.Header["Set-Cookie"]
}

// What is in a session does not change with what was stored, which its request may go on
// changing while others read.
func TestStoredValuesAreCopies(t *testing.T) {
	m := build(t, `{"type":"InMemorySessionManager"}`, time.Now)
	b := browser{}
	inner := map[string]any{"x": 1}
	stored := map[string]any{"inner": inner, "list": []any{inner}, "words": []string{"a"}, "texts": map[string]string{"a": "b"}}
	header := chain.Headers{"A": {"b"}}
	b.visit(t, m, func(s chain.Session) {
		set(t, "m", stored)(s)
		set(t, "h", header)(s)
		inner["x"] = 2
		stored["words"].([]string)[0] = "changed"
		stored["texts"].(map[string]string)["a"] = "changed"
		header["A"][0] = "changed"
		stored["inner"] = nil
	})
	b.visit(t, m, func(s chain.Session) {
		got, _ := s.Get("m")
		h, _ := s.Get("h")
		if text := fmt.Sprint(got, h); text != "map[inner:map[x:1] list:[map[x:1]] texts:map[a:b] words:[a]] {A=[b]}" {
			t.Error(text)
		}
	})
}

func set(t *testing.T, key string, v any) func(chain.Session) {
	return func(s chain.Session) {
		if err := s.Set(key, v); err != nil {
			t.Error(err)
		}
	}
}

func want(t *testing.T, key string, v any) func(chain.Session) {
	return func(s chain.Session) {
		t.Helper()
		if got, _ := s.Get(key); got != v {
			t.Errorf("session.%s is %v, want %v", key, got, v)
		}
	}
}

func TestManagers(t *testing.T) {
	for name, declaration := range map[string]string{
		"in memory": `{"type": "InMemorySessionManager", "config": {"cookie": {"name": "S", "sameSite": "LAX"}}}`,
		"in cookie": `{"type": "JwtSessionManager", "config": {"cookie": {"name": "S", "sameSite": "LAX"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			m := build(t, declaration, time.Now)
			b, other := browser{}, browser{}
			if c := b.visit(t, m, want(t, "k", nil)); c != nil {
				t.Errorf("reading sets the cookie %v", c)
			}
			c := b.visit(t, m, set(t, "k", "v"))
			if len(c) != 1 || !strings.HasPrefix(c[0], "S=") || !strings.HasSuffix(c[0], "; Path=/; HttpOnly; SameSite=Lax") {
				t.Errorf("Set-Cookie is %v", c)
			}
			if c := b.visit(t, m, want(t, "k", "v")); c != nil {
				t.Errorf("reading again sets the cookie %v", c)
			}
			other.visit(t, m, want(t, "k", nil))
			browser{"S": "forged"}.visit(t, m, want(t, "k", nil))
			b.visit(t, m, set(t, "k", nil))
			b.visit(t, m, want(t, "k", nil))
		})
	}
}

// A planted id does not become the id of a session that somebody logged in to.
func TestRenew(t *testing.T) {
	m := build(t, `{"type": "InMemorySessionManager", "config": {"cookie": {"name": "S"}}}`, time.Now)
	b := browser{}
	b.visit(t, m, set(t, "k", "v"))
	planted := browser{"S": b["S"]}
	b.visit(t, m, func(s chain.Session) {
		if err := s.(interface{ Renew() error }).Renew(); err != nil {
			t.Fatal(err)
		}
	})
	b.visit(t, m, want(t, "k", "v"))
	planted.visit(t, m, want(t, "k", nil))
}

func TestCookieSession(t *testing.T) {
	now := time.Now()
	m := build(t, `{"type": "JwtSession", "config": {"cookieName": "J", "sessionTimeout": "1 minute"}}`, func() time.Time { return now })
	b := browser{}
	big := strings.Repeat("0123456789", 1000)
	if c := b.visit(t, m, set(t, "big", big)); len(c) < 3 {
		t.Errorf("a large session is in %d cookies, want several", len(c))
	}
	b.visit(t, m, want(t, "big", big))
	b.visit(t, m, func(s chain.Session) { s.Clear(); set(t, "small", int64(1))(s) })
	if len(b) != 1 {
		t.Errorf("%d cookies are left of a small session, want 1", len(b))
	}
	b.visit(t, m, want(t, "small", int64(1)))
	b.visit(t, m, func(s chain.Session) { s.Clear() })
	if len(b) != 0 {
		t.Errorf("an emptied session leaves the cookies %v", b)
	}
	b.visit(t, m, set(t, "k", "v"))
	now = now.Add(59 * time.Second)
	b.visit(t, m, want(t, "k", "v"))
	now = now.Add(2 * time.Second)
	b.visit(t, m, want(t, "k", nil))
	b.visit(t, m, func(s chain.Session) {
		if err := s.Set("f", func() {}); err == nil {
			t.Error("a function can be stored in a cookie")
		}
	})
}

// What the cookies cannot hold, or could not be read again, fails when it is stored, and
// lets go of the response that is not sent.
func TestSessionsThatAreTooLarge(t *testing.T) {
	for config, value := range map[string]string{
		``:                                   rand.Text() + strings.Repeat("x", 8*3800),
		`"config": {"useCompression": true}`: strings.Repeat("x", 4*8*3800),
	} {
		if config != "" {
			config = ", " + config
		}
		m := build(t, `{"type": "JwtSessionManager"`+config+`}`, time.Now)
		body := &closing{}
		resp, err := Within(m, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
			set(t, "k", value)(chain.Find[*chain.SessionContext](x.Context).Session)
			resp := chain.NewResponse(200)
			resp.Entity.SetStream(body, -1)
			return resp, nil
		})).Handle(chain.New(context.Background(), chain.NewRequest(), &chain.RootContext{ID: "1"}))
		if err == nil || resp != nil || !body.closed {
			t.Errorf("with %q: response %t, error %v, closed %t", config, resp != nil, err, body.closed)
		}
	}
}

type closing struct {
	strings.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

// Cookies of others may have the names of further parts.
func TestOtherCookiesAreNoParts(t *testing.T) {
	m := build(t, `{"type": "JwtSessionManager", "config": {"cookie": {"name": "S"}}}`, time.Now)
	b := browser{}
	b.visit(t, m, set(t, "k", "v"))
	b["S1"] = "of an application"
	b.visit(t, m, want(t, "k", "v"))
	if c := b.visit(t, m, set(t, "k", "w")); len(c) != 1 {
		t.Errorf("a change sets %q", c)
	}
}

// Calls of a script that run beside one another share the session of their request.
func TestSessionsOfSeveralCalls(t *testing.T) {
	for _, kind := range []string{"InMemorySessionManager", "JwtSessionManager"} {
		m := build(t, `{"type": "`+kind+`"}`, time.Now)
		b := browser{}
		b.visit(t, m, func(s chain.Session) {
			var wg sync.WaitGroup
			for i := range 64 {
				wg.Go(func() {
					for range 50 {
						set(t, strconv.Itoa(i), int64(i))(s)
						s.Keys()
					}
				})
			}
			wg.Wait()
		})
		b.visit(t, m, func(s chain.Session) {
			if n := len(s.Keys()); n != 64 {
				t.Errorf("%s: %d of 64 entries are kept", kind, n)
			}
		})
	}
}
