package login_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// people are users of a directory with a password policy: what it says of whom is told by their names. That a directory
// says so is in the tests of package directory.
type people struct {
	passwords map[string]string
	changed   bool
}

func (p *people) Find(_ context.Context, _, name string) (*realm.User, error) {
	if p.passwords[name] == "" {
		return nil, store.ErrNotFound
	}
	return &realm.User{ID: name, Name: name, External: "uid=" + name, Attributes: map[string][]string{}}, nil
}

func (p *people) Check(ctx context.Context, realmPath, name, password string) (*realm.User, error) {
	switch {
	case p.passwords[name] == "" || name != "locked" && p.passwords[name] != password:
		return nil, realm.ErrBadCredentials
	case name == "locked":
		return nil, realm.ErrLocked
	case name == "old":
		return nil, realm.ErrExpired
	case name == "reset" && !p.changed:
		return nil, realm.ErrMustChange
	}
	return p.Find(ctx, realmPath, name)
}

func (p *people) Save(context.Context, string, *realm.User) error { return nil }

func (p *people) ChangePassword(_ context.Context, _ string, u *realm.User, current, next string) error {
	if p.passwords[u.Name] != current || len(next) < 10 {
		return fmt.Errorf("%w: not good enough", realm.ErrRefusedPassword)
	}
	p.passwords[u.Name], p.changed = next, true
	return nil
}

// A journey lets a user of the directory change a password that has to be changed, and tells expired ones from others.
func TestJourneyChangesPassword(t *testing.T) {
	s := newSite(t)
	s.realms.SetIdentities(&people{passwords: map[string]string{"reset": "hifalutin", "old": "hifalutin", "locked": "hifalutin"}})
	put := func(kind, id, body string) { s.put("/", kind, id, body) }
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
	post := func(want int, step any) map[string]any {
		t.Helper()
		raw, err := json.Marshal(step)
		if err != nil {
			t.Fatal(err)
		}
		return s.json(want, s.request("POST", "/", "?authIndexType=service&authIndexValue=Directory", string(raw)))
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
