package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/script"
	"gatehouse/internal/groovy"
)

// scriptCase is one measurement of the language of scripts.
type scriptCase struct {
	name string
	goal time.Duration
	run  func() error
}

// handlerSource is the script of the client-credentials guide.
const handlerSource = "request.uri.path = '/oauth2-protected-resource'\nreturn http.send(context, request);"

// loopSource adds 100,000 integers with a call of a closure each.
const loopSource = "def add = { a, b -> a + b }\nint n = 0\nfor (int i = 0; i < 100000; i++) { n = add(n, i) }\nreturn n"

// scripts measures the language and prints CPU time by case.
func scripts(length time.Duration) error {
	handler, err := handlerCase()
	if err != nil {
		return err
	}
	engine := groovy.New(groovy.Env{Classes: groovy.JDK()})
	loop, err := engine.Compile("loop.groovy", loopSource)
	if err != nil {
		return err
	}
	long := longScript()
	cases := []scriptCase{
		{"script of a handler, per request", 5 * time.Microsecond, handler},
		{"100,000 additions by a closure", 40 * time.Millisecond, func() error {
			_, err := loop.Run(context.Background(), nil)
			return err
		}},
		{fmt.Sprintf("compilation of %d lines", strings.Count(long, "\n")), 5 * time.Millisecond, func() error {
			_, err := engine.Compile("long.groovy", long)
			return err
		}},
	}
	w := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nscripts\tCPU\tgoal\t")
	for _, c := range cases {
		took, err := cpuOf(c.run, length)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		verdict := "met"
		if took > c.goal {
			verdict = "NOT MET"
		}
		fmt.Fprintf(w, "%s\t%s\t≤ %s\t%s\n", c.name, took.Round(10*time.Nanosecond), c.goal, verdict)
	}
	return w.Flush()
}

// cpuOf is the processor time of one call, garbage collection included.
func cpuOf(f func() error, length time.Duration) (time.Duration, error) {
	n := 0
	before, err := cpuTime(os.Getpid())
	if err != nil {
		return 0, err
	}
	start := time.Now()
	for time.Since(start) < length {
		if err := f(); err != nil {
			return 0, err
		}
		n++
	}
	after, err := cpuTime(os.Getpid())
	return (after - before) / time.Duration(n), err
}

// handlerCase loads the guide's handler as a route would; what it sends to answers at
// once, so that the script's own time remains.
func handlerCase() (func() error, error) {
	var errs conf.Errors
	source, err := json.Marshal(handlerSource)
	if err != nil {
		return nil, err
	}
	n, err := conf.Parse("bench", []byte(`{"name": "script", "type": "Script", "config": {"type": "application/x-groovy", "source": `+string(source)+`}}`))
	if err != nil {
		return nil, err
	}
	defaults, err := conf.Parse("defaults", []byte(`[{"name": "ClientHandler", "type": "ClientHandler"}]`))
	if err != nil {
		return nil, err
	}
	answer := chain.NewResponse(200)
	var made *script.Script
	types := []*heap.Type{
		heap.Define("Script", func(c *script.Config, env *heap.Env) (*script.Script, error) {
			s, err := script.Compile(env, c)
			made = s
			return s, err
		}),
		heap.Define("ClientHandler", func(*struct{}, *heap.Env) (chain.Handler, error) {
			return chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return answer, nil }), nil
		}),
	}
	h := heap.New(heap.Options{
		Name: "bench", Catalog: heap.NewCatalog(types), Bindings: heap.NewBindings(nil, nil), Errs: &errs, Defaults: defaults,
		Services: &heap.Services{Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now},
	})
	h.Resolve(h.Decoder(), n, "a script")
	if err := errs.Err(); err != nil || made == nil {
		return nil, errors.Join(err, errors.New("the script of the benchmark does not load"))
	}
	return func() error {
		r := chain.NewRequest()
		r.URI, _ = chain.ParseURI("http://ig.example.com:8080/client-credentials")
		x := chain.New(context.Background(), r, nil).Push(&chain.AttributesContext{})
		_, err := made.Handle(x)
		return err
	}, nil
}

// longScript is 500 lines of what scripts are made of.
func longScript() string {
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "def f%d(a, b = 2) {\n  def list = [1, 2, a].findAll { it > b }\n  if (list && a != null) { return \"r ${list.size()} of %d\" }\n  a?.foo(list, key: 'v') ?: [x: a, 'y z': b]\n}\n", i, i)
	}
	return b.String()
}
