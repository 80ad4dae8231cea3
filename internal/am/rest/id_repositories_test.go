package rest_test

import (
	"strings"
	"testing"
)

func TestIdentityStores(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	const at = "/realm-config/services/id-repositories/LDAPv3"
	body := map[string]any{
		"ldapsettings": map[string]any{"sun-idrepo-ldapv3-config-ldap-server": []string{"ldap.example.com:636"}, "sun-idrepo-ldapv3-config-authpw": "bindsecret",
			"sun-idrepo-ldapv3-config-connection-mode": "ldaps", "sun-idrepo-ldapv3-config-max-result": 1000},
		"errorhandling": map[string]any{"com.iplanet.am.ldap.connection.delay.between.retries": 1000}, // kept for exports
	}
	made := admin("PUT", at+"/corp", body)
	made.want(t, 201)
	read := admin("GET", at+"/corp", nil)
	o := read.want(t, 200)
	if strings.Contains(made.raw+read.raw, "bindsecret") || strings.Contains(read.raw, "{sealed}") || strings.Contains(read.raw, "authpw") {
		t.Errorf("the password is shown: %s", read.raw)
	}
	settings, _ := o["ldapsettings"].(map[string]any)
	if settings["sun-idrepo-ldapv3-config-connection-mode"] != "LDAPS" || settings["sun-idrepo-ldapv3-config-max-result"] != 1000.0 || o["errorhandling"] == nil || o["_kind"] != nil {
		t.Errorf("read: %s", read.raw)
	}
	again := admin("PUT", at+"/corp", o).want(t, 200)
	if again["_rev"] != o["_rev"] {
		t.Errorf("written back it is another: %v", again)
	}
	admin("PUT", at+"/bad", map[string]any{"ldapsettings": map[string]any{"sun-idrepo-ldapv3-config-connection-mode": "carrier pigeon"}}).want(t, 400)
	admin("GET", "/realm-config/services/id-repositories/LDAPv3ForAD/corp", nil).want(t, 404)
	admin("GET", "/realm-config/services/id-repositories/Paper?_queryFilter=true", nil).want(t, 404)
	if list := admin("GET", "/realm-config/services?_queryFilter=true", nil); strings.Contains(list.raw, "corp") {
		t.Errorf("an identity store among the services: %s", list.raw)
	}
	admin("DELETE", at+"/corp", nil).want(t, 200)
	admin("GET", at+"/corp", nil).want(t, 404)
}
