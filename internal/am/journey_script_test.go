package am_test

import (
	"encoding/base64"
	"encoding/json"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// scripted makes a journey of one scripted decision, and a realm's Email Service.
func (j *journeys) scripted(tree, context, version, source string) {
	j.t.Helper()
	id := "77777777-0000-4000-8000-00000000000" + strconv.Itoa(len(tree)%10)
	j.admin("PUT", "/json/scripts/"+id, map[string]any{
		"name": "decides " + tree, "language": "JAVASCRIPT", "context": context, "evaluatorVersion": version, "script": base64.StdEncoding.EncodeToString([]byte(source)),
	}).want(j.t, 201)
	j.tree(tree, node{"decide" + tree, "ScriptedDecisionNode", map[string]any{"script": id, "outcomes": []string{"true", "false"}}, map[string]string{"true": success, "false": failure}})
}

var suspendedID = regexp.MustCompile(`suspendedId=([A-Za-z0-9_-]+)`)

// A script lets its journey wait, and hands the link out itself.
func TestScriptsSuspendJourneys(t *testing.T) {
	j := newJourneys(t)
	host, mails := smtpServer(t)
	name, port, _ := net.SplitHostPort(host)
	n, _ := strconv.Atoi(port)
	j.admin("POST", "/json/realm-config/services/email?_action=create", map[string]any{
		"hostname": name, "port": n, "sslState": "No SSL", "from": "realm@example.com", "password": "mailsecret",
	}).want(t, 201)
	j.scripted("Newer", "SCRIPTED_DECISION_NODE", "2.0", `
if (resumedFromSuspend) {
  action.goTo(nodeState.get("from handler") === "kept" ? "true" : "false").withIdentifiedUser("demo");
} else {
  action.suspend("Look into your mails", function (link) {
    nodeState.putShared("from handler", "kept");
    emailService.send("demo@example.com", "Go on", "<a href=\"" + link + "\">here</a>", "text/html");
  }, 30);
}`)
	step := j.begin("Newer")
	if kinds(step) != "SuspendedTextOutput" || output(list(step["callbacks"])[0], "message") != "Look into your mails" {
		t.Fatalf("shown: %v", step)
	}
	text := <-mails
	m := suspendedID.FindStringSubmatch(text)
	if m == nil || !strings.Contains(text, "From: <realm@example.com>") || !strings.Contains(text, "Subject: Go on") || !strings.Contains(text, "Content-Type: text/html") {
		t.Fatalf("mail:\n%s", text)
	}
	if again := j.answer(step).want(t, 200); kinds(again) != "SuspendedTextOutput" {
		t.Errorf("answered without the link: %v", again)
	}
	select {
	case again := <-mails:
		t.Errorf("the script ran again:\n%s", again)
	default:
	}
	resume := "/json/authenticate?suspendedId=" + url.QueryEscape(m[1])
	if done := j.send("POST", resume, "{}").want(t, 200); done["tokenId"] == nil {
		t.Errorf("done: %v", done)
	}
	j.send("POST", resume, "{}").want(t, 408) // it was good once

	// Of the older dialect, the handler gives what is shown.
	j.scripted("TheOlder", "AUTHENTICATION_TREE_DECISION_NODE", "1.0", `
var fr = JavaImporter(org.forgerock.openam.auth.node.api);
if (resumedFromSuspend) { action = fr.Action.goTo("true").withIdentifiedUser("demo").build(); }
else { action = fr.Action.suspend(function (link) { return new fr.SuspendedTextOutputCallback(0, "At " + link); }).build(); }`)
	step = j.begin("TheOlder")
	if m = suspendedID.FindStringSubmatch(output(list(step["callbacks"])[0], "message").(string)); m == nil {
		t.Fatalf("shown: %v", step)
	}
	if done := j.send("POST", "/json/authenticate?suspendedId="+url.QueryEscape(m[1]), "{}").want(t, 200); done["tokenId"] == nil {
		t.Errorf("done: %v", done)
	}
}

// Callbacks of every kind are asked in the form that clients know, and the script gets back what was answered.
func TestScriptsAskCallbacks(t *testing.T) {
	j := newJourneys(t)
	const asks = `
  cb.stringAttributeInputCallback("attr", "Prompt", "value", true);
  cb.choiceCallback("Pick", ["one", "two"], 1, false);
  cb.radioChoiceCallback("Pick", ["one", "two"], 0);
  cb.nameCallback("Name", "Ada");
  cb.passwordCallback("Password", false);
  cb.hiddenValueCallback("hidden", "value");
  cb.textInputCallback("Text", "default");
  cb.numberAttributeInputCallback("num", "Number", 7, true, {a: 1}, false, ["{}"]);
  cb.booleanAttributeInputCallback("bool", "Boolean", true, true);
  cb.confirmationCallback("Go on?", 0, ["yes", "no"], 1);
  cb.confirmationCallback(1, 0, 1);
  cb.languageCallback("en", "US");
  cb.idPCallback("provider", "client", "https://example.com", ["openid"], "nonce", "", "", [], false);
  cb.validatedPasswordCallback("New password", false, {}, false, []);
  cb.validatedUsernameCallback("New name", {}, false);
  cb.consentMappingCallback({name: "consent", displayName: "Consent", icon: "", accessLevel: "", fields: []}, "Text", true);
  cb.deviceProfileCallback(true, false, "Device");
  cb.kbaCreateCallback("Question", ["Q"], true);
  cb.selectIdPCallback([{provider: "a"}]);
  cb.termsAndConditionsCallback("v1", "terms", "2026-01-01");
  cb.textOutputCallback(2, "Shown");
  cb.suspendedTextOutputCallback(1, "Waits");
  cb.scriptTextOutputCallback("run()");
  cb.pollingWaitCallback("1000", "Wait");
  cb.metadataCallback({marker: 1});
  action.goTo("true");
`
	j.scripted("Asks", "SCRIPTED_DECISION_NODE", "2.0", `var cb = callbacksBuilder;
if (callbacks.isEmpty()) {`+asks+`} else {
  var got = {};
  ["StringAttributeInput", "Choice", "Name", "Password", "TextInput", "NumberAttributeInput", "BooleanAttributeInput", "Confirmation", "Language", "Idp", "ValidatedPassword",
    "ValidatedUsername", "Http", "X509Certificate", "ConsentMapping", "DeviceProfile", "KbaCreate", "SelectIdP", "TermsAndConditions"].forEach(function (kind) {
    var list = callbacks["get" + kind + "Callbacks"]();
    got[kind] = [list.size(), list.size() > 0 ? list.get(0) : null];
  });
  var hidden = callbacks.getHiddenValueCallbacks();
  got.hidden = [hidden.get("hidden"), hidden.get(0)];
  action.goTo("false").withErrorMessage(JSON.stringify(got));
}`)
	step := j.begin("Asks")
	want := map[string]string{
		"0 StringAttributeInputCallback":     `{"name":"attr","prompt":"Prompt","required":true,"policies":{},"failedPolicies":[],"validateOnly":false,"value":"value"} ["IDToken1=value","IDToken1validateOnly=false"]`,
		"1 ChoiceCallback":                   `{"prompt":"Pick","choices":["one","two"],"defaultChoice":1} ["IDToken2=1"]`,
		"2 ChoiceCallback":                   `{"prompt":"Pick","choices":["one","two"],"defaultChoice":0,"radio":true} ["IDToken3=0"]`,
		"3 NameCallback":                     `{"prompt":"Name"} ["IDToken4=Ada"]`,
		"4 PasswordCallback":                 `{"prompt":"Password"} ["IDToken5="]`,
		"5 HiddenValueCallback":              `{"value":"value","id":"hidden"} ["IDToken6=hidden"]`,
		"6 TextInputCallback":                `{"prompt":"Text","defaultText":"default"} ["IDToken7=default"]`,
		"7 NumberAttributeInputCallback":     `{"name":"num","prompt":"Number","required":true,"policies":{"a":1},"failedPolicies":["{}"],"validateOnly":false,"value":7} ["IDToken8=7","IDToken8validateOnly=false"]`,
		"8 BooleanAttributeInputCallback":    `{"name":"bool","prompt":"Boolean","required":true,"policies":{},"failedPolicies":[],"validateOnly":false,"value":true} ["IDToken9=true","IDToken9validateOnly=false"]`,
		"9 ConfirmationCallback":             `{"prompt":"Go on?","messageType":0,"options":["yes","no"],"optionType":-1,"defaultOption":1} ["IDToken10=1"]`,
		"10 ConfirmationCallback":            `{"prompt":"","messageType":1,"options":[],"optionType":0,"defaultOption":1} ["IDToken11=1"]`,
		"11 LanguageCallback":                `{} ["IDToken12Language=en","IDToken12Country=US"]`,
		"12 IdPCallback":                     `{"provider":"provider","clientId":"client","redirectUri":"https://example.com","scope":["openid"],"nonce":"nonce","request":"","requestUri":"","acrValues":[],"requestNativeAppForUserInfo":false} ["IDToken13token=","IDToken13token_type="]`,
		"13 ValidatedCreatePasswordCallback": `{"echoOn":false,"policies":{},"failedPolicies":[],"validateOnly":false,"prompt":"New password"} ["IDToken14=","IDToken14validateOnly=false"]`,
		"14 ValidatedCreateUsernameCallback": `{"policies":{},"failedPolicies":[],"validateOnly":false,"prompt":"New name"} ["IDToken15=","IDToken15validateOnly=false"]`,
		"15 ConsentMappingCallback":          `{"name":"consent","displayName":"Consent","icon":"","accessLevel":"","fields":[],"message":"Text","isRequired":true} ["IDToken16=false"]`,
		"16 DeviceProfileCallback":           `{"metadata":true,"location":false,"message":"Device"} ["IDToken17="]`,
		"17 KbaCreateCallback":               `{"prompt":"Question","predefinedQuestions":["Q"],"allowUserDefinedQuestions":true} ["IDToken18question=","IDToken18answer="]`,
		"18 SelectIdPCallback":               `{"providers":[{"provider":"a"}],"value":""} ["IDToken19="]`,
		"19 TermsAndConditionsCallback":      `{"version":"v1","terms":"terms","createDate":"2026-01-01"} ["IDToken20=false"]`,
		"20 TextOutputCallback":              `{"message":"Shown","messageType":"2"} []`,
		"21 SuspendedTextOutputCallback":     `{"message":"Waits","messageType":"1"} []`,
		"22 TextOutputCallback":              `{"message":"run()","messageType":"4"} []`,
		"23 PollingWaitCallback":             `{"waitTime":"1000","message":"Wait"} []`,
		"24 MetadataCallback":                `{"data":{"marker":1}} []`,
	}
	asked := list(step["callbacks"])
	if len(asked) != len(want) {
		t.Fatalf("%d callbacks, want %d: %v", len(asked), len(want), step)
	}
	for i, c := range asked {
		var out, in []string
		for _, f := range list(c["output"]) {
			raw, _ := json.Marshal(f["value"])
			out = append(out, strconv.Quote(f["name"].(string))+":"+string(raw))
		}
		for _, f := range list(c["input"]) {
			raw, _ := json.Marshal(f["value"])
			in = append(in, strconv.Quote(f["name"].(string)+"="+strings.Trim(string(raw), `"`)))
		}
		key := strconv.Itoa(i) + " " + c["type"].(string)
		if got := "{" + strings.Join(out, ",") + "} [" + strings.Join(in, ",") + "]"; got != want[key] {
			t.Errorf("%s: %s\nwant %s", key, got, want[key])
		}
	}
	// What comes back unchanged.
	refused := j.answer(step).want(t, 401)
	var got, kept any
	if err := json.Unmarshal([]byte(refused["message"].(string)), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{
		"StringAttributeInput": [1, "value"], "Choice": [2, [1]], "Name": [1, "Ada"], "Password": [1, ""], "TextInput": [1, "default"], "NumberAttributeInput": [1, 7],
		"BooleanAttributeInput": [1, true], "Confirmation": [2, 1], "Language": [1, "en_US"], "Idp": [1, {"token": "", "tokenType": ""}],
		"ValidatedPassword": [1, {"value": "", "validateOnly": false}], "ValidatedUsername": [1, {"value": "", "validateOnly": false}], "Http": [0, null], "X509Certificate": [0, null],
		"ConsentMapping": [1, false], "DeviceProfile": [1, ""], "KbaCreate": [1, {"selectedQuestion": "", "selectedAnswer": ""}], "SelectIdP": [1, ""],
		"TermsAndConditions": [1, false], "hidden": ["hidden", null]}`), &kept); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, kept) {
		t.Errorf("answers: %v\nwant %v", got, kept)
	}
}
