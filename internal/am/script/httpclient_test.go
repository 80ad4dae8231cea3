package script_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/script"
)

// echo tells what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Add("X-List", "one")
	w.Header().Add("X-List", "two")
	w.Header().Set("Set-Cookie", "crumb=c1; Path=/")
	if r.URL.Path == "/missing" {
		w.WriteHeader(http.StatusNotFound)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"asked": r.Method + " " + r.URL.String(), "body": string(body), "type": r.Header.Get("Content-Type"),
		"auth": r.Header.Get("Authorization"), "list": r.Header.Values("X-Many"), "host": r.Host,
	})
}

// requesting is an engine whose scripts may call the server, whose address they find under their request parameters.
func requesting(t *testing.T, answer http.HandlerFunc, change func(*script.Options)) (*script.Engine, *script.Input) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	o := script.Options{FetchHosts: func(*realm.Realm) []string { return []string{strings.TrimPrefix(server.URL, "http://")} }}
	if change != nil {
		change(&o)
	}
	in := sampleInput()
	in.Params["server"] = []string{server.URL}
	return script.New(o), in
}

const (
	serverJS     = `var server = requestProperties.get("requestParams").get("server").get(0);` + "\n"
	serverNextJS = `var server = requestProperties.requestParams.server[0];` + "\n"
	serverGroovy = `def server = requestProperties.requestParams.server[0]` + "\n"
)

func TestRequestsOfScripts(t *testing.T) {
	for _, c := range []struct{ name, language, context, source, want string }{
		{"JavaScript as in the guides", js, modify, serverJS + `
var request = new org.forgerock.http.protocol.Request();
request.setUri(server + "/users?q=" + encodeURIComponent("a b"));
request.setMethod("POST");
request.getHeaders().add("Content-Type", "application/json;");
request.getHeaders().add("Authorization", "Bearer abcd-1234");
request.setEntity(JSON.stringify({"username": "bjensen"}));
var response = httpClient.send(request).get();
var got = JSON.parse(response.getEntity().getString());
accessToken.setField("r", [response.getStatus().getCode(), got.asked, got.body, got.type, got.auth]);`,
			`[200,"POST /users?q=a%20b","{\"username\":\"bjensen\"}","application/json;","Bearer abcd-1234"]`},
		{"JavaScript, what a response has", js, modify, serverJS + `
var fr = JavaImporter(org.forgerock.http.protocol.Request, org.forgerock.http.protocol.Status);
var request = new fr.Request();
request.uri = server + "/missing";
var response = httpClient.send(request).get();
accessToken.setField("r", [response.status.code, response.getStatusCode(), response.getReasonPhrase(), response.getStatus().isClientError(),
  response.getHeaders().getFirst("x-list"), response.headers.get("X-List").getValues(), response.getCookies().get("crumb"),
  JSON.parse(response.getEntity()).asked, response.getStatus().equals(fr.Status.NOT_FOUND), response.entity.json.asked]);`,
			`[404,404,"Not Found",true,"one",["one","two"],"c1","GET /missing",false,"GET /missing"]`},
		{"Groovy", groovy, modify, serverGroovy + `
import org.forgerock.http.protocol.*
def request = new Request()
request.uri = "${server}/a"
request.method = "PUT"
request.headers["X-Many"] = ["1", "2"]
request.headers.add("Authorization", "Basic x")
request.entity = [a: 1]
def response = httpClient.send(request).get()
def json = response.entity.json
accessToken.setField("r", [response.status == Status.OK, json.asked, json.body, json.type, json.list, json.auth, response.headers["X-List"].values[1]])`,
			`[true,"PUT /a","{\"a\":1}","application/json; charset=UTF-8",["1","2"],"Basic x","two"]`},
		{"Groovy, a form and callbacks", groovy, modify, serverGroovy + `
import org.forgerock.http.protocol.*
def form = new Form()
form.add("a", "1 2")
def request = new Request()
request.setUri(server)
form.toRequestEntity(request)
def seen = []
httpClient.send(request).thenOnResult { seen << it.status.code }.then { it.entity.json }.then { seen << it.asked; seen << it.body; seen << it.type }
accessToken.setField("r", seen)`,
			`[200,"POST /","a=1+2","application/x-www-form-urlencoded"]`},
		{"newer JavaScript", js, modify + next, serverNextJS + `
var response = httpClient.send(server + "/x#part").get(), got = response.json();
accessToken.setField("r", [response.status, response.statusText, response.ok, got.asked, JSON.parse(response.text()).asked,
  response.headers["X-List"][1], got.type, got.auth]);`,
			`[200,"OK",true,"GET /x","GET /x","two","",""]`},
		{"newer JavaScript, a body and a token", js, modify + next, serverNextJS + `
var options = {method: "POST", headers: {"X-Many": ["1", "2"]}, token: "abc", body: {username: "bjensen"}};
var got = httpClient.send(server, options).get().json();
var scheme = httpClient.send(server, {token: "Bearer abc"}).get().json();
var text = httpClient.send(server, {method: "put", body: "plain", headers: {"Content-Type": "text/plain", "Host": "other.example.com"}}).get().json();
accessToken.setField("r", [got.asked, got.body, got.type, got.auth, got.list, scheme.auth, text.asked, text.body, text.type, text.host]);`,
			`["POST /","{\"username\":\"bjensen\"}","application/json; charset=UTF-8","Bearer abc",["1","2"],"Bearer abc","PUT /","plain","text/plain","other.example.com"]`},
		{"newer JavaScript, a form", js, modify + next, serverNextJS + `
var got = httpClient.send(server, {method: "POST", headers: {"Content-Type": "application/x-www-form-urlencoded"}, form: {a: "1 2", b: ["x", "y"]}}).get().json();
var missing = httpClient.send(server + "/missing").get();
accessToken.setField("r", [got.body, got.type, missing.status, missing.ok]);`,
			`["a=1+2&b=x&b=y","application/x-www-form-urlencoded",404,false]`},
		{"newer JavaScript, callbacks", js, modify + next, serverNextJS + `
var seen = [];
var sum = httpClient.send(server).then(r => { seen.push(r.status); return r.status + 1; }).then(n => n + 1).get();
httpClient.send("http://127.0.0.1:1/").then(r => seen.push("never"), e => seen.push("second"));
var caught = httpClient.send("http://127.0.0.1:1/").then(r => "never").thenCatch(e => e.getMessage().includes("127.0.0.1")).get();
httpClient.send(server).then(r => { throw new Error("of a callback"); }).thenCatch(e => seen.push(e.getMessage()));
httpClient.send(server).then(r => { throw new Error("that nobody catches"); });
accessToken.setField("r", [sum, caught].concat(seen));`,
			`[202,true,200,"second","Error: of a callback"]`},
		{"newer JavaScript, an exception", js, modify + next, serverNextJS + `
try { httpClient.send("http://127.0.0.1:1/").get(); } catch (e) {
  accessToken.setField("r", [e.message.includes("internal"), e.javaException.getMessage().includes("internal")]);
}`, `[true,true]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, in := requesting(t, echo, nil)
			tok := sampleToken()
			if _, err := e.ModifyAccessToken(t.Context(), written(c.language, c.context, c.source), in, tok); err != nil {
				t.Fatal(err)
			}
			sameJSON(t, "r", tok.Extra["r"], c.want)
		})
	}
}

// Requests lead where they may and no further, are few and small, and wait no longer than they may.
func TestRequestLimits(t *testing.T) {
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	answer := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/huge":
			_, _ = w.Write(make([]byte, 1<<20+1))
		case "/elsewhere":
			http.Redirect(w, r, "/landed", http.StatusFound)
		case "/hang":
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		}
	}
	e, in := requesting(t, answer, func(o *script.Options) { o.Limits.Wait = 50 * time.Millisecond })
	patient, inPatient := requesting(t, answer, nil)
	for _, c := range []struct {
		name, context, source, want string
		patient                     bool
	}{
		{"no other host", modify + next, `httpClient.send("http://127.0.0.1:1/").get();`, "allowedFetchHosts", true},
		{"not by a name", modify + next, `httpClient.send("http://localhost:1/").get();`, "allowedFetchHosts", true},
		{"nor the cloud's own service", modify + next, `httpClient.send("http://169.254.169.254/latest/meta-data/").get();`, "allowedFetchHosts", true},
		{"nor in the older dialect", modify, `httpClient.send(new org.forgerock.http.protocol.Request().setUri("http://[::1]:1/")).get();`, "allowedFetchHosts", true},
		{"files", modify + next, `httpClient.send("file:///etc/passwd").get();`, "no http or https address", true},
		{"passwords in addresses", modify + next, `httpClient.send("http://a:b@example.com/").get();`, "no user and password", true},
		{"lines in headers", modify + next, serverNextJS + `httpClient.send(server, {headers: {"X-A": "a\r\nB: c"}}).get();`, "invalid header", true},
		{"no such method", modify + next, serverNextJS + `httpClient.send(server, {method: "G T"}).get();`, "no method", true},
		{"a body that cannot be", modify + next, serverNextJS + `httpClient.send(server, {body: "x"}).get();`, "has no body", true},
		{"clients of a service", modify + next, serverNextJS + `httpClient.send(server, {clientName: "mtls"}).get();`, "no Http Client service", true},
		{"too many", modify + next, serverNextJS + `for (;;) { httpClient.send(server).get(); }`, "more than 10 requests", true},
		{"too large an answer", modify + next, serverNextJS + `httpClient.send(server + "/huge").get();`, "over 1048576 bytes", true},
		{"too large a request", modify + next, serverNextJS + `httpClient.send(server, {method: "POST", body: "x".repeat(1048577)}).get();`, "over 1048576 bytes", true},
		{"too slow", modify + next, serverNextJS + `httpClient.send(server + "/hang").get();`, "no answer", false},
		{"no time left", modify + next, serverNextJS + `try { httpClient.send(server + "/hang").get(); } catch (e) { } httpClient.send(server).get();`, "may no longer", false},
		{"not JSON", modify + next, serverNextJS + `httpClient.send(server).get().json();`, "not JSON", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, in := e, in
			if c.patient {
				e, in = patient, inPatient
			}
			_, err := e.ModifyAccessToken(t.Context(), written(js, c.context, c.source), in, sampleToken())
			if own, ok := errors.AsType[*script.Error](err); !ok || !strings.Contains(own.Message, c.want) || own.Limit != "" {
				t.Errorf("error = %v, want %q", err, c.want)
			}
		})
	}
	t.Run("the older dialect has a response for no answer", func(t *testing.T) {
		tok := sampleToken()
		source := serverJS + `accessToken.setField("r", httpClient.send(new org.forgerock.http.protocol.Request().setUri(server + "/hang")).get().getStatus().getCode());`
		if _, err := e.ModifyAccessToken(t.Context(), written(js, modify, source), in, tok); err != nil || string(tok.Extra["r"]) != "502" {
			t.Errorf("r = %s, error = %v", tok.Extra["r"], err)
		}
	})
	t.Run("redirects are answers", func(t *testing.T) {
		tok := sampleToken()
		source := serverNextJS + `var r = httpClient.send(server + "/elsewhere").get(); accessToken.setField("r", [r.status, r.headers.Location[0]]);`
		if _, err := patient.ModifyAccessToken(t.Context(), written(js, modify+next, source), inPatient, tok); err != nil {
			t.Fatal(err)
		}
		sameJSON(t, "r", tok.Extra["r"], `[302,"/landed"]`)
	})
	t.Run("who asks goes away", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		leaving, in := requesting(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() }, nil)
		_, err := leaving.ModifyAccessToken(ctx, written(js, modify+next, serverNextJS+`httpClient.send(server).get();`), in, sampleToken())
		if err == nil {
			t.Error("a script whose caller has gone goes on")
		}
	})
}

// Time that a script waits is not time that it works.
func TestWaitingIsNoWork(t *testing.T) {
	for _, c := range []struct{ language, context, source string }{
		{js, modify + next, serverNextJS + `httpClient.send(server).get(); accessToken.setField("r", 1);`},
		{groovy, modify, serverGroovy + `httpClient.send(new org.forgerock.http.protocol.Request().setUri(server)).get(); accessToken.setField("r", 1)`},
	} {
		t.Run(c.language, func(t *testing.T) {
			t.Parallel()
			const most = time.Second
			e, in := requesting(t, func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-time.After(most + most/4):
				case <-r.Context().Done():
				}
			}, func(o *script.Options) { o.Limits.Wall = most })
			tok := sampleToken()
			if _, err := e.ModifyAccessToken(t.Context(), written(c.language, c.context, c.source), in, tok); err != nil || string(tok.Extra["r"]) != "1" {
				t.Errorf("r = %s, error = %v", tok.Extra["r"], err)
			}
		})
	}
}

// What a script has read is masked in the log, and in what it fails with.
func TestSecretsOfScripts(t *testing.T) {
	var lines bytes.Buffer
	e := script.New(script.Options{Log: slog.New(slog.NewTextHandler(&lines, nil)), Secret: func(_ context.Context, rl *realm.Realm, label string) ([]byte, error) {
		return []byte("pässwd of " + rl.Path + " " + label), nil
	}})
	for _, c := range []struct{ language, context, source string }{
		{js, modify + next, `var s = secrets.getGenericSecret("scripted.node.a"); logger.error("it is {}: " + s.getAsUtf8(), s);
accessToken.setField("r", [s.getAsUtf8(), s.getAsBytes().length, s.getAsBytes()[1], s.getAsBytes()[2]]);`},
		{js, modify, `var s = secrets.getGenericSecret("scripted.node.a"); accessToken.setField("r", [s.getAsUtf8(), s.getAsBytes().length, s.asBytes[1], s.asBytes[2]]);`},
		{groovy, modify, `def s = secrets.getGenericSecret("scripted.node.a"); accessToken.setField("r", [s.asUtf8, s.asBytes.length, s.asBytes[1] as int, s.asBytes[2] as int])`},
	} {
		tok := sampleToken()
		if _, err := e.ModifyAccessToken(t.Context(), written(c.language, c.context, c.source), sampleInput(), tok); err != nil {
			t.Fatal(err)
		}
		sameJSON(t, c.language, tok.Extra["r"], `["pässwd of /alpha scripted.node.a",33,-61,-92]`)
	}
	if all := lines.String(); !strings.Contains(all, "it is *****: *****") || strings.Contains(all, "pässwd") {
		t.Errorf("log = %s", all)
	}
	for source, want := range map[string]string{
		`throw new Error("got " + secrets.getGenericSecret("scripted.node.a").getAsUtf8());`: "got *****",
		`secrets.getGenericSecret("am.services.oauth2.stateless.signing.HMAC");`:             "not accessible",
		`secrets.getGenericSecret("scripted.node.");`:                                        "not accessible",
	} {
		_, err := e.ModifyAccessToken(t.Context(), written(js, modify+next, source), sampleInput(), sampleToken())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pässwd") {
			t.Errorf("%s: %v, want %q", source, err, want)
		}
	}
	_, err := e.ValidateScope(t.Context(), written(js, validate+next, `function validateAccessTokenScope() {
  scopeValidatorHelper.throwInvalidScope("not " + secrets.getGenericSecret("scripted.node.a").getAsUtf8()); }`),
		&script.ScopeInput{Input: *sampleInput(), Function: "validateAccessTokenScope"})
	refused(t, err, "not *****")
}
