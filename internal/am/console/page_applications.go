package console

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func applicationsPage() page {
	return page{
		Name: "applications", Title: "Applications", Icon: "apps", Section: "Access",
		Handlers: map[string]func(*visit) error{
			"GET applications":                   listApplications,
			"GET applications/new":               newApplication,
			"POST applications/new":              createApplication,
			"GET applications/{id}":              showClient,
			"POST applications/{id}":             saveClient,
			"GET applications/{id}/advanced":     showClientAdvanced,
			"POST applications/{id}/advanced":    saveClientAdvanced,
			"GET applications/{id}/request":      showRequest,
			"POST applications/{id}/request":     sendRequest,
			"GET applications/{id}/credentials":  showCredentials,
			"POST applications/{id}/credentials": changeSecret,
			"GET applications/{id}/danger":       showDeleteClient,
			"POST applications/{id}/danger":      deleteClient,
		},
	}
}

const clients = "realm-config/agents/OAuth2Client"

// applicationRow is an application as the list shows it.
type applicationRow struct {
	ID, Name, Type, Status string
	Grants                 []string
}

func rowOf(o object) applicationRow {
	core, _ := o["coreOAuth2ClientConfig"].(object)
	advanced, _ := o["advancedOAuth2ClientConfig"].(object)
	id := text(o["_id"])
	return applicationRow{
		ID: id, Name: cmp.Or(localized(first(bare(advanced["name"]))), id), Type: text(bare(core["clientType"])),
		Status: text(bare(core["status"])), Grants: texts(bare(advanced["grantTypes"])),
	}
}

// localized is a name without its language: "en|My client".
func localized(name string) string {
	if lang, rest, ok := strings.Cut(name, "|"); ok && len(lang) <= 8 {
		return rest
	}
	return name
}

func listApplications(v *visit) error {
	found, err := v.api.all(v.in(clients), url.Values{})
	if err != nil {
		return err
	}
	var rows []applicationRow
	q := strings.ToLower(v.query("q"))
	for _, o := range found {
		r := rowOf(o)
		if q == "" || strings.Contains(strings.ToLower(r.ID+" "+r.Name), q) {
			rows = append(rows, r)
		}
	}
	by := v.query("sort")
	slices.SortStableFunc(rows, func(a, b applicationRow) int {
		less := map[string]int{"": strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), "id": strings.Compare(a.ID, b.ID), "type": strings.Compare(a.Type, b.Type), "status": strings.Compare(a.Status, b.Status)}
		return cmp.Or(less[by], strings.Compare(a.ID, b.ID))
	})
	return v.show("applications", v.Say("Applications"), paged(v, rows, len(found)))
}

// kind is a type of application that the wizard offers.
type kind struct {
	ID, Title, Text string
	// Secret tells whether the client can keep one.
	Secret bool
	Method string
	Grants []string
}

func kinds() []kind {
	return []kind{
		{"web", "Web", "An application on a server, which can keep a secret. People sign in through the browser.", true, "client_secret_basic", []string{"authorization_code", "refresh_token"}},
		{"native", "Native / SPA", "An application on a phone, on a desktop or in a browser. It has no secret and proves itself with PKCE (RFC 7636).", false, "none", []string{"authorization_code", "refresh_token"}},
		{"service", "Service", "A program that acts for itself, without people (client credentials, RFC 6749 §4.4).", true, "client_secret_basic", []string{"client_credentials"}},
	}
}

// wizard is the state of the form for a new application; each step carries what those before it asked.
type wizard struct {
	Step                           int
	Method, Type                   string
	Name, Description, Owner, Logo string
	ClientID, Secret               string
	Kinds                          []kind
	Kind                           kind
	problem
}

func wizardOf(get func(string) string) wizard {
	w := wizard{
		Method: get("method"), Type: get("type"), Name: get("name"), Description: get("description"), Owner: get("owner"), Logo: get("logo"),
		ClientID: get("id"), Kinds: kinds(),
	}
	i := slices.IndexFunc(w.Kinds, func(k kind) bool { return k.ID == w.Type })
	switch {
	case w.Method != "oidc":
		w.Step = 1
	case i < 0:
		w.Step = 2
	case w.Name == "":
		w.Step = 3
	default:
		w.Step = 4
	}
	if i >= 0 {
		w.Kind = w.Kinds[i]
	}
	if w.ClientID == "" {
		w.ClientID = w.Name
	}
	return w
}

func newApplication(v *visit) error {
	w := wizardOf(func(name string) string { return strings.TrimSpace(v.query(name)) })
	switch v.query("back") { // without losing what was typed
	case "1":
		w.Step = 1
	case "2":
		w.Step = min(w.Step, 2)
	case "3":
		w.Step = min(w.Step, 3)
	}
	w.check(v)
	return v.show("application_new", v.Say("Custom Application"), w)
}

// check leads back to the step whose answers will not do.
func (w *wizard) check(v *visit) {
	switch {
	case w.Step == 3 && v.r.URL.Query().Has("name") && w.Name == "" && v.query("back") == "":
		w.Problem, w.At = v.Say("%s is missing.", v.Say("Name")), "name"
	case w.Step == 4 && w.Logo != "" && !webAddress(w.Logo):
		w.Step, w.Problem, w.At = 3, v.Say("An address that begins with https:// is needed here."), "logo"
	}
}

func createApplication(v *visit) error {
	w := wizardOf(v.form)
	w.check(v)
	if w.Step != 4 {
		return v.show("application_new", v.Say("Custom Application"), w)
	}
	w.Secret = v.r.PostForm.Get("secret")
	made := v.form("make") != "" || w.Kind.Secret && w.Secret == ""
	if made {
		w.Secret = rand.Text()
	}
	if !w.Kind.Secret {
		w.Secret = ""
	}
	core := object{"status": "Active", "clientType": "Public", "redirectionUris": []any{}, "scopes": []any{}, "defaultScopes": []any{}}
	if w.Kind.Secret {
		core["clientType"], core["userpassword"] = "Confidential", w.Secret
	}
	advanced := object{
		"name": list(w.Name), "grantTypes": list(w.Kind.Grants...), "tokenEndpointAuthMethod": w.Kind.Method,
		// People of the organisation trust its own applications (PingOne Advanced Identity Cloud: custom applications).
		"isConsentImplied": w.Type == "web",
	}
	if w.Description != "" {
		advanced["descriptions"] = list(w.Description)
	}
	if w.Logo != "" {
		advanced["logoUri"] = list(w.Logo)
	}
	if owners := w.owners(); len(owners) > 0 {
		advanced["contacts"] = list(owners...)
	}
	body := object{"coreOAuth2ClientConfig": core, "advancedOAuth2ClientConfig": advanced}
	_, err := v.api.put(v.in(clients, w.ClientID), body, "new")
	if w.refused(v, err, "id"); statusOf(err) == http.StatusPreconditionFailed {
		w.Problem = v.Say("There is an agent or a client %s already. Choose another client ID.", w.ClientID)
	}
	if w.Problem != "" {
		w.Secret = ""
		return v.show("application_new", v.Say("Custom Application"), w)
	}
	if err != nil {
		return err
	}
	if err := v.manage(w); err != nil {
		return err
	}
	if made {
		return v.show("application_created", w.Name, w)
	}
	return v.goTo(address("applications", w.ClientID), v.Say("The application %s was created.", w.Name))
}

// owners are the names of the people to ask.
func (w wizard) owners() []string {
	return strings.FieldsFunc(w.Owner, func(r rune) bool { return r == ',' || r == ' ' })
}

// managedApplications is the address of the applications that identity management keeps beside the clients of the realm
// (PingOne Advanced Identity Cloud: managed objects); "" for realms that it cannot name.
func (v *visit) managedApplications() string {
	name := strings.Trim(v.realm(), "/")
	switch {
	case name == "":
		return "/openidm/managed/application"
	case strings.Contains(name, "/"):
		return ""
	}
	return "/openidm/managed/" + url.PathEscape(name) + "_application"
}

// manage makes the managed application of a new client, as the wizard of the product does: tools look for it.
func (v *visit) manage(w wizard) error {
	at := v.managedApplications()
	if at == "" {
		return nil
	}
	owners := []any{}
	for _, name := range w.owners() {
		owners = append(owners, object{"_ref": "managed/" + strings.TrimPrefix(strings.Trim(v.realm(), "/")+"_user", "_") + "/" + name})
	}
	_, err := v.api.doAt(http.MethodPost, at+"?_action=create", object{
		"name": w.Name, "description": w.Description, "icon": w.Logo, "templateName": "custom", "templateVersion": "1.0", "authoritative": false,
		"ssoEntities": object{"oidcId": w.ClientID}, "owners": owners, "mappingNames": []any{}, "uiConfig": object{},
	})
	if status := statusOf(err); status == http.StatusConflict || status == http.StatusNotFound {
		return nil // there is one of that name, or a server without identity management
	}
	return err
}

// unmanage deletes the managed applications of a client that is gone.
func (v *visit) unmanage(clientID string) error {
	at := v.managedApplications()
	if at == "" {
		return nil
	}
	o, err := v.api.doAt(http.MethodGet, at+"?_queryFilter=true", nil)
	if statusOf(err) == http.StatusNotFound {
		return nil
	}
	for _, app := range objects(o["result"]) {
		if sso, _ := app["ssoEntities"].(object); sso["oidcId"] == clientID {
			if _, err := v.api.doAt(http.MethodDelete, at+"/"+url.PathEscape(text(app["_id"])), nil); err != nil {
				return err
			}
		}
	}
	return err
}

// Steps are the names of the wizard's steps.
func (v *visit) Steps() []string {
	return []string{v.Say("Sign-in method"), v.Say("Application type"), v.Say("Details"), v.Say("Service settings")}
}

// Index is the step's place among Steps.
func (w wizard) Index() int { return w.Step - 1 }

// Details are what was typed in the third step.
func (w wizard) Details() map[string]string {
	out := map[string]string{}
	for name, value := range map[string]string{"name": w.Name, "description": w.Description, "owner": w.Owner, "logo": w.Logo} {
		if value != "" {
			out[name] = value
		}
	}
	return out
}

// Carried is all that the steps before the last asked.
func (w wizard) Carried() map[string]string {
	out := w.Details()
	out["method"], out["type"] = w.Method, w.Type
	return out
}
