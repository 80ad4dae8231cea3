package realm_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/memory"
	"gatehouse/internal/jose"
)

func TestKeys(t *testing.T) {
	e := memory.New()
	m, ctx := newManager(t, e), t.Context()
	keys := mustFind(t, m, "/").Keys()
	for _, alg := range []string{"HS256", "HS512", "RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"} {
		s, err := keys.Signer(ctx, alg, "")
		if err != nil {
			t.Errorf("%s: %v", alg, err)
			continue
		}
		token, err := s.Sign([]byte(`{"sub":"demo"}`))
		if err != nil {
			t.Errorf("%s: %v", alg, err)
			continue
		}
		from, err := keys.Public(ctx)
		if strings.HasPrefix(alg, "HS") {
			from, err = keys.Valid(ctx, realm.LabelHMAC)
		}
		if err != nil {
			t.Fatal(err)
		}
		_, err = jose.Verify(ctx, token, jose.VerifyOptions{Keys: from, Algorithms: []jose.Algorithm{jose.Algorithm(alg)}})
		if err != nil {
			t.Errorf("%s: the realm's own token: %v", alg, err)
		}
	}
	for _, alg := range []string{"none", "", "RS1"} {
		if _, err := keys.Signer(ctx, alg, ""); err == nil {
			t.Errorf("signer for %q: no error", alg)
		}
	}
	public, err := keys.Public(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range public.Keys() {
		if k.IsPrivate() || k.IsSymmetric() || k.ID == "" || k.Use == "" {
			t.Errorf("published: %v", k)
		}
	}
	docs, err := store.Docs{Engine: e}.List(ctx, "/", store.KindKey)
	if err != nil || len(docs) == 0 {
		t.Fatalf("stored keys: %d, %v", len(docs), err)
	}
	for _, d := range docs {
		if s := strings.ReplaceAll(string(d.Body), `\`, ""); strings.Contains(s, `"kty"`) || strings.Contains(s, `"d"`) {
			t.Errorf("key %s is stored in plain", d.ID)
		}
	}

	// Another node under the same instance key has the same keys, another realm others.
	again, err := mustFind(t, newManager(t, e), "/").Keys().Active(ctx, realm.LabelES256)
	mine, _ := keys.Active(ctx, realm.LabelES256)
	if err != nil || !again.Equal(mine) {
		t.Errorf("key on another node = %v, %v, want %v", again, err, mine)
	}
	if _, err := m.Create(ctx, realm.Spec{Name: "alpha", Active: true}); err != nil {
		t.Fatal(err)
	}
	if other, err := mustFind(t, m, "/alpha").Keys().Active(ctx, realm.LabelES256); err != nil || other.Equal(mine) {
		t.Errorf("key of another realm = %v, %v", other, err)
	}
}

func TestKeyAliases(t *testing.T) {
	keys := mustFind(t, newManager(t, memory.New()), "/").Keys()
	a, errA := keys.Active(t.Context(), realm.LabelES256)
	b, errB := keys.Active(t.Context(), "am.services.oauth2.stateless.signing.ES256")
	if errA != nil || errB != nil || !a.Equal(b) {
		t.Errorf("two labels of one key: %v, %v and %v, %v", a, errA, b, errB)
	}
	if _, err := keys.Active(t.Context(), "no.such.label"); err == nil {
		t.Error("an unknown label: no error")
	}
}

// A stored key that was moved to another label or realm does not open.
func TestKeyMoved(t *testing.T) {
	m, ctx := newManager(t, memory.New()), t.Context()
	keys := mustFind(t, m, "/").Keys()
	if _, err := keys.Active(ctx, realm.LabelAuthID); err != nil {
		t.Fatal(err)
	}
	d, err := m.Docs().Get(ctx, "/", store.KindKey, realm.LabelAuthID)
	if err != nil {
		t.Fatal(err)
	}
	put(t, m, "/", store.KindKey, realm.LabelAuthenticity, string(d.Body))
	if _, err := keys.Active(ctx, realm.LabelAuthenticity); err == nil {
		t.Error("a key of another label was taken")
	}
}

func TestRotate(t *testing.T) {
	now := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	e, ctx := memory.New(), t.Context()
	m, err := realm.NewManager(ctx, realm.Options{Engine: e, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	keys := mustFind(t, m, "/").Keys()
	published := func(what string, k *jose.Key, want bool) {
		t.Helper()
		set, err := keys.Public(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.ByID(k.ID) != nil; got != want {
			t.Errorf("%s: published = %v, want %v", what, got, want)
		}
	}
	first, err := keys.Active(ctx, realm.LabelES256)
	if err != nil {
		t.Fatal(err)
	}
	published("first", first, true)
	second, err := keys.Rotate(ctx, realm.LabelES256, now.Add(time.Hour))
	if err != nil || second.Equal(first) {
		t.Fatalf("rotate = %v, %v", second, err)
	}
	if s, err := keys.Signer(ctx, "ES256", ""); err != nil || s.KeyID() != second.ID {
		t.Errorf("the signer has the key %v, %v, want the new one", s, err)
	}
	published("former key", first, true)
	published("new key", second, true)
	third, err := keys.Rotate(ctx, "am.services.oauth2.stateless.signing.ES256", now.Add(3*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if set, err := keys.Valid(ctx, realm.LabelES256); err != nil || set.Len() != 3 || !set.Keys()[0].Equal(third) {
		t.Errorf("valid keys = %v, %v, want three, the newest first", set, err)
	}
	now = now.Add(time.Hour)
	published("the first after its end", first, false)
	published("the second before its end", second, true)
	now = now.Add(2 * time.Hour)
	published("the second after its end", second, false)
	published("the third", third, true)

	fresh, err := keys.Rotate(ctx, realm.LabelES384, now) // before its first use
	if active, err2 := keys.Active(ctx, realm.LabelES384); err != nil || err2 != nil || !active.Equal(fresh) {
		t.Errorf("rotation before the first use: %v, %v, %v", fresh, err, err2)
	}
}

// Two nodes that need a key for the first time agree on one.
func TestKeyMadeOnce(t *testing.T) {
	e := memory.New()
	const nodes = 4
	var made [nodes]*jose.Key
	var done sync.WaitGroup
	for i := range nodes {
		keys := mustFind(t, newManager(t, e), "/").Keys()
		done.Go(func() {
			k, err := keys.Active(t.Context(), realm.LabelES256)
			if err != nil {
				t.Error(err)
			}
			made[i] = k
		})
	}
	done.Wait()
	for _, k := range made[1:] {
		if k == nil || !k.Equal(made[0]) {
			t.Fatalf("nodes have different keys: %v", made)
		}
	}
}

func TestInstanceKey(t *testing.T) {
	dir := t.TempDir() + "/data"
	t.Setenv("GATEHOUSE_INSTANCE_KEY", "")
	first, err := realm.LoadInstanceKey(dir)
	if err != nil || first == [32]byte{} {
		t.Fatalf("first = %x, %v", first, err)
	}
	if again, err := realm.LoadInstanceKey(dir); err != nil || again != first {
		t.Errorf("again = %x, %v, want the same key", again, err)
	}
	checkInstanceKeyFile(t, dir)
	t.Setenv("GATEHOUSE_INSTANCE_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=")
	if key, err := realm.LoadInstanceKey(dir); err != nil || key != [32]byte{31: 1} {
		t.Errorf("from the environment = %x, %v", key, err)
	}
	t.Setenv("GATEHOUSE_INSTANCE_KEY", "c2hvcnQ=")
	if _, err := realm.LoadInstanceKey(dir); err == nil || strings.Contains(err.Error(), "c2hvcnQ") {
		t.Errorf("a short key: %v, want an error that does not show it", err)
	}
}

func TestScripts(t *testing.T) {
	m, ctx := newManager(t, memory.New()), t.Context()
	r := mustFind(t, m, "/")
	const mayAct = "c735de08-f8f2-4e69-aa4a-2d8d3d438323"
	s, err := r.Script(ctx, mayAct)
	if err != nil || s.Language != "GROOVY" || s.Context != "OAUTH2_MAY_ACT" || !s.Default || !s.Untouched || s.Source == "" {
		t.Fatalf("shipped script = %+v, %v", s, err)
	}
	put(t, m, "/", store.KindScript, mayAct, `{"script":"MSs=","language":"GROOVY"}`)
	if s, err := r.Script(ctx, mayAct); err != nil || s.Source != "1+" || s.Untouched || s.Name != "OAuth2 May Act Script" {
		t.Errorf("the realm's copy = %+v, %v", s, err)
	}
	put(t, m, "/", store.KindScript, "own", `{"name":"Own","script":"","context":"OIDC_CLAIMS"}`)
	list, err := r.Scripts(ctx)
	if err != nil || len(list) != 14 {
		t.Errorf("scripts = %d, %v, want thirteen shipped and one of its own", len(list), err)
	}
	if err := m.Docs().Delete(ctx, "/", store.KindScript, mayAct, 0); err != nil {
		t.Fatal(err)
	}
	if s, err := r.Script(ctx, mayAct); err != nil || !s.Untouched {
		t.Errorf("after the copy is deleted = %+v, %v, want the shipped one", s, err)
	}
	if _, err := r.Script(ctx, "none"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown script: %v", err)
	}
	put(t, m, "/", store.KindScript, "bad", `{"script":"%"}`)
	if _, err := r.Script(ctx, "bad"); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("script that is not base64: %v, want an error", err)
	}
	for _, c := range realm.ScriptContexts() {
		id := c.DefaultScript.ID()
		if id == "" {
			continue
		}
		if s, ok := realm.ShippedScript(id); !ok || s.Context != c.ID {
			t.Errorf("default script of %s = %+v", c.ID, s)
		}
	}
}

// A node with another instance key does not start on data that it could not read.
func TestOtherInstanceKey(t *testing.T) {
	e := memory.New()
	newManager(t, e)
	_, err := realm.NewManager(t.Context(), realm.Options{Engine: e, MasterKey: [32]byte{5: 1}})
	if err == nil || !strings.Contains(err.Error(), "another instance key") {
		t.Errorf("start = %v, want an error about the instance key", err)
	}
}
