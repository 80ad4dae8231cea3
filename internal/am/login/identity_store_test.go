package login_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// people are users of a directory with a password policy: what it says of whom is told by their names. That a directory
// says so is in the tests of package directory.
type people struct {
	passwords map[string]string
	changed   bool
	asked     *realm.Directory // the last one that a node named
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
	u, err := p.Find(ctx, realmPath, name)
	if err == nil && password == "hifalutin" {
		u.Warning = map[string]*realm.PasswordWarning{"grace": {Grace: 3}, "last": {Grace: 1}, "none": {Grace: 0}, "soon": {Expires: 72 * time.Hour}}[name]
	}
	return u, err
}

func (p *people) CheckAt(ctx context.Context, d *realm.Directory, name, password string) (*realm.User, error) {
	p.asked = d
	return p.Check(ctx, d.Bases[0], name, password)
}

func (p *people) ChangePasswordAt(ctx context.Context, d *realm.Directory, name, current, next string) error {
	return p.ChangePassword(ctx, d.Bases[0], &realm.User{Name: name}, current, next)
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
	t.Run("IdentityStoreDecisionNode", func(t *testing.T) {
		journeyChangesPassword(t, "IdentityStoreDecisionNode", `{"minimumPasswordLength":8,"mixedCaseForPasswordChangeMessages":true,"useUniversalIdForUsername":false}`)
	})
	t.Run("LdapDecisionNode", func(t *testing.T) {
		found := journeyChangesPassword(t, "LdapDecisionNode", `{"primaryServers":["a:389"],"secondaryServers":["b:389"],"accountSearchBaseDn":["dc=example,dc=com"],
			"adminDn":"cn=admin","adminPassword":"","userProfileAttribute":"uid","searchFilterAttributes":["mail"],"userSearchFilter":"(x=y)","searchScope":"ONE_LEVEL",
			"ldapConnectionMode":"START_TLS","returnUserDn":true,"minimumPasswordLength":8,"beheraEnabled":true,"trustAllServerCertificates":true,
			"ldapOperationsTimeout":2500,"mixedCaseForPasswordChangeMessages":true}`).asked
		want := &realm.Directory{
			Servers: []string{"a:389", "b:389"}, Bases: []string{"dc=example,dc=com"}, BindDN: "cn=admin", NameAttribute: "uid", NameInDN: true, Search: []string{"mail"},
			Filter: "(x=y)", Scope: "ONE_LEVEL", Mode: "StartTLS", Timeout: 2500 * time.Millisecond, TrustAll: true,
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("the directory that the node names (-want +got)\n%s", diff)
		}
	})
}

func journeyChangesPassword(t *testing.T, kind, settings string) *people {
	s := newSite(t)
	users := &people{passwords: map[string]string{}}
	for _, name := range []string{"reset", "old", "locked", "grace", "last", "none", "soon"} {
		users.passwords[name] = "hifalutin"
	}
	s.realms.SetIdentities(users)
	put := func(kind, id, body string) { s.put("/", kind, id, body) }
	message := func(id, text string) {
		put(journey.KindNode, journey.NodeID("MessageNode", id), `{"message":{"en":"`+text+`"},"messageYes":{},"messageNo":{}}`)
	}
	put(journey.KindNode, journey.NodeID("UsernameCollectorNode", "name"), `{}`)
	put(journey.KindNode, journey.NodeID("PasswordCollectorNode", "pass"), `{}`)
	put(journey.KindNode, journey.NodeID(kind, "check"), settings)
	message("expired", "expired")
	message("cancelled", "cancelled")
	message("locked", "locked")
	end := `"connections":{"true":"` + journey.Failure + `","false":"` + journey.Failure + `"}`
	put(journey.KindTree, "Directory", `{"entryNodeId":"name","nodes":{
		"name":{"nodeType":"UsernameCollectorNode","connections":{"outcome":"pass"}},
		"pass":{"nodeType":"PasswordCollectorNode","connections":{"outcome":"check"}},
		"check":{"nodeType":"`+kind+`","connections":{"TRUE":"`+journey.Success+`","FALSE":"`+journey.Failure+`","LOCKED":"locked","CANCELLED":"cancelled","EXPIRED":"expired"}},
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

	// A change is offered to those who need it soon; they may go on without.
	for name, want := range map[string]string{"grace": "Your password has expired. You can sign in 3 more times", "soon": "Your password expires in 3 days"} {
		step := begin(name, "hifalutin")
		if got := told(step); got != want {
			t.Errorf("%s is told %q", name, got)
		}
		step = answer(200, step, "hifalutin", "other-one", "another-one", 0)
		if got := told(step); got != "The new passwords do not match" {
			t.Errorf("%s is told %q", name, got)
		}
		if got := answer(200, step, "", "", "", 1); got["tokenId"] == nil {
			t.Errorf("%s without a change: %v", name, got)
		}
		if got := answer(200, begin(name, "hifalutin"), "hifalutin", "long-enough-for-it", "long-enough-for-it", 0); got["tokenId"] == nil {
			t.Errorf("%s with a change: %v", name, got)
		}
		if got := begin(name, "long-enough-for-it"); got["tokenId"] == nil {
			t.Errorf("%s after the change: %v", name, got)
		}
	}
	// With the last sign-in there is no way around it, and with none left none to change it.
	step = begin("last", "hifalutin")
	callbacks, _ := step["callbacks"].([]any)
	if options := fmt.Sprint(callbacks[4]); strings.Contains(options, "Cancel") {
		t.Errorf("the last one: %s", options)
	}
	if got := answer(200, step, "", "", "", 1); got["tokenId"] != nil {
		t.Errorf("the last one without a change: %v", got)
	}
	if got := begin("none", "hifalutin"); got["tokenId"] == nil {
		t.Errorf("none left: %v", got)
	}
	return users
}
