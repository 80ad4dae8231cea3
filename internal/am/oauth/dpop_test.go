package oauth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// holder proves that it has a key.
type holder struct {
	w      *world
	key    *jose.Key
	signer *jose.Signer
}

func newHolder(w *world, alg jose.Algorithm, kind jose.Kind, header map[string]any) *holder {
	w.t.Helper()
	key, err := jose.Generate(kind)
	if err != nil {
		w.t.Fatal(err)
	}
	o := jose.SignerOptions{Type: "dpop+jwt", OmitKeyID: true, Extra: map[string]any{}}
	if !key.IsSymmetric() {
		public, err := key.Public().MarshalPublic()
		if err != nil {
			w.t.Fatal(err)
		}
		o.Extra["jwk"] = json.RawMessage(public)
	}
	for name, v := range header {
		if name == "typ" {
			o.Type = v.(string)
			continue
		}
		o.Extra[name] = v
		if v == nil {
			delete(o.Extra, name)
		}
	}
	signer, err := jose.NewSigner(key, alg, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return &holder{w, key, signer}
}

// proof is in order for a POST to the endpoint, but for the changes.
func (h *holder) proof(endpoint string, change map[string]any) string {
	h.w.t.Helper()
	claims := map[string]any{"htm": "POST", "htu": base + "/oauth2/" + endpoint, "iat": h.w.now().Unix(), "jti": store.NewRaw()}
	for name, v := range change {
		claims[name] = v
		if v == nil {
			delete(claims, name)
		}
	}
	raw, err := h.signer.SignClaims(claims)
	if err != nil {
		h.w.t.Fatal(err)
	}
	return raw
}

func proves(proof string) option { return header("DPoP", proof) }

func ath(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func own(members string) string { return `{"gatehouseConfig":{` + members + `}}` }

func TestDPoPProofs(t *testing.T) {
	w := newWorld(t)
	w.provider("/", own(`"dpopEnabled":true`))
	w.client("/", "app", "s", core("read", "client_credentials"))
	h := newHolder(w, jose.ES256, jose.KindP256, nil)
	ask := func(o ...option) answer {
		return w.post("/", "access_token", form("grant_type", "client_credentials", "scope", "read"), append(o, basic("app", "s"))...)
	}
	a := ask(proves(h.proof("access_token", nil)))
	if a.status != 200 || a.text("token_type") != "DPoP" {
		t.Fatalf("answer is %d %s", a.status, a.body)
	}
	seen := w.post("/", "introspect", form("token", a.text("access_token")), basic("app", "s"))
	cnf, _ := seen.json["cnf"].(map[string]any)
	if cnf["jkt"] != h.key.Thumbprint() || seen.text("token_type") != "DPoP" {
		t.Errorf("introspection says %s", seen.body)
	}
	if a := ask(); a.status != 200 || a.text("token_type") != "Bearer" {
		t.Errorf("without a proof: %s", a.body)
	}
	private, err := h.key.MarshalPrivate()
	if err != nil {
		t.Fatal(err)
	}
	once := h.proof("access_token", nil)
	if a := ask(proves(once)); a.status != 200 {
		t.Fatal(a.body)
	}
	other := newHolder(w, jose.ES256, jose.KindP256, nil)
	public, _ := other.key.Public().MarshalPublic()
	tests := []struct{ name, proof string }{
		{"shown twice", once},
		{"junk", "x"},
		{"too long", strings.Repeat("x", 9000)},
		{"another typ", newHolder(w, jose.ES256, jose.KindP256, map[string]any{"typ": "JWT"}).proof("access_token", nil)},
		{"no key", newHolder(w, jose.ES256, jose.KindP256, map[string]any{"jwk": nil}).proof("access_token", nil)},
		{"a private key", newHolder(w, jose.ES256, jose.KindP256, map[string]any{"jwk": json.RawMessage(private)}).proof("access_token", nil)},
		{"another's key", newHolder(w, jose.ES256, jose.KindP256, map[string]any{"jwk": json.RawMessage(public)}).proof("access_token", nil)},
		{"a symmetric key", newHolder(w, jose.HS256, jose.KindOct256, map[string]any{"jwk": json.RawMessage(`{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`)}).proof("access_token", nil)},
		{"another method", h.proof("access_token", map[string]any{"htm": "GET"})},
		{"another address", h.proof("userinfo", nil)},
		{"another host", h.proof("access_token", map[string]any{"htu": "http://other.example/openam/oauth2/access_token"})},
		{"no address", h.proof("access_token", map[string]any{"htu": nil})},
		{"no jti", h.proof("access_token", map[string]any{"jti": nil})},
		{"no iat", h.proof("access_token", map[string]any{"iat": nil})},
		{"old", h.proof("access_token", map[string]any{"iat": w.now().Add(-3 * time.Minute).Unix()})},
		{"of the future", h.proof("access_token", map[string]any{"iat": w.now().Add(time.Minute).Unix()})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantError(t, ask(proves(tt.proof)), 400, "invalid_dpop_proof", "The DPoP proof is missing or not valid.")
		})
	}
	if a := ask(func(r *http.Request) {
		r.Header.Add("DPoP", h.proof("access_token", nil))
		r.Header.Add("DPoP", h.proof("access_token", nil))
	}); a.status != 400 {
		t.Errorf("two proofs: %d", a.status)
	}
	for name, htu := range map[string]string{
		"query and fragment": base + "/oauth2/access_token?x=y#z", "the other spelling of the realm": base + "/oauth2/realms/root/access_token",
		"capitals in the host": "HTTP://AM.example.com:8088/openam/oauth2/access_token",
	} {
		if a := ask(proves(h.proof("access_token", map[string]any{"htu": htu}))); a.status != 200 {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	d := w.get("/", ".well-known/openid-configuration", nil)
	if list, _ := d.json["dpop_signing_alg_values_supported"].([]any); len(list) == 0 {
		t.Errorf("discovery says %s", d.body)
	}
	w.provider("/", own(`"dpopRequired":true`))
	wantError(t, ask(), 400, "invalid_dpop_proof", "The DPoP proof is missing or not valid.")
	w.provider("/", `{}`)
	if a := ask(proves(h.proof("access_token", nil))); a.text("token_type") != "Bearer" {
		t.Errorf("switched off: %s", a.body)
	}
	if d := w.get("/", ".well-known/openid-configuration", nil); d.json["dpop_signing_alg_values_supported"] != nil {
		t.Error("discovery offers what is switched off")
	}
}

// Codes, tokens and the refresh tokens of public clients are of use to nobody but the holder of the key.
func TestDPoPBinding(t *testing.T) {
	w, l := withLogin(t)
	w.provider("/", own(`"dpopEnabled":true`))
	w.client("/", "web", "", webClient(`,"clientType":"Public"`, "", ""))
	token := l.signIn("/", "demo", "")
	h, thief := newHolder(w, jose.ES256, jose.KindP256, nil), newHolder(w, jose.ES256, jose.KindP256, nil)
	redeem := func(code string, o ...option) answer {
		return w.post("/", "access_token", form("grant_type", "authorization_code", "client_id", "web", "code", code, "redirect_uri", callback), o...)
	}
	const grantText = "The provided access grant is invalid, expired, or revoked."
	bound := func() string { return w.code(token, "scope", "openid read", "dpop_jkt", h.key.Thumbprint()) }
	wantError(t, redeem(bound()), 400, "invalid_grant", grantText)
	wantError(t, redeem(bound(), proves(thief.proof("access_token", nil))), 400, "invalid_grant", grantText)
	a := redeem(bound(), proves(h.proof("access_token", nil)))
	if a.status != 200 || a.text("token_type") != "DPoP" || a.text("refresh_token") == "" {
		t.Fatalf("answer is %d %s", a.status, a.body)
	}
	_, q := location(t, w.post("/", "authorize", form("client_id", "web", "response_type", "code", "redirect_uri", callback, "scope", "read", "dpop_jkt", "short", "decision", "allow", "csrf", token), cookie(token)))
	if q.Get("error_description") != "Invalid dpop_jkt parameter" {
		t.Errorf("a broken dpop_jkt: %v", q)
	}

	access := a.text("access_token")
	get := func(scheme string, h *holder, change map[string]any) answer {
		o := []option{header("Authorization", scheme+" "+access)}
		if h != nil {
			claims := map[string]any{"htm": "GET", "ath": ath(access)}
			for n, v := range change {
				claims[n] = v
			}
			o = append(o, proves(h.proof("userinfo", claims)))
		}
		return w.get("/", "userinfo", nil, o...)
	}
	if a := get("DPoP", h, nil); a.status != 200 {
		t.Errorf("with a proof: %d %s", a.status, a.body)
	}
	for name, a := range map[string]answer{
		"as a bearer token": get("Bearer", h, nil), "without a proof": get("DPoP", nil, nil), "another key": get("DPoP", thief, nil),
		"proof for another token": get("DPoP", h, map[string]any{"ath": ath("x")}), "proof for no token": get("DPoP", h, map[string]any{"ath": nil}),
	} {
		if a.status != 401 || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), `DPoP realm="/", error="`) {
			t.Errorf("%s: %d %s %s", name, a.status, a.header.Get("WWW-Authenticate"), a.body)
		}
	}
	refresh := func(raw string, o ...option) answer {
		return w.post("/", "access_token", form("grant_type", "refresh_token", "refresh_token", raw, "client_id", "web"), o...)
	}
	wantError(t, refresh(a.text("refresh_token")), 400, "invalid_grant", grantText)
	wantError(t, refresh(a.text("refresh_token"), proves(thief.proof("access_token", nil))), 400, "invalid_grant", grantText)
	again := refresh(a.text("refresh_token"), proves(h.proof("access_token", nil)))
	if again.status != 200 || again.text("token_type") != "DPoP" {
		t.Errorf("refreshed: %d %s", again.status, again.body)
	}
	plain := redeem(w.code(token, "scope", "openid")).text("access_token")
	if a := w.get("/", "userinfo", nil, header("Authorization", "DPoP "+plain), proves(h.proof("userinfo", map[string]any{"htm": "GET", "ath": ath(plain)}))); a.status != 401 {
		t.Errorf("a bearer token shown as bound: %d %s", a.status, a.body)
	}

	// A confidential client may change its key, but not go without.
	w.client("/", "web", "s", webClient("", "", ""))
	secret := basic("web", "s")
	first := w.post("/", "access_token", form("grant_type", "authorization_code", "code", w.code(token, "scope", "read"), "redirect_uri", callback), secret, proves(h.proof("access_token", nil)))
	next := w.post("/", "access_token", refreshWith(first.text("refresh_token")), secret, proves(thief.proof("access_token", nil)))
	seen := w.post("/", "introspect", form("token", next.text("access_token")), secret)
	if cnf, _ := seen.json["cnf"].(map[string]any); cnf["jkt"] != thief.key.Thumbprint() {
		t.Errorf("with another key: %s", seen.body)
	}
	wantError(t, w.post("/", "access_token", refreshWith(next.text("refresh_token")), secret), 400, "invalid_grant", grantText)

	// A pushed request is bound by the proof of the push.
	pushed := w.post("/", "par", form("response_type", "code", "redirect_uri", callback, "scope", "read"), secret, proves(h.proof("par", nil)))
	_, q = location(t, w.post("/", "authorize", form("client_id", "web", "request_uri", pushed.text("request_uri"), "decision", "allow", "csrf", token), cookie(token)))
	wantError(t, w.post("/", "access_token", form("grant_type", "authorization_code", "code", q.Get("code"), "redirect_uri", callback), secret), 400, "invalid_grant", grantText)
}

// Client-side access tokens in the form of RFC 9068.
func TestAccessTokenProfile(t *testing.T) {
	w := newWorld(t)
	w.provider("/", `{"coreOAuth2Config":{"statelessTokensEnabled":true},"gatehouseConfig":{"atJwtProfile":true,"dpopEnabled":true}}`)
	w.client("/", "app", "s", core("read write", "password refresh_token"))
	h := newHolder(w, jose.ES256, jose.KindP256, nil)
	a := w.token("/", passwordGrant("read write"), basic("app", "s"), proves(h.proof("access_token", nil)))
	raw := a.text("access_token")
	head, err := jose.Unverified(raw)
	if err != nil || head.Header.Type != "at+jwt" || head.Header.Algorithm != jose.RS256 || head.Header.KeyID == "" {
		t.Fatalf("header is %+v, %v", head, err)
	}
	claims := w.verified(raw)
	for name, want := range map[string]any{"iss": base + "/oauth2", "aud": base + "/oauth2", "sub": "(usr!demo)", "client_id": "app", "scope": "read write", "token_type": "DPoP"} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	for _, name := range []string{"exp", "iat", "jti", "auth_time", "cnf"} {
		if claims[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
	seen := w.post("/", "introspect", form("token", raw), basic("app", "s"))
	if seen.json["active"] != true || seen.text("scope") != "read write" || seen.text("client_id") != "app" {
		t.Errorf("introspection says %s", seen.body)
	}
	if head, err = jose.Unverified(a.text("refresh_token")); err != nil || head.Header.Type != "JWT" {
		t.Errorf("the refresh token is %+v, %v", head, err)
	}
	again := w.token("/", refreshWith(a.text("refresh_token")), basic("app", "s"), proves(h.proof("access_token", nil)))
	if again.text("scope") != "read write" {
		t.Errorf("refreshed: %s", again.body)
	}
}

// Whatever a proof looks like, it is refused and not a server error.
func FuzzDPoPProof(f *testing.F) {
	w := newWorld(f)
	w.provider("/", own(`"dpopEnabled":true`))
	w.client("/", "app", "s", core("read", "client_credentials"))
	h := newHolder(w, jose.ES256, jose.KindP256, nil)
	for _, seed := range []string{"", "a.b.c", h.proof("userinfo", nil), `eyJqd2siOnt9LCJhbGciOiJFUzI1NiJ9.e30.AA`, `eyJqd2siOjEsImFsZyI6IkVTMjU2In0.e30.AA`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, proof string) {
		w.t = t
		a := w.post("/", "access_token", form("grant_type", "client_credentials", "scope", "read"), basic("app", "s"),
			func(r *http.Request) { r.Header["Dpop"] = []string{proof} })
		if a.status != 400 {
			t.Errorf("%q: %d %s", proof, a.status, a.body)
		}
	})
}

// Where the settings want nonces, proofs need one of this server, which it hands out and takes for some minutes.
func TestDPoPNonces(t *testing.T) {
	w := newWorld(t)
	w.provider("/", own(`"dpopNonceRequired":true`))
	w.client("/", "app", "s", core("read openid", "password"))
	h := newHolder(w, jose.ES256, jose.KindP256, nil)
	ask := func(nonce any) answer {
		return w.post("/", "access_token", passwordGrant("openid"), proves(h.proof("access_token", map[string]any{"nonce": nonce})), basic("app", "s"))
	}
	w.pass(time.Minute - time.Duration(w.now().Second())*time.Second) // to the beginning of a nonce's minute
	a := ask(nil)
	wantError(t, a, 400, "use_dpop_nonce", "The DPoP proof needs the nonce of this server.")
	nonce := a.header.Get("DPoP-Nonce")
	if len(nonce) < 22 {
		t.Fatalf("the nonce is %q", nonce)
	}
	wantError(t, ask("x"+nonce), 400, "use_dpop_nonce", "The DPoP proof needs the nonce of this server.")
	bought := ask(nonce)
	if bought.status != 200 || bought.text("token_type") != "DPoP" {
		t.Fatalf("with the nonce: %d %s", bought.status, bought.body)
	}
	w.pass(time.Minute)
	again := ask(nonce)
	if next := again.header.Get("DPoP-Nonce"); again.status != 200 || next == nonce || next == "" {
		t.Errorf("a minute later: %d %s, next nonce %q", again.status, again.body, next)
	}
	w.pass(time.Minute)
	wantError(t, ask(nonce), 400, "use_dpop_nonce", "The DPoP proof needs the nonce of this server.")
	if a := w.post("/", "access_token", passwordGrant("openid"), basic("app", "s")); a.status != 200 || a.text("token_type") != "Bearer" {
		t.Errorf("without a proof: %d %s", a.status, a.body)
	}

	token := bought.text("access_token")
	see := func(nonce any) answer {
		proof := h.proof("userinfo", map[string]any{"htm": "GET", "ath": ath(token), "nonce": nonce})
		return w.get("/", "userinfo", nil, header("Authorization", "DPoP "+token), proves(proof))
	}
	a = see(nil)
	if challenge := a.header.Get("WWW-Authenticate"); a.status != 401 || !strings.HasPrefix(challenge, "DPoP ") || !strings.Contains(challenge, `error="use_dpop_nonce"`) {
		t.Errorf("a resource without a nonce: %d %s", a.status, challenge)
	}
	if a := see(a.header.Get("DPoP-Nonce")); a.status != 200 {
		t.Errorf("a resource with the nonce: %d %s", a.status, a.body)
	}
	w.provider("/alpha", own(`"dpopNonceRequired":true`))
	w.client("/alpha", "app", "s", core("read openid", "password"))
	fresh := see(nil).header.Get("DPoP-Nonce")
	proof := h.proof("realms/root/realms/alpha/access_token", map[string]any{"nonce": fresh})
	if a := w.post("/alpha", "access_token", passwordGrant("openid"), proves(proof), basic("app", "s")); a.text("error") != "use_dpop_nonce" {
		t.Errorf("the nonce of another realm: %d %s", a.status, a.body)
	}
}

// A proof that the server does not take costs no code: the client has to ask again with the nonce (RFC 9449 §8), or with the
// right key.
func TestDPoPCodeOutlivesProof(t *testing.T) {
	w, l := withLogin(t)
	w.client("/", "web", "", webClient(`,"clientType":"Public"`, "", ""))
	token := l.signIn("/", "demo", "")
	h, thief := newHolder(w, jose.ES256, jose.KindP256, nil), newHolder(w, jose.ES256, jose.KindP256, nil)
	redeem := func(code string, o ...option) answer {
		return w.post("/", "access_token", form("grant_type", "authorization_code", "client_id", "web", "code", code, "redirect_uri", callback), o...)
	}
	tests := []struct {
		name, settings, code string
		first                []option
	}{
		{"no nonce", `"dpopNonceRequired":true`, "use_dpop_nonce", []option{proves(h.proof("access_token", nil))}},
		{"no proof", `"dpopRequired":true`, "invalid_dpop_proof", nil},
		{"broken proof", `"dpopEnabled":true`, "invalid_dpop_proof", []option{proves("x")}},
		{"another key", `"dpopEnabled":true`, "invalid_grant", []option{proves(thief.proof("access_token", nil))}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.provider("/", own(tt.settings))
			code := w.code(token, "scope", "read", "dpop_jkt", h.key.Thumbprint())
			first := redeem(code, tt.first...)
			if first.status != 400 || first.text("error") != tt.code {
				t.Errorf("first: %d %s", first.status, first.body)
			}
			change := map[string]any{}
			if nonce := first.header.Get("DPoP-Nonce"); nonce != "" {
				change["nonce"] = nonce
			}
			if a := redeem(code, proves(h.proof("access_token", change))); a.status != 200 || a.text("token_type") != "DPoP" {
				t.Errorf("again: %d %s", a.status, a.body)
			}
		})
	}
}

// Nobody makes a bearer token of one that is bound to a key by exchanging it; a client that may_act names, and that does not
// have the key, gets one of its own.
func TestExchangeOfBoundTokens(t *testing.T) {
	w, _ := exchangeWorld(t, `{"client_id":["first","acting","public"]}`, "")
	w.provider("/", `{"coreOAuth2Config":{"accessTokenMayActScript":"`+mayActScript+`"},"gatehouseConfig":{"dpopEnabled":true}}`)
	w.client("/", "first", "s", `{"coreOAuth2ClientConfig":{"scopes":["mail"],"defaultScopes":["mail"]},"advancedOAuth2ClientConfig":{"grantTypes":["password","`+grantExchange+`"]}}`)
	w.client("/", "reader", "s", core("am-introspect-all-tokens", ""))
	w.client("/", "public", "", `{"coreOAuth2ClientConfig":{"clientType":"Public","scopes":["mail"],"defaultScopes":["mail"]},"advancedOAuth2ClientConfig":{"grantTypes":["`+grantExchange+`"],"tokenEndpointAuthMethod":"none"}}`)
	h, other := newHolder(w, jose.ES256, jose.KindP256, nil), newHolder(w, jose.ES256, jose.KindP256, nil)
	ask := func(of *holder, f []string, o ...option) answer {
		if of != nil {
			o = append(o, proves(of.proof("access_token", nil)))
		}
		return w.post("/", "access_token", f, o...)
	}
	bound := ask(h, passwordGrant("mail"), basic("first", "s"))
	if bound.text("token_type") != "DPoP" {
		t.Fatalf("%d %s", bound.status, bound.body)
	}
	wanted := exchange(bound.text("access_token"), typeAccessToken)
	public := append(form("client_id", "public"), wanted...)
	tests := []struct {
		name   string
		of     *holder
		f      []string
		client option
		want   string // the token type, "" for a refusal
		key    *holder
	}{
		{"its client without a proof", nil, wanted, basic("first", "s"), "", nil},
		{"its client with the key", h, wanted, basic("first", "s"), "DPoP", h},
		{"its client with a new key", other, wanted, basic("first", "s"), "DPoP", other},
		{"a public client without a proof", nil, public, func(*http.Request) {}, "", nil},
		{"a public client with another key", other, public, func(*http.Request) {}, "", nil},
		{"a public client with the key", h, public, func(*http.Request) {}, "DPoP", h},
		{"another client", nil, wanted, basic("acting", "s"), "Bearer", nil},
		{"another client with a key of its own", other, wanted, basic("acting", "s"), "DPoP", other},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(tt.of, tt.f, tt.client)
			if tt.want == "" {
				wantError(t, a, 400, "invalid_grant", "The provided access grant is invalid, expired, or revoked.")
				return
			}
			if a.status != 200 || a.text("token_type") != tt.want {
				t.Fatalf("%d %s", a.status, a.body)
			}
			cnf, _ := w.post("/", "introspect", form("token", a.text("access_token")), basic("reader", "s")).json["cnf"].(map[string]any)
			if tt.key != nil && cnf["jkt"] != tt.key.key.Thumbprint() || tt.key == nil && cnf != nil {
				t.Errorf("cnf is %v", cnf)
			}
		})
	}
}
