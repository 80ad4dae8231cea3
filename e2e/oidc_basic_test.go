package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// The profile that the OpenID Foundation calls "basic": a server for clients with a secret and the authorization code
// flow. Each row is a requirement of OpenID Connect Core 1.0, or of what it builds on, with its section, tried from
// outside on the built binary.

const (
	opRedirect = "https://rp.example.com/cb"
	opSecret   = "a-secret-of-the-relying-party"
)

// op is the server under test, with a user who is signed in.
type op struct {
	*am
	issuer   string
	provider *oidc.Provider
	token    string // the user's session
	keep     *http.Client
	key      *ecdsa.PrivateKey // of the client rp-signs
}

func newOP(t *testing.T) *op {
	t.Helper()
	o := &op{am: startAM(t, t.TempDir())}
	o.issuer = o.base + "/oauth2"
	root := "/realms/root/realm-config"
	o.rest("POST", root+"/services/oauth-oidc?_action=create", map[string]any{
		"consent":              map[string]any{"clientsCanSkipConsent": true},
		"advancedOAuth2Config": map[string]any{"supportedScopes": []string{"openid", "profile", "email", "address", "phone"}},
		"advancedOIDCConfig":   map[string]any{"claimsParameterSupported": true},
	})
	var err error
	if o.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: o.key.Public(), KeyID: "rp-signs", Algorithm: "ES256", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	signing := map[string]any{
		"rp-signs":    map[string]any{"publicKeyLocation": "jwks", "jwkSet": string(keys)},
		"rp-unsigned": map[string]any{"idTokenSignedResponseAlg": "none"},
	}
	lives := map[string]any{"rp-quick": 1}
	for _, id := range []string{"rp", "rp-post", "rp-asks", "rp-quick", "rp-signs", "rp-unsigned"} {
		method := "client_secret_basic"
		if id == "rp-post" {
			method = "client_secret_post"
		}
		o.rest("PUT", root+"/agents/OAuth2Client/"+id, map[string]any{
			"coreOAuth2ClientConfig": map[string]any{"userpassword": opSecret, "redirectionUris": []string{opRedirect, opRedirect + "?a=b"},
				"scopes": []string{"openid", "profile", "email", "address", "phone", "offline_access"}, "authorizationCodeLifetime": lives[id]},
			"signEncOAuth2ClientConfig": signing[id],
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"authorization_code", "refresh_token"},
				"tokenEndpointAuthMethod": method, "isConsentImplied": id != "rp-asks"},
		})
	}
	o.rest("POST", "/realms/root/users?_action=create", map[string]any{
		"username": "erin", "userpassword": "Pass-w0rd", "givenName": "Erin", "sn": "Example", "cn": "Erin Example", "mail": "erin@example.com",
		"telephoneNumber": "+49 30 123456", "postalAddress": "1 Main Road",
	})
	o.keep = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	o.token = o.signIn()
	if o.provider, err = oidc.NewProvider(t.Context(), o.issuer); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *op) signIn() string {
	o.t.Helper()
	req, err := http.NewRequest("POST", o.base+"/json/realms/root/authenticate", nil)
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("X-OpenAM-Username", "erin")
	req.Header.Set("X-OpenAM-Password", "Pass-w0rd")
	status, body := send(o.t, req)
	token, _ := body["tokenId"].(string)
	if status != 200 || token == "" {
		o.t.Fatalf("sign in: %d %v", status, body)
	}
	return token
}

// reply is what a browser gets.
type reply struct {
	status int
	to     *url.URL // where it is sent, nil when it is not
	body   string
}

func (r reply) param(name string) string {
	if r.to == nil {
		return ""
	}
	return r.to.Query().Get(name)
}

// ask sends an authentication request that is in order but for change: name, value in turn, "" to leave one out.
func (o *op) ask(t *testing.T, session, method string, change ...string) reply {
	t.Helper()
	v := url.Values{"client_id": {"rp"}, "response_type": {"code"}, "scope": {"openid"}, "redirect_uri": {opRedirect}, "state": {"the state"}, "nonce": {"the nonce"}}
	for i := 0; i+1 < len(change); i += 2 {
		v.Set(change[i], change[i+1])
		if change[i+1] == "" {
			v.Del(change[i])
		}
	}
	address, body := o.issuer+"/authorize?"+v.Encode(), ""
	if method == "POST" {
		address, body = o.issuer+"/authorize", v.Encode()
	}
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Accept", "text/html")
	if session != "" {
		req.AddCookie(&http.Cookie{Name: "iPlanetDirectoryPro", Value: session})
	}
	return o.visit(t, req)
}

func (o *op) visit(t *testing.T, req *http.Request) reply {
	t.Helper()
	resp, err := o.keep.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{status: resp.StatusCode, body: string(b)}
	if l := resp.Header.Get("Location"); l != "" {
		if r.to, err = url.Parse(l); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// code is ask where a code must come.
func (o *op) code(t *testing.T, change ...string) string {
	t.Helper()
	r := o.ask(t, o.token, "GET", change...)
	if r.param("code") == "" {
		t.Fatalf("no code: %d %v %s", r.status, r.to, r.body)
	}
	return r.param("code")
}

// redeem exchanges a code at the token endpoint; more are parameters that replace or add.
func (o *op) redeem(code string, more ...string) (int, map[string]any) {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {opRedirect}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	status, body, _ := o.am.token("/oauth2/access_token", "rp", opSecret, form)
	return status, body
}

// tokens is the whole flow, with the ID token verified by an independent client.
func (o *op) tokens(t *testing.T, change ...string) (body, id map[string]any) {
	t.Helper()
	status, body := o.redeem(o.code(t, change...))
	raw, _ := body["id_token"].(string)
	if status != 200 || raw == "" {
		t.Fatalf("no ID token: %d %v", status, body)
	}
	return body, o.verified(t, raw, "rp")
}

func (o *op) verified(t *testing.T, raw, client string) map[string]any {
	t.Helper()
	tok, err := o.provider.Verifier(&oidc.Config{ClientID: client}).Verify(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	if err := tok.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func (o *op) userInfo(t *testing.T, access, how string) (int, map[string]any) {
	t.Helper()
	method, body := "GET", ""
	if how != "header" {
		method = "POST"
	}
	if how == "body" {
		body = url.Values{"access_token": {access}}.Encode()
	}
	req, err := http.NewRequest(method, o.issuer+"/userinfo", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if how == "body" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		req.Header.Set("Authorization", "Bearer "+access)
	}
	return send(t, req)
}

func has(t *testing.T, claims map[string]any, names ...string) {
	t.Helper()
	for _, n := range names {
		if claims[n] == nil || claims[n] == "" {
			t.Errorf("%s is missing in %v", n, claims)
		}
	}
}

func lacks(t *testing.T, claims map[string]any, names ...string) {
	t.Helper()
	for _, n := range names {
		if claims[n] != nil {
			t.Errorf("%s is in %v", n, claims)
		}
	}
}

// refused demands an error that is sent back to the client with the state.
func refused(t *testing.T, r reply, code string) {
	t.Helper()
	if r.to == nil || !strings.HasPrefix(r.to.String(), opRedirect) || r.param("error") != code || r.param("state") != "the state" || r.param("code") != "" {
		t.Errorf("got %d %v, want the error %s", r.status, r.to, code)
	}
}

// asksToSignIn demands that the user is asked, not the client answered.
func asksToSignIn(t *testing.T, r reply) {
	t.Helper()
	if r.to == nil || !strings.Contains(r.to.Path, "/XUI/") && !strings.Contains(r.to.Path, "/UI/") || r.to.Query().Get("goto") == "" {
		t.Errorf("got %d %v %.200s, want the sign-in page", r.status, r.to, r.body)
	}
}

// basicModules are the modules of the Foundation's test plan for this profile, without their prefix "oidcc-", and the
// row of TestOIDCBasic that is theirs.
var basicModules = map[string]string{
	"server":                "the answer has code and state",
	"response-type-missing": "a request without response_type is refused",
	"idtoken-signature":     "the ID token's header names the key",
	"idtoken-unsigned":      "an unsigned ID token is not offered, and not given to a client whose profile asks for one",
	"userinfo-get":          "userinfo takes the token in the header of a GET",
	"userinfo-post-header":  "userinfo takes the token in the header of a POST",
	"userinfo-post-body":    "userinfo takes the token in the body of a POST",
	"ensure-request-without-nonce-succeeds-for-code-flow": "a request without nonce is taken, and the ID token then has none",
	"scope-profile":                     "scope profile gives the profile",
	"scope-email":                       "scope email gives the address",
	"scope-address":                     "scope address gives an object",
	"scope-phone":                       "scope phone gives the number",
	"scope-all":                         "all scopes at once",
	"ensure-other-scope-order-succeeds": "the order of scopes does not matter",
	"display-page":                      "display=page is taken",
	"display-popup":                     "display=popup is taken",
	"prompt-login":                      "prompt=login asks again, and auth_time is new",
	"prompt-none-not-logged-in":         "prompt=none without a session is an error",
	"prompt-none-logged-in":             "prompt=none with a session is answered",
	"max-age-1":                         "max_age asks who signed in longer ago, and auth_time is there",
	"max-age-10000":                     "max_age asks nobody who signed in lately",
	"ensure-request-with-unknown-parameter-succeeds": "parameters that nobody knows are ignored",
	"id-token-hint":  "id_token_hint of the user with prompt=none is answered for that user",
	"login-hint":     "login_hint is taken",
	"ui-locales":     "ui_locales is taken",
	"claims-locales": "claims_locales is taken",
	"ensure-request-with-acr-values-succeeds": "acr_values is taken, and the ID token says what was reached",
	"codereuse":                      "a code is good for once, and shown again it takes its tokens along",
	"codereuse-30seconds":            "a code that is shown again after its time, too, takes its tokens along",
	"ensure-registered-redirect-uri": "a redirect_uri that is not registered is shown to the user, who is not sent there",
	"ensure-post-request-succeeds":   "the request may be posted",
	"server-client-secret-post":      "a client registered for client_secret_post is served",
	"request-uri-unsigned-supported-correctly-or-rejected-as-unsupported":    "a request_uri that is not registered is not called",
	"unsigned-request-object-supported-correctly-or-rejected-as-unsupported": "an unsigned request object is refused",
	"claims-essential":                        "a claim asked for by name, as essential, comes from userinfo",
	"ensure-request-object-with-redirect-uri": "the redirect_uri of a request object goes before the parameter",
	"refresh-token":                           "a refresh token gives tokens for the same user and client",
	"ensure-request-with-valid-pkce-succeeds": "PKCE is checked where it is used",
}

func TestOIDCBasic(t *testing.T) {
	o := newOP(t)
	scoped := func(scope string, want, not []string) func(*testing.T) {
		return func(t *testing.T) {
			body, _ := o.tokens(t, "scope", scope)
			status, claims := o.userInfo(t, body["access_token"].(string), "header")
			if status != 200 {
				t.Fatalf("userinfo: %d %v", status, claims)
			}
			has(t, claims, append(want, "sub")...)
			lacks(t, claims, not...)
		}
	}
	accepted := func(change ...string) func(*testing.T) {
		return func(t *testing.T) { o.tokens(t, change...) }
	}
	profile, email := []string{"name", "given_name", "family_name"}, []string{"email"}
	rows := []struct {
		section, requirement string
		check                func(*testing.T)
	}{
		{"Discovery §3, §4.2", "the metadata name this issuer and the endpoints and values that clients need", func(t *testing.T) {
			m := map[string]any{}
			if err := o.provider.Claims(&m); err != nil {
				t.Fatal(err)
			}
			has(t, m, "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "scopes_supported", "response_types_supported",
				"subject_types_supported", "id_token_signing_alg_values_supported", "token_endpoint_auth_methods_supported", "claims_supported")
			for name, value := range map[string]string{"response_types_supported": "code", "id_token_signing_alg_values_supported": "RS256", "scopes_supported": "openid"} {
				if list, _ := m[name].([]any); !slices.Contains(list, any(value)) {
					t.Errorf("%s is %v", name, m[name])
				}
			}
		}},
		{"Core §10.1, RFC 7517 §4", "the key set has public keys alone, each with a name", func(t *testing.T) {
			req, _ := http.NewRequest("GET", o.issuer+"/connect/jwk_uri", nil)
			_, set := send(t, req)
			keys, _ := set["keys"].([]any)
			if len(keys) == 0 {
				t.Fatal("no keys")
			}
			for _, k := range keys {
				key := k.(map[string]any)
				has(t, key, "kty", "kid", "use")
				lacks(t, key, "d", "p", "q", "dp", "dq", "qi", "k")
			}
		}},
		{"Core §3.1.2.5", "the answer has code and state", func(t *testing.T) {
			r := o.ask(t, o.token, "GET")
			if r.status != 302 || r.param("code") == "" || r.param("state") != "the state" || r.to.Fragment != "" {
				t.Errorf("got %d %v", r.status, r.to)
			}
		}},
		{"RFC 9207 §2", "the answer names the issuer", func(t *testing.T) {
			if r := o.ask(t, o.token, "GET"); r.param("iss") != o.issuer {
				t.Errorf("got %v", r.to)
			}
		}},
		{"Core §3.1.2.1", "the request may be posted", func(t *testing.T) {
			if r := o.ask(t, o.token, "POST"); r.param("code") == "" {
				t.Errorf("got %d %v", r.status, r.to)
			}
		}},
		{"Core §3.1.3.3", "the token response has its members, is JSON and is not cached", func(t *testing.T) {
			status, body, header := o.am.token("/oauth2/access_token", "rp", opSecret,
				url.Values{"grant_type": {"authorization_code"}, "code": {o.code(t)}, "redirect_uri": {opRedirect}})
			if status != 200 || body["token_type"] != "Bearer" || !strings.HasPrefix(header.Get("Content-Type"), "application/json") ||
				header.Get("Cache-Control") != "no-store" || header.Get("Pragma") != "no-cache" {
				t.Errorf("got %d %v %v", status, body, header)
			}
			has(t, body, "access_token", "id_token", "expires_in")
		}},
		{"Core §2, §3.1.3.7", "the ID token has the claims that are required, for this client, with the nonce", func(t *testing.T) {
			_, id := o.tokens(t)
			has(t, id, "sub", "exp", "iat", "auth_time")
			if id["iss"] != o.issuer || id["aud"] != "rp" || id["nonce"] != "the nonce" || len(id["sub"].(string)) > 255 {
				t.Errorf("ID token is %v", id)
			}
		}},
		{"Core §3.1.3.6", "at_hash, where it is there, is of the access token", func(t *testing.T) {
			body, id := o.tokens(t)
			sum := sha256.Sum256([]byte(body["access_token"].(string)))
			if id["at_hash"] != base64.RawURLEncoding.EncodeToString(sum[:16]) {
				t.Errorf("at_hash is %v", id["at_hash"])
			}
		}},
		{"Core §2, RFC 8725 §3.2", "an unsigned ID token is not offered, and not given to a client whose profile asks for one", func(t *testing.T) {
			m := map[string]any{}
			if err := o.provider.Claims(&m); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"id_token_signing_alg_values_supported", "request_object_signing_alg_values_supported", "token_endpoint_auth_signing_alg_values_supported"} {
				if list, _ := m[name].([]any); len(list) == 0 || slices.Contains(list, any("none")) {
					t.Errorf("%s is %v", name, m[name])
				}
			}
			status, body, _ := o.am.token("/oauth2/access_token", "rp-unsigned", opSecret, url.Values{"grant_type": {"authorization_code"},
				"code": {o.ask(t, o.token, "GET", "client_id", "rp-unsigned").param("code")}, "redirect_uri": {opRedirect}})
			if raw, _ := body["id_token"].(string); status == 200 || raw != "" {
				t.Errorf("got %d %v", status, body)
			}
		}},
		{"Core §10.1", "the ID token's header names the key", func(t *testing.T) {
			body, _ := o.tokens(t)
			head, _, _ := strings.Cut(body["id_token"].(string), ".")
			plain, err := base64.RawURLEncoding.DecodeString(head)
			h := map[string]any{}
			if err != nil || json.Unmarshal(plain, &h) != nil || h["alg"] != "RS256" {
				t.Fatalf("header is %s", plain)
			}
			has(t, h, "kid")
		}},
		{"Core §3.1.2.1", "a request without nonce is taken, and the ID token then has none", func(t *testing.T) {
			_, id := o.tokens(t, "nonce", "")
			lacks(t, id, "nonce")
		}},
		{"Core §8", "a user is always the same sub", func(t *testing.T) {
			_, first := o.tokens(t)
			_, again := o.tokens(t)
			if first["sub"] != again["sub"] {
				t.Errorf("%v and %v", first["sub"], again["sub"])
			}
		}},
		{"Core §3.1.2.1", "a request without response_type is refused", func(t *testing.T) {
			r := o.ask(t, o.token, "GET", "response_type", "")
			if r.param("code") != "" || r.param("error") != "invalid_request" && r.param("error") != "unsupported_response_type" {
				t.Errorf("got %d %v", r.status, r.to)
			}
		}},
		{"RFC 6749 §4.1.2.1", "an unknown response_type is refused", func(t *testing.T) {
			refused(t, o.ask(t, o.token, "GET", "response_type", "magic"), "unsupported_response_type")
		}},
		{"Core §3.1.2.1, RFC 6749 §3.1.2.4", "a redirect_uri that is not registered is shown to the user, who is not sent there", func(t *testing.T) {
			for _, uri := range []string{"https://evil.example.com/cb", opRedirect + "/", opRedirect + "?x=y", strings.Replace(opRedirect, "https", "http", 1)} {
				if r := o.ask(t, o.token, "GET", "redirect_uri", uri); r.to != nil || r.status < 400 || !strings.Contains(r.body, "<h1>") {
					t.Errorf("%s: %d %v", uri, r.status, r.to)
				}
			}
		}},
		{"Core §3.1.2.1", "redirect_uri is required", func(t *testing.T) {
			if r := o.ask(t, o.token, "GET", "redirect_uri", ""); r.to != nil || r.status < 400 {
				t.Errorf("got %d %v", r.status, r.to)
			}
		}},
		{"RFC 6749 §3.1.2", "the query of a registered redirect_uri is kept", func(t *testing.T) {
			if r := o.ask(t, o.token, "GET", "redirect_uri", opRedirect+"?a=b"); r.param("a") != "b" || r.param("code") == "" {
				t.Errorf("got %d %v", r.status, r.to)
			}
		}},
		{"RFC 6749 §2.2", "an unknown client_id is shown to the user", func(t *testing.T) {
			if r := o.ask(t, o.token, "GET", "client_id", "nobody"); r.to != nil || r.status < 400 {
				t.Errorf("got %d %v", r.status, r.to)
			}
		}},
		{"RFC 6749 §4.1.3", "redirect_uri at the token endpoint has to be the same", func(t *testing.T) {
			if status, body := o.redeem(o.code(t), "redirect_uri", opRedirect+"?a=b"); status != 400 || body["error"] != "invalid_grant" {
				t.Errorf("got %d %v", status, body)
			}
		}},
		{"Core §5.3.1", "userinfo takes the token in the header of a GET", func(t *testing.T) {
			body, id := o.tokens(t)
			if status, claims := o.userInfo(t, body["access_token"].(string), "header"); status != 200 || claims["sub"] != id["sub"] {
				t.Errorf("got %d %v", status, claims)
			}
		}},
		{"Core §5.3.1", "userinfo takes the token in the header of a POST", func(t *testing.T) {
			body, id := o.tokens(t)
			if status, claims := o.userInfo(t, body["access_token"].(string), "post"); status != 200 || claims["sub"] != id["sub"] {
				t.Errorf("got %d %v", status, claims)
			}
		}},
		{"RFC 6750 §2.2", "userinfo takes the token in the body of a POST", func(t *testing.T) {
			body, id := o.tokens(t)
			if status, claims := o.userInfo(t, body["access_token"].(string), "body"); status != 200 || claims["sub"] != id["sub"] {
				t.Errorf("got %d %v", status, claims)
			}
		}},
		{"Core §5.3.3, RFC 6750 §3", "userinfo refuses a token that is not valid, and says how to come", func(t *testing.T) {
			req, _ := http.NewRequest("GET", o.issuer+"/userinfo", nil)
			req.Header.Set("Authorization", "Bearer nonsense")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != 401 || !strings.Contains(resp.Header.Get("WWW-Authenticate"), `error="invalid_token"`) {
				t.Errorf("got %d %v", resp.StatusCode, resp.Header)
			}
		}},
		{"Core §5.4", "scope openid alone gives no profile", scoped("openid", nil, append(profile, email...))},
		{"Core §5.4", "scope profile gives the profile", scoped("openid profile", profile, email)},
		{"Core §5.4", "scope email gives the address", scoped("openid email", email, profile)},
		{"Core §5.4, §5.1.1", "scope address gives an object", func(t *testing.T) {
			body, _ := o.tokens(t, "scope", "openid address")
			_, claims := o.userInfo(t, body["access_token"].(string), "header")
			if a, ok := claims["address"].(map[string]any); !ok || a["formatted"] != "1 Main Road" {
				t.Errorf("got %v", claims)
			}
		}},
		{"Core §5.4", "scope phone gives the number", scoped("openid phone", []string{"phone_number"}, email)},
		{"Core §5.4", "all scopes at once", scoped("openid profile email address phone", append([]string{"email", "address", "phone_number"}, profile...), nil)},
		{"Core §3.1.2.1", "the order of scopes does not matter", scoped("email openid", email, profile)},
		{"Core §5.5", "a claim asked for by name, as essential, comes from userinfo", func(t *testing.T) {
			body, _ := o.tokens(t, "claims", `{"userinfo":{"name":{"essential":true}}}`)
			_, claims := o.userInfo(t, body["access_token"].(string), "header")
			has(t, claims, "name")
			lacks(t, claims, "email")
		}},
		{"Core §3.1.2.1", "display=page is taken", accepted("display", "page")},
		{"Core §3.1.2.1", "display=popup is taken", accepted("display", "popup")},
		{"Core §3.1.2.1", "ui_locales is taken", accepted("ui_locales", "se")},
		{"Core §5.2", "claims_locales is taken", accepted("claims_locales", "se")},
		{"Core §3.1.2.1", "acr_values is taken, and the ID token says what was reached", func(t *testing.T) {
			_, id := o.tokens(t, "acr_values", "1 2")
			if _, ok := id["acr"].(string); !ok {
				t.Errorf("acr is %v", id["acr"])
			}
		}},
		{"Core §3.1.2.1", "login_hint is taken", accepted("login_hint", "erin@example.com")},
		{"Core §3.1.2.1", "parameters that nobody knows are ignored", accepted("extra", "foobar")},
		{"Core §3.1.2.1", "who is not signed in is asked to", func(t *testing.T) { asksToSignIn(t, o.ask(t, "", "GET")) }},
		{"Core §3.1.2.6", "prompt=none without a session is an error", func(t *testing.T) {
			r := o.ask(t, "", "GET", "prompt", "none")
			if code := r.param("error"); code != "login_required" && code != "interaction_required" || r.param("state") != "the state" {
				t.Errorf("got %d %v", r.status, r.to)
			}
		}},
		{"Core §3.1.2.1", "prompt=none with a session is answered", accepted("prompt", "none")},
		{"Core §3.1.2.6", "prompt=none where consent is needed is an error", func(t *testing.T) {
			refused(t, o.ask(t, o.token, "GET", "prompt", "none", "client_id", "rp-asks"), "consent_required")
		}},
		{"Core §3.1.2.1", "prompt=none goes with nothing else", func(t *testing.T) {
			refused(t, o.ask(t, o.token, "GET", "prompt", "none login"), "invalid_request")
		}},
		{"Core §3.1.2.4", "consent is asked for, and its refusal told", func(t *testing.T) {
			if r := o.ask(t, o.token, "GET", "client_id", "rp-asks"); r.status != 200 || !strings.Contains(r.body, `name="decision"`) {
				t.Errorf("got %d %.200s", r.status, r.body)
			}
			refused(t, o.ask(t, o.token, "POST", "client_id", "rp-asks", "decision", "deny", "csrf", o.token), "access_denied")
		}},
		{"Core §3.1.2.1", "prompt=login asks again, and auth_time is new", func(t *testing.T) {
			_, before := o.tokens(t)
			r := o.ask(t, o.token, "GET", "prompt", "login")
			asksToSignIn(t, r)
			eventually(t, "a second has passed", func() bool { return o.age(t, before) })
			id := o.comeBack(t, r)
			if id["auth_time"].(float64) <= before["auth_time"].(float64) {
				t.Errorf("auth_time %v is not after %v", id["auth_time"], before["auth_time"])
			}
		}},
		{"Core §3.1.2.1", "max_age asks who signed in longer ago, and auth_time is there", func(t *testing.T) {
			_, before := o.tokens(t)
			var r reply
			eventually(t, "max_age=1 has passed", func() bool {
				r = o.ask(t, o.token, "GET", "max_age", "1")
				return r.param("code") == ""
			})
			asksToSignIn(t, r)
			if id := o.comeBack(t, r); id["auth_time"].(float64) < before["auth_time"].(float64) {
				t.Errorf("auth_time is %v", id["auth_time"])
			}
		}},
		{"Core §3.1.2.1", "max_age asks nobody who signed in lately", func(t *testing.T) {
			_, first := o.tokens(t)
			_, id := o.tokens(t, "max_age", "10000")
			if id["auth_time"] != first["auth_time"] {
				t.Errorf("auth_time is %v, was %v", id["auth_time"], first["auth_time"])
			}
		}},
		{"Core §3.1.2.1", "id_token_hint of the user with prompt=none is answered for that user", func(t *testing.T) {
			body, first := o.tokens(t)
			_, id := o.tokens(t, "prompt", "none", "id_token_hint", body["id_token"].(string))
			if id["sub"] != first["sub"] {
				t.Errorf("sub is %v, was %v", id["sub"], first["sub"])
			}
		}},
		{"RFC 6749 §4.1.2", "a code is good for once, and shown again it takes its tokens along", func(t *testing.T) {
			code := o.code(t)
			_, body := o.redeem(code)
			if status, again := o.redeem(code); status != 400 || again["error"] != "invalid_grant" {
				t.Errorf("got %d %v", status, again)
			}
			if status, _ := o.userInfo(t, body["access_token"].(string), "header"); status != 401 {
				t.Errorf("the token of the first use: %d", status)
			}
		}},
		{"RFC 6749 §4.1.2, §10.5", "a code that is shown again after its time, too, takes its tokens along", func(t *testing.T) {
			code, form := o.code(t, "client_id", "rp-quick"), url.Values{"grant_type": {"authorization_code"}, "redirect_uri": {opRedirect}}
			form.Set("code", code)
			_, body, _ := o.am.token("/oauth2/access_token", "rp-quick", opSecret, form)
			access, _ := body["access_token"].(string)
			if status, _ := o.userInfo(t, access, "header"); status != 200 {
				t.Fatalf("the token is not good: %d", status)
			}
			used := time.Now()
			eventually(t, "the code's second has passed", func() bool { return time.Since(used) > 1500*time.Millisecond })
			if status, again, _ := o.am.token("/oauth2/access_token", "rp-quick", opSecret, form); status != 400 || again["error"] != "invalid_grant" {
				t.Errorf("got %d %v", status, again)
			}
			if status, _ := o.userInfo(t, access, "header"); status != 401 {
				t.Errorf("the token of the first use: %d", status)
			}
		}},
		{"RFC 6749 §5.2", "a code of another client is refused", func(t *testing.T) {
			if status, body := o.redeem(o.code(t, "client_id", "rp-post")); status != 400 || body["error"] != "invalid_grant" {
				t.Errorf("got %d %v", status, body)
			}
		}},
		{"RFC 6749 §5.2", "a wrong secret is refused with a challenge", func(t *testing.T) {
			status, body, header := o.am.token("/oauth2/access_token", "rp", "wrong", url.Values{"grant_type": {"authorization_code"}, "code": {o.code(t)}, "redirect_uri": {opRedirect}})
			if status != 401 || body["error"] != "invalid_client" || !strings.HasPrefix(header.Get("WWW-Authenticate"), "Basic") {
				t.Errorf("got %d %v %v", status, body, header)
			}
		}},
		{"Core §9", "a client registered for client_secret_post is served", func(t *testing.T) {
			status, body, _ := o.am.token("/oauth2/access_token", "", "", url.Values{"grant_type": {"authorization_code"}, "code": {o.code(t, "client_id", "rp-post")},
				"redirect_uri": {opRedirect}, "client_id": {"rp-post"}, "client_secret": {opSecret}})
			if status != 200 {
				t.Fatalf("got %d %v", status, body)
			}
			o.verified(t, body["id_token"].(string), "rp-post")
		}},
		{"Core §6.1, RFC 9101 §10.2", "an unsigned request object is refused", func(t *testing.T) {
			object := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." +
				base64.RawURLEncoding.EncodeToString([]byte(`{"client_id":"rp","response_type":"code","scope":"openid","redirect_uri":"https://evil.example.com/"}`)) + "."
			if r := o.ask(t, o.token, "GET", "request", object); r.status != 400 || r.to != nil {
				t.Errorf("got %d %v", r.status, r.to)
			}
		}},
		{"Core §6.1, RFC 9101 §6.3", "the redirect_uri of a request object goes before the parameter", func(t *testing.T) {
			object := o.sign(t, map[string]any{"iss": "rp-signs", "aud": o.issuer, "client_id": "rp-signs", "response_type": "code", "scope": "openid",
				"redirect_uri": opRedirect, "state": "of the object"})
			r := o.ask(t, o.token, "GET", "client_id", "rp-signs", "redirect_uri", "https://evil.example.com/", "request", object)
			if r.to == nil || !strings.HasPrefix(r.to.String(), opRedirect) || r.param("code") == "" || r.param("state") != "of the object" {
				t.Errorf("got %d %v %.200s", r.status, r.to, r.body)
			}
			object = o.sign(t, map[string]any{"iss": "rp-signs", "aud": o.issuer, "client_id": "rp-signs", "response_type": "code", "scope": "openid",
				"redirect_uri": "https://evil.example.com/"})
			if r := o.ask(t, o.token, "GET", "client_id", "rp-signs", "request", object); r.to != nil {
				t.Errorf("one that is not registered: %d %v", r.status, r.to)
			}
		}},
		{"Core §6.2, RFC 9101 §10.4", "a request_uri that is not registered is not called", func(t *testing.T) {
			if r := o.ask(t, o.token, "GET", "request_uri", "https://rp.example.com/request.jwt"); r.status != 400 || r.to != nil {
				t.Errorf("got %d %v", r.status, r.to)
			}
		}},
		{"Core §12, RFC 6749 §6", "a refresh token gives tokens for the same user and client", func(t *testing.T) {
			body, first := o.tokens(t, "scope", "openid offline_access")
			raw, _ := body["refresh_token"].(string)
			status, again, _ := o.am.token("/oauth2/access_token", "rp", opSecret, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {raw}})
			if status != 200 || again["access_token"] == body["access_token"] {
				t.Fatalf("got %d %v", status, again)
			}
			id := o.verified(t, again["id_token"].(string), "rp")
			if id["sub"] != first["sub"] || id["iss"] != first["iss"] || id["aud"] != first["aud"] || id["auth_time"] != first["auth_time"] {
				t.Errorf("ID token is %v, was %v", id, first)
			}
			if status, _, _ := o.am.token("/oauth2/access_token", "rp-asks", opSecret, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {again["refresh_token"].(string)}}); status != 400 {
				t.Errorf("another client's use of it: %d", status)
			}
		}},
		{"RFC 7636 §4.6", "PKCE is checked where it is used", func(t *testing.T) {
			verifier := strings.Repeat("v3rifier-", 6)
			sum := sha256.Sum256([]byte(verifier))
			challenge := base64.RawURLEncoding.EncodeToString(sum[:])
			if status, body := o.redeem(o.code(t, "code_challenge", challenge, "code_challenge_method", "S256"), "code_verifier", verifier); status != 200 {
				t.Errorf("right: %d %v", status, body)
			}
			if status, _ := o.redeem(o.code(t, "code_challenge", challenge, "code_challenge_method", "S256"), "code_verifier", strings.Repeat("x", 50)); status != 400 {
				t.Errorf("wrong: %d", status)
			}
			if status, _ := o.redeem(o.code(t, "code_challenge", challenge, "code_challenge_method", "S256")); status != 400 {
				t.Errorf("none: %d", status)
			}
		}},
		{"Form Post Response Mode §2", "response_mode=form_post posts the answer", func(t *testing.T) {
			r := o.ask(t, o.token, "GET", "response_mode", "form_post")
			if r.status != 200 || !strings.Contains(r.body, `action="`+opRedirect+`"`) || !strings.Contains(r.body, `name="code"`) || !strings.Contains(r.body, `value="the state"`) {
				t.Errorf("got %d %s", r.status, r.body)
			}
		}},
	}
	tested := map[string]bool{}
	for _, row := range rows {
		tested[row.requirement] = true
		t.Run(row.section+": "+row.requirement, row.check)
	}
	for module, requirement := range basicModules {
		if !tested[requirement] {
			t.Errorf("module %s has no row %q", module, requirement)
		}
	}
}

// sign makes a request object of the client rp-signs.
func (o *op) sign(t *testing.T, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: o.key}, (&jose.SignerOptions{}).WithHeader("kid", "rp-signs"))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// age tells whether the sign-in of an ID token is over a second ago.
func (o *op) age(t *testing.T, id map[string]any) bool {
	t.Helper()
	r := o.ask(t, o.token, "GET", "max_age", "1")
	return id["auth_time"] != nil && r.param("code") == ""
}

// comeBack signs in anew and goes on with the request that led to the sign-in page.
func (o *op) comeBack(t *testing.T, r reply) map[string]any {
	t.Helper()
	req, err := http.NewRequest("GET", r.to.Query().Get("goto"), nil)
	if err != nil {
		t.Fatal(err)
	}
	o.token = o.signIn()
	req.AddCookie(&http.Cookie{Name: "iPlanetDirectoryPro", Value: o.token})
	back := o.visit(t, req)
	status, body := o.redeem(back.param("code"))
	if status != 200 {
		t.Fatalf("after signing in: %d %v, %d %v", back.status, back.to, status, body)
	}
	return o.verified(t, body["id_token"].(string), "rp")
}
