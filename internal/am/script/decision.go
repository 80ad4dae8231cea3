package script

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/groovy"
)

// DecisionInput is what a scripted decision of a journey may look at.
type DecisionInput struct {
	Realm   *realm.Realm
	Headers http.Header
	Params  map[string][]string
	Cookies []*http.Cookie
	// Shared, Transient and Secure are the state of the journey.
	Shared, Transient, Secure map[string]any
	// Answers are the callbacks that the script asked before; nil before it asked.
	Answers []Answer
	Session *store.Session
	// Find returns a user by name, or store.ErrNotFound.
	Find func(name string) (*realm.User, error)
	// Languages are those that the client likes, the best first.
	Languages []string
	// Journey is the tree that the node is in.
	Journey Journey
	// Suspend gives the link by which the journey goes on if it waits, and the ticket that is in the link; nil: it cannot wait.
	Suspend func() (link, ticket string, err error)
	// Resumed tells that the journey was suspended by the node, and that somebody had its link.
	Resumed bool
}

// Journey is a tree, as scripts are told of it.
type Journey struct {
	Name     string
	Identity string // its identity resource
	// Inner trees run in others only; MustRun trees also for who has a session.
	Inner, MustRun bool
}

// Answer is a callback that the client filled in. Prompt is the ID of a hidden value; Inputs are all that it has, the value
// the first.
type Answer struct {
	Type, Prompt, Value string
	Inputs              []string
}

// Field is what a callback shows, or takes: then the end of the input's name, and a preset.
type Field struct {
	Name  string
	Value any
}

// Question is a callback that a script asks.
type Question struct {
	Type, Prompt, Value string
	Choices             []string
	Number              int // the preset choice, the type of a message, milliseconds
	Data                any
	Track               bool // of a redirect: the sign-in page goes on when the browser is back
	// Output and Input are the whole callback, where nothing else but its type is set.
	Output, Input []Field
}

// Suspended is a journey that a script lets wait.
type Suspended struct {
	Text    string
	Minutes int // 0: as long as the realm says
	// Ticket is what Suspend gave.
	Ticket string
}

// Decision is what a scripted decision came to.
type Decision struct {
	Outcome                    string
	Ask                        []Question
	Stage, Header, Description string
	ErrorMessage               string
	// LockoutMessage is what is said when the account is locked, "" for the usual.
	LockoutMessage string
	// User or Agent is who the script found; "" for none.
	User, Agent string
	// Suspend lets the journey wait; nil: it goes on.
	Suspend                   *Suspended
	Properties                map[string]string // of the session to be
	MaxLife, MaxIdle          int               // its times in minutes; 0: as they are
	Shared, Transient, Secure map[string]any
}

// decision is the run of a scripted decision.
type decision struct {
	run                       *run
	in                        *DecisionInput
	shared, transient, secure *groovy.Map
	action                    *action
}

// Decide runs a script of the context AUTHENTICATION_TREE_DECISION_NODE or SCRIPTED_DECISION_NODE.
func (e *Engine) Decide(ctx context.Context, s *realm.Script, in *DecisionInput) (*Decision, error) {
	r, p, err := e.start(ctx, s, in.Realm)
	if err != nil {
		return nil, err
	}
	d := &decision{run: r, in: in, action: &action{}}
	d.shared, d.transient, d.secure = mapFromGo(in.Shared), mapFromGo(in.Transient), mapFromGo(in.Secure)
	r.out = map[string]groovy.Value{"outcome": nil, "action": nil}
	r.about = d
	var wait *Suspended
	r.later = append(r.later, func() (err error) {
		wait, err = d.chosen().suspension.take(r, in)
		return err
	})
	if _, err := r.execute(p, ofDecision, ""); err != nil {
		return nil, failure(s.Name, err)
	}
	out := &Decision{Properties: map[string]string{}}
	if v := r.out["outcome"]; v != nil {
		out.Outcome = text(v)
	}
	d.chosen().into(out)
	out.Suspend = wait
	if len(out.Ask) == 0 {
		out.Ask = d.action.asked
	}
	for _, m := range []struct {
		from *groovy.Map
		to   *map[string]any
	}{{d.shared, &out.Shared}, {d.transient, &out.Transient}, {d.secure, &out.Secure}} {
		if m.from.Len() == 0 {
			continue
		}
		data, err := plain(m.from)
		if err != nil {
			return nil, failure(s.Name, err)
		}
		*m.to = data.(map[string]any)
	}
	return out, nil
}

// chosen is the action that the script came to: its own of the older dialect, which the variable action has.
func (d *decision) chosen() *action {
	if a, ok := d.run.out["action"].(*action); ok {
		return a
	}
	return d.action
}

func mapFromGo(m map[string]any) *groovy.Map {
	raw, err := json.Marshal(m)
	if v, ok := decode(raw).(*groovy.Map); ok && err == nil {
		return v
	}
	return groovy.NewMap()
}

// ofDecision are the variables of scripted decisions.
var ofDecision = variablesOf(
	binding{"idRepository", of(func(r *run, d *decision) groovy.Value { return &idRepository{r, d.in.Find} })},
	binding{"nodeState", of(func(_ *run, d *decision) groovy.Value { return &nodeState{d} })},
	binding{"requestHeaders", of(func(_ *run, d *decision) groovy.Value { return headerMap{lists(lowered(d.in.Headers))} })},
	binding{"requestParameters", of(func(_ *run, d *decision) groovy.Value { return lists(d.in.Params) })},
	binding{"requestCookies", of(func(_ *run, d *decision) groovy.Value { return d.cookies() })},
	binding{"existingSession", of(func(_ *run, d *decision) groovy.Value { return d.session() })},
	binding{"resumedFromSuspend", of(func(_ *run, d *decision) groovy.Value { return d.in.Resumed })},
).newerHas(
	binding{"callbacks", of(func(_ *run, d *decision) groovy.Value { return &nextCallbacks{d} })},
	binding{"callbacksBuilder", of(func(_ *run, d *decision) groovy.Value { return &callbacksBuilder{d} })},
	binding{"action", of(func(_ *run, d *decision) groovy.Value { return d.action })},
	binding{"locales", of(func(_ *run, d *decision) groovy.Value { return &locales{d.in.Languages} })},
	// Journeys of this server are begun by no application of theirs.
	binding{"samlApplication", constant(nil)},
	binding{"oauthApplication", constant(nil)},
	binding{"cacheManager", func(r *run) groovy.Value { return &cacheManager{r} }},
	binding{"journey", of(func(_ *run, d *decision) groovy.Value { return &journeyOf{d.in.Journey} })},
).olderHas(
	binding{"sharedState", of(func(_ *run, d *decision) groovy.Value { return d.shared })},
	binding{"transientState", of(func(_ *run, d *decision) groovy.Value { return d.transient })},
	binding{"callbacks", of(func(_ *run, d *decision) groovy.Value {
		list := groovy.NewList()
		for _, a := range d.in.Answers {
			list.Add(&javaCallback{class: callbackClasses[a.Type], q: Question{Type: a.Type, Prompt: a.Prompt, Value: a.Value}})
		}
		return list
	})},
)

// lowered has the names in lower case, as scripts of journeys look them up.
func lowered(h http.Header) map[string][]string {
	out := make(map[string][]string, len(h))
	for name, values := range h {
		if !OpensAccounts(name) {
			out[strings.ToLower(name)] = values
		}
	}
	return out
}

func (d *decision) cookies() groovy.Value {
	out := groovy.NewMap()
	for _, c := range d.in.Cookies {
		if d.in.Session != nil && strings.Contains(c.Value, ".*AAJ") {
			continue // a session token
		}
		out.Put(c.Name, c.Value)
	}
	return out
}

// session is a map of properties. Without a session it is not there: scripts look at its type.
func (d *decision) session() groovy.Value {
	s := d.in.Session
	if s == nil {
		return undefined{}
	}
	out := groovy.NewMap()
	for _, name := range sessionProperties {
		if v := (&session{s, d.run, d.run.realmPath()}).property(name); v != nil {
			out.Put(name, v)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		out.Put(name, s.Properties[name])
	}
	return out
}

// nodeState is the state of the journey with its three parts.
type nodeState struct{ d *decision }

// GroovyClass is NodeState.
func (*nodeState) GroovyClass() *groovy.Class { return nodeStateClass }

var nodeStateClass = &groovy.Class{
	Name: "org.forgerock.openam.auth.node.api.NodeState",
	Methods: map[string]groovy.Method{
		"get": onState(1, func(d *decision, c *groovy.Call) (groovy.Value, error) {
			v, ok := d.find(text(c.Arg(0)))
			if !ok || v == nil {
				return nil, nil
			}
			if d.run.nextGen {
				return d.live(text(c.Arg(0)), v), nil
			}
			return &jsonValue{v}, nil
		}),
		"getObject": onState(1, func(d *decision, c *groovy.Call) (groovy.Value, error) {
			merged := groovy.NewMap()
			if _, ok := d.find(text(c.Arg(0))); !ok {
				return nil, nil
			}
			for _, m := range []*groovy.Map{d.shared, d.secure, d.transient} {
				if v, _ := m.Get(text(c.Arg(0))); v != nil {
					inner, ok := unwrapped(v).(*groovy.Map)
					if !ok {
						return nil, illegal("getObject: %s is no object", text(c.Arg(0)))
					}
					for _, k := range inner.Keys() {
						x, _ := inner.Get(k)
						merged.Put(k, x)
					}
				}
			}
			if d.run.nextGen {
				return merged, nil
			}
			return &jsonValue{merged}, nil
		}),
		"isDefined": onState(1, func(d *decision, c *groovy.Call) (groovy.Value, error) {
			_, ok := d.find(text(c.Arg(0)))
			return ok, nil
		}),
		"keys": onState(0, func(d *decision, _ *groovy.Call) (groovy.Value, error) {
			var names []string
			for _, m := range []*groovy.Map{d.shared, d.secure, d.transient} {
				for _, k := range m.Keys() {
					names = append(names, text(k))
				}
			}
			slices.Sort(names)
			return setOf(slices.Compact(names)), nil
		}),
		"remove": onState(1, func(d *decision, c *groovy.Call) (groovy.Value, error) {
			for _, m := range []*groovy.Map{d.shared, d.secure, d.transient} {
				m.Remove(text(c.Arg(0)))
			}
			return nil, nil
		}),
		"putShared":      onState(2, func(d *decision, c *groovy.Call) (groovy.Value, error) { return putState(d.shared, c) }),
		"putTransient":   onState(2, func(d *decision, c *groovy.Call) (groovy.Value, error) { return putState(d.transient, c) }),
		"mergeShared":    onState(1, func(d *decision, c *groovy.Call) (groovy.Value, error) { return mergeState(d.shared, c) }),
		"mergeTransient": onState(1, func(d *decision, c *groovy.Call) (groovy.Value, error) { return mergeState(d.transient, c) }),
	},
}

func (d *decision) find(name string) (groovy.Value, bool) {
	for _, m := range []*groovy.Map{d.transient, d.secure, d.shared} {
		if v, ok := m.Get(name); ok {
			return v, true
		}
	}
	return nil, false
}

func putState(m *groovy.Map, c *groovy.Call) (groovy.Value, error) {
	if m.Len() >= maxFields {
		return nil, illegal("the state has too many values")
	}
	m.Put(text(c.Arg(0)), unwrapped(c.Arg(1)))
	return c.This, nil
}

func mergeState(m *groovy.Map, c *groovy.Call) (groovy.Value, error) {
	from, ok := unwrapped(c.Arg(0)).(*groovy.Map)
	if !ok {
		return nil, wrong(c)
	}
	for _, k := range from.Keys() {
		v, _ := from.Get(k)
		v = unwrapped(v)
		if more, ok := v.(*groovy.Map); ok && text(k) == objectAttributes {
			if into, ok := had(m, k); ok {
				for _, name := range more.Keys() {
					x, _ := more.Get(name)
					into.Put(name, unwrapped(x))
				}
				continue
			}
		}
		m.Put(k, v)
	}
	return c.This, nil
}

func had(m *groovy.Map, key groovy.Value) (*groovy.Map, bool) {
	v, _ := m.Get(key)
	into, ok := unwrapped(v).(*groovy.Map)
	return into, ok
}

// objectAttributes is the part of the state that is merged, and that scripts change in place.
const objectAttributes = "objectAttributes"

// liveMap is a map that the newer dialect sees with Java's methods, and changes in place.
type liveMap struct{ m *groovy.Map }

func (d *decision) live(name string, v groovy.Value) groovy.Value {
	if m, ok := v.(*groovy.Map); ok && name == objectAttributes {
		return liveMap{m}
	}
	return v
}

func onState(n int, do func(*decision, *groovy.Call) (groovy.Value, error)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) != n {
			return nil, wrong(c)
		}
		return do(c.This.(*nodeState).d, c)
	}
}

// journeyOf is the binding journey.
type journeyOf struct{ Journey }

// GroovyClass is the binding's.
func (*journeyOf) GroovyClass() *groovy.Class { return journeyClass }

var journeyClass = &groovy.Class{
	Name: "org.forgerock.openam.auth.nodes.script.JourneyScriptWrapper",
	Methods: map[string]groovy.Method{
		"name":             ofJourney(func(j *journeyOf) groovy.Value { return j.Name }),
		"identityResource": ofJourney(func(j *journeyOf) groovy.Value { return orNull(j.Identity) }),
		"innerJourney":     ofJourney(func(j *journeyOf) groovy.Value { return j.Inner }),
		"mustRun":          ofJourney(func(j *journeyOf) groovy.Value { return j.MustRun }),
	},
}

func ofJourney(what func(*journeyOf) groovy.Value) groovy.Method {
	return withArgs(0, func(c *groovy.Call) (groovy.Value, error) { return what(c.This.(*journeyOf)), nil })
}
