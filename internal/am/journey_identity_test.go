package am_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// failed are the rules that the answers of a step do not keep, by callback.
func failed(step map[string]any) string {
	var out []string
	for _, c := range list(step["callbacks"]) {
		rules, _ := output(c, "failedPolicies").([]any)
		for _, r := range rules {
			_, rule, _ := strings.Cut(fmt.Sprint(r), `"policyRequirement":"`)
			rule, _, _ = strings.Cut(rule, `"`)
			out = append(out, strings.TrimSuffix(fmt.Sprint(c["type"]), "Callback")+":"+rule)
		}
	}
	return strings.Join(out, " ")
}

// A journey in which people register makes users of what they say, once it keeps the rules.
func TestJourneyRegisters(t *testing.T) {
	j := newJourneys(t)
	j.tree("Register",
		node{"form", "PageNode", map[string]any{"nodes": []any{
			map[string]any{"_id": "new-name", "nodeType": "ValidatedUsernameNode"}, map[string]any{"_id": "about", "nodeType": "AttributeCollectorNode"},
			map[string]any{"_id": "new-pass", "nodeType": "ValidatedPasswordNode"},
		}}, map[string]string{"outcome": "complete"}},
		node{"new-name", "ValidatedUsernameNode", map[string]any{"validateInput": true, "usernameAttribute": "userName"}, nil},
		node{"about", "AttributeCollectorNode", map[string]any{
			"attributesToCollect": []string{"givenName", "sn", "mail", "preferences/updates"}, "required": true, "validateInputs": true, "identityAttribute": "userName",
		}, nil},
		node{"new-pass", "ValidatedPasswordNode", map[string]any{"validateInput": true, "passwordAttribute": "password"}, nil},
		node{"complete", "RequiredAttributesDecisionNode", map[string]any{"identityResource": "managed/user"}, map[string]string{"true": "create", "false": failure}},
		node{"create", "CreateObjectNode", map[string]any{"identityResource": "managed/user"}, map[string]string{"CREATED": success, "FAILURE": failure}})
	step := j.begin("Register")
	const all = "ValidatedCreateUsername StringAttributeInput StringAttributeInput StringAttributeInput BooleanAttributeInput ValidatedCreatePassword"
	if kinds(step) != all {
		t.Fatalf("asked: %s", kinds(step))
	}
	first := list(list(step["callbacks"])[0]["input"])
	if len(first) != 2 || first[0]["name"] != "IDToken1" || first[1]["name"] != "IDToken1validateOnly" || first[1]["value"] != false {
		t.Errorf("inputs: %v", first)
	}
	mail := list(step["callbacks"])[3]
	if output(mail, "name") != "mail" || output(mail, "required") != true || output(mail, "prompt") != "Email Address" {
		t.Errorf("mail: %v", mail)
	}
	// What keeps the rules is not asked again.
	step = j.answer(step, "demo", "New", "", "no mail", true, "short").want(t, 200)
	const wrong = "ValidatedCreateUsername:UNIQUE StringAttributeInput:REQUIRED StringAttributeInput:VALID_EMAIL_ADDRESS_FORMAT ValidatedCreatePassword:MIN_LENGTH"
	if failed(step) != wrong {
		t.Fatalf("failed: %s", failed(step))
	}
	if given := list(list(step["callbacks"])[1]["input"])[0]["value"]; given != "New" {
		t.Errorf("the first name is asked again with %v", given)
	}
	step = j.answer(step, "a*b", "New", "Comer", "new@example.com", true, "longer-than-8").want(t, 200)
	if kinds(step) != "ValidatedCreateUsername" || failed(step) != "ValidatedCreateUsername:VALID_USERNAME" {
		t.Fatalf("asked again: %s, failed: %s", kinds(step), failed(step))
	}
	// A client can ask what is wrong without going on.
	callback := list(step["callbacks"])[0]
	list(callback["input"])[0]["value"], list(callback["input"])[1]["value"] = "newcomer", true
	step = j.send("POST", "/json/authenticate", step).want(t, 200)
	if kinds(step) != "ValidatedCreateUsername" || failed(step) != "" {
		t.Fatalf("only validated: %s, failed: %s", kinds(step), failed(step))
	}
	done := j.answer(step, "newcomer").want(t, 200)
	if sess, err := j.server.Login().Find(t.Context(), fmt.Sprint(done["tokenId"])); err != nil || sess.Subject.Name != "newcomer" {
		t.Errorf("session = %+v, %v", sess, err)
	}
	user := j.admin("GET", "/json/users/newcomer", nil).want(t, 200)
	if fmt.Sprint(user["mail"], user["givenName"], user["sn"]) != "[new@example.com] [New] [Comer]" {
		t.Errorf("user = %v", user)
	}
	j.login("/json/authenticate", "newcomer", "longer-than-8")
}

// Who forgot the password is found by what he says of himself, and gets another one.
func TestJourneyFindsAndChangesUsers(t *testing.T) {
	j := newJourneys(t)
	for name, mail := range map[string]string{"other": "shared@example.com", "another": "shared@example.com"} {
		j.admin("POST", "/json/users?_action=create", map[string]any{"username": name, "userpassword": "Ch4ng31t", "mail": mail, "employeeNumber": "7"}).want(t, 201)
	}
	j.admin("PUT", "/json/users/demo", map[string]any{"employeeNumber": "5"}).want(t, 200)
	j.admin("PUT", "/json/users/amAdmin", map[string]any{"mail": "admin@example.com"}).want(t, 200)
	j.tree("Reset",
		node{"ask", "AttributeCollectorNode", map[string]any{"attributesToCollect": []string{"mail"}, "identityAttribute": "mail"}, map[string]string{"outcome": "find"}},
		node{"find", "IdentifyExistingUserNode", map[string]any{"identifier": "userName", "identityAttribute": "mail"}, map[string]string{"true": "show", "false": failure}},
		node{"show", "DisplayUserNameNode", map[string]any{"userName": "userName", "identityAttribute": "mail"}, map[string]string{"outcome": "pass"}},
		node{"pass", "CreatePasswordNode", map[string]any{"minPasswordLength": 8}, map[string]string{"outcome": "patch"}},
		node{"patch", "PatchObjectNode", map[string]any{"ignoredFields": []string{"mail"}, "identityResource": "managed/user", "identityAttribute": "userName"},
			map[string]string{"PATCHED": success, "FAILURE": failure}})
	for _, mail := range []string{"nobody@example.com", "shared@example.com", "admin@example.com", `x" or mail pr`, ""} {
		if got := j.answer(j.begin("Reset"), mail); got.StatusCode != 401 {
			t.Errorf("%q: %d %s", mail, got.StatusCode, got.raw)
		}
	}
	step := j.answer(j.begin("Reset"), "Demo@example.com").want(t, 200)
	if shown := output(list(step["callbacks"])[0], "message"); shown != "demo" {
		t.Errorf("shown: %v", shown)
	}
	step = j.answer(step).want(t, 200)
	if step = j.answer(step, "one-of-them", "another-one").want(t, 200); output(list(step["callbacks"])[0], "message") != "The new passwords do not match" {
		t.Errorf("two passwords: %v", step)
	}
	if step = j.answer(step, "short", "short").want(t, 200); output(list(step["callbacks"])[0], "message") != "The password is too short" {
		t.Errorf("a short one: %v", step)
	}
	if done := j.answer(step, "another-one", "another-one").want(t, 200); done["tokenId"] == nil {
		t.Errorf("done: %v", done)
	}
	j.login("/json/authenticate", "demo", "another-one")
	// Nothing else of the profile is lost.
	if user := j.admin("GET", "/json/users/demo", nil).want(t, 200); fmt.Sprint(user["employeeNumber"], user["mail"]) != "[5] [demo@example.com]" {
		t.Errorf("user = %v", user)
	}
	// An object of another kind is kept for exports, and made by nobody.
	j.tree("Device", node{"device", "CreateObjectNode", map[string]any{"identityResource": "managed/device"}, map[string]string{"CREATED": success, "FAILURE": failure}})
	j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Device", "{}").want(t, 500)
}

// Nodes that ask something of the user who signed in, or of the request.
func TestJourneyDecisions(t *testing.T) {
	j := newJourneys(t)
	j.admin("PUT", "/json/users/demo", map[string]any{"l": "Berlin", "employeeNumber": "5"}).want(t, 200)
	j.clock.pass(10 * time.Minute)
	by := func(attribute, operation, value string) map[string]any {
		return map[string]any{"comparisonAttribute": attribute, "comparisonOperation": operation, "comparisonValue": value, "identityAttribute": "userName"}
	}
	for i, tt := range []struct {
		kind     string
		settings map[string]any
		want     bool
	}{
		{"AttributePresentDecisionNode", map[string]any{"presentAttribute": "mail", "identityAttribute": "userName"}, true},
		{"AttributePresentDecisionNode", map[string]any{"presentAttribute": "city", "identityAttribute": "userName"}, true},
		{"AttributePresentDecisionNode", map[string]any{"presentAttribute": "password", "identityAttribute": "userName"}, true},
		{"AttributePresentDecisionNode", map[string]any{"presentAttribute": "country", "identityAttribute": "userName"}, false},
		{"AttributeValueDecisionNode", by("city", "EQUALS", "Berlin"), true},
		{"AttributeValueDecisionNode", by("city", "EQUALS", "Bonn"), false},
		{"AttributeValueDecisionNode", by("city", "PRESENT", ""), true},
		{"AttributeValueDecisionNode", by("country", "PRESENT", ""), false},
		{"AttributeValueDecisionNode", by("accountStatus", "EQUALS", "active"), true},
		{"TimeSinceDecisionNode", map[string]any{"elapsedTime": "9", "identityAttribute": "userName"}, true},
		{"TimeSinceDecisionNode", map[string]any{"elapsedTime": "11", "identityAttribute": "userName"}, false},
		{"QueryFilterDecisionNode", map[string]any{"queryFilter": `mail co "example" and city eq "Berlin"`, "identityAttribute": "userName"}, true},
		{"QueryFilterDecisionNode", map[string]any{"queryFilter": `!(accountStatus eq "active") or country pr`, "identityAttribute": "userName"}, false},
		{"RequiredAttributesDecisionNode", map[string]any{"identityResource": "managed/user"}, false},
		{"CookiePresenceDecisionNode", map[string]any{"cookieName": "there"}, true},
		{"CookiePresenceDecisionNode", map[string]any{"cookieName": "nowhere"}, false},
	} {
		name := fmt.Sprintf("Decide%d", i)
		tree := append(signIn(nil), node{"decide" + name, tt.kind, tt.settings, map[string]string{"true": "yes" + name, "false": "no" + name}},
			node{"yes" + name, "SetSuccessUrlNode", map[string]any{"successUrl": "/yes"}, map[string]string{"outcome": success}},
			node{"no" + name, "SetSuccessUrlNode", map[string]any{"successUrl": "/no"}, map[string]string{"outcome": success}})
		tree[3].to = map[string]string{"true": "decide" + name, "false": failure}
		j.tree(name, tree...)
		got := j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue="+name, "{}", "X-OpenAM-Username", "demo", "X-OpenAM-Password", "Ch4ng31t", "Cookie", "there=1").want(t, 200)
		if want := map[bool]string{true: "/yes", false: "/no"}[tt.want]; got["successUrl"] != want {
			t.Errorf("%s %v: %v", tt.kind, tt.settings, got["successUrl"])
		}
	}
}

// Nodes that bring something of the request into the journey, or of the journey into the answer.
func TestJourneyStateAndDetails(t *testing.T) {
	j := newJourneys(t)
	j.tree("Carry",
		node{"set", "SetStateNode", map[string]any{"attributes": map[string]any{"colour": "blue"}}, map[string]string{"outcome": "query"}},
		node{"query", "QueryParameterNode", map[string]any{
			"allowedQueryParameters": map[string]any{"one": "first", "two": "second", "three": "third", "none": "fourth"}, "queryParametersToBeDelimited": []string{"three"},
		}, map[string]string{"outcome": "header"}},
		node{"header", "RequestHeaderNode", map[string]any{"allowedHeaders": map[string]any{"x-shape": "shape"}, "headersToBeDelimited": []string{}}, map[string]string{"outcome": "tell"}},
		node{"tell", "MetadataNode", map[string]any{"attributes": []string{"colour", "first", "second", "third", "fourth", "shape"}}, map[string]string{"outcome": "props"}},
		node{"props", "SetSessionPropertiesNode", map[string]any{"properties": map[string]any{"kept": "k", "gone": "g"}}, map[string]string{"outcome": "unset"}},
		node{"unset", "RemoveSessionPropertiesNode", map[string]any{"propertyNames": []string{"gone", "never"}}, map[string]string{"outcome": "details"}},
		node{"details", "SetSuccessDetailsNode", map[string]any{
			"successDetails": map[string]any{"greeting": "hello", "tokenId": "mine"}, "sessionProperties": map[string]any{"was": "kept", "wasNot": "gone"},
		}, map[string]string{"outcome": "who"}},
		node{"who", "AnonymousUserNode", map[string]any{"anonymousUserName": "demo"}, map[string]string{"outcome": success}})
	j.tree("Refuse",
		node{"words", "SetFailureDetailsNode", map[string]any{
			"failureMessage": map[string]any{"en": "Not today", "de": "Heute nicht"}, "failureDetails": map[string]any{"again": "tomorrow", "failureUrl": "/mine"},
		}, map[string]string{"outcome": "where"}},
		node{"where", "SetFailureUrlNode", map[string]any{"failureUrl": "/out"}, map[string]string{"outcome": failure}})
	step := j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Carry&one=1&two=2&two=22&three=3&three=33", "{}", "X-Shape", "round").want(t, 200)
	data, _ := output(list(step["callbacks"])[0], "data").(map[string]any)
	if !same(data, map[string]any{"colour": "blue", "first": "1", "second": []any{"2", "22"}, "third": "3,33", "shape": "round"}) {
		t.Errorf("state = %v", data)
	}
	got := j.answer(step).want(t, 200)
	token := fmt.Sprint(got["tokenId"])
	if got["greeting"] != "hello" || token == "mine" || got["was"] != "k" || got["wasNot"] != nil {
		t.Errorf("answer = %v", got)
	}
	sess, err := j.server.Login().Find(t.Context(), token)
	if err != nil || sess.Subject.Name != "demo" || !same(sess.Properties, map[string]string{"kept": "k"}) {
		t.Errorf("session = %+v, %v", sess, err)
	}
	const refuse = "/json/authenticate?authIndexType=service&authIndexValue=Refuse"
	no := j.send("POST", refuse, "{}", "Accept-Language", "de").want(t, 401)
	if no["message"] != "Heute nicht" || !same(no["detail"], map[string]any{"again": "tomorrow", "failureUrl": "/out"}) {
		t.Errorf("refusal = %v", no)
	}
	if old := j.send("POST", refuse, "{}", "Accept-API-Version", "resource=1.0").want(t, 401); !same(old, map[string]any{"errorMessage": "Not today", "again": "tomorrow", "failureUrl": "/out"}) {
		t.Errorf("older refusal = %v", old)
	}
	// What somebody signs in with is for no node.
	j.tree("Peek",
		node{"peek", "RequestHeaderNode", map[string]any{"allowedHeaders": map[string]any{"X-OpenAM-Password": "a", "cookie": "b", "Authorization": "c", "X-Plain": "d"}}, map[string]string{"outcome": "all"}},
		node{"all", "MetadataNode", map[string]any{"attributes": []string{"a", "b", "c", "d"}}, map[string]string{"outcome": failure}})
	step = j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Peek", "{}", "X-OpenAM-Password", "p", "Cookie", "x=1", "Authorization", "Basic x", "X-Plain", "plain").want(t, 200)
	if data := output(list(step["callbacks"])[0], "data"); !same(data, map[string]any{"d": "plain"}) {
		t.Errorf("seen: %v", data)
	}
}

func TestJourneyWaits(t *testing.T) {
	j := newJourneys(t)
	end := map[string]string{"DONE": "in", "EXITED": "out", "SPAM": "spam"}
	j.tree("Wait", node{"wait", "PollingWaitNode", map[string]any{
		"secondsToWait": 10, "exitable": true, "spamDetectionEnabled": true, "spamDetectionTolerance": 2, "waitingMessage": map[string]any{"en": "{{time}} seconds"},
	}, end},
		node{"in", "AnonymousUserNode", map[string]any{"anonymousUserName": "demo"}, map[string]string{"outcome": success}},
		node{"out", "SetFailureUrlNode", map[string]any{"failureUrl": "/out"}, map[string]string{"outcome": failure}},
		node{"spam", "SetFailureUrlNode", map[string]any{"failureUrl": "/spam"}, map[string]string{"outcome": failure}})
	where := func(r reply) any {
		detail, _ := r.want(t, 401)["detail"].(map[string]any)
		return detail["failureUrl"]
	}
	step := j.begin("Wait")
	if kinds(step) != "PollingWait Confirmation" || output(list(step["callbacks"])[0], "message") != "10 seconds" || output(list(step["callbacks"])[0], "waitTime") != "10000" {
		t.Fatalf("asked: %v", step)
	}
	j.clock.pass(4 * time.Second)
	step = j.answer(step, 100).want(t, 200)
	if output(list(step["callbacks"])[0], "message") != "6 seconds" {
		t.Errorf("too early: %v", step)
	}
	j.clock.pass(6 * time.Second)
	if done := j.answer(step, 100).want(t, 200); done["tokenId"] == nil {
		t.Errorf("after the time: %v", done)
	}
	if got := where(j.answer(j.begin("Wait"), 0)); got != "/out" {
		t.Errorf("the way out: %v", got)
	}
	step = j.begin("Wait")
	for range 2 {
		step = j.answer(step, 100).want(t, 200)
	}
	if got := where(j.answer(step, 100)); got != "/spam" {
		t.Errorf("too often: %v", got)
	}
}
