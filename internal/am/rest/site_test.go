package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/rest"
	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/memory"
)

const (
	adminPassword = "adminadmin"
	userPassword  = "Ch4ng31t"
)

// site is the administration interface of realms / and /alpha, with a user and an agent in each.
type site struct {
	t      *testing.T
	base   string
	realms *realm.Manager
	login  *login.Service
	engine *meddling
}

// meddling is an engine in which somebody else is faster: before runs once, before the next write.
type meddling struct {
	store.Engine
	before func()
	listed atomic.Int64 // records that were read in lists
}

func (e *meddling) List(ctx context.Context, q store.Query) ([]store.Record, error) {
	list, err := e.Engine.List(ctx, q)
	e.listed.Add(int64(len(list)))
	return list, err
}

func (e *meddling) Batch(ctx context.Context, ops ...store.Op) error {
	if f := e.before; f != nil {
		e.before = nil
		f()
	}
	return e.Engine.Batch(ctx, ops...)
}

// scriptChecker finds fault with scripts that say "broken".
type scriptChecker struct{}

func (scriptChecker) Validate(_, _, source string) []rest.ScriptError {
	if i := strings.Index(source, "broken"); i >= 0 {
		return []rest.ScriptError{{Line: 1, Column: i + 1, Message: "unexpected token"}}
	}
	return nil
}

// bearers knows three access tokens.
type bearers struct{}

func (bearers) Bearer(_ context.Context, token string) (rest.BearerInfo, error) {
	switch token {
	case "admin-client":
		return rest.BearerInfo{Realm: "/", Subject: store.Subject{Type: login.TypeAgent, Name: "svc"}, Scopes: []string{"fr:am:*"}}, nil
	case "alpha-client":
		return rest.BearerInfo{Realm: "/alpha", Subject: store.Subject{Type: login.TypeAgent, Name: "svc"}, Scopes: []string{"fr:am:*"}}, nil
	case "demo-profile":
		return rest.BearerInfo{Realm: "/", Subject: store.Subject{Type: login.TypeUser, Name: "demo"}, Scopes: []string{"profile"}}, nil
	case "demo-all":
		return rest.BearerInfo{Realm: "/", Subject: store.Subject{Type: login.TypeUser, Name: "demo"}, Scopes: []string{"fr:am:*"}}, nil
	}
	return rest.BearerInfo{}, store.ErrNotFound
}

func newSite(t *testing.T) *site {
	t.Helper()
	engine := &meddling{Engine: memory.New()}
	ctx, cancel := context.WithCancel(context.Background())
	realms, err := realm.NewManager(ctx, realm.Options{Engine: engine})
	if err != nil {
		t.Fatal(err)
	}
	apis := func(ctx context.Context) rest.APISettings {
		set := rest.DefaultAPISettings()
		if d, err := realms.Docs().Get(ctx, "", store.KindGlobal, rest.ServiceREST); err == nil {
			_ = json.Unmarshal(d.Body, &set)
		}
		return set
	}
	l := login.New(login.Options{Realms: realms, Unprotected: func(ctx context.Context) bool { return !apis(ctx).CSRF }})
	server := rest.New(rest.Options{
		Realms: realms, Login: l, Scripts: scriptChecker{}, Bearer: bearers{}, APIs: apis,
		Version: rest.Version{Version: "8.0.1", Full: "Full 8.0.1", Revision: "r", Date: "d"},
	})
	var ts *httptest.Server
	ts = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.EscapedPath(), "/openam/json/")
		name := "/"
		if rest, ok := strings.CutPrefix(path, "alpha/"); ok {
			path, name = rest, "/alpha"
		}
		rl, _ := realms.Find(name)
		place := login.Place{Realm: rl, Base: ts.URL + "/openam", Context: "/openam"}
		if path == "authenticate" {
			l.Authenticate(w, r, place)
			return
		}
		server.ServeHTTP(w, r, place, path)
	}))
	t.Cleanup(func() { ts.Close(); cancel(); engine.Close() })
	if _, err := realms.Create(ctx, realm.Spec{Name: "alpha", Parent: "/", Active: true}); err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, base: ts.URL + "/openam/json", realms: realms, login: l, engine: engine}
	s.addUser("/", "amAdmin", adminHash())
	s.addUser("/", "demo", userHash())
	s.addUser("/alpha", "demo", userHash())
	s.addAgent("/", "ig")
	s.addAgent("/alpha", "ig")
	return s
}

// hashes are made once: hashing takes long on purpose.
var adminHash, userHash = sync.OnceValue(func() string { return realm.HashPassword(adminPassword) }), sync.OnceValue(func() string { return realm.HashPassword(userPassword) })

func (s *site) addUser(realmPath, name, hash string) {
	s.t.Helper()
	u := &realm.User{Name: name, Password: hash, Attributes: map[string][]string{"mail": {name + "@example.com"}, "createTimestamp": {"20260108232723Z"}}}
	d, err := u.Doc()
	if err == nil {
		_, err = s.realms.Docs().Create(s.t.Context(), realmPath, store.KindUser, d)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) addAgent(realmPath, name string) {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"_type": realm.TypeGatewayAgent, "userpassword": s.realms.SealSecret(userPassword)})
	if err == nil {
		_, err = s.realms.Docs().Create(s.t.Context(), realmPath, store.KindAgent, store.Doc{ID: name, Body: body})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

type reply struct {
	*http.Response
	raw  string
	body map[string]any
}

func (s *site) send(method, path string, body any, headers ...string) reply {
	s.t.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	r, err := http.NewRequest(method, s.base+path, in)
	if err != nil {
		s.t.Fatal(err)
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	out := reply{Response: resp, raw: string(raw)}
	if len(raw) > 0 && method != "HEAD" {
		if !json.Valid(raw) {
			s.t.Fatalf("%s %s: no JSON: %s", method, path, raw)
		}
		_ = json.Unmarshal(raw, &out.body) // lists stay in raw
	}
	return out
}

func (r reply) want(t *testing.T, status int) map[string]any {
	t.Helper()
	if r.StatusCode != status {
		t.Fatalf("%s %s = %d %s, want %d", r.Request.Method, r.Request.URL, r.StatusCode, r.raw, status)
	}
	return r.body
}

// refused checks status and message.
func (r reply) refused(t *testing.T, status int, message string) map[string]any {
	t.Helper()
	body := r.want(t, status)
	if body["code"] != float64(status) || body["reason"] != http.StatusText(status) || body["message"] != message {
		t.Errorf("%s %s = %s, want the message %q", r.Request.Method, r.Request.URL, r.raw, message)
	}
	return body
}

func (s *site) signIn(path, name, password string) string {
	s.t.Helper()
	body := s.send("POST", path, "{}", "X-OpenAM-Username", name, "X-OpenAM-Password", password).want(s.t, 200)
	return body["tokenId"].(string)
}

type caller func(method, path string, body any, headers ...string) reply

func (s *site) as(token string) caller {
	return func(method, path string, body any, headers ...string) reply {
		s.t.Helper()
		return s.send(method, path, body, append([]string{"iPlanetDirectoryPro", token}, headers...)...)
	}
}

func (s *site) admin() caller { return s.as(s.signIn("/authenticate", "amAdmin", adminPassword)) }

func (s *site) user() caller { return s.as(s.signIn("/authenticate", "demo", userPassword)) }

func at(v any, path ...string) any {
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}
