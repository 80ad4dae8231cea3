package console_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A journey is made, gets a node with settings, is connected, signs people in, becomes the default and loses the node again.
func TestJourneys(t *testing.T) {
	b := admin(t)
	b.has(b.open("journeys"), "ldapService", "default", "Login")
	page, _ := b.post("journeys/new", "journeys/new", url.Values{"name": {"Staff"}, "description": {"of the staff"}}, 200)
	b.has(page, "The journey Staff was created.", "Username Collector", "Data Store Decision", "of the staff")
	page, _ = b.post("journeys/new", "journeys/new", url.Values{"name": {"Staff"}, "description": {"again"}}, 200)
	b.has(page, "There is a journey Staff already.", `value="again"`)

	page, at := b.post("journeys/Staff", "journeys/Staff/nodes", url.Values{"type": {"RetryLimitDecisionNode"}, "name": {"Three times"}}, 200)
	b.has(page, "The node was added.", "Retry Limit", "<h1>Three times</h1>")
	node := strings.TrimPrefix(at.Path, "/openam/console/")
	id := node[strings.LastIndexByte(node, '/')+1:]
	page, _ = b.post(node, node, url.Values{"retryLimit": {"many"}}, 200)
	b.has(page, "A whole number is needed here.", `value="many"`)
	page, _ = b.post(node, node, url.Values{"retryLimit": {"2"}}, 200)
	b.has(page, "The settings of the node were saved.", "not reached")
	if got := b.api("GET", "realm-config/authentication/authenticationtrees/nodes/RetryLimitDecisionNode/"+id, "")["retryLimit"]; got != 2. {
		t.Errorf("the node has the limit %v, want 2", got)
	}

	tree := b.api("GET", "realm-config/authentication/authenticationtrees/trees/Staff", "")
	form := url.Values{"entry": {tree["entryNodeId"].(string)}, "enabled.shown": {"1"}, "enabled": {"true"}, "description": {"of the staff"}}
	check := ""
	for n, o := range tree["nodes"].(map[string]any) {
		o := o.(map[string]any)
		for out, to := range o["connections"].(map[string]any) {
			form.Set("to."+n+"."+out, to.(string))
		}
		if o["nodeType"] == "DataStoreDecisionNode" {
			check = n
		}
	}
	form.Set("to."+check+".false", id)
	form.Set("to."+id+".Retry", tree["entryNodeId"].(string))
	page, _ = b.post("journeys/Staff", "journeys/Staff", form, 200)
	b.has(page, "The journey was saved.")
	if strings.Contains(page, "not reached") {
		t.Error("the node is not connected")
	}
	rev := regexp.MustCompile(`name="rev" value="[^"]*"`).FindString(page)
	form.Set("rev", "0")
	form.Set("description", "typed")
	page, _ = b.post("journeys/Staff", "journeys/Staff", form, 200)
	b.has(page, "Somebody else changed this", `value="typed"`)
	if strings.Contains(page, rev) {
		t.Error("a second try would overwrite what somebody else saved")
	}

	page, _ = b.post("journeys/Staff", "journeys/Staff/default", url.Values{}, 200)
	b.has(page, "Who asks for no journey gets Staff now.")
	b.stranger().signIn("amAdmin", adminPassword)
	page, _ = b.post("journeys/ldapService", "journeys/ldapService/default", url.Values{}, 200)
	b.has(page, "gets ldapService now")

	page, _ = b.post(node, node+"/remove", url.Values{}, 200)
	b.has(page, "The node was removed.")
	if strings.Contains(page, "Three times") {
		t.Error("the node is still there")
	}
	page, _ = b.post("journeys/Staff", "journeys/Staff/delete", url.Values{"confirm": {"Staff"}}, 200)
	b.has(page, "The journey Staff was deleted.")
	b.has(b.open("journeys/ldapService?locale=de"), "Knoten hinzufügen")
}
