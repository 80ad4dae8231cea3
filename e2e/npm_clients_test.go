package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"testing"
)

// ecKey makes a key pair of P-256 as JSON Web Keys (RFC 7518 §6.2).
func ecKey(t *testing.T, kid string) (private, public map[string]any) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	d, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString
	public = map[string]any{"kty": "EC", "crv": "P-256", "kid": kid, "alg": "ES256", "use": "sig", "x": text(point[1:33]), "y": text(point[33:])}
	private = maps.Clone(public)
	private["d"] = text(d)
	return private, public
}

// npmSite is what the scripts of the folder node know of the server.
type npmSite struct {
	Issuer   string         `json:"issuer"`
	Session  string         `json:"session"`
	Redirect string         `json:"redirect"`
	Secret   string         `json:"secret"`
	Key      map[string]any `json:"key"`
}

// mayActItself lets the client "basic" exchange tokens.
const mayActItself = `
import org.forgerock.json.JsonValue
token.setMayAct(JsonValue.json(JsonValue.object(JsonValue.field('client_id', 'basic'))))`

// newNPMSite is a fresh authorization server, set up through its REST interface, with a client for each method of
// authentication.
func newNPMSite(t *testing.T) npmSite {
	t.Helper()
	o := &op{am: startAM(t, t.TempDir())}
	o.issuer = o.base + "/oauth2"
	root := "/realms/root/realm-config"
	mayAct := o.rest("POST", "/realms/root/scripts?_action=create", map[string]any{
		"name": "The client itself", "language": "GROOVY", "context": "OAUTH2_MAY_ACT", "script": encode64(mayActItself)})["_id"]
	o.rest("POST", root+"/services/oauth-oidc?_action=create", map[string]any{
		"coreOAuth2Config":                map[string]any{"accessTokenMayActScript": mayAct},
		"consent":                         map[string]any{"clientsCanSkipConsent": true},
		"advancedOAuth2Config":            map[string]any{"supportedScopes": []string{"openid", "profile", "email", "read"}, "tokenSigningAlgorithm": "ES256"},
		"clientDynamicRegistrationConfig": map[string]any{"allowDynamicRegistration": true},
		"deviceCodeConfig":                map[string]any{"devicePollInterval": 1},
		"cibaConfig":                      map[string]any{"cibaMinimumPollingInterval": 1},
		"gatehouseConfig":                 map[string]any{"dpopEnabled": true, "atJwtProfile": true},
	})
	private, public := ecKey(t, "of-the-client")
	set, err := json.Marshal(map[string]any{"keys": []any{public}})
	if err != nil {
		t.Fatal(err)
	}
	ways := []string{"authorization_code", "refresh_token", "client_credentials", "password", "implicit",
		"urn:ietf:params:oauth:grant-type:device_code", "urn:openid:params:grant-type:ciba",
		"urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:grant-type:jwt-bearer"}
	for id, method := range map[string]string{
		"basic": "client_secret_basic", "post": "client_secret_post", "hmac": "client_secret_jwt", "signed": "private_key_jwt",
		"public": "none", "jwt-answers": "client_secret_basic", "stateless": "client_secret_basic",
	} {
		core := map[string]any{"userpassword": opSecret, "redirectionUris": []string{opRedirect}, "scopes": []string{"openid", "profile", "email", "read"}}
		keys := map[string]any{"publicKeyLocation": "jwks", "jwkSet": string(set), "tokenEndpointAuthSigningAlgorithm": "ES256"}
		profile := map[string]any{
			"coreOAuth2ClientConfig":     core,
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": ways, "tokenEndpointAuthMethod": method, "isConsentImplied": true},
			"coreOpenIDClientConfig":     map[string]any{"postLogoutRedirectUri": []string{opRedirect}},
			"signEncOAuth2ClientConfig":  keys,
		}
		switch id {
		case "public":
			core["clientType"] = "Public"
		case "jwt-answers":
			keys["tokenIntrospectionResponseFormat"], keys["userinfoResponseFormat"] = "SIGNED_JWT", "SIGNED_JWT"
			keys["userinfoSignedResponseAlg"] = "RS256"
		case "stateless":
			profile["overrideOAuth2ClientConfig"] = map[string]any{"providerOverridesEnabled": true, "statelessTokensEnabled": true}
		}
		o.rest("PUT", root+"/agents/OAuth2Client/"+id, profile)
	}
	o.rest("PUT", root+"/agents/TrustedJwtIssuer/partner", map[string]any{
		"issuer": "https://issuer.example.com", "jwkSet": string(set), "allowedSubjects": []string{"erin"}})
	o.rest("POST", "/realms/root/users?_action=create", map[string]any{
		"username": "erin", "userpassword": "Pass-w0rd", "givenName": "Erin", "sn": "Example", "cn": "Erin Example", "mail": "erin@example.com",
	})
	return npmSite{o.issuer, o.signIn(), opRedirect, opSecret, private}
}

// A fresh authorization server serves openid-client (npm), which finds everything by discovery.
func TestOpenIDClient(t *testing.T) { nodeTests(t, "openid-client.test.mjs", newNPMSite(t)) }

// The same with oauth4webapi (npm), which has a call for each step.
func TestOAuth4WebAPI(t *testing.T) { nodeTests(t, "oauth4webapi.test.mjs", newNPMSite(t)) }
