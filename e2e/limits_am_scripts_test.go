package e2e

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// Limits of what scripts of the newer dialect may ask of the authorization server.
func TestLimitsOfNewerScripts(t *testing.T) {
	t.Parallel()
	a := startAM(t, t.TempDir(), "--listen-metrics", "127.0.0.1:0", "--limit", "script_caches=200000")
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

	const done = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
	loader := a.script(20, "JAVASCRIPT", "CACHE_LOADER", `function load(key) { return {filling: "x".repeat(parseInt(key.size))}; }`)
	// filling makes a journey of a realm whose script fills a cache, and runs it.
	filling := func(at, source string) func() string {
		under := realm
		if at != "" {
			a.rest("POST", "/global-config/realms", map[string]any{"name": at, "parentPath": "/", "active": true})
			under += "/realms/" + at
		}
		put := func(path string, body map[string]any) { a.rest("PUT", under+path, body) }
		a.rest("POST", under+"/realm-config/services/cache-manager?_action=create", map[string]any{"enabled": true})
		put("/scripts/"+loader, a.rest("GET", realm+"/scripts/"+loader, nil))
		put("/realm-config/services/cache-manager/caches/kept", map[string]any{"script": loader, "evictionPolicy": "Never"})
		fill, node := "20000000-0000-4000-8000-000000000001", "20000000-0000-4000-8000-000000000002"
		put("/scripts/"+fill, map[string]any{
			"_id": fill, "name": "fill", "language": "JAVASCRIPT", "context": "SCRIPTED_DECISION_NODE",
			"script": base64.StdEncoding.EncodeToString([]byte(source + `; action.goTo("true").withIdentifiedUser("long0");`)),
		})
		const trees = "/realm-config/authentication/authenticationtrees"
		put(trees+"/nodes/ScriptedDecisionNode/"+node, map[string]any{"script": fill, "outcomes": []string{"true"}})
		put(trees+"/trees/Fill", map[string]any{"_id": "Fill", "entryNodeId": node, "nodes": map[string]any{
			node: map[string]any{"displayName": "Fill", "nodeType": "ScriptedDecisionNode", "connections": map[string]any{"true": done}},
		}})
		return func() string {
			return strconv.Itoa(statusOf(t, "POST", a.base+"/json"+under+"/authenticate?authIndexType=service&authIndexValue=Fill", "{}", "Content-Type", "application/json"))
		}
	}
	const fill = `for (var i = 0; i < %d; i++) { cacheManager.named("kept").get({size: "5000", of: utils.crypto.randomUUID()}); }`

	goOver(t, "Authorization server", metricsURL.FindStringSubmatch(a.output())[1], map[string]limitTry{
		"script: requests for resources and policies":            {"500 server_error", ofToken(30, `for (var i = 0; i < 101; i++) { openidm.read("managed/user/nobody"); }`)},
		"script: answer of such a request":                       {"500 server_error", ofToken(31, `openidm.query("managed/user", {_queryFilter: "true"});`)},
		"script: characters of a text that is joined to another": {"500 server_error", ofToken(32, `var s = "x"; while (true) { s += s; }`)},
		"script: JWT that it checks": {"500 server_error", ofToken(33,
			`jwtValidator.validateJwtClaims({jwtType: "SIGNED", issuer: "x", signingKey: "c2VjcmV0", jwt: "x".repeat(70000)});`)},
		// A value takes 5.4 kB: 36 are less than a realm may have, and those of 11 realms more than all may.
		"cached values of scripts, in all realms": {"401", func() (last string) {
			for n := range 11 {
				last = filling(fmt.Sprint("of", n), fmt.Sprintf(fill, 36))()
			}
			return last
		}},
		"cached values of scripts, in a realm": {"200", filling("", fmt.Sprintf(fill, 40))},
		"cached value of scripts":              {"401", filling("large", `cacheManager.named("kept").get({size: "6000", of: "large"})`)},
	})
}
