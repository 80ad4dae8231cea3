package realm_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/memory"
)

func newManager(t *testing.T, e store.Engine) *realm.Manager {
	t.Helper()
	m, err := realm.NewManager(t.Context(), realm.Options{Engine: e, MasterKey: [32]byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mustFind(t *testing.T, m *realm.Manager, path string) *realm.Realm {
	t.Helper()
	r, ok := m.Find(path)
	if !ok {
		t.Fatalf("no realm %q", path)
	}
	return r
}

func put(t *testing.T, m *realm.Manager, path, kind, id, body string) {
	t.Helper()
	if _, err := m.Docs().Put(t.Context(), path, kind, store.Doc{ID: id, Body: json.RawMessage(body)}); err != nil {
		t.Fatal(err)
	}
}

func TestRealms(t *testing.T) {
	m, ctx := newManager(t, memory.New()), t.Context()
	if r := mustFind(t, m, "/"); r.Path != "/" || r.Name != "/" || r.Parent != "" || !r.Active {
		t.Errorf("root = %+v", r)
	}
	mustFind(t, m, "")
	if _, err := m.Create(ctx, realm.Spec{Name: "alpha", Parent: "/", Active: true, Aliases: []string{"Alpha.example.com"}}); err != nil {
		t.Fatal(err)
	}
	r, err := m.Create(ctx, realm.Spec{Name: "Beta", Parent: "/ALPHA", Active: true})
	if err != nil || r.Path != "/alpha/Beta" || r.Parent != "/alpha" {
		t.Fatalf("create = %+v, %v", r, err)
	}
	for _, path := range []string{"/alpha/Beta", "/alpha/beta", "/Alpha/BETA/", "alpha/beta"} {
		if got := mustFind(t, m, path); got.Path != "/alpha/Beta" {
			t.Errorf("find %q = %q", path, got.Path)
		}
	}
	if r, ok := m.ByAlias("alpha.EXAMPLE.com"); !ok || r.Path != "/alpha" {
		t.Errorf("by alias = %v, %v", r, ok)
	}
	var paths []string
	for _, r := range m.List() {
		paths = append(paths, r.Path)
	}
	if want := []string{"/", "/alpha", "/alpha/Beta"}; !slices.Equal(paths, want) {
		t.Errorf("list = %q, want %q", paths, want)
	}
	for _, tt := range []struct {
		name string
		spec realm.Spec
		want error
	}{
		{"exists", realm.Spec{Name: "alpha", Parent: "/"}, store.ErrConflict},
		{"exists in another case", realm.Spec{Name: "ALPHA"}, store.ErrConflict},
		{"no parent", realm.Spec{Name: "x", Parent: "/none"}, store.ErrNotFound},
		{"empty name", realm.Spec{}, realm.ErrName},
		{"slash", realm.Spec{Name: "a/b"}, realm.ErrName},
		{"space", realm.Spec{Name: "a b"}, realm.ErrName},
		{"control", realm.Spec{Name: "a\x00b"}, realm.ErrName},
		{"dots", realm.Spec{Name: ".."}, realm.ErrName},
		{"endpoint", realm.Spec{Name: "Users"}, realm.ErrName},
		{"alias of another", realm.Spec{Name: "x", Aliases: []string{"ALPHA.example.com"}}, realm.ErrAlias},
	} {
		if _, err := m.Create(ctx, tt.spec); !errors.Is(err, tt.want) {
			t.Errorf("create, %s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := m.Update(ctx, "/", false, nil, 0); !errors.Is(err, realm.ErrRoot) {
		t.Errorf("root made inactive: %v", err)
	}
	if r, err := m.Update(ctx, "/alpha", false, []string{"a"}, 0); err != nil || r.Active || r.Rev != 2 {
		t.Errorf("update = %+v, %v", r, err)
	}
	if _, ok := m.ByAlias("alpha.example.com"); ok {
		t.Error("a removed alias is still there")
	}
	if err := m.Delete(ctx, "/alpha", 0); !errors.Is(err, realm.ErrChildren) {
		t.Errorf("delete with children: %v", err)
	}
	if err := m.Delete(ctx, "/", 0); !errors.Is(err, realm.ErrRoot) {
		t.Errorf("delete root: %v", err)
	}
}

func TestDeleteRealm(t *testing.T) {
	e := memory.New()
	m, ctx := newManager(t, e), t.Context()
	if _, err := m.Create(ctx, realm.Spec{Name: "alpha", Active: true}); err != nil {
		t.Fatal(err)
	}
	put(t, m, "/alpha", store.KindAgent, "web", `{"_type":"OAuth2Client"}`)
	put(t, m, "/alpha", store.KindService, realm.ServiceOAuth2, `{}`)
	toks, raw := store.Tokens{Engine: e}, store.NewRaw()
	if err := toks.Issue(ctx, store.NewToken{Raw: raw, Token: store.Token{Realm: "/alpha", ClientID: "web"}}); err != nil {
		t.Fatal(err)
	}
	sessions := store.Sessions{Engine: e}
	if err := sessions.Create(ctx, raw, store.Session{Realm: "/alpha"}); err != nil {
		t.Fatal(err)
	}
	if err := m.Delete(ctx, "/ALPHA", 0); err != nil {
		t.Fatal(err)
	}
	if _, ok := m.Find("/alpha"); ok {
		t.Error("the realm is still there")
	}
	r, err := m.Create(ctx, realm.Spec{Name: "alpha", Active: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Client(ctx, "web"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("client of the former realm: %v", err)
	}
	if _, ok := r.Provider(); ok {
		t.Error("provider of the former realm is there")
	}
	if _, err := toks.Find(ctx, "/alpha", raw); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("token of the former realm: %v", err)
	}
	if _, err := sessions.Find(ctx, raw); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("session of the former realm: %v", err)
	}
}

// A write through the manager's engine is in force when it returns.
func TestOwnWrites(t *testing.T) {
	m, ctx := newManager(t, memory.New()), t.Context()
	r := mustFind(t, m, "/")
	if _, ok := r.Provider(); ok {
		t.Error("a fresh realm has a provider")
	}
	for i, scope := range []string{"read", "write"} {
		put(t, m, "/", store.KindService, realm.ServiceOAuth2, `{"coreOAuth2Config":{"accessTokenLifetime":`+string(rune('1'+i))+`}}`)
		if p, ok := r.Provider(); !ok || p.Core.AccessTokenLifetime != i+1 {
			t.Errorf("provider after write %d: %v", i, p)
		}
		put(t, m, "/", store.KindAgent, "web", `{"_type":{"_id":"OAuth2Client"},"coreOAuth2ClientConfig":{"scopes":["`+scope+`"]}}`)
		for range 2 {
			if c, err := r.Client(ctx, "web"); err != nil || !slices.Equal(c.AllowedScopes(), []string{scope}) {
				t.Errorf("client after write %d: %v, %v", i, c, err)
			}
		}
	}
	first, _ := r.Client(ctx, "web")
	second, _ := r.Client(ctx, "web")
	if first != second {
		t.Error("an unchanged client is decoded again")
	}
	put(t, m, "", store.KindGlobal, realm.ServiceOAuth2, `{"jwtTokenUnreasonableLifetime":60}`)
	if got := m.Global().JWTMaxLifetime; got != 60 {
		t.Errorf("global lifetime = %d, want 60", got)
	}
	if err := m.Docs().Delete(ctx, "/", store.KindService, realm.ServiceOAuth2, 0); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Provider(); ok {
		t.Error("a deleted provider is still in force")
	}
	if err := m.Docs().Delete(ctx, "/", store.KindAgent, "web", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Client(ctx, "web"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a deleted client: %v, want ErrNotFound", err)
	}
}

// A document that cannot be used leaves the former one in force.
func TestBrokenProvider(t *testing.T) {
	m := newManager(t, memory.New())
	put(t, m, "/", store.KindService, realm.ServiceOAuth2, `{"coreOAuth2Config":{"accessTokenLifetime":5}}`)
	put(t, m, "/", store.KindService, realm.ServiceOAuth2, `{"coreOAuth2Config":{"accessTokenLifetime":"soon"}}`)
	if p, ok := mustFind(t, m, "/").Provider(); !ok || p.Core.AccessTokenLifetime != 5 {
		t.Errorf("provider = %v, %v, want the former one", p, ok)
	}
}

// watched tells when the watch of a second manager has delivered what was written
// before: events of one watch come in order, and this engine hands them on singly.
type watched struct {
	store.Engine
	delivered chan store.Key
}

func (w watched) Watch(ctx context.Context, kinds ...string) (<-chan store.Event, error) {
	in, err := w.Engine.Watch(ctx, kinds...)
	out := make(chan store.Event)
	go func() {
		defer close(out)
		for e := range in {
			out <- e
			select { // once more, so that the first is in force when this one is taken
			case out <- e:
				w.delivered <- e.Key
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, err
}

// Writes of another node come in through Watch.
func TestOthersWrites(t *testing.T) {
	e := memory.New()
	seen := watched{e, make(chan store.Key, 100)}
	here, there := newManager(t, seen), newManager(t, e)
	r := mustFind(t, here, "/")
	put(t, there, "/", store.KindAgent, "web", `{"_type":"OAuth2Client","coreOAuth2ClientConfig":{"scopes":["a"]}}`)
	<-seen.delivered
	if c, err := r.Client(t.Context(), "web"); err != nil || len(c.Core.Scopes) != 1 {
		t.Fatalf("client = %v, %v", c, err)
	}
	put(t, there, "/", store.KindAgent, "web", `{"_type":"OAuth2Client","coreOAuth2ClientConfig":{"scopes":["a","b"]}}`)
	<-seen.delivered
	if c, err := r.Client(t.Context(), "web"); err != nil || len(c.Core.Scopes) != 2 {
		t.Errorf("client after a change elsewhere: %v, %v, want two scopes", c, err)
	}
	if _, err := there.Create(t.Context(), realm.Spec{Name: "alpha", Active: true}); err != nil {
		t.Fatal(err)
	}
	<-seen.delivered
	mustFind(t, here, "/alpha")
}

func TestAgentTypes(t *testing.T) {
	m, ctx := newManager(t, memory.New()), t.Context()
	r := mustFind(t, m, "/")
	put(t, m, "/", store.KindAgent, "gw", `{"_type":"IdentityGatewayAgent","userpassword":"`+m.SealSecret("s3cret")+`","igTokenIntrospection":"Realm_Subs"}`)
	put(t, m, "/", store.KindAgent, "issuer", `{"_type":{"_id":"TrustedJwtIssuer"},"issuer":"https://idp.example","allowedSubjects":"demo"}`)
	put(t, m, "/", store.KindAgent, "odd", `{"coreOAuth2ClientConfig":{}}`)
	for _, id := range []string{"gw", "issuer", "odd", "none"} {
		if _, err := r.Client(ctx, id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s as a client: %v, want ErrNotFound", id, err)
		}
	}
	a, err := r.Agent(ctx, "gw")
	if err != nil || !a.CheckSecret("s3cret") || a.CheckSecret("s3cres") || a.CheckSecret("") || !a.IsActive() {
		t.Errorf("agent = %+v, %v", a, err)
	}
	if i, err := r.TrustedIssuer(ctx, "https://idp.example"); err != nil || i.ID != "issuer" || i.SubjectClaim != "sub" || !slices.Equal(i.AllowedSubjects, []string{"demo"}) {
		t.Errorf("trusted issuer = %+v, %v", i, err)
	}
	for _, iss := range []string{"https://other.example", ""} {
		if _, err := r.TrustedIssuer(ctx, iss); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("issuer %q: %v, want ErrNotFound", iss, err)
		}
	}
}

func TestMayIntrospect(t *testing.T) {
	for _, tt := range []struct {
		setting, own, token string
		want                bool
	}{
		{"None", "/", "/", false},
		{"Realm", "/", "/", true},
		{"Realm", "/", "/alpha", false},
		{"Realm_Subs", "/", "/alpha", true},
		{"Realm_Subs", "/alpha", "/alpha", true},
		{"Realm_Subs", "/alpha", "/Alpha/beta", true},
		{"Realm_Subs", "/alpha", "/alphabet", false},
		{"Realm_Subs", "/alpha", "/", false},
		{"", "/", "/", false},
	} {
		a := &realm.Agent{Introspection: tt.setting}
		if got := a.MayIntrospect(tt.own, tt.token); got != tt.want {
			t.Errorf("%q: agent of %s may look at tokens of %s: %v, want %v", tt.setting, tt.own, tt.token, got, tt.want)
		}
	}
}

func TestClientSecret(t *testing.T) {
	m, ctx := newManager(t, memory.New()), t.Context()
	sealed := m.SealSecret("s3cret")
	if sealed == m.SealSecret("s3cret") {
		t.Error("the same secret is sealed the same way twice")
	}
	for id, secret := range map[string]string{"sealed": sealed, "plain": "s3cret"} {
		put(t, m, "/", store.KindAgent, id, `{"_type":"OAuth2Client","coreOAuth2ClientConfig":{"userpassword":"`+secret+`"}}`)
		c, err := mustFind(t, m, "/").Client(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		for presented, want := range map[string]bool{"s3cret": true, "s3cre": false, "s3cret ": false, "": false, sealed: false} {
			if got := c.CheckSecret(presented); got != want {
				t.Errorf("%s: CheckSecret(%q) = %v, want %v", id, presented, got, want)
			}
		}
		if raw, ok := c.Secret(); !ok || string(raw) != "s3cret" {
			t.Errorf("%s: Secret = %q, %v", id, raw, ok)
		}
	}
	put(t, m, "/", store.KindAgent, "none", `{"_type":"OAuth2Client"}`)
	if c, err := mustFind(t, m, "/").Client(ctx, "none"); err != nil || c.CheckSecret("") {
		t.Errorf("a client without a secret takes the empty one, or %v", err)
	}
	other, err := realm.NewManager(ctx, realm.Options{Engine: memory.New(), MasterKey: [32]byte{2}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	put(t, m, "/", store.KindAgent, "foreign", `{"_type":"OAuth2Client","coreOAuth2ClientConfig":{"userpassword":"`+other.SealSecret("s3cret")+`"}}`)
	if _, err := mustFind(t, m, "/").Client(ctx, "foreign"); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("secret sealed under another key: %v, want an error", err)
	}
}
