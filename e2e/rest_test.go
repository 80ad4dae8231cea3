package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// am is an authorization server that is set up through its REST interface.
type am struct {
	*process
	t    *testing.T
	base string // http://127.0.0.1:port/openam
	sso  string
}

const adminPassword = "Secret-12345"

// startAM starts an authorization server on a data folder and signs the administrator in.
func startAM(t *testing.T, data string, more ...string) *am {
	t.Helper()
	args := append([]string{"am", "--data", data, "--listen", "127.0.0.1:0"}, more...)
	a := &am{process: start(t, []string{"GATEHOUSE_ADMIN_PASSWORD=" + adminPassword}, args...), t: t}
	a.base = "http://" + a.addr(0) + "/openam"
	a.login()
	return a
}

func (a *am) login() {
	a.t.Helper()
	req, err := http.NewRequest("POST", a.base+"/json/realms/root/authenticate", nil)
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("X-OpenAM-Username", "amAdmin")
	req.Header.Set("X-OpenAM-Password", adminPassword)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-API-Version", "resource=2.0, protocol=1.0")
	status, body := send(a.t, req)
	token, _ := body["tokenId"].(string)
	if status != 200 || token == "" {
		a.t.Fatalf("sign in: %d %v", status, body)
	}
	a.sso = token
}

// rest calls the administration interface and demands a success.
func (a *am) rest(method, path string, body any) map[string]any {
	a.t.Helper()
	status, out := a.try(method, path, body)
	if status >= 300 {
		a.t.Fatalf("%s %s: %d %v", method, path, status, out)
	}
	return out
}

func (a *am) try(method, path string, body any) (int, map[string]any) {
	a.t.Helper()
	return a.tryAt(method, a.base+"/json"+path, body)
}

// tryAt calls any address as the administrator.
func (a *am) tryAt(method, address string, body any) (int, map[string]any) {
	a.t.Helper()
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			a.t.Fatal(err)
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, address, r)
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("iPlanetDirectoryPro", a.sso)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-API-Version", "protocol=2.1,resource=1.0")
	return send(a.t, req)
}

// token posts a form to a realm's endpoint, with basic authentication when user is given.
func (a *am) token(path, user, password string, form url.Values) (int, map[string]any, http.Header) {
	a.t.Helper()
	req, err := http.NewRequest("POST", a.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if user != "" {
		req.SetBasicAuth(user, password)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, decode(a.t, resp), resp.Header
}

func send(t *testing.T, req *http.Request) (int, map[string]any) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, decode(t, resp)
}

func decode(t *testing.T, resp *http.Response) map[string]any {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if len(bytes.TrimSpace(b)) > 0 {
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatalf("%s answered %d with no JSON object: %s", resp.Request.URL, resp.StatusCode, b)
		}
	}
	return m
}

func encode64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
