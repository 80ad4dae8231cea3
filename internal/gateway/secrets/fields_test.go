package secrets

import (
	"os"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/jose"
)

// TestStoreWarnings: durations that make no sense are replaced with a warning.
func TestStoreWarnings(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ store, want string }{
		{`{"type":"SystemAndEnvSecretStore","config":{"leaseExpiry":"zero"}}`, "leaseExpiry: the duration must be neither zero nor unlimited; 5m0s is used"},
		{`{"type":"SystemAndEnvSecretStore","config":{"leaseExpiry":"unlimited"}}`, "leaseExpiry: the duration must be neither zero nor unlimited"},
		{`{"type":"FileSystemSecretStore","config":{"directory":` + quote(dir) + `,"leaseExpiry":"zero"}}`, "leaseExpiry: the duration must be neither"},
		{`{"type":"FileSystemSecretStore","config":{"directory":` + quote(dir) + `,"autoRefresh":{"executor":"x"}}}`, "executor"},
		{`{"type":"JwkSetSecretStore","config":{"jwkUrl":"https://a/keys","cacheTimeout":"9 s"}}`, "cacheTimeout: the duration is shorter than 10s; 2m0s is used"},
		{`{"type":"JwkSetSecretStore","config":{"jwkUrl":"https://a/keys","cacheMissCacheTime":"zero"}}`, "cacheMissCacheTime: the duration must not be zero; 2m0s is used"},
		{`{"type":"JwkSetSecretStore","config":{"jwkUrl":"https://a/keys","leaseExpiry":"1 minute"}}`, "leaseExpiry: the field has no effect: keys are looked up"},
	} {
		f := newFixture(t, nil).load(t, `[`+strings.Replace(tt.store, "{", `{"name":"s",`, 1)+`]`).ok(t)
		if got := f.warnings(); !strings.Contains(got, tt.want) {
			t.Errorf("%s: warnings %q, want %q", tt.store, got, tt.want)
		}
	}
}

// TestLeaseDuringChange: what was read before a change was noticed is not kept after it.
func TestLeaseDuringChange(t *testing.T) {
	l := newLeases(time.Hour, time.Now)
	value := func(text string) []Secret { return []Secret{{Bytes: []byte(text)}} }
	if _, err := l.get("a", func() ([]Secret, error) { l.clear(); return value("old"), nil }); err != nil {
		t.Fatal(err)
	}
	if list, err := l.get("a", func() ([]Secret, error) { return value("new"), nil }); err != nil || string(list[0].Bytes) != "new" {
		t.Errorf("%q, %v", list[0].Bytes, err)
	}
}

// TestLease: a variable is read again when the lease ends; absence is not kept.
func TestLease(t *testing.T) {
	f := newFixture(t, map[string]string{}).load(t, `[{"name":"s","type":"SystemAndEnvSecretStore","config":{"format":"PLAIN","leaseExpiry":"1 minute"}}]`).ok(t)
	p := ProviderOf(object[SecretStore](t, f, "s"))
	read := func() string { s, _ := p.Password(t.Context(), "a.b"); return s }
	if got := read(); got != "" {
		t.Errorf("%q before there is one", got)
	}
	f.env["A_B"] = "one"
	if got := read(); got != "one" {
		t.Errorf("%q, want the value that appeared", got)
	}
	f.env["A_B"] = "two"
	f.now = f.now.Add(59 * time.Second)
	if got := read(); got != "one" {
		t.Errorf("%q within the lease", got)
	}
	f.now = f.now.Add(2 * time.Second)
	if got := read(); got != "two" {
		t.Errorf("%q after the lease", got)
	}
}

// TestStoresInOrder: the first store with an active secret wins, valid ones come from all, a kid decides alone.
func TestStoresInOrder(t *testing.T) {
	a, b := newKey(t, "a"), newKey(t, "b")
	folder := func(k *jose.Key) string {
		text, err := k.MarshalPrivate()
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		write(t, dir, "sign", string(text))
		return `{"type":"FileSystemSecretStore","config":{"directory":` + quote(dir) + `,"format":{"type":"JwkPropertyFormat"}}}`
	}
	f := newFixture(t, nil).load(t, `[{"name":"p","type":"SecretsProvider","config":{"stores":[{"type":"SystemAndEnvSecretStore"},`+folder(a)+`,`+folder(b)+`]}}]`).ok(t)
	p := ProviderOf(object[SecretStore](t, f, "p"))
	if k, err := p.Key(t.Context(), "sign"); err != nil || !k.Equal(a) {
		t.Errorf("the active key is %v, %v", k, err)
	}
	all, err := p.Keys("sign").All(t.Context())
	if err != nil || len(all) != 2 || !all[0].Equal(a) || !all[1].Equal(b) {
		t.Errorf("valid: %v, %v", all, err)
	}
	if named, err := p.Keys("sign").Named(t.Context(), "b"); err != nil || len(named) != 1 || !named[0].Equal(b) {
		t.Errorf("named b: %v, %v", named, err)
	}
	if named, err := p.Keys("other").Named(t.Context(), "b"); err != nil || len(named) != 0 {
		t.Errorf("named b of another label: %v, %v", named, err)
	}
}

// TestKeyStoreIsReplaced: a changed file is read again; one that cannot be read, or is gone, takes nothing away; without
// autoRefresh nothing is looked at.
func TestKeyStoreIsReplaced(t *testing.T) {
	dir := t.TempDir()
	put := func(name string) {
		p := selfSigned(t, name)
		data, err := pkcs12.Modern.Encode(p.key, p.cert, nil, "changeit")
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, "keys.p12", string(data))
	}
	for _, refresh := range []bool{true, false} {
		put("first")
		config := `"storePasswordSecretId":"p","secretsProvider":"env","mappings":[{"secretId":"k","aliasesMatching":["(?!no).*+"]}]`
		if !refresh {
			config += `,"autoRefresh":{"enabled":false}`
		}
		f := newFixture(t, map[string]string{"P": "Y2hhbmdlaXQ="}).load(t, `[{"name":"env","type":"SystemAndEnvSecretStore"},
			{"name":"s","type":"KeyStoreSecretStore","config":{"file":`+quote(dir+"/keys.p12")+`,`+config+`}}]`).ok(t)
		if err := f.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		subject := func() string {
			t.Helper()
			f.now = f.now.Add(2 * time.Second)
			s, ok, err := object[SecretStore](t, f, "s").Active(t.Context(), "k")
			if err != nil || !ok {
				t.Fatalf("%v, %v", ok, err)
			}
			return s.Chain[0].Subject.CommonName
		}
		want := func(name string) {
			t.Helper()
			if !refresh {
				name = "first"
			}
			if got := subject(); got != name {
				t.Errorf("autoRefresh %v: the key of %s, want %s", refresh, got, name)
			}
		}
		want("first")
		put("second")
		want("second")
		write(t, dir, "keys.p12", "half a file")
		want("second")
		want("second")
		if err := os.Remove(dir + "/keys.p12"); err != nil {
			t.Fatal(err)
		}
		want("second")
		put("third")
		want("third")
	}
}

// TestMissCacheTime: a made-up kid loads the set again no more often than configured.
func TestMissCacheTime(t *testing.T) {
	calls := 0
	f := newFixture(t, nil)
	set := jose.NewKeySet(newKey(t, "a"))
	f.http = func(*chain.Exchange) (*chain.Response, error) {
		calls++
		r := chain.NewResponse(200)
		return r, r.Entity.SetJSON(set)
	}
	f.load(t, `[{"name":"s","type":"JwkSetSecretStore","config":{"jwkUrl":"https://am.example.com/keys","cacheMissCacheTime":"1 second"}}]`).ok(t)
	keys := ProviderOf(object[SecretStore](t, f, "s")).Keys("any")
	for range 3 {
		for range 5 {
			if found, err := keys.Named(t.Context(), "made up"); err != nil || len(found) != 0 {
				t.Fatal(found, err)
			}
		}
		f.now = f.now.Add(time.Second)
	}
	if calls != 4 { // the set itself, and one for each second
		t.Errorf("%d requests", calls)
	}
}
