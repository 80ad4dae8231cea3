package rest_test

import (
	"strings"
	"testing"

	"gatehouse/internal/am/rest"
)

// open are the requests that others than administrators may make: "METHOD path" with the callers. Whoever is not here
// is refused, for resources that are added later as well. The callers are: nobody, user, agent, alpha user, alpha
// client (an access token of a client of /alpha), user token (of a user, with fr:am:*), other token (without).
var open = map[string]string{
	"GET serverinfo/{id}":       "all",
	"GET serverinfo":            "all",
	"POST serverinfo?unheardof": "all",
	"GET serverinfo/version":    "user agent alpha-user alpha-client user-token",
	"GET serverinfo/*":          "all",
	"GET health/{id}":           "all",

	"GET environment/scopes/service-accounts": "all",
	"POST users?idFromSession":                "user agent alpha-user",
	"POST users?validateGoto":                 "user agent alpha-user",
	// A user's own profile, and what belongs to it; agents and the like may look at users of their realm.
	"GET users/{id}":                 "user agent user-token",
	"PUT users/{id}":                 "user user-token",
	"PATCH users/{id}":               "user user-token",
	"POST users/{id}?changePassword": "user user-token",
}

// openActions are the actions that decide by themselves who may call them; each has a test of its own.
const openActions = "policies?evaluate policies?evaluateTree sessions?getTimeLeft sessions?getIdle sessions?getProperty sessions?getPropertyNames sessions?setProperty sessions?getSessionInfoAndResetIdleTime sessions?getMaxIdle sessions?isActive sessions?deleteProperty sessions?getSessionInfo sessions?validate sessions?updateSessionProperties sessions?refresh sessions?getMaxTime sessions?logout sessions?getSessionProperties sessions?getMaxTime sessions?logout sessions?getSessionProperties sessions?getTimeLeft sessions?getIdle sessions?getProperty sessions?getPropertyNames sessions?setProperty sessions?getSessionInfoAndResetIdleTime sessions?getMaxIdle sessions?isActive sessions?deleteProperty sessions?getSessionInfo sessions?validate sessions?updateSessionProperties sessions?refresh users?idFromSession users?validateGoto"

// openBelow are the parts of a user's profile: the user's own.
const openBelow = "users/{user}/"

func TestEveryResourceRefusesStrangers(t *testing.T) {
	s := newSite(t)
	list := rest.New(rest.Options{Realms: s.realms, Login: s.login}).Resources()
	callers := map[string]caller{
		"nobody": s.send, "user": s.user(), "agent": s.as(s.signIn("/authenticate?authIndexType=service&authIndexValue=Agent", "ig", userPassword)),
		"alpha-user": s.as(s.signIn("/alpha/authenticate", "demo", userPassword)), "alpha-client": bearerCaller(s, "alpha-client"),
		"user-token": bearerCaller(s, "demo-all"), "other-token": bearerCaller(s, "demo-profile"), "broken-token": bearerCaller(s, "nothing"),
	}
	admin := s.admin()
	sample := strings.NewReplacer("{type}", "OAuth2Client", "{user}", "demo", "{store}", "default-keystore", "{object}", "alpha_application", "{kind}", "oath", "{name}", "x", "{service}", "audit", "{version}", "1.0")
	for _, r := range list {
		for _, name := range r.Opened {
			if action := r.Path + "?" + name; !strings.Contains(" "+openActions+" ", " "+action+" ") {
				t.Errorf("%s decides by itself who may call it, and is not in the list", action)
			}
		}
		at := "/" + sample.Replace(r.Path)
		if strings.Contains(r.Path, "secrets/stores/{type}") {
			at = strings.Replace(at, "OAuth2Client", "KeyStoreSecretStore", 1)
		}
		if strings.Contains(r.Path, "id-repositories/{type}") {
			at = strings.Replace(at, "OAuth2Client", "LDAPv3", 1)
		}
		id := "/zzz"
		if r.Path == "users" {
			id = "/demo"
		}
		if r.Path == "realm-config/services" || r.Path == "global-config/services" {
			id = "/oauth-oidc"
		}
		if r.Path == "serverinfo" {
			id = "/cookieDomains"
		}
		type try struct{ name, method, path string }
		var tries []try
		if r.Query {
			tries = append(tries, try{"GET " + r.Path, "GET", at + "?_queryFilter=true"}, try{"POST " + r.Path, "POST", at + "?_action=create"},
				try{"GET " + r.Path + "/{id}", "GET", at + id}, try{"PUT " + r.Path + "/{id}", "PUT", at + id},
				try{"PATCH " + r.Path + "/{id}", "PATCH", at + id}, try{"DELETE " + r.Path + "/{id}", "DELETE", at + id + "x"})
		} else {
			tries = append(tries, try{"GET " + r.Path, "GET", at}, try{"PUT " + r.Path, "PUT", at}, try{"PATCH " + r.Path, "PATCH", at}, try{"DELETE " + r.Path, "DELETE", at})
		}
		for _, a := range append(r.Actions, "unheardof") {
			tries = append(tries, try{"POST " + r.Path + "?" + a, "POST", at + "?_action=" + a})
		}
		for _, a := range r.ItemActions {
			tries = append(tries, try{"POST " + r.Path + "/{id}?" + a, "POST", at + id + "?_action=" + a})
		}
		for _, x := range tries {
			may := open[x.name]
			if strings.HasPrefix(r.Path, openBelow) {
				may += " user user-token"
			}
			for name, call := range callers {
				var body any
				if x.method != "GET" && x.method != "DELETE" {
					body = "{}"
					if x.method == "PATCH" {
						body = "[]"
					}
				}
				got := call(x.method, x.path, body, "Accept-API-Version", "protocol=1.0")
				refused := got.StatusCode == 401 || got.StatusCode == 403
				allowed := may == "all" || strings.Contains(" "+may+" ", " "+name+" ") || r.Opens(x.name)
				switch {
				case allowed:
				case got.StatusCode == 405 || got.StatusCode == 501 && x.method != "POST":
					// what nobody can do, nobody is refused
				case strings.Contains(got.raw, `"message":"Resource '`), strings.Contains(got.raw, "A collection is read with"):
					// there is no such address, for anybody
				case !refused:
					t.Errorf("%s: %s: %d %.200s", x.name, name, got.StatusCode, got.raw)
				}
				if refused && (strings.Contains(got.raw, "@example.com") || got.body["message"] == nil) {
					t.Errorf("%s: %s: a refusal that tells more than that: %s", x.name, name, got.raw)
				}
			}
		}
		// The administrator is not refused anything, except what is about a session of its own kind.
		for _, x := range tries[:1] {
			if got := admin(x.method, x.path, nil); got.StatusCode == 401 || got.StatusCode == 403 {
				t.Errorf("%s: the administrator: %d %s", x.name, got.StatusCode, got.raw)
			}
		}
	}
	if len(list) < 30 {
		t.Errorf("%d resources", len(list))
	}
}
