package am_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am"
)

const (
	treesAt = "/json/realm-config/authentication/authenticationtrees"
	success = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
	failure = "e301438c-0bd0-429c-ab0c-66126501069a"
)

// node is a node of a journey under test.
type node struct {
	id, kind string
	settings map[string]any
	to       map[string]string
}

// journeys are a site with an administrator who makes journeys.
type journeys struct {
	*site
	token string
}

func newJourneys(t *testing.T, change ...func(*am.Options)) *journeys {
	s := newSite(t, change...)
	j := &journeys{s, s.login("/json/authenticate", "amAdmin", adminPassword)}
	j.admin("POST", "/json/users?_action=create", map[string]any{"username": "demo", "userpassword": "Ch4ng31t", "mail": "demo@example.com"}).want(t, 201)
	return j
}

func (j *journeys) admin(method, path string, body any) reply {
	j.t.Helper()
	return j.send(method, path, body, "iPlanetDirectoryPro", j.token, "Accept-API-Version", version)
}

// tree makes a journey of nodes, which begins with the first. Nodes without connections are parts of pages. Journeys may
// share nodes.
func (j *journeys) tree(name string, list ...node) {
	j.t.Helper()
	members := map[string]any{}
	for _, n := range list {
		settings := map[string]any{"_id": n.id}
		for k, v := range n.settings {
			settings[k] = v
		}
		if got := j.admin("PUT", treesAt+"/nodes/"+n.kind+"/"+n.id, settings); got.StatusCode != 201 {
			got.want(j.t, 200)
		}
		if n.to != nil {
			members[n.id] = map[string]any{"displayName": n.kind, "nodeType": n.kind, "connections": n.to}
		}
	}
	j.admin("PUT", treesAt+"/trees/"+name, map[string]any{"_id": name, "entryNodeId": list[0].id, "nodes": members}).want(j.t, 201)
}

func (j *journeys) script(id, language, context, source string) {
	j.t.Helper()
	body := map[string]any{
		"_id": id, "name": "Script " + id, "language": language, "context": context, "evaluatorVersion": "2.0",
		"script": base64.StdEncoding.EncodeToString([]byte(source)),
	}
	if language == "GROOVY" || !strings.Contains(context, "SCRIPTED") {
		body["evaluatorVersion"] = "1.0"
	}
	j.admin("PUT", "/json/scripts/"+id, body).want(j.t, 201)
}

// begin asks for a journey.
func (j *journeys) begin(name string) map[string]any {
	j.t.Helper()
	return j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue="+name, "{}").want(j.t, 200)
}

// answer fills the callbacks that take something, in turn, and posts them.
func (j *journeys) answer(step map[string]any, values ...any) reply {
	j.t.Helper()
	for _, c := range list(step["callbacks"]) {
		if in := list(c["input"]); len(in) > 0 && len(values) > 0 {
			in[0]["value"], values = values[0], values[1:]
		}
	}
	return j.send("POST", "/json/authenticate", step)
}

func list(v any) []map[string]any {
	var out []map[string]any
	items, _ := v.([]any)
	for _, i := range items {
		m, _ := i.(map[string]any)
		out = append(out, m)
	}
	return out
}

func kinds(step map[string]any) string {
	var names []string
	for _, c := range list(step["callbacks"]) {
		names = append(names, strings.TrimSuffix(fmt.Sprint(c["type"]), "Callback"))
	}
	return strings.Join(names, " ")
}

func output(c map[string]any, name string) any {
	for _, f := range list(c["output"]) {
		if f["name"] == name {
			return f["value"]
		}
	}
	return nil
}

// signIn are the nodes of a page that asks for name and password, and a decision.
func signIn(to map[string]string) []node {
	return []node{
		{"page", "PageNode", map[string]any{
			"pageHeader": map[string]any{"en": "Welcome", "de": "Willkommen"}, "stage": "First",
			"nodes": []any{
				map[string]any{"_id": "name", "nodeType": "UsernameCollectorNode", "displayName": "Name"},
				map[string]any{"_id": "pass", "nodeType": "PasswordCollectorNode", "displayName": "Password"},
			},
		}, map[string]string{"outcome": "check"}},
		{"name", "UsernameCollectorNode", nil, nil},
		{"pass", "PasswordCollectorNode", nil, nil},
		{"check", "DataStoreDecisionNode", nil, to},
	}
}

func TestJourneyOfPageChoiceAndMessage(t *testing.T) {
	j := newJourneys(t)
	j.tree("Long", append(signIn(map[string]string{"true": "choose", "false": failure}),
		node{"choose", "ChoiceCollectorNode", map[string]any{"choices": []string{"red", "blue"}, "defaultChoice": "blue", "prompt": "Colour"},
			map[string]string{"red": failure, "blue": "tell"}},
		node{"tell", "MessageNode", map[string]any{"message": map[string]any{"en": "Sure?"}}, map[string]string{"true": "props", "false": failure}},
		node{"props", "SetSessionPropertiesNode", map[string]any{"properties": map[string]any{"colour": "blue"}, "maxIdleTime": 5}, map[string]string{"outcome": "level"}},
		node{"level", "ModifyAuthLevelNode", map[string]any{"authLevelIncrement": 3}, map[string]string{"outcome": "url"}},
		node{"url", "SetSuccessUrlNode", map[string]any{"successUrl": "https://app.example.com/in"}, map[string]string{"outcome": success}},
	)...)
	step := j.begin("Long")
	if kinds(step) != "Name Password" || step["header"] != "Welcome" || step["stage"] != "First" {
		t.Fatalf("first step: %v", step)
	}
	step = j.answer(step, "demo", "Ch4ng31t").want(t, 200)
	choice := list(step["callbacks"])[0]
	if kinds(step) != "Choice" || output(choice, "defaultChoice") != 1.0 || step["stage"] != nil || choice["_id"] != nil {
		t.Fatalf("choice: %v", step)
	}
	step = j.answer(step, 1).want(t, 200)
	if kinds(step) != "TextOutput Confirmation" || output(list(step["callbacks"])[0], "message") != "Sure?" {
		t.Fatalf("message: %v", step)
	}
	if in := list(list(step["callbacks"])[1]["input"]); in[0]["name"] != "IDToken2" {
		t.Errorf("a callback without input must count: %v", in)
	}
	end := j.answer(step, 0).want(t, 200)
	if end["successUrl"] != "https://app.example.com/in" {
		t.Errorf("successUrl = %v", end["successUrl"])
	}
	token := fmt.Sprint(end["tokenId"])
	sess, err := j.server.Login().Find(t.Context(), token)
	if err != nil || sess.Properties["colour"] != "blue" || sess.AuthLevel != 3 || sess.MaxIdle != 5*time.Minute || sess.Tree != "Long" || sess.Subject.Name != "demo" {
		t.Errorf("session = %+v, %v", sess, err)
	}
	// The other ways.
	j.answer(j.answer(j.begin("Long"), "demo", "Ch4ng31t").want(t, 200), 0).want(t, 401)
	j.answer(j.begin("Long"), "demo", "wrong").want(t, 401)
	if again := j.answer(step, 0); again.StatusCode != 408 {
		t.Errorf("an authId used twice = %d %s", again.StatusCode, again.raw)
	}
	// Headers fill the first callbacks and are not asked again.
	step = j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Long", "{}", "X-OpenAM-Username", "demo", "X-OpenAM-Password", "Ch4ng31t").want(t, 200)
	if kinds(step) != "Choice" {
		t.Errorf("after header login: %v", step)
	}
	german := j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Long", "{}", "Accept-Language", "de-CH,de;q=0.9").want(t, 200)
	if german["header"] != "Willkommen" {
		t.Errorf("German header = %v", german["header"])
	}
}

func TestJourneyStateCannotBeForged(t *testing.T) {
	j := newJourneys(t)
	j.tree("Two", append(signIn(map[string]string{"true": "more", "false": failure}),
		node{"more", "ChoiceCollectorNode", map[string]any{"choices": []string{"go"}}, map[string]string{"go": success}})...)
	// Callbacks other than those that were asked lead nowhere.
	step := j.begin("Two")
	step["callbacks"] = []any{map[string]any{"type": "ChoiceCallback", "input": []any{map[string]any{"name": "IDToken1", "value": 0}}}}
	j.send("POST", "/json/authenticate", step).want(t, 400)
	// What is between steps does not show what was typed.
	step = j.answer(j.begin("Two"), "demo", "Ch4ng31t").want(t, 200)
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(fmt.Sprint(step["authId"]), ".")[1])
	if err != nil || strings.Contains(string(payload), "Ch4ng31t") || strings.Contains(string(payload), "demo") {
		t.Errorf("authId tells what it should not: %s %v", payload, err)
	}
	// A step of one realm is none of another.
	j.admin("POST", "/json/global-config/realms", map[string]any{"name": "alpha", "parentPath": "/", "active": true}).want(t, 201)
	j.send("POST", "/json/realms/root/realms/alpha/authenticate", step).want(t, 400)
}

func TestJourneyScripts(t *testing.T) {
	j := newJourneys(t)
	const next, legacy = "SCRIPTED_DECISION_NODE", "AUTHENTICATION_TREE_DECISION_NODE"
	tests := []struct{ name, language, context, source string }{
		{"newer JavaScript", "JAVASCRIPT", next, `
if (callbacks.isEmpty()) {
  callbacksBuilder.textOutputCallback(0, "Hello " + nodeState.get("username"));
  callbacksBuilder.textInputCallback("Word", "");
} else {
  var identity = idRepository.getIdentity(nodeState.get("username"));
  nodeState.putShared("word", callbacks.getTextInputCallbacks()[0]);
  action.goTo(nodeState.get("word") === "sesame" && identity.getAttributeValues("mail")[0] === "demo@example.com" ? "yes" : "no")
    .putSessionProperty("word", nodeState.get("word"));
}`},
		{"older JavaScript", "JAVASCRIPT", legacy, `
var fr = JavaImporter(org.forgerock.openam.auth.node.api.Action,
  javax.security.auth.callback.TextOutputCallback, javax.security.auth.callback.TextInputCallback);
if (callbacks.isEmpty()) {
  action = fr.Action.send(new fr.TextOutputCallback(fr.TextOutputCallback.INFORMATION || 0, "Hello " + sharedState.get("username")),
    new fr.TextInputCallback("Word")).build();
} else {
  var word = callbacks.get(1).getText();
  sharedState.put("word", word);
  var mail = idRepository.getAttribute(sharedState.get("username"), "mail").iterator().next();
  outcome = String(nodeState.get("word").asString()) === "sesame" && mail == "demo@example.com" ? "yes" : "no";
  if (outcome === "yes") { action = fr.Action.goTo(outcome).putSessionProperty("word", word).build(); }
}`},
		{"Groovy", "GROOVY", legacy, `
import org.forgerock.openam.auth.node.api.Action
import javax.security.auth.callback.TextOutputCallback
import javax.security.auth.callback.TextInputCallback
if (callbacks.isEmpty()) {
  action = Action.send(new TextOutputCallback(0, "Hello " + sharedState.get("username")), new TextInputCallback("Word")).build()
} else {
  def word = callbacks[1].text
  nodeState.putShared("word", word)
  def mail = idRepository.getAttribute(sharedState.username, "mail").iterator().next()
  outcome = word == "sesame" && mail == "demo@example.com" ? "yes" : "no"
  if (outcome == "yes") action = Action.goTo("yes").putSessionProperty("word", word).build()
}`},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id, tree := fmt.Sprintf("script-%d", i), fmt.Sprintf("Scripted%d", i)
			j.script(id, tt.language, tt.context, tt.source)
			nodes := signIn(map[string]string{"true": "ask" + id, "false": failure})
			for k := range nodes {
				if nodes[k].id != "check" {
					continue
				}
				nodes[k].id = "check" + id
			}
			nodes[0].id, nodes[0].to = "page"+id, map[string]string{"outcome": "check" + id}
			for k := 1; k <= 2; k++ {
				nodes[k].id += id
			}
			nodes[0].settings["nodes"] = []any{
				map[string]any{"_id": "name" + id, "nodeType": "UsernameCollectorNode"}, map[string]any{"_id": "pass" + id, "nodeType": "PasswordCollectorNode"},
			}
			j.tree(tree, append(nodes, node{"ask" + id, "ScriptedDecisionNode",
				map[string]any{"script": id, "outcomes": []string{"yes", "no"}}, map[string]string{"yes": success, "no": failure}})...)
			step := j.answer(j.begin(tree), "demo", "Ch4ng31t").want(t, 200)
			if kinds(step) != "TextOutput TextInput" || output(list(step["callbacks"])[0], "message") != "Hello demo" {
				t.Fatalf("asked: %v", step)
			}
			end := j.answer(step, "sesame").want(t, 200)
			sess, err := j.server.Login().Find(t.Context(), fmt.Sprint(end["tokenId"]))
			if err != nil || sess.Properties["word"] != "sesame" {
				t.Errorf("session = %+v, %v", sess.Properties, err)
			}
			j.answer(j.answer(j.begin(tree), "demo", "Ch4ng31t").want(t, 200), "pumpkin").want(t, 401)
		})
	}
}

func TestJourneyInnerTreeRetryAndLockout(t *testing.T) {
	j := newJourneys(t)
	j.tree("Inner", append(signIn(map[string]string{"true": success, "false": "retry"}),
		node{"retry", "RetryLimitDecisionNode", map[string]any{"retryLimit": 2, "incrementUserAttributeOnFailure": false}, map[string]string{"Retry": "page", "Reject": failure}})...)
	j.tree("Outer",
		node{"inner", "InnerTreeEvaluatorNode", map[string]any{"tree": "Inner"}, map[string]string{"true": success, "false": "lock"}},
		node{"lock", "AccountLockoutNode", map[string]any{"lockAction": "LOCK"}, map[string]string{"outcome": "where"}},
		node{"where", "SetFailureUrlNode", map[string]any{"failureUrl": "https://app.example.com/out"}, map[string]string{"outcome": failure}})
	step := j.answer(j.begin("Outer"), "demo", "wrong").want(t, 200)
	if kinds(step) != "Name Password" {
		t.Fatalf("second try: %v", step)
	}
	refused := j.answer(step, "demo", "wrong").want(t, 401)
	if detail, _ := refused["detail"].(map[string]any); detail["failureUrl"] != "https://app.example.com/out" {
		t.Errorf("refusal = %v", refused)
	}
	user := j.admin("GET", "/json/users/demo", nil).want(t, 200)
	if status := fmt.Sprint(user["inetUserStatus"]); status != "[Inactive]" {
		t.Errorf("inetUserStatus = %v", status)
	}
	j.answer(j.begin("Outer"), "demo", "Ch4ng31t").want(t, 200) // the inner tree fails, and asks again
	// Circles end.
	j.tree("Circle", node{"a", "ModifyAuthLevelNode", nil, map[string]string{"outcome": "b"}}, node{"b", "ModifyAuthLevelNode", nil, map[string]string{"outcome": "a"}})
	j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Circle", "{}").want(t, 500)
	j.tree("Self", node{"s", "InnerTreeEvaluatorNode", map[string]any{"tree": "Self"}, map[string]string{"true": success, "false": failure}})
	j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Self", "{}").want(t, 500)
}

func TestJourneyOneTimePasswordByMail(t *testing.T) {
	j := newJourneys(t)
	host, mails := smtpServer(t)
	name, port, _ := net.SplitHostPort(host)
	n, _ := strconv.Atoi(port)
	j.tree("Mail", append(signIn(map[string]string{"true": "make", "false": failure}),
		node{"make", "OneTimePasswordGeneratorNode", map[string]any{"length": 6}, map[string]string{"outcome": "send"}},
		node{"send", "OneTimePasswordSmtpSenderNode", map[string]any{
			"hostName": name, "hostPort": n, "sslOption": "NON_SSL", "fromEmailAddress": "no-reply@example.com", "emailContent": map[string]any{"en": "Code {{OTP}} only"},
			"password": "mailsecret",
		}, map[string]string{"outcome": "ask"}},
		node{"ask", "OneTimePasswordCollectorDecisionNode", map[string]any{"passwordExpiryTime": 5}, map[string]string{"true": success, "false": failure}})...)
	code := func() string {
		text := <-mails
		if !strings.Contains(text, "To: <demo@example.com>") {
			t.Fatalf("mail:\n%s", text)
		}
		_, after, _ := strings.Cut(text, "Code ")
		return after[:6]
	}
	step := j.answer(j.begin("Mail"), "demo", "Ch4ng31t").want(t, 200)
	j.answer(step, code()).want(t, 200)
	step = j.answer(j.begin("Mail"), "demo", "Ch4ng31t").want(t, 200)
	right := code()
	wrong := "000000"
	if right == wrong {
		wrong = "000001"
	}
	j.answer(step, wrong).want(t, 401)
	step = j.answer(j.begin("Mail"), "demo", "Ch4ng31t").want(t, 200)
	right = code()
	j.clock.pass(6 * time.Minute)
	if late := j.answer(step, right); late.StatusCode == 200 {
		t.Errorf("a code after its time: %s", late.raw)
	}
	// A text message is mail to a gateway.
	j.tree("Text", append(signIn(map[string]string{"true": "make", "false": failure}),
		node{"make", "OneTimePasswordGeneratorNode", map[string]any{"length": 6}, map[string]string{"outcome": "text"}},
		node{"text", "OneTimePasswordSmsSenderNode", map[string]any{
			"hostName": name, "hostPort": n, "sslOption": "NON_SSL", "fromEmailAddress": "no-reply@example.com", "mobileCarrierAttributeName": "carrier",
			"smsContent": map[string]any{"en": "Code {{OTP}} by phone"},
		}, map[string]string{"outcome": "ask"}},
		node{"ask", "OneTimePasswordCollectorDecisionNode", nil, map[string]string{"true": success, "false": failure}})...)
	if got := j.answer(j.begin("Text"), "demo", "Ch4ng31t"); got.StatusCode != 500 {
		t.Errorf("without a number: %d %s", got.StatusCode, got.raw)
	}
	j.admin("PUT", "/json/users/demo", map[string]any{"telephoneNumber": "+1 (800) 555-0187", "carrier": "@sms.example.com"}).want(t, 200)
	step = j.answer(j.begin("Text"), "demo", "Ch4ng31t").want(t, 200)
	text := <-mails
	if !strings.Contains(text, "To: <+18005550187@sms.example.com>") {
		t.Errorf("text message:\n%s", text)
	}
	_, after, _ := strings.Cut(text, "Code ")
	j.answer(step, after[:6]).want(t, 200)
	j.admin("PUT", treesAt+"/nodes/OneTimePasswordSmsSenderNode/text", map[string]any{"_id": "text", "smsGatewayImplementationClass": "com.example.Mine"}).want(t, 200)
	if got := j.answer(j.begin("Text"), "demo", "Ch4ng31t"); got.StatusCode != 500 {
		t.Errorf("a class of Java: %d %s", got.StatusCode, got.raw)
	}
	// The mail server's password is not shown, and stays when the node is written back.
	read := j.admin("GET", treesAt+"/nodes/OneTimePasswordSmtpSenderNode/send", nil)
	if read.want(t, 200)["password"] != nil || strings.Contains(read.raw, "mailsecret") {
		t.Errorf("the node tells its password: %s", read.raw)
	}
}

func TestJourneyTOTP(t *testing.T) {
	j := newJourneys(t)
	j.tree("Register", append(signIn(map[string]string{"true": "device", "false": failure}),
		node{"device", "OathRegistrationNode", nil, map[string]string{"successOutcome": success}})...)
	j.tree("Totp",
		node{"user2", "UsernameCollectorNode", nil, map[string]string{"outcome": "verify"}},
		node{"verify", "OathTokenVerifierNode", map[string]any{"isRecoveryCodeAllowed": true}, map[string]string{
			"successOutcome": success, "failureOutcome": failure, "notRegisteredOutcome": "other", "recoveryCodeOutcome": failure,
		}},
		node{"other", "ChoiceCollectorNode", map[string]any{"choices": []string{"x"}}, map[string]string{"x": failure}})
	if step := j.answer(j.begin("Totp"), "demo").want(t, 200); kinds(step) != "Choice" {
		t.Fatalf("without a device: %v", step)
	}
	step := j.answer(j.begin("Register"), "demo", "Ch4ng31t").want(t, 200)
	var uri *url.URL
	for _, c := range list(step["callbacks"]) {
		if c["type"] == "HiddenValueCallback" {
			uri, _ = url.Parse(fmt.Sprint(output(c, "value")))
		}
	}
	if uri == nil || uri.Scheme != "otpauth" || uri.Host != "totp" {
		t.Fatalf("registration: %v", step)
	}
	j.answer(step).want(t, 200)
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(uri.Query().Get("secret"))
	if err != nil {
		t.Fatal(err)
	}
	code := func() string {
		mac := hmac.New(sha1.New, key)
		_ = binary.Write(mac, binary.BigEndian, uint64(j.clock.Now().Unix()/30))
		sum := mac.Sum(nil)
		at := sum[19] & 15
		return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1000000)
	}
	ask := func() map[string]any { return j.answer(j.begin("Totp"), "demo").want(t, 200) }
	now := code()
	j.answer(ask(), now).want(t, 200)
	j.answer(ask(), now).want(t, 401) // none is good twice
	j.clock.pass(time.Minute)
	j.answer(ask(), code()).want(t, 200)
	user := j.admin("GET", "/json/users/demo", nil)
	if strings.Contains(user.raw, uri.Query().Get("secret")) {
		t.Errorf("the profile tells the secret: %s", user.raw)
	}
}

// The last six digits of a password of eight are not enough.
func TestJourneyLongTOTP(t *testing.T) {
	j := newJourneys(t)
	j.tree("Register", append(signIn(map[string]string{"true": "device", "false": failure}),
		node{"device", "OathRegistrationNode", map[string]any{"passwordLength": "EIGHT_DIGITS"}, map[string]string{"successOutcome": success}})...)
	j.tree("Totp",
		node{"user2", "UsernameCollectorNode", nil, map[string]string{"outcome": "verify"}},
		node{"verify", "OathTokenVerifierNode", nil, map[string]string{"successOutcome": success, "failureOutcome": failure, "notRegisteredOutcome": failure}})
	step := j.answer(j.begin("Register"), "demo", "Ch4ng31t").want(t, 200)
	var uri *url.URL
	for _, c := range list(step["callbacks"]) {
		if c["type"] == "HiddenValueCallback" {
			uri, _ = url.Parse(fmt.Sprint(output(c, "value")))
		}
	}
	j.answer(step).want(t, 200)
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(uri.Query().Get("secret"))
	if err != nil || uri.Query().Get("digits") != "8" {
		t.Fatalf("%v, %v", uri, err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, uint64(j.clock.Now().Unix()/30))
	sum := mac.Sum(nil)
	code := fmt.Sprintf("%08d", (binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff)%100000000)
	j.answer(j.answer(j.begin("Totp"), "demo").want(t, 200), code[2:]).want(t, 401)
	j.answer(j.answer(j.begin("Totp"), "demo").want(t, 200), code).want(t, 200)
}

func TestJourneyWithUnsupportedNode(t *testing.T) {
	j := newJourneys(t)
	j.tree("Strange", node{"s", "PushWaitNode", map[string]any{"acceptableVariance": 0, "passwordAttribute": "x"}, map[string]string{"true": success}})
	got := j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Strange", "{}")
	if got.StatusCode != 501 || !strings.Contains(got.raw, "PushWaitNode") {
		t.Errorf("= %d %s", got.StatusCode, got.raw)
	}
	read := j.admin("GET", treesAt+"/nodes/PushWaitNode/s", nil).want(t, 200)
	if read["acceptableVariance"] != 0.0 || read["passwordAttribute"] != "x" {
		t.Errorf("what nobody knows is kept: %v", read)
	}
}

func TestTreesOverREST(t *testing.T) {
	j := newJourneys(t)
	for _, tree := range list(j.admin("GET", treesAt+"/trees?_queryFilter=true", nil).want(t, 200)["result"]) {
		// What was read may be written back, shipped trees as well.
		delete(tree, "_rev")
		j.admin("PUT", treesAt+"/trees/"+fmt.Sprint(tree["_id"]), tree).want(t, 200)
	}
	for _, n := range list(j.admin("POST", treesAt+"/nodes?_action=nextdescendents", map[string]any{}).want(t, 200)["result"]) {
		kind := n["_type"].(map[string]any)["_id"]
		j.admin("GET", fmt.Sprintf("%s/nodes/%s/%s", treesAt, kind, n["_id"]), nil).want(t, 200)
	}
	j.login("/json/authenticate", "demo", "Ch4ng31t")
	types := list(j.admin("POST", treesAt+"/nodes?_action=getAllTypes", map[string]any{}).want(t, 200)["result"])
	if len(types) < 25 {
		t.Errorf("%d types of nodes", len(types))
	}
	for _, kind := range types {
		at := fmt.Sprintf("%s/nodes/%s", treesAt, kind["_id"])
		j.admin("POST", at+"?_action=schema", map[string]any{}).want(t, 200)
		template := j.admin("POST", at+"?_action=template", map[string]any{}).want(t, 200)
		made := j.admin("POST", at+"?_action=create", template).want(t, 201)
		path := at + "/" + fmt.Sprint(made["_id"])
		again := j.admin("PUT", path, made).want(t, 200)
		if again["_rev"] != made["_rev"] {
			t.Errorf("%s: written back it is another: %v, was %v", kind["_id"], again, made)
		}
		j.admin("DELETE", path, nil).want(t, 200)
		j.admin("GET", path, nil).want(t, 404)
	}
	// What leads nowhere is kept, and fails there.
	j.admin("PUT", treesAt+"/trees/Nowhere", map[string]any{"entryNodeId": "nowhere", "nodes": map[string]any{}}).want(t, 201)
	j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Nowhere", "{}").want(t, 500)
	for _, bad := range []map[string]any{
		{"entryNodeId": "a", "nodes": map[string]any{"a": map[string]any{"connections": map[string]any{}}}},
		{"entryNodeId": 7},
	} {
		j.admin("PUT", treesAt+"/trees/Bad", bad).want(t, 400)
	}
	j.tree("Mine", signIn(map[string]string{"true": success, "false": failure})...)
	settings := j.admin("GET", "/json/realm-config/authentication", nil).want(t, 200)
	settings["core"].(map[string]any)["orgConfig"] = "Mine"
	j.admin("PUT", "/json/realm-config/authentication", settings).want(t, 200)
	if step := j.send("POST", "/json/authenticate", "{}").want(t, 200); step["stage"] != "First" {
		t.Errorf("the realm's own default journey: %v", step)
	}
	settings["core"].(map[string]any)["orgConfig"] = "Nobodys"
	j.admin("PUT", "/json/realm-config/authentication", settings).want(t, 400)
	j.admin("PUT", treesAt+"/trees/Mine", map[string]any{"entryNodeId": failure, "nodes": map[string]any{}, "enabled": false}).want(t, 200)
	j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Mine", "{}").want(t, 400)
	j.admin("DELETE", treesAt+"/trees/Mine", nil).want(t, 200)
	j.admin("GET", treesAt+"/trees/Mine", nil).want(t, 404)
}

// smtpServer takes mails.
func smtpServer(t *testing.T) (string, <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	mails := make(chan string, 16)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in := bufio.NewReader(c)
				fmt.Fprint(c, "220 test\r\n")
				for {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					switch {
					case strings.HasPrefix(line, "EHLO"):
						fmt.Fprint(c, "250 test\r\n")
					case strings.HasPrefix(line, "DATA"):
						fmt.Fprint(c, "354 go\r\n")
						var text strings.Builder
						for line != ".\r\n" && err == nil {
							line, err = in.ReadString('\n')
							text.WriteString(line)
						}
						mails <- text.String()
						fmt.Fprint(c, "250 ok\r\n")
					case strings.HasPrefix(line, "QUIT"):
						fmt.Fprint(c, "221 bye\r\n")
						return
					default:
						fmt.Fprint(c, "250 ok\r\n")
					}
				}
			}()
		}
	}()
	return l.Addr().String(), mails
}

// A journey leads to somebody else's page: applications get the callback, the pages of this server a link or a form.
func TestJourneyRedirects(t *testing.T) {
	j := newJourneys(t)
	for method, source := range map[string]string{
		"GET":  `callbacksBuilder.redirectCallback("https://idp.example.com/in?a=1", {}, "GET");`,
		"POST": `callbacksBuilder.redirectCallback("https://idp.example.com/in", {"RelayState": "a<b", "SAMLRequest": "x"}, "POST");`,
		"PUT":  `callbacksBuilder.redirectCallback("https://idp.example.com/in", {}, "PUT");`,
		"FILE": `callbacksBuilder.redirectCallback("file:///etc/passwd", {}, "GET");`,
	} {
		j.script("11111111-1111-4111-8111-"+fmt.Sprintf("%012x", len(source)), "JAVASCRIPT", "SCRIPTED_DECISION_NODE", source)
		j.tree(method, node{"away" + method, "ScriptedDecisionNode", map[string]any{
			"script": "11111111-1111-4111-8111-" + fmt.Sprintf("%012x", len(source)), "outcomes": []string{"x"},
		}, map[string]string{"x": failure}})
	}
	step := j.begin("POST")
	c := list(step["callbacks"])[0]
	data, _ := output(c, "redirectData").(map[string]any)
	if c["type"] != "RedirectCallback" || output(c, "redirectUrl") != "https://idp.example.com/in" || output(c, "redirectMethod") != "POST" || data["RelayState"] != "a<b" {
		t.Errorf("callback: %v", c)
	}
	page := func(tree string) reply {
		return j.send("GET", "/XUI/?realm=/&service="+tree, nil, "Accept", "text/html")
	}
	got := page("POST")
	for _, want := range []string{
		`<form method="post" action="https://idp.example.com/in" data-submit>`, `name="RelayState" value="a&lt;b"`, `name="SAMLRequest" value="x"`, `<button type="submit"`,
	} {
		if !strings.Contains(got.raw, want) {
			t.Errorf("the page has no %s:\n%s", want, got.raw)
		}
	}
	if policy := got.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' https:;") || strings.Contains(got.raw, `http-equiv="refresh"`) {
		t.Errorf("policy: %s", policy)
	}
	if got := page("GET"); !strings.Contains(got.raw, `href="https://idp.example.com/in?a=1"`) || strings.Contains(got.raw, "<form") {
		t.Errorf("by a link:\n%s", got.raw)
	}
	for _, tree := range []string{"PUT", "FILE"} {
		if got := j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue="+tree, "{}"); got.StatusCode != 500 {
			t.Errorf("%s: %d %s", tree, got.StatusCode, got.raw)
		}
	}
}
