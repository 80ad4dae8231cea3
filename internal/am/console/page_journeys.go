package console

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
)

func journeysPage() page {
	return page{
		Name: "journeys", Title: "Journeys", Icon: "route", Section: "Access",
		Handlers: map[string]func(*visit) error{
			"GET journeys":                                  listJourneys,
			"GET journeys/new":                              func(v *visit) error { return v.show("journey_new", v.Say("New journey"), newJourney{}) },
			"POST journeys/new":                             createJourney,
			"GET journeys/{id}":                             showJourney,
			"POST journeys/{id}":                            saveJourney,
			"POST journeys/{id}/default":                    makeDefault,
			"POST journeys/{id}/delete":                     deleteJourney,
			"POST journeys/{id}/nodes":                      addNode,
			"GET journeys/{id}/nodes/{type}/{node}":         showNode,
			"POST journeys/{id}/nodes/{type}/{node}":        saveNode,
			"POST journeys/{id}/nodes/{type}/{node}/remove": removeNode,
		},
	}
}

const (
	journeysAt = "realm-config/authentication/authenticationtrees/trees"
	nodesAt    = "realm-config/authentication/authenticationtrees/nodes"
	// Where every journey ends (PingAM: static nodes of trees).
	nodeSuccess = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
	nodeFailure = "e301438c-0bd0-429c-ab0c-66126501069a"
)

// journeyRow is a journey as the list shows it.
type journeyRow struct {
	ID, Description  string
	Enabled, Default bool
	Nodes            int
}

// defaultJourney is the name of the one that people get who ask for none.
func (v *visit) defaultJourney() (string, object, error) {
	o, err := v.api.get(v.in("realm-config/authentication"))
	core, _ := o["core"].(object)
	return text(core["orgConfig"]), o, err
}

func listJourneys(v *visit) error {
	found, err := v.api.all(v.in(journeysAt), url.Values{})
	if err != nil {
		return err
	}
	first, _, err := v.defaultJourney()
	if err != nil {
		return err
	}
	var rows []journeyRow
	for _, o := range found {
		nodes, _ := o["nodes"].(object)
		r := journeyRow{ID: text(o["_id"]), Description: text(o["description"]), Enabled: o["enabled"] != false, Nodes: len(nodes)}
		r.Default = r.ID == first
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b journeyRow) int { return strings.Compare(a.ID, b.ID) })
	return v.show("journeys", v.Say("Journeys"), paged(v, rows, len(rows)))
}

// newJourney is the form of a new journey.
type newJourney struct {
	problem
	Name, Description string
}

// createJourney makes a journey that asks for name and password: from there people go on.
func createJourney(v *visit) error {
	f := newJourney{Name: v.form("name"), Description: v.form("description")}
	if f.missing(v, "name", "Name") {
		return v.show("journey_new", v.Say("New journey"), f)
	}
	name, password, page, check := uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString()
	tree := object{"enabled": true, "description": f.Description, "entryNodeId": page, "nodes": object{
		page:  object{"displayName": "Page Node", "nodeType": "PageNode", "connections": object{"outcome": check}},
		check: object{"displayName": "Data Store Decision", "nodeType": "DataStoreDecisionNode", "connections": object{"true": nodeSuccess, "false": nodeFailure}},
	}}
	_, err := v.api.put(v.in(journeysAt, f.Name), tree, "new")
	if f.refused(v, err, "name"); statusOf(err) == http.StatusPreconditionFailed {
		f.Problem = v.Say("There is a journey %s already.", f.Name)
	}
	if f.Problem != "" {
		return v.show("journey_new", v.Say("New journey"), f)
	}
	if err != nil {
		return err
	}
	for _, n := range []struct {
		kind, id string
		body     object
	}{
		{"UsernameCollectorNode", name, object{}},
		{"PasswordCollectorNode", password, object{}},
		{"PageNode", page, object{"nodes": list2(
			object{"_id": name, "nodeType": "UsernameCollectorNode", "displayName": "Username Collector"},
			object{"_id": password, "nodeType": "PasswordCollectorNode", "displayName": "Password Collector"},
		)}},
		{"DataStoreDecisionNode", check, object{}},
	} {
		if _, err := v.api.put(v.in(nodesAt, n.kind, n.id), n.body, ""); err != nil {
			return err
		}
	}
	return v.goTo(address("journeys", f.Name), v.Say("The journey %s was created. It asks for user name and password.", f.Name))
}

// journeyForm is a journey with its nodes.
type journeyForm struct {
	problem
	ID, Rev string
	Default bool
	Tabs    []*tab
	Entry   string
	Nodes   []journeyNode
	// Targets are where a connection may lead.
	Targets []option
	Types   []option
	// Type and Name are of the node to be added.
	Type, Name string
	Save       *call
}

func (f journeyForm) trouble() (string, []*field) { return f.Problem, errorsOf(f.Tabs) }

// journeyNode is a node as the page shows it.
type journeyNode struct {
	ID, Type, Name string
	Outcomes       []outcome
	// Inner are the nodes of a page.
	Inner []journeyNode
	// Reached tells that some way from the start leads there.
	Reached bool
}

// outcome is an outcome of a node and where it leads.
type outcome struct{ ID, Title, To string }

// treeSettings are the settings of a journey, as a schema would tell of them.
func treeSettings(v *visit) object {
	property := func(order int, kind, title, help string) object {
		return object{"type": kind, "title": title, "description": help, "propertyOrder": order}
	}
	return object{"title": "Settings", "properties": object{
		"description":        property(1, "string", v.Say("Description"), ""),
		"enabled":            property(2, "boolean", v.Say("Enabled"), v.Say("Otherwise nobody can ask for it.")),
		"innerTreeOnly":      property(3, "boolean", v.Say("Inner journey only"), v.Say("It runs within others only.")),
		"mustRun":            property(4, "boolean", v.Say("Must run"), v.Say("Also for those who have a session that would do.")),
		"noSession":          property(5, "boolean", v.Say("No session"), v.Say("It ends without a session.")),
		"treeTimeout":        property(6, "integer", v.Say("Time for an answer (minutes)"), v.Say("Empty: five.")),
		"maximumSessionTime": property(7, "integer", v.Say("Maximum session time (minutes)"), v.Say("Empty: as the realm says.")),
		"maximumIdleTime":    property(8, "integer", v.Say("Maximum idle time (minutes)"), v.Say("Empty: as the realm says.")),
	}}
}

func readJourney(v *visit) (*journeyForm, object, error) {
	id := v.vars["id"]
	o, err := v.api.get(v.in(journeysAt, id))
	if err != nil {
		return nil, nil, err
	}
	f := &journeyForm{ID: id, Rev: text(o["_rev"]), Entry: text(o["entryNodeId"]), Tabs: tabsOf(treeSettings(v))}
	fill(f.Tabs, o)
	first, _, err := v.defaultJourney()
	if err != nil {
		return nil, nil, err
	}
	f.Default = first == id
	body := unwrapped(o)
	f.Save = v.wouldPut(v.in(journeysAt, id), body, f.Rev)
	nodes, _ := body["nodes"].(object)
	for node, n := range nodes {
		n, _ := n.(object)
		j := journeyNode{ID: node, Type: text(n["nodeType"]), Name: cmp.Or(text(n["displayName"]), node)}
		connections, _ := n["connections"].(object)
		settings, err := v.api.get(v.in(nodesAt, j.Type, node))
		if err != nil && statusOf(err) != http.StatusNotFound {
			return nil, nil, err
		}
		for _, out := range objects(settings["_outcomes"]) {
			j.Outcomes = append(j.Outcomes, outcome{text(out["id"]), cmp.Or(text(out["displayName"]), text(out["id"])), text(connections[text(out["id"])])})
		}
		for _, name := range slices.Sorted(maps.Keys(connections)) { // of types that the server does not know
			if !slices.ContainsFunc(j.Outcomes, func(o outcome) bool { return o.ID == name }) {
				j.Outcomes = append(j.Outcomes, outcome{name, name, text(connections[name])})
			}
		}
		for _, inner := range objects(settings["nodes"]) {
			j.Inner = append(j.Inner, journeyNode{ID: text(inner["_id"]), Type: text(inner["nodeType"]), Name: text(inner["displayName"])})
		}
		f.Nodes = append(f.Nodes, j)
	}
	f.order()
	f.Targets = []option{{Value: nodeSuccess, Label: v.Say("Success")}, {Value: nodeFailure, Label: v.Say("Failure")}}
	for _, n := range f.Nodes {
		f.Targets = append(f.Targets, option{Value: n.ID, Label: n.Name})
	}
	types, err := v.api.post(v.in(nodesAt)+"?_action=getAllTypes", nil)
	if err != nil {
		return nil, nil, err
	}
	for _, t := range objects(types["result"]) {
		f.Types = append(f.Types, option{Value: text(t["_id"]), Label: text(t["name"])})
	}
	slices.SortFunc(f.Types, func(a, b option) int { return strings.Compare(a.Label, b.Label) })
	return f, body, nil
}

// order puts the nodes in the order in which a journey comes to them, those that it never comes to last.
func (f *journeyForm) order() {
	slices.SortFunc(f.Nodes, func(a, b journeyNode) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	var walked []journeyNode
	for next := []string{f.Entry}; len(next) > 0; next = next[1:] {
		i := slices.IndexFunc(f.Nodes, func(n journeyNode) bool { return n.ID == next[0] })
		if i < 0 {
			continue
		}
		n := f.Nodes[i]
		f.Nodes = slices.Delete(f.Nodes, i, i+1)
		n.Reached = true
		walked = append(walked, n)
		for _, o := range n.Outcomes {
			next = append(next, o.To)
		}
	}
	f.Nodes = append(walked, f.Nodes...)
}

func showJourney(v *visit) error {
	f, _, err := readJourney(v)
	if err != nil {
		return err
	}
	return v.show("journey", f.ID, f)
}

// put writes the journey; a refusal is noted.
func (f *journeyForm) put(v *visit, body object) error {
	_, err := v.api.put(v.in(journeysAt, f.ID), body, v.form("rev"))
	_, f.Problem = v.refusedForm(err, nil)
	return err
}

func saveJourney(v *visit) error {
	f, body, err := readJourney(v)
	if err != nil {
		return err
	}
	wrong := read(allFields(f.Tabs), v.r.PostForm, body)
	if entry := v.form("entry"); entry != "" {
		body["entryNodeId"], f.Entry = entry, entry
	}
	nodes, _ := body["nodes"].(object)
	for i, n := range f.Nodes {
		o, _ := nodes[n.ID].(object)
		connections := object{}
		for j, out := range n.Outcomes {
			to := v.form("to." + n.ID + "." + out.ID)
			f.Nodes[i].Outcomes[j].To = to
			if to != "" {
				connections[out.ID] = to
			}
		}
		o["connections"] = connections
	}
	if wrong == 0 {
		err = f.put(v, body)
	}
	if wrong > 0 || f.Problem != "" {
		f.Rev = v.form("rev")
		return v.show("journey", f.ID, f)
	}
	if err != nil {
		return err
	}
	return v.goTo(address("journeys", f.ID), v.Say("The journey was saved. It holds from the next sign-in on."))
}

func makeDefault(v *visit) error {
	_, o, err := v.defaultJourney()
	if err != nil {
		return err
	}
	body := unwrapped(o)
	core, _ := body["core"].(object)
	core["orgConfig"] = v.vars["id"]
	if _, err := v.api.put(v.in("realm-config/authentication"), body, ""); err != nil {
		return err
	}
	return v.goTo(address("journeys", v.vars["id"]), v.Say("Who asks for no journey gets %s now.", v.vars["id"]))
}

func deleteJourney(v *visit) error {
	f, _, err := readJourney(v)
	if err != nil {
		return err
	}
	if v.form("confirm") != f.ID {
		f.Problem = v.Say("Nothing was deleted: the name that was typed is not %s.", f.ID)
		return v.show("journey", f.ID, f)
	}
	err = v.api.delete(v.in(journeysAt, f.ID))
	if f.Problem = refusal(err); f.Problem != "" {
		return v.show("journey", f.ID, f)
	}
	if err != nil {
		return err
	}
	return v.goTo("journeys", v.Say("The journey %s was deleted.", f.ID))
}

// JourneyAddress is where people sign in by a journey.
func (v *visit) JourneyAddress(name string) string {
	return v.place.Context + "/XUI/?" + url.Values{"realm": {v.realm()}, "service": {name}, "ForceAuth": {"true"}}.Encode()
}
