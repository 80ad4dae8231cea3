package login

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store/memory"
)

// Callbacks as PingAM prints them; every kind is shown in a way that can be filled in.
const everyCallback = `[
{"type":"TextOutputCallback","output":[{"name":"message","value":"Read <this>\nfirst"},{"name":"messageType","value":"1"}]},
{"type":"TextOutputCallback","output":[{"name":"message","value":"alert(1)"},{"name":"messageType","value":"4"}]},
{"type":"NameCallback","output":[{"name":"prompt","value":"User Name"}],"input":[{"name":"IDToken3","value":""}]},
{"type":"PasswordCallback","output":[{"name":"prompt","value":"One Time Password"}],"input":[{"name":"IDToken4","value":"leak"}]},
{"type":"ChoiceCallback","output":[{"name":"prompt","value":"How?"},{"name":"choices","value":["Mail","Phone"]},{"name":"defaultChoice","value":1}],"input":[{"name":"IDToken5","value":1}]},
{"type":"ConfirmationCallback","output":[{"name":"prompt","value":""},{"name":"options","value":["Go","Stop"]},{"name":"defaultOption","value":0}],"input":[{"name":"IDToken6","value":0}]},
{"type":"StringAttributeInputCallback","output":[{"name":"name","value":"mail"},{"name":"prompt","value":"Mail"},{"name":"required","value":true},{"name":"value","value":"a@b.c"},{"name":"failedPolicies","value":["{\"policyRequirement\":\"VALID_EMAIL_ADDRESS_FORMAT\"}","{\"policyRequirement\":\"ODD\"}"]}],"input":[{"name":"IDToken7","value":""},{"name":"IDToken7validateOnly","value":false}]},
{"type":"BooleanAttributeInputCallback","output":[{"name":"prompt","value":"News"},{"name":"value","value":true}],"input":[{"name":"IDToken8","value":true}]},
{"type":"TermsAndConditionsCallback","output":[{"name":"terms","value":"Be kind."}],"input":[{"name":"IDToken9","value":false}]},
{"type":"KbaCreateCallback","output":[{"name":"prompt","value":"Question"},{"name":"predefinedQuestions","value":["Pet?","Town?"]}],"input":[{"name":"IDToken10question","value":""},{"name":"IDToken10answer","value":""}]},
{"type":"HiddenValueCallback","output":[{"name":"value","value":"v"},{"name":"id","value":"h"}],"input":[{"name":"IDToken11","value":"h"}]},
{"type":"MetadataCallback","output":[{"name":"data","value":{"x":1}}]},
{"type":"PollingWaitCallback","output":[{"name":"waitTime","value":"5000"},{"name":"message","value":"Waiting"}]},
{"type":"NumberAttributeInputCallback","output":[{"name":"prompt","value":"Age"},{"name":"required","value":false}],"input":[{"name":"IDToken14","value":""}]},
{"type":"TextInputCallback","output":[{"name":"prompt","value":"City"},{"name":"defaultText","value":"Bonn"}],"input":[{"name":"IDToken15","value":""}]},
{"type":"ValidatedCreatePasswordCallback","output":[{"name":"prompt","value":"New"}],"input":[{"name":"IDToken16","value":""}]},
{"type":"SelectIdPCallback","output":[{"name":"providers","value":[{"provider":"google","uiConfig":{"buttonDisplayName":"Google"}},{"provider":"local"}]}],"input":[{"name":"IDToken17","value":""}]},
{"type":"HiddenValueCallback","output":[{"name":"value","value":"otpauth://totp/Gatehouse:demo?secret=ABCDEFGH"},{"name":"id","value":"mfaDeviceRegistration"}],"input":[{"name":"IDToken19","value":"mfaDeviceRegistration"}]},
{"type":"NameCallback","output":[{"name":"prompt","value":"Enter verification code"}],"input":[{"name":"IDToken20","value":""}]},
{"type":"FutureCallback","output":[],"input":[{"name":"IDToken18","value":""}]}
]`

func everyStep(t *testing.T) pageStep {
	t.Helper()
	a := pageStep{Status: 200, AuthID: "id", Header: "Step <1>", Lead: "Do this"}
	if err := json.Unmarshal([]byte(everyCallback), &a.Callbacks); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestEveryCallbackIsShown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	engine := memory.NewAt(time.Now)
	defer engine.Close()
	realms, err := realm.NewManager(ctx, realm.Options{Engine: engine})
	if err != nil {
		t.Fatal(err)
	}
	rl, ok := realms.Find("/")
	if !ok {
		t.Fatal("no root realm")
	}
	s := New(Options{Realms: realms})
	place := Place{Realm: rl, Base: "http://am.example.com:8088/openam", Context: "/openam"}
	w := httptest.NewRecorder()
	s.showStep(w, httptest.NewRequest("GET", "/openam/XUI/?realm=/", nil), place, everyStep(t), nil, "")
	body := w.Body.String()
	for _, want := range []string{
		"Step &lt;1&gt;", "Do this", "Read &lt;this&gt;", `autocomplete="username"`, `autocomplete="one-time-code"`, `type="radio" name="IDToken5" value="1" required checked`,
		`name="IDToken6" value="1"`, `name="IDToken7" type="text" value="a@b.c" autocomplete="email"`, "it is no email address, ODD", `name="IDToken8" type="checkbox"`, "Be kind.", "Pet?",
		`name="IDToken10answer"`, `type="hidden" name="IDToken11" value="h"`, `data-submit-after="5000"`, `value="Bonn"`, `autocomplete="new-password"`, "Google", "FutureCallback",
		`href="otpauth://totp/Gatehouse:demo?secret=ABCDEFGH"`, "ABCD EFGH", `<svg class="qr"`, `name="IDToken19" value="mfaDeviceRegistration"`, "One-time password of your application",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, bad := range []string{"leak", "alert(1)", "⟦", "<script>"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	if t.Failed() {
		t.Log(body)
	}
}

func TestFormsFillCallbacks(t *testing.T) {
	a := everyStep(t)
	form := url.Values{
		"authId": {"id"}, "callbacks": {a.packed()},
		"IDToken3": {"demo"}, "IDToken5": {"0"}, "IDToken6": {"1"}, "IDToken9": {"true"}, "IDToken14": {"42"}, "IDToken10question": {"Pet?"}, "IDToken10answer": {"Rex"},
	}
	got, err := postedStep(form)
	if err != nil || got == nil || got.AuthID != "id" {
		t.Fatalf("%+v %v", got, err)
	}
	got.fill(form)
	want := map[string]any{
		"IDToken3": "demo", "IDToken5": 0, "IDToken6": 1, "IDToken8": false, "IDToken9": true, "IDToken14": 42.0,
		"IDToken10question": "Pet?", "IDToken10answer": "Rex", "IDToken11": "h", "IDToken7validateOnly": false,
	}
	for _, c := range got.Callbacks {
		for _, in := range c.Input {
			if w, ok := want[in.Name]; ok && in.Value != w {
				t.Errorf("%s = %v, want %v", in.Name, in.Value, w)
			}
		}
	}
	if got.name() != "demo" {
		t.Errorf("name = %q", got.name())
	}
	for _, bad := range []url.Values{{"authId": {"x"}, "callbacks": {"!"}}, {"authId": {"x"}, "callbacks": {"e30="}}} {
		if _, err := postedStep(bad); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}

func TestPageSettings(t *testing.T) {
	for _, bad := range []PageSettings{
		{Accent: "red"}, {Logo: "javascript:x"}, {Logo: "data:image/png;base64," + strings.Repeat("A", 200_001)},
		{Footer: []string{"x"}}, {Footer: []string{"x|javascript:y"}}, {Footer: []string{"de||/x"}},
	} {
		if bad.Check() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	good := PageSettings{Name: "A", Logo: "data:image/png;base64,AA", Accent: "#0b7a75", Footer: []string{"x|/y", "de|x|https://y", "mail|mailto:a@b.c"}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}
