package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// crashClient talks to a server that may die at any moment.
type crashClient struct {
	base, sso string
	http      *http.Client
}

func newCrashClient(t *testing.T, a *am) *crashClient {
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &crashClient{a.base, a.sso, &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// post returns the access token of the answer; ok is false when there was no whole answer of success.
func (c *crashClient) post(path string, pairs ...string) (token string, ok bool) {
	f := form(pairs...)
	f.Set("client_id", "first")
	f.Set("client_secret", "secret")
	resp, err := c.http.PostForm(c.base+path, f)
	if err != nil {
		return "", false
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		return "", false
	}
	var body struct {
		Token string `json:"access_token"`
	}
	_ = json.Unmarshal(b, &body)
	return body.Token, true
}

// code gets an authorization code with the administrator's session, "" when the server is gone.
func (c *crashClient) code(id string) string {
	f := form("response_type", "code", "client_id", id, "scope", "read openid", "redirect_uri", "https://app.example.com/cb",
		"state", "s", "decision", "allow", "csrf", c.sso)
	req, err := http.NewRequest("POST", c.base+"/oauth2/realms/root/authorize", strings.NewReader(f.Encode()))
	if err != nil {
		return ""
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.AddCookie(&http.Cookie{Name: "iPlanetDirectoryPro", Value: c.sso})
	resp, err := c.http.Do(req)
	if err != nil {
		return ""
	}
	resp.Body.Close()
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		return ""
	}
	return to.Query().Get("code")
}
