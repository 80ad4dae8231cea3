package audit

import (
	"strings"

	"gatehouse/internal/conf"
)

// Policy says what is written of events: a tree of field names, of which only marked
// ones are written, with all below them; a field that is excluded never is.
type Policy struct {
	included, excluded bool
	fold               bool // names below are compared without regard to case
	below              map[string]*Policy
}

func NewPolicy() *Policy { return &Policy{} }

// DefaultPolicy has what is written of a topic's events where nothing is configured. Its root is the event.
func DefaultPolicy(s *Schema) *Policy {
	p := NewPolicy()
	for _, f := range s.Safelist {
		p.include(f)
	}
	return p
}

// checkPointers reports what does not begin with a slash, or names nothing.
func checkPointers(list []string, errs *conf.Errors, at *conf.Node) {
	for _, p := range list {
		if len(p) < 2 || p[0] != '/' {
			errs.Add(at, "expected a pointer such as \"/access/http/request/headers/user-agent\", found %q", p)
		}
	}
}

// step returns the node of a name, made where missing.
func (p *Policy) step(pointer string) *Policy {
	for name := range strings.SplitSeq(strings.Trim(pointer, "/"), "/") {
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		next := p.below[name]
		if next == nil {
			next = &Policy{}
			if p.below == nil {
				p.below = map[string]*Policy{}
			}
			p.below[name] = next
		}
		p = next
	}
	return p
}

func (p *Policy) include(pointer string) { p.step(pointer).included = true }
func (p *Policy) exclude(pointer string) { p.step(pointer).excluded = true }

// ignoreCase makes the names below the pointer independent of case.
func (p *Policy) ignoreCase(pointer string) {
	n := p.step(pointer)
	n.fold = true
	folded := map[string]*Policy{}
	for name, below := range n.below {
		name = strings.ToLower(name)
		if same := folded[name]; same != nil {
			same.included, same.excluded = same.included || below.included, same.excluded || below.excluded
			continue
		}
		folded[name] = below
	}
	n.below = folded
}

// at returns the policy below a name; never nil.
func (p *Policy) at(name string) *Policy {
	if next := p.next(name); next != nil && !next.excluded {
		return next
	}
	return &Policy{}
}

func (p *Policy) next(name string) *Policy {
	if p == nil {
		return nil
	}
	if p.fold {
		name = strings.ToLower(name)
	}
	return p.below[name]
}

// Allows says whether the field at a path below p is written.
func (p *Policy) Allows(path ...string) bool {
	included := p.included
	for _, name := range path {
		if p = p.next(name); p == nil {
			return included
		}
		if p.excluded {
			return false
		}
		included = included || p.included
	}
	return included
}

// MayAllow says whether the field at the path, or some field below it, is written.
func (p *Policy) MayAllow(path ...string) bool {
	if p.Allows(path...) {
		return true
	}
	for _, name := range path {
		if p = p.next(name); p == nil || p.excluded {
			return false
		}
	}
	return p.anyIncluded()
}

func (p *Policy) anyIncluded() bool {
	if p.excluded {
		return false
	}
	for _, n := range p.below {
		if !n.excluded && (n.included || n.anyIncluded()) {
			return true
		}
	}
	return false
}

// Sub is the policy at a path, as if it were a root: it is included when something
// above it is.
func (p *Policy) Sub(path ...string) *Policy {
	included := p.included
	for _, name := range path {
		if p = p.next(name); p == nil {
			return &Policy{included: included}
		}
		if p.excluded {
			return &Policy{}
		}
		included = included || p.included
	}
	return &Policy{included: included, fold: p.fold, below: p.below}
}

// Filter returns the fields of an event that are written. The event is not changed.
func (p *Policy) Filter(event map[string]any) map[string]any { return p.pass(event, p.included) }

func (p *Policy) pass(m map[string]any, included bool) map[string]any {
	out := make(map[string]any, len(m))
	for name, v := range m {
		next := p.next(name)
		if next == nil {
			if included {
				out[name] = v
			}
			continue
		}
		if next.excluded {
			continue
		}
		here := included || next.included
		if sub, is := v.(map[string]any); is {
			if v := next.pass(sub, here); len(v) > 0 || here && len(sub) == 0 {
				out[name] = v
			}
		} else if here {
			out[name] = v
		}
	}
	return out
}
