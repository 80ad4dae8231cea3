package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A script of each scriptable object uses every variable that the object gives it, and
// makes sure that those of the others are not there. What it found goes on as an
// attribute.
const (
	usesAll = `
		assert request.method == 'GET' && request.uri.path == '/'
		assert context.contextName && context.asContext(org.forgerock.services.context.ClientContext).remoteAddress == '127.0.0.1'
		assert contexts.client.remoteAddress == '127.0.0.1' && contexts.router.originalUri.host == '127.0.0.1'
		attributes.seen = (attributes.seen ?: '') + 'seen'
		session.user = 'demo'
		assert session.user == 'demo' && contexts.session.session.user == 'demo'
		assert http instanceof Client && http.send(context, new Request().setMethod('GET').setUri('http://upstream.example.com/')).get().status.code == 418
		logger.warn('logged by {}', attributes.seen)
		assert logger.name.endsWith('scripted')
		globals.compute('runs') { k, v -> (v ?: 0) + 1 }
		assert globals.runs == 1
		assert openig.instanceDirectory.path && openig.configDirectory.name == 'config'
		assert property == 'of the route' && arg == 'one' && args.arg == 'one' && args.list == [1, 2] && list[1] == 2
		assert binding.hasVariable('request') && binding.variables.arg == 'one'`
	usesNot = `
		assert !binding.hasVariable('%[1]s')
		try { %[1]s; throw new IllegalStateException('%[1]s is there') } catch (MissingPropertyException e) { }`
)

func TestBindingsOfScripts(t *testing.T) {
	am := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/policies") {
			answerAsAM(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`[{"resource": "urn:x", "actions": {"GET": true}, "attributes": {}, "advices": {}, "ttl": 0}]`))
	}))
	defer am.Close()
	const seen = `{"type": "StaticResponseHandler", "config": {"status": 200, "entity": "${attributes.seen}"}}`
	filtered := func(filter string) string { return chained(filter, seen) }
	for _, c := range []struct{ object, own, result, route string }{
		{"ScriptableHandler", "", "new Response(Status.OK).setEntity(attributes.seen)", "SCRIPT"},
		{"ScriptableFilter", "next", "assert next instanceof Handler\nnext.handle(context, request)", filtered("SCRIPT")},
		{"ScriptableAccessTokenResolver", "token",
			"import org.forgerock.http.oauth2.AccessTokenInfo\nassert token == 'the-token'\n" +
				"new AccessTokenInfo(json(object(field('sub', 'demo'))), token, ['a'] as Set, AccessTokenInfo.NEVER_EXPIRES)",
			filtered(`{"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "scopes": ["a"], "accessTokenResolver": SCRIPT}}`)},
		{"ScriptableResourceAccess", "", "['a'] as Set",
			filtered(`{"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "scopes": SCRIPT, "accessTokenResolver": {
				"type": "ScriptableAccessTokenResolver", "config": {"type": "application/x-groovy", "source": ["import org.forgerock.http.oauth2.AccessTokenInfo",
				"new AccessTokenInfo(json([:]), token, ['a'] as Set, AccessTokenInfo.NEVER_EXPIRES)"]}}}}`)},
		{"ScriptableThrottlingPolicy", "", "new ThrottlingRate(5, '10 seconds')",
			filtered(`{"type": "ThrottlingFilter", "config": {"requestGroupingPolicy": "one", "throttlingRatePolicy": SCRIPT}}`)},
		{"ScriptableJwtValidatorCustomizer", "builder", "builder.claim('iss', JsonValue::asString, isEqualTo('me'))",
			filtered(`{"type": "JwtValidationFilter", "config": {"jwt": "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJtZSJ9.AA", "customizer": SCRIPT}}`)},
		{"ScriptableResourceUriProvider", "", "'urn:x'",
			filtered(`{"type": "PolicyEnforcementFilter", "config": {"amService": "am", "ssoTokenSubject": "good", "resourceUriProvider": SCRIPT}}`)},
	} {
		t.Run(c.object, func(t *testing.T) {
			source := usesAll
			for _, name := range []string{"next", "token", "builder", "response", "exchange", "ldap", "config"} {
				if name != c.own {
					source += fmt.Sprintf(usesNot, name)
				}
			}
			imports, result := "", c.result
			if strings.HasPrefix(result, "import") {
				imports, result, _ = strings.Cut(result, "\n")
			}
			text, _ := json.Marshal(imports + source + "\n" + result)
			script := `{"name": "scripted", "type": "` + c.object + `", "config": {"type": "application/x-groovy", "source": ` + string(text) +
				`, "args": {"arg": "one", "list": [1, 2]}, "clientHandler": {"type": "StaticResponseHandler", "config": {"status": 418}}}}`
			r := run(t, "\n-- routes/x.json --\n"+`{"properties": {"property": "of the route"}, "heap": [`+amOf(am.URL)+`], "handler": `+
				strings.Replace(c.route, "SCRIPT", script, 1)+`}`)
			got := r.send("GET", r.client+"/", "", "Authorization: Bearer the-token")
			if got.status != 200 || got.body != "seen" {
				t.Errorf("answer = %d %q %s\n%s", got.status, got.body, got.header, r.log)
			}
			if !strings.Contains(r.log.String(), "logged by seen") {
				t.Errorf("the log lacks the script's line:\n%s", r.log)
			}
		})
	}
}
