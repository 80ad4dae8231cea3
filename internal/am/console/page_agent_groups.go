package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// agentGroup is the setting of a profile that names its group.
const agentGroup = "agentgroup"

const agentGroupsAt = agentsAt + "groups/"

func agentGroupsPage() page {
	return page{
		Name: "agent-groups", Title: "Profile groups", Icon: "list", Section: "Access",
		Handlers: map[string]func(*visit) error{
			"GET agent-groups":                     listAgentGroups,
			"POST agent-groups":                    createAgentGroup,
			"GET agent-groups/{type}/{id}":         showAgentGroup,
			"POST agent-groups/{type}/{id}":        saveAgentGroup,
			"POST agent-groups/{type}/{id}/delete": deleteAgentGroup,
		},
	}
}

// groupKinds are the types of profiles whose groups have pages.
func groupKinds() []agentKind {
	return append([]agentKind{{"OAuth2Client", "Application", true}}, agentKinds()...)
}

func groupKindOf(id string) (agentKind, bool) {
	list := groupKinds()
	i := slices.IndexFunc(list, func(k agentKind) bool { return k.Type == id })
	if i < 0 {
		return agentKind{}, false
	}
	return list[i], true
}

// agentGroupList is the list of groups with the form of a new one.
type agentGroupList struct {
	problem
	Rows     []agentRow
	Kinds    []agentKind
	Type, ID string
}

func readAgentGroups(v *visit) (agentGroupList, error) {
	l := agentGroupList{Kinds: groupKinds(), Type: v.form("type"), ID: v.form("id")}
	found, err := v.api.all(v.in("realm-config/agents/groups"), url.Values{"_fields": {"_id,_type"}})
	for _, o := range found {
		of, _ := o["_type"].(object)
		if k, ok := groupKindOf(text(of["_id"])); ok {
			l.Rows = append(l.Rows, agentRow{ID: text(o["_id"]), Type: k.Type, Title: k.Title})
		}
	}
	slices.SortFunc(l.Rows, func(a, b agentRow) int { return cmp.Or(strings.Compare(a.Title, b.Title), strings.Compare(a.ID, b.ID)) })
	return l, err
}

func listAgentGroups(v *visit) error {
	l, err := readAgentGroups(v)
	if err != nil {
		return err
	}
	return v.show("agent_groups", v.Say("Profile groups"), l)
}

func createAgentGroup(v *visit) error {
	k, ok := groupKindOf(v.form("type"))
	if !ok {
		return errNoPage
	}
	id := v.form("id")
	var wrong problem
	var err error
	if !wrong.missing(v, "id", "Name") {
		_, err = v.api.put(v.in(agentGroupsAt+k.Type, id), object{}, "new")
		wrong.refused(v, err, "id")
		if status := statusOf(err); status == http.StatusPreconditionFailed || status == http.StatusConflict {
			wrong.Problem = v.Say("There is a group %s already.", id)
		}
	}
	if wrong.Problem != "" {
		l, err := readAgentGroups(v)
		if err != nil {
			return err
		}
		l.problem = wrong
		return v.show("agent_groups", v.Say("Profile groups"), l)
	}
	if err != nil {
		return err
	}
	return v.goTo(address("agent-groups", k.Type, id), v.Say("The group %s was created.", id))
}

// agentGroupForm is a group with its settings and its members.
type agentGroupForm struct {
	problem
	ID, Type, Title string
	Tabs            []*tab
	Rev             string
	Wrong           int
	Save            *call
	// Members are the first of those that are in it; More tells that there are others.
	Members []agentRow
	More    bool
}

func (f agentGroupForm) trouble() (string, []*field) { return f.Problem, errorsOf(f.Tabs) }

// maxMembersShown bounds the members that the page of a group names.
const maxMembersShown = 50

func readAgentGroup(v *visit) (*agentGroupForm, object, error) {
	k, ok := groupKindOf(v.vars["type"])
	if !ok {
		return nil, nil, errNoPage
	}
	at := v.in(agentGroupsAt+k.Type, v.vars["id"])
	o, err := v.api.get(at)
	if err != nil {
		return nil, nil, err
	}
	schema, err := v.api.post(v.in(agentGroupsAt+k.Type)+"?_action=schema", nil)
	if err != nil {
		return nil, nil, err
	}
	f := &agentGroupForm{ID: v.vars["id"], Type: k.Type, Title: k.Title, Tabs: tabsOf(schema), Rev: text(o["_rev"])}
	fill(f.Tabs, o)
	if err := v.choices(f.Tabs); err != nil {
		return nil, nil, err
	}
	body := unwrapped(o)
	f.Save = v.wouldPut(at, body, f.Rev)
	return f, body, nil
}

// readMembers finds who is in the group.
func (f *agentGroupForm) readMembers(v *visit) error {
	setting := agentGroup
	page := "agents"
	if f.Type == "OAuth2Client" {
		setting, page = "coreOAuth2ClientConfig/"+agentGroup, "applications"
	}
	found, err := v.api.all(v.in(agentsAt+f.Type), url.Values{
		"_queryFilter": {setting + " eq " + literal(f.ID)}, "_fields": {"_id"}, "_pageSize": {"51"},
	})
	for i, o := range found {
		if f.More = i == maxMembersShown; f.More {
			break
		}
		m := agentRow{ID: text(o["_id"]), Detail: v.Link(page, f.Type, text(o["_id"]))}
		if page == "applications" {
			m.Detail = v.Link(page, m.ID)
		}
		f.Members = append(f.Members, m)
	}
	return err
}

func (f *agentGroupForm) show(v *visit) error {
	if err := f.readMembers(v); err != nil {
		return err
	}
	return v.show("agent_group", f.ID, f)
}

func showAgentGroup(v *visit) error {
	f, _, err := readAgentGroup(v)
	if err != nil {
		return err
	}
	return f.show(v)
}

func saveAgentGroup(v *visit) error {
	f, body, err := readAgentGroup(v)
	if err != nil {
		return err
	}
	if f.Wrong = read(allFields(f.Tabs), v.r.PostForm, body); f.Wrong == 0 {
		_, err = v.api.put(v.in(agentGroupsAt+f.Type, f.ID), body, v.form("rev"))
		f.Wrong, f.Problem = v.refusedForm(err, f.Tabs)
	}
	if f.Wrong > 0 || f.Problem != "" {
		f.Rev = v.form("rev")
		return f.show(v)
	}
	if err != nil {
		return err
	}
	return v.goTo(address("agent-groups", f.Type, f.ID), v.Say("The settings were saved. They hold from the next request on."))
}

func deleteAgentGroup(v *visit) error {
	f, _, err := readAgentGroup(v)
	if err != nil {
		return err
	}
	if v.form("confirm") != f.ID {
		f.Problem = v.Say("Nothing was deleted: the name that was typed is not %s.", f.ID)
		return f.show(v)
	}
	if err := v.api.delete(v.in(agentGroupsAt+f.Type, f.ID)); err != nil {
		return err
	}
	return v.goTo("agent-groups", v.Say("The group %s was deleted. Its members keep its values.", f.ID))
}

// grouped tells the fields of a profile which group they may be of, and lets people choose that.
func (v *visit) grouped(tabs []*tab, kind string) error {
	fields := allFields(tabs)
	i := slices.IndexFunc(fields, func(f *field) bool { return f.Key == agentGroup })
	if i < 0 {
		return nil
	}
	found, err := v.api.all(v.in(agentGroupsAt+kind), url.Values{"_fields": {"_id"}})
	if err != nil {
		return err
	}
	chooser := fields[i]
	chooser.Options = []option{{Value: "", Label: v.Say("none chosen")}}
	for _, o := range found {
		chooser.Options = append(chooser.Options, option{Value: text(o["_id"]), Label: text(o["_id"])})
	}
	group := text(chooser.Value)
	for _, f := range fields {
		if f != chooser && !f.Secret {
			f.From = group
		}
	}
	return nil
}
