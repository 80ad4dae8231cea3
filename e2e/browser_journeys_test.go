package e2e

import "testing"

// What journeys ask besides names and passwords, in a browser: security questions, terms, other providers.
func TestBrowserJourneys(t *testing.T) {
	a := startAM(t, t.TempDir())
	a.rest("PUT", "/openidm/config/selfservice.kba", map[string]any{
		"minimumAnswersToDefine": 2, "minimumAnswersToVerify": 1,
		"questions": map[string]any{"1": map[string]any{"en": "What's your favorite color?", "de": "Was ist Ihre Lieblingsfarbe?"}, "2": map[string]any{"en": "Who was your first employer?", "de": "Wer war Ihr erster Arbeitgeber?"}},
	})
	a.rest("PUT", "/openidm/config/selfservice.terms", map[string]any{
		"active": "1", "versions": []any{map[string]any{"version": "1", "createDate": "2026-01-01T00:00:00Z", "termsTranslations": map[string]any{
			"en": "Be kind.\n\nWhat you write here is seen by others.", "de": "Seien Sie nett.\n\nWas Sie hier schreiben, sehen andere.",
		}}},
	})
	const (
		root    = "/realms/root/realm-config"
		nodes   = root + "/authentication/authenticationtrees/nodes/"
		success = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
		failure = "e301438c-0bd0-429c-ab0c-66126501069a"
	)
	tree := func(name, entry string, links map[string]any) {
		a.rest("PUT", root+"/authentication/authenticationtrees/trees/"+name, map[string]any{"entryNodeId": entry, "nodes": links})
	}
	link := func(kind string, to map[string]string) map[string]any {
		return map[string]any{"displayName": kind, "nodeType": kind, "connections": to}
	}
	a.rest("PUT", nodes+"ValidatedUsernameNode/name", map[string]any{"validateInput": true, "usernameAttribute": "userName"})
	a.rest("PUT", nodes+"KbaCreateNode/ask", map[string]any{"message": map[string]any{"en": "Select a security question"}, "allowUserDefinedQuestions": true})
	a.rest("PUT", nodes+"AcceptTermsAndConditionsNode/terms", map[string]any{})
	a.rest("PUT", nodes+"PageNode/join", map[string]any{"pageHeader": map[string]any{"en": "Sign up", "de": "Registrieren"}, "nodes": []any{
		map[string]any{"_id": "name", "nodeType": "ValidatedUsernameNode"}, map[string]any{"_id": "ask", "nodeType": "KbaCreateNode"}, map[string]any{"_id": "terms", "nodeType": "AcceptTermsAndConditionsNode"},
	}})
	a.rest("PUT", nodes+"CreateObjectNode/create", map[string]any{"identityResource": "managed/user"})
	a.rest("PUT", nodes+"KbaVerifyNode/verify", map[string]any{"kbaInfoAttribute": "kbaInfo", "identityAttribute": "userName"})
	tree("Join", "join", map[string]any{
		"join":   link("PageNode", map[string]string{"outcome": "create"}),
		"create": link("CreateObjectNode", map[string]string{"CREATED": "verify", "FAILURE": failure}),
		"verify": link("KbaVerifyNode", map[string]string{"true": success, "false": failure}),
	})
	a.rest("POST", root+"/services/SocialIdentityProviders?_action=create", map[string]any{"enabled": true})
	for name, label := range map[string]string{"google": "Google", "work": "Limetree Ltd."} {
		a.rest("PUT", root+"/services/SocialIdentityProviders/oidcConfig/"+name, map[string]any{
			"clientId": "x", "redirectURI": "https://am.example.com/", "uiConfig": map[string]any{"buttonDisplayName": label},
		})
	}
	a.rest("PUT", nodes+"SelectIdPNode/select", map[string]any{})
	a.rest("PUT", nodes+"SetSuccessUrlNode/away", map[string]any{"successUrl": "/"})
	tree("Select", "select", map[string]any{
		"select": link("SelectIdPNode", map[string]string{"socialAuthentication": failure, "localAuthentication": "away"}),
		"away":   link("SetSuccessUrlNode", map[string]string{"outcome": failure}),
	})
	browse(t, "journeys", map[string]any{"base": a.base})
}
