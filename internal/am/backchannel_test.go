package am_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// federation begins journeys for others, as a service that has a client here.
type federation struct {
	*journeys
	bearer string
}

func newFederation(t *testing.T, j *journeys) *federation {
	t.Helper()
	j.admin("POST", "/json/realm-config/services/oauth-oidc?_action=create", "{}").want(t, 201)
	client := func(id, scope string) string {
		t.Helper()
		j.admin("PUT", "/json/realm-config/agents/OAuth2Client/"+id, map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"userpassword": "my-client-secret", "scopes": []string{scope}},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
		}).want(t, 201)
		got := j.send("POST", "/oauth2/access_token", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {"my-client-secret"}, "scope": {scope}})
		token, _ := got.want(t, 200)["access_token"].(string)
		return token
	}
	f := &federation{j, client("myClient", "back_channel_authentication")}
	for name, bearer := range map[string]string{"another scope": client("other", "read"), "no token": "", "junk": "x"} {
		want := 401
		if name == "another scope" {
			want = 403
		}
		if got := f.callAs(bearer, "initialize", map[string]any{"type": "service", "value": "Backchannel"}); got.StatusCode != want {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.raw)
		}
	}
	return f
}

func (f *federation) callAs(bearer, action string, body any) reply {
	f.t.Helper()
	return f.send("POST", "/json/realms/root/authenticate/backchannel/"+action, body, "Authorization", "Bearer "+bearer, "Accept-API-Version", "resource=1, protocol=2.0")
}

func (f *federation) call(action string, body any) reply {
	f.t.Helper()
	return f.callAs(f.bearer, action, body)
}

// initialize begins a journey and gives its transaction.
func (f *federation) initialize(more map[string]any) string {
	f.t.Helper()
	body := map[string]any{"type": "service", "value": "Backchannel", "subject": map[string]any{"type": "user", "name": "demo"}}
	for name, v := range more {
		if v == nil {
			delete(body, name)
		} else {
			body[name] = v
		}
	}
	got := f.call("initialize", body).want(f.t, 200)
	id, _ := got["transaction"].(string)
	if to, err := url.Parse(fmt.Sprint(got["redirectUri"])); err != nil || !strings.HasPrefix(to.String(), f.base+"/XUI/Login?") || to.Query().Get("realm") != "/" ||
		to.Query().Get("authIndexType") != "transaction" || to.Query().Get("authIndexValue") != id || len(id) != 36 || len(got) != 2 {
		f.t.Fatalf("initialize: %v", got)
	}
	return id
}

func (f *federation) info(id string) map[string]any {
	f.t.Helper()
	return f.call("info", map[string]any{"transaction": id}).want(f.t, 200)
}

// stands tells state and result.
func (f *federation) stands(id string) string {
	f.t.Helper()
	got := f.info(id)
	return fmt.Sprint(got["state"], " ", got["result"])
}

// A federation service knows the user, who gives his password alone (PingAM: backchannel authentication).
func TestBackchannelAuthentication(t *testing.T) {
	s, events := auditedSite(t)
	j := &journeys{s, s.login("/json/authenticate", "amAdmin", adminPassword)}
	j.admin("POST", "/json/users?_action=create", map[string]any{"username": "demo", "userpassword": "Ch4ng31t"}).want(t, 201)
	j.admin("POST", "/json/users?_action=create", map[string]any{"username": "other", "userpassword": "Ch4ng31t"}).want(t, 201)
	j.admin("PUT", "/json/realm-config/agents/IdentityGatewayAgent/ig", map[string]any{"userpassword": "agent-secret"}).want(t, 201)
	j.admin("POST", "/json/realm-config/services/amSessionPropertyWhitelist?_action=create",
		map[string]any{"sessionPropertyWhitelist": []string{"AMCtxId", "Service", "authInstant"}}).want(t, 201)
	j.tree("Backchannel",
		node{"pw", "PasswordCollectorNode", nil, map[string]string{"outcome": "dd"}},
		node{"dd", "DataStoreDecisionNode", nil, map[string]string{"true": success, "false": failure}})
	// It is for transactions alone.
	tree := j.admin("GET", treesAt+"/trees/Backchannel", nil).want(t, 200)
	tree["transactionalOnly"] = true
	j.admin("PUT", treesAt+"/trees/Backchannel", tree).want(t, 200)
	if got := j.send("POST", "/json/authenticate?authIndexType=service&authIndexValue=Backchannel", "{}").want(t, 400); got["message"] != "No Configuration found" {
		t.Errorf("asked for by itself: %v", got)
	}
	f := newFederation(t, j)

	id := f.initialize(map[string]any{"data": map[string]any{"userName": "demo", "objectAttributes": map[string]any{"mail": "demo@example.com"}}, "trackingId": "Y5tyzQi9cGVJjy2L"})
	got := f.info(id)
	tracking, _ := got["auditTrackingIds"].([]any)
	if got["state"] != "CREATED" || got["result"] != "UNKNOWN" || got["type"] != "service" || got["value"] != "Backchannel" || len(tracking) != 2 || tracking[1] != "Y5tyzQi9cGVJjy2L" ||
		!same(got["subject"], map[string]any{"type": "user", "name": "demo"}) || got["sessionProperties"] != nil {
		t.Errorf("created: %v", got)
	}
	step := j.index("transaction", id).want(t, 200)
	if kinds(step) != "Password" {
		t.Fatalf("the journey asks %s", kinds(step))
	}
	if got := f.stands(id); got != "IN_PROGRESS UNKNOWN" {
		t.Errorf("begun: %s", got)
	}
	if got := j.answer(step, "wrong").want(t, 401); got["message"] != "Login failure" {
		t.Errorf("a wrong password: %v", got)
	}
	if got := f.stands(id); got != "IN_PROGRESS UNKNOWN" {
		t.Errorf("failed, to be tried again: %s", got)
	}
	token, _ := j.answer(j.index("transaction", id).want(t, 200), "Ch4ng31t").want(t, 200)["tokenId"].(string)
	sess := j.send("POST", "/json/sessions?_action=getSessionInfo", "{}", "iPlanetDirectoryPro", token, "Accept-API-Version", "resource=4.0").want(t, 200)
	got = f.info(id)
	if sess["username"] != "demo" || got["state"] != "COMPLETED" || got["result"] != "APPROVED" || !same(got["sessionProperties"], sess["properties"]) ||
		len(got["sessionProperties"].(map[string]any)) != 3 {
		t.Errorf("completed: %v with %v", got, sess)
	}
	// It is over with that.
	step = j.index("transaction", id).want(t, 200)
	if got := j.answer(step, "Ch4ng31t").want(t, 500); got["message"] != "Unable to approve transaction" {
		t.Errorf("once more: %v", got)
	}
	if got := j.send("POST", "/json/sessions?_action=validate", "{}", "iPlanetDirectoryPro", token).want(t, 200); got["valid"] != true {
		t.Errorf("the first session is %v", got)
	}

	// Where it may not be tried again.
	id = f.initialize(map[string]any{"allowRetry": false})
	j.answer(j.index("transaction", id).want(t, 200), "wrong").want(t, 401)
	if got := f.stands(id); got != "COMPLETED DENIED" {
		t.Errorf("failed: %s", got)
	}
	if got := j.answer(j.index("transaction", id).want(t, 200), "Ch4ng31t").want(t, 500); got["message"] != "Unable to approve transaction" {
		t.Errorf("tried again: %v", got)
	}
	// Somebody else's journey, and anybody's; without a session, and with one that is there already.
	id = f.initialize(map[string]any{"subject": map[string]any{"type": "user", "name": "other"}})
	step = j.send("POST", "/json/authenticate?authIndexType=transaction&authIndexValue="+id, "{}", "iPlanetDirectoryPro", token).want(t, 200)
	j.answer(step, "Ch4ng31t").want(t, 200)
	id = f.initialize(map[string]any{"value": "ldapService", "subject": nil})
	j.send("POST", "/json/authenticate?noSession=true&authIndexType=transaction&authIndexValue="+id, "{}", "X-OpenAM-Username", "other", "X-OpenAM-Password", "Ch4ng31t").want(t, 200)
	if got := f.info(id); got["result"] != "APPROVED" || got["subject"] != nil || got["sessionProperties"] != nil {
		t.Errorf("anybody: %v", got)
	}
	id = f.initialize(map[string]any{"value": "ldapService"})
	j.send("POST", "/json/authenticate?authIndexType=transaction&authIndexValue="+id, "{}", "X-OpenAM-Username", "other", "X-OpenAM-Password", "Ch4ng31t").want(t, 401)
	if got := f.stands(id); strings.HasPrefix(got, "COMPLETED") {
		t.Errorf("another one signed in: %s", got)
	}
	id = f.initialize(map[string]any{"value": "Agent", "subject": map[string]any{"type": "agent", "name": "ig"}})
	j.send("POST", "/json/authenticate?authIndexType=transaction&authIndexValue="+id, "{}", "X-OpenAM-Username", "ig", "X-OpenAM-Password", "agent-secret").want(t, 200)
	if got := f.info(id); got["result"] != "APPROVED" || !same(got["subject"], map[string]any{"type": "agent", "name": "ig"}) {
		t.Errorf("an agent: %v", got)
	}
	// Its time is over.
	id = f.initialize(nil)
	step = j.index("transaction", id).want(t, 200)
	s.clock.pass(181 * time.Second)
	for name, got := range map[string]reply{
		"a step": j.answer(step, "Ch4ng31t"), "the journey": j.index("transaction", id), "info": f.call("info", map[string]any{"transaction": id}),
	} {
		if body := got.want(t, 400); body["message"] != "Unable to read transaction." {
			t.Errorf("%s after the time: %v", name, body)
		}
	}
	// What cannot be.
	long := strings.Repeat("x", 9000)
	for name, body := range map[string]any{
		"type": map[string]any{"type": "module", "value": "Backchannel"}, "no type": map[string]any{"value": "Backchannel"}, "no journey": map[string]any{"type": "service"},
		"unknown journey": map[string]any{"type": "service", "value": "Nowhere"}, "unknown member": map[string]any{"type": "service", "value": "Backchannel", "x": 1},
		"subject's type": map[string]any{"type": "service", "value": "Backchannel", "subject": map[string]any{"type": "group", "name": "demo"}},
		"no name":        map[string]any{"type": "service", "value": "Backchannel", "subject": map[string]any{"type": "user"}},
		"nobody":         map[string]any{"type": "service", "value": "Backchannel", "subject": map[string]any{"type": "user", "name": "nobody"}},
		"realm":          map[string]any{"type": "service", "value": "Backchannel", "data": map[string]any{"realm": "/alpha"}},
		"level":          map[string]any{"type": "service", "value": "Backchannel", "data": map[string]any{"authLevel": 5}},
		"data":           map[string]any{"type": "service", "value": "Backchannel", "data": "x"},
		"much":           map[string]any{"type": "service", "value": "Backchannel", "data": map[string]any{"x": long}},
		"tracking":       map[string]any{"type": "service", "value": "Backchannel", "trackingId": "a b"},
		"long tracking":  map[string]any{"type": "service", "value": "Backchannel", "trackingId": strings.Repeat("a", 37)},
		"no JSON":        "{",
	} {
		if got := f.call("initialize", body); got.StatusCode != 400 {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.raw)
		}
	}
	f.call("elsewhere", "{}").want(t, 404)
	f.send("GET", "/json/authenticate/backchannel/info", nil, "Authorization", "Bearer "+f.bearer).want(t, 405)

	var tracked []any
	for _, e := range events("authentication") {
		if ids, _ := e["trackingIds"].([]any); e["eventName"] == "AM-LOGIN-COMPLETED" && slices.Contains(ids, any("Y5tyzQi9cGVJjy2L")) {
			tracked = append(tracked, e["result"])
			if !same(ids, tracking) {
				t.Errorf("the event has the names %v", ids)
			}
		}
	}
	if !same(tracked, []any{"FAILED", "SUCCESSFUL", "SUCCESSFUL"}) {
		t.Errorf("events of the transaction: %v", tracked)
	}
}

// A help desk begins a journey for a user, and waits for it.
func TestBackchannelNodes(t *testing.T) {
	j := newJourneys(t)
	j.admin("POST", "/json/realm-config/services/amSessionPropertyWhitelist?_action=create", map[string]any{"sessionPropertyWhitelist": []string{"AMCtxId", "Service"}}).want(t, 201)
	j.tree("Backchannel",
		node{"pw", "PasswordCollectorNode", nil, map[string]string{"outcome": "dd"}},
		node{"dd", "DataStoreDecisionNode", nil, map[string]string{"true": success, "false": failure}})
	j.script("11111111-0000-4000-8000-000000000001", "JAVASCRIPT", "SCRIPTED_DECISION_NODE", `
		nodeState.putShared("backchannel-data", {"from": "desk"});
		action.goTo("true");`)
	j.script("11111111-0000-4000-8000-000000000002", "JAVASCRIPT", "SCRIPTED_DECISION_NODE", `
		if (callbacks.isEmpty()) {
			callbacksBuilder.textOutputCallback(0, nodeState.get("backchannel-redirectUri") + " " + JSON.stringify(nodeState.get("backchannel-sessionProperties")));
			callbacksBuilder.confirmationCallback(0, ["Next"], 0);
		} else { action.goTo("true"); }`)
	script := func(id, next string) node {
		return node{id, "ScriptedDecisionNode", map[string]any{"script": "11111111-0000-4000-8000-00000000000" + id[1:], "outcomes": []string{"true"}, "inputs": []string{"*"}, "outputs": []string{"*"}}, map[string]string{"true": next}}
	}
	said := func(id, text string) node {
		return node{id, "MessageNode", map[string]any{"message": map[string]any{"en": text}}, map[string]string{"true": failure, "false": failure}}
	}
	desk := func(name string, settings map[string]any, created, inProgress string) {
		j.tree(name,
			node{"who", "UsernameCollectorNode", nil, map[string]string{"outcome": "s1"}}, script("s1", "init"+name),
			node{"init" + name, "BackChannelInitNode", settings, map[string]string{created: "status", "unknownSubject": "unknown", "ERROR": "error"}},
			node{"status", "BackChannelStatusNode", map[string]any{"recordData": true}, map[string]string{
				"PENDING": "pending", inProgress: "s2", "SUCCESS": "s2", "FAILURE": "failed", "UNKNOWN": "late", "ERROR": "error"}},
			node{"pending", "PollingWaitNode", map[string]any{"secondsToWait": 0}, map[string]string{"DONE": "s2"}},
			script("s2", "status"), said("unknown", "nobody"), said("error", "error"), said("failed", "failed"), said("late", "late"))
	}
	settings := map[string]any{"tree": "Backchannel", "idType": "USER", "usernameKey": "username", "dataKey": "backchannel-data", "redirectUrlType": "GET", "timeout": 600, "allowRetry": false}
	desk("Desk", settings, "created", "IN_PROGRESS")
	shown := func(step map[string]any) string { return fmt.Sprint(output(list(step["callbacks"])[0], "message")) }
	address := func(step map[string]any) (*url.URL, string) {
		t.Helper()
		first, rest, _ := strings.Cut(shown(step), " ")
		u, err := url.Parse(first)
		if err != nil {
			t.Fatal(err)
		}
		return u, rest
	}
	begin := func(user string) map[string]any { return j.answer(j.begin("Desk"), user).want(t, 200) }

	step := j.answer(begin("demo"), 0).want(t, 200) // has waited
	to, properties := address(step)
	if to.Path != "/openam/XUI/Login" || to.Query().Get("authIndexType") != "transaction" || to.Query().Get("realm") != "/" || properties != "null" {
		t.Fatalf("the desk sees %q", shown(step))
	}
	theirs := j.index("transaction", to.Query().Get("authIndexValue")).want(t, 200)
	if kinds(theirs) != "Password" {
		t.Fatalf("the user is asked %v", theirs)
	}
	step = j.answer(step).want(t, 200) // still under way
	if kinds(step) != "TextOutput Confirmation" {
		t.Fatalf("under way: %v", step)
	}
	j.answer(theirs, "Ch4ng31t").want(t, 200)
	step = j.answer(step).want(t, 200)
	if _, properties := address(step); !strings.Contains(properties, `"Service":"Backchannel"`) || !strings.Contains(properties, `"AMCtxId":"`) {
		t.Errorf("done: %q", shown(step))
	}
	// The user fails, takes too long, is not there.
	step = j.answer(begin("demo"), 0).want(t, 200)
	to, _ = address(step)
	j.answer(j.index("transaction", to.Query().Get("authIndexValue")).want(t, 200), "wrong").want(t, 401)
	if got := shown(j.answer(step).want(t, 200)); got != "failed" {
		t.Errorf("a failure: %q", got)
	}
	if got := shown(begin("nobody")); got != "nobody" {
		t.Errorf("an unknown user: %q", got)
	}
	step = j.answer(begin("demo"), 0).want(t, 200)
	for range 3 { // within the time of a step
		j.clock.pass(250 * time.Second)
		step = j.answer(step).want(t, 200)
	}
	if got := shown(step); got != "late" {
		t.Errorf("too late: %q", got)
	}
	// Other addresses, and settings that cannot be.
	for kind, want := range map[string]string{"POST": "/openam/json/authenticate", "CUSTOM": "/go", "NONE": ""} {
		settings["redirectUrlType"], settings["customRedirectUrl"] = kind, "https://app.example.com/go"
		j.admin("PUT", treesAt+"/nodes/BackChannelInitNode/initDesk", settings).want(t, 200)
		if u, _ := address(j.answer(begin("demo"), 0).want(t, 200)); u.Path != want && kind != "NONE" || kind == "NONE" && u.String() != "null" {
			t.Errorf("%s: %s", kind, u)
		}
	}
	settings["tree"] = "Nowhere"
	j.admin("PUT", treesAt+"/nodes/BackChannelInitNode/initDesk", settings).want(t, 200)
	if got := shown(begin("demo")); got != "error" {
		t.Errorf("a journey that there is not: %q", got)
	}
}
