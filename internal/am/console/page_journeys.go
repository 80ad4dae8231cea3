package console

import (
	"cmp"
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
		for name, to := range connections { // of types that the server does not know
			if !slices.ContainsFunc(j.Outcomes, func(o outcome) bool { return o.ID == name }) {
				j.Outcomes = append(j.Outcomes, outcome{name, name, text(to)})
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

// addNode puts a node into the journey. All that comes out of it fails until it is connected.
func addNode(v *visit) error {
	f, body, err := readJourney(v)
	if err != nil {
		return err
	}
	f.Type, f.Name = v.form("type"), v.form("name")
	i := slices.IndexFunc(f.Types, func(o option) bool { return o.Value == f.Type })
	if i < 0 {
		return errNoPage
	}
	id := uuid.NewString()
	made, err := v.api.put(v.in(nodesAt, f.Type, id), object{}, "new")
	if err != nil {
		if f.refused(v, err, "type"); f.Problem != "" {
			return v.show("journey", f.ID, f)
		}
		return err
	}
	connections := object{}
	for _, o := range objects(made["_outcomes"]) {
		connections[text(o["id"])] = nodeFailure
	}
	nodes, ok := body["nodes"].(object)
	if !ok {
		nodes = object{}
		body["nodes"] = nodes
	}
	nodes[id] = object{"displayName": cmp.Or(f.Name, f.Types[i].Label), "nodeType": f.Type, "connections": connections}
	if err := f.put(v, body); err != nil {
		_ = v.api.delete(v.in(nodesAt, f.Type, id)) // nobody knows it
		if f.Problem != "" {
			return v.show("journey", f.ID, f)
		}
		return err
	}
	return v.goTo(address("journeys", f.ID, "nodes", f.Type, id), v.Say("The node was added. Give it its settings, then connect it on the page of the journey."))
}

// nodeForm is a node with its settings.
type nodeForm struct {
	problem
	Journey, ID, Type, Title, Name string
	// Inside tells that the node is part of a page, and goes with it.
	Inside bool
	Tabs   []*tab
	Rev    string
	Save   *call
}

func (f nodeForm) trouble() (string, []*field) { return f.Problem, errorsOf(f.Tabs) }

func readNode(v *visit) (*nodeForm, object, error) {
	journey, err := v.api.get(v.in(journeysAt, v.vars["id"]))
	if err != nil {
		return nil, nil, err
	}
	f := &nodeForm{Journey: v.vars["id"], ID: v.vars["node"], Type: v.vars["type"]}
	at := v.in(nodesAt, f.Type, f.ID)
	o, err := v.api.get(at)
	if err != nil {
		return nil, nil, err
	}
	schema, err := v.api.post(v.in(nodesAt, f.Type)+"?_action=schema", nil)
	if err != nil {
		return nil, nil, err
	}
	f.Title, f.Rev, f.Tabs = cmp.Or(text(schema["title"]), f.Type), text(o["_rev"]), tabsOf(schema)
	fill(f.Tabs, o)
	for _, t := range f.Tabs {
		t.Title = v.Say("Settings")
		t.Fields = slices.DeleteFunc(t.Fields, func(f *field) bool { return !plain(f.Value) }) // what is made of parts has no place in a field
	}
	nodes, _ := journey["nodes"].(object)
	n, inside := nodes[f.ID].(object)
	f.Inside, f.Name = !inside, text(n["displayName"])
	if err := v.nodeChoices(allFields(f.Tabs)); err != nil {
		return nil, nil, err
	}
	body := unwrapped(o)
	delete(body, "_outcomes")
	f.Save = v.wouldPut(at, body, f.Rev)
	return f, body, nil
}

// plain tells whether lines of text can hold the value.
func plain(value any) bool {
	switch value := value.(type) {
	case []any:
		return !slices.ContainsFunc(value, func(e any) bool { return !plain(e) || isComposed(e) })
	case object:
		for _, e := range value {
			if isComposed(e) {
				return false
			}
		}
	}
	return true
}

func isComposed(value any) bool {
	switch value.(type) {
	case []any, object:
		return true
	}
	return false
}

// nodeChoices gives fields of nodes what there is to choose: scripts that decide, and journeys.
func (v *visit) nodeChoices(fields []*field) error {
	for _, f := range fields {
		switch f.Key {
		case "script":
			scripts, err := v.api.all(v.in("scripts"), url.Values{"_fields": {"_id,name,context"}})
			if err != nil {
				return err
			}
			f.Options = []option{{Value: "", Label: v.Say("none chosen")}}
			for _, s := range scripts {
				context := text(s["context"])
				if context == "AUTHENTICATION_TREE_DECISION_NODE" || context == "SCRIPTED_DECISION_NODE" || strings.HasPrefix(context, "SOCIAL_IDP") || s["_id"] == f.Value {
					f.Options = append(f.Options, option{Value: text(s["_id"]), Label: text(s["name"])})
				}
			}
		case "tree":
			if err := v.treeChoices(f); err != nil {
				return err
			}
			f.Options[0] = option{Value: "", Label: v.Say("none chosen")}
		}
	}
	return nil
}

func showNode(v *visit) error {
	f, _, err := readNode(v)
	if err != nil {
		return err
	}
	return v.show("node", cmp.Or(f.Name, f.Title), f)
}

func saveNode(v *visit) error {
	f, body, err := readNode(v)
	if err != nil {
		return err
	}
	wrong := read(allFields(f.Tabs), v.r.PostForm, body)
	if wrong == 0 {
		_, err = v.api.put(v.in(nodesAt, f.Type, f.ID), body, v.form("rev"))
		wrong, f.Problem = v.refusedForm(err, f.Tabs)
	}
	if wrong > 0 || f.Problem != "" {
		f.Rev = v.form("rev")
		return v.show("node", cmp.Or(f.Name, f.Title), f)
	}
	if err != nil {
		return err
	}
	return v.goTo(address("journeys", f.Journey), v.Say("The settings of the node were saved."))
}

// removeNode takes a node out of the journey: what led to it fails.
func removeNode(v *visit) error {
	f, body, err := readJourney(v)
	if err != nil {
		return err
	}
	nodes, _ := body["nodes"].(object)
	n, ok := nodes[v.vars["node"]].(object)
	if !ok || n["nodeType"] != v.vars["type"] {
		return errNoPage
	}
	delete(nodes, v.vars["node"])
	if body["entryNodeId"] == v.vars["node"] {
		body["entryNodeId"] = nodeFailure
	}
	for _, other := range nodes {
		other, _ := other.(object)
		connections, _ := other["connections"].(object)
		for name, to := range connections {
			if to == v.vars["node"] {
				connections[name] = nodeFailure
			}
		}
	}
	if _, err := v.api.put(v.in(journeysAt, f.ID), body, f.Rev); err != nil {
		return err
	}
	if err := v.api.delete(v.in(nodesAt, v.vars["type"], v.vars["node"])); err != nil && statusOf(err) != http.StatusNotFound {
		return err
	}
	return v.goTo(address("journeys", f.ID), v.Say("The node was removed. What led to it fails now."))
}

// JourneyAddress is where people sign in by a journey.
func (v *visit) JourneyAddress(name string) string {
	return v.place.Context + "/XUI/?" + url.Values{"realm": {v.realm()}, "service": {name}, "ForceAuth": {"true"}}.Encode()
}
