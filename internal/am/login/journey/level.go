package journey

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"gatehouse/internal/am/store"
)

// Raiser is a node that changes the authentication level.
type Raiser interface {
	// Raises tells by how much; it may be negative.
	Raises() int
}

// Reaching lists the realm's journeys that can be asked for and may come to an authentication level, by name.
func (s *Source) Reaching(ctx context.Context, realmPath string, level int) ([]string, error) {
	names := map[string]bool{}
	for _, shipped := range s.Shipped {
		names[shipped.Tree.Name] = true
	}
	docs, err := s.Docs.List(ctx, realmPath, KindTree)
	if err != nil {
		return nil, err
	}
	for _, d := range docs {
		names[d.ID] = true
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		t, err := s.Tree(ctx, realmPath, name)
		if err != nil {
			return nil, err
		}
		if !t.IsEnabled() || t.InnerOne || t.Transactional {
			continue
		}
		best, ok, err := s.highest(ctx, realmPath, t, 0)
		if err != nil {
			return nil, err
		}
		if ok && best >= level {
			list = append(list, name)
		}
	}
	return list, nil
}

// highest is the highest level that a tree can add on its way to success; false when it never gets there. What only a
// way in circles would add is not counted.
func (s *Source) highest(ctx context.Context, realmPath string, t *Tree, depth int) (int, bool, error) {
	type found struct {
		level int
		ok    bool
	}
	known, passing := map[string]found{}, map[string]bool{}
	var from func(id string) (found, error)
	from = func(id string) (found, error) {
		if id == Success {
			return found{ok: true}, nil
		}
		link, ok := t.Nodes[id]
		if !ok || passing[id] {
			return found{}, nil
		}
		if f, ok := known[id]; ok {
			return f, nil
		}
		passing[id] = true
		defer delete(passing, id)
		own, err := s.raisedBy(ctx, realmPath, link.Type, id, depth)
		if err != nil {
			return found{}, err
		}
		best := found{}
		for _, outcome := range slices.Sorted(maps.Keys(link.Connections)) {
			next, err := from(link.Connections[outcome])
			if err != nil {
				return found{}, err
			}
			if link.Type == InnerTreeType && outcome != outcomeOf(true) {
				next.level -= own // the other tree failed
			}
			if next.ok && (!best.ok || next.level > best.level) {
				best = next
			}
		}
		best.level += own
		known[id] = best
		return best, nil
	}
	f, err := from(t.Entry)
	return f.level, f.ok, err
}

// raisedBy is what one node adds: by itself, or by the tree that it runs. What cannot be read adds nothing.
func (s *Source) raisedBy(ctx context.Context, realmPath, kind, id string, depth int) (int, error) {
	kindOf, ok := s.Type(kind)
	if !ok {
		return 0, nil
	}
	if _, raises := kindOf.New().(Raiser); !raises && kind != InnerTreeType {
		return 0, nil
	}
	n, err := s.node(ctx, realmPath, kind, id)
	switch n := n.(type) {
	case Raiser:
		return n.Raises(), nil
	case *InnerTree:
		if depth >= maxDepth {
			return 0, nil
		}
		t, err := s.Tree(ctx, realmPath, n.Tree)
		if errors.Is(err, ErrNoTree) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		level, _, err := s.highest(ctx, realmPath, t, depth+1)
		return level, err
	}
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	return 0, fmt.Errorf("level of a journey: %w", err)
}
