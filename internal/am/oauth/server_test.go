package oauth_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/oauth/clientauth"
	"gatehouse/internal/am/oauth/grant"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/memory"
)

// world is a server with its realms, and a clock that the test moves.
type world struct {
	t       testing.TB
	ctx     context.Context // of the whole test, not of a part
	engine  store.Engine
	realms  *realm.Manager
	options oauth.Options
	server  *oauth.Server
	start   time.Time
	offset  atomic.Int64
	gets    atomic.Int64 // lookups in the store
}

// counting counts the lookups of an engine.
type counting struct {
	store.Engine
	gets *atomic.Int64
}

func (c counting) Get(ctx context.Context, k store.Key) (store.Record, error) {
	c.gets.Add(1)
	return c.Engine.Get(ctx, k)
}

const base = "http://am.example.com:8088/openam"

// now stands still unless the test lets time pass, so that no test depends on how fast it runs.
func (w *world) now() time.Time { return w.start.Add(time.Duration(w.offset.Load())) }

func (w *world) pass(d time.Duration) { w.offset.Add(int64(d)) }

// newWorld has the root realm and /alpha, both with a provider of default settings, and the user demo in both.
func newWorld(t testing.TB, change ...func(*oauth.Options)) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), start: time.Now()}
	w.engine = counting{memory.NewAt(w.now), &w.gets}
	for rl, docs := range realmKeys() {
		for _, d := range docs {
			if _, err := (store.Docs{Engine: w.engine}).Create(w.ctx, rl, store.KindKey, store.Doc{ID: d.ID, Body: d.Body}); err != nil {
				t.Fatal(err)
			}
		}
	}
	var err error
	w.realms, err = realm.NewManager(t.Context(), realm.Options{Engine: w.engine, Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.realms.Create(t.Context(), realm.Spec{Name: "alpha", Parent: "/", Active: true}); err != nil {
		t.Fatal(err)
	}
	w.options = oauth.Options{
		Engine: w.realms.Engine(), Realms: w.realms, Grants: grant.All(), ClientAuth: clientauth.All(), Now: w.now,
	}
	for _, c := range change {
		c(&w.options)
	}
	w.server = oauth.New(w.options)
	for _, rl := range []string{"/", "/alpha"} {
		w.provider(rl, `{}`)
		w.user(rl, "demo", "Ch4ng31t")
	}
	return w
}

// realmKeys are stored keys for the realms of all tests, because making RSA keys for each would take most of the time.
var realmKeys = sync.OnceValue(func() map[string][]store.Doc {
	ctx := context.Background()
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	m, err := realm.NewManager(ctx, realm.Options{Engine: memory.New()})
	must(err)
	_, err = m.Create(ctx, realm.Spec{Name: "alpha", Parent: "/", Active: true})
	must(err)
	keys := map[string][]store.Doc{}
	for _, path := range []string{"/", "/alpha"} {
		rl, _ := m.Find(path)
		_, err := rl.Keys().Public(ctx)
		must(err)
		keys[path], err = m.Docs().List(ctx, path, store.KindKey)
		must(err)
	}
	return keys
})

func (w *world) put(rl, kind, id, body string) {
	w.t.Helper()
	if _, err := w.realms.Docs().Put(w.ctx, rl, kind, store.Doc{ID: id, Body: json.RawMessage(body)}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) provider(rl, body string) {
	w.t.Helper()
	w.put(rl, store.KindService, realm.ServiceOAuth2, body)
}

func (w *world) user(rl, name, password string) {
	w.t.Helper()
	hash, err := w.realms.HashPassword(w.ctx, password)
	if err != nil {
		w.t.Fatal(err)
	}
	body, _ := json.Marshal(map[string]any{
		"username": name, "userpassword": hash, "mail": []string{name + "@example.com"}, "employeeNumber": []string{"4711"},
		"cn": []string{"Demo User"}, "sn": []string{"User"}, "givenName": []string{"Demo"},
	})
	w.put(rl, store.KindUser, realm.UserID(name), string(body))
}

func (w *world) userOf(rl, name string) *realm.User {
	w.t.Helper()
	found, _ := w.realms.Find(rl)
	u, err := found.User(w.ctx, name)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// client makes a client from a JSON object of groups; a secret is added unless it is "".
func (w *world) client(rl, id, secret, groups string) {
	w.t.Helper()
	doc := map[string]any{}
	if err := json.Unmarshal([]byte(groups), &doc); err != nil {
		w.t.Fatal(err)
	}
	doc["_type"] = realm.TypeClient
	core, _ := doc["coreOAuth2ClientConfig"].(map[string]any)
	if core == nil {
		core = map[string]any{}
		doc["coreOAuth2ClientConfig"] = core
	}
	if secret != "" {
		core["userpassword"] = w.realms.SealSecret(secret)
	}
	body, _ := json.Marshal(doc)
	w.put(rl, store.KindAgent, id, string(body))
}

func (w *world) agent(rl, id, secret, introspection string) {
	w.t.Helper()
	body, _ := json.Marshal(map[string]any{
		"_type": realm.TypeGatewayAgent, "userpassword": w.realms.SealSecret(secret), "igTokenIntrospection": introspection,
	})
	w.put(rl, store.KindAgent, id, string(body))
}

// core makes the groups of a client with scopes and grants.
func core(scopes, grants string) string {
	list := func(s string) string { b, _ := json.Marshal(strings.Fields(s)); return string(b) }
	return `{"coreOAuth2ClientConfig":{"scopes":` + list(scopes) + `},"advancedOAuth2ClientConfig":{"grantTypes":` + list(grants) + `}}`
}

// answer is an HTTP answer.
type answer struct {
	status int
	header http.Header
	body   string
	json   map[string]any
}

func (a answer) text(name string) string { s, _ := a.json[name].(string); return s }

func (w *world) do(r *http.Request, rl, endpoint string) answer {
	w.t.Helper()
	found, ok := w.realms.Find(rl)
	if !ok {
		w.t.Fatalf("no realm %s", rl)
	}
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r.WithContext(w.ctx), found, oauth.BaseURL{URL: base}, endpoint)
	body, _ := io.ReadAll(rec.Body)
	a := answer{status: rec.Code, header: rec.Header(), body: string(body)}
	if strings.HasPrefix(rec.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(body, &a.json); err != nil {
			w.t.Fatalf("the answer is not JSON: %s", body)
		}
	}
	return a
}

// option changes a request before it is sent.
type option func(*http.Request)

func basic(id, secret string) option {
	return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
}

func header(name, value string) option {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// post sends a form: names and values in turn.
func (w *world) post(rl, endpoint string, form []string, options ...option) answer {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(encode(form)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, o := range options {
		o(r)
	}
	return w.do(r, rl, endpoint)
}

func (w *world) get(rl, endpoint string, query []string, options ...option) answer {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/?"+encode(query), nil)
	for _, o := range options {
		o(r)
	}
	return w.do(r, rl, endpoint)
}

func encode(pairs []string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		b.WriteString("&" + url.QueryEscape(pairs[i]) + "=" + url.QueryEscape(pairs[i+1]))
	}
	return strings.TrimPrefix(b.String(), "&")
}

func form(pairs ...string) []string { return pairs }

// token gets an access token and fails the test when it gets none.
func (w *world) token(rl string, f []string, options ...option) answer {
	w.t.Helper()
	a := w.post(rl, "access_token", f, options...)
	if a.status != 200 {
		w.t.Fatalf("no token: %d %s", a.status, a.body)
	}
	return a
}

func wantError(t testing.TB, a answer, status int, code, description string) {
	t.Helper()
	if a.status != status || a.text("error") != code || a.text("error_description") != description {
		t.Errorf("got %d %s, want %d %s %q", a.status, a.body, status, code, description)
	}
}
