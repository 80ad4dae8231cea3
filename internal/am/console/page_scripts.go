package console

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func scriptsPage() page {
	return page{
		Name: "scripts", Title: "Scripts", Icon: "script", Section: "Access",
		Handlers: map[string]func(*visit) error{
			"GET scripts":                listScripts,
			"GET scripts/new":            newScript,
			"POST scripts/new":           createScript,
			"GET scripts/{id}":           showScript,
			"POST scripts/{id}":          saveScript,
			"POST scripts/{id}/validate": validateScript,
			"POST scripts/{id}/try":      tryScript,
			"POST scripts/{id}/delete":   deleteScript,
		},
	}
}

// scriptRow is a script as the list shows it.
type scriptRow struct {
	ID, Name, Description, Context, Language, Version string
	Default                                           bool
}

func scriptRowOf(o object) scriptRow {
	return scriptRow{
		ID: text(o["_id"]), Name: text(o["name"]), Description: text(o["description"]), Context: text(o["context"]),
		Language: text(o["language"]), Version: text(o["evaluatorVersion"]), Default: o["default"] == true,
	}
}

func listScripts(v *visit) error {
	found, err := v.api.all(v.in("scripts"), url.Values{"_fields": {"_id,name,description,context,language,evaluatorVersion,default"}})
	if err != nil {
		return err
	}
	q := strings.ToLower(strings.TrimSpace(v.query("q")))
	var rows []scriptRow
	for _, o := range found {
		if r := scriptRowOf(o); strings.Contains(strings.ToLower(r.Name+" "+r.Context+" "+r.ID), q) {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b scriptRow) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return v.show("scripts", v.Say("Scripts"), paged(v, rows, len(found)))
}

// mistake is what is wrong with a script, and where.
type mistake struct {
	Line, Column, Message string
}

// scriptForm is a script with its text, what is wrong with it, and what a trial of it did.
type scriptForm struct {
	problem
	scriptRow
	Source   string
	Contexts []scriptContext
	// Checked tells that the text was validated, Mistakes what that found.
	Checked  bool
	Mistakes []mistake
	Trial    trial
	Save     *call
}

// scriptContext is a type of script.
type scriptContext struct {
	ID        string
	Languages []string
}

// trial is what the panel to try a script was filled with, and what came of it.
type trial struct {
	User, Client, Scopes string
	Requests             bool
	Done                 bool
	OK                   bool
	Log                  []string
	Before, After        string
	Result               string
	Mistakes             []mistake
}

func (v *visit) scriptContexts() ([]scriptContext, error) {
	found, err := v.api.all("global-config/services/scripting/contexts", url.Values{})
	var out []scriptContext
	for _, o := range found {
		out = append(out, scriptContext{text(o["_id"]), texts(o["languages"])})
	}
	slices.SortFunc(out, func(a, b scriptContext) int { return strings.Compare(a.ID, b.ID) })
	return out, err
}

func newScript(v *visit) error {
	contexts, err := v.scriptContexts()
	if err != nil {
		return err
	}
	return v.show("script_new", v.Say("New script"), scriptForm{Contexts: contexts, scriptRow: scriptRow{Context: "OAUTH2_MAY_ACT", Language: "GROOVY"}})
}

func createScript(v *visit) error {
	f := scriptForm{scriptRow: scriptRow{Name: v.form("name"), Description: v.form("description"), Context: v.form("context"), Language: v.form("language")}}
	first := "// " + f.Name + "\n"
	o, err := v.api.post(v.in("scripts")+"?_action=create", object{
		"name": f.Name, "description": f.Description, "context": f.Context, "language": f.Language, "script": encoded(first),
	})
	at := "name"
	if strings.Contains(refusal(err), "anguage") {
		at = "language"
	}
	if f.refused(v, err, at); f.Problem != "" {
		if f.Contexts, err = v.scriptContexts(); err != nil {
			return err
		}
		return v.show("script_new", v.Say("New script"), f)
	}
	if err != nil {
		return err
	}
	return v.goTo(address("scripts", text(o["_id"])), v.Say("The script %s was created.", f.Name))
}

func encoded(source string) string { return base64.StdEncoding.EncodeToString([]byte(source)) }

func readScript(v *visit) (*scriptForm, error) {
	o, err := v.api.get(v.in("scripts", v.vars["id"]))
	if err != nil {
		return nil, err
	}
	source, err := base64.StdEncoding.DecodeString(text(o["script"]))
	if err != nil {
		return nil, err
	}
	f := &scriptForm{scriptRow: scriptRowOf(o), Source: string(source)}
	f.Trial.User, f.Trial.Scopes = v.form("user"), v.form("scopes")
	f.Save = v.wouldPut(v.in("scripts", f.ID), f.body(), "")
	return f, nil
}

func (f *scriptForm) body() object {
	return object{"name": f.Name, "description": f.Description, "context": f.Context, "language": f.Language, "evaluatorVersion": f.Version, "script": encoded(f.Source)}
}

// typed takes over what the form says.
func (f *scriptForm) typed(v *visit) {
	f.Name, f.Description, f.Language = v.form("name"), v.form("description"), v.form("language")
	f.Source = strings.ReplaceAll(v.r.PostForm.Get("source"), "\r\n", "\n")
	f.Trial = trial{User: v.form("user"), Client: v.form("client"), Scopes: v.form("scopes"), Requests: v.form("requests") == "true"}
}

func showScript(v *visit) error {
	f, err := readScript(v)
	if err != nil {
		return err
	}
	return v.show("script", f.Name, f)
}

func mistakesOf(v any) []mistake {
	var out []mistake
	for _, o := range objects(v) {
		m := mistake{text(o["line"]), text(o["column"]), text(o["message"])}
		if m.Line == "0" {
			m.Line = ""
		}
		out = append(out, m)
	}
	return out
}

// validate asks the server for what is wrong with the text.
func (f *scriptForm) validate(v *visit) error {
	o, err := v.api.post(v.in("scripts")+"?_action=validate", object{"script": encoded(f.Source), "language": f.Language, "evaluatorVersion": f.Version})
	if err != nil {
		return err
	}
	f.Checked, f.Mistakes = true, mistakesOf(o["errors"])
	return nil
}

func validateScript(v *visit) error {
	f, err := readScript(v)
	if err != nil {
		return err
	}
	f.typed(v)
	if err := f.validate(v); err != nil {
		return err
	}
	return v.show("script", f.Name, f)
}

func saveScript(v *visit) error {
	f, err := readScript(v)
	if err != nil {
		return err
	}
	f.typed(v)
	_, err = v.api.put(v.in("scripts", f.ID), f.body(), "")
	var refused *apiError
	if errors.As(err, &refused) && refused.Status == http.StatusBadRequest {
		if detail, ok := refused.Detail.(object); ok {
			f.Checked, f.Mistakes = true, mistakesOf(detail["errors"])
			f.Problem = v.Say("The script was not saved: it has mistakes.")
			return v.show("script", f.Name, f)
		}
	}
	if f.Problem = refusal(err); f.Problem != "" {
		return v.show("script", f.Name, f)
	}
	if err != nil {
		return err
	}
	return v.goTo(address("scripts", f.ID), v.Say("The script was saved. It runs from the next request on."))
}

// tryScript runs the text as it is in the form on a sample token. Nothing is stored.
func tryScript(v *visit) error {
	f, err := readScript(v)
	if err != nil {
		return err
	}
	f.typed(v)
	o, err := v.api.post(v.in("scripts")+"?_action=try", object{
		"script": encoded(f.Source), "language": f.Language, "context": f.Context, "evaluatorVersion": f.Version,
		"user": f.Trial.User, "client": f.Trial.Client, "scopes": list(strings.Fields(f.Trial.Scopes)...),
		"sendRequests": f.Trial.Requests,
	})
	if f.Problem = refusal(err); f.Problem != "" {
		return v.show("script", f.Name, f)
	}
	if err != nil {
		return err
	}
	f.Trial.Done, f.Trial.OK = true, o["success"] == true
	f.Trial.Log, f.Trial.Mistakes = texts(o["log"]), mistakesOf(o["errors"])
	for _, part := range []struct {
		name string
		to   *string
	}{{"before", &f.Trial.Before}, {"after", &f.Trial.After}, {"result", &f.Trial.Result}} {
		if o[part.name] != nil {
			*part.to = indented(o[part.name])
		}
	}
	return v.show("script", f.Name, f)
}

func deleteScript(v *visit) error {
	f, err := readScript(v)
	if err != nil {
		return err
	}
	if v.form("confirm") != f.Name {
		f.Problem = v.Say("Nothing was deleted: the name that was typed is not %s.", f.Name)
		return v.show("script", f.Name, f)
	}
	err = v.api.delete(v.in("scripts", f.ID))
	if f.Problem = refusal(err); f.Problem != "" {
		return v.show("script", f.Name, f)
	}
	if err != nil {
		return err
	}
	return v.goTo("scripts", v.Say("The script %s was deleted. One that the server ships is as it was shipped.", f.Name))
}

// diffLine is a line of what a script changed: "+", "-" or " " before it.
type diffLine struct{ Mark, Text string }

// Changes compares the claims before and after, line by line of sorted JSON.
func (t trial) Changes() []diffLine {
	a, b := strings.Split(t.Before, "\n"), strings.Split(t.After, "\n")
	trim := func(s string) string { return strings.TrimSuffix(s, ",") }
	// The longest common lines, of texts that have some dozens.
	longest := make([][]int, len(a)+1)
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if trim(a[i]) == trim(b[j]) {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	var out []diffLine
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && trim(a[i]) == trim(b[j]):
			out = append(out, diffLine{" ", b[j]})
			i, j = i+1, j+1
		case j < len(b) && (i == len(a) || longest[i][j+1] >= longest[i+1][j]):
			out = append(out, diffLine{"+", b[j]})
			j++
		default:
			out = append(out, diffLine{"-", a[i]})
			i++
		}
	}
	return out
}
