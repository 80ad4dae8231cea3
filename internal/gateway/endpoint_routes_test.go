package gateway

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const oneRoute = `
-- config.json --
{"handler": {"type": "Router", "name": "_router", "config": {"scanInterval": "1 minute"}}}
-- routes/10-first.json --
// kept by hand
{"name": "a first", "condition": "${request.uri.path == '/first'}", "zz": 1, "handler": {"type": "StaticResponseHandler", "config": {"status": 200, "entity": "one"}}}
`

const routes = "/api/system/objects/_router/routes"

func (r *running) rest(method, path, body string, headers ...string) answer {
	r.t.Helper()
	return r.send(method, r.admin+routes+path, body, append(headers, "Content-Type: application/json")...)
}

func (r *running) file(name string) string {
	b, err := os.ReadFile(filepath.Join(r.dir, "config", "routes", name))
	if err != nil {
		return ""
	}
	return string(b)
}

func TestRoutesLifeCycle(t *testing.T) {
	g := run(t, oneRoute)
	second := static("request.uri.path == '/second'", "two")
	got := g.rest("PUT", "/second", second)
	if got.status != 201 || got.header.Get("Location") != routes+"/second" {
		t.Fatalf("PUT = %d %q %s, want 201 and its Location", got.status, got.header.Get("Location"), got.body)
	}
	if !strings.HasPrefix(got.body, `{"_id":"second","condition":`) {
		t.Errorf("PUT answers %s", got.body)
	}
	if body := g.get("/second").body; body != "two" {
		t.Errorf("the new route answers %q, want two", body)
	}
	if g.file("second.json") == "" {
		t.Error("no file was written")
	}

	got = g.rest("PUT", "/second", static("request.uri.path == '/second'", "three"), "If-Match: *")
	if got.status != 200 {
		t.Fatalf("update = %d %s, want 200", got.status, got.body)
	}
	if body := g.get("/second").body; body != "three" {
		t.Errorf("the updated route answers %q, want three", body)
	}
	if !strings.Contains(g.file("second.json"), "three") {
		t.Error("the file was not updated")
	}

	got = g.rest("DELETE", "/second", "")
	if got.status != 200 || !strings.Contains(got.body, "three") {
		t.Errorf("DELETE = %d %s, want 200 and what was removed", got.status, got.body)
	}
	if status := g.get("/second").status; status != 404 {
		t.Errorf("the removed route answers %d, want 404", status)
	}
	if g.file("second.json") != "" {
		t.Error("the file is still there")
	}
	if status := g.rest("GET", "/second", "").status; status != 404 {
		t.Errorf("GET of a removed route = %d, want 404", status)
	}
}

func TestRoutesList(t *testing.T) {
	g := run(t, oneRoute)
	g.rest("PUT", "/zero", `{"name": "0", `+static("false", "")[1:])
	got := g.rest("GET", "?_queryFilter=true", "")
	var list struct {
		Result      []map[string]any `json:"result"`
		ResultCount int              `json:"resultCount"`
		Policy      string           `json:"totalPagedResultsPolicy"`
	}
	if err := json.Unmarshal([]byte(got.body), &list); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range list.Result {
		ids = append(ids, fmt.Sprint(r["_id"]))
	}
	if want := []string{"zero", "10-first"}; !slices.Equal(ids, want) || list.ResultCount != 2 || list.Policy != "NONE" {
		t.Errorf("list = %v, %d, %s; want %v in the order of names", ids, list.ResultCount, list.Policy, want)
	}
	for query, want := range map[string]int{"": 501, "?_queryFilter=false": 501, "?_queryId=x": 501, "?_queryFilter=true&_queryExpression=x": 501} {
		if got := g.rest("GET", query, ""); got.status != want {
			t.Errorf("GET %q = %d, want %d", query, got.status, want)
		}
	}
}

// Decorations apply in the order of the text, so a client that reads, changes and
// writes a route must get the order.
func TestRouteDocument(t *testing.T) {
	g := run(t, oneRoute)
	tests := []struct{ query, want string }{
		{"", `{"_id":"10-first","name":"a first","condition":"${request.uri.path == '/first'}","zz":1,"handler":{"type":"StaticResponseHandler","config":{"status":200,"entity":"one"}}}`},
		{"?_fields=name,handler/type", `{"_id":"10-first","name":"a first","handler":{"type":"StaticResponseHandler"}}`},
		{"?_fields=zz&_prettyPrint=true", "{\n  \"_id\": \"10-first\",\n  \"zz\": 1\n}"},
	}
	for _, tt := range tests {
		if got := g.rest("GET", "/10-first"+tt.query, "").body; got != tt.want {
			t.Errorf("GET %s = %s, want %s", tt.query, got, tt.want)
		}
	}
}

func TestRoutesRefused(t *testing.T) {
	ok := static("false", "")
	tests := []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		message                  string
	}{
		{name: "create what exists", method: "PUT", path: "/10-first", body: ok, headers: []string{"If-None-Match: *"}, status: 409, message: "exists"},
		{name: "other If-None-Match", method: "PUT", path: "/x", body: ok, headers: []string{"If-None-Match: 1"}, status: 400},
		{name: "both preconditions", method: "PUT", path: "/x", body: ok, headers: []string{"If-None-Match: *", "If-Match: *"}, status: 412},
		{name: "a revision", method: "PUT", path: "/10-first", body: ok, headers: []string{"If-Match: 7"}, status: 412},
		{name: "update of nothing", method: "PUT", path: "/x", body: ok, headers: []string{"If-Match: *"}, status: 404},
		{name: "taken name", method: "PUT", path: "/x", body: `{"name": "a first", ` + ok[1:], status: 409, message: "taken by routes/10-first.json"},
		{name: "not JSON", method: "PUT", path: "/x", body: `{"a"`, status: 400},
		{name: "a list", method: "PUT", path: "/x", body: `[]`, status: 400},
		{name: "no handler", method: "PUT", path: "/x", body: `{}`, status: 400, message: `the required field \"handler\" is missing`},
		{name: "unknown type", method: "PUT", path: "/x", body: `{"handler": {"type": "Chian"}}`, status: 400, message: "did you mean"},
		{name: "another id", method: "PUT", path: "/x", body: `{"_id": "y", ` + ok[1:], status: 400},
		{name: "reserved id", method: "PUT", path: "/default", body: ok, status: 400},
		{name: "only symbols", method: "PUT", path: "/%C2%A7", body: ok, status: 400},
		{name: "way out", method: "PUT", path: "/..%2F..%2Fx", body: `{`, status: 400},
		{name: "not application/json", method: "PUT", path: "/x", body: ok, headers: []string{"Content-Type: text/plain"}, status: 415},
		{name: "create without id", method: "POST", path: "?_action=create", body: ok, status: 400, message: "_id"},
		{name: "create what exists by post", method: "POST", path: "?_action=create", body: `{"_id": "10-first", ` + ok[1:], status: 409},
		{name: "other action", method: "POST", path: "?_action=fly", body: ok, status: 501},
		{name: "patch", method: "PATCH", path: "/10-first", body: `[]`, status: 501},
		{name: "delete nothing", method: "DELETE", path: "/x", status: 404},
		{name: "unknown router", method: "GET", path: "/../../other/routes", status: 404},
	}
	g := run(t, oneRoute)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := g.rest(tt.method, tt.path, tt.body, tt.headers...)
			var e struct {
				Code            int
				Reason, Message string
			}
			if err := json.Unmarshal([]byte(got.body), &e); err != nil {
				t.Fatalf("%d %s: %v", got.status, got.body, err)
			}
			if got.status != tt.status || e.Code != tt.status || e.Reason == "" || !strings.Contains(got.body, tt.message) {
				t.Errorf("= %d %s, want %d and %q", got.status, got.body, tt.status, tt.message)
			}
		})
	}
	if files, _ := filepath.Glob(filepath.Join(g.dir, "config", "routes", "*")); len(files) != 1 {
		t.Errorf("refused requests left files: %v", files)
	}
	if body := g.get("/first").body; body != "one" {
		t.Errorf("the route that was there answers %q", body)
	}
}

func TestRouteUpdateThatFails(t *testing.T) {
	g := run(t, oneRoute)
	before := g.file("10-first.json")
	if got := g.rest("PUT", "/10-first", `{"handler": {"type": "StaticResponseHandler", "config": {}}}`); got.status != 400 {
		t.Errorf("= %d %s, want 400", got.status, got.body)
	}
	if g.file("10-first.json") != before || g.get("/first").body != "one" {
		t.Error("a failed update changed the route")
	}
}

func TestRouteThatCannotBeWritten(t *testing.T) {
	g := run(t, oneRoute)
	// A folder in the file's place stops also who may write everywhere.
	if err := os.Mkdir(filepath.Join(g.dir, "config", "routes", "x.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := g.rest("PUT", "/x", static("request.uri.path == '/x'", "x")); got.status != 500 {
		t.Errorf("= %d %s, want 500", got.status, got.body)
	}
	if status := g.get("/x").status; status != 404 {
		t.Errorf("a route without file is in service: %d", status)
	}
}

func TestRouteByPost(t *testing.T) {
	g := run(t, oneRoute)
	got := g.rest("POST", "?_action=create", `{"_id": "My Café/3", `+static("request.uri.path == '/m'", "m")[1:])
	if got.status != 201 || got.header.Get("Location") != routes+"/my-cafe-3" {
		t.Errorf("= %d %q %s, want 201 and the slug", got.status, got.header.Get("Location"), got.body)
	}
	if g.get("/m").body != "m" || !strings.Contains(g.file("my-cafe-3.json"), `"_id": "my-cafe-3"`) {
		t.Errorf("file: %s", g.file("my-cafe-3.json"))
	}
	if !strings.Contains(g.log.String(), "the id of the route was changed") {
		t.Error("no warning about the id")
	}
}

// A file whose name is not the id keeps its name and gets an _id.
func TestRouteWithForeignFileName(t *testing.T) {
	g := run(t, oneRoute+"\n-- routes/odd name.json --\n{\"_id\": \"odd\", "+static("request.uri.path == '/odd'", "1")[1:]+"\n")
	if got := g.rest("PUT", "/odd", static("request.uri.path == '/odd'", "2")); got.status != 200 {
		t.Fatalf("= %d %s", got.status, got.body)
	}
	if g.get("/odd").body != "2" || !strings.HasPrefix(g.file("odd name.json"), "{\n  \"_id\": \"odd\",") {
		t.Errorf("file: %s", g.file("odd name.json"))
	}
}

// What was written over REST is no change to the next look at the folder.
func TestRoutesAreNotLoadedTwice(t *testing.T) {
	g := run(t, oneRoute)
	g.rest("PUT", "/x", static("request.uri.path == '/x'", "x"))
	r := g.routers.all()[0]
	before := r.find("x")
	g.building.Lock()
	err := r.scan()
	g.building.Unlock()
	if err != nil || r.find("x") != before {
		t.Errorf("the route was loaded again (%v)", err)
	}
}

func TestRoutesOfNestedRouters(t *testing.T) {
	g := run(t, oneRoute+`
-- routes/sub.json --
{"condition": "${find(request.uri.path, '^/sub')}", "handler": {"type": "Router", "name": "inner", "config": {"directory": "DIR/config/sub"}}}
-- sub/leaf.json --
`+static("true", "leaf"))
	base := g.admin + routes + "/sub/objects/inner/routes"
	if got := g.send("GET", base+"/leaf", ""); got.status != 200 || !strings.HasPrefix(got.body, `{"_id":"leaf"`) {
		t.Errorf("GET leaf = %d %s", got.status, got.body)
	}
	for path, want := range map[string]int{"/sub/objects": 204, "/sub/objects/inner": 204, "/sub/objects/other": 404, "/nil/objects/inner/routes": 404, "/sub/things": 404} {
		if got := g.send("GET", g.admin+routes+path, ""); got.status != want {
			t.Errorf("GET %s = %d, want %d", path, got.status, want)
		}
	}
	if got := g.send("GET", g.admin+"/api/system/objects/inner/routes?_queryFilter=true", ""); got.status != 404 {
		t.Errorf("an inner router at the top = %d, want 404", got.status)
	}
	text := g.send("GET", g.admin+"/metrics/prometheus/0.0.4", "").body
	if v := series(t, text, `ig_router_deployed_routes{fully_qualified_name="gateway._router.route.sub.inner",heap="sub",name="inner"}`); v != "1" {
		t.Errorf("deployed routes of the inner router: %s, want 1", v)
	}
}

// What was built for a route that comes to nothing is gone with it.
func TestRefusedRoutesLeaveNothing(t *testing.T) {
	g := run(t, oneRoute+`
-- sub/leaf.json --
`+static("true", "leaf"))
	handler := `"handler": {"type": "Router", "config": {"directory": "` + filepath.Join(g.dir, "config", "sub") + `"}}`
	routers, count := len(g.routers.all()), g.Routes()
	for body, want := range map[string]int{`{"name": "a first", ` + handler + `}`: 409, `{"condition": "${", ` + handler + `}`: 400} {
		if got := g.rest("PUT", "/x", body); got.status != want {
			t.Errorf("PUT %s = %d %s, want %d", body, got.status, got.body, want)
		}
	}
	if len(g.routers.all()) != routers || g.Routes() != count {
		t.Errorf("%d routers with %d routes, want %d with %d", len(g.routers.all()), g.Routes(), routers, count)
	}
}

func TestRoutesInProduction(t *testing.T) {
	g := run(t, oneRoute+"\n-- admin.json --\n{"+bothConnectors+"}")
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		if got := g.rest(method, "/10-first", static("true", "")); got.status != 404 {
			t.Errorf("%s in production = %d, want 404", method, got.status)
		}
	}
	if g.get("/first").body != "one" {
		t.Error("the route was changed")
	}
}

func TestSlug(t *testing.T) {
	for in, want := range map[string]string{
		"_router": "_router", "Main Router": "main-router", "Zürich/Süd": "zurich-sud", "a.b*c": "abc", " x\ty ": "x-y", "§": "", "..": "",
	} {
		if got := slug(in); got != want {
			t.Errorf("slug(%q) = %q, want %q", in, got, want)
		}
	}
}
