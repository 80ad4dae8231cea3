package rest

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

const treesPath = "realm-config/authentication/authenticationtrees"

// trees are the journeys of a realm: its own, and the shipped ones that it has not changed.
type trees struct{ *Server }

func (s *Server) trees() []*Resource {
	v := trees{s}
	return []*Resource{
		{
			Path: treesPath, Actions: map[string]Action{
				"getAllTypes": {Do: func(*Call) (any, error) {
					return Object{"result": []Object{
						{"_id": "trees", "name": "Trees", "collection": true}, {"_id": "nodes", "name": "Nodes", "collection": true},
					}}, nil
				}},
			},
		},
		{
			Path: treesPath + "/trees", Query: v.query, Read: v.read, Create: v.create, Update: v.update, Delete: v.delete,
			Exists: "Unable to save config: Tree already exists",
			Actions: map[string]Action{
				"getAllTypes":     {Do: noResult},
				"template":        {Do: func(*Call) (any, error) { return printTree("", nil), nil }},
				"nextdescendents": {Do: func(c *Call) (any, error) { list, err := v.query(c); return Object{"result": list}, err }},
			},
		},
	}
}

func (v trees) query(c *Call) ([]Object, error) {
	docs, err := v.docs.List(c.Context(), c.realmPath(), journey.KindTree)
	if err != nil {
		return nil, err
	}
	byName := map[string]Object{}
	for _, t := range v.Login.Trees.Shipped {
		o, err := shippedTree(&t)
		if err != nil {
			return nil, err
		}
		byName[t.Tree.Name] = o
	}
	for _, d := range docs {
		o, err := decodeObject(d.Body)
		if err != nil {
			return nil, err
		}
		byName[d.ID] = printTree(d.ID, o)
	}
	list := []Object{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		list = append(list, byName[name])
	}
	return list, nil
}

func shippedTree(t *journey.Shipped) (Object, error) {
	o, err := plainObject(t.Tree)
	return printTree(t.Tree.Name, o), err
}

// printTree prints a tree with what it says nothing of.
func printTree(name string, stored Object) Object {
	o := Object{
		"uiConfig": Object{}, "nodes": Object{}, "entryNodeId": journey.Failure, "enabled": true, "mustRun": false, "innerTreeOnly": false,
		"staticNodes": Object{"startNode": Object{"x": 70, "y": 80}, journey.Success: Object{"x": 550, "y": 70}, journey.Failure: Object{"x": 550, "y": 180}},
	}
	maps.Copy(o, stored)
	if name != "" {
		o["_id"] = name
	}
	if nodes, ok := o["nodes"].(Object); ok {
		nodes = maps.Clone(nodes)
		for id, node := range nodes {
			nodes[id] = withVersion(node, "version")
		}
		o["nodes"] = nodes
	}
	return o
}

// withVersion is what names a node with the version of its type, by which tools of newer releases go to it.
func withVersion(node any, member string) any {
	o, ok := node.(Object)
	if !ok || o[member] != nil {
		return node
	}
	o = maps.Clone(o)
	o[member] = "1.0"
	return o
}

func (v trees) read(c *Call, id string) (Object, error) {
	d, err := c.get(journey.KindTree, id)
	if errors.Is(err, store.ErrNotFound) {
		if t, ok := v.Login.Trees.ShippedTree(id); ok {
			return shippedTree(t)
		}
	}
	if err != nil {
		return nil, err
	}
	o, err := decodeObject(d.Body)
	return printTree(id, o), err
}

func (v trees) create(c *Call, id string, body Object) (Object, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	if _, ok := v.Login.Trees.ShippedTree(id); ok {
		if _, err := c.get(journey.KindTree, id); errors.Is(err, store.ErrNotFound) {
			return nil, store.ErrConflict
		}
	}
	raw, err := v.check(c, id, body)
	if err != nil {
		return nil, err
	}
	if _, err := v.docs.Create(c.Context(), c.realmPath(), journey.KindTree, store.Doc{ID: id, Body: raw}); err != nil {
		return nil, err
	}
	o, err := decodeObject(raw)
	return printTree(id, o), err
}

func (v trees) update(c *Call, id string, body Object) (Object, error) {
	raw, err := v.check(c, id, body)
	if err != nil {
		return nil, err
	}
	if err := c.over(c.realmPath(), journey.KindTree, store.Doc{ID: id, Body: raw}); err != nil {
		return nil, err
	}
	o, err := decodeObject(raw)
	return printTree(id, o), err
}

// maxNodes bounds the nodes of a tree.
const maxNodes = 1000

// check finds mistakes in a tree before it is stored. Connections that lead nowhere are kept, as PingAM keeps them, with a
// warning: there are such trees in exports, and they fail where they come to them.
func (v trees) check(c *Call, id string, body Object) ([]byte, error) {
	o := openObject(body)
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	var t journey.Tree
	if err := json.Unmarshal(raw, &t); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return nil, badRequest("The tree could not be read: %s", wrong.Field).because(err)
		}
		return nil, badRequest("The tree could not be read").because(err)
	}
	if len(t.Nodes) > maxNodes {
		return nil, badRequest("The tree has too many nodes").because(observe.OverLimit("tree_nodes"))
	}
	known := func(node string) bool {
		_, ok := t.Nodes[node]
		return ok || node == journey.Success || node == journey.Failure
	}
	nowhere := func(what, to string) {
		v.Log.Warn("a journey leads to a node that it does not have: it fails there", "realm", c.realmPath(), "tree", id, "what", what, "to", to)
	}
	if t.Entry == "" {
		o["entryNodeId"] = journey.Failure
	} else if !known(t.Entry) {
		nowhere("the entry node", t.Entry)
	}
	for _, node := range slices.Sorted(maps.Keys(t.Nodes)) {
		link := t.Nodes[node]
		if link.Type == "" {
			return nil, badRequest("The node %s has no nodeType", node)
		}
		if _, ok := v.Login.Trees.Type(link.Type); !ok {
			v.Log.Warn("a journey has a node of a type that this server does not have: it fails where it comes to it",
				"realm", c.realmPath(), "tree", id, "node", node, "type", link.Type)
		}
		for _, outcome := range slices.Sorted(maps.Keys(link.Connections)) {
			if to := link.Connections[outcome]; to != "" && !known(to) {
				nowhere("the outcome "+outcome+" of the node "+node, to)
			}
		}
	}
	return json.Marshal(o)
}

// delete removes a tree. Its nodes stay, as clients remove them by themselves; a shipped tree is as it was shipped.
func (v trees) delete(c *Call, id string) (Object, error) {
	o, err := v.read(c, id)
	if err != nil {
		return nil, err
	}
	err = c.remove(c.realmPath(), journey.KindTree, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, refuse(http.StatusForbidden, "The tree %s is part of the server and cannot be removed", id)
	}
	return o, err
}
