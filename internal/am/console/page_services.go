package console

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

func servicesPage() page {
	return page{
		Name: "services", Title: "Services", Icon: "settings", Section: "Access",
		Handlers: map[string]func(*visit) error{
			"GET services":              listServices,
			"POST services":             addService,
			"GET services/{id}":         showService,
			"POST services/{id}":        saveService,
			"POST services/{id}/delete": deleteService,
		},
	}
}

const services = "realm-config/services"

// serviceList are the services of a realm and those that can be added.
type serviceList struct {
	Added, Creatable []serviceRow
	problem
}

type serviceRow struct{ ID, Name, Text string }

// serviceTexts say what a service is for.
func serviceTexts() map[string]string {
	return map[string]string{
		"oauth-oidc": "Makes the realm an OAuth 2.0 authorization server and OpenID provider.",
		"validation": "Where browsers may be sent after signing in and out.",
		"baseurl":    "The address that the realm's pages and tokens name as the server's.",
		"session":    "How long sessions live.",
	}
}

func readServices(v *visit) (serviceList, error) {
	var out serviceList
	found, err := v.api.all(v.in(services), url.Values{})
	if err != nil {
		return out, err
	}
	more, err := v.api.post(v.in(services)+"?_action=getCreatableTypes&forUI=true", nil)
	if err != nil {
		return out, err
	}
	row := func(o object) serviceRow {
		return serviceRow{text(o["_id"]), text(o["name"]), serviceTexts()[text(o["_id"])]}
	}
	for _, o := range found {
		out.Added = append(out.Added, row(o))
	}
	for _, o := range objects(more["result"]) {
		out.Creatable = append(out.Creatable, row(o))
	}
	// Those that mean something to this server first.
	slices.SortStableFunc(out.Creatable, func(a, b serviceRow) int {
		known := func(r serviceRow) int {
			if r.Text != "" {
				return 0
			}
			return 1
		}
		return cmp.Or(known(a)-known(b), strings.Compare(a.Name, b.Name))
	})
	slices.SortFunc(out.Added, func(a, b serviceRow) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func listServices(v *visit) error {
	l, err := readServices(v)
	if err != nil {
		return err
	}
	return v.show("services", v.Say("Services"), l)
}

func addService(v *visit) error {
	id := v.form("id")
	_, err := v.api.post(v.in(services, id)+"?_action=create", nil)
	if problem := refusal(err); problem != "" {
		l, err := readServices(v)
		l.Problem = problem
		if err != nil {
			return err
		}
		return v.show("services", v.Say("Services"), l)
	}
	if err != nil {
		return err
	}
	return v.goTo(address("services", id), v.Say("The service was added with its default values."))
}

// serviceForm is a service with its settings.
type serviceForm struct {
	serviceRow
	problem
	Tabs  []*tab
	Rev   string
	Wrong int
	Save  *call
	// JSON is the service as text, of those that have no schema.
	JSON string
}

func (f serviceForm) trouble() (string, []*field) { return f.Problem, errorsOf(f.Tabs) }

func readService(v *visit) (*serviceForm, object, error) {
	id := v.vars["id"]
	o, err := v.api.get(v.in(services, id))
	if err != nil {
		return nil, nil, err
	}
	schema, err := v.api.post(v.in(services, id)+"?_action=schema", nil)
	if err != nil {
		return nil, nil, err
	}
	f := &serviceForm{serviceRow: serviceRow{id, text(schema["title"]), serviceTexts()[id]}, Tabs: tabsOf(schema), Rev: text(o["_rev"])}
	fill(f.Tabs, o)
	if err := v.choices(f.Tabs); err != nil {
		return nil, nil, err
	}
	body := unwrapped(o)
	if len(f.Tabs) == 0 {
		f.JSON = indented(body)
	}
	f.Save = v.wouldPut(v.in(services, id), body, f.Rev)
	return f, body, nil
}

func showService(v *visit) error {
	f, _, err := readService(v)
	if err != nil {
		return err
	}
	return v.show("service", f.Name, f)
}

func saveService(v *visit) error {
	f, body, err := readService(v)
	if err != nil {
		return err
	}
	if len(f.Tabs) == 0 {
		f.JSON = v.r.PostForm.Get("json")
		if body, err = parseObject(f.JSON); err != nil {
			f.Problem = err.Error()
		}
	} else {
		f.Wrong = read(allFields(f.Tabs), v.r.PostForm, body)
	}
	if f.Wrong == 0 && f.Problem == "" {
		_, err = v.api.put(v.in(services, f.ID), body, v.form("rev"))
		f.Wrong, f.Problem = v.refusedForm(err, f.Tabs)
	}
	if f.Wrong > 0 || f.Problem != "" {
		f.Rev = v.form("rev")
		return v.show("service", f.Name, f)
	}
	if err != nil {
		return err
	}
	return v.goTo(address("services", f.ID), v.Say("The settings were saved. They hold from the next request on."))
}

func deleteService(v *visit) error {
	f, _, err := readService(v)
	if err != nil {
		return err
	}
	if v.form("confirm") != f.Name {
		f.Problem = v.Say("Nothing was deleted: the name that was typed is not %s.", f.Name)
		return v.show("service", f.Name, f)
	}
	if err := v.api.delete(v.in(services, f.ID)); err != nil {
		return err
	}
	return v.goTo("services", v.Say("The service %s was removed from the realm.", f.Name))
}
