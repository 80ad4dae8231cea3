package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/am/oauth"
)

// Whatever is posted, the token endpoint answers in its own words, and without an inner error.
func FuzzTokenRequest(f *testing.F) {
	f.Add("grant_type=client_credentials&scope=read", "Basic YXBwOnM=")
	f.Add("grant_type=password&username=demo&password=x&client_id=app&client_secret=s", "")
	f.Add("grant_type=refresh_token&refresh_token=a.b.c&client_id=app&client_secret=s", "")
	f.Add("grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=e30.e30.e30&subject_token_type="+typeAccessToken, "Basic YXBwOnM=")
	f.Add("client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=e30.e30.&grant_type=client_credentials", "")
	f.Add("%%%", "Basic !")
	w := &world{}
	f.Fuzz(func(t *testing.T, body, authorization string) {
		if w.server == nil {
			w = newWorld(t)
			w.client("/", "app", "s", core("read", "client_credentials refresh_token "+grantExchange+" "+grantBearer+" "+grantDevice))
		}
		w.t, w.ctx = t, t.Context()
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		a := w.do(r, "/", "access_token")
		if a.status >= 500 || a.json == nil || a.status != 200 && a.text("error") == "" {
			t.Errorf("%q: %d %s", body, a.status, a.body)
		}
	})
}

// Whatever a client says about itself is refused, or registered and told again as it was.
func FuzzRegistration(f *testing.F) {
	f.Add(`{"redirect_uris":["https://a.example/cb"],"scope":"read","response_types":["code","token id_token"]}`)
	f.Add(`{"grant_types":["client_credentials"],"client_name":"de|x","contacts":[""],"default_max_age":0}`)
	f.Add(`{"redirect_uris":["a:b"],"subject_type":"Pairwise","jwks":{"keys":[]},"tls_client_auth_subject_dn":"CN=a"}`)
	f.Add(`{"redirect_uris":[null],"id_token_encrypted_response_alg":"dir","introspection_encrypted_response_alg":"RSA-OAEP"}`)
	f.Add(`{"software_statement":"e30.e30.e30"}`)
	f.Add(`[`)
	w := &world{}
	f.Fuzz(func(t *testing.T, body string) {
		if w.server == nil {
			w = newWorld(t, func(o *oauth.Options) {
				o.Fetch = func(context.Context, string, oauth.Reach) ([]byte, error) { return nil, errors.New("not there") }
			})
			w.provider("/", `{"clientDynamicRegistrationConfig":{"allowDynamicRegistration":true},"advancedOAuth2Config":{"supportedScopes":["read"]}}`)
		}
		w.t, w.ctx = t, t.Context()
		a := w.send(http.MethodPost, "", body)
		if a.status == 400 && a.text("error") != "" {
			return
		}
		if a.status != 201 {
			t.Fatalf("%q: %d %s", body, a.status, a.body)
		}
		again := w.send(http.MethodGet, "client_id="+a.text("client_id"), "", bearer(a.text("registration_access_token")))
		delete(a.json, "client_secret")
		delete(a.json, "client_secret_expires_at")
		if diff := cmp.Diff(a.json, again.json); diff != "" {
			t.Errorf("%q is told as\n%s", body, diff)
		}
	})
}

// Whatever a browser is made to ask for, it is sent to an address of the client's, or to sign in, and nowhere else.
func FuzzAuthorize(f *testing.F) {
	f.Add("client_id=web&response_type=code&scope=read&redirect_uri="+callback, "decision=allow")
	f.Add("client_id=web&response_type=id_token%20code&response_mode=form_post.jwt&scope=openid&nonce=n&redirect_uri=com.example.app:/cb", "")
	f.Add("client_id=web&request=e30.e30.e30&redirect_uri=//evil.example", "")
	f.Add("client_id=web&request_uri=urn:ietf:params:oauth:request_uri:x", "save_consent=on")
	f.Add("client_id=web&prompt=none&max_age=0&claims={}&id_token_hint=a.b.c&response_type=code&scope=openid&redirect_uri="+callback, "")
	f.Add("client_id=web&agent_provider=true&agent_realm=/alpha", "%")
	w, l, token := &world{}, &fakeLogin{}, ""
	f.Fuzz(func(t *testing.T, query, body string) {
		if w.server == nil {
			w = newWorld(t, func(o *oauth.Options) { o.Login = l })
			l.w = w
			w.client("/", "web", "s", webClient("", "", ""))
		}
		w.t, w.ctx = t, t.Context()
		if token == "" {
			token = l.signIn("/", "demo", "")
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if body != "" {
			r = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body+"&csrf="+token))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		r.URL.RawQuery = query
		r.AddCookie(&http.Cookie{Name: cookieName, Value: token})
		a := w.do(r, "/", "authorize")
		to := a.header.Get("Location")
		if a.status >= 500 || a.status == 302 != (to != "") {
			t.Errorf("%q: %d %s", query, a.status, a.body)
		}
		switch at, _, _ := strings.Cut(strings.ReplaceAll(to, "#", "?"), "?"); at {
		case "", callback, "com.example.app:/cb", base + "/UI/Login":
		default:
			t.Errorf("%q leads to %s", query, to)
		}
	})
}
