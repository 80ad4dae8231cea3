package rest_test

import (
	"testing"

	"gatehouse/internal/am/store"
)

// Of two who write over the same revision of an object one is told, whatever the object is; what nobody else wrote to is
// written, and deleted, at its revision.
func TestRevisionsOfAllObjects(t *testing.T) {
	s := newSite(t)
	admin := s.admin()
	docs := store.Docs{Engine: s.engine.Engine}
	const trees, node = "/realm-config/authentication/authenticationtrees", "c8a0b0a3-1c1e-4a58-8b0f-000000000001"
	admin("PUT", "/realm-config/services/audit", "{}").want(t, 201)
	tests := []struct {
		at, body        string
		realm, kind, id string // of the document
		stays           bool   // it cannot be deleted
	}{
		{clients + "/c", `{}`, "/", store.KindAgent, "c", false},
		{"/realm-config/agents/groups/OAuth2Client/g", `{}`, "/", store.KindAgentGroup, "g", false},
		{"/users/someone", `{"mail":"a@example.com"}`, "/", store.KindUser, "someone", false},
		{"/groups/people", `{"description":"x"}`, "/", "group", "people", false},
		{"/scripts/11111111-0000-4000-8000-000000000000", `{"name":"n","script":"MQ==","language":"GROOVY","context":"OAUTH2_MAY_ACT"}`, "/", store.KindScript, "11111111-0000-4000-8000-000000000000", false},
		{"/scripts/22222222-0000-4000-8000-000000000000", `{"name":"lib","script":"MQ==","language":"JAVASCRIPT","context":"LIBRARY","global":true}`, "", store.KindScript, "22222222-0000-4000-8000-000000000000", false},
		{"/global-config/realms/L2JldGE", `{"name":"beta","parentPath":"/","active":true}`, "", store.KindRealm, "/beta", false},
		{"/realm-config/services/validation", `{}`, "/", store.KindService, "validation", false},
		{"/realm-config/services/audit/JMS/h", `{}`, "/", store.KindService, "audit/JMS/h", false},
		{"/realm-config/services/id-repositories/LDAPv3/d", `{}`, "/", store.KindService, "id-repositories/d", false},
		{"/realm-config/authentication", `{}`, "/", store.KindService, "authentication", true},
		{"/global-config/services/validation", `{}`, "", store.KindGlobal, "validation", true},
		{"/global-config/services/CorsService/configuration/c", `{}`, "", "cors", "c", false},
		{"/global-config/secrets/stores/EnvironmentAndSystemPropertySecretStore", `{}`, "", store.KindSecretStore, "EnvironmentAndSystemPropertySecretStore", true},
		{"/realm-config/secrets/stores/FileSystemSecretStore/f", `{"directory":"/tmp"}`, "/", store.KindSecretStore, "f", false},
		{trees + "/trees/T", `{}`, "/", "tree", "T", false},
		{trees + "/trees/ldapService", ``, "/", "tree", "ldapService", false},
		{trees + "/nodes/DataStoreDecisionNode/" + node, `{}`, "/", "treenode", "DataStoreDecisionNode " + node, false},
		{"/policies/P", `{"applicationName":"iPlanetAMWebAgentService","resources":["http://a.example.com/*"],"actionValues":{"GET":true}}`, "/", "policy", "P", false},
		{"/applications/iPlanetAMWebAgentService", ``, "/", "policyset", "iPlanetAMWebAgentService", true},
		{"/resourcetypes/33333333-0000-4000-8000-000000000000", `{"name":"rt","patterns":["*"],"actions":{"GO":true}}`, "/", "resourcetype", "33333333-0000-4000-8000-000000000000", false},
		{"/openidm/config/emailTemplate/welcome", `{"enabled":true,"from":"","subject":{"en":"s"},"message":{"en":"m"},"defaultLocale":"en"}`, "", "emailtemplate", "welcome", false},
		{"/openidm/config/selfservice.kba", ``, "", "identityconfig", "selfservice.kba", false},
		{"/openidm/managed/alpha_application/a", `{"name":"app"}`, "/alpha", "managed", "application a", false},
	}
	for _, tt := range tests {
		t.Run(tt.at, func(t *testing.T) {
			touch := func() {
				d, err := docs.Get(t.Context(), tt.realm, tt.kind, tt.id)
				if err != nil {
					t.Errorf("the document: %v", err)
					return
				}
				d.Rev = 0
				if _, err := docs.Put(t.Context(), tt.realm, tt.kind, d); err != nil {
					t.Error(err)
				}
			}
			if tt.body != "" {
				if got := admin("PUT", tt.at, tt.body); got.StatusCode != 201 && got.StatusCode != 200 {
					t.Fatalf("%d %s", got.StatusCode, got.raw)
				}
			}
			// At its revision it is written, be it one that was shipped.
			read := admin("GET", tt.at, nil)
			read.want(t, 200)
			admin("PATCH", tt.at, "[]").want(t, 200)
			rev := "*"
			if tag := admin("GET", tt.at, nil).Header.Get("ETag"); tag != "" {
				rev = tag
				admin("PUT", tt.at, read.raw, "If-Match", rev).want(t, 200)
				rev = admin("GET", tt.at, nil).Header.Get("ETag")
				s.engine.before = touch
				admin("PUT", tt.at, read.raw, "If-Match", rev).want(t, 412)
			}
			s.engine.before = touch
			admin("PATCH", tt.at, "[]").want(t, 412)
			s.engine.before = touch
			admin("PUT", tt.at, read.raw).want(t, 200) // the last one wins
			wrote := admin("PUT", tt.at, read.raw)
			if now := admin("GET", tt.at, nil); wrote.Header.Get("ETag") != now.Header.Get("ETag") {
				t.Errorf("the answer of a write is %s, what is there %s", wrote.raw, now.raw)
			}
			if tt.stays {
				return
			}
			rev = admin("GET", tt.at, nil).Header.Get("ETag")
			if rev != "" {
				admin("DELETE", tt.at, nil, "If-Match", `"other"`).want(t, 412)
			}
			admin("DELETE", tt.at, nil, "If-Match", rev).want(t, 200)
		})
	}
}
