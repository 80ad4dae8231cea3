package script

import (
	"gatehouse/internal/groovy"
)

// globals is the map that outlives the runs of one object. What belongs to one request
// is refused: a later run would use it together with the request's own goroutine.
type globals struct{ m *groovy.Map }

func newGlobals() *globals { return &globals{groovy.NewConcurrentMap()} }

func (*globals) GroovyClass() *groovy.Class { return globalsClass }

var globalsClass = makeGlobalsClass()

func makeGlobalsClass() *groovy.Class {
	c := tableClass(&groovy.Class{Name: "java.util.concurrent.ConcurrentHashMap.Globals",
		Implements: []string{"java.util.concurrent.ConcurrentMap"}})
	// Methods that compute and store in one step go to the map itself.
	for _, n := range changing {
		c.Methods[n] = method(func(g *globals, c *groovy.Call) (groovy.Value, error) {
			v, err := c.InvokeMethod(g.m, c.Name, c.Args...)
			if err != nil {
				return nil, err
			}
			return v, g.check()
		})
	}
	return c
}

func (g *globals) at(name string) (groovy.Value, bool) { return g.m.Get(name) }

func (g *globals) put(name string, v groovy.Value) error {
	if v == nil {
		return groovy.Throw(nullPointer, "globals takes no null values")
	}
	if err := lasting(v); err != nil {
		return err
	}
	g.m.Put(name, v)
	return nil
}

func (g *globals) remove(name string) error {
	g.m.Remove(name)
	return nil
}

func (g *globals) keys() []string {
	keys := g.m.Keys()
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = text(k)
	}
	return names
}

// check takes out what must not stay.
func (g *globals) check() error {
	var bad error
	g.m.Each(func(k, v groovy.Value) bool {
		if err := lasting(v); err != nil {
			g.m.Remove(k)
			bad = err
		}
		return true
	})
	return bad
}

// lasting refuses what does not outlive its request.
func lasting(v groovy.Value) error {
	class := ofRequest(v)
	if class == "" {
		return nil
	}
	return badArgument("globals outlives requests and cannot hold %s: keep what you need of it, as text or a map", class)
}

// ofRequest gives the class of an object that lives no longer than its request, found
// in the value or in collections within it. They may be deeper than Go's stack.
func ofRequest(v groovy.Value) string {
	todo := []groovy.Value{v}
	var seen map[groovy.Value]bool
	for len(todo) > 0 {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch v := v.(type) {
		case request, response, entity, headers, requestCookies, contextHost, contexts, attributes, *client, *promise:
			return "an object of class " + v.(groovy.Host).GroovyClass().Name
		case *header:
			if v.in != nil {
				return "an object of class " + headerClass.Name
			}
		case *jsonValue:
			todo = append(todo, v.v)
		case *groovy.Map, *groovy.List, *groovy.Set:
			if seen[v] {
				continue
			}
			if seen == nil {
				seen = map[groovy.Value]bool{}
			}
			seen[v] = true
			items, _ := elements(v)
			if m, ok := v.(*groovy.Map); ok {
				items = m.Values()
			}
			todo = append(todo, items...)
		}
	}
	return ""
}
