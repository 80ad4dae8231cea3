package script

import (
	"fmt"

	"gatehouse/internal/groovy"
)

type (
	methods = map[string]groovy.Method
	getters = map[string]func(groovy.Value) (groovy.Value, error)
	setters = map[string]func(this, v groovy.Value) error
)

const (
	illegalArgument = "java.lang.IllegalArgumentException"
	illegalState    = "java.lang.IllegalStateException"
	nullPointer     = "java.lang.NullPointerException"
	runtimeError    = "java.lang.RuntimeException"
	unsupported     = "java.lang.UnsupportedOperationException"
	uriSyntax       = "java.net.URISyntaxException"
	ioError         = "java.io.IOException"
)

// getter makes a property of hosts of type T.
func getter[T any](f func(T) groovy.Value) func(groovy.Value) (groovy.Value, error) {
	return func(this groovy.Value) (groovy.Value, error) {
		t, err := receiver[T](this)
		if err != nil {
			return nil, err
		}
		return f(t), nil
	}
}

// setter makes a property of hosts of type T writable.
func setter[T any](f func(T, groovy.Value) error) func(this, v groovy.Value) error {
	return func(this, v groovy.Value) error {
		t, err := receiver[T](this)
		if err != nil {
			return err
		}
		return f(t, v)
	}
}

// method makes a method of hosts of type T.
func method[T any](f func(T, *groovy.Call) (groovy.Value, error)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		t, err := receiver[T](c.This)
		if err != nil {
			return nil, err
		}
		return f(t, c)
	}
}

// fluent makes the method of a setter that returns its object, as builders do.
func fluent(set func(this, v groovy.Value) error) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		if err := c.Want(1, 1); err != nil {
			return nil, err
		}
		return c.This, set(c.This, c.Arg(0))
	}
}

// constant makes a static field.
func constant(v groovy.Value) func() groovy.Value { return func() groovy.Value { return v } }

// receiver fails where a script class that extends a class of ours calls inherited
// methods: such objects have no Go value behind them.
func receiver[T any](this groovy.Value) (T, error) {
	t, ok := this.(T)
	if !ok {
		return t, groovy.Throw(unsupported, "a method of the gateway was called on an object of another class")
	}
	return t, nil
}

// text is what a method that wants a string takes from a value; null is "".
func text(v groovy.Value) string {
	if v == nil {
		return ""
	}
	return groovy.ToString(v)
}

// isText says whether the value is a string or GString.
func isText(v groovy.Value) bool {
	switch v.(type) {
	case string, *groovy.GString:
		return true
	}
	return false
}

// whole reads a number as an int64.
func whole(v groovy.Value) (int64, bool) {
	switch n := groovy.ToGo(v).(type) {
	case int64:
		return n, true
	case float64:
		return int64(n), true
	}
	return 0, false
}

// badArgument is the exception of a method that got a value it cannot use.
func badArgument(format string, args ...any) error {
	return groovy.Throw(illegalArgument, "%s", fmt.Sprintf(format, args...))
}

// listOf makes a list of strings.
func listOf(texts []string) *groovy.List {
	items := make([]groovy.Value, len(texts))
	for i, s := range texts {
		items[i] = s
	}
	return groovy.NewList(items...)
}

// elements lists what a collection holds; ok is false for single values.
func elements(v groovy.Value) (items []groovy.Value, ok bool) {
	switch v := v.(type) {
	case *groovy.List:
		return v.Items(), true
	case *groovy.Set:
		return v.Items(), true
	case *groovy.Range:
		for _, x := range groovy.ToGo(v).([]any) {
			items = append(items, groovy.FromGo(x))
		}
		return items, true
	}
	return nil, false
}
