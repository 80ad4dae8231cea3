package expr

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"reflect"
	"strings"
	"time"
)

// equal is the operator == (JSR 245 §1.8.2): numbers by value, with a boolean
// both as booleans, with a text both as texts, else by Java's equals.
func equal(x, y Value) (bool, error) {
	if x == nil || y == nil {
		return x == nil && y == nil, nil
	}
	if a, ok := x.(string); ok {
		if b, ok := y.(string); ok {
			return a == b, nil
		}
	}
	if isNumber(x) || isNumber(y) {
		n, err := compareNumbers(x, y)
		return n == 0 && err == nil, err
	}
	if isA[bool](x) || isA[bool](y) {
		a, err := boolean(x)
		if err != nil {
			return false, err
		}
		b, err := boolean(y)
		return a == b, err
	}
	if isA[string](x) || isA[string](y) {
		n, err := compareTexts(x, y)
		return n == 0 && err == nil, err
	}
	return same(x, y, 0), nil
}

// compare orders x and y (JSR 245 §1.8.1). ok is false when a side is null:
// then no order holds, except that null is both <= and >= null.
func compare(x, y Value) (order int, ok bool, err error) {
	if x == nil || y == nil {
		return 0, x == nil && y == nil, nil
	}
	if isNumber(x) || isNumber(y) {
		order, err = compareNumbers(x, y)
		return order, order != unordered, err
	}
	if isA[string](x) || isA[string](y) {
		order, err = compareTexts(x, y)
		return order, true, err
	}
	a, aok := instantOf(x)
	b, bok := instantOf(y)
	if aok && bok {
		return a.Compare(b), true, nil
	}
	return 0, false, failf("%s and %s have no order", kind(x), kind(y))
}

// unordered is the outcome of comparing with not-a-number.
const unordered = 2

func compareNumbers(x, y Value) (int, error) {
	a, err := toNumber(x)
	if err != nil {
		return 0, err
	}
	b, err := toNumber(y)
	if err != nil {
		return 0, err
	}
	if !a.decimal && !b.decimal {
		return cmp.Compare(a.i, b.i), nil
	}
	f, g := a.float(), b.float()
	if f != f || g != g {
		return unordered, nil
	}
	return cmp.Compare(f, g), nil
}

func compareTexts(x, y Value) (int, error) {
	a, err := Text(x)
	if err != nil {
		return 0, err
	}
	b, err := Text(y)
	if err != nil {
		return 0, err
	}
	return strings.Compare(a, b), nil
}

func isNumber(v Value) bool { _, ok := numberOf(v); return ok }

func isA[T any](v Value) bool { _, ok := v.(T); return ok }

func instantOf(v Value) (time.Time, bool) {
	switch v := v.(type) {
	case Instant:
		return v.Time, true
	case time.Time:
		return v, true
	}
	return time.Time{}, false
}

// same is Java's equals, as collections use it: no conversion between types,
// but 1 is 1 whatever Go type holds it.
func same(x, y Value, depth int) bool {
	if depth > maxValueDepth {
		return false
	}
	if x == nil || y == nil {
		return x == nil && y == nil
	}
	if a, ok := numberOf(x); ok {
		b, ok := numberOf(y)
		return ok && a.decimal == b.decimal && a.i == b.i && a.f == b.f
	}
	switch a := x.(type) {
	case string:
		b, ok := y.(string)
		return ok && a == b
	case []byte:
		b, ok := y.([]byte)
		return ok && bytes.Equal(a, b)
	case *x509.Certificate:
		b, ok := y.(*x509.Certificate)
		return ok && a.Equal(b)
	}
	if a, ok := instantOf(x); ok {
		b, ok := instantOf(y)
		return ok && a.Equal(b)
	}
	if a, ok := listOf(x); ok {
		b, ok := listOf(y)
		return ok && sameLists(a, b, depth+1)
	}
	if a, ok := plainMapOf(x); ok {
		b, ok := plainMapOf(y)
		return ok && sameMaps(a, b, depth+1)
	}
	if a, ok := x.(interface{ Equal(Value) bool }); ok {
		return a.Equal(y)
	}
	return identical(x, y)
}

func sameLists(a, b Sequence, depth int) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i := range a.Len() {
		if !same(a.At(i), b.At(i), depth) {
			return false
		}
	}
	return true
}

func sameMaps(a, b mapping, depth int) bool {
	if a.size() != b.size() {
		return false
	}
	for _, k := range a.keys() {
		v, _ := a.get(k)
		w, ok := b.get(k)
		if !ok || !same(v, w, depth) {
			return false
		}
	}
	return true
}

// identical compares host values without the panic of == on types that Go
// cannot compare.
func identical(x, y Value) bool {
	return reflect.TypeOf(x) == reflect.TypeOf(y) && reflect.ValueOf(x).Comparable() && x == y
}
