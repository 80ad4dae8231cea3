package oauth_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	grantBearer   = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

// party signs JWTs with a key of its own.
type party struct {
	w      *world
	key    *jose.Key
	signer *jose.Signer
}

func newParty(w *world, alg jose.Algorithm, kind jose.Kind) *party {
	w.t.Helper()
	key, err := jose.Generate(kind)
	if err != nil {
		w.t.Fatal(err)
	}
	signer, err := jose.NewSigner(key, alg, jose.SignerOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return &party{w, key, signer}
}

// jwks is the party's public key set as a JSON string literal.
func (p *party) jwks() string {
	set, err := json.Marshal(jose.NewKeySet(p.key))
	if err != nil {
		p.w.t.Fatal(err)
	}
	text, _ := json.Marshal(string(set))
	return string(text)
}

// sign makes a JWT of claims over defaults that are in order.
func (p *party) sign(iss, sub string, change map[string]any) string {
	p.w.t.Helper()
	now := p.w.now()
	claims := map[string]any{
		"iss": iss, "sub": sub, "aud": base + "/oauth2/access_token", "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(), "jti": store.NewRaw(),
	}
	for name, v := range change {
		if v == nil {
			delete(claims, name)
		} else {
			claims[name] = v
		}
	}
	raw, err := p.signer.SignClaims(claims)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return raw
}

func TestPrivateKeyJWT(t *testing.T) {
	w := newWorld(t)
	own, stranger := newParty(w, jose.ES256, jose.KindP256), newParty(w, jose.ES256, jose.KindP256)
	w.client("/", "app", "", `{"coreOAuth2ClientConfig":{"scopes":["read","openid"]},
		"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"],"tokenEndpointAuthMethod":"private_key_jwt"},
		"signEncOAuth2ClientConfig":{"publicKeyLocation":"jwks","jwkSet":`+own.jwks()+`,"tokenEndpointAuthSigningAlgorithm":"ES256"}}`)
	w.client("/", "mac", "a secret", `{"coreOAuth2ClientConfig":{"scopes":["read"]},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"]},
		"signEncOAuth2ClientConfig":{"tokenEndpointAuthSigningAlgorithm":"HS256"}}`)
	w.client("/", "by-name", "a secret", `{"coreOAuth2ClientConfig":{"scopes":["read","openid"]},
		"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"],"tokenEndpointAuthMethod":"client_secret_jwt"}}`)
	ask := func(assertion string, more ...string) answer {
		return w.post("/", "access_token", append(form("grant_type", "client_credentials", "scope", "read", "client_assertion_type", assertionType, "client_assertion", assertion), more...))
	}
	for name, aud := range map[string]any{
		"token endpoint": base + "/oauth2/access_token", "issuer": base + "/oauth2", "among others": []string{"x", base + "/oauth2"},
		"long spelling": base + "/oauth2/realms/root/access_token",
	} {
		if a := ask(own.sign("app", "app", map[string]any{"aud": aud})); a.status != 200 {
			t.Errorf("aud %s: %s", name, a.body)
		}
	}
	const auth, notValid = "Client authentication failed", "JWT is not valid"
	tests := []struct {
		name, assertion, description string
		more                         []string
	}{
		{"another's key", stranger.sign("app", "app", nil), auth, nil},
		{"expired", own.sign("app", "app", map[string]any{"exp": w.now().Add(-time.Minute).Unix()}), "JWT has expired", nil},
		{"lives too long", own.sign("app", "app", map[string]any{"exp": w.now().Add(25 * time.Hour).Unix()}), "JWT expiration time is unreasonable", nil},
		{"no exp", own.sign("app", "app", map[string]any{"exp": nil}), notValid, nil},
		{"not yet valid", own.sign("app", "app", map[string]any{"nbf": w.now().Add(time.Hour).Unix()}), notValid, nil},
		{"for another server", own.sign("app", "app", map[string]any{"aud": "https://other.example"}), "Audience validation failed", nil},
		{"no audience", own.sign("app", "app", map[string]any{"aud": nil}), notValid, nil},
		{"other issuer", own.sign("other", "app", nil), "JWT 'iss' and 'sub' claims must be equal to the client_id", nil},
		{"unknown client", own.sign("nobody", "nobody", nil), auth, nil},
		{"other client_id", own.sign("app", "app", nil), auth, form("client_id", "mac")},
		{"junk", "x.y.z", notValid, nil},
		{"empty", "", notValid, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantError(t, ask(tt.assertion, tt.more...), 400, "invalid_client", tt.description)
		})
	}
	once := own.sign("app", "app", nil)
	if a := ask(once); a.status != 200 {
		t.Errorf("first use: %s", a.body)
	}
	wantError(t, ask(once), 400, "invalid_client", notValid)

	key, err := jose.NewClientSecret("a secret")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(key, jose.HS256, jose.SignerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mac := &party{w, key, signer}
	for _, id := range []string{"mac", "by-name"} {
		if a := ask(mac.sign(id, id, nil)); a.status != 200 {
			t.Errorf("%s, sealed with the secret: %s", id, a.body)
		}
	}
	if a := w.post("/", "access_token", form("grant_type", "client_credentials", "scope", "read"), basic("by-name", "a secret")); a.status != 401 {
		t.Errorf("the bare secret: %s", a.body)
	}
	// The client's public key is no HMAC secret.
	public, _ := json.Marshal(jose.NewKeySet(own.key))
	confused, err := jose.NewKey(public)
	if err != nil {
		t.Fatal(err)
	}
	if signer, err = jose.NewSigner(confused, jose.HS256, jose.SignerOptions{}); err != nil {
		t.Fatal(err)
	}
	if a := ask((&party{w, confused, signer}).sign("app", "app", nil)); a.status != 400 {
		t.Errorf("sealed with the public key: %s", a.body)
	}
}

// The settings of the whole server say how long assertions may live and what they have to hold.
func TestAssertionSettings(t *testing.T) {
	w := newWorld(t)
	own := newParty(w, jose.ES256, jose.KindP256)
	w.client("/", "app", "", `{"coreOAuth2ClientConfig":{"scopes":["read"]},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"]},
		"signEncOAuth2ClientConfig":{"publicKeyLocation":"jwks","jwkSet":`+own.jwks()+`,"tokenEndpointAuthSigningAlgorithm":"ES256"}}`)
	const unreasonable = "JWT expiration time is unreasonable"
	tests := []struct {
		name, settings string
		claims         map[string]any
		description    string // "" for success
	}{
		{"a minute, a minute allowed", `{"jwtTokenUnreasonableLifetime":60}`, nil, ""},
		{"a minute, less allowed", `{"jwtTokenUnreasonableLifetime":59}`, nil, unreasonable},
		{"years, not looked at", `{"jwtTokenLifetimeValidationEnabled":false}`, map[string]any{"exp": w.now().AddDate(9, 0, 0).Unix()}, ""},
		{"required claims", `{"jwtTokenRequiredClaims":["jti","purpose"]}`, map[string]any{"purpose": "x"}, ""},
		{"no jti", `{"jwtTokenRequiredClaims":["jti"]}`, map[string]any{"jti": nil}, "JWT is not valid"},
		{"no other claim", `{"jwtTokenRequiredClaims":["jti","purpose"]}`, nil, "JWT is not valid"},
		{"no jti, not required", `{}`, map[string]any{"jti": nil}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.put("", store.KindGlobal, realm.ServiceOAuth2, tt.settings)
			a := w.post("/", "access_token", form("grant_type", "client_credentials", "scope", "read", "client_assertion_type", assertionType, "client_assertion", own.sign("app", "app", tt.claims)))
			if tt.description != "" {
				wantError(t, a, 400, "invalid_client", tt.description)
			} else if a.status != 200 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

func TestJWTBearer(t *testing.T) {
	w := newWorld(t)
	issuer, client := newParty(w, jose.ES256, jose.KindP256), newParty(w, jose.RS256, jose.KindRSA2048)
	w.put("/", store.KindAgent, "partner", `{"_type":"`+realm.TypeTrustedJWTIssuer+`","issuer":"https://partner.example","jwkSet":`+issuer.jwks()+`}`)
	w.put("/", store.KindAgent, "strict", `{"_type":"`+realm.TypeTrustedJWTIssuer+`","issuer":"https://strict.example","jwkSet":`+issuer.jwks()+`,"allowedSubjects":["someone"]}`)
	w.client("/", "app", "s", `{"coreOAuth2ClientConfig":{"scopes":["read","write","openid"]},"advancedOAuth2ClientConfig":{"grantTypes":["`+grantBearer+`","refresh_token"]},
		"signEncOAuth2ClientConfig":{"publicKeyLocation":"jwks","jwkSet":`+client.jwks()+`}}`)
	ask := func(assertion string) answer {
		return w.post("/", "access_token", form("grant_type", grantBearer, "assertion", assertion, "scope", "read write"), basic("app", "s"))
	}
	const partner = "https://partner.example"
	a := ask(issuer.sign(partner, "demo", nil))
	if a.status != 200 || a.text("scope") != "read write" || a.text("refresh_token") != "" {
		t.Fatalf("answer is %s", a.body)
	}
	if seen := w.post("/", "introspect", form("token", a.text("access_token")), basic("app", "s")); seen.text("sub") != "(usr!demo)" || seen.text("client_id") != "app" {
		t.Errorf("introspection says %s", seen.body)
	}
	if a := ask(issuer.sign(partner, "demo", map[string]any{"scope": "read"})); a.text("scope") != "read" {
		t.Errorf("the issuer's scopes do not cap: %s", a.body)
	}
	if a := ask(client.sign("app", "app", nil)); a.status != 200 {
		t.Errorf("the client about itself: %s", a.body)
	}
	const notAllowed = "Issuer is not authorized to grant consent for this subject"
	tests := []struct{ name, assertion, description string }{
		{"unknown issuer", issuer.sign("https://x.example", "demo", nil), "Unknown JWT issuer"},
		{"wrong audience", issuer.sign(partner, "demo", map[string]any{"aud": "x"}), "incorrect audience in JWT"},
		{"another's key", client.sign(partner, "demo", nil), "JWT signature is invalid"},
		{"unknown user", issuer.sign(partner, "nobody", nil), "Not able to read user information."},
		{"expired", issuer.sign(partner, "demo", map[string]any{"exp": w.now().Add(-time.Minute).Unix()}), "JWT has expired"},
		{"subject not allowed", issuer.sign("https://strict.example", "demo", nil), notAllowed},
		{"the client about a user", client.sign("app", "demo", nil), notAllowed},
		{"junk", "x", "JWT is not valid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantError(t, ask(tt.assertion), 400, "invalid_grant", tt.description) })
	}
	wantError(t, w.post("/", "access_token", form("grant_type", grantBearer, "scope", "read"), basic("app", "s")), 400, "invalid_request", "Missing parameter, 'assertion'")
}

// An issuer that is no agent of the realm, but that the realm's script knows.
func TestScriptedJWTIssuer(t *testing.T) {
	scripts := &fakeScripts{}
	w := newWorld(t, scripts.into)
	issuer := newParty(w, jose.ES256, jose.KindP256)
	const script = "0d3a2f10-3c0b-4a5e-9a35-1f4f3c1c7a01"
	w.put("/", store.KindScript, script, `{"name":"issuers","script":"","language":"JAVASCRIPT","context":"OAUTH2_SCRIPTED_JWT_ISSUER"}`)
	w.client("/", "app", "s", core("read", grantBearer))
	ask := func(iss string) answer {
		return w.post("/", "access_token", form("grant_type", grantBearer, "assertion", issuer.sign(iss, "demo", nil), "scope", "read"), basic("app", "s"))
	}
	const partner = "https://partner.example"
	wantError(t, ask(partner), 400, "invalid_grant", "Unknown JWT issuer")
	w.provider("/", own(`"jwtIssuerScript":"`+script+`"`))
	wantError(t, ask(partner), 400, "invalid_grant", "Unknown JWT issuer")
	var set string
	if err := json.Unmarshal([]byte(issuer.jwks()), &set); err != nil {
		t.Fatal(err)
	}
	scripts.issuer = realm.DefaultTrustedIssuer()
	scripts.issuer.Issuer, scripts.issuer.JWKSet = partner, set
	if a := ask(partner); a.status != 200 {
		t.Errorf("answer is %d %s", a.status, a.body)
	}
	wantError(t, ask("https://other.example"), 400, "invalid_grant", "Unknown JWT issuer")
	scripts.err = errors.New("line 1: secretDetail")
	if a := ask(partner); a.status != 500 || strings.Contains(a.body, "secretDetail") {
		t.Errorf("a script that fails: %d %s", a.status, a.body)
	}
}

// Service accounts of Advanced Identity Cloud sign about themselves and name the built-in client.
func TestServiceAccounts(t *testing.T) {
	w := newWorld(t)
	const id = "5ad5b4d4-2b2f-4b0e-9f9b-2a1c7d3e4f50"
	own, stranger := newParty(w, jose.RS256, jose.KindRSA2048), newParty(w, jose.RS256, jose.KindRSA2048)
	account := func(status string) {
		w.put("/", store.KindAgent, id, `{"_type":"ServiceAccount","name":"deploy","accountStatus":"`+status+`","scopes":["fr:am:*","fr:idm:*"],"jwks":`+own.jwks()+`}`)
	}
	account("active")
	ask := func(assertion string, more ...string) answer {
		return w.post("/", "access_token", append(form("grant_type", grantBearer, "client_id", "service-account", "assertion", assertion), more...))
	}
	a := ask(own.sign(id, id, map[string]any{"aud": "http://am.example.com:8088/openam/oauth2/access_token"}), "scope", "fr:am:* fr:idm:*")
	if a.status != 200 || a.json["expires_in"] != 899.0 || a.text("scope") != "fr:am:* fr:idm:*" || a.json["refresh_token"] != nil || a.text("token_type") != "Bearer" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	w.agent("/", "ig_agent", "pw", "Realm")
	if seen := w.post("/", "introspect", form("token", a.text("access_token")), basic("ig_agent", "pw")); seen.text("sub") != "(age!"+id+")" || seen.text("client_id") != "service-account" {
		t.Errorf("introspection says %s", seen.body)
	}
	wantError(t, ask(own.sign(id, id, nil), "scope", "fr:am:* fr:idc:esv:* fr:x"), 400, "invalid_scope", "Unsupported scope for service account: fr:idc:esv:*,fr:x")
	wantError(t, ask(own.sign(id, id, nil)), 400, "invalid_scope", "No scope requested and no default scope configured")
	wantError(t, ask(stranger.sign(id, id, nil), "scope", "fr:am:*"), 400, "invalid_grant", "JWT signature is invalid")
	wantError(t, ask(own.sign(id, "demo", nil), "scope", "fr:am:*"), 400, "invalid_grant", "Issuer is not authorized to grant consent for this subject")
	wantError(t, ask(own.sign("another", "another", nil), "scope", "fr:am:*"), 400, "invalid_grant", "Unknown JWT issuer")
	wantError(t, ask(own.sign(id, id, map[string]any{"aud": "https://other.example"}), "scope", "fr:am:*"), 400, "invalid_grant", "incorrect audience in JWT")
	wantError(t, ask(""), 400, "invalid_request", "Missing parameter, 'assertion'")
	wantError(t, w.post("/", "access_token", form("grant_type", "client_credentials", "client_id", "service-account", "scope", "fr:am:*")), 400, "unauthorized_client", "The authenticated client is not authorized to use this authorization grant type.")
	wantError(t, w.post("/alpha", "access_token", form("grant_type", grantBearer, "client_id", "service-account", "assertion", own.sign(id, id, nil), "scope", "fr:am:*")), 400, "invalid_client", "Client authentication failed")
	account("inactive")
	wantError(t, ask(own.sign(id, id, nil), "scope", "fr:am:*"), 400, "invalid_grant", "Unknown JWT issuer")
}
