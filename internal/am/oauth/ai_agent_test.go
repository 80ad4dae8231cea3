package oauth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// sendTo is send for an endpoint.
func (w *world) sendTo(endpoint, method, query, body string, options ...option) answer {
	w.t.Helper()
	r := httptest.NewRequest(method, "/?"+query, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for _, o := range options {
		o(r)
	}
	return w.do(r, "/", endpoint)
}

// AI agents register at an endpoint of their own, as documented, and are clients as long as the realm has AI agents.
func TestAIAgents(t *testing.T) {
	w := newWorld(t)
	const open = `"clientDynamicRegistrationConfig":{"allowDynamicRegistration":true},"advancedOAuth2Config":{"supportedScopes":["data-read","data-write"]}`
	const documented = `{"grant_types":["client_credentials"],"response_types":["token"],"redirect_uris":["https://example.com/callback"],
		"scopes":["data-read","data-write"],"client_name":"Retail Chatbot","token_endpoint_auth_method":"client_secret_post"}`
	w.provider("/", `{`+open+`}`)
	wantError(t, w.sendTo("aiagent/register", http.MethodPost, "", documented), 403, "access_denied", "AI agents are not enabled.")
	w.provider("/", `{`+open+`,"aiAgentsConfig":{"aiAgentsEnabled":true}}`)

	a := w.sendTo("aiagent/register", http.MethodPost, "", documented)
	id, secret := a.text("client_id"), a.text("client_secret")
	if a.status != 201 || id == "" || secret == "" || a.text("client_name") != "Retail Chatbot" || a.text("registration_client_uri") != base+"/oauth2/aiagent/register?client_id="+id {
		t.Fatalf("answer is %d %s", a.status, a.body)
	}
	d, err := w.realms.Docs().Get(t.Context(), "/", store.KindAgent, id)
	var doc struct {
		Type string `json:"_type"`
	}
	if err != nil || json.Unmarshal(d.Body, &doc) != nil || doc.Type != realm.TypeAIAgent {
		t.Errorf("the profile is %s, %v", d.Body, err)
	}
	get := form("grant_type", "client_credentials", "scope", "data-read", "client_id", id, "client_secret", secret)
	token := w.token("/", get)
	if token.text("scope") != "data-read" || !w.active(token.text("access_token")) {
		t.Errorf("token: %s", token.body)
	}
	if info := w.get("/", "tokeninfo", nil, bearer(token.text("access_token"))); info.text("client_id") != id {
		t.Errorf("tokeninfo: %d %s", info.status, info.body)
	}

	manage := bearer(a.text("registration_access_token"))
	if b := w.sendTo("aiagent/register", http.MethodGet, "client_id="+id, "", manage); b.text("client_id") != id {
		t.Errorf("read: %d %s", b.status, b.body)
	}
	if b := w.send(http.MethodGet, "client_id="+id, "", manage); b.status != 401 {
		t.Errorf("read as a client: %d %s", b.status, b.body)
	}
	renamed := strings.Replace(documented, "Retail", "Kind", 1)
	if b := w.sendTo("aiagent/register", http.MethodPut, "client_id="+id, renamed, manage); b.status != 200 || b.text("client_name") != "Kind Chatbot" {
		t.Errorf("write: %d %s", b.status, b.body)
	}
	w.token("/", get)
	other := w.send(http.MethodPost, "", strings.Replace(documented, `"response_types":["token"],`, "", 1))
	if b := w.sendTo("aiagent/register", http.MethodGet, "client_id="+other.text("client_id"), "", bearer(other.text("registration_access_token"))); b.status != 401 {
		t.Errorf("a client read as an AI agent: %d %s", b.status, b.body)
	}

	w.provider("/", `{`+open+`}`)
	wantError(t, w.post("/", "access_token", get), 400, "invalid_client", "Client authentication failed")
	w.provider("/", `{`+open+`,"aiAgentsConfig":{"aiAgentsEnabled":true}}`)
	if b := w.sendTo("aiagent/register", http.MethodDelete, "client_id="+id, "", manage); b.status != 204 || w.active(token.text("access_token")) {
		t.Errorf("delete: %d %s", b.status, b.body)
	}
	wantError(t, w.post("/", "access_token", get), 400, "invalid_client", "Client authentication failed")
}
