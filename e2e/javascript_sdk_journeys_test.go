package e2e

import "testing"

// The ForgeRock JavaScript SDK, unmodified, answers what journeys ask besides names and passwords: security questions,
// terms, the device that it runs on.
func TestJavaScriptSDKJourneys(t *testing.T) {
	origin := sdkOrigin(t)
	a := startAM(t, t.TempDir())
	a.rest("PUT", "/global-config/services/CorsService/configuration/spa", map[string]any{
		"enabled": true, "acceptedOrigins": []string{origin}, "acceptedMethods": []string{"GET", "POST"}, "allowCredentials": true,
		"acceptedHeaders": []string{"Accept-API-Version", "Authorization", "Content-Type", "X-Requested-With", "X-Requested-Platform"},
	})
	a.rest("PUT", "/openidm/config/selfservice.terms", map[string]any{
		"active": "1", "versions": []any{map[string]any{"version": "1", "createDate": "2026-01-01T00:00:00Z", "termsTranslations": map[string]any{"en": "Be kind."}}},
	})
	const (
		trees   = "/realms/root/realm-config/authentication/authenticationtrees/"
		success = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
		failure = "e301438c-0bd0-429c-ab0c-66126501069a"
	)
	link := func(id, kind string, settings map[string]any, to map[string]string) map[string]any {
		a.rest("PUT", trees+"nodes/"+kind+"/"+id, settings)
		return map[string]any{"displayName": kind, "nodeType": kind, "connections": to}
	}
	tree := func(name, entry string, links map[string]any) {
		a.rest("PUT", trees+"trees/"+name, map[string]any{"entryNodeId": entry, "nodes": links})
	}
	managed := map[string]any{"identityResource": "managed/user"}
	tree("Join", "name", map[string]any{
		"name":   link("name", "ValidatedUsernameNode", map[string]any{"validateInput": true}, map[string]string{"outcome": "pass"}),
		"pass":   link("pass", "ValidatedPasswordNode", map[string]any{"validateInput": true}, map[string]string{"outcome": "ask"}),
		"ask":    link("ask", "KbaCreateNode", map[string]any{"message": map[string]any{"en": "Question"}, "allowUserDefinedQuestions": true}, map[string]string{"outcome": "terms"}),
		"terms":  link("terms", "AcceptTermsAndConditionsNode", map[string]any{}, map[string]string{"outcome": "create"}),
		"create": link("create", "CreateObjectNode", managed, map[string]string{"CREATED": "verify", "FAILURE": failure}),
		"verify": link("verify", "KbaVerifyNode", map[string]any{"kbaInfoAttribute": "kbaInfo", "identityAttribute": "userName"}, map[string]string{"true": success, "false": failure}),
	})
	tree("Trust", "who", map[string]any{
		"who":     link("who", "UsernameCollectorNode", map[string]any{}, map[string]string{"outcome": "secret"}),
		"secret":  link("secret", "PasswordCollectorNode", map[string]any{}, map[string]string{"outcome": "check"}),
		"check":   link("check", "DataStoreDecisionNode", map[string]any{}, map[string]string{"true": "collect", "false": failure}),
		"collect": link("collect", "DeviceProfileCollectorNode", map[string]any{"maximumSize": "8", "deviceMetadata": true}, map[string]string{"outcome": "save"}),
		"save":    link("save", "DeviceSaveNode", map[string]any{"saveDeviceMetadata": true, "maxSavedProfiles": 5}, map[string]string{"outcome": success}),
	})
	tree("Match", "whose", map[string]any{
		"whose": link("whose", "UsernameCollectorNode", map[string]any{}, map[string]string{"outcome": "look"}),
		"look":  link("look", "DeviceProfileCollectorNode", map[string]any{"maximumSize": "8", "deviceMetadata": true}, map[string]string{"outcome": "match"}),
		"match": link("match", "DeviceMatchNode", map[string]any{"acceptableVariance": 0, "expiration": 30}, map[string]string{"true": success, "false": failure, "unknownDevice": failure}),
	})
	browse(t, "javascript-sdk-journeys", map[string]any{
		"app": origin + "/", "am": local(a.base), "resolve": map[string]string{"localhost": "127.0.0.1"},
	})
}
