package console

import (
	"net/url"
	"slices"
	"strings"
)

func realmsPage() page {
	return page{
		Name: "realms", Title: "Realms", Icon: "realm",
		Handlers: map[string]func(*visit) error{
			"GET realms": listRealms,
			"GET realms/new": func(v *visit) error {
				return v.show("realm_new", v.Say("New realm"), newRealm{Active: true, Parent: v.realm()})
			},
			"POST realms/new":         createRealm,
			"GET realms/{id}":         showRealm,
			"POST realms/{id}":        saveRealm,
			"POST realms/{id}/delete": deleteRealm,
		},
	}
}

// realmRow is a realm as the list shows it.
type realmRow struct {
	ID, Path, Name string
	Active         bool
	Aliases        []string
	Depth          int
}

func realmRowOf(o object) realmRow {
	r := realmRow{ID: text(o["_id"]), Path: realmPathOf(o), Active: o["active"] == true, Aliases: texts(o["aliases"])}
	r.Name = r.Path
	if r.Path == "/" {
		r.Name = "Top Level Realm"
	} else {
		r.Depth = strings.Count(r.Path, "/")
		r.Name = r.Path[strings.LastIndexByte(r.Path, '/')+1:]
	}
	return r
}

func listRealms(v *visit) error {
	found, err := v.api.all("global-config/realms", url.Values{})
	if err != nil {
		return err
	}
	var rows []realmRow
	for _, o := range found {
		rows = append(rows, realmRowOf(o))
	}
	slices.SortFunc(rows, func(a, b realmRow) int { return strings.Compare(a.Path, b.Path) })
	return v.show("realms", v.Say("Realms"), rows)
}

// newRealm is the form of a new realm.
type newRealm struct {
	Name, Parent, Aliases string
	Active                bool
	problem
}

func createRealm(v *visit) error {
	f := newRealm{Name: v.form("name"), Parent: v.form("parent"), Aliases: v.form("aliases"), Active: v.form("active") != ""}
	if f.missing(v, "name", "Name") || f.badAliases(v, f.Aliases) {
		return v.show("realm_new", v.Say("New realm"), f)
	}
	_, err := v.api.post("global-config/realms?_action=create", object{
		"name": f.Name, "parentPath": f.Parent, "active": f.Active, "aliases": lines(f.Aliases),
	})
	if f.refused(v, err, "name"); f.Problem != "" {
		return v.show("realm_new", v.Say("New realm"), f)
	}
	if err != nil {
		return err
	}
	to := url.Values{"realm": {strings.TrimSuffix(f.Parent, "/") + "/" + f.Name}}
	return v.goTo("?"+to.Encode(), v.Say("The realm %s was created.", f.Name))
}

// badAliases notes an alias that no address can have.
func (p *problem) badAliases(v *visit, typed string) bool {
	for _, alias := range texts(lines(typed)) {
		if strings.ContainsAny(alias, " \t/?#&=%+:,;\"<>\\") {
			p.Problem, p.At = v.Say("%s cannot be a part of an address: write one alias a line, without spaces and without a scheme or a port.", alias), "aliases"
			return true
		}
	}
	return false
}

// realmForm is the form of a realm that exists.
type realmForm struct {
	realmRow
	problem
	Rev  string
	Save object
}

func readRealm(v *visit) (realmForm, object, error) {
	o, err := v.api.get("global-config/realms/" + url.PathEscape(v.vars["id"]))
	return realmForm{realmRow: realmRowOf(o), Rev: text(o["_rev"])}, o, err
}

func showRealm(v *visit) error {
	f, o, err := readRealm(v)
	if err != nil {
		return err
	}
	f.Save = o
	return v.show("realm", f.Name, f)
}

func saveRealm(v *visit) error {
	f, o, err := readRealm(v)
	if err != nil {
		return err
	}
	o["active"], o["aliases"] = v.form("active") != "", lines(v.form("aliases"))
	delete(o, "_rev")
	if f.Path == "/" {
		o["parentPath"] = ""
	}
	if !f.badAliases(v, v.form("aliases")) {
		_, err = v.api.put("global-config/realms/"+f.ID, o, v.form("rev"))
		f.refused(v, err, "")
	}
	if f.Problem != "" {
		f.Active, f.Aliases, f.Rev = o["active"] == true, texts(o["aliases"]), v.form("rev")
		return v.show("realm", f.Name, f)
	}
	if err != nil {
		return err
	}
	return v.goTo("realms", v.Say("The realm %s was saved.", f.Name))
}

func deleteRealm(v *visit) error {
	f, _, err := readRealm(v)
	if err != nil {
		return err
	}
	if v.form("confirm") != f.Name {
		f.Problem = v.Say("Nothing was deleted: the name that was typed is not %s.", f.Name)
		return v.show("realm", f.Name, f)
	}
	if err := v.api.delete("global-config/realms/" + f.ID); err != nil {
		if f.Problem = refusal(err); f.Problem != "" {
			return v.show("realm", f.Name, f)
		}
		return err
	}
	return v.goTo("realms?realm=/", v.Say("The realm %s was deleted.", f.Name))
}

// texts are those of a list.
func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, e := range list {
		out = append(out, text(e))
	}
	return out
}

// lines are the lines of a text that have something.
func lines(s string) []any {
	out := []any{}
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// list is a list of JSON.
func list(values ...string) []any {
	out := make([]any, 0, len(values))
	for _, v := range values {
		out = append(out, v)
	}
	return out
}
