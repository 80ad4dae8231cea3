package console

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
)

// clientForm is a client with its settings.
type clientForm struct {
	applicationRow
	Tabs []*tab
	Rev  string
	// Wrong is how many fields have a mistake.
	Wrong int
	problem
	// Save is the request that saving sends, when nothing is changed.
	Save *call
	// Tab is the page's part that is shown.
	Tab string
	// Secret is a new one, shown once.
	Secret string
}

func (f clientForm) trouble() (string, []*field) { return f.Problem, errorsOf(f.Tabs) }

func errorsOf(tabs []*tab) []*field {
	return slices.DeleteFunc(allFields(tabs), func(f *field) bool { return f.Error == "" })
}

// readClient reads the client of the address with all that the schema tells of it.
func readClient(v *visit) (*clientForm, object, error) {
	id := v.vars["id"]
	o, err := v.api.get(v.in(clients, id))
	if err != nil {
		return nil, nil, err
	}
	schema, err := v.api.post(v.in(clients)+"?_action=schema", nil)
	if err != nil {
		return nil, nil, err
	}
	f := &clientForm{applicationRow: rowOf(o), Tabs: tabsOf(schema), Rev: text(o["_rev"])}
	fill(f.Tabs, o)
	if err := v.choices(f.Tabs); err != nil {
		return nil, nil, err
	}
	if err := v.grouped(f.Tabs, "OAuth2Client"); err != nil {
		return nil, nil, err
	}
	for _, t := range f.Tabs { // the secret has a page of its own
		t.Fields = slices.DeleteFunc(t.Fields, func(f *field) bool { return f.Secret })
	}
	body := unwrapped(o)
	f.Save = v.wouldPut(v.in(clients, id), body, f.Rev)
	return f, body, nil
}

// signOn are the settings that the first page of an application shows (PingOne Advanced Identity Cloud: Sign On).
func signOn() []struct {
	Title string
	Names []string
} {
	return []struct {
		Title string
		Names []string
	}{
		{"General settings", []string{
			"coreOAuth2ClientConfig.redirectionUris", "coreOpenIDClientConfig.postLogoutRedirectUri",
			"advancedOAuth2ClientConfig.grantTypes", "coreOAuth2ClientConfig.scopes",
		}},
		{"Details", []string{
			"advancedOAuth2ClientConfig.name", "advancedOAuth2ClientConfig.descriptions", "advancedOAuth2ClientConfig.logoUri",
			"advancedOAuth2ClientConfig.contacts", "coreOAuth2ClientConfig.status",
		}},
		{"Access", []string{
			"coreOAuth2ClientConfig.defaultScopes", "advancedOAuth2ClientConfig.responseTypes", "coreOpenIDClientConfig.claims",
			"coreOAuth2ClientConfig.loopbackInterfaceRedirection",
		}},
		{"Authentication", []string{
			"advancedOAuth2ClientConfig.tokenEndpointAuthMethod", "coreOAuth2ClientConfig.clientType",
			"advancedOAuth2ClientConfig.isConsentImplied", "advancedOAuth2ClientConfig.treeName",
		}},
		{"Token lifetimes", []string{
			"coreOAuth2ClientConfig.authorizationCodeLifetime", "coreOAuth2ClientConfig.accessTokenLifetime",
			"coreOAuth2ClientConfig.refreshTokenLifetime", "coreOpenIDClientConfig.jwtTokenLifetime",
		}},
	}
}

// signOnTabs picks the settings of signOn out of all.
func signOnTabs(tabs []*tab) []*tab {
	all := allFields(tabs)
	var out []*tab
	for _, part := range signOn() {
		t := &tab{Title: part.Title, Group: part.Title} // translated by the page
		for _, name := range part.Names {
			if i := slices.IndexFunc(all, func(f *field) bool { return f.Name == name }); i >= 0 {
				t.Fields = append(t.Fields, all[i])
			}
		}
		out = append(out, t)
	}
	renamed := map[string]string{
		"coreOAuth2ClientConfig.redirectionUris": "Sign-in URLs", "coreOpenIDClientConfig.postLogoutRedirectUri": "Sign-out URLs",
		"coreOAuth2ClientConfig.scopes": "Scopes", "coreOAuth2ClientConfig.defaultScopes": "Default scopes",
	}
	for _, f := range allFields(out) {
		f.Label = renamed[f.Name]
	}
	return out
}

func showClient(v *visit) error {
	f, _, err := readClient(v)
	if err != nil {
		return err
	}
	f.Tab, f.Tabs = "sign-on", signOnTabs(f.Tabs)
	return v.show("application", f.Name, f)
}

func showClientAdvanced(v *visit) error {
	f, _, err := readClient(v)
	if err != nil {
		return err
	}
	f.Tab = "advanced"
	return v.show("application", f.Name, f)
}

func saveClient(v *visit) error { return writeClient(v, "sign-on", "") }

func saveClientAdvanced(v *visit) error { return writeClient(v, "advanced", "/advanced") }

func writeClient(v *visit, tab, path string) error {
	f, body, err := readClient(v)
	if err != nil {
		return err
	}
	if f.Tab = tab; tab == "sign-on" {
		f.Tabs = signOnTabs(f.Tabs)
	}
	f.Wrong = read(allFields(f.Tabs), v.r.PostForm, body)
	if f.Wrong == 0 {
		_, err = v.api.put(v.in(clients, f.ID), body, v.form("rev"))
		f.Wrong, f.Problem = v.refusedForm(err, f.Tabs)
	}
	if f.Wrong > 0 || f.Problem != "" {
		f.Rev = v.form("rev")
		return v.show("application", f.Name, f)
	}
	if err != nil {
		return err
	}
	return v.goTo(address("applications", f.ID)+path, v.Say("The settings were saved. They hold from the next request on."))
}

// refusedForm puts a refusal of the server where the person finds it.
func (v *visit) refusedForm(err error, tabs []*tab) (wrong int, problem string) {
	if statusOf(err) == http.StatusPreconditionFailed {
		return 0, v.Say("Somebody else changed this since the page was opened. Open it again to see what it is now; what you typed is still here to copy.")
	}
	problem = refusal(err)
	if problem != "" && blame(allFields(tabs), problem) {
		return 1, ""
	}
	return 0, problem
}

func showCredentials(v *visit) error {
	f, _, err := readClient(v)
	if err != nil {
		return err
	}
	f.Tab = "credentials"
	return v.show("application", f.Name, f)
}

// changeSecret gives the client a new secret: one that was typed, or a fresh one that is shown once.
func changeSecret(v *visit) error {
	f, body, err := readClient(v)
	if err != nil {
		return err
	}
	f.Tab = "credentials"
	secret := v.r.PostForm.Get("secret")
	made := secret == ""
	secret = cmp.Or(secret, rand.Text())
	core, _ := body["coreOAuth2ClientConfig"].(object)
	if core == nil {
		core = object{}
		body["coreOAuth2ClientConfig"] = core
	}
	core["userpassword"] = secret
	if _, err := v.api.put(v.in(clients, f.ID), body, ""); err != nil {
		return err
	}
	if made {
		f.Secret = secret
		return v.show("application", f.Name, f)
	}
	return v.goTo(address("applications", f.ID)+"/credentials", v.Say("The client secret was replaced. The old one does not work any more."))
}

func showDeleteClient(v *visit) error {
	f, _, err := readClient(v)
	if err != nil {
		return err
	}
	f.Tab = "danger"
	return v.show("application", f.Name, f)
}

func deleteClient(v *visit) error {
	f, _, err := readClient(v)
	if err != nil {
		return err
	}
	f.Tab = "danger"
	if v.form("confirm") != f.ID {
		f.Problem = v.Say("Nothing was deleted: the name that was typed is not %s.", f.ID)
		return v.show("application", f.Name, f)
	}
	if err := v.api.delete(v.in(clients, f.ID)); err != nil {
		return err
	}
	if err := v.unmanage(f.ID); err != nil {
		return err
	}
	return v.goTo("applications", v.Say("The application %s and its tokens are gone.", f.Name))
}

// RefusedRequests leads to the events of the client's requests that were refused, which say why.
func (v *visit) RefusedRequests(id string) string {
	return v.link("audit?" + url.Values{"topic": {"access"}, "q": {id + " FAILED"}}.Encode())
}

// ClientTabs are the pages of an application.
func (v *visit) ClientTabs(id string) []tabLink {
	at := func(more ...string) string { return v.Link(append([]string{"applications", id}, more...)...) }
	return []tabLink{
		{"sign-on", v.Say("Sign on"), at()},
		{"advanced", v.Say("All settings"), at("advanced")},
		{"request", v.Say("Request a token"), at("request")},
		{"credentials", v.Say("Credentials"), at("credentials")},
		{"danger", v.Say("Delete"), at("danger")},
	}
}

// Shown is the new secret with whose it is.
func (f clientForm) Shown() wizard { return wizard{ClientID: f.ID, Secret: f.Secret} }
