package rest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/am/store"
)

const clients = "/realm-config/agents/OAuth2Client"

func client(secret string, more map[string]any) map[string]any {
	core := map[string]any{"userpassword": secret}
	for name, v := range more {
		core[name] = v
	}
	return map[string]any{"coreOAuth2ClientConfig": core}
}

func TestVersions(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	tests := []struct {
		path, asked string
		status      int
		answered    string
	}{
		{"/users/demo", "resource=4.0, protocol=2.1", 200, "resource=4.1"},
		{"/users/demo", "resource=3.0", 200, "resource=3.0"},
		{"/users/demo", "protocol=1.0", 200, "resource=4.1"},
		{"/users/demo", "", 200, "resource=4.1"},
		{"/users/demo", "resource=9.0", 404, ""},
		{"/users/demo", "protocol=3.0", 404, ""},
		{"/users/demo", "nonsense", 400, ""},
		{"/scripts/c735de08-f8f2-4e69-aa4a-2d8d3d438323", "protocol=2.0,resource=1.0", 200, "resource=1.1"},
		{"/global-config/realms?_queryFilter=true", "protocol=2.0,resource=1.0", 200, "protocol=2.0,resource=1.0, resource=1.0"},
	}
	for _, tt := range tests {
		t.Run(tt.path+" "+tt.asked, func(t *testing.T) {
			got := admin("GET", tt.path, nil, "Accept-API-Version", tt.asked)
			body := got.want(t, tt.status)
			if tt.status == 200 && got.Header.Get("Content-API-Version") != tt.answered {
				t.Errorf("Content-API-Version = %q, want %q", got.Header.Get("Content-API-Version"), tt.answered)
			}
			if tt.asked == "resource=9.0" && body["message"] != `Accept-API-Version: Requested version "9.0" does not match any routes.` {
				t.Errorf("message = %v", body["message"])
			}
		})
	}
}

func TestBodies(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	admin("PUT", clients+"/c", "{").refused(t, 400, "The request could not be processed because the provided content is not valid JSON")
	admin("PUT", clients+"/c", "{} {}").want(t, 400)
	admin("PUT", clients+"/c", "[]").want(t, 400)
	admin("PUT", clients+"/c", "{}", "Content-Type", "text/plain").want(t, 415)
	admin("PUT", clients+"/c", `{"x":"`+strings.Repeat("y", 3<<20)+`"}`).want(t, 413)
	admin("PUT", clients+"/c", `{"_id":"d"}`).refused(t, 400, "name and URI's resource ID do not match")
	admin("TRACE", clients+"/c", nil).want(t, 405)
	admin("PUT", clients, "{}").want(t, 405)
	admin("GET", clients, nil).want(t, 400)
	admin("POST", "/realm-config/agents?_action=nothing", nil).want(t, 501)
	admin("GET", "/type1/node1", nil).refused(t, 404, "Resource 'type1/node1' not found")
	admin("GET", "/realm-config/agents/Nothing?_queryFilter=true", nil).want(t, 404)
	admin("GET", "/alpha/global-config/realms?_queryFilter=true", nil).want(t, 404)
	got := admin("PUT", clients+"/c", map[string]any{"nonsense": 1}).refused(t, 400, "Invalid attribute specified.")
	if valid, _ := at(got, "detail", "validAttributes").([]any); len(valid) != 6 {
		t.Errorf("validAttributes = %v", got["detail"])
	}
	got = admin("PUT", clients+"/c", map[string]any{"coreOAuth2ClientConfig": map[string]any{"scope": "x"}}).refused(t, 400, "Invalid attribute specified.")
	if valid, _ := at(got, "detail", "validAttributes").([]any); len(valid) != 13 {
		t.Errorf("validAttributes = %v", got["detail"])
	}
	for _, wrong := range []map[string]any{
		{"clientType": "Secret"}, {"accessTokenLifetime": "soon"}, {"accessTokenLifetime": 1.5}, {"scopes": map[string]any{}}, {"loopbackInterfaceRedirection": 3}, {"scopes": []any{[]any{}}},
	} {
		body := admin("PUT", clients+"/c", map[string]any{"coreOAuth2ClientConfig": wrong}).want(t, 400)
		if !strings.HasPrefix(body["message"].(string), "Data validation failed for the attribute, ") {
			t.Errorf("%v: message = %v", wrong, body["message"])
		}
	}
}

// Reading, conditions, fields and print forms of one object.
func TestConditions(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	made := admin("PUT", clients+"/c", client("x", nil), "If-None-Match", "*")
	made.want(t, 201)
	if got := made.Header.Get("Location"); got != s.base+clients+"/c" {
		t.Errorf("Location = %q", got)
	}
	rev := made.body["_rev"].(string)
	if got := made.Header.Get("ETag"); got != `"`+rev+`"` || rev == "" {
		t.Errorf("ETag = %q, _rev = %q", got, rev)
	}
	if got := admin("GET", clients+"/c", nil).want(t, 200)["_rev"]; got != rev {
		t.Errorf("_rev = %v, want %s: the content is the same", got, rev)
	}
	admin("PUT", clients+"/c", client("x", nil), "If-None-Match", "*").want(t, 412)
	admin("POST", clients+"?_action=create", map[string]any{"_id": "c"}).refused(t, 409, "Unable to save config: Service already exists")
	admin("PUT", clients+"/c", "{}", "If-Match", `"77"`).want(t, 412)
	admin("PUT", clients+"/new", "{}", "If-Match", `"77"`).want(t, 412)
	changed := admin("PUT", clients+"/c", client("", map[string]any{"scopes": []string{"a"}}), "If-Match", `"`+rev+`"`).want(t, 200)
	if changed["_rev"] == rev {
		t.Error("the revision did not change")
	}
	admin("DELETE", clients+"/c", nil, "If-Match", rev).want(t, 412)
	got := admin("GET", clients+"/c?_fields=_id,coreOAuth2ClientConfig/scopes", nil).want(t, 200)
	if len(got) != 3 || got["_rev"] == nil || len(at(got, "coreOAuth2ClientConfig").(map[string]any)) != 1 || !same(at(got, "coreOAuth2ClientConfig", "scopes", "value"), []any{"a"}) {
		t.Errorf("fields = %v", got)
	}
	if got := admin("GET", clients+"/c?_prettyPrint=true", nil); !strings.Contains(got.raw, "\n  \"_id\": \"c\"") {
		t.Errorf("pretty print = %s", got.raw)
	}
	if got := admin("HEAD", clients+"/c", nil); got.StatusCode != 200 || got.raw != "" || got.Header.Get("ETag") == "" {
		t.Errorf("HEAD = %d %q", got.StatusCode, got.raw)
	}
	gone := admin("DELETE", clients+"/c", nil, "If-Match", changed["_rev"].(string)).want(t, 200)
	if gone["_id"] != "c" {
		t.Errorf("deleted = %v", gone)
	}
	admin("DELETE", clients+"/c", nil).refused(t, 404, "Not Found")
	admin("GET", clients+"/c", nil).refused(t, 404, "Not Found")
}

// Of two who write over the same revision one is told.
func TestLostUpdate(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	made := admin("PUT", clients+"/c", client("x", nil)).want(t, 201)
	docs := store.Docs{Engine: s.engine}
	meddle := func() {
		if _, err := docs.Put(t.Context(), "/", store.KindAgent, store.Doc{ID: "c", Body: []byte(`{"_type":"OAuth2Client","coreOAuth2ClientConfig":{"scopes":["theirs"]}}`)}); err != nil {
			t.Error(err)
		}
	}
	mine := client("", map[string]any{"scopes": []string{"mine"}})
	s.engine.before = meddle
	admin("PUT", clients+"/c", mine, "If-Match", made["_rev"].(string)).want(t, 412)
	s.engine.before = meddle
	admin("PATCH", clients+"/c", []any{map[string]any{"operation": "add", "field": "/coreOAuth2ClientConfig/scopes/value", "value": "mine"}}).want(t, 412)
	rev := admin("GET", clients+"/c", nil).want(t, 200)
	if !same(at(rev, "coreOAuth2ClientConfig", "scopes", "value"), []any{"theirs"}) {
		t.Errorf("scopes = %v", at(rev, "coreOAuth2ClientConfig", "scopes"))
	}
	s.engine.before = meddle
	admin("DELETE", clients+"/c", nil, "If-Match", made["_rev"].(string)).want(t, 412)
	// Without a condition the last one wins.
	s.engine.before = meddle
	if got := admin("PUT", clients+"/c", mine).want(t, 200); !same(at(got, "coreOAuth2ClientConfig", "scopes", "value"), []any{"mine"}) {
		t.Errorf("scopes = %v", at(got, "coreOAuth2ClientConfig", "scopes"))
	}
}

func TestPaging(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	for i := range 5 {
		admin("PUT", fmt.Sprintf("%s/c%d", clients, i), client("x", map[string]any{"scopes": []string{fmt.Sprint("s", i%2)}})).want(t, 201)
	}
	ids := func(body map[string]any) string {
		var list []string
		for _, o := range body["result"].([]any) {
			list = append(list, at(o, "_id").(string))
		}
		return strings.Join(list, " ")
	}
	query := func(params string) map[string]any {
		t.Helper()
		return admin("GET", clients+"?"+params, nil).want(t, 200)
	}
	tests := []struct{ params, want string }{
		{"_queryFilter=true", "c0 c1 c2 c3 c4"},
		{"_queryId=*", "c0 c1 c2 c3 c4"},
		{"_queryId=*3", "c3"},
		{"_queryFilter=true&_sortKeys=-_id", "c4 c3 c2 c1 c0"},
		{"_queryFilter=true&_sortKeys=coreOAuth2ClientConfig/status,%2B_id", "c0 c1 c2 c3 c4"},
		{"_queryFilter=true&_pagedResultsOffset=3", "c3 c4"},
		{"_queryFilter=true&_pagedResultsOffset=9", ""},
		{"_queryFilter=" + url.QueryEscape("_id eq 'c1' or _id eq 'C2'"), "c1 c2"},
		{"_queryFilter=" + url.QueryEscape("coreOAuth2ClientConfig/scopes eq 's1'"), "c1 c3"},
	}
	for _, tt := range tests {
		if got := ids(query(tt.params)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.params, got, tt.want)
		}
	}
	page := query("_queryFilter=true&_pageSize=2")
	if ids(page) != "c0 c1" || page["resultCount"] != 2.0 || page["totalPagedResultsPolicy"] != "EXACT" || page["totalPagedResults"] != 5.0 || page["remainingPagedResults"] != -1.0 {
		t.Errorf("first page = %v", page)
	}
	page = query("_queryFilter=true&_pageSize=2&_pagedResultsCookie=" + page["pagedResultsCookie"].(string))
	if ids(page) != "c2 c3" {
		t.Errorf("second page = %v", ids(page))
	}
	page = query("_queryFilter=true&_pageSize=2&_pagedResultsCookie=" + page["pagedResultsCookie"].(string))
	if ids(page) != "c4" || page["pagedResultsCookie"] != nil {
		t.Errorf("last page = %v, cookie %v", ids(page), page["pagedResultsCookie"])
	}
	for _, params := range []string{"_queryFilter=(", "_queryFilter=true&_pageSize=x", "_queryFilter=true&_pageSize=-1", "_queryFilter=true&_pagedResultsCookie=!", "_queryFilter=true&_pagedResultsCookie=LTU", "_queryId=["} {
		admin("GET", clients+"?"+params, nil).want(t, 400)
	}
	admin("GET", clients+"?_queryExpression=x", nil).want(t, 501)
}
