package am_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// The answers of the authenticate endpoint have the members and the types that PingAM's have, and no others.
func TestAuthenticateShapes(t *testing.T) {
	j := newJourneys(t)
	j.tree("Bare",
		node{"bareName", "UsernameCollectorNode", nil, map[string]string{"outcome": "barePass"}}, node{"barePass", "PasswordCollectorNode", nil, map[string]string{"outcome": "bareCheck"}},
		node{"bareCheck", "DataStoreDecisionNode", nil, map[string]string{"true": success, "false": "away"}},
		node{"away", "SetFailureUrlNode", map[string]any{"failureUrl": "https://app.example.com/no"}, map[string]string{"outcome": failure}})
	const (
		callbacks = `[{"type":"NameCallback","output":[{"name":"prompt","value":"User Name"}],"input":[{"name":"IDToken1","value":""}],"_id":0},
			{"type":"PasswordCallback","output":[{"name":"prompt","value":"Password"}],"input":[{"name":"IDToken2","value":""}],"_id":1}]`
		single  = `[{"type":"NameCallback","output":[{"name":"prompt","value":"User Name"}],"input":[{"name":"IDToken1","value":""}]}]`
		session = `{"tokenId":"k3Zr0vQe8yXb2Lq7Tn5Wc1Hf9Dg.*AAJTSQ*","successUrl":"/am/console","realm":"/"}`
		refused = `{"code":401,"reason":"Unauthorized","message":"Login failure"}`
		bad     = `{"code":400,"reason":"Bad Request","message":"No Configuration found"}`
	)
	good := []string{"X-OpenAM-Username", "demo", "X-OpenAM-Password", "Ch4ng31t"}
	wrong := []string{"X-OpenAM-Username", "demo", "X-OpenAM-Password", "wrong"}
	for _, tt := range []struct {
		name, query string
		headers     []string
		status      int
		sample      string
		exact       bool // the values, too
	}{
		{"a page", "", nil, 200, `{"authId":"<JWT>","callbacks":` + callbacks + `,"template":"","stage":"UsernamePassword","header":"Sign in","description":""}`, false},
		{"one callback", "?authIndexType=service&authIndexValue=Bare", nil, 200, `{"authId":"<JWT>","callbacks":` + single + `}`, false},
		{"success", "", good, 200, session, false},
		{"success without a session", "?noSession=true", good, 200, `{"message":"Authentication Successful","successUrl":"/openam/console","realm":"/"}`, true},
		{"failure", "", wrong, 401, refused, true},
		{"failure with an address", "?authIndexType=service&authIndexValue=Bare", wrong, 401,
			`{"code":401,"reason":"Unauthorized","message":"Login failure","detail":{"failureUrl":"https://app.example.com/no"}}`, true},
		{"failure, older", "", append([]string{"Accept-API-Version", "resource=1.0"}, wrong...), 401, `{"errorMessage":"Login failure"}`, true},
		{"no journey", "?authIndexType=service&authIndexValue=Nowhere", nil, 400, bad, true},
	} {
		got := j.send("POST", "/json/authenticate"+tt.query, "{}", tt.headers...).want(t, tt.status)
		var want map[string]any
		if err := json.Unmarshal([]byte(tt.sample), &want); err != nil {
			t.Fatal(err)
		}
		if tt.exact && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", tt.name, got, want)
		}
		for _, problem := range unlike("", want, got) {
			t.Errorf("%s: %s", tt.name, problem)
		}
		if id, ok := got["authId"].(string); ok && strings.Count(id, ".") != 2 {
			t.Errorf("%s: authId is no JWT: %s", tt.name, id)
		}
	}
	page := j.send("POST", "/json/authenticate", "{}").want(t, 200)
	var sample any
	if err := json.Unmarshal([]byte(callbacks), &sample); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(page["callbacks"], sample) {
		t.Errorf("callbacks of a page: %v", page["callbacks"])
	}
}

// unlike tells members that are missing, of another type, or too many.
func unlike(path string, want, got any) []string {
	if reflect.TypeOf(want) != reflect.TypeOf(got) {
		return []string{fmt.Sprintf("%s is %v, want something like %v", path, got, want)}
	}
	var list []string
	switch w := want.(type) {
	case map[string]any:
		g := got.(map[string]any)
		for name := range w {
			list = append(list, unlike(path+"/"+name, w[name], g[name])...)
		}
		for name := range g {
			if _, ok := w[name]; !ok {
				list = append(list, path+"/"+name+" is too much")
			}
		}
	case []any:
		g := got.([]any)
		if len(g) != len(w) {
			return []string{fmt.Sprintf("%s has %d items, want %d", path, len(g), len(w))}
		}
		for i := range w {
			list = append(list, unlike(fmt.Sprint(path, "/", i), w[i], g[i])...)
		}
	}
	return list
}
