package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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
