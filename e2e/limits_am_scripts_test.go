package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// Limits of what scripts of the newer dialect may ask of the authorization server.
func TestLimitsOfNewerScripts(t *testing.T) {
	t.Parallel()
	a := startAM(t, t.TempDir(), "--listen-metrics", "127.0.0.1:0")
	const realm = "/realms/root"
	a.rest("POST", realm+"/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	for i := range 90 { // over 4 MiB, all together
		a.rest("POST", realm+"/users?_action=create", map[string]any{"username": fmt.Sprint("long", i), "description": strings.Repeat("x", 48<<10)})
	}
	ofToken := func(n int, source string) func() string {
		a.scripted(fmt.Sprint("c", n), a.script(n, "JAVASCRIPT", "OAUTH2_ACCESS_TOKEN_MODIFICATION_NEXT_GEN", source))
		return func() string {
			status, body, _ := a.token(tokenPath, "", "", form("grant_type", "client_credentials", "client_id", fmt.Sprint("c", n), "client_secret", "secret", "scope", "read"))
			return fmt.Sprint(status, " ", body["error"])
		}
	}

	const caches = realm + "/realm-config/services/cache-manager"
	a.rest("POST", caches+"?_action=create", map[string]any{"enabled": true})
	loader := a.script(20, "JAVASCRIPT", "CACHE_LOADER", `function load(key) { return {filling: "x".repeat(parseInt(key.size))}; }`)
	a.rest("PUT", caches+"/caches/kept", map[string]any{"script": loader, "evictionPolicy": "Never"})
	const done = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
	filling := func(n int, source string) func() string {
		id := fmt.Sprintf("20000000-0000-4000-8000-%012d", n)
		name := fmt.Sprint("Cache", n)
		a.tree(name, id, map[string][3]any{id: {"ScriptedDecisionNode", map[string]any{
			"script": a.script(n, "JAVASCRIPT", "SCRIPTED_DECISION_NODE", source+`; action.goTo("true").withIdentifiedUser("long0");`), "outcomes": []string{"true"},
		}, map[string]any{"true": done}}})
		return func() string {
			last := ""
			for range 21 { // 4200 values of 5 KiB and more are over 20 MiB
				last = strconv.Itoa(statusOf(t, "POST", a.base+"/json"+realm+"/authenticate?authIndexType=service&authIndexValue="+name, "{}", "Content-Type", "application/json"))
			}
			return last
		}
	}

	goOver(t, "Authorization server", metricsURL.FindStringSubmatch(a.output())[1], map[string]limitTry{
		"script: requests for resources and policies":            {"500 server_error", ofToken(30, `for (var i = 0; i < 101; i++) { openidm.read("managed/user/nobody"); }`)},
		"script: answer of such a request":                       {"500 server_error", ofToken(31, `openidm.query("managed/user", {_queryFilter: "true"});`)},
		"script: characters of a text that is joined to another": {"500 server_error", ofToken(32, `var s = "x"; while (true) { s += s; }`)},
		"script: JWT that it checks": {"500 server_error", ofToken(33,
			`jwtValidator.validateJwtClaims({jwtType: "SIGNED", issuer: "x", signingKey: "c2VjcmV0", jwt: "x".repeat(70000)});`)},
		"cached values of scripts, in a realm": {"200", filling(40,
			`for (var i = 0; i < 200; i++) { cacheManager.named("kept").get({size: "5000", of: utils.crypto.randomUUID()}); }`)},
		"cached value of scripts": {"200", filling(41, `cacheManager.named("kept").get({size: "6000", of: "large"})`)},
	})
}
