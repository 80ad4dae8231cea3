package journey

import (
	"errors"
	"fmt"

	"gatehouse/internal/observe"
)

// maxSteps bounds the nodes of one request: trees may have circles. maxDepth bounds trees in trees.
const (
	maxSteps = 500
	maxDepth = 16
)

var (
	errCircle   = fmt.Errorf("the journey goes in a circle: %w", observe.OverLimit("journey_steps"))
	errDeep     = fmt.Errorf("the journey has too many trees in trees: %w", observe.OverLimit("inner_journeys"))
	errNowhere  = errors.New("the journey comes to a node that there is not")
	errNotAsked = errors.New("the journey stands at a node that asks nothing")
	// ErrAnswers is the error for callbacks that are not those that were asked.
	ErrAnswers = errors.New("the callbacks are not those that were asked")
)

// End is how a request ends: with callbacks, or with success or failure.
type End struct {
	Asked   Result // with callbacks when the client is asked
	Success bool
}

// Start begins a tree. s has everything but Answers and NodeID.
func Start(s *Step, tree string) (End, error) {
	t, err := s.Source.Tree(s.Context(), s.Realm.Path, tree)
	if err != nil {
		return End{}, err
	}
	s.State.Path = []Place{{t.Name, t.Entry}}
	s.State.NoSession, s.State.MaxLife, s.State.MaxIdle, s.State.Minutes = t.NoSession, max(0, t.MaxLife), max(0, t.MaxIdle), min(max(0, t.Timeout), MaxTimeout)
	return run(s)
}

// Offer asks which of several trees to begin; Resume begins it. s is as for Start.
func Offer(s *Step, trees []string) End {
	s.State.Offered = trees
	asked := []Callback{Choice("Select an authentication service", trees, 0)}
	number(asked, false)
	s.State.Asked = asked
	return End{Asked: Result{Callbacks: asked}}
}

// Resume goes on where the state stands. answers are the callbacks as the client filled them in.
func Resume(s *Step, answers []Callback) (End, error) {
	if len(s.State.Path) == 0 && len(s.State.Offered) == 0 || len(s.State.Asked) == 0 {
		return End{}, errNotAsked
	}
	filled, err := fill(s.State.Asked, answers)
	if err != nil {
		return End{}, err
	}
	if offered := s.State.Offered; len(offered) > 0 {
		i, ok := filled[0].Chosen(len(offered))
		if !ok {
			return Offer(s, offered), nil
		}
		s.State.Asked, s.State.Offered = nil, nil
		return Start(s, offered[i])
	}
	s.Answers, s.State.Asked = filled, nil
	return run(s)
}

// Continue goes on where a journey waits, for whoever has its link.
func Continue(s *Step) (End, error) {
	if len(s.State.Path) == 0 {
		return End{}, errNotAsked
	}
	s.State.Asked, s.Resumed = nil, true
	return run(s)
}

// fill takes the values of what came back, and nothing else of it.
func fill(asked, answers []Callback) ([]Callback, error) {
	if len(answers) != len(asked) {
		return nil, ErrAnswers
	}
	out := make([]Callback, len(asked))
	for i, c := range asked {
		if answers[i].Type != c.Type {
			return nil, ErrAnswers
		}
		c.Input = append([]Field(nil), c.Input...)
		for k := range c.Input {
			if k < len(answers[i].Input) {
				c.Input[k].Value = answers[i].Input[k].Value
			}
		}
		out[i] = c
	}
	return out, nil
}

// run goes from node to node.
func run(s *Step) (End, error) {
	for range maxSteps {
		at := len(s.State.Path) - 1
		place := s.State.Path[at]
		if place.Node == Success || place.Node == Failure || place.Node == "" {
			ok := place.Node == Success
			if at == 0 {
				return End{Success: ok}, nil
			}
			// Back in the tree that this one is a node of.
			s.State.Path = s.State.Path[:at]
			if err := follow(s, outcomeOf(ok)); err != nil {
				return End{}, err
			}
			continue
		}
		tree, err := s.Source.Tree(s.Context(), s.Realm.Path, place.Tree)
		if err != nil {
			return End{}, err
		}
		link, ok := tree.Nodes[place.Node]
		if !ok {
			return End{}, fmt.Errorf("tree %s, node %s: %w", place.Tree, place.Node, errNowhere)
		}
		if link.Type == InnerTreeType {
			if err := enter(s, place.Node); err != nil {
				return End{}, err
			}
			continue
		}
		s.NodeID, s.Tree = place.Node, tree
		node, err := s.Source.node(s.Context(), s.Realm.Path, link.Type, place.Node)
		if err != nil {
			return End{}, fmt.Errorf("tree %s: %w", place.Tree, err)
		}
		result, err := node.Process(s)
		if err != nil {
			return End{}, fmt.Errorf("tree %s, node %s: %w", place.Tree, place.Node, err)
		}
		s.Answers, s.Resumed = nil, false
		if len(result.Callbacks) > 0 {
			number(result.Callbacks, result.page)
			s.State.Asked = result.Callbacks
			s.State.keep()
			return End{Asked: result}, nil
		}
		if err := follow(s, result.Outcome); err != nil {
			return End{}, err
		}
	}
	return End{}, errCircle
}

func outcomeOf(ok bool) string {
	if ok {
		return "true"
	}
	return "false"
}

// follow goes where the outcome of the present node leads. An outcome that leads nowhere is a failure.
func follow(s *Step, outcome string) error {
	at := len(s.State.Path) - 1
	place := s.State.Path[at]
	tree, err := s.Source.Tree(s.Context(), s.Realm.Path, place.Tree)
	if err != nil {
		return err
	}
	next, ok := tree.Nodes[place.Node].Connections[outcome]
	if !ok {
		return fmt.Errorf("tree %s, node %s: the outcome %q leads nowhere", place.Tree, place.Node, outcome)
	}
	s.State.Path[at].Node = next
	return nil
}

// InnerTreeType is the type of nodes that run a tree of their own.
const InnerTreeType = "InnerTreeEvaluatorNode"

// InnerTree runs another tree: its outcome is whether that one succeeds.
type InnerTree struct {
	Tree string `json:"tree"`
	// The name of an outcome for errors is in newer exports.
	DisplayErrorOutcome bool `json:"displayErrorOutcome"`
}

// Outcomes are true and false.
func (*InnerTree) Outcomes() []string { return []string{"true", "false"} }

// Process is never called: run enters the tree instead.
func (*InnerTree) Process(*Step) (Result, error) {
	return Result{}, errors.New("a tree cannot be part of a page")
}

func enter(s *Step, id string) error {
	if len(s.State.Path) >= maxDepth {
		return errDeep
	}
	n, err := s.Source.node(s.Context(), s.Realm.Path, InnerTreeType, id)
	if err != nil {
		return err
	}
	t, err := s.Source.Tree(s.Context(), s.Realm.Path, n.(*InnerTree).Tree)
	if err != nil {
		return err
	}
	if !t.IsEnabled() {
		return fmt.Errorf("tree %q: %w", t.Name, ErrNoTree)
	}
	s.State.Path = append(s.State.Path, Place{t.Name, t.Entry})
	return nil
}
