// Package journey runs authentication trees: nodes that ask callbacks, decide, and change the state of a login, each
// leading to another by one of its outcomes, until one leads to success or failure (PingAM: authentication trees).
//
// A login between two requests is a State, which is sealed into what the client hands back; the server keeps nothing
// of it.
package journey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"gatehouse/internal/am/store"
)

// Nodes that every tree ends in (PingAM: static nodes).
const (
	Success = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
	Failure = "e301438c-0bd0-429c-ab0c-66126501069a"
)

// Kinds of documents of a realm.
const (
	KindTree = "tree"     // ID: the tree's name
	KindNode = "treenode" // ID: see NodeID
)

// NodeID is the ID under which a node's document is stored.
func NodeID(kind, id string) string { return kind + " " + id }

// Tree is a journey, in the form of the administration interface.
type Tree struct {
	Name string `json:"_id,omitempty"`
	// Entry is the ID of the first node.
	Entry    string          `json:"entryNodeId"`
	Nodes    map[string]Link `json:"nodes"`
	Enabled  *bool           `json:"enabled"`       // nil: true
	InnerOne bool            `json:"innerTreeOnly"` // it cannot be asked for by name
	// Transactional tells that it is for transactions alone (PingAM: transactional authentication trees).
	Transactional bool `json:"transactionalOnly,omitempty"`
	// MustRun trees are taken also by those who have a session that would do.
	MustRun bool `json:"mustRun"`
	// NoSession trees make no session.
	NoSession bool `json:"noSession,omitempty"`
	// Timeout is how long the client may take for an answer, MaxLife and MaxIdle are the times of the session, all in
	// minutes; 0: the default. Nodes may say otherwise.
	Timeout int `json:"treeTimeout,omitempty"`
	MaxLife int `json:"maximumSessionTime,omitempty"`
	MaxIdle int `json:"maximumIdleTime,omitempty"`
	// Identity is told to scripts that ask.
	Identity string `json:"identityResource,omitempty"`
}

// IsEnabled tells whether the tree may run.
func (t *Tree) IsEnabled() bool { return t.Enabled == nil || *t.Enabled }

// Link is a node's place in a tree.
type Link struct {
	DisplayName string `json:"displayName"`
	Type        string `json:"nodeType"`
	// Connections lead from outcomes to the IDs of nodes.
	Connections map[string]string `json:"connections"`
}

// ErrNoTree is the error for a tree that there is not, or that may not run.
var ErrNoTree = errors.New("there is no such tree")

// Source finds trees and nodes.
type Source struct {
	Docs  store.Docs
	Types []*Type
	// Shipped are the trees that every realm has until it has its own of that name.
	Shipped []Shipped
}

// Shipped is a tree with its nodes.
type Shipped struct {
	Tree  Tree
	Nodes map[string]json.RawMessage // by ID; what is not here has the type's defaults
}

// ShippedTree returns the shipped tree of that name.
func (s *Source) ShippedTree(name string) (*Shipped, bool) {
	for i := range s.Shipped {
		if s.Shipped[i].Tree.Name == name {
			return &s.Shipped[i], true
		}
	}
	return nil, false
}

// Tree returns the realm's tree, or ErrNoTree.
func (s *Source) Tree(ctx context.Context, realmPath, name string) (*Tree, error) {
	d, err := s.Docs.Get(ctx, realmPath, KindTree, name)
	if errors.Is(err, store.ErrNotFound) {
		if shipped, ok := s.ShippedTree(name); ok {
			return &shipped.Tree, nil
		}
		return nil, fmt.Errorf("tree %q: %w", name, ErrNoTree)
	}
	if err != nil {
		return nil, err
	}
	t := &Tree{}
	if err := json.Unmarshal(d.Body, t); err != nil {
		return nil, fmt.Errorf("tree %q: %w", name, err)
	}
	t.Name = name
	return t, nil
}

// Type returns the type of nodes with that ID.
func (s *Source) Type(id string) (*Type, bool) {
	for _, t := range s.Types {
		if t.ID == id {
			return t, true
		}
	}
	return nil, false
}

// NodeBody returns the stored configuration of a node, or that of a shipped one; store.ErrNotFound for none.
func (s *Source) NodeBody(ctx context.Context, realmPath, kind, id string) (json.RawMessage, error) {
	d, err := s.Docs.Get(ctx, realmPath, KindNode, NodeID(kind, id))
	if !errors.Is(err, store.ErrNotFound) {
		return d.Body, err
	}
	for _, shipped := range s.Shipped {
		if body, ok := shipped.Nodes[kind+" "+id]; ok {
			return body, nil
		}
		if link, ok := shipped.Tree.Nodes[id]; ok && link.Type == kind {
			return json.RawMessage("{}"), nil
		}
	}
	return nil, err
}

// node makes a node that can run.
func (s *Source) node(ctx context.Context, realmPath, kind, id string) (Node, error) {
	t, ok := s.Type(kind)
	if !ok {
		return nil, &Unsupported{Node: id, Type: kind}
	}
	body, err := s.NodeBody(ctx, realmPath, kind, id)
	if err != nil {
		return nil, fmt.Errorf("node %s %s: %w", kind, id, err)
	}
	n := t.New()
	if err := json.Unmarshal(body, n); err != nil {
		return nil, fmt.Errorf("node %s %s: %w", kind, id, err)
	}
	return n, nil
}

// Unsupported is the error of a journey that comes to a node of a type that this server does not have.
type Unsupported struct{ Node, Type string }

func (u *Unsupported) Error() string {
	return fmt.Sprintf("the node %s is a %s, a type that this server does not have", u.Node, u.Type)
}

// Text picks a text in one of the languages, which are in the order of preference; else the English one, else any.
func Text(texts map[string]string, languages []string) string {
	for _, l := range append(languages[:len(languages):len(languages)], "en", "en-US", "en-GB") {
		short, _, _ := strings.Cut(l, "-")
		for _, key := range []string{l, strings.ReplaceAll(l, "-", "_"), short} {
			if t, ok := texts[key]; ok && t != "" {
				return t
			}
		}
	}
	first, found := "", ""
	for l, t := range texts { // the least language, so that it is always the same
		if first == "" || l < first {
			first, found = l, t
		}
	}
	return found
}
