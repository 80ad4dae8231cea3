package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
)

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
