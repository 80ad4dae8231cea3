package script

import (
	"sort"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

// attributes is the map of values that filters leave for those after them.
type attributes struct{ c *chain.AttributesContext }

func (attributes) GroovyClass() *groovy.Class { return attributesClass }

var attributesClass = tableClass(&groovy.Class{Name: "java.util.HashMap.Attributes"})

// at gives data of filters as an object that stays: what a script changes in it, later
// readers find changed.
func (a attributes) at(name string) (groovy.Value, bool) {
	v, ok := a.c.Map()[name]
	x := toScript(v)
	switch v.(type) {
	case map[string]any, []any:
		a.c.Map()[name] = shared(x)
	}
	return x, ok
}

// put keeps lists, maps and objects of scripts as they are, so that a later script
// finds the same object, in a form that expressions can read.
func (a attributes) put(name string, v groovy.Value) error {
	a.c.Map()[name] = shared(v)
	return nil
}

func (a attributes) remove(name string) error {
	delete(a.c.Map(), name)
	return nil
}

func (a attributes) keys() []string {
	names := make([]string, 0, len(a.c.Map()))
	for n := range a.c.Map() {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// session is the session of the user agent. Values go in and out as copies, because
// a session serves several requests at a time.
//
// Deviation: a list or map got from the session and changed must be stored again.
type session struct{ s chain.Session }

func (*session) GroovyClass() *groovy.Class { return sessionClass }

var sessionClass = tableClass(&groovy.Class{
	Name: "org.forgerock.http.session.Session",
	Equals: func(this, other groovy.Value) bool {
		o, ok := other.(*session)
		return ok && sameValue(this.(*session).s, o.s)
	},
	Methods: methods{"clear": method(func(s *session, _ *groovy.Call) (groovy.Value, error) {
		s.s.Clear()
		return nil, nil
	})},
})

func (s *session) at(name string) (groovy.Value, bool) {
	v, ok := s.s.Get(name)
	return toScript(v), ok && v != nil
}

func (s *session) put(name string, v groovy.Value) error {
	if v == nil {
		return s.remove(name)
	}
	p, err := plain(v)
	if err == nil {
		err = s.s.Set(name, p)
	}
	if err != nil {
		return badArgument("the session cannot hold the value of %s: %s", name, err)
	}
	return nil
}

func (s *session) remove(name string) error { return s.s.Set(name, nil) }
func (s *session) keys() []string           { return s.s.Keys() }
