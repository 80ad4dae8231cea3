// Package policy decides who may do what with a resource. It knows policies, patterns of resources, subjects and
// conditions; where policies are kept and who asks is not its matter.
package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"gatehouse/internal/am/store"
)

// Forever is the ttl of a decision that has no end (PingAM: Long.MAX_VALUE).
const Forever = math.MaxInt64

// Subject is who a question is about. Several kinds may be known of one subject.
type Subject struct {
	// Session is the live session, nil when none was shown.
	Session *store.Session
	// Profile returns the values of an attribute of the session's user; nil: there is no profile.
	Profile func(attribute string) []string
	// Claims are those of a JWT, or given as they are.
	Claims []map[string]any
}

// Question asks about one resource.
type Question struct {
	Resource    string
	Subject     Subject
	Environment map[string][]string
	// Transactions are those of the subject; nil: it can authorize none.
	Transactions Transactions
	Now          time.Time
}

// Decision is the answer, as PingAM prints it.
type Decision struct {
	Resource   string              `json:"resource"`
	Actions    map[string]bool     `json:"actions"`
	Attributes map[string][]string `json:"attributes"`
	Advices    map[string][]string `json:"advices"`
	// TTL is until when the decision holds, in milliseconds since 1970.
	TTL int64 `json:"ttl"`
}

// Policy is a policy that was checked.
type Policy struct {
	Name       string
	Active     bool
	Resources  []string
	Actions    map[string]bool
	Attributes []Attribute
	patterns   []Pattern
	subject    subject
	condition  condition // nil: none
}

// Attribute is what a policy tells about the subject.
type Attribute struct {
	Type   string   `json:"type"` // "Static" or "User"
	Name   string   `json:"propertyName"`
	Values []string `json:"propertyValues"`
}

// Limits of one policy.
const (
	maxNodes     = 256
	maxNesting   = 16
	maxResources = 256
)

// ErrUnsupported is in the errors of conditions and subjects that this server cannot evaluate.
var ErrUnsupported = errors.New("not supported by this server")

// Parse checks a policy's document. Errors say what is wrong in it.
func Parse(body []byte) (*Policy, error) {
	var in struct {
		Name       string          `json:"name"`
		Active     bool            `json:"active"`
		Resources  []string        `json:"resources"`
		Actions    map[string]bool `json:"actionValues"`
		Subject    any             `json:"subject"`
		Condition  any             `json:"condition"`
		Attributes []Attribute     `json:"resourceAttributes"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, errors.New("a member has a value of the wrong kind")
	}
	p := &Policy{Name: in.Name, Active: in.Active, Resources: in.Resources, Actions: in.Actions, Attributes: in.Attributes}
	if len(in.Resources) == 0 || len(in.Resources) > maxResources {
		return nil, errors.New("resources: expected a list of resources")
	}
	for _, r := range in.Resources {
		pattern, err := ParsePattern(r)
		if err != nil {
			return nil, fmt.Errorf("resources: %w", err)
		}
		p.patterns = append(p.patterns, pattern)
	}
	for _, a := range in.Attributes {
		if a.Type != "Static" && a.Type != "User" || a.Name == "" {
			return nil, errors.New("resourceAttributes: expected the type Static or User, and a propertyName")
		}
	}
	reader := reader{}
	var err error
	// Nobody in particular is nobody at all.
	p.subject = none{}
	if in.Subject != nil {
		if p.subject, err = reader.subject(in.Subject, 0); err != nil {
			return nil, fmt.Errorf("subject: %w", err)
		}
	}
	if in.Condition != nil {
		if p.condition, err = reader.condition(in.Condition, 0); err != nil {
			return nil, fmt.Errorf("condition: %w", err)
		}
	}
	return p, nil
}

// Covers tells whether the policy speaks of the resource.
func (p *Policy) Covers(r Resource) bool {
	return slices.ContainsFunc(p.patterns, func(pattern Pattern) bool { return pattern.Matches(r) })
}

// Decide asks all policies. What one forbids is forbidden, whatever others say (PingAM: DenyOverride).
func Decide(policies []*Policy, q *Question) Decision {
	d := Decision{Resource: q.Resource, Actions: map[string]bool{}, Attributes: map[string][]string{}, Advices: map[string][]string{}, TTL: Forever}
	r := ParseResource(q.Resource)
	for _, p := range policies {
		if !p.Active || !p.Covers(r) || !p.subject.is(q) {
			continue
		}
		if p.condition != nil {
			found := p.condition.holds(q)
			if !found.until.IsZero() {
				d.TTL = min(d.TTL, found.until.UnixMilli())
			}
			if !found.ok {
				merge(d.Advices, found.advice)
				continue
			}
		}
		for action, allowed := range p.Actions {
			before, known := d.Actions[action]
			d.Actions[action] = allowed && (before || !known)
		}
		p.tell(q, d.Attributes)
	}
	if len(d.Advices) > 0 {
		d.TTL = 0 // the subject may follow the advice at any moment
	}
	return d
}

// Advise asks the conditions of all policies of the resource alone, whoever the subject is: what they advise, and
// whether there is such a policy at all.
func Advise(policies []*Policy, q *Question) (advices map[string][]string, ok bool) {
	advices = map[string][]string{}
	r := ParseResource(q.Resource)
	for _, p := range policies {
		if !p.Active || !p.Covers(r) {
			continue
		}
		ok = true
		if p.condition != nil {
			if found := p.condition.holds(q); !found.ok {
				merge(advices, found.advice)
			}
		}
	}
	return advices, ok
}

func (p *Policy) tell(q *Question, out map[string][]string) {
	for _, a := range p.Attributes {
		values := a.Values
		if a.Type == "User" {
			if values = nil; q.Subject.Profile != nil {
				values = q.Subject.Profile(a.Name)
			}
		}
		if len(values) > 0 {
			merge(out, map[string][]string{a.Name: values})
		}
	}
}

// merge adds what is not there yet.
func merge(to, from map[string][]string) {
	for name, values := range from {
		for _, v := range values {
			if !slices.Contains(to[name], v) {
				to[name] = append(to[name], v)
			}
		}
	}
}
