package script_test

import (
	"slices"
	"strings"
	"testing"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/memory"
)

func TestJWTIssuer(t *testing.T) {
	m, err := realm.NewManager(t.Context(), realm.Options{Engine: memory.New()})
	if err != nil {
		t.Fatal(err)
	}
	doc := store.Doc{ID: realm.UserID("https://partner.example"), Body: []byte(`{"username":"https://partner.example","postalAddress":["https://partner.example/keys"],"mail":["demo"]}`)}
	if _, err := m.Docs().Create(t.Context(), "/", store.KindUser, doc); err != nil {
		t.Fatal(err)
	}
	root, _ := m.Find("/")
	const context = "OAUTH2_SCRIPTED_JWT_ISSUER"
	const full = `(function () {
    var f = JavaImporter(org.forgerock.oauth2.core.TrustedJwtIssuerConfig, java.util.Collections);
    var who = idRepository.getIdentity(issuer);
    if (who == null) { return null; }
    var at = who.getAttributeValues('postalAddress')[0];
    return new f.TrustedJwtIssuerConfig(issuer, 'name', 'scope', who.getAttributeValues('mail'),
        at.startsWith('{') ? at : null, at.startsWith('http') ? at : null, '5 minutes', '1 minute');
}());`
	e := script.New(script.Options{})
	got, err := e.JWTIssuer(t.Context(), written(js, context, full), root, "https://partner.example")
	if err != nil {
		t.Fatal(err)
	}
	if got.Issuer != "https://partner.example" || got.SubjectClaim != "name" || got.JWKSURI != "https://partner.example/keys" || got.JWKSet != "" ||
		!slices.Contains(got.AllowedSubjects, "demo") || got.JWKSCacheMillis != 300_000 || got.JWKSCacheMissMillis != 60_000 {
		t.Errorf("issuer is %+v", got)
	}
	if got, err := e.JWTIssuer(t.Context(), written(js, context, full), root, "https://other.example"); got != nil || err != nil {
		t.Errorf("an unknown issuer: %+v, %v", got, err)
	}
	make := func(subjects string) string {
		return `new org.forgerock.oauth2.core.TrustedJwtIssuerConfig(issuer, "sub", "scope", ` + subjects + `, "{}", null, null, null)`
	}
	for subjects, want := range map[string]int{"null": 0, "[]": 1, `["a","b"]`: 3} {
		got, err := e.JWTIssuer(t.Context(), written(groovy, context, make(subjects)), root, "x")
		if err != nil || len(got.AllowedSubjects) != want {
			t.Errorf("subjects %s: %+v, %v", subjects, got, err)
		}
	}
	for name, source := range map[string]string{
		"something else": `"yes"`, "too few arguments": `new org.forgerock.oauth2.core.TrustedJwtIssuerConfig(issuer)`,
		"no duration": strings.Replace(make("null"), "null, null)", `null, "soon")`, 1), "secrets": `secrets.getGenericSecret("x")`,
	} {
		if got, err := e.JWTIssuer(t.Context(), written(groovy, context, source), root, "x"); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
