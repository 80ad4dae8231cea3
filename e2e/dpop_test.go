package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// prover is a client of ours with a key of its own; go-jose makes its proofs.
type prover struct {
	t      *testing.T
	key    jose.JSONWebKey
	signer jose.Signer
}

func newProver(t *testing.T) *prover {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &prover{t: t, key: jose.JSONWebKey{Key: k}}
	p.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: k},
		(&jose.SignerOptions{}).WithType("dpop+jwt").WithHeader("jwk", p.key.Public()))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *prover) proof(method, address, token string, change map[string]any) string {
	p.t.Helper()
	claims := map[string]any{"jti": rand.Text(), "htm": method, "htu": address, "iat": time.Now().Unix()}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	for name, v := range change {
		claims[name] = v
	}
	text, err := json.Marshal(claims)
	if err != nil {
		p.t.Fatal(err)
	}
	signed, err := p.signer.Sign(text)
	if err != nil {
		p.t.Fatal(err)
	}
	proof, err := signed.CompactSerialize()
	if err != nil {
		p.t.Fatal(err)
	}
	return proof
}

// buy gets an access token, with a proof if there is one, and what the server said.
func (p *prover) buy(a *am, proof string) (*http.Response, map[string]any) {
	p.t.Helper()
	req, err := http.NewRequest("POST", a.base+"/oauth2/access_token", strings.NewReader(url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}}.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth("svc", "password")
	if proof != "" {
		req.Header.Set("DPoP", proof)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp, decode(p.t, resp)
}

func (p *prover) token(a *am, proof string) string {
	p.t.Helper()
	resp, body := p.buy(a, proof)
	text, _ := body["access_token"].(string)
	kind := map[bool]string{true: "DPoP", false: "Bearer"}[proof != ""]
	if resp.StatusCode != 200 || text == "" || body["token_type"] != kind {
		p.t.Fatalf("token request: %d %v", resp.StatusCode, body)
	}
	return text
}

const dpopAPIRoute = `{"name": "api", "condition": "${find(request.uri.path, '^/api')}", "heap": [
  {"name": "env", "type": "SystemAndEnvSecretStore"},
  {"name": "client", "type": "Chain", "config": {"handler": "ForgeRockClientHandler", "filters": [
    {"type": "ClientSecretBasicAuthenticationFilter", "config": {"clientId": "svc", "clientSecretId": "client.secret.id", "secretsProvider": "env"}}]}}],
 "handler": {"type": "Chain", "config": {"filters": [{"type": "DpopFilter", "config": {"algorithms": ["ES256"], "resourceServerFilter": {
   "type": "OAuth2ResourceServerFilter", "config": {"scopes": ["read"], "requireHttps": false, "cache": {"enabled": true},
     "accessTokenResolver": {"type": "TokenIntrospectionAccessTokenResolver", "config": {
       "endpoint": "http://am.example.com:8088/openam/oauth2/introspect", "providerHandler": "client"}}}}}}],
  "handler": {"type": "StaticResponseHandler", "config": {"status": 200, "headers": {"Content-Type": ["text/plain"]},
    "entity": "${contexts.oauth2.accessToken.info.cnf.jkt}"}}}}}`

// dpopClientRoute calls the first route with a token of the gateway's own.
const dpopClientRoute = `{"name": "client", "condition": "${find(request.uri.path, '^/client')}", "baseURI": "SELF", "heap": [
  {"name": "env", "type": "SystemAndEnvSecretStore", "config": {"mappings": [{"secretId": "dpop.key", "format": {"type": "JwkPropertyFormat"}}]}},
  {"name": "proof", "type": "DpopProofFilter", "config": {"signingSecretId": "dpop.key", "secretsProvider": "env"}},
  {"name": "desk", "type": "Chain", "config": {"handler": "ForgeRockClientHandler", "filters": [
    {"type": "ClientSecretBasicAuthenticationFilter", "config": {"clientId": "svc", "clientSecretId": "client.secret.id", "secretsProvider": "env"}}, "proof"]}}],
 "handler": {"type": "Chain", "config": {"handler": "ReverseProxyHandler", "filters": [
   {"type": "UriPathRewriteFilter", "config": {"mappings": {"/client": "/api"}}},
   {"type": "ClientCredentialsOAuth2ClientFilter", "config": {
     "tokenEndpoint": "http://am.example.com:8088/openam/oauth2/access_token", "endpointHandler": "desk", "scopes": ["read"]}},
   "proof"]}}}`

// Our authorization server binds tokens to keys, and our gateway takes them as a resource server and uses them as a
// client.
func TestDPoP(t *testing.T) {
	a := startAM(t, t.TempDir())
	root := "/realms/root/realm-config"
	a.rest("POST", root+"/services/oauth-oidc?_action=create", map[string]any{"gatehouseConfig": map[string]any{"dpopEnabled": true}})
	a.rest("PUT", root+"/agents/OAuth2Client/svc", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "password", "scopes": []string{"read"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
	})
	own := newProver(t) // the gateway's key
	ownKey, err := own.key.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	g, dir := gatewayWith(t, []string{"CLIENT_SECRET_ID=" + encode64("password"), "DPOP_KEY=" + string(ownKey)}, "",
		map[string]string{"api.json": dpopAPIRoute}, "--resolve", "am.example.com:8088:"+a.addr(0))
	self := "http://" + g.addr(0)
	t.Run("resource server", func(t *testing.T) { dpopResource(t, a, self+"/api/things") })

	write(t, filepath.Join(dir, "config", "routes", "client.json"), strings.Replace(dpopClientRoute, "SELF", self, 1))
	get := func(path string) (int, string) {
		req, err := http.NewRequest("GET", self+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, body := do(t, req)
		return resp.StatusCode, body
	}
	eventually(t, "the second route is there", func() bool { status, _ := get("/client/things"); return status != 404 })
	sum, err := own.key.Thumbprint(5) // SHA-256
	if err != nil {
		t.Fatal(err)
	}
	want := base64.RawURLEncoding.EncodeToString(sum)
	for range 3 { // each with a proof of its own
		if status, body := get("/client/things?a=b"); status != 200 || body != want {
			t.Fatalf("through the client route: %d %q, want the thumbprint %s", status, body, want)
		}
	}
}

func dpopResource(t *testing.T, a *am, address string) {
	p, stranger := newProver(t), newProver(t)
	desk := a.base + "/oauth2/access_token"
	bound, free := p.token(a, p.proof("POST", desk, "", nil)), p.token(a, "")
	const algs = `DPoP algs="ES256"`
	const badProof = algs + `, error="invalid_dpop_proof", error_description="The DPoP proof is missing or not valid."`
	const tokenText = `error="invalid_token", error_description="The access token provided is expired, revoked, malformed, or invalid for other reasons."`
	const badToken = algs + ", " + tokenText
	good := func(change map[string]any) string { return p.proof("GET", address, bound, change) }
	once := good(nil)
	tests := []struct {
		name, credentials, proof string
		status                   int
		challenges               string
	}{
		{"right", "DPoP " + bound, once, 200, ""},
		{"another", "DPoP " + bound, good(nil), 200, ""},
		{"replayed", "DPoP " + bound, once, 401, badProof},
		{"missing", "DPoP " + bound, "", 401, badProof},
		{"junk", "DPoP " + bound, "a.b.c", 401, badProof},
		{"other address", "DPoP " + bound, p.proof("GET", address+"/x", bound, nil), 401, badProof},
		{"other host", "DPoP " + bound, good(map[string]any{"htu": "http://other.example.com/api/things"}), 401, badProof},
		{"other method", "DPoP " + bound, p.proof("POST", address, bound, nil), 401, badProof},
		{"of another token", "DPoP " + bound, p.proof("GET", address, free, nil), 401, badProof},
		{"of no token", "DPoP " + bound, p.proof("GET", address, "", nil), 401, badProof},
		{"old", "DPoP " + bound, good(map[string]any{"iat": time.Now().Add(-time.Hour).Unix()}), 401, badProof},
		{"of another key", "DPoP " + bound, stranger.proof("GET", address, bound, nil), 401, badToken},
		{"for a token that is not bound", "DPoP " + free, p.proof("GET", address, free, nil), 401, badToken},
		{"unknown token", "DPoP x", p.proof("GET", address, "x", nil), 401, badToken},
		{"bound token as a bearer token", "Bearer " + bound, "", 401, badToken},
		{"the same with a proof", "Bearer " + bound, good(nil), 401, badToken},
		{"bearer token", "Bearer " + free, "", 200, ""},
		{"unknown bearer token", "Bearer x", "", 401, "Bearer " + tokenText + " | " + algs},
		{"nothing", "", "", 401, "Bearer | " + algs},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequest("GET", address+"?page=2", nil)
			if err != nil {
				t.Fatal(err)
			}
			if tt.credentials != "" {
				req.Header.Set("Authorization", tt.credentials)
			}
			if tt.proof != "" {
				req.Header.Set("DPoP", tt.proof)
			}
			resp, body := do(t, req)
			if got := strings.Join(resp.Header.Values("WWW-Authenticate"), " | "); resp.StatusCode != tt.status || got != tt.challenges {
				t.Errorf("%d %s %s\nwant %d %s", resp.StatusCode, got, body, tt.status, tt.challenges)
			}
		})
	}
}

// A gateway that gets tokens for itself learns the nonce that the authorization server wants in proofs.
func TestDPoPNonce(t *testing.T) {
	a := startAM(t, t.TempDir())
	root := "/realms/root/realm-config"
	a.rest("POST", root+"/services/oauth-oidc?_action=create", map[string]any{"gatehouseConfig": map[string]any{"dpopEnabled": true, "dpopNonceRequired": true}})
	a.rest("PUT", root+"/agents/OAuth2Client/svc", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"userpassword": "password", "scopes": []string{"read"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
	})
	p := newProver(t)
	if resp, body := p.buy(a, p.proof("POST", a.base+"/oauth2/access_token", "", nil)); resp.StatusCode != 400 || body["error"] != "use_dpop_nonce" || resp.Header.Get("DPoP-Nonce") == "" {
		t.Fatalf("without a nonce: %d %v", resp.StatusCode, body)
	}
	key, err := p.key.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	g, dir := gatewayWith(t, []string{"CLIENT_SECRET_ID=" + encode64("password"), "DPOP_KEY=" + string(key)}, "",
		map[string]string{"api.json": dpopAPIRoute}, "--resolve", "am.example.com:8088:"+a.addr(0))
	self := "http://" + g.addr(0)
	write(t, filepath.Join(dir, "config", "routes", "client.json"), strings.Replace(dpopClientRoute, "SELF", self, 1))
	sum, err := p.key.Thumbprint(5) // SHA-256
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the gateway has a token that is bound to its key", func() bool {
		req, err := http.NewRequest("GET", self+"/client/things", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, body := do(t, req)
		if resp.StatusCode == 404 {
			return false // the route is not there yet
		}
		if resp.StatusCode != 200 || body != base64.RawURLEncoding.EncodeToString(sum) {
			t.Fatalf("%d %s", resp.StatusCode, body)
		}
		return true
	})
}
