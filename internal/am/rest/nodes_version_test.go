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
	if got := admin("GET", at1+"/1.0?_queryFilter=true", nil).want(t, 200); got["resultCount"] != 2.0 {
		t.Errorf("list = %v", got)
	}
	if got := admin("POST", at1+"/2.0?_action=getType", nil).want(t, 200); got["_id"] != "WebAuthnRegistrationNode" {
		t.Errorf("type = %v", got)
	}
	admin("DELETE", at1+"/2.0/n2", nil).want(t, 200)
	admin("GET", at1+"/2.0/n2", nil).want(t, 404)
}
