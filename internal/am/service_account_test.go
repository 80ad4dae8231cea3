package am_test

import (
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"gatehouse/internal/jose"
)

// A service account is made, gets a token with a JWT of its own, and administers with it, as tools of Advanced Identity
// Cloud do.
func TestServiceAccount(t *testing.T) {
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
	accounts := s.base[:len(s.base)-len("/openam")] + "/openidm/managed/svcacct"
	body := map[string]any{"name": "deploy", "description": "Deploys", "accountStatus": "active", "scopes": []string{"fr:am:*"}, "jwks": string(set)}
	s.send("POST", accounts+"?_action=create", body).want(t, 401)
	admin("POST", accounts+"?_action=create", map[string]any{"name": "deploy", "scopes": []string{"fr:am:*"}, "jwks": "junk"}).want(t, 400)
	made := admin("POST", accounts+"?_action=create", body).want(t, 201)
	id, _ := made["_id"].(string)
	if len(id) != 36 || made["jwks"] != string(set) || made["accountStatus"] != "active" {
		t.Fatalf("made %v", made)
	}
	if got := admin("GET", accounts+"/"+id+"?_fields=*", nil).want(t, 200); got["name"] != "deploy" {
		t.Errorf("read %v", got)
	}
	if got := admin("GET", accounts+"?_queryFilter=true", nil).want(t, 200); got["resultCount"] != 1.0 {
		t.Errorf("query %v", got)
	}
	signer, err := jose.NewSigner(key, jose.RS256, jose.SignerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	token := func() reply {
		now := s.clock.Now()
		raw, err := signer.SignClaims(map[string]any{
			"iss": id, "sub": id, "aud": s.base + "/oauth2/access_token", "exp": now.Add(3 * time.Minute).Unix(), "jti": now.String(),
		})
		if err != nil {
			t.Fatal(err)
		}
		return s.send("POST", "/oauth2/access_token", url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "client_id": {"service-account"}, "assertion": {raw}, "scope": {"fr:am:*"},
		}, "Accept-API-Version", "protocol=2.1,resource=1.0")
	}
	access, _ := token().want(t, 200)["access_token"].(string)
	asAccount := func(status int) {
		t.Helper()
		s.send("GET", "/json/global-config/realms?_queryFilter=true", nil, "Authorization", "Bearer "+access).want(t, status)
	}
	asAccount(200)
	body["accountStatus"] = "inactive"
	admin("PUT", accounts+"/"+id, body).want(t, 200)
	asAccount(401)
	if got := token(); got.StatusCode != 400 {
		t.Errorf("an inactive account gets %s", got.raw)
	}
	s.clock.pass(time.Second)
	body["accountStatus"] = "active"
	admin("PUT", accounts+"/"+id, body).want(t, 200)
	access, _ = token().want(t, 200)["access_token"].(string)
	asAccount(200)
	admin("DELETE", accounts+"/"+id, nil).want(t, 200)
	admin("GET", accounts+"/"+id, nil).want(t, 404)
	asAccount(401)
	// Of that product there are accounts, users, roles and applications, and no more.
	admin("GET", s.base[:len(s.base)-len("/openam")]+"/openidm/config/managed", nil).want(t, 404)
}
