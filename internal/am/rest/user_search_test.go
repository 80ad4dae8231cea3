package rest_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// What is not read of users who are not meant changes nothing of who is found.
func TestUsersByAttribute(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	for _, u := range []map[string]any{
		{"username": "ann", "userpassword": userPassword, "mail": "Ann@Example.com", "telephoneNumber": []string{"+49 1", "+49 2"}, "description": `a "b" \ <c>`, "l": "Köln"},
		{"username": "bob", "userpassword": userPassword, "mail": "bob@example.com", "sn": "ann", "l": "KÖLN", "inetUserStatus": "Inactive"},
		{"username": "carl", "userpassword": userPassword, "cn": "Carl X", "description": "ann@example.com"},
	} {
		admin("POST", "/users?_action=create", u).want(t, 201)
	}
	for filter, want := range map[string]string{
		`mail eq "ann@example.com"`: "ann", `mail eq "ANN@EXAMPLE.COM"`: "ann", `description eq "ann@example.com"`: "carl", `mail eq "nobody@example.com"`: "",
		`telephoneNumber eq "+49 2"`: "ann", `description eq "a \"b\" \\ <c>"`: "ann", `l eq "köln"`: "ann bob", `sn eq "ann"`: "ann bob", `cn eq "carl"`: "", `cn eq "bob"`: "bob",
		`uid eq "BOB"`: "bob", `inetUserStatus eq "inactive"`: "bob", `inetUserStatus eq "active" and mail eq "bob@example.com"`: "",
		`mail eq "ann@example.com" or mail eq "bob@example.com"`: "ann bob", `!(mail eq "ann@example.com") and l pr`: "bob", `mail co "bob@"`: "bob",
		`mail eq "bob@example.com" and sn eq "ann"`: "bob", `objectClass eq "inetuser" and mail eq "bob@example.com"`: "bob",
	} {
		var names []string
		for _, item := range admin("GET", "/users?_queryFilter="+url.QueryEscape(filter), nil).want(t, 200)["result"].([]any) {
			names = append(names, item.(map[string]any)["username"].(string))
		}
		if slices.Sort(names); strings.Join(names, " ") != want {
			t.Errorf("%s: %v, want %s", filter, names, want)
		}
	}
	managed := func(filter string) float64 {
		t.Helper()
		return admin("GET", "/openidm/managed/user?_queryFilter="+url.QueryEscape(filter), nil).want(t, 200)["resultCount"].(float64)
	}
	admin("POST", "/openidm/managed/user?_action=create", map[string]any{"userName": "dora", "sn": "D", "custom_team": `Red & "Blue"`, "custom_size": "Large"}).want(t, 201)
	for filter, want := range map[string]float64{
		`userName eq "ann"`: 1, `mail eq "bob@example.com"`: 1, `accountStatus eq "inactive"`: 1, `custom_team eq "red & \"blue\""`: 1, `custom_size eq "large"`: 1, `city eq "Köln"`: 2, `custom_size eq "small"`: 0,
	} {
		if got := managed(filter); got != want {
			t.Errorf("managed users with %s: %v, want %v", filter, got, want)
		}
	}
	// Those members are for those who administer.
	ann := s.as(s.signIn("/authenticate", "ann", userPassword))
	ann("PUT", "/users/ann", map[string]any{"fr-idm-custom-attrs": []string{`{"custom_size":"Huge"}`}}).want(t, 403)
}
