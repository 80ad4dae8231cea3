package oauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
	"gatehouse/internal/observe"
)

// send sends JSON.
func (w *world) send(method, query, body string, options ...option) answer {
	w.t.Helper()
	r := httptest.NewRequest(method, "/?"+query, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for _, o := range options {
		o(r)
	}
	return w.do(r, "/", "register")
}

func bearer(token string) option { return header("Authorization", "Bearer "+token) }

func TestRegistration(t *testing.T) {
	w, l := withLogin(t)
	w.provider("/", `{"clientDynamicRegistrationConfig":{"allowDynamicRegistration":true},"advancedOAuth2Config":{"supportedScopes":["read|Read","openid"],"defaultScopes":["read"]}}`)
	a := w.send(http.MethodPost, "", `{"redirect_uris":["`+callback+`"],"client_name":"My app","grant_types":["authorization_code","client_credentials"],
		"client_secret":"mine","token_endpoint_auth_method":"client_secret_post","unknown":1}`)
	id, secret := a.text("client_id"), a.text("client_secret")
	if a.status != 201 || id == "" || len(secret) < 43 || a.json["client_secret_expires_at"] != 0.0 || a.text("registration_access_token") == "" ||
		a.text("registration_client_uri") != base+"/oauth2/register?client_id="+id || a.text("client_name") != "My app" || a.text("scope") != "read" {
		t.Fatalf("answer is %d %s", a.status, a.body)
	}
	w.token("/", form("grant_type", "client_credentials", "scope", "read", "client_id", id, "client_secret", secret))
	token := l.signIn("/", "demo", "")
	if _, q := location(t, w.post("/", "authorize", form("client_id", id, "response_type", "code", "redirect_uri", callback, "scope", "read", "decision", "allow", "csrf", token), cookie(token))); q.Get("code") == "" {
		t.Errorf("the client gets no code: %v", q)
	}

	manage := bearer(a.text("registration_access_token"))
	if b := w.send(http.MethodGet, "client_id="+id, "", manage); b.text("client_id") != id || b.text("client_secret") != "" || b.text("token_endpoint_auth_method") != "client_secret_post" {
		t.Errorf("read: %d %s", b.status, b.body)
	}
	for name, o := range map[string]option{"no token": func(*http.Request) {}, "another token": bearer("x")} {
		if b := w.send(http.MethodGet, "client_id="+id, "", o); b.status != 401 || b.text("error") != "invalid_token" {
			t.Errorf("%s: %d %s", name, b.status, b.body)
		}
	}
	if b := w.send(http.MethodGet, "client_id=other", "", manage); b.status != 401 {
		t.Errorf("another client: %d %s", b.status, b.body)
	}
	for name, member := range map[string]string{"another secret": `"client_secret":"mine"`, "another client": `"client_id":"x"`} {
		if b := w.send(http.MethodPut, "client_id="+id, `{`+member+`,"grant_types":["client_credentials"]}`, manage); b.status != 400 || b.text("error") != "invalid_client_metadata" {
			t.Errorf("write %s: %d %s", name, b.status, b.body)
		}
	}
	if b := w.send(http.MethodPut, "client_id="+id, `{"client_id":"`+id+`","client_secret":"`+secret+`","client_name":"Renamed","grant_types":["client_credentials"]}`, manage); b.status != 200 || b.text("client_name") != "Renamed" {
		t.Errorf("write: %d %s", b.status, b.body)
	}
	kept := w.token("/", form("grant_type", "client_credentials", "client_id", id, "client_secret", secret, "scope", "read")).text("access_token")
	if b := w.send(http.MethodDelete, "client_id="+id, "", manage); b.status != 204 {
		t.Errorf("delete: %d %s", b.status, b.body)
	}
	if w.active(kept) {
		t.Error("a deleted client's token is active")
	}
	if b := w.send(http.MethodGet, "client_id="+id, "", manage); b.status != 401 {
		t.Errorf("after the end: %d %s", b.status, b.body)
	}
}

// What OpenID Connect and its relatives let a client choose is registered, told again, and in force.
func TestRegisteredChoices(t *testing.T) {
	w, l := withLogin(t)
	w.provider("/", `{"clientDynamicRegistrationConfig":{"allowDynamicRegistration":true},"advancedOAuth2Config":{"supportedScopes":["openid"]}}`)
	own := newParty(w, jose.RS256, jose.KindRSA2048)
	set, err := strconv.Unquote(own.jwks())
	if err != nil {
		t.Fatal(err)
	}
	a := w.send(http.MethodPost, "", `{"redirect_uris":["`+callback+`"],"scope":"openid","jwks":`+set+`,"token_endpoint_auth_method":"client_secret_post",
		"id_token_signed_response_alg":"ES256","id_token_encrypted_response_alg":"RSA-OAEP-256","userinfo_signed_response_alg":"PS256","userinfo_encrypted_response_alg":"RSA-OAEP",
		"userinfo_encrypted_response_enc":"A256GCM","request_object_signing_alg":"RS256","request_uris":["https://app.example/request.jwt"],"default_max_age":60,
		"default_acr_values":["strong"],"authorization_signed_response_alg":"ES384","authorization_encrypted_response_alg":"RSA-OAEP-256",
		"request_object_encryption_alg":"RSA-OAEP","introspection_encrypted_response_alg":"RSA-OAEP","introspection_encrypted_response_enc":"A256GCM","tls_client_certificate_bound_access_tokens":true}`)
	if a.status != 201 || a.text("id_token_encrypted_response_enc") != "A128CBC-HS256" || a.text("userinfo_encrypted_response_enc") != "A256GCM" || a.json["default_max_age"] != 60.0 ||
		a.text("authorization_encrypted_response_enc") != "A128CBC-HS256" || a.text("request_object_encryption_enc") != "A128CBC-HS256" ||
		a.text("introspection_encrypted_response_alg") != "RSA-OAEP" || a.text("introspection_encrypted_response_enc") != "A256GCM" ||
		a.text("authorization_signed_response_alg") != "ES384" || a.json["tls_client_certificate_bound_access_tokens"] != true || a.json["request_uris"] == nil || a.json["default_acr_values"] == nil {
		t.Fatalf("answer is %d %s", a.status, a.body)
	}
	id, secret := a.text("client_id"), a.text("client_secret")
	token := l.signIn("/", "demo", "")
	_, q := location(t, w.post("/", "authorize", form("client_id", id, "response_type", "code", "redirect_uri", callback, "scope", "openid", "decision", "allow", "csrf", token), cookie(token)))
	bought := w.token("/", form("grant_type", "authorization_code", "code", q.Get("code"), "redirect_uri", callback, "client_id", id, "client_secret", secret))
	open := func(raw string, alg jose.Algorithm, enc jose.Encryption) map[string]any {
		t.Helper()
		tok, err := jose.Decrypt(t.Context(), raw, jose.DecryptOptions{Keys: jose.NewKeySet(own.key), Algorithms: []jose.Algorithm{alg}, Encryptions: []jose.Encryption{enc}})
		if err != nil {
			t.Fatalf("%v: %.100s", err, raw)
		}
		return w.verified(string(tok.Payload))
	}
	if c := open(bought.text("id_token"), jose.RSAOAEP256, jose.A128CBCHS256); c["aud"] != id {
		t.Errorf("ID token is %v", c)
	}
	if c := open(w.get("/", "userinfo", nil, bearer(bought.text("access_token"))).body, jose.RSAOAEP, jose.A256GCM); c["aud"] != id {
		t.Errorf("user information is %v", c)
	}
	seen := w.post("/", "introspect", form("token", bought.text("access_token"), "client_id", id, "client_secret", secret), header("Accept", "application/token-introspection+jwt")).body
	if c := open(seen, jose.RSAOAEP, jose.A256GCM); c["token_introspection"] == nil {
		t.Errorf("introspection says %v", c)
	}
	_, q = location(t, w.post("/", "authorize", form("client_id", id, "response_type", "code", "response_mode", "jwt", "redirect_uri", callback, "scope", "openid", "decision", "allow", "csrf", token), cookie(token)))
	if c := open(q.Get("response"), jose.RSAOAEP256, jose.A128CBCHS256); c["code"] == nil {
		t.Errorf("the answer is %v", c)
	}
	w.pass(2 * time.Minute)
	if to, _ := location(t, w.get("/", "authorize", form("client_id", id, "response_type", "code", "redirect_uri", callback, "scope", "openid"), cookie(token))); !strings.Contains(to, "UI/Login") {
		t.Errorf("default_max_age is not in force: %s", to)
	}
	for name, members := range map[string]string{
		"a method without an algorithm": `"id_token_encrypted_response_enc":"A256GCM"`,
		"an unknown algorithm":          `"userinfo_encrypted_response_alg":"RSA1_5"`,
		"an unknown method":             `"id_token_encrypted_response_alg":"RSA-OAEP","id_token_encrypted_response_enc":"A1"`,
		"a negative age":                `"default_max_age":-1`,
		"a request without TLS":         `"request_uris":["http://app.example/r"]`,
		"mutual TLS without a subject":  `"token_endpoint_auth_method":"tls_client_auth"`,
		"a pinned one without keys":     `"token_endpoint_auth_method":"self_signed_tls_client_auth"`,
	} {
		if a := w.send(http.MethodPost, "", `{"redirect_uris":["`+callback+`"],`+members+`}`); a.status != 400 || a.text("error") != "invalid_client_metadata" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

// A client that names no grants gets those of its response types.
func TestRegisteredResponseTypes(t *testing.T) {
	w := newWorld(t)
	w.provider("/", `{"clientDynamicRegistrationConfig":{"allowDynamicRegistration":true}}`)
	for types, want := range map[string]string{
		``: `["authorization_code"]`, `"response_types":["id_token"],`: `["implicit"]`, `"response_types":["code","token id_token"],`: `["authorization_code","implicit"]`,
		`"response_types":["device_code"],`: `["authorization_code"]`,
	} {
		a := w.send(http.MethodPost, "", `{`+types+`"redirect_uris":["`+callback+`"]}`)
		if got, _ := json.Marshal(a.json["grant_types"]); a.status != 201 || string(got) != want {
			t.Errorf("%s: %d, grants %s, want %s", types, a.status, got, want)
		}
	}
}

// Nobody gets the pairwise subjects of a sector whose owner does not say so.
func TestSectorIdentifier(t *testing.T) {
	lists := map[string]string{
		"https://both.example/list": `["https://a.example/cb","https://b.example/cb"]`, "https://one.example/list": `["https://a.example/cb"]`,
		"https://odd.example/list": `{"redirect_uris":[]}`,
	}
	w := newWorld(t, func(o *oauth.Options) {
		o.Fetch = func(_ context.Context, address string, reach oauth.Reach) ([]byte, error) {
			if list, ok := lists[address]; ok && !reach.Anywhere {
				return []byte(list), nil
			}
			return nil, errors.New("not there")
		}
	})
	w.provider("/", `{"clientDynamicRegistrationConfig":{"allowDynamicRegistration":true}}`)
	for sector, want := range map[string]int{"both.example": 201, "one.example": 400, "odd.example": 400, "none.example": 400} {
		a := w.send(http.MethodPost, "", `{"redirect_uris":["https://a.example/cb","https://b.example/cb"],"subject_type":"pairwise","sector_identifier_uri":"https://`+sector+`/list"}`)
		if a.status != want || want == 400 && a.text("error") != "invalid_client_metadata" {
			t.Errorf("%s: %d %s", sector, a.status, a.body)
		}
	}
}

func TestRegistrationRefusals(t *testing.T) {
	w := newWorld(t)
	w.provider("/", `{"clientDynamicRegistrationConfig":{"allowDynamicRegistration":true},"advancedOAuth2Config":{"supportedScopes":["read"],"grantTypes":["authorization_code","client_credentials"]}}`)
	tests := []struct{ name, body, code string }{
		{"no redirection URI", `{}`, "invalid_redirect_uri"},
		{"relative redirection URI", `{"redirect_uris":["/cb"]}`, "invalid_redirect_uri"},
		{"script as redirection URI", `{"redirect_uris":["javascript:alert(1)"]}`, "invalid_redirect_uri"},
		{"a scope for looking at all tokens", `{"redirect_uris":["` + callback + `"],"scope":"am-introspect-all-tokens"}`, "invalid_client_metadata"},
		{"a grant that is not enabled", `{"redirect_uris":["` + callback + `"],"grant_types":["password"]}`, "invalid_client_metadata"},
		{"unknown method", `{"redirect_uris":["` + callback + `"],"token_endpoint_auth_method":"magic"}`, "invalid_client_metadata"},
		{"keys over plain HTTP", `{"redirect_uris":["` + callback + `"],"jwks_uri":"http://app.example/keys"}`, "invalid_client_metadata"},
		{"private_key_jwt without keys", `{"redirect_uris":["` + callback + `"],"token_endpoint_auth_method":"private_key_jwt"}`, "invalid_client_metadata"},
		{"software statement", `{"redirect_uris":["` + callback + `"],"software_statement":"x"}`, "invalid_software_statement"},
		{"unusable algorithm", `{"redirect_uris":["` + callback + `"],"id_token_signed_response_alg":"none"}`, "invalid_client_metadata"},
		{"repeated member", `{"redirect_uris":["` + callback + `"],"scope":"read","scope":"read"}`, "invalid_client_metadata"},
		{"no object", `[]`, "invalid_client_metadata"},
		{"unknown response type", `{"redirect_uris":["` + callback + `"],"response_types":["code","magic"]}`, "invalid_client_metadata"},
		{"response type whose grant is not enabled", `{"redirect_uris":["` + callback + `"],"response_types":["token"]}`, "invalid_client_metadata"},
		{"response type without its grant", `{"redirect_uris":["` + callback + `"],"grant_types":["client_credentials"],"response_types":["code"]}`, "invalid_client_metadata"},
		{"client credentials without a secret", `{"token_endpoint_auth_method":"none","grant_types":["client_credentials"]}`, "invalid_client_metadata"},
		{"relative address after logout", `{"redirect_uris":["` + callback + `"],"post_logout_redirect_uris":["bye"]}`, "invalid_client_metadata"},
		{"pairwise subjects for two hosts", `{"redirect_uris":["https://a.example/cb","https://b.example/cb"],"subject_type":"pairwise"}`, "invalid_client_metadata"},
		{"sector over plain HTTP", `{"redirect_uris":["` + callback + `"],"sector_identifier_uri":"http://app.example/sector"}`, "invalid_client_metadata"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if a := w.send(http.MethodPost, "", tt.body); a.status != 400 || a.text("error") != tt.code {
				t.Errorf("%d %s, want %s", a.status, a.body, tt.code)
			}
		})
	}
}

// Key sets at addresses that a client gave itself do not lead inside; those that an administrator wrote, or allowed, do.
func TestKeySetAddresses(t *testing.T) {
	w := newWorld(t)
	own := newParty(w, jose.RS256, jose.KindRSA2048)
	set, err := strconv.Unquote(own.jwks())
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	site := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(rw, r, "/keys", http.StatusFound)
			return
		}
		_, _ = io.WriteString(rw, set)
	}))
	site.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			asked.Add(1)
		}
	}
	site.Config.ErrorLog = log.New(io.Discard, "", 0)
	site.StartTLS()
	defer site.Close()
	const open = `"clientDynamicRegistrationConfig":{"allowDynamicRegistration":true},"advancedOAuth2Config":{"supportedScopes":["read"]}`
	w.provider("/", `{`+open+`}`)
	a := w.send(http.MethodPost, "", `{"grant_types":["client_credentials"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"`+site.URL+`/keys","scope":"read"}`)
	id := a.text("client_id")
	if a.status != 201 {
		t.Fatal(a.body)
	}
	ask := func(id string) answer {
		return w.post("/", "access_token", form("grant_type", "client_credentials", "client_assertion_type", assertionType, "client_assertion", own.sign(id, id, nil), "scope", "read"))
	}
	if a := ask(id); a.status != 400 || asked.Load() != 0 {
		t.Errorf("%d %s, called %d times", a.status, a.body, asked.Load())
	}
	// What the client writes again is still its own.
	if b := w.send(http.MethodPut, "client_id="+id, `{"grant_types":["client_credentials"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"`+site.URL+`/other","scope":"read"}`, bearer(a.text("registration_access_token"))); b.status != 200 {
		t.Fatal(b.body)
	}
	if a := ask(id); a.status != 400 || asked.Load() != 0 {
		t.Errorf("written again: %d %s, called %d times", a.status, a.body, asked.Load())
	}
	w.provider("/", `{`+open+`,"gatehouseConfig":{"allowedFetchHosts":["`+strings.TrimPrefix(site.URL, "https://")+`"]}}`)
	w.pass(time.Hour)
	if ask(id); asked.Load() == 0 {
		t.Error("an allowed host is not called")
	}

	plain := httptest.NewServer(site.Config.Handler)
	defer plain.Close()
	for _, path := range []string{"/keys", "/moved"} {
		w.client("/", "app", "", `{"coreOAuth2ClientConfig":{"scopes":["read"]},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"]},
			"signEncOAuth2ClientConfig":{"jwksUri":"`+plain.URL+path+`"}}`)
		if a := ask("app"); a.status != 200 {
			t.Errorf("%s of an administrator: %d %s", path, a.status, a.body)
		}
	}
}

// Texts for people may be there in several languages, and a bar in one is a bar.
func TestRegisteredTexts(t *testing.T) {
	w, l := withLogin(t)
	w.provider("/", `{"clientDynamicRegistrationConfig":{"allowDynamicRegistration":true},"advancedOAuth2Config":{"supportedScopes":["read"]}}`)
	a := w.send(http.MethodPost, "", `{"redirect_uris":["`+callback+`"],"scope":"read","client_name":"en|vy","client_name#de":"Neid","client_name#x y":"no","client_name#fr":7,
		"client_uri":"https://app.example/","tos_uri#de":"https://app.example/agb","contacts#de":"x"}`)
	if a.status != 201 || a.text("client_name") != "en|vy" || a.text("client_name#de") != "Neid" || a.text("client_uri") != "https://app.example/" ||
		a.text("tos_uri#de") != "https://app.example/agb" || a.json["tos_uri"] != nil || a.json["client_name#fr"] != nil || strings.Contains(a.body, "x y") || a.json["contacts#de"] != nil {
		t.Fatalf("answer is %d %s", a.status, a.body)
	}
	token := l.signIn("/", "demo", "")
	for lang, name := range map[string]string{"en": "en|vy", "de": "Neid", "fr": "en|vy"} {
		f := form("client_id", a.text("client_id"), "response_type", "code", "redirect_uri", callback, "scope", "read")
		if page := w.get("/", "authorize", f, cookie(token), header("Accept-Language", lang)); !strings.Contains(page.body, "<h1>"+name) && !strings.Contains(page.body, ">"+name+" ") {
			t.Errorf("%s: the page does not name %q: %s", lang, name, page.body)
		}
	}
	if b := w.send(http.MethodPost, "", `{"redirect_uris":["`+callback+`"],"policy_uri#de":"javascript:alert(1)"}`); b.text("error") != "invalid_client_metadata" {
		t.Errorf("an address that is none: %d %s", b.status, b.body)
	}
}

// A client that wants its tokens bound gets no others (RFC 9449 §5.2).
func TestRegisteredDPoP(t *testing.T) {
	w := newWorld(t)
	const body = `{"grant_types":["client_credentials"],"scope":"read","token_endpoint_auth_method":"client_secret_post","dpop_bound_access_tokens":true}`
	settings := `{"clientDynamicRegistrationConfig":{"allowDynamicRegistration":true},"advancedOAuth2Config":{"supportedScopes":["read"]}`
	w.provider("/", settings+`}`)
	wantError(t, w.send(http.MethodPost, "", body), 400, "invalid_client_metadata", "dpop_bound_access_tokens is not supported.")
	w.provider("/", settings+`,"gatehouseConfig":{"dpopEnabled":true}}`)
	a := w.send(http.MethodPost, "", body)
	if a.status != 201 || a.json["dpop_bound_access_tokens"] != true {
		t.Fatalf("answer is %d %s", a.status, a.body)
	}
	f := form("grant_type", "client_credentials", "scope", "read", "client_id", a.text("client_id"), "client_secret", a.text("client_secret"))
	wantError(t, w.post("/", "access_token", f), 400, "invalid_dpop_proof", "The DPoP proof is missing or not valid.")
	h := newHolder(w, jose.ES256, jose.KindP256, nil)
	if a := w.token("/", f, proves(h.proof("access_token", nil))); a.text("token_type") != "DPoP" {
		t.Errorf("token: %s", a.body)
	}
	manage := bearer(a.text("registration_access_token"))
	if b := w.send(http.MethodPut, "client_id="+a.text("client_id"), strings.Replace(body, "true", "false", 1), manage); b.status != 200 || b.json["dpop_bound_access_tokens"] != nil {
		t.Errorf("write: %d %s", b.status, b.body)
	}
	w.token("/", f)
}

// What a software statement of a known publisher says counts more than what the client says.
func TestSoftwareStatements(t *testing.T) {
	w := newWorld(t)
	publisher, stranger := newParty(w, jose.ES256, jose.KindP256), newParty(w, jose.ES256, jose.KindP256)
	w.put("/", store.KindAgent, "publisher", `{"_type":"SoftwarePublisher","issuer":"https://publisher.example","publicKeyLocation":"jwks","jwkSet":`+publisher.jwks()+`,"softwareStatementSigningAlgorithm":"ES256"}`)
	settings := func(required string) {
		w.provider("/", `{"clientDynamicRegistrationConfig":{"allowDynamicRegistration":true,"requiredSoftwareStatementAttestedAttributes":["redirect_uris"],"dynamicClientRegistrationSoftwareStatementRequired":`+required+`},
			"advancedOAuth2Config":{"supportedScopes":["read","write"]}}`)
	}
	settings("false")
	statement := func(p *party, change map[string]any) string {
		claims := map[string]any{"redirect_uris": []string{"https://attested.example/cb"}, "client_name": "Attested", "scope": "read", "exp": nil, "aud": nil}
		maps.Copy(claims, change)
		return p.sign("https://publisher.example", "software", claims)
	}
	register := func(statement string) answer {
		body := map[string]any{"redirect_uris": []string{callback}, "client_name": "Mine", "scope": "write", "contacts": []string{"me@example.com"}}
		if statement != "" {
			body["software_statement"] = statement
		}
		raw, _ := json.Marshal(body)
		return w.send(http.MethodPost, "", string(raw))
	}
	a := register(statement(publisher, nil))
	uris, _ := a.json["redirect_uris"].([]any)
	if a.status != 201 || a.text("client_name") != "Attested" || a.text("scope") != "read" || len(uris) != 1 || uris[0] != "https://attested.example/cb" || a.json["contacts"] == nil {
		t.Errorf("with a statement: %d %s", a.status, a.body)
	}
	if a := register(""); a.status != 201 || a.text("client_name") != "Mine" {
		t.Errorf("without one: %d %s", a.status, a.body)
	}
	for name, tt := range map[string]struct{ statement, code string }{
		"forged":                  {statement(stranger, nil), "invalid_software_statement"},
		"expired":                 {statement(publisher, map[string]any{"exp": w.now().Add(-time.Hour).Unix()}), "invalid_software_statement"},
		"an unknown publisher":    {stranger.sign("https://other.example", "software", nil), "unapproved_software_statement"},
		"a missing attribute":     {statement(publisher, map[string]any{"redirect_uris": nil}), "invalid_software_statement"},
		"a scope nobody may have": {statement(publisher, map[string]any{"scope": "am-introspect-all-tokens"}), "invalid_client_metadata"},
		"no statement":            {"x", "invalid_software_statement"},
	} {
		if a := register(tt.statement); a.status != 400 || a.text("error") != tt.code {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	w.put("/", store.KindAgent, "shared", `{"_type":"SoftwarePublisher","issuer":"https://shared.example","userpassword":"`+w.realms.SealSecret("shared with the publisher")+`","softwareStatementSigningAlgorithm":"HS256"}`)
	w.put("/", store.KindAgent, "nothing", `{"_type":"SoftwarePublisher","issuer":"https://nothing.example","softwareStatementSigningAlgorithm":"HS256"}`)
	sealed := func(iss, secret string) string {
		key, err := jose.NewClientSecret(secret)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := jose.NewSigner(key, jose.HS256, jose.SignerOptions{OmitKeyID: true})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := signer.SignClaims(map[string]any{"iss": iss, "redirect_uris": []string{callback}, "client_name": "Shared", "scope": "read"})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	if a := register(sealed("https://shared.example", "shared with the publisher")); a.status != 201 || a.text("client_name") != "Shared" {
		t.Errorf("with HMAC: %d %s", a.status, a.body)
	}
	for _, iss := range []string{"https://shared.example", "https://nothing.example", "https://publisher.example"} {
		if a := register(sealed(iss, "something else")); a.text("error") != "invalid_software_statement" {
			t.Errorf("with another secret, by %s: %d %s", iss, a.status, a.body)
		}
	}
	settings("true")
	wantError(t, register(""), 400, "invalid_software_statement", "A software statement is required.")
	if a := register(statement(publisher, nil)); a.status != 201 {
		t.Errorf("where it is required: %d %s", a.status, a.body)
	}
}

// Where registration is closed a token with the right scope opens it.
func TestClosedRegistration(t *testing.T) {
	w := newWorld(t)
	w.client("/", "registrar", "s", core("dynamic_client_registration read", "client_credentials"))
	token := func(scope string) option {
		return bearer(w.token("/", form("grant_type", "client_credentials", "scope", scope), basic("registrar", "s")).text("access_token"))
	}
	const body = `{"redirect_uris":["` + callback + `"]}`
	if a := w.send(http.MethodPost, "", body); a.status != 401 {
		t.Errorf("without a token: %d %s", a.status, a.body)
	}
	a := w.send(http.MethodPost, "", body, token("read"))
	if a.status != 403 || a.text("error") != "insufficient_scope" ||
		a.header.Get("WWW-Authenticate") != `Bearer realm="/", error="insufficient_scope", scope="dynamic_client_registration"` {
		t.Errorf("with another scope: %d %s %s", a.status, a.header.Get("WWW-Authenticate"), a.body)
	}
	if a := w.send(http.MethodPost, "", body, token("dynamic_client_registration")); a.status != 201 {
		t.Errorf("with the scope: %d %s", a.status, a.body)
	}
}

// What administrators have set stands when the client changes its registration, and one that they have switched off
// cannot switch itself on.
func TestRegistrationAfterAdministrator(t *testing.T) {
	w := newWorld(t)
	w.provider("/", `{"clientDynamicRegistrationConfig":{"allowDynamicRegistration":true},"advancedOAuth2Config":{"supportedScopes":["read"],"defaultScopes":["read"]}}`)
	a := w.send(http.MethodPost, "", `{"grant_types":["client_credentials"]}`)
	id, manage := a.text("client_id"), bearer(a.text("registration_access_token"))
	administer := func(change func(*realm.Client)) {
		t.Helper()
		rl, _ := w.realms.Find("/")
		c, err := rl.Client(w.ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		copied := *c
		change(&copied)
		body, err := copied.Doc()
		if err != nil {
			t.Fatal(err)
		}
		w.put("/", store.KindAgent, id, string(body))
	}
	update := func() answer {
		return w.send(http.MethodPut, "client_id="+id, `{"grant_types":["client_credentials"],"client_name":"New"}`, manage)
	}
	administer(func(c *realm.Client) { c.Core.AccessTokenLifetime = 33 })
	if b := update(); b.status != 200 || b.text("client_name") != "New" {
		t.Fatalf("update: %d %s", b.status, b.body)
	}
	credentials := form("grant_type", "client_credentials", "client_id", id, "client_secret", a.text("client_secret"), "scope", "read")
	if b := w.token("/", credentials); b.json["expires_in"] != 32.0 {
		t.Errorf("the administrator's lifetime is gone: %s", b.body)
	}
	// What is inherited stays so while the client does not change it.
	w.put("/", store.KindAgentGroup, "apps", `{"_type":"OAuth2Client","coreOAuth2ClientConfig":{"accessTokenLifetime":44,"status":"Active"},"advancedOAuth2ClientConfig":{"grantTypes":["client_credentials"],"contacts":["a@example.com"]}}`)
	grouped := client(t, w, id)
	for _, name := range []string{"accessTokenLifetime", "status"} {
		grouped["coreOAuth2ClientConfig"].(map[string]any)[name] = map[string]any{"inherited": true}
	}
	for _, name := range []string{"grantTypes", "contacts"} {
		grouped["advancedOAuth2ClientConfig"].(map[string]any)[name] = map[string]any{"inherited": true}
	}
	grouped["coreOAuth2ClientConfig"].(map[string]any)["agentgroup"] = "apps"
	raw, err := json.Marshal(grouped)
	if err != nil {
		t.Fatal(err)
	}
	w.put("/", store.KindAgent, id, string(raw))
	if b := update(); b.status != 200 {
		t.Fatalf("update: %d %s", b.status, b.body)
	}
	stored := client(t, w, id)
	core, advanced := stored["coreOAuth2ClientConfig"].(map[string]any), stored["advancedOAuth2ClientConfig"].(map[string]any)
	if !realm.Inherits(core["accessTokenLifetime"]) || !realm.Inherits(advanced["grantTypes"]) || realm.Inherits(advanced["contacts"]) || realm.AgentGroup(stored) != "apps" {
		t.Errorf("stored = %v", stored)
	}
	if b := w.token("/", credentials); b.json["expires_in"] != 43.0 {
		t.Errorf("the group's lifetime is gone: %s", b.body)
	}
	administer(func(c *realm.Client) { c.Core.Status = "Inactive" })
	if b := update(); b.status != 403 || b.text("error") != "access_denied" {
		t.Errorf("update of a client that is switched off: %d %s", b.status, b.body)
	}
	wantError(t, w.post("/", "access_token", credentials), 400, "invalid_client", "Client authentication failed")
}

// client is the stored profile.
func client(t *testing.T, w *world, id string) map[string]any {
	t.Helper()
	d, err := store.Docs{Engine: w.engine}.Get(t.Context(), "/", store.KindAgent, id)
	var o map[string]any
	if err == nil {
		err = json.Unmarshal(d.Body, &o)
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Where anybody may register clients, one address cannot register any number of them; with an access token it can.
func TestManyRegistrations(t *testing.T) {
	w := newWorld(t, func(o *oauth.Options) {
		o.Limits = observe.NewLimits([]string{"registrations"}, map[string]int64{"registrations": 20})
	})
	w.provider("/", `{"clientDynamicRegistrationConfig":{"allowDynamicRegistration":true,"dynamicClientRegistrationScope":"dcr"}}`)
	from := func(address string) answer {
		return w.send(http.MethodPost, "", `{"redirect_uris":["`+callback+`"]}`, func(r *http.Request) { r.RemoteAddr = address + ":1" })
	}
	for i := range 20 {
		if a := from("192.0.2.1"); a.status != 201 {
			t.Fatalf("client %d: %d %s", i, a.status, a.body)
		}
	}
	a := from("192.0.2.1")
	if wantError(t, a, 429, "temporarily_unavailable", "Too many clients are being registered."); a.header.Get("Retry-After") != "1" {
		t.Errorf("header %v", a.header)
	}
	if a := from("192.0.2.2"); a.status != 201 {
		t.Errorf("another address: %d %s", a.status, a.body)
	}
	w.pass(time.Second)
	if a := from("192.0.2.1"); a.status != 201 {
		t.Errorf("after the wait: %d %s", a.status, a.body)
	}
	if a := from("192.0.2.1"); a.status != 429 {
		t.Errorf("again: %d %s", a.status, a.body)
	}
	w.provider("/", `{"clientDynamicRegistrationConfig":{"allowDynamicRegistration":false,"dynamicClientRegistrationScope":"dcr"}}`)
	w.client("/", "registrar", "s", core("dcr", "client_credentials"))
	token := w.token("/", form("grant_type", "client_credentials", "scope", "dcr"), basic("registrar", "s")).text("access_token")
	if a := w.send(http.MethodPost, "", `{"redirect_uris":["`+callback+`"]}`, bearer(token), func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1" }); a.status != 201 {
		t.Errorf("with an access token: %d %s", a.status, a.body)
	}
}
