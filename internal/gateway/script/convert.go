package script

import (
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"time"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/groovy"
)

// Objects of other packages show themselves to expressions by these methods; scripts
// see the same.
type (
	object   interface{ Get(name string) (any, bool) }
	keyed    interface{ Keys() []string }
	sequence interface {
		Len() int
		At(i int) any
	}
	caller interface {
		Call(method string, args []any) (any, error)
	}
)

// toScript gives what a script sees of a value of the chain, of an expression or of
// the heap.
func toScript(v any) groovy.Value {
	switch v := v.(type) {
	case nil, bool, string, int32, float64, []byte:
		return v
	case int64:
		return small(v)
	case int:
		return small(int64(v))
	case *sharedValue:
		return v.v
	case *sharedList:
		return v.v
	case groovy.Host:
		return v
	case *chain.Request:
		return request{v}
	case *chain.Response:
		return response{v}
	case *chain.URI:
		return uri{v}
	case chain.Status:
		return status{v}
	case chain.Contexts:
		return contexts{v.Leaf}
	case chain.Context:
		return contextHost{v}
	case chain.Session:
		return &session{v}
	case chain.Form:
		f := newForm()
		for _, k := range v.Keys() {
			f.m.Put(k, listOf(v[k]))
		}
		return f
	case Claims:
		m, _ := toScript(map[string]any(v)).(*groovy.Map)
		return &claims{m}
	case map[string]any:
		m := groovy.NewMap()
		for _, k := range sortedKeys(v) {
			m.Put(k, toScript(v[k]))
		}
		return m
	case []any:
		return listFrom(len(v), func(i int) any { return v[i] })
	case []string:
		return listOf(v)
	case error:
		return exceptionOf(v)
	case *x509.Certificate:
		return groovy.NewCertificate(v)
	case time.Time:
		return groovy.NewDate(v)
	case time.Duration:
		return groovy.NewDuration(v)
	case secrets.SecretStore:
		return provider{v}
	case expr.File:
		return localFile(v)
	case chain.Handler:
		return handler{h: v}
	case chain.Filter:
		return filter{v}
	case *groovy.Map, *groovy.List, *groovy.Set, *groovy.Closure, *groovy.Object:
		return v
	case sequence:
		return listFrom(v.Len(), v.At)
	case object:
		if k, ok := v.(keyed); ok {
			return &keyedHost{v, k}
		}
		return &objectHost{v}
	}
	return &objectHost{v}
}

// small makes a whole number the Integer that it is in the original where it fits.
func small(n int64) groovy.Value {
	if n >= math.MinInt32 && n <= math.MaxInt32 {
		return int32(n)
	}
	return n
}

func listFrom(n int, at func(int) any) *groovy.List {
	items := make([]groovy.Value, n)
	for i := range items {
		items[i] = toScript(at(i))
	}
	return groovy.NewList(items...)
}

// fromScript gives Go code what a script hands over: the Go value behind objects of
// the gateway, plain data otherwise.
func fromScript(v groovy.Value) any {
	switch v := v.(type) {
	case request:
		return v.r
	case response:
		return v.r
	case uri:
		return v.u
	case status:
		return v.Status
	case contextHost:
		return v.c
	case *session:
		return v.s
	case *keyedHost:
		return v.object
	case *objectHost:
		return v.v
	case handler:
		return v.h
	case filter:
		return v.f
	case provider:
		return v.store
	case localFile:
		return expr.File(v)
	case *jsonValue:
		return fromScript(v.v)
	}
	if p, err := plain(v); err == nil {
		return p
	}
	return &sharedValue{v}
}

// plain makes plain data of a value: nil, bool, int64, float64, string, []byte, []any,
// map[string]any. Other objects are an error, but for those that stand for data.
func plain(v groovy.Value) (any, error) { return new(walk).plain(v, 0) }

// walk bounds a way through the data of a script, which may contain itself, or one part
// so often that it has no end in practice.
type walk struct{ values int }

const (
	maxNesting = 100
	maxValues  = 1_000_000
)

func (w *walk) enter(depth int) error {
	if depth > maxNesting {
		return errors.New("it is nested too deeply")
	}
	if w.values++; w.values > maxValues {
		return errors.New("it has too many values")
	}
	return nil
}

func (w *walk) plain(v groovy.Value, depth int) (any, error) {
	if err := w.enter(depth); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case *jsonValue:
		return w.plain(v.v, depth+1)
	case *groovy.Map:
		m := make(map[string]any, v.Len())
		var err error
		v.Each(func(k, e groovy.Value) bool {
			m[text(k)], err = w.plain(e, depth+1)
			return err == nil
		})
		return m, err
	case table:
		return w.plain(copyOf(v), depth+1)
	case *header:
		return w.plain(listOf(v.list()), depth+1)
	case *sharedValue:
		return w.plain(v.v, depth+1)
	case uri, status, family, entity, *cookie, localFile:
		return groovy.ToString(v), nil
	case *groovy.Closure, *groovy.Object, *promise:
		return nil, fmt.Errorf("%s is no data", groovy.ToString(v))
	case groovy.Host:
		return nil, fmt.Errorf("an object of class %s is no data", v.GroovyClass().Name)
	}
	if items, many := elements(v); many {
		list := make([]any, len(items))
		for i, e := range items {
			var err error
			if list[i], err = w.plain(e, depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	if c, ok := groovy.CertificateOf(v); ok {
		return c, nil
	}
	switch g := groovy.ToGo(v).(type) {
	case nil, bool, int64, float64, string, []byte:
		return g, nil
	}
	return groovy.Text(v)
}
