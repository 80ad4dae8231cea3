package rest_test

import "testing"

// Nodes say which version of their type they were made for: newer releases have versions in the address and in exports.
func TestNodeVersions(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const at1 = "/realm-config/authentication/authenticationtrees/nodes/WebAuthnRegistrationNode"
	newer := map[string]any{
		"_id": "n2", "relyingPartyName": "Shop", "somethingNew": true,
		"_type": map[string]any{"_id": "WebAuthnRegistrationNode", "name": "WebAuthn Registration Node", "collection": true, "version": "2.0"},
	}
	made := admin("PUT", at1+"/2.0/n2", newer).want(t, 201)
	if at(made, "_type", "version") != "2.0" || made["somethingNew"] != true || made["relyingPartyName"] != "Shop" || made["_version"] != nil {
		t.Errorf("made = %v", made)
	}
	// It is the node that addresses without a version know.
	read := admin("GET", at1+"/n2", nil).want(t, 200)
	if at(read, "_type", "version") != "2.0" {
		t.Errorf("read = %v", read)
	}
	if got := admin("PUT", at1+"/n2", read).want(t, 200); at(got, "_type", "version") != "2.0" || got["somethingNew"] != true {
		t.Errorf("written back = %v", got)
	}
	admin("PUT", at1+"/n1", map[string]any{}).want(t, 201)
	if got := admin("GET", at1+"/n1", nil).want(t, 200); at(got, "_type", "version") != nil {
		t.Errorf("without a version: %v", got)
	}
	if got := admin("GET", at1+"/1.0/n1", nil).want(t, 200); at(got, "_type", "version") != "1.0" {
		t.Errorf("at an address with a version: %v", got)
	}
	if got := admin("GET", at1+"/1.0?_queryFilter=true", nil, "Accept-API-Version", "resource=3.0").want(t, 200); got["resultCount"] != 2.0 {
		t.Errorf("list = %v", got)
	}
	admin("GET", at1+"?_queryFilter=true", nil, "Accept-API-Version", "resource=3.0").want(t, 404) // of addresses with a version
	if got := admin("POST", at1+"/2.0?_action=getType", nil).want(t, 200); got["_id"] != "WebAuthnRegistrationNode" {
		t.Errorf("type = %v", got)
	}
	admin("DELETE", at1+"/2.0/n2", nil).want(t, 200)
	admin("GET", at1+"/2.0/n2", nil).want(t, 404)
}

// Whoever names a node tells the version of its type: trees, and pages.
func TestTreesTellVersions(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const trees = "/realm-config/authentication/authenticationtrees/"
	admin("PUT", trees+"nodes/PageNode/p", map[string]any{"nodes": []any{
		map[string]any{"_id": "a", "nodeType": "UsernameCollectorNode", "displayName": "Name"},
		map[string]any{"_id": "b", "nodeType": "PasswordCollectorNode", "displayName": "Password", "nodeVersion": "2.0"},
	}}).want(t, 201)
	link := map[string]any{"nodeType": "PageNode", "displayName": "Page", "connections": map[string]any{}}
	admin("PUT", trees+"trees/T", map[string]any{"entryNodeId": "p", "nodes": map[string]any{"p": link}}).want(t, 201)
	tree := admin("GET", trees+"trees/T", nil).want(t, 200)
	if got := at(tree, "nodes", "p", "version"); got != "1.0" {
		t.Errorf("version in the tree = %v", got)
	}
	listed := admin("GET", trees+"trees?_queryFilter="+`_id+eq+"Login"`, nil).want(t, 200)["result"].([]any)[0]
	for id, node := range listed.(map[string]any)["nodes"].(map[string]any) {
		if at(node.(map[string]any), "version") != "1.0" {
			t.Errorf("node %s of a shipped tree = %v", id, node)
		}
	}
	nodes, _ := admin("GET", trees+"nodes/PageNode/1.0/p", nil).want(t, 200)["nodes"].([]any)
	if len(nodes) != 2 || at(nodes[0].(map[string]any), "nodeVersion") != "1.0" || at(nodes[1].(map[string]any), "nodeVersion") != "2.0" {
		t.Errorf("nodes of the page = %v", nodes)
	}
	link["version"] = "2.0"
	if got := admin("PUT", trees+"trees/T", tree).want(t, 200); at(got, "nodes", "p", "version") != "1.0" {
		t.Errorf("written back = %v", got)
	}
	if got := admin("PUT", trees+"trees/T", map[string]any{"entryNodeId": "p", "nodes": map[string]any{"p": link}}).want(t, 200); at(got, "nodes", "p", "version") != "2.0" {
		t.Errorf("of another version = %v", got)
	}
}
