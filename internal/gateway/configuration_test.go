package gateway

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// echo is the declaration of a handler that answers an expression.
func echo(expression string) string {
	return fmt.Sprintf(`{"type": "StaticResponseHandler", "config": {"status": 200,
	  "headers": {"Content-Type": ["text/plain; charset=utf-8"]}, "entity": %q}}`, expression)
}

// Each case is a configuration and what a request to / answers.
func TestConfigurations(t *testing.T) {
	tests := []struct{ name, files, want string }{
		{"handler by name", `
-- config.json --
{"heap": [{"name": "_router", "type": "Router"}], "handler": "_router"}
-- routes/x.json --
{"handler": ` + echo("by name") + `}`, "by name"},
		{"router with a class name", `
-- config.json --
{"handler": {"type": "org.forgerock.openig.handler.router.RouterHandler", "config": {"directory": "${openig.configDirectory}/routes"}}}
-- routes/x.json --
{"handler": {"type": "org.forgerock.openig.handler.StaticResponseHandler", "config": {"status": "200", "entity": "by class"}}}`, "by class"},
		{"several root routers", `
-- config.json --
{"handler": {"type": "DispatchHandler", "config": {"bindings": [
  {"condition": "${request.method == 'POST'}", "handler": {"type": "Router", "name": "posts", "config": {"directory": "DIR/config/posts"}}},
  {"handler": {"type": "Router", "name": "others", "config": {"directory": "DIR/config/routes"}}}]}}}
-- posts/x.json --
{"handler": ` + echo("posts") + `}
-- routes/x.json --
{"handler": ` + echo("others") + `}`, "others"},
		{"a router in a route, which inherits objects and properties", `
-- routes/outer.json --
{"properties": {"who": "outer", "what": "property"}, "heap": [{"name": "shared", "type": "HeaderFilter",
  "config": {"messageType": "REQUEST", "add": {"X-Shared": ["object"]}}}],
 "handler": {"type": "Router", "config": {"directory": "DIR/config/inner"}}}
-- inner/x.json --
{"properties": {"who": "inner"}, "handler": {"type": "Chain", "config": {"filters": ["shared"],
  "handler": ` + echo("${who} ${what} ${request.headers['X-Shared'][0]}") + `}}}`, "inner property object"},
		{"order of names, not of files", `
-- routes/a.json --
{"name": "b", "handler": ` + echo("b") + `}
-- routes/b.json --
{"name": "a", "handler": ` + echo("a") + `}
-- routes/c.json --
{"name": "Z", "condition": false, "handler": ` + echo("Z") + `}`, "a"},
		{"order of code units", "\n-- routes/a.json --\n" + `{"name": "\uff5e", "handler": ` + echo("last of the plane") + `}
-- routes/b.json --
{"name": "\ud83d\ude00", "handler": ` + echo("beyond the plane") + "}", "beyond the plane"},
		{"global decorators of both documents, innermost the object's own", `
-- config.json --
{"globalDecorators": {"baseURI": "http://config.example.com:81"}, "heap": [
  {"name": "own", "type": "StaticResponseHandler", "baseURI": "http://own.example.com:82", "config": {"status": 200, "entity": "${request.uri.host}"}}],
 "handler": {"type": "Router", "config": {"directory": "DIR/config/routes"}}}
-- routes/x.json --
{"globalDecorators": {"baseURI": "http://route.example.com:83"}, "handler": "own"}`, "own.example.com"},
		{"global decorators of a route", `
-- routes/x.json --
{"globalDecorators": {"baseURI": "http://global.example.com"}, "baseURI": "http://top.example.com",
 "handler": {"type": "StaticResponseHandler", "config": {"status": 200, "entity": "${request.uri.host}"}}}`, "global.example.com"},
		{"whole objects from expressions", `
-- routes/x.json --
{"properties": {"settings": {"status": 200, "entity": "from a property"}, "decl": {"name": "static", "type": "StaticResponseHandler", "config": {"status": 404}},
  "names": ["static"], "fields": {"X-Of": ["property"]}},
 "heap": ["${decl}"],
 "handler": {"type": "StaticResponseHandler", "config": "${settings}"}}`, "from a property"},
		{"a list from text", `
-- routes/x.json --
{"properties": {"filters": "one,two"},
 "heap": [{"name": "one", "type": "HeaderFilter", "config": {"messageType": "REQUEST", "add": "${fields}"}},
  {"name": "two", "type": "HeaderFilter", "config": {"messageType": "REQUEST", "add": {"X-A": ["2"]}}}],
 "handler": {"type": "Chain", "config": {"filters": {"$list": "&{filters}"}, "handler": ` + echo("${join(request.headers['X-A'], '+')}") + `}}}
-- config.json --
{"properties": {"fields": {"X-A": ["1"]}}, "handler": {"type": "Router", "config": {"directory": "DIR/config/routes"}}}`, "1+2"},
		{"properties from files", `
-- routes/x.json --
{"properties": {"$location": "DIR/config/some.json", "files": {"$location": "DIR/config/some.properties", "own": "and ${host}"}},
 "handler": ` + echo("&{host} ${files['a.b']} ${files.own}") + `}
-- some.json --
{"host": "h"}
-- some.properties --
# a comment
a.b = caf\u00e9 \
      noir`, "h café noir and h"},
		{"exchange of old", `
-- routes/x.json --
{"condition": "${matches(exchange.request.uri.path, '^/')}", "handler": {"type": "Chain", "config": {"filters": [
  {"type": "AssignmentFilter", "config": {"onRequest": [{"target": "${exchange.word}", "value": "old"}]}}],
  "handler": ` + echo("${exchange.word} ${exchange.request.method}") + `}}}`, "old GET"},
		{"sinks of old", `
-- config.json --
{"heap": {"objects": [{"name": "LogSink", "type": "ConsoleLogSink", "config": {"level": "DEBUG"}},
  {"name": "file", "type": "org.forgerock.openig.log.FileLogSink", "config": {"file": "/nowhere"}}, {"name": "none", "type": "NullLogSink"}]},
 "handler": ` + strings.Replace(echo("logged"), `"status"`, `"logSink": "LogSink", "status"`, 1) + `}`, "logged"},
		{"monitor of old", `
-- routes/x.json --
{"monitor": {"enabled": "${true}", "percentiles": [0.5]}, "handler": ` + echo("monitored") + `}`, "monitored"},
		{"an id that is not the file's", `
-- routes/x.json --
{"_id": "one", "handler": ` + echo("id") + `}
-- routes/y.json --
{"_id": "zwei", "condition": "${false}", "handler": ` + echo("id") + `}`, "id"},
		{"run mode as a token", `
-- routes/x.json --
{"handler": ` + echo("&{ig.run.mode} &{nothing|&{ig.run.mode}}") + `}`, "development development"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := run(t, tt.files)
			if got := r.get("/"); got.status != 200 || got.body != tt.want {
				t.Errorf("status %d, %q, want %q\nproblems %v", got.status, got.body, tt.want, r.Problems())
			}
		})
	}
}

const storeInSession = `{"handler": {"type": "Chain", "config": {"filters": [
  {"type": "AssignmentFilter", "config": {"onRequest": [{"target": "${session.x}", "value": "1"}]}}], "handler": ` +
	`{"type": "StaticResponseHandler", "config": {"status": 200}}}}}`

// Which cookie keeps a session depends on where a manager is named.
func TestSessionManagers(t *testing.T) {
	const router = `"handler": {"type": "Router", "config": {"directory": "DIR/config/routes"}}`
	manager := func(cookie string) string {
		return fmt.Sprintf(`{"name": "Session", "type": "InMemorySessionManager", "config": {"cookie": {"name": %q}}}`, cookie)
	}
	older := "\n-- admin.json --\n{" + bothConnectors + `, "session": {"cookie": {"name": "old", "httpOnly": false}, "timeout": "5 minutes"}}`
	tests := []struct{ name, files, want string }{
		{"none", "", "IG_SESSIONID"},
		{"config.json", "\n-- config.json --\n{\"session\": " + manager("own") + ", " + router + "}", "own"},
		{"an object named Session", "\n-- config.json --\n{\"heap\": [" + manager("named") + "], " + router + "}", "named"},
		{"an object named Session, and a field", "\n-- config.json --\n{\"heap\": [" + manager("named") + "], \"session\": " + manager("field") + ", " + router + "}", "field"},
		{"admin.json of old", older, "old"},
		{"admin.json of old without a name", strings.Replace(older, `"name": "old", `, "", 1), "IG_SESSIONID"},
		{"admin.json of old and config.json", older + "\n-- config.json --\n{\"session\": " + manager("own") + ", " + router + "}", "own"},
		{"admin.json's own", "\n-- admin.json --\n{" + bothConnectors + `, "session": ` + manager("admin") + "}", "IG_SESSIONID"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := run(t, "-- routes/x.json --\n"+storeInSession+tt.files)
			a := r.get("/")
			name, _, _ := strings.Cut(a.header.Get("Set-Cookie"), "=")
			if a.status != 200 || name != tt.want {
				t.Errorf("status %d, Set-Cookie %q, want %s; problems %v", a.status, a.header.Get("Set-Cookie"), tt.want, r.Problems())
			}
		})
	}
}

func TestProtectionFilters(t *testing.T) {
	const stop = `"type": "ConditionEnforcementFilter", "config": {"condition": "${not empty request.headers['X-Key']}"}}`
	const remember = `"type": "ChainOfFilters", "config": {"filters": [{"type": "AssignmentFilter",
	  "config": {"onRequest": [{"target": "${session.seen}", "value": "1"}]}}]}}`
	tests := []struct {
		name, fields, path string
		open, shut         int
		cookie             string
	}{
		{"the field of the API", `"apiProtectionFilter": {` + stop, "/api/info", 200, 403, ""},
		{"the name of the API's", `"heap": [{"name": "ApiProtectionFilter", ` + stop + `]`, "/api/info", 200, 403, ""},
		{"the field of metrics", `"metricsProtectionFilter": {` + stop, "/metrics/prometheus/0.0.4", 200, 403, ""},
		{"the name of metrics'", `"heap": [{"name": "MetricsProtectionFilter", ` + stop + `]`, "/metrics/prometheus/0.0.4", 200, 403, ""},
		{"Studio's are accepted", `"heap": [{"name": "StudioProtectionFilter", ` + stop + `]`, "/api/info", 200, 200, ""},
		{"filters have a session", `"apiProtectionFilter": {` + remember, "/api/info", 200, 200, "IG_ADMIN_SESSIONID"},
		{"filters have the session named", `"session": {"type": "InMemorySessionManager", "config": {"cookie": {"name": "mine"}}}, "apiProtectionFilter": {` + remember,
			"/api/info", 200, 200, "mine"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := run(t, "-- admin.json --\n{"+bothConnectors+", "+tt.fields+"}")
			open, shut := r.send("GET", r.admin+tt.path, "", "X-Key: x"), r.send("GET", r.admin+tt.path, "")
			if open.status != tt.open || shut.status != tt.shut {
				t.Errorf("with the key %d, without %d; want %d, %d", open.status, shut.status, tt.open, tt.shut)
			}
			if name, _, _ := strings.Cut(open.header.Get("Set-Cookie"), "="); name != tt.cookie {
				t.Errorf("cookie %q, want %q", name, tt.cookie)
			}
		})
	}
}

// The value of a token comes from the first of: properties, environment, system
// properties, token files, the default.
func TestTokenOrder(t *testing.T) {
	dir := folder(t, `
-- admin.json --
{`+bothConnectors+`}
-- config.json --
{"properties": {"of.property": "property"}, "handler": `+echo("&{of.property} &{of.environment} &{of.system} &{of.file} &{of.nested.file} &{of.default|default} ${system['of.system']} ${system['file.encoding']}")+`}
-- tokens/a.json --
{"of.property": "x", "of.environment": "x", "of.system": "x", "of": {"nested": {"file": "nested"}}}
-- tokens/b.properties --
of.file=file
-- tokens/c.txt --
not read`)
	env := map[string]string{"OF_PROPERTY": "x", "OF_ENVIRONMENT": "environment", "IG_ENVCONFIG_DIRS": filepath.Join(dir, "config", "tokens")}
	g, err := Load(Options{Dir: dir, Getenv: func(n string) (string, bool) { v, ok := env[n]; return v, ok },
		System: map[string]string{"of.property": "x", "of.environment": "x", "of.system": "system"}})
	if err != nil {
		t.Fatal(err)
	}
	r := serve(t, g)
	if got := r.get("/"); got.body != "property environment system file nested default system UTF-8" {
		t.Errorf("%q", got.body)
	}
}

// serve starts a gateway that is loaded already.
func serve(t *testing.T, g *Gateway) *running {
	t.Helper()
	if err := g.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Stop(t.Context()) })
	return &running{Gateway: g, t: t, client: "http://" + g.Addrs()[0].String(), admin: "http://" + g.Addrs()[1].String()}
}

// Stores of "secrets" serve objects that name none: those of the route first, then
// those around it, then the environment.
func TestSecretsInScope(t *testing.T) {
	encoded := func(id, value string) string {
		return fmt.Sprintf(`{"stores": [{"type": "Base64EncodedSecretStore", "config": {"secrets": {%q: %q}}}]}`, id, value)
	}
	const filter = `{"type": "Chain", "config": {"filters": [{"type": "HttpBasicAuthenticationClientFilter",
	  "config": {"username": "u", "passwordSecretId": "the.password"}}], "handler": {"type": "StaticResponseHandler",
	  "config": {"status": 200, "headers": {"Content-Type": ["text/plain"]}, "entity": "${decodeBase64(split(request.headers['Authorization'][0], ' ')[1])}"}}}}`
	tests := []struct{ name, config, route, want string }{
		{"the route's", encoded("the.password", "b3V0ZXI="), encoded("the.password", "aW5uZXI="), "u:inner"},
		{"the parent's", encoded("the.password", "b3V0ZXI="), encoded("another", "aW5uZXI="), "u:outer"},
		{"the environment", "", encoded("another", "aW5uZXI="), "u:environment"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := `{"handler": {"type": "Router", "config": {"directory": "DIR/config/routes"}}`
			if tt.config != "" {
				config += `, "secrets": ` + tt.config
			}
			dir := folder(t, "-- admin.json --\n{"+bothConnectors+"}\n-- config.json --\n"+config+"}\n"+
				"-- routes/x.json --\n{\"secrets\": "+tt.route+", \"handler\": "+filter+"}")
			g, err := Load(Options{Dir: dir, Getenv: func(n string) (string, bool) {
				if n == "THE_PASSWORD" {
					return "ZW52aXJvbm1lbnQ=", true
				}
				return "", false
			}})
			if err != nil {
				t.Fatal(err)
			}
			if got := serve(t, g).get("/"); got.body != tt.want {
				t.Errorf("status %d, %q, want %q; problems %v", got.status, got.body, tt.want, g.Problems())
			}
		})
	}
}

// A file of properties that is watched changes what its routes answer, also where the
// folder of routes is not scanned.
func TestWatchedProperties(t *testing.T) {
	r := run(t, `
-- config.json --
{"properties": {"$location:all": "DIR/config/all.json", "shown": "<${word}>"},
 "handler": {"type": "Router", "config": {"directory": "DIR/config/routes", "scanInterval": "disabled"}}}
-- all.json --
{"word": "one"}
-- own.properties --
mine = 1
-- routes/derived.json --
{"condition": "${request.uri.path == '/derived'}", "handler": `+echo("${shown}")+`}
-- routes/token.json --
{"condition": "${request.uri.path == '/token'}", "handler": `+echo("&{word} &{added|no}")+`}
-- routes/own.json --
{"condition": "${request.uri.path == '/own'}", "properties": {"p": {"$location:own": "DIR/config/own.properties"}}, "handler": `+echo("${p.mine}")+`}
-- routes/nested.json --
{"condition": "${request.uri.path == '/nested'}", "handler": {"type": "Router", "config": {"directory": "DIR/config/nested", "scanInterval": "disabled"}}}
-- nested/x.json --
{"handler": `+echo("nested ${word}")+`}
-- routes/other.json --
{"condition": "${request.uri.path == '/other'}", "handler": `+echo("other")+`}`)
	want := func(path, body string) {
		t.Helper()
		r.until(func() bool { return r.get(path).body == body }, path+" answers "+body)
	}
	want("/derived", "<one>")
	want("/token", "one no")
	want("/own", "1")
	want("/nested", "nested one")
	other := r.route("other")

	r.write("all.json", `{"word": "two", "added": "yes"}`)
	want("/derived", "<two>")
	want("/token", "two yes")
	want("/nested", "nested two")
	r.write("own.properties", "mine = 2")
	want("/own", "2")
	if r.route("other") != other {
		t.Error("a route that does not depend on the files was loaded again")
	}

	// A broken file leaves what there is; a good one comes into force.
	r.write("all.json", `{"word": `)
	r.until(func() bool { return strings.Contains(r.log.String(), "the properties of before stay in force") }, "the log tells")
	want("/derived", "<two>")
	r.write("all.json", `{"word": "three"}`)
	want("/derived", "<three>")
	want("/nested", "nested three")
}

func (r *running) route(id string) *route {
	for _, e := range r.routers.all()[0].table.Load().routes {
		if e.id == id {
			return e
		}
	}
	for _, o := range r.routers.all() {
		for _, e := range o.table.Load().routes {
			if e.id == id {
				return e
			}
		}
	}
	return nil
}

func (r *running) write(file, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, "config", file), []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// until polls until ok holds; what never comes is a failure.
func (r *running) until(ok func() bool, what string) {
	r.t.Helper()
	give := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-give:
			r.t.Fatalf("waited in vain until %s\n%s", what, r.log)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestPidFile(t *testing.T) {
	other := fmt.Sprint(os.Getppid()) // it lives as long as the test
	tests := []struct {
		name, mode, there string
		ok                bool
	}{
		{"none there", "fail", "", true},
		{"another gateway", "fail", other, false},
		{"another gateway, by default", "", other, false},
		{"another gateway, overridden", "override", other, true},
		{"left behind", "fail", "999999999", true},
		{"not a number", "fail", "x", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mode := ""
			if tt.mode != "" {
				mode = fmt.Sprintf(`, "pidFileMode": %q`, tt.mode)
			}
			dir := folder(t, "-- admin.json --\n{"+bothConnectors+mode+"}")
			path := filepath.Join(dir, "gatehouse.pid")
			if tt.there != "" {
				if err := os.WriteFile(path, []byte(tt.there), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			g, err := Load(Options{Dir: dir, Getenv: func(string) (string, bool) { return "", false }, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			err = g.Start(t.Context())
			if tt.ok != (err == nil) {
				t.Fatalf("Start: %v", err)
			}
			text, _ := os.ReadFile(path)
			if !tt.ok {
				if !strings.Contains(err.Error(), other) || string(text) != other {
					t.Errorf("error %v, file %q", err, text)
				}
				return
			}
			if string(text) != fmt.Sprintln(os.Getpid()) {
				t.Errorf("the file has %q", text)
			}
			if err := g.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(path); !os.IsNotExist(err) {
				t.Errorf("the file is there after the end: %v", err)
			}
		})
	}
}

// Where the gateway listens, by what admin.json says.
func TestConnectors(t *testing.T) {
	t.Run("lists of ports, and a prefix without an adminConnector", func(t *testing.T) {
		r := run(t, `-- admin.json --
{"properties": {"two": [0, 0]}, "connectors": [{"port": "${two}", "host": "127.0.0.1"}, {"port": "0", "host": "127.0.0.1"}], "prefix": "gate"}`)
		if len(r.Addrs()) != 3 {
			t.Fatalf("listening on %v", r.Addrs())
		}
		for _, a := range r.Addrs() {
			base := "http://" + a.String()
			for path, want := range map[string]int{"/gate/ping": 200, "/gate/metrics": 204, "/gate/x": 404, "/ping": 404, "/": 200} {
				if got := r.send(http.MethodGet, base+path, ""); got.status != want {
					t.Errorf("GET %s: %d, want %d", path, got.status, want)
				}
			}
		}
	})
	t.Run("no connectors", func(t *testing.T) {
		dir := folder(t, "-- admin.json --\n{}")
		g, err := Load(Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		c := g.admin.Connectors
		if len(c) != 1 || c[0].Port[0] != 8080 || c[0].GracePeriod.D() != time.Second || c[0].MaxTotalHeadersSize != 8192 {
			t.Errorf("connectors %+v", c)
		}
	})
	t.Run("no admin.json", func(t *testing.T) {
		g, err := Load(Options{Dir: folder(t, "-- routes/none --\n")})
		if err != nil {
			t.Fatal(err)
		}
		if c := g.admin; c.Connectors[0].Port[0] != 8080 || c.AdminConnector == nil || c.AdminConnector.Port[0] != 8085 {
			t.Errorf("connectors %+v, adminConnector %+v", c.Connectors, c.AdminConnector)
		}
	})
}
