package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func identitiesPage() page {
	return page{
		Name: "identities", Title: "Identities", Icon: "people", Section: "People",
		Handlers: map[string]func(*visit) error{
			"GET identities": listIdentities,
			"GET identities/new": func(v *visit) error {
				return v.show("identity_new", v.Say("New identity"), newIdentity{Values: map[string]string{}})
			},
			"POST identities/new":                createIdentity,
			"GET identities/{id}":                showIdentity,
			"POST identities/{id}":               saveIdentity,
			"POST identities/{id}/password":      resetPassword,
			"POST identities/{id}/logout":        logoutIdentity,
			"POST identities/{id}/delete":        deleteIdentity,
			"POST identities/{id}/grants/delete": revokeGrant,
		},
	}
}

// identityRow is a person as the list shows her.
type identityRow struct{ ID, Name, Mail, Status string }

func identityRowOf(o object) identityRow {
	return identityRow{ID: text(o["_id"]), Name: first(o["cn"]), Mail: first(o["mail"]), Status: first(o["inetUserStatus"])}
}

func listIdentities(v *visit) error {
	l, err := walked(v, v.in("users"), containing(v.query("q"), "_id", "cn", "mail"), "_id,cn,mail,inetUserStatus", identityRowOf)
	if err != nil {
		return err
	}
	return v.show("identities", v.Say("Identities"), l)
}

// userAttribute is an attribute that the form has a field for.
type userAttribute struct{ Name, Title string }

func userAttributes() []userAttribute {
	return []userAttribute{
		{"givenName", "First name"}, {"sn", "Last name"}, {"cn", "Full name"}, {"mail", "Email address"},
		{"telephoneNumber", "Telephone number"}, {"employeeNumber", "Employee number"},
	}
}

// Attributes are those that the form has fields for.
func (v *visit) Attributes() []userAttribute { return userAttributes() }

// newIdentity is the form of a new person.
type newIdentity struct {
	problem
	Name   string
	Values map[string]string
}

func createIdentity(v *visit) error {
	f := newIdentity{Name: v.form("username"), Values: map[string]string{}}
	body := object{"username": f.Name, "userpassword": v.r.PostForm.Get("password")}
	for _, a := range userAttributes() {
		if f.Values[a.Name] = v.form(a.Name); f.Values[a.Name] != "" {
			body[a.Name] = list(f.Values[a.Name])
		}
	}
	if f.missing(v, "username", "User name", "password", "Password") {
		return v.show("identity_new", v.Say("New identity"), f)
	}
	_, err := v.api.post(v.in("users")+"?_action=create", body)
	at := "username"
	if strings.Contains(strings.ToLower(refusal(err)), "password") {
		at = "password"
	}
	if f.refused(v, err, at); statusOf(err) == http.StatusConflict {
		f.Problem = v.Say("There is an identity %s already.", f.Name)
	}
	if f.Problem != "" {
		return v.show("identity_new", v.Say("New identity"), f)
	}
	if err != nil {
		return err
	}
	return v.goTo(address("identities", f.Name), v.Say("The identity %s was created.", f.Name))
}

// identityForm is a person with what the server keeps of her.
type identityForm struct {
	problem
	identityRow
	Rev    string
	Fields []attributeField
	// Other are further attributes, a line each: name=value.
	Other string
	// Grants are the applications that hold tokens for her, Sessions hers.
	Grants   []object
	Sessions []sessionRow
	Save     *call
}

type attributeField struct {
	Name, Title, Value string
	Many               bool
}

// madeByServer are attributes that nobody writes.
var madeByServer = []string{
	"_id", "_rev", "username", "realm", "uid", "universalid", "dn", "objectClass", "inetUserStatus", "createTimestamp", "modifyTimestamp", "roles", "isMemberOf",
}

func readIdentity(v *visit) (*identityForm, object, error) {
	id := v.vars["id"]
	o, err := v.api.get(v.in("users", id))
	if err != nil {
		return nil, nil, err
	}
	f := &identityForm{identityRow: identityRowOf(o), Rev: text(o["_rev"])}
	known := slices.Clone(madeByServer)
	for _, a := range userAttributes() {
		known = append(known, a.Name)
		values := texts(o[a.Name])
		f.Fields = append(f.Fields, attributeField{a.Name, a.Title, strings.Join(values, "\n"), len(values) > 1})
	}
	var other []string
	for name, values := range o {
		if !slices.Contains(known, name) {
			for _, value := range texts(values) {
				other = append(other, name+"="+value)
			}
		}
	}
	slices.Sort(other)
	f.Other = strings.Join(other, "\n")
	body := object{}
	for name, values := range o {
		if !slices.Contains(madeByServer, name) || name == "inetUserStatus" {
			body[name] = values
		}
	}
	f.Save = v.wouldPut(v.in("users", id), body, f.Rev)
	if f.Grants, err = v.api.all(v.in("users", id, "oauth2")+"/applications", url.Values{}); err != nil {
		return nil, nil, err
	}
	if f.Sessions, err = v.sessionsOf(id); err != nil {
		return nil, nil, err
	}
	return f, body, nil
}

func showIdentity(v *visit) error {
	f, _, err := readIdentity(v)
	if err != nil {
		return err
	}
	return v.show("identity", f.ID, f)
}

func saveIdentity(v *visit) error {
	f, body, err := readIdentity(v)
	if err != nil {
		return err
	}
	known := []string{"inetUserStatus"}
	for i, a := range f.Fields {
		known = append(known, a.Name)
		f.Fields[i].Value = v.form(a.Name)
		body[a.Name] = lines(f.Fields[i].Value)
	}
	for name := range body {
		if !slices.Contains(known, name) {
			body[name] = []any{} // those that stay are written below
		}
	}
	f.Other = strings.ReplaceAll(v.r.PostForm.Get("other"), "\r\n", "\n")
	for line := range strings.Lines(f.Other) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if !ok || name == "" {
			f.Problem, f.At = v.Say("Each line is a name, an equals sign and a value."), "other"
			return v.show("identity", f.ID, f)
		}
		values, _ := body[name].([]any)
		body[name] = append(values, value)
	}
	body["inetUserStatus"] = list(v.form("status"))
	f.Status = v.form("status")
	_, err = v.api.put(v.in("users", f.ID), body, v.form("rev"))
	if _, f.Problem = v.refusedForm(err, nil); f.Problem != "" {
		f.Rev = v.form("rev")
		return v.show("identity", f.ID, f)
	}
	if err != nil {
		return err
	}
	return v.goTo(address("identities", f.ID), v.Say("The identity %s was saved.", f.ID))
}

func resetPassword(v *visit) error {
	f, _, err := readIdentity(v)
	if err != nil {
		return err
	}
	_, err = v.api.do(http.MethodPatch, v.in("users", f.ID), list2(object{"operation": "replace", "field": "/userpassword", "value": v.r.PostForm.Get("password")}))
	if f.refused(v, err, "password"); f.Problem != "" {
		return v.show("identity", f.ID, f)
	}
	if err != nil {
		return err
	}
	return v.goTo(address("identities", f.ID), v.Say("The password of %s was replaced.", f.ID))
}

func list2(values ...object) []any {
	out := make([]any, 0, len(values))
	for _, v := range values {
		out = append(out, v)
	}
	return out
}

func logoutIdentity(v *visit) error {
	id := v.vars["id"]
	if _, err := v.api.post(v.in("sessions")+"?_action=logoutByUser", object{"username": id}); err != nil {
		return err
	}
	return v.goTo(address("identities", id), v.Say("All sessions of %s have ended.", id))
}

func revokeGrant(v *visit) error {
	id, client := v.vars["id"], v.form("client")
	if err := v.api.delete(v.in("users", id, "oauth2", "applications", client)); err != nil {
		return err
	}
	return v.goTo(address("identities", id), v.Say("The tokens that %s held for %s have ended.", client, id))
}

func deleteIdentity(v *visit) error {
	f, _, err := readIdentity(v)
	if err != nil {
		return err
	}
	if v.form("confirm") != f.ID {
		f.Problem = v.Say("Nothing was deleted: the name that was typed is not %s.", f.ID)
		return v.show("identity", f.ID, f)
	}
	if err := v.api.delete(v.in("users", f.ID)); err != nil {
		return err
	}
	return v.goTo("identities", v.Say("The identity %s was deleted.", f.ID))
}
