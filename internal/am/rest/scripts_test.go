package rest_test

import (
	"encoding/base64"
	"testing"
)

const mayAct = "/scripts/c735de08-f8f2-4e69-aa4a-2d8d3d438323"

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestScripts(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	list := admin("GET", "/scripts?_queryFilter=true&_pageSize=3", nil).want(t, 200)
	if list["resultCount"] != 3.0 || list["totalPagedResults"] != -1.0 || list["remainingPagedResults"] != 0.0 || at(list["result"].([]any)[0], "_rev") != nil {
		t.Errorf("list = %v", list)
	}
	script := map[string]any{"name": "mine", "script": b64("return 1"), "language": "JAVASCRIPT", "context": "OAUTH2_MAY_ACT", "evaluatorVersion": "2.0"}
	made := admin("POST", "/scripts?_action=create", script).want(t, 201)
	id := made["_id"].(string)
	if len(id) != 36 || made["default"] != false || made["createdBy"] != "id=amadmin,ou=user,ou=am-config" || made["evaluatorVersion"] != "1.0" {
		t.Errorf("created = %v", made) // the context decides which evaluator it is
	}
	admin("POST", "/scripts?_action=create", script).refused(t, 409, "Script with name mine already exist in realm /")
	admin("PUT", "/scripts/11111111-2222-3333-4444-555555555555", map[string]any{"name": "chosen", "script": b64("x"), "language": "GROOVY", "context": "OIDC_CLAIMS"}).want(t, 201)
	made["description"], made["name"] = "changed", "renamed"
	got := admin("PUT", "/scripts/"+id, made)
	if got.want(t, 200); got.body["description"] != "changed" || got.Header.Get("ETag") != "" {
		t.Errorf("updated = %v, %v", got.body, got.Header)
	}
	for _, wrong := range []map[string]any{
		{"name": ""}, {"name": "n"}, {"name": "n", "script": "?"}, {"name": "n", "script": b64("x"), "language": "PERL", "context": "OIDC_CLAIMS"},
		{"name": "n", "script": b64("x"), "language": "GROOVY"}, {"name": "n", "script": b64("x"), "language": "GROOVY", "context": "OIDC_CLAIMS_NEXT_GEN"},
		{"name": "n", "script": b64("broken"), "language": "GROOVY", "context": "OIDC_CLAIMS"}, {"name": 5, "script": b64("x")},
	} {
		admin("POST", "/scripts?_action=create", wrong).want(t, 400)
	}
	admin("GET", "/scripts/nope", nil).refused(t, 404, "Script with UUID nope could not be found in realm /")
	admin("GET", "/alpha/scripts/"+id, nil).refused(t, 404, "Script with UUID "+id+" could not be found in realm /alpha")

	admin("PUT", clients+"/c", map[string]any{"overrideOAuth2ClientConfig": map[string]any{"accessTokenMayActScript": id}}).want(t, 201)
	admin("DELETE", "/scripts/"+id, nil).want(t, 409)
	admin("DELETE", clients+"/c", nil).want(t, 200)
	if got := admin("DELETE", "/scripts/"+id, nil).want(t, 200); !same(got, map[string]any{"_id": id}) {
		t.Errorf("deleted = %v", got)
	}
}

// A shipped script can be edited in one realm, and put back.
func TestShippedScripts(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	shipped := admin("GET", mayAct, nil).want(t, 200)
	admin("DELETE", mayAct, nil).want(t, 403)
	changed := admin("PUT", mayAct, map[string]any{"script": b64("token.setMayAct(1)")}).want(t, 200)
	if changed["name"] != shipped["name"] || changed["default"] != true || changed["lastModifiedBy"] != "id=amadmin,ou=user,ou=am-config" {
		t.Errorf("changed = %v", changed)
	}
	if got := admin("GET", mayAct, nil).want(t, 200); got["script"] != b64("token.setMayAct(1)") {
		t.Errorf("read = %v", got)
	}
	if got := admin("GET", "/alpha"+mayAct, nil).want(t, 200); got["script"] != shipped["script"] {
		t.Error("the other realm's script changed")
	}
	admin("DELETE", mayAct, nil).want(t, 200)
	if got := admin("GET", mayAct, nil).want(t, 200); got["script"] != shipped["script"] {
		t.Error("it is not as it was shipped")
	}
}

func TestValidateScript(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	got := admin("POST", "/scripts?_action=validate", map[string]any{"script": b64("fine"), "language": "GROOVY"}).want(t, 200)
	if !same(got, map[string]any{"success": true}) {
		t.Errorf("fine: %v", got)
	}
	got = admin("POST", "/scripts?_action=validate", map[string]any{"script": b64("is broken"), "language": "JAVASCRIPT"}).want(t, 200)
	if got["success"] != false || at(got["errors"].([]any)[0], "column") != 4.0 {
		t.Errorf("broken: %v", got)
	}
	admin("POST", "/scripts?_action=validate", map[string]any{"script": b64("x"), "language": "PERL"}).want(t, 400)
	admin("POST", "/scripts?_action=validate", map[string]any{"language": "GROOVY"}).want(t, 400)
	got = admin("GET", "/contexts/OAUTH2_MAY_ACT", nil).want(t, 200)
	if !same(at(got, "evaluatorVersions", "GROOVY"), []any{"1.0"}) {
		t.Errorf("context = %v", got)
	}
	if list, _ := got["bindings"].([]any); len(list) != 0 {
		t.Errorf("an older context has bindings: %v", list)
	}
	got = admin("GET", "/contexts/OIDC_CLAIMS_NEXT_GEN", nil).want(t, 200)
	types := map[any]any{}
	for _, b := range got["bindings"].([]any) {
		types[at(b, "name")] = at(b, "javaScriptType")
	}
	if types["realm"] != "string" || types["claims"] != "object" || types["openidm"] != "object" || types["emailService"] != "object" || types["accessToken"] != nil {
		t.Errorf("bindings = %v", types)
	}
	admin("GET", "/contexts/NOPE", nil).want(t, 404)
	got = admin("GET", "/global-config/services/scripting/contexts/OAUTH2_MAY_ACT", nil).want(t, 200)
	if got["defaultScript"] != "c735de08-f8f2-4e69-aa4a-2d8d3d438323" {
		t.Errorf("context = %v", got)
	}
}

// What a script has to have, as PingOne Advanced Identity Cloud says it.
func TestScriptsThatAreRefused(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	body := func(change map[string]any) map[string]any {
		out := map[string]any{"name": "a script", "context": "SCRIPTED_DECISION_NODE", "language": "JAVASCRIPT", "script": "", "evaluatorVersion": "2.0"}
		for name, v := range change {
			if out[name] = v; v == nil {
				delete(out, name)
			}
		}
		return out
	}
	const id = "99999999-0000-4000-8000-000000000001"
	for field, want := range map[string]string{
		"name": "Script name must be specified", "context": "Script type must be specified", "language": "Scripting language must be specified", "script": "A script must be specified",
	} {
		if got := admin("PUT", "/scripts/"+id, body(map[string]any{field: nil})).want(t, 400); got["message"] != want {
			t.Errorf("without %s: %v", field, got)
		}
	}
	admin("PUT", "/scripts/"+id, body(map[string]any{"_id": "other"})).want(t, 400)
	// An empty text is one, and a decision of the newer dialect has one context, whatever it is called.
	for _, status := range []int{201, 200} {
		if got := admin("PUT", "/scripts/"+id, body(map[string]any{"_id": id, "createdBy": "somebody", "default": true})).want(t, status); got["context"] != "AUTHENTICATION_TREE_DECISION_NODE" ||
			got["evaluatorVersion"] != "2.0" || got["default"] != false || got["createdBy"] == "somebody" {
			t.Errorf("stored: %v", got)
		}
	}
	if got := admin("DELETE", "/scripts/c735de08-f8f2-4e69-aa4a-2d8d3d438323", nil).want(t, 403); got["message"] != "Default script OAuth2 May Act Script cannot be deleted" {
		t.Errorf("a shipped one: %v", got)
	}
}
