package expr

import (
	"crypto/x509"
	"math"
	"strconv"
	"strings"
	"time"
)

// property is base.name for a base that is not null.
func property(env *Env, scope Scope, base Value, name string) (Value, error) {
	switch b := base.(type) {
	case map[string]any:
		return b[name], nil
	case Object:
		v, ok := b.Get(name)
		if _, isMap := base.(Keyed); !ok && !isMap {
			env.warn(scope, "an object has no property "+strconv.Quote(name), nil)
		}
		return v, nil
	case string:
		return stringProperty(env, scope, b, name), nil
	case *x509.Certificate:
		v, ok := certificateProperty(b, name)
		if !ok {
			env.warn(scope, "a certificate has no property "+strconv.Quote(name), nil)
		}
		return v, nil
	case time.Time:
		return property(env, scope, Instant{b}, name)
	}
	if m, ok := mapOf(base); ok {
		v, _ := m.get(name)
		return v, nil
	}
	if l, ok := listOf(base); ok {
		i, err := strconv.Atoi(name)
		if err != nil {
			return nil, failf("a list has no property %q", name)
		}
		return itemAt(l, i), nil
	}
	env.warn(scope, kind(base)+" has no property "+strconv.Quote(name), nil)
	return nil, nil
}

// stringProperty has the properties that java.lang.String has as a bean.
func stringProperty(env *Env, scope Scope, s, name string) Value {
	switch name {
	case "empty":
		return s == ""
	case "blank":
		return strings.TrimSpace(s) == ""
	case "bytes":
		return []byte(s)
	}
	env.warn(scope, "a string has no property "+strconv.Quote(name), nil)
	return nil
}

// element is base[key] for a base and a key that are not null.
func element(env *Env, scope Scope, base, key Value) (Value, error) {
	if name, ok := key.(string); ok {
		switch b := base.(type) {
		case map[string]any:
			return b[name], nil
		case Indexer:
			v, _ := b.Index(key)
			return v, nil
		}
		return property(env, scope, base, name)
	}
	if b, ok := base.(Indexer); ok {
		v, _ := b.Index(key)
		return v, nil
	}
	if l, ok := listOf(base); ok {
		i, err := position32(key)
		if err != nil {
			return nil, err
		}
		return itemAt(l, i), nil
	}
	name, err := Text(key)
	if err != nil {
		return nil, err
	}
	return property(env, scope, base, name)
}

// position32 is key as the index of a list.
func position32(key Value) (int, error) {
	n, err := toNumber(key)
	if err != nil {
		return 0, err
	}
	if n.decimal {
		n.i = int64(n.f)
	}
	if n.i < math.MinInt32 || n.i > math.MaxInt32 {
		return -1, nil
	}
	return int(n.i), nil
}

// itemAt is null outside of the list.
func itemAt(l Sequence, i int) Value {
	if i < 0 || i >= l.Len() {
		return nil
	}
	return l.At(i)
}
