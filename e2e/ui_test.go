package e2e

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"gatehouse/internal/ui"
)

// Every component of pages, in both layouts, in a browser.
func TestBrowserComponents(t *testing.T) {
	set := ui.MustParse(os.DirFS("testdata/ui"), ".")
	mux := http.NewServeMux()
	mux.Handle("/assets/", http.StripPrefix("/assets", ui.AssetHandler()))
	mux.HandleFunc("/theme.css", func(w http.ResponseWriter, _ *http.Request) {
		sheet, err := ui.ThemeSheet("#e4572e")
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/css")
		_, _ = w.Write([]byte(sheet))
	})
	mux.HandleFunc("/{layout}", func(w http.ResponseWriter, r *http.Request) {
		p := ui.NewPage(r, "/assets/", "All parts")
		p.Lead = "Everything that pages are made of."
		p.Wide = true
		p.Links = []ui.Link{{URL: "/imprint", Text: "Imprint"}}
		p.Errors = []ui.FieldError{{ID: "name", Text: "A client of this name exists already."}}
		p.Content = map[string]any{
			"Now":  time.Date(2026, 11, 28, 14, 5, 0, 0, time.UTC),
			"Code": "curl --request POST --user 'myClient:forgerock' \\\n --data \"grant_type=client_credentials\" \\\n http://am.example.com:8088/openam/oauth2/realms/root/realms/alpha/access_token",
			"Tabs": []ui.Link{{URL: "#core", Text: "Core", Current: true}, {URL: "#advanced", Text: "Advanced"}, {URL: "#oidc", Text: "OpenID Connect"}, {URL: "#uma", Text: "Signing and encryption"}},
			"Fields": []ui.Field{
				{ID: "name", Name: "name", Label: "Client ID", Value: "client-application", Help: "Letters, digits and any of - . _ ~", Error: p.ErrorOf("name"), Required: true},
				{ID: "life", Name: "life", Label: "Access token lifetime", Placeholder: "default: 3600 s", Help: "Seconds. 0: the realm's setting.", InputMode: "numeric", Optional: p.T("optional")},
				{ID: "type", Name: "type", Label: "Client type", Type: "select", Options: []ui.Option{{Value: "c", Text: "Confidential"}, {Value: "p", Text: "Public", Selected: true}}},
				{ID: "uris", Name: "uris", Label: "Redirect URIs", Type: "textarea", Mono: true, Value: "https://app.example.com/callback"},
				{ID: "skip", Name: "skip", Label: "Allow clients to skip consent", Type: "checkbox", Checked: true, Help: "Users are not asked."},
			},
		}
		layout := r.PathValue("layout")
		switch layout {
		case ui.Console:
			p.Frame = &ui.Frame{
				Home: "/frame", Realm: "alpha", Realms: []ui.Link{{URL: "/frame?r=root", Text: "Top level"}, {URL: "/frame", Text: "alpha", Current: true}},
				Sections: []ui.Section{
					{Links: []ui.Link{{URL: "/frame", Text: "Dashboard", Icon: "chart", Current: true}, {URL: "/a", Text: "Applications", Icon: "apps"}, {URL: "/s", Text: "Services", Icon: "settings"}, {URL: "/x", Text: "Scripts", Icon: "script"}}},
					{Title: "People", Links: []ui.Link{{URL: "/i", Text: "Identities", Icon: "people"}, {URL: "/se", Text: "Sessions", Icon: "list"}, {URL: "/t", Text: "Tokens", Icon: "token"}}},
					{Title: "Operation", Links: []ui.Link{{URL: "/k", Text: "Keys and secrets", Icon: "key"}, {URL: "/au", Text: "Audit log", Icon: "audit"}}},
				},
				Crumbs: []ui.Link{{URL: "/", Text: "alpha"}, {URL: "/a", Text: "Applications"}, {Text: "client-application", Current: true}},
				Search: "/search", Person: "amAdmin", PersonLinks: []ui.Link{{URL: "/profile", Text: "Profile"}}, SignOut: "/out", Token: "x",
			}
		case ui.Card:
			p.Theme = &ui.Theme{Name: "Acme Ltd", Sheet: "/theme.css"}
		default:
			http.NotFound(w, r)
			return
		}
		if err := set.Render(w, http.StatusOK, layout, "all", p, ui.Policy{}); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	browse(t, "components", map[string]any{"base": server.URL})
}
