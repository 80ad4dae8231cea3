package sample

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gatehouse/internal/ui"
)

// Every text that flows and messages name is in the catalogue.
func TestTextsExist(t *testing.T) {
	keys := map[string]bool{}
	files, _ := filepath.Glob("*.go")
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"(sample\.say\.[a-z]+)"`).FindAllStringSubmatch(string(body), -1) {
			keys[m[1]] = true
		}
	}
	for _, f := range flows() {
		keys[f.Title()], keys[f.Lead()] = true, true
	}
	for _, path := range []string{"/x/access_token", "/x/introspect", "/json/authenticate", "/oauth2-protected-resource", "/"} {
		keys["sample.inner."+innerKind(httptest.NewRequest("GET", path, nil))] = true
	}
	if len(keys) < 30 {
		t.Fatalf("found %d texts", len(keys))
	}
	for key := range keys {
		if !(ui.Lang{}).Has(key) {
			t.Errorf("there is no text %q", key)
		}
	}
}

func TestSecretsAreMasked(t *testing.T) {
	const secret = "abcdefghijklmnopqrstuvwxyz"
	r := httptest.NewRequest("POST", "http://h/p?code="+secret+"&state=s1", nil)
	r.Header.Set("Authorization", "Basic "+secret)
	r.Header.Set("Cookie", "a="+secret+"; b="+secret)
	r.Header.Set("iPlanetDirectoryPro", secret)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got := requestText(r, []byte("grant_type=password&password="+secret+"&client_secret="+secret+"&subject_token="+secret))
	resp := &http.Response{Proto: "HTTP/1.1", Status: "200 OK", Header: http.Header{
		"Content-Type": {"application/json;charset=UTF-8"}, "Set-Cookie": {"s=" + secret + "; Path=/"}, "Location": {"https://x/cb?code=" + secret},
	}}
	got += responseText(resp, []byte(`{"access_token":"`+secret+`","inner":[{"id_token":"`+secret+`"}],"scope":"write"}`))
	if strings.Contains(got, secret[:8]) {
		t.Errorf("a secret is shown:\n%s", got)
	}
	for _, want := range []string{"state=s1", "grant_type=password", `"scope": "write"`, "Basic abcd…", "Path=/"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// What is none of the start page stays the application that shows what arrived.
func TestOtherPathsEcho(t *testing.T) {
	d := NewDemo(Options{AM: "http://am", Self: "http://self"})
	for _, path := range []string{"/app", "/x/y"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", path, nil)
		d.ServeHTTP(w, r)
		if w.Code != 200 || !strings.Contains(w.Body.String(), "GET "+path) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/_demo/run/client", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	d.ServeHTTP(w, r)
	if w.Code != 403 {
		t.Errorf("a foreign page runs a flow: %d", w.Code)
	}
	w = httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest("GET", "/_demo/callback?state=forged&code=x", nil))
	if !strings.Contains(w.Body.String(), "was not begun in this browser") {
		t.Errorf("a forged callback: %s", w.Body)
	}
}

// The proxy leads to its target, whatever the Host header says, and keeps that.
func TestProxy(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.Host)) }))
	defer target.Close()
	d := NewDemo(Options{Hosts: map[string]string{"ig.example.com:8080": target.Listener.Addr().String()}})
	l := &log{}
	d.setLog(l)
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/oauth2-protected-resource", nil)
	r.Host = "ig.example.com:8443"
	d.Proxy("ig.example.com:8080").ServeHTTP(w, r)
	if w.Code != http.StatusOK || w.Body.String() != "ig.example.com:8443" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if list := l.messages(); len(list) != 1 || list[0].Text != "sample.inner.resource" || list[0].Status != 200 || list[0].To != "ig.example.com:8080" {
		t.Errorf("%+v", list)
	}
}
