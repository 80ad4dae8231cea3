package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func agentsPage() page {
	return page{
		Name: "agents", Title: "Agents", Icon: "shield", Section: "Access",
		Handlers: map[string]func(*visit) error{
			"GET agents":                     listAgents,
			"GET agents/new":                 func(v *visit) error { return v.show("agent_new", v.Say("New agent"), newAgentOf(v)) },
			"POST agents/new":                createAgent,
			"GET agents/{type}/{id}":         showAgent,
			"POST agents/{type}/{id}":        saveAgent,
			"POST agents/{type}/{id}/delete": deleteAgent,
		},
	}
}

// agentKind is a type of agent that the console has pages for.
type agentKind struct {
	Type, Title string
	// Password tells whether the agent signs in.
	Password bool
}

func agentKinds() []agentKind {
	return []agentKind{
		{"IdentityGatewayAgent", "Identity Gateway", true},
		{"TrustedJwtIssuer", "Trusted JWT Issuer", false},
	}
}

func agentKindOf(id string) (agentKind, bool) {
	list := agentKinds()
	i := slices.IndexFunc(list, func(k agentKind) bool { return k.Type == id })
	if i < 0 {
		return agentKind{}, false
	}
	return list[i], true
}

const agentsAt = "realm-config/agents/"

// agentRow is an agent as the list shows it.
type agentRow struct{ ID, Type, Title, Detail, Status string }

func listAgents(v *visit) error {
	var rows []agentRow
	for _, k := range agentKinds() {
		found, err := v.api.all(v.in(agentsAt+k.Type), url.Values{})
		if err != nil {
			return err
		}
		for _, o := range found {
			r := agentRow{ID: text(o["_id"]), Type: k.Type, Title: k.Title, Status: text(bare(o["status"]))}
			if k.Password {
				r.Detail = v.Say("Token introspection: %s", text(bare(o["igTokenIntrospection"])))
			} else {
				r.Detail = text(bare(o["issuer"]))
			}
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b agentRow) int { return strings.Compare(a.ID, b.ID) })
	return v.show("agents", v.Say("Agents"), paged(v, rows, len(rows)))
}

// newAgent is the form of a new agent.
type newAgent struct {
	problem
	Kinds                           []agentKind
	Type, ID, Redirects, Introspect string
	Issuer, JWKS                    string
}

func newAgentOf(v *visit) newAgent {
	return newAgent{Kinds: agentKinds(), Type: "IdentityGatewayAgent", Introspect: "None"}
}

func createAgent(v *visit) error {
	f := newAgent{
		Kinds: agentKinds(), Type: v.form("type"), ID: v.form("id"), Redirects: v.form("redirects"), Introspect: v.form("introspection"),
		Issuer: v.form("issuer"), JWKS: v.form("jwks"),
	}
	k, ok := agentKindOf(f.Type)
	if !ok {
		return errNoPage
	}
	if f.missing(v, "id", "Agent ID") {
		return v.show("agent_new", v.Say("New agent"), f)
	}
	body := object{}
	if k.Password {
		body["igTokenIntrospection"], body["igCdssoRedirectUrls"] = f.Introspect, lines(f.Redirects)
		password := v.r.PostForm.Get("password")
		if password == "" {
			f.Problem, f.At = v.Say("An agent signs in with a password: type one."), "password"
			return v.show("agent_new", v.Say("New agent"), f)
		}
		body["userpassword"] = password
		for _, address := range texts(lines(f.Redirects)) {
			if !webAddress(address) {
				f.Problem, f.At = v.Say("%s is no address: one a line, with https:// or http://.", address), "redirects"
				return v.show("agent_new", v.Say("New agent"), f)
			}
		}
	} else {
		if f.missing(v, "issuer", "JWT Issuer") {
			return v.show("agent_new", v.Say("New agent"), f)
		}
		if f.JWKS != "" && !webAddress(f.JWKS) {
			f.Problem, f.At = v.Say("An address that begins with https:// is needed here."), "jwks"
			return v.show("agent_new", v.Say("New agent"), f)
		}
		body["issuer"], body["jwksUri"] = f.Issuer, f.JWKS
	}
	_, err := v.api.put(v.in(agentsAt+f.Type, f.ID), body, "new")
	if f.refused(v, err, "id"); statusOf(err) == http.StatusPreconditionFailed {
		f.Problem = v.Say("There is an agent or a client %s already. Choose another client ID.", f.ID)
	}
	if f.Problem != "" {
		return v.show("agent_new", v.Say("New agent"), f)
	}
	if err != nil {
		return err
	}
	return v.goTo(address("agents", f.Type, f.ID), v.Say("The agent %s was created.", f.ID))
}

// agentForm is an agent with its settings.
type agentForm struct {
	problem
	ID, Type, Title string
	Password        bool
	Tabs            []*tab
	Rev             string
	Wrong           int
	Save            *call
}

func (f agentForm) trouble() (string, []*field) { return f.Problem, errorsOf(f.Tabs) }

func readAgent(v *visit) (*agentForm, object, error) {
	k, ok := agentKindOf(v.vars["type"])
	if !ok {
		return nil, nil, errNoPage
	}
	id := v.vars["id"]
	o, err := v.api.get(v.in(agentsAt+k.Type, id))
	if err != nil {
		return nil, nil, err
	}
	schema, err := v.api.post(v.in(agentsAt+k.Type)+"?_action=schema", nil)
	if err != nil {
		return nil, nil, err
	}
	f := &agentForm{ID: id, Type: k.Type, Title: k.Title, Password: k.Password, Tabs: tabsOf(schema), Rev: text(o["_rev"])}
	fill(f.Tabs, o)
	if err := v.choices(f.Tabs); err != nil {
		return nil, nil, err
	}
	if err := v.grouped(f.Tabs, k.Type); err != nil {
		return nil, nil, err
	}
	for _, t := range f.Tabs {
		t.Title = v.Say("Settings")
		t.Fields = slices.DeleteFunc(t.Fields, func(f *field) bool { return f.Secret })
	}
	body := unwrapped(o)
	f.Save = v.wouldPut(v.in(agentsAt+k.Type, id), body, f.Rev)
	return f, body, nil
}

func showAgent(v *visit) error {
	f, _, err := readAgent(v)
	if err != nil {
		return err
	}
	return v.show("agent", f.ID, f)
}

func saveAgent(v *visit) error {
	f, body, err := readAgent(v)
	if err != nil {
		return err
	}
	if f.Wrong = read(allFields(f.Tabs), v.r.PostForm, body); f.Wrong == 0 {
		if password := v.r.PostForm.Get("password"); password != "" {
			body["userpassword"] = password
		}
		_, err = v.api.put(v.in(agentsAt+f.Type, f.ID), body, v.form("rev"))
		f.Wrong, f.Problem = v.refusedForm(err, f.Tabs)
	}
	if f.Wrong > 0 || f.Problem != "" {
		f.Rev = v.form("rev")
		return v.show("agent", f.ID, f)
	}
	if err != nil {
		return err
	}
	return v.goTo(address("agents", f.Type, f.ID), v.Say("The settings were saved. They hold from the next request on."))
}

func deleteAgent(v *visit) error {
	f, _, err := readAgent(v)
	if err != nil {
		return err
	}
	if v.form("confirm") != f.ID {
		f.Problem = v.Say("Nothing was deleted: the name that was typed is not %s.", f.ID)
		return v.show("agent", f.ID, f)
	}
	if err := v.api.delete(v.in(agentsAt+f.Type, f.ID)); err != nil {
		return err
	}
	return v.goTo("agents", v.Say("The agent %s was deleted; its sessions have ended.", f.ID))
}
