package e2e

import (
	"maps"
	"testing"
)

// Security keys and passkeys in a browser, with the authenticator that its developer tools bring.
func TestBrowserKeys(t *testing.T) {
	a := startAM(t, t.TempDir())
	a.rest("POST", "/realms/root/users?_action=create", map[string]any{"username": "erin", "userpassword": "Pass-w0rd", "cn": "Erin Example"})
	const (
		at      = "/realms/root/realm-config/authentication/authenticationtrees"
		success = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
		failure = "e301438c-0bd0-429c-ab0c-66126501069a"
	)
	link := func(kind string, to map[string]string) map[string]any {
		return map[string]any{"displayName": kind, "nodeType": kind, "connections": to}
	}
	outcomes := func(kind string, ok string, more map[string]string) map[string]any {
		to := map[string]string{"success": ok, "unsupported": "sorry", "failure": failure, "error": "sorry"}
		maps.Copy(to, more)
		return link(kind, to)
	}
	put := func(kind, id string, settings map[string]any) { a.rest("PUT", at+"/nodes/"+kind+"/"+id, settings) }
	put("UsernameCollectorNode", "name", map[string]any{})
	put("PasswordCollectorNode", "pass", map[string]any{})
	put("PageNode", "page", map[string]any{"nodes": []any{
		map[string]any{"_id": "name", "nodeType": "UsernameCollectorNode", "displayName": "Name"},
		map[string]any{"_id": "pass", "nodeType": "PasswordCollectorNode", "displayName": "Password"},
	}})
	put("DataStoreDecisionNode", "check", map[string]any{})
	// asScript is on, as it is when nobody says anything: the pages work all the same.
	put("WebAuthnRegistrationNode", "register", map[string]any{"requiresResidentKey": true, "excludeCredentials": true})
	put("RecoveryCodeDisplayNode", "codes", map[string]any{})
	put("MessageNode", "sorry", map[string]any{"message": map[string]string{"en": "Then without a key.", "de": "Dann ohne Schlüssel."}})
	put("WebAuthnAuthenticationNode", "key", map[string]any{"isRecoveryCodeAllowed": true, "detectSignCountMismatch": true})
	put("WebAuthnAuthenticationNode", "elsewhere", map[string]any{"origins": []string{"https://other.example.com"}})
	put("WebAuthnAuthenticationNode", "nameless", map[string]any{"requiresResidentKey": true})
	put("RecoveryCodeCollectorDecisionNode", "recover", map[string]any{"recoveryCodeType": "WEB_AUTHN"})
	sorry := link("MessageNode", map[string]string{"true": failure, "false": failure})
	tree := func(name, entry string, nodes map[string]any) {
		nodes["sorry"] = sorry
		a.rest("PUT", at+"/trees/"+name, map[string]any{"entryNodeId": entry, "nodes": nodes})
	}
	tree("AddKey", "page", map[string]any{
		"page": link("PageNode", map[string]string{"outcome": "check"}), "check": link("DataStoreDecisionNode", map[string]string{"true": "register", "false": failure}),
		"register": outcomes("WebAuthnRegistrationNode", "codes", nil), "codes": link("RecoveryCodeDisplayNode", map[string]string{"outcome": success}),
	})
	for name, key := range map[string]string{"Key": "key", "Elsewhere": "elsewhere"} {
		tree(name, "name", map[string]any{
			"name":    link("UsernameCollectorNode", map[string]string{"outcome": key}),
			key:       outcomes("WebAuthnAuthenticationNode", success, map[string]string{"noDevice": failure, "recoveryCode": "recover", "successSignCountMismatch": failure}),
			"recover": link("RecoveryCodeCollectorDecisionNode", map[string]string{"true": success, "false": failure}),
		})
	}
	tree("Nameless", "nameless", map[string]any{"nameless": outcomes("WebAuthnAuthenticationNode", success, map[string]string{"noDevice": failure})})
	// Keys belong to names, not to numbers.
	browse(t, "keys", map[string]any{"base": local(a.base), "number": a.base})
}

// A page of another origin registers keys and signs in with them through the ForgeRock JavaScript SDK, unmodified, with
// data and with the script that older journeys send.
func TestJavaScriptSDKKeys(t *testing.T) {
	origin := sdkOrigin(t)
	a := startAM(t, t.TempDir())
	a.rest("PUT", "/global-config/services/CorsService/configuration/spa", map[string]any{
		"enabled": true, "acceptedOrigins": []string{origin}, "acceptedMethods": []string{"GET", "POST"}, "allowCredentials": true,
		"acceptedHeaders": []string{"Accept-API-Version", "Content-Type", "X-Requested-With", "X-Requested-Platform"},
	})
	const (
		at      = "/realms/root/realm-config/authentication/authenticationtrees"
		success = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
		failure = "e301438c-0bd0-429c-ab0c-66126501069a"
	)
	link := func(kind string, to map[string]string) map[string]any {
		return map[string]any{"displayName": kind, "nodeType": kind, "connections": to}
	}
	put := func(kind, id string, settings map[string]any) { a.rest("PUT", at+"/nodes/"+kind+"/"+id, settings) }
	put("UsernameCollectorNode", "name", map[string]any{})
	put("PasswordCollectorNode", "pass", map[string]any{})
	put("DataStoreDecisionNode", "check", map[string]any{})
	put("RecoveryCodeDisplayNode", "codes", map[string]any{})
	for name, script := range map[string]bool{"Data": false, "Script": true} {
		a.rest("POST", "/realms/root/users?_action=create", map[string]any{"username": "erin-" + name, "userpassword": "Pass-w0rd"})
		put("WebAuthnRegistrationNode", "register"+name, map[string]any{"asScript": script, "excludeCredentials": true, "requiresResidentKey": true})
		put("WebAuthnAuthenticationNode", "key"+name, map[string]any{"asScript": script, "userVerificationRequirement": "REQUIRED"})
		a.rest("PUT", at+"/trees/Add"+name, map[string]any{"entryNodeId": "name", "nodes": map[string]any{
			"name": link("UsernameCollectorNode", map[string]string{"outcome": "pass"}), "pass": link("PasswordCollectorNode", map[string]string{"outcome": "check"}),
			"check":           link("DataStoreDecisionNode", map[string]string{"true": "register" + name, "false": failure}),
			"register" + name: link("WebAuthnRegistrationNode", map[string]string{"success": "codes", "unsupported": failure, "failure": failure, "error": failure}),
			"codes":           link("RecoveryCodeDisplayNode", map[string]string{"outcome": success}),
		}})
		a.rest("PUT", at+"/trees/Key"+name, map[string]any{"entryNodeId": "name", "nodes": map[string]any{
			"name": link("UsernameCollectorNode", map[string]string{"outcome": "key" + name}),
			"key" + name: link("WebAuthnAuthenticationNode", map[string]string{
				"success": success, "unsupported": failure, "failure": failure, "error": failure, "noDevice": failure,
			}),
		}})
	}
	browse(t, "javascript-sdk-keys", map[string]any{
		"app": origin + "/", "am": local(a.base), "resolve": map[string]string{"localhost": "127.0.0.1"},
	})
}
