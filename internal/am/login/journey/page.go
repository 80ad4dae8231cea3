package journey

import (
	"fmt"
	"slices"
)

// Page shows the callbacks of several nodes at once (PingAM: Page node). Its outcome is that of the last one.
type Page struct {
	Nodes       []PageEntry       `json:"nodes"`
	Header      map[string]string `json:"pageHeader"`
	Description map[string]string `json:"pageDescription"`
	Stage       string            `json:"stage,omitempty"`

	last Node
}

// PageEntry is a node of a page.
type PageEntry struct {
	ID          string `json:"_id"`
	Type        string `json:"nodeType"`
	DisplayName string `json:"displayName"`
	// Version is of exports.
	Version string `json:"nodeVersion,omitempty"`
}

// Outcomes are those of the last node; one called "outcome" before it is known.
func (p *Page) Outcomes() []string {
	if p.last != nil {
		return p.last.Outcomes()
	}
	return []string{"outcome"}
}

// Resolve finds the last node, whose outcomes are the page's.
func (p *Page) Resolve(find func(kind, id string) (Node, error)) error {
	if len(p.Nodes) == 0 {
		return nil
	}
	last := p.Nodes[len(p.Nodes)-1]
	n, err := find(last.Type, last.ID)
	p.last = n
	return err
}

// Process asks the callbacks of all nodes, and then lets each look at its own.
func (p *Page) Process(s *Step) (Result, error) {
	answers, counts := s.Answers, s.State.Pages
	if answers == nil {
		s.State.Done, counts = nil, nil
	}
	s.State.Pages = nil
	outcome := "outcome"
	var asked []Callback
	var now []int
	for i, e := range p.Nodes {
		if slices.Contains(s.State.Done, e.ID) {
			now = append(now, 0)
			continue
		}
		if e.Type == InnerTreeType || e.Type == "PageNode" {
			return Result{}, fmt.Errorf("node %s: a %s cannot be part of a page", e.ID, e.Type)
		}
		n, err := s.Source.node(s.Context(), s.Realm.Path, e.Type, e.ID)
		if err != nil {
			return Result{}, err
		}
		inner := *s
		inner.NodeID, inner.Answers = e.ID, nil
		if i < len(counts) {
			if counts[i] > len(answers) {
				return Result{}, ErrAnswers
			}
			if counts[i] > 0 {
				inner.Answers = answers[:counts[i]]
			}
			answers = answers[counts[i]:]
		}
		r, err := n.Process(&inner)
		if err != nil {
			return Result{}, fmt.Errorf("node %s: %w", e.ID, err)
		}
		if r.Suspend != nil {
			return Result{}, fmt.Errorf("node %s: a %s cannot be part of a page", e.ID, e.Type)
		}
		if len(r.Callbacks) == 0 {
			outcome = r.Outcome
			s.State.Done = append(s.State.Done, e.ID)
		}
		asked = append(asked, r.Callbacks...)
		now = append(now, len(r.Callbacks))
	}
	if len(asked) > 0 {
		s.State.Pages = now
		return Result{
			Callbacks: asked, Stage: p.Stage, Header: Text(p.Header, s.Languages), Description: Text(p.Description, s.Languages), page: true,
		}, nil
	}
	s.State.Done = nil
	return To(outcome)
}
