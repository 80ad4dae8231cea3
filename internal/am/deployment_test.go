package am_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am"
	"gatehouse/internal/jose"
)

const verifier = "0123456789012345678901234567890123456789012"

// askAdministratorCode asks for a code as tools do, with the session of a user; parameters in pairs replace what they send.
func (s *site) askAdministratorCode(client, session string, change ...string) reply {
	s.t.Helper()
	challenge := sha256.Sum256([]byte(verifier))
	form := url.Values{
		"client_id": {client}, "scope": {"fr:idm:* openid"}, "response_type": {"code"}, "redirect_uri": {s.http.URL + "/platform/appAuthHelperRedirect.html"},
		"csrf": {session}, "decision": {"allow"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}
	for i := 0; i+1 < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return s.send("POST", "/oauth2/authorize", form, "Cookie", "iPlanetDirectoryPro="+session)
}

// redirected returns a parameter of the address that an answer leads to, "" when it leads nowhere.
func (r reply) redirected(name string) string {
	where, err := r.Location()
	if err != nil {
		return ""
	}
	return where.Query().Get(name)
}

// A deployment has its client, which serves administrators alone, on this host, with PKCE.
func TestAdministratorClient(t *testing.T) {
	for deployment, client := range map[am.Deployment]string{am.Cloud: "idmAdminClient", am.ForgeOps: "idm-admin-ui"} {
		t.Run(string(deployment), func(t *testing.T) {
			s := newSite(t, func(o *am.Options) { o.Deployment = deployment })
			session := s.login("/json/realms/root/authenticate", "amAdmin", adminPassword)
			admin := s.as(session)
			code := s.askAdministratorCode(client, session).redirected("code")
			if code == "" {
				t.Fatal("no code")
			}
			token := s.send("POST", "/oauth2/access_token", url.Values{
				"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {verifier},
				"redirect_uri": {s.http.URL + "/platform/appAuthHelperRedirect.html"},
			}, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(client+":doesnotmatter"))).want(t, 200)
			if token["scope"] != "fr:idm:* openid" && token["scope"] != "openid fr:idm:*" || token["refresh_token"] != nil {
				t.Errorf("token = %v", token)
			}
			bearer := []string{"Authorization", "Bearer " + token["access_token"].(string)}
			s.send("GET", s.http.URL+"/openidm/managed/application?_queryFilter=true", nil, bearer...).want(t, 200)
			s.send("GET", "/json/global-config/realms?_queryFilter=true", nil, bearer...).want(t, 401)

			for name, change := range map[string][]string{
				"another host":     {"redirect_uri", "https://evil.example.com/platform/appAuthHelperRedirect.html"},
				"another path":     {"redirect_uri", s.http.URL + "/evil"},
				"no challenge":     {"code_challenge", "", "code_challenge_method", ""},
				"a plain one":      {"code_challenge_method", "plain"},
				"another scope":    {"scope", "fr:am:*"},
				"a token":          {"response_type", "token"},
				"a foreign csrf":   {"csrf", "x"},
				"no answer":        {"decision", "deny"},
				"another's client": {"client_id", "idm-admin"},
			} {
				if got := s.askAdministratorCode(client, session, change...); got.redirected("code") != "" || strings.Contains(got.Header.Get("Location"), "access_token") {
					t.Errorf("%s: %s", name, got.Header.Get("Location"))
				}
			}
			challenge := sha256.Sum256([]byte(verifier))
			silent := admin("GET", "/oauth2/authorize?"+url.Values{ // other tools ask without a page to answer
				"client_id": {client}, "scope": {"fr:idm:*"}, "response_type": {"code"}, "redirect_uri": {s.http.URL + "/platform/appAuthHelperRedirect.html"},
				"prompt": {"none"}, "code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
			}.Encode(), nil)
			if silent.redirected("code") == "" {
				t.Errorf("asked silently: %d %s", silent.StatusCode, silent.Header.Get("Location"))
			}
			if got := s.askAdministratorCode(client, session, "redirect_uri", "https://evil.example.com/"); got.StatusCode != 400 {
				t.Errorf("sent to another host: %d", got.StatusCode)
			}

			admin("POST", "/json/users?_action=create", map[string]any{"username": "demo", "userpassword": "Ch4ng31t", "mail": "demo@example.com"}).want(t, 201)
			demo := s.login("/json/realms/root/authenticate", "demo", "Ch4ng31t")
			if got := s.askAdministratorCode(client, demo).redirected("error"); got != "access_denied" {
				t.Errorf("a user who is no administrator: %q", got)
			}

			// A profile of the name goes first.
			admin("PUT", "/json/realm-config/agents/OAuth2Client/"+client, map[string]any{"coreOAuth2ClientConfig": map[string]any{"status": "Inactive"}}).want(t, 201)
			if got := s.askAdministratorCode(client, session); got.redirected("code") != "" {
				t.Error("the profile is not asked")
			}
		})
	}
	s := newSite(t)
	admin := s.admin()
	admin("GET", "/json/realm-config/services/oauth-oidc", nil).want(t, 404) // nothing is made unasked
	admin("POST", "/json/realm-config/services/oauth-oidc?_action=create", "{}").want(t, 201)
	session := s.login("/json/realms/root/authenticate", "amAdmin", adminPassword)
	for _, client := range []string{"idmAdminClient", "idm-admin-ui"} {
		if got := s.askAdministratorCode(client, session); got.StatusCode != 400 {
			t.Errorf("a classic server has %s: %d %s", client, got.StatusCode, got.raw)
		}
	}
}

func TestParseDeployment(t *testing.T) {
	if _, err := am.ParseDeployment("clod"); err == nil || !strings.Contains(err.Error(), `expected one of classic, cloud, forgeops, found "clod"`) {
		t.Errorf("error = %v", err)
	}
}

// What tools of the cloud ask first. Only what is here is told; the rest is empty and takes nothing.
func TestPlatform(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	host := s.http.URL
	var scopes []struct {
		Scope, Description string
		ChildScopes        []any
	}
	got := s.send("GET", host+"/environment/scopes/service-accounts", nil, "Accept-API-Version", "protocol=1.0,resource=1.0")
	if err := json.Unmarshal([]byte(got.raw), &scopes); err != nil || len(scopes) != 2 || scopes[0].Scope != "fr:am:*" || scopes[1].Scope != "fr:idm:*" {
		t.Errorf("scopes of service accounts: %s", got.raw)
	}
	for path, want := range map[string]any{
		"/openidm/config": map[string]any{"_id": "", "configurations": []any{}}, "/environment/info": map[string]any{"immutable": false, "locked": false},
	} {
		s.send("GET", host+path, nil).want(t, 401)
		if body := admin("GET", host+path, nil).want(t, 200); !equalJSON(body, want) {
			t.Errorf("%s = %v", path, body)
		}
	}
	for _, path := range []string{
		"/openidm/config?_queryFilter=_id+sw+'emailTemplate'", "/openidm/internal/role?_queryFilter=true&_pageSize=1000", "/environment/secrets", "/environment/variables",
	} {
		s.send("GET", host+path, nil).want(t, 401)
		if body := admin("GET", host+path, nil).want(t, 200); body["resultCount"] != 0.0 || !equalJSON(body["result"], []any{}) {
			t.Errorf("%s = %v", path, body)
		}
	}
	if body := admin("GET", host+"/feature?_queryFilter=true", nil).want(t, 200); body["resultCount"] != 1.0 {
		t.Errorf("features = %v", body)
	}
	admin("GET", host+"/environment/certificates", nil).want(t, 404)
	admin("GET", host+"/openidm/config/managed", nil).want(t, 404)
	if body := admin("POST", host+"/openidm/system?_action=testConnectorServers", nil).want(t, 200); !equalJSON(body, map[string]any{"openicf": []any{}}) {
		t.Errorf("connector servers = %v", body)
	}

	// What was read can be written back; nothing else is taken.
	for path, other := range map[string]map[string]any{
		"/openidm/config/servletfilter/cors": {"initParams": map[string]any{}}, "/environment/cookie-domains": {"domains": []any{"elsewhere.example.com"}},
	} {
		s.send("GET", host+path, nil).want(t, 401)
		admin("PUT", host+path, admin("GET", host+path, nil).want(t, 200)).want(t, 200)
		admin("PUT", host+path, other).want(t, 501)
	}
	admin("GET", host+"/openidm/config/servletfilter/upload", nil).want(t, 404)
	const esv = "/json/realm-config/secrets/stores/GoogleSecretManagerSecretStoreProvider/ESV/mappings"
	if body := admin("GET", esv+"?_queryFilter=true", nil).want(t, 200); body["resultCount"] != 0.0 {
		t.Errorf("mappings = %v", body)
	}
	admin("PUT", esv+"/am.services.oauth2.oidc.signing.RSA", map[string]any{"aliases": []string{"esv-key"}}).want(t, 501)
	mapping := map[string]any{"_id": "authentication", "rsFilter": map[string]any{"staticUserMapping": []any{}}}
	if body := admin("GET", host+"/openidm/config/authentication", nil).want(t, 200); !equalJSON(at(body, "rsFilter", "staticUserMapping"), []any{}) {
		t.Errorf("mapping = %v", body)
	}
	admin("PUT", host+"/openidm/config/authentication", mapping).want(t, 200)
	mapping["rsFilter"] = map[string]any{"staticUserMapping": []any{map[string]any{"subject": "x"}}}
	admin("PUT", host+"/openidm/config/authentication", mapping).want(t, 501)
	admin("PUT", host+"/openidm/config/managed", map[string]any{"objects": []any{}}).want(t, 404)
	admin("PUT", host+"/environment/variables/esv-a", map[string]any{"valueBase64": "YQ=="}).want(t, 501)
	for status, themes := range map[int][]any{200: {}, 501: {map[string]any{"name": "x"}}} {
		admin("PUT", host+"/openidm/config/ui/themerealm", map[string]any{"_id": "ui/themerealm", "realm": map[string]any{"alpha": themes}}).want(t, status)
	}
}

func equalJSON(a, b any) bool {
	x, err := json.Marshal(a)
	if err != nil {
		return false
	}
	y, err := json.Marshal(b)
	return err == nil && string(x) == string(y)
}

// A program that manages identities alone gets neither the administrator nor accounts that may do more than it.
func TestIdentityScope(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	admin("POST", "/json/realm-config/services/oauth-oidc?_action=create", "{}").want(t, 201)
	key, err := jose.Generate(jose.KindRSA2048)
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(jose.NewKeySet(key).Public())
	if err != nil {
		t.Fatal(err)
	}
	accounts := s.http.URL + "/openidm/managed/svcacct"
	account := func(scopes ...string) map[string]any {
		return map[string]any{"name": "a", "accountStatus": "active", "scopes": scopes, "jwks": string(set)}
	}
	id := admin("POST", accounts+"?_action=create", account("fr:idm:*")).want(t, 201)["_id"].(string)
	other := admin("POST", accounts+"?_action=create", account("fr:am:*")).want(t, 201)["_id"].(string)
	signer, err := jose.NewSigner(key, jose.RS256, jose.SignerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := signer.SignClaims(map[string]any{
		"iss": id, "sub": id, "aud": s.base + "/oauth2/access_token", "exp": s.clock.Now().Add(3 * time.Minute).Unix(), "jti": "once",
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(scope string) reply {
		return s.send("POST", "/oauth2/access_token", url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "client_id": {"service-account"}, "assertion": {raw}, "scope": {scope},
		})
	}
	// Tools ask for all scopes, and once more with the same JWT.
	if body := ask("fr:am:* fr:idm:* fr:idc:esv:*").want(t, 400); body["error_description"] != "Unsupported scope for service account: fr:am:*,fr:idc:esv:*" {
		t.Errorf("refusal = %v", body)
	}
	access, _ := ask("fr:idm:*").want(t, 200)["access_token"].(string)
	ask("fr:idm:*").want(t, 400) // the JWT is used up
	call := func(method, path string, body any) reply {
		return s.send(method, s.http.URL+path, body, "Authorization", "Bearer "+access)
	}
	call("GET", "/openam/json/global-config/realms?_queryFilter=true", nil).want(t, 401)
	call("POST", "/openidm/managed/user?_action=create", map[string]any{"userName": "bob", "password": "Ch4ng31t", "givenName": "B", "sn": "B", "mail": "b@example.com"}).want(t, 201)
	call("GET", "/openidm/managed//_user/bob", nil).want(t, 200)

	call("GET", "/openidm/managed/user/amadmin", nil).want(t, 404)
	for _, got := range []reply{
		call("PUT", "/openidm/managed/user/amAdmin", map[string]any{"userName": "amAdmin", "password": "Own3d.now"}),
		call("PATCH", "/openidm/managed/user/AMADMIN", []any{map[string]any{"operation": "replace", "field": "/password", "value": "Own3d.now"}}),
		call("DELETE", "/openidm/managed/user/amAdmin", nil),
		call("POST", accounts[len(s.http.URL):]+"?_action=create", account("fr:am:*")),
		call("PUT", accounts[len(s.http.URL):]+"/"+id, account("fr:idm:*", "fr:am:*")),
		call("PUT", accounts[len(s.http.URL):]+"/"+other, account("fr:idm:*")),
		call("PATCH", accounts[len(s.http.URL):]+"/"+other, []any{map[string]any{"operation": "replace", "field": "/jwks", "value": string(set)}}),
		call("DELETE", accounts[len(s.http.URL):]+"/"+other, nil),
	} {
		if got.StatusCode < 400 || got.StatusCode >= 500 {
			t.Errorf("%s %s = %d %s", got.Request.Method, got.Request.URL.Path, got.StatusCode, got.raw)
		}
	}
	if list := call("GET", "/openidm/managed/user?_queryFilter=true", nil).want(t, 200); list["resultCount"] != 1.0 {
		t.Errorf("users = %v", list)
	}
	s.login("/json/realms/root/authenticate", "amAdmin", adminPassword)
	call("POST", accounts[len(s.http.URL):]+"?_action=create", account("fr:idm:*")).want(t, 201)
}
