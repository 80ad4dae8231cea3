package directory_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/store"
)

// A journey lets a user of the directory change a password that has to be changed, and tells expired ones from others.
func TestJourneyChangesPassword(t *testing.T) {
	s := newSlapd(t, policies, policyEntries).start()
	u := newUsers(t).at("LDAP", s.plain)
	put := func(kind, id, body string) {
		t.Helper()
		if _, err := u.realms.Docs().Put(t.Context(), "/", kind, store.Doc{ID: id, Body: json.RawMessage(body)}); err != nil {
			t.Fatal(err)
		}
	}
	message := func(id, text string) {
		put(journey.KindNode, journey.NodeID("MessageNode", id), `{"message":{"en":"`+text+`"},"messageYes":{},"messageNo":{}}`)
	}
	put(journey.KindNode, journey.NodeID("UsernameCollectorNode", "name"), `{}`)
	put(journey.KindNode, journey.NodeID("PasswordCollectorNode", "pass"), `{}`)
	put(journey.KindNode, journey.NodeID("IdentityStoreDecisionNode", "check"), `{"minimumPasswordLength":8,"mixedCaseForPasswordChangeMessages":true,"useUniversalIdForUsername":false}`)
	message("expired", "expired")
	message("cancelled", "cancelled")
	message("locked", "locked")
	end := `"connections":{"true":"` + journey.Failure + `","false":"` + journey.Failure + `"}`
	put(journey.KindTree, "Directory", `{"entryNodeId":"name","nodes":{
		"name":{"nodeType":"UsernameCollectorNode","connections":{"outcome":"pass"}},
		"pass":{"nodeType":"PasswordCollectorNode","connections":{"outcome":"check"}},
		"check":{"nodeType":"IdentityStoreDecisionNode","connections":{"TRUE":"`+journey.Success+`","FALSE":"`+journey.Failure+`","LOCKED":"locked","CANCELLED":"cancelled","EXPIRED":"expired"}},
		"expired":{"nodeType":"MessageNode",`+end+`},"cancelled":{"nodeType":"MessageNode",`+end+`},"locked":{"nodeType":"MessageNode",`+end+`}}}`)
	service := login.New(login.Options{Realms: u.realms})
	post := func(want int, step any) map[string]any {
		t.Helper()
		raw, err := json.Marshal(step)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "http://am.example.com/am/json/authenticate?authIndexType=service&authIndexValue=Directory", strings.NewReader(string(raw)))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		service.Authenticate(w, r, login.Place{Realm: u.Realm, Base: "http://am.example.com/am", Context: "/am"})
		var out map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != want {
			t.Fatalf("%d %s, want %d", w.Code, w.Body, want)
		}
		return out
	}
	answer := func(want int, step map[string]any, values ...any) map[string]any {
		t.Helper()
		callbacks, _ := step["callbacks"].([]any)
		for _, c := range callbacks {
			if in, _ := c.(map[string]any)["input"].([]any); len(in) > 0 && len(values) > 0 {
				in[0].(map[string]any)["value"], values = values[0], values[1:]
			}
		}
		return post(want, step)
	}
	begin := func(name, password string) map[string]any {
		t.Helper()
		return answer(200, answer(200, post(200, map[string]any{}), name), password)
	}
	told := func(step map[string]any) string {
		t.Helper()
		callbacks, _ := step["callbacks"].([]any)
		if len(callbacks) == 0 {
			t.Fatalf("nothing was told: %v", step)
		}
		output, _ := callbacks[0].(map[string]any)["output"].([]any)
		text, _ := output[0].(map[string]any)["value"].(string)
		return text
	}
	for name, want := range map[string]string{"old": "expired", "locked": "locked", "reset": "You must change your password"} {
		if got := told(begin(name, "hifalutin")); got != want {
			t.Errorf("%s is told %q, want %q", name, got, want)
		}
	}
	answer(401, answer(200, post(200, map[string]any{}), "reset"), "wrong")
	if got := told(answer(200, begin("reset", "hifalutin"), "", "", "", 1)); got != "cancelled" {
		t.Errorf("cancelled: told %q", got)
	}
	step := begin("reset", "hifalutin")
	for _, tt := range []struct{ current, next, confirmed, want string }{
		{"wrong", "long-enough-for-it", "long-enough-for-it", "The old password is not right"},
		{"hifalutin", "long-enough-for-it", "another", "The new passwords do not match"},
		{"hifalutin", "short", "short", "Minimum password length is 8"},
		{"hifalutin", "hifalutin", "hifalutin", "The new password has to differ from the old one"},
		{"hifalutin", "nine-char", "nine-char", "The directory does not take the new password"}, // it wants ten
	} {
		step = answer(200, step, tt.current, tt.next, tt.confirmed, 0)
		if got := told(step); got != tt.want {
			t.Fatalf("%v: told %q", tt, got)
		}
	}
	if got := answer(200, step, "hifalutin", "long-enough-for-it", "long-enough-for-it", 0); got["tokenId"] == nil {
		t.Fatalf("after the change: %v", got)
	}
	if got := begin("reset", "long-enough-for-it"); got["tokenId"] == nil {
		t.Errorf("with the new password: %v", got)
	}
	answer(401, answer(200, post(200, map[string]any{}), "reset"), "hifalutin")
}
