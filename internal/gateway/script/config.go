package script

import (
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/groovy"
)

// Config is what all scriptable types read.
type Config struct {
	// Type is the media type of the script, application/x-groovy.
	Type string `conf:"type,required"`
	// File is a script file: an absolute path, or one below the folder of scripts.
	File string `conf:"file"`
	// Source is the script itself, a string or a list of lines.
	Source Source `conf:"source"`
	// Args are variables of the script; their expressions can name heap objects as
	// ${heap['name']}.
	Args Args `conf:"args"`
	// ClientHandler sends what the script hands to http.
	ClientHandler heap.Ref[chain.Handler] `conf:"clientHandler,default=ClientHandler"`
}

// Source is the text of an inline script with the places that its lines come from.
type Source struct {
	text  string
	nodes []*conf.Node // by line
	set   bool
}

// UnmarshalConf reads a string or a list of lines as they are: a script's ${…} are its
// own.
func (s *Source) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	parts := []*conf.Node{n}
	if n.Kind == conf.List {
		parts = n.List
	}
	lines := make([]string, 0, len(parts))
	for _, p := range parts {
		if p.Kind != conf.String {
			d.Errs.Add(p, "expected a line of the script, found %s", p.Kind)
			return
		}
		lines = append(lines, p.Text)
		for range strings.Count(p.Text, "\n") + 1 {
			s.nodes = append(s.nodes, p)
		}
	}
	s.text, s.set = strings.Join(lines, "\n"), true
}

// DescribeConf names the kind of value.
func (*Source) DescribeConf() string { return "a script as a string or a list of lines" }

// at is the value that holds a line of the script, counted from 1.
func (s *Source) at(line int) *conf.Node {
	if line < 1 || line > len(s.nodes) {
		return nil
	}
	return s.nodes[line-1]
}

// Args are variables for a script, in the order of the text.
type Args struct {
	names  []string
	values []groovy.Value
}

// UnmarshalConf evaluates the values; in their expressions heap maps names to objects.
func (a *Args) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	if n.Kind != conf.Object {
		d.Errs.Add(n, "expected an object with the variables of the script, found %s", n.Kind)
		return
	}
	for _, f := range n.Fields {
		a.names = append(a.names, f.Name)
		a.values = append(a.values, argument(d, f.Value))
	}
}

// DescribeConf names the kind of value.
func (*Args) DescribeConf() string { return "an object" }

func argument(d *conf.Decoder, n *conf.Node) groovy.Value {
	switch n.Kind {
	case conf.Object:
		m := groovy.NewMap()
		for _, f := range n.Fields {
			m.Put(f.Name, argument(d, f.Value))
		}
		return m
	case conf.List:
		l := groovy.NewList()
		for _, e := range n.List {
			l.Add(argument(d, e))
		}
		return l
	case conf.String:
		if !expr.HasExpression(n.Text) {
			return toScript(unescaped(n.Text))
		}
		return evaluated(d, n)
	}
	return toScript(n.Plain())
}

// unescaped turns \${ into what it stands for.
func unescaped(s string) string {
	if !strings.Contains(s, `\${`) && !strings.Contains(s, `\#{`) {
		return s
	}
	t, err := expr.Compile(s, nil)
	if err != nil {
		return s
	}
	if out, ok := t.Text(nil); ok {
		return out
	}
	return s
}

func evaluated(d *conf.Decoder, n *conf.Node) groovy.Value {
	env := expr.Env{}
	if e, ok := d.Values[expr.EnvKey{}].(*expr.Env); ok {
		env = *e
	}
	vars := env.Vars
	env.Vars = func(name string) (any, bool) {
		if name == "heap" {
			return heapObjects{d, n}, true
		}
		if vars == nil {
			return nil, false
		}
		return vars(name)
	}
	t, err := expr.Compile(n.Text, &env)
	if err != nil {
		d.Errs.Add(n, "%s", err)
		return nil
	}
	return toScript(t.Eval(nil))
}

// heapObjects is the variable heap of args.
type heapObjects struct {
	d *conf.Decoder
	n *conf.Node
}

// Get returns an object of the heap; one that is not there is an error of the route.
// Clock is there without being declared.
func (h heapObjects) Get(name string) (any, bool) {
	if name == "Clock" && heap.From(h.d).Place(name) == nil {
		return &sharedValue{v: groovy.SystemClock()}, true
	}
	node, _ := h.n.At(name)
	v, _, ok := heap.From(h.d).Resolve(h.d, node, "an object")
	return v, ok
}
