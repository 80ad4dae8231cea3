package filters

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
)

func TestHttpBasicAuth(t *testing.T) {
	const declaration = `{"type":"HttpBasicAuthFilter","config":{"username":"${attributes.user}","password":"${attributes.password}",
		"failureHandler":{"type":"StaticResponseHandler","config":{"status":418}},"cacheHeader":%v}}`
	var got []string
	upstream := func(good string) chain.HandlerFunc {
		return func(x *chain.Exchange) (*chain.Response, error) {
			encoded, _ := strings.CutPrefix(x.Request.Header.Get("Authorization"), "Basic ")
			b, _ := base64.StdEncoding.DecodeString(encoded)
			body, _ := x.Request.Entity.Text()
			got = append(got, string(b)+" "+x.Request.Header.Get("X")+body)
			x.Request.Header.Add("X", "added")
			if string(b) != good {
				return answer(401, "WWW-Authenticate", "Basic")(x)
			}
			return answer(200, "WWW-Authenticate", "Basic")(x)
		}
	}
	send := func(t *testing.T, f chain.Filter, s memorySession, user, password, good string) int {
		t.Helper()
		got = nil
		x := post(t, "http://app/", "b")
		x.Request.Header.Set("Authorization", "Bearer client")
		a := chain.Find[*chain.AttributesContext](x.Context).Map()
		if user != "" {
			a["user"], a["password"] = user, password
		}
		if s != nil {
			x = s.in(x)
		}
		resp := pass(t, f, x, upstream(good))
		want(t, "WWW-Authenticate", resp.Header.Get("WWW-Authenticate"), "")
		return resp.Status.Code
	}
	for _, cached := range []bool{false, true} {
		for _, s := range []memorySession{nil, {}} {
			f := build(t, fmt.Sprintf(declaration, cached))
			want(t, "accepted", send(t, f, s, "u", "p:w", "u:p:w"), 200)
			want(t, "sent", strings.Join(got, "|"), "u:p:w b")
			kept := cached && s != nil
			// Other credentials are evaluated only when the kept ones are refused.
			want(t, "changed", send(t, f, s, "u", "new", "u:new"), 200)
			if kept {
				want(t, "sent", strings.Join(got, "|"), "u:p:w b|u:new b")
			} else {
				want(t, "sent", strings.Join(got, "|"), "u:new b")
			}
			want(t, "refused", send(t, f, s, "u", "new", "u:x"), 418)
			want(t, "sent", strings.Join(got, "|"), "u:new b")
			want(t, "left in the session", len(s), 0)
			want(t, "no credentials", send(t, f, s, "", "", "x"), 418)
			want(t, "sent", len(got), 0)
			if s != nil {
				clear(s)
			}
		}
	}
	x := get(t, "http://app/")
	chain.Find[*chain.AttributesContext](x.Context).Map()["user"] = "a:b"
	chain.Find[*chain.AttributesContext](x.Context).Map()["password"] = "p"
	if _, err := build(t, fmt.Sprintf(declaration, true)).Filter(x, answer(200)); err != errColon {
		t.Errorf("a colon in the name: %v", err)
	}
	refused{
		`{"type":"HttpBasicAuthFilter","config":{"username":"a"}}`: `config: the required field "password" is missing` + "\n" + `config: the required field "failureHandler" is missing`,
	}.test(t)
}

func TestPasswordReplay(t *testing.T) {
	const login = `"request":{"method":"POST","uri":"http://app/login","form":{"u":["demo"],"t":["${attributes.extracted.token}"]}}`
	page := `<form id="login"><input name="t" value="T1">`
	tests := map[string]struct{ config, uri, sent, body string }{
		"page":             {`"loginPage":"${request.uri.path == '/login'}"`, "/login", "POST http://app/login u=demo", "welcome"},
		"another page":     {`"loginPage":"${request.uri.path == '/login'}"`, "/x", "GET http://app/x", page},
		"with extractions": {`"loginPage":"${request.uri.path == '/login'}","loginPageExtractions":[{"name":"token","pattern":"value=\"([^\"]*)\""}]`, "/login", "GET http://app/login|POST http://app/login u=demo&t=T1", "welcome"},
		"marker":           {`"loginPageContentMarker":"id=\"login\""`, "/x", "GET http://app/x|POST http://app/login u=demo|GET http://app/x", "secret"},
		"no marker":        {`"loginPageContentMarker":"id=\"other\""`, "/x", "GET http://app/x", page},
		"page and marker":  {`"loginPage":"${true}","loginPageContentMarker":"id=\"other\""`, "/x", "GET http://app/x", page},
		"credentials": {`"loginPage":true,"credentials":{"type":"AssignmentFilter","config":{"onRequest":[{"target":"${attributes.extracted}","value":{"token":"C"}}]}}`,
			"/x", "POST http://app/login u=demo&t=C", "welcome"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := build(t, `{"type":"PasswordReplayFilter","config":{`+login+`,`+test.config+`}}`)
			var sent []string
			loggedIn := false
			resp := pass(t, f, get(t, "http://app"+test.uri), chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
				body, _ := x.Request.Entity.Text()
				sent = append(sent, strings.TrimSpace(x.Request.String()+" "+body))
				x.Request.URI.Host = "rebased"
				switch {
				case x.Request.Method == "POST":
					loggedIn = true
					return answer(200, "", "welcome")(x)
				case loggedIn:
					return answer(200, "", "secret")(x)
				}
				return answer(200, "", page)(x)
			}))
			want(t, "sent", strings.Join(sent, "|"), test.sent)
			want(t, "body", text(t, resp), test.body)
		})
	}
	refused{
		`{"type":"PasswordReplayFilter","config":{"request":{"method":"GET","uri":"http://a/"}}}`:                                                                `: one of the fields "loginPage" and "loginPageContentMarker" is required`,
		`{"type":"PasswordReplayFilter","config":{"loginPage":true,"request":{"method":"POST","uri":"http://a/","form":{},"entity":"x"},"headerDecryption":{}}}`: `config.headerDecryption: encrypted header fields are not supported; use a CapturedUserPasswordFilter as credentials`,
		`{"type":"PasswordReplayFilter","config":{"loginPage":true,"request":{"method":"POST","uri":"http://a/","form":{"a":"b"},"entity":"x"}}}`:                `config.request.entity: a POST has either form or entity, not both`,
	}.test(t)
}

func TestFileAttributes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users.csv")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	find := func(t *testing.T, f chain.Filter, user string) string {
		t.Helper()
		x := get(t, "http://a/", "User", user)
		var record any
		pass(t, f, x, chain.HandlerFunc(func(y *chain.Exchange) (*chain.Response, error) {
			if c := chain.Named(y.Context, "fileAttributes"); c != nil {
				record, _ = c.Get("record")
			} else {
				record = chain.Find[*chain.AttributesContext](y.Context).Map()["r"]
			}
			return chain.NewResponse(200), nil
		}))
		return fmt.Sprint(record)
	}
	declaration := func(more string) string {
		return fmt.Sprintf(`{"type":"FileAttributesFilter","config":{"file":%q,"key":"user","value":"${request.headers['User'][0]}"%s}}`, file, more)
	}
	fx := newFixture()
	f := fx.filter(t, declaration(""))
	want(t, "no file", find(t, f, "bob"), "map[]")
	if !strings.Contains(fx.log.String(), "level=WARN") {
		t.Error("a missing file is not logged")
	}
	write("\ufeffuser,password,note\nbob, b1 ,\"x,\"\"y\"\nbob,b2,\nann,a1\n")
	want(t, "first record", find(t, f, "bob"), `map[note:x,"y password: b1  user:bob]`)
	want(t, "short record", find(t, f, "ann"), `map[password:a1 user:ann]`)
	want(t, "no record", find(t, f, "eve"), `map[]`)
	write("user,password\nbob,changed\n")
	if err := os.Chtimes(file, time.Time{}, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	want(t, "changed file", find(t, f, "bob"), `map[password:changed user:bob]`)
	want(t, "target", find(t, build(t, declaration(`,"target":"${attributes.r}"`)), "bob"), `map[password:changed user:bob]`)
	want(t, "fields", find(t, build(t, declaration(`,"fields":["user","pw"]`)), "bob"), `map[pw:changed user:bob]`)
	write("b\xf6b:1\n")
	want(t, "charset", find(t, build(t, declaration(`,"header":false,"separator":"colon","charset":"ISO-8859-1","fields":["user","n"]`)), "böb"), `map[n:1 user:böb]`)
	refused{
		declaration(`,"header":false,"target":"x","charset":"klingon"`): `: a file without header needs the field "fields"` + "\n" +
			`config.target: expected a place to assign to, such as "${attributes.name}", found "x"` + "\n" + `config.charset: "klingon" is no known charset`,
		declaration(`,"fields":["a"],"separator":"SPACE"`): `config.separator: expected one of COMMA, COLON, TAB, found "SPACE"`,
		declaration(`,"fields":["a"]`):                     `config.key: the column "user" is not among the fields`,
	}.test(t)
}
