package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const shopRoute = `{
  "name": "shop", "condition": "${find(request.uri.path, '^/shop')}", "baseURI": "UPSTREAM",
  "heap": [{"name": "Adds", "type": "HeaderFilter", "config": {"messageType": "REQUEST", "remove": ["Accept"], "add": {
    "Authorization": ["Bearer topsecret"], "X-Jwt": ["eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.topsecret"], "X-Plain": ["p"]}}}],
  "handler": {"name": "main", "type": "Chain", "config": {
    "filters": ["Adds", {"name": "Marks", "type": "HeaderFilter", "config": {"messageType": "RESPONSE", "remove": ["X-Inner"], "add": {"X-Done": ["yes"]}}}],
    "handler": {"name": "choice", "type": "DispatchHandler", "config": {"bindings": [
      {"condition": "${request.method == 'GET'}", "handler": "ClientHandler"},
      {"handler": {"name": "fixed", "type": "StaticResponseHandler", "config": {"status": 201, "headers": {
        "Content-Type": ["application/json"], "Set-Cookie": ["s=topsecret; Path=/"]}, "entity": "{\"access_token\":\"topsecret\",\"n\":1}"}}}]}}}}
}`

const otherRoute = `{"name": "other", "condition": {"expression": "${request.uri.path == '/other'}"}, "handler": {"type": "StaticResponseHandler", "config": {"status": 204}}}`

// site is a configuration folder with two routes, before an upstream.
func site(t *testing.T) string {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Inner", r.Header.Get("X-Plain"))
		w.Header()["Date"] = nil
		_, _ = w.Write([]byte("hello"))
	}))
	t.Cleanup(upstream.Close)
	dir := t.TempDir()
	routes := filepath.Join(dir, "config", "routes")
	if err := os.MkdirAll(routes, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"shop.json": shopRoute, "other.json": otherRoute} {
		text = strings.ReplaceAll(text, "UPSTREAM", upstream.URL)
		if err := os.WriteFile(filepath.Join(routes, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// gatehouse runs the command line.
func gatehouse(args ...string) (string, error) {
	var out bytes.Buffer
	c := command()
	c.SetArgs(args)
	c.SetOut(&out)
	c.SetErr(&bytes.Buffer{})
	err := c.Execute()
	return out.String(), err
}

var (
	times = regexp.MustCompile(`\]  \S+?s(, own \S+s)?`)
	ports = regexp.MustCompile(`127\.0\.0\.1:\d+`)
)

func TestTry(t *testing.T) {
	out, err := gatehouse("try", site(t), "post", "/shop/a?code=topsecret&x=1", "-H", "Accept: text/html", "-H", "Cookie: k=topsecret",
		"-d", "password=topsecret&y=2")
	if err != nil {
		t.Fatal(err)
	}
	out = ports.ReplaceAllString(times.ReplaceAllString(out, "]"), "UPSTREAM")
	want := `POST http://localhost:8080/shop/a?code=*****&x=1
> handler _router (Router)  [(built-in config.json):2:14]
  ? route other: ${request.uri.path == '/other'} = false
  ? route shop: ${find(request.uri.path, '^/shop')} = true
  > route shop  [routes/shop.json]
      ~ uri: http://localhost:8080/shop/a?code=*****&x=1 -> http://UPSTREAM/shop/a?code=*****&x=1
    > handler main (Chain)  [routes/shop.json:5:14]
      > filter Adds (HeaderFilter)  [routes/shop.json:3:12]
          - Accept: text/html
          + Authorization: Bearer *****
          + X-Jwt: *****
          + X-Plain: p
      > filter Marks (HeaderFilter)  [routes/shop.json:6:25]
      > handler choice (DispatchHandler)  [routes/shop.json:7:16]
        ? handler.config.handler.config.bindings[0].condition: ${request.method == 'GET'} = false
        > handler fixed (StaticResponseHandler)  [routes/shop.json:9:19]
          answers
            + status: 201 Created
            + Content-Length: 34
            + Content-Type: application/json
            + Set-Cookie: s=*****; Path=/
            + X-Content-Type-Options: nosniff
            + entity: {"access_token":"*****","n":1}
      < filter Marks (HeaderFilter)
          + X-Done: yes
= 201 Created
  Content-Length: 34
  Content-Type: application/json
  Set-Cookie: s=*****; Path=/
  X-Content-Type-Options: nosniff
  X-Done: yes
  | {"access_token":"*****","n":1}
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTryJSON(t *testing.T) {
	out, err := gatehouse("try", site(t), "GET", "http://shop.example.com/shop", "--json")
	if err != nil {
		t.Fatal(err)
	}
	type step struct {
		Kind, Name string
		Held       *bool
		Request    []struct{ What, Name, Before, After string }
		Response   []struct{ What, Name, Before, After string }
		TookNanos  int64
		Steps      []step
	}
	var got struct {
		Status int
		Trace  []step
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found := map[string]step{}
	var walk func([]step)
	walk = func(list []step) {
		for _, s := range list {
			found[s.Kind+" "+s.Name] = s
			walk(s.Steps)
		}
	}
	walk(got.Trace)
	if got.Status != 200 || found["handler ClientHandler"].TookNanos == 0 || *found["condition route other"].Held {
		t.Errorf("status %d\n%s", got.Status, out)
	}
	if r := found["filter Marks"].Response; len(r) != 2 || r[0].Name != "X-Done" || r[1].Before != "p" || r[1].After != "" {
		t.Errorf("Marks changed %+v", r)
	}
	if strings.Contains(out, "topsecret") {
		t.Error("a secret is shown")
	}
}

func TestTryFailure(t *testing.T) {
	dir := site(t)
	path := filepath.Join(dir, "config", "routes", "down.json")
	if err := os.WriteFile(path, []byte(`{"condition": "${request.uri.path == '/down'}", "baseURI": "http://127.0.0.1:1", "handler": "ClientHandler"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := gatehouse("try", dir, "GET", "/down")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out, "failed: connect"); n != 1 || !strings.Contains(out, "= 500") {
		t.Errorf("the failure is told %d times, want once\n%s", n, out)
	}
}

func TestTryRefuses(t *testing.T) {
	dir := site(t)
	for name, args := range map[string][]string{
		"no URL":           {"try", dir, "GET"},
		"a method":         {"try", dir, "GE T", "/"},
		"a relative URL":   {"try", dir, "GET", "shop"},
		"another scheme":   {"try", dir, "GET", "ftp://h/"},
		"a header":         {"try", dir, "GET", "/", "-H", "Name"},
		"a line break":     {"try", dir, "GET", "/", "-H", "Name: a\nb: c"},
		"no such body":     {"try", dir, "GET", "/", "-d", "@" + filepath.Join(dir, "none")},
		"no configuration": {"try", filepath.Join(dir, "none"), "GET", "/"},
	} {
		if out, err := gatehouse(args...); err == nil {
			t.Errorf("%s: accepted: %s", name, out)
		}
	}
}
