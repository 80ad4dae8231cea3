package am_test

import (
	"encoding/json"
	"net/url"
	"reflect"
	"testing"
	"time"
)

func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// leveled makes journeys that ask a question and come to a level.
func (j *journeys) leveled() {
	j.t.Helper()
	ask := func(id, next string) node {
		return node{id, "ChoiceCollectorNode", map[string]any{"choices": []any{"Yes", "No"}, "prompt": "Sure?"}, map[string]string{"Yes": next, "No": failure}}
	}
	raise := func(id string, by int) node {
		return node{id, "ModifyAuthLevelNode", map[string]any{"authLevelIncrement": by}, map[string]string{"outcome": success}}
	}
	for _, t := range []struct {
		name string
		by   int
	}{{"One", 1}, {"Three", 3}, {"Five", 5}} {
		nodes := signIn(map[string]string{"true": "sure" + t.name, "false": failure})
		nodes = append(nodes, ask("sure"+t.name, "up"+t.name), raise("up"+t.name, t.by))
		j.tree(t.name, nodes...)
	}
	// A journey that can be at level 4 in two ways, and never at both.
	nodes := signIn(map[string]string{"true": "way", "false": failure})
	nodes = append(nodes,
		node{"way", "ChoiceCollectorNode", map[string]any{"choices": []any{"A", "B", "Again"}}, map[string]string{"A": "upA", "B": "upB", "Again": "way"}},
		raise("upA", 4), raise("upB", 2))
	j.tree("Ways", nodes...)
	j.tree("Inner", node{"other", "InnerTreeEvaluatorNode", map[string]any{"tree": "Five"}, map[string]string{"true": success, "false": success}})
	j.tree("Confirm", node{"confirm", "ChoiceCollectorNode", map[string]any{"choices": []any{"Yes", "No"}, "prompt": "Confirm transaction?"}, map[string]string{"Yes": success, "No": failure}})
}

func (j *journeys) index(kind, value string, headers ...string) reply {
	j.t.Helper()
	return j.send("POST", "/json/authenticate?authIndexType="+kind+"&authIndexValue="+url.QueryEscape(value), "{}", headers...)
}

func TestAuthenticateToLevel(t *testing.T) {
	j := newJourneys(t)
	j.leveled()
	choices := func(step map[string]any) any { return output(list(step["callbacks"])[0], "choices") }
	step := j.index("level", "3").want(t, 200)
	if got := choices(step); !same(got, []any{"Five", "Inner", "Three", "Ways"}) {
		t.Fatalf("journeys of level 3 = %v", got)
	}
	if got := choices(j.answer(step, 9).want(t, 200)); !same(got, []any{"Five", "Inner", "Three", "Ways"}) {
		t.Fatalf("after a choice that there is not: %v", got)
	}
	step = j.answer(j.index("level", "3").want(t, 200), 2).want(t, 200) // Three
	token, _ := j.answer(j.answer(step, "demo", "Ch4ng31t").want(t, 200), 0).want(t, 200)["tokenId"].(string)
	info := j.send("POST", "/json/sessions?_action=getSessionInfo", "{}", "iPlanetDirectoryPro", token, "Accept-API-Version", "resource=4.0").want(t, 200)
	if info["username"] != "demo" {
		t.Fatalf("session = %v", info)
	}
	// A session that is high enough does, a lower one does not.
	if got := j.index("level", "3", "iPlanetDirectoryPro", token).want(t, 200); got["tokenId"] != token {
		t.Errorf("with a session of level 3: %v", got)
	}
	if got := choices(j.index("level", "5", "iPlanetDirectoryPro", token).want(t, 200)); !same(got, []any{"Five", "Inner"}) {
		t.Errorf("journeys of level 5 = %v", got)
	}
	j.index("level", "6").want(t, 400)
	// Who takes the lower way fails.
	step = j.answer(j.index("level", "4").want(t, 200), 2).want(t, 200)
	if kinds(step) != "Name Password" {
		t.Fatalf("%v", step)
	}
	if got := j.answer(j.answer(step, "demo", "Ch4ng31t").want(t, 200), 1).want(t, 401); got["message"] != "Login failure" {
		t.Errorf("below the level: %v", got)
	}
	step = j.answer(j.index("level", "4").want(t, 200), 2).want(t, 200)
	j.answer(j.answer(step, "demo", "Ch4ng31t").want(t, 200), 0).want(t, 200)
}

func TestAuthenticateAsUser(t *testing.T) {
	j := newJourneys(t)
	j.leveled()
	j.admin("POST", "/json/users?_action=create", map[string]any{"username": "own", "userpassword": "Ch4ng31t", "iplanet-am-user-auth-config": []string{"Confirm"}}).want(t, 201)
	step := j.index("user", "own").want(t, 200)
	if kinds(step) != "Choice" {
		t.Fatalf("the user's own journey asks %s", kinds(step))
	}
	j.answer(step, 0).want(t, 401) // it proves nobody's name
	for _, name := range []string{"demo", "nobody"} {
		if got := kinds(j.index("user", name).want(t, 200)); got != "Name Password" {
			t.Errorf("%s: %s", name, got)
		}
	}
	j.answer(j.index("user", "own2").want(t, 200), "demo", "Ch4ng31t").want(t, 401)
	j.answer(j.index("user", "DEMO").want(t, 200), "demo", "Ch4ng31t").want(t, 200)
}

func TestAuthenticateToResource(t *testing.T) {
	j := newJourneys(t)
	j.leveled()
	policy := func(name, resource string, condition map[string]any) {
		body := map[string]any{
			"name": name, "active": true, "applicationName": "iPlanetAMWebAgentService", "resources": []string{resource},
			"actionValues": map[string]any{"GET": true}, "subject": map[string]any{"type": "AuthenticatedUsers"},
			"resourceTypeUuid": "76656a38-5f8e-401b-83aa-4ccb74ce88d2",
		}
		if condition != nil {
			body["condition"] = condition
		}
		j.admin("PUT", "/json/policies/"+name, body).want(t, 201)
	}
	policy("plain", "https://app.example.com:443/plain/*", nil)
	policy("high", "https://app.example.com:443/high/*", map[string]any{"type": "AuthLevel", "authLevel": 5})
	policy("tree", "https://app.example.com:443/tree/*", map[string]any{"type": "AuthenticateToService", "authenticateToService": "Three"})
	if got := kinds(j.index("resource", "https://app.example.com/plain/a").want(t, 200)); got != "Name Password" {
		t.Errorf("without a condition: %s", got)
	}
	if got := j.index("resource", "https://app.example.com/high/a").want(t, 200); kinds(got) != "Choice" {
		t.Errorf("level 5: %v", got)
	}
	step := j.send("POST", "/json/authenticate?authIndexType=resource&authIndexValue=true&resourceURL="+url.QueryEscape("https://app.example.com:443/tree/a"), "{}").want(t, 200)
	token, _ := j.answer(j.answer(step, "demo", "Ch4ng31t").want(t, 200), 0).want(t, 200)["tokenId"].(string)
	if got := j.index("resource", "https://app.example.com/tree/a", "iPlanetDirectoryPro", token).want(t, 200); got["tokenId"] != token {
		t.Errorf("the session came from that journey: %v", got)
	}
	if got := j.index("resource", "https://other.example.com/").want(t, 400); got["message"] != "No Configuration found" {
		t.Errorf("no policy: %v", got)
	}
}

func TestTransactionalAuthorization(t *testing.T) {
	j := newJourneys(t)
	j.leveled()
	const resource = "https://app.example.com:443/pay"
	j.admin("PUT", "/json/policies/pay", map[string]any{
		"name": "pay", "active": true, "applicationName": "iPlanetAMWebAgentService", "resources": []string{resource},
		"actionValues": map[string]any{"POST": true}, "subject": map[string]any{"type": "AuthenticatedUsers"},
		"resourceTypeUuid": "76656a38-5f8e-401b-83aa-4ccb74ce88d2",
		"condition":        map[string]any{"type": "Transaction", "authenticationStrategy": "AuthenticateToTreeConditionAdvice", "strategySpecifier": "Confirm"},
	}).want(t, 201)
	demo := j.login("/json/authenticate", "demo", "Ch4ng31t")
	ask := func(token, resource string, ids ...string) map[string]any {
		t.Helper()
		body := map[string]any{"resources": []string{resource}, "subject": map[string]any{"ssoToken": token}}
		if len(ids) > 0 {
			body["environment"] = map[string]any{"TxId": ids}
		}
		got := j.admin("POST", "/json/policies?_action=evaluate", body)
		var answers []map[string]any
		if got.StatusCode != 200 || json.Unmarshal([]byte(got.raw), &answers) != nil || len(answers) != 1 {
			t.Fatalf("evaluate = %d %s", got.StatusCode, got.raw)
		}
		return answers[0]
	}
	advised := func(token string) string {
		t.Helper()
		d := ask(token, resource)
		ids, _ := d["advices"].(map[string]any)["TransactionConditionAdvice"].([]any)
		if len(ids) != 1 || len(d["actions"].(map[string]any)) != 0 || d["ttl"] != 0.0 {
			t.Fatalf("decision = %v", d)
		}
		return ids[0].(string)
	}
	allowed := func(d map[string]any) bool { return d["actions"].(map[string]any)["POST"] == true }
	id := advised(demo)
	if d := ask(demo, resource, id); allowed(d) {
		t.Fatal("allowed before it was confirmed")
	}
	// Nobody else, and nobody without a session.
	other := j.login("/json/authenticate", "amAdmin", adminPassword)
	again := j.login("/json/authenticate", "demo", "Ch4ng31t")
	for _, token := range []string{"", other, again} {
		var headers []string
		if token != "" {
			headers = []string{"iPlanetDirectoryPro", token}
		}
		j.index("transaction", id, headers...).want(t, 401)
	}
	advice := "<Advices><AttributeValuePair><Attribute name=\"TransactionConditionAdvice\"/><Value>" + id + "</Value></AttributeValuePair></Advices>"
	step := j.index("composite_advice", advice, "iPlanetDirectoryPro", demo).want(t, 200)
	refuse := func(step map[string]any, choice any, token string) reply {
		for _, c := range list(step["callbacks"]) {
			list(c["input"])[0]["value"] = choice
		}
		return j.send("POST", "/json/authenticate", step, "iPlanetDirectoryPro", token)
	}
	refuse(step, 1, demo).want(t, 401)
	if d := ask(demo, resource, id); allowed(d) {
		t.Fatal("allowed though it was refused")
	}
	step = j.index("transaction", id, "iPlanetDirectoryPro", demo).want(t, 200)
	if got := refuse(step, 0, demo).want(t, 200); got["tokenId"] != demo {
		t.Fatalf("confirmed: %v", got)
	}
	// For what was asked alone, by who asked, and once.
	if d := ask(again, resource, id); allowed(d) {
		t.Error("another session used it")
	}
	d := ask(demo, resource, id)
	if !allowed(d) || d["ttl"] != 0.0 || len(d["advices"].(map[string]any)) != 0 {
		t.Fatalf("confirmed: %v", d)
	}
	if allowed(ask(demo, resource, id)) {
		t.Error("used twice")
	}
	if got := j.index("transaction", id, "iPlanetDirectoryPro", demo).want(t, 400); got["message"] != "Unable to read transaction." {
		t.Errorf("used up: %v", got)
	}
	// It does not wait for ever.
	j.admin("POST", "/json/realm-config/services/transaction?_action=create", map[string]any{"timeToLive": 60}).want(t, 201)
	late := advised(demo)
	step = j.index("transaction", late, "iPlanetDirectoryPro", demo).want(t, 200)
	j.clock.pass(61 * time.Second)
	refuse(step, 0, demo).want(t, 400)
	for _, condition := range []map[string]any{
		{"type": "Transaction", "authenticationStrategy": "SessionConditionAdvice", "strategySpecifier": "deny"},
		{"type": "Transaction", "authenticationStrategy": "AuthLevelConditionAdvice", "strategySpecifier": "high"},
		{"type": "Transaction", "authenticationStrategy": "AuthenticateToTreeConditionAdvice"},
	} {
		j.admin("PUT", "/json/policies/bad", map[string]any{
			"name": "bad", "active": true, "applicationName": "iPlanetAMWebAgentService", "resources": []string{resource}, "actionValues": map[string]any{"POST": true},
			"subject": map[string]any{"type": "AuthenticatedUsers"}, "resourceTypeUuid": "76656a38-5f8e-401b-83aa-4ccb74ce88d2", "condition": condition,
		}).want(t, 400)
	}
}
