package groovy

import (
	"math"
	"sort"
)

// fromHost brings the shallow Go types a host may return into script types.
func fromHost(v any) Value {
	switch x := v.(type) {
	case nil, string, bool, int32, int64, float64, *Map, *List, *Object, *Closure:
		return v
	case int:
		if x >= math.MinInt32 && x <= math.MaxInt32 {
			return int32(x)
		}
		return int64(x)
	case uint8:
		return int32(x)
	case uint16:
		return int32(x)
	case uint32:
		return int64(x)
	case uint64:
		return int64(x)
	case uint:
		return int64(x)
	case []string:
		out := make([]Value, len(x))
		for i, s := range x {
			out[i] = s
		}
		return NewList(out...)
	case []any, map[string]any, map[string]string:
		return FromGo(x)
	}
	return v
}

func fromHosts(vs []Value) []Value {
	out := make([]Value, len(vs))
	for i, v := range vs {
		out[i] = fromHost(v)
	}
	return out
}

// FromGo turns plain Go data, such as decoded JSON, into script values, deeply.
// Go maps have no order; their keys come sorted. Other values pass unchanged.
func FromGo(v any) Value {
	switch x := v.(type) {
	case []any:
		out := make([]Value, len(x))
		for i, y := range x {
			out[i] = FromGo(y)
		}
		return NewList(out...)
	case map[string]any:
		m := NewMap()
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			m.Put(k, FromGo(x[k]))
		}
		return m
	case map[string]string:
		m := map[string]any{}
		for k, s := range x {
			m[k] = s
		}
		return FromGo(m)
	}
	return fromHost(v)
}

// ToGo turns script values into plain Go data, deeply: nil, bool, int64,
// float64, string, []byte, []any, map[string]any. BigDecimals become float64,
// BigIntegers beyond int64 text; anything else passes unchanged. Data nested
// more than 100 deep, as when it contains itself, ends there with nil, as does what
// follows a million values.
func ToGo(v Value) any {
	left := 1_000_000
	return toGo(v, 0, &left)
}

func toGo(v Value, depth int, left *int) any {
	if *left--; depth > 100 || *left < 0 {
		return nil
	}
	switch x := v.(type) {
	case *GString, Char:
		return ToString(x)
	case *Decimal:
		return x.float()
	case float32:
		return float64(x)
	case int32, int16, int8:
		n, _ := toInt64(x)
		return n
	case *List:
		return goSlice(x.Items(), depth, left)
	case *Set:
		return goSlice(x.Items(), depth, left)
	case *Range:
		return goSlice(x.items(nil), depth, left)
	case *Map:
		m := map[string]any{}
		for _, e := range x.entries() {
			m[ToString(e.key)] = toGo(e.val, depth+1, left)
		}
		return m
	}
	if isNumber(v) {
		if b := toBig(v); b.IsInt64() && level(v) == 3 {
			return b.Int64()
		} else if level(v) == 3 {
			return b.String()
		}
	}
	return v
}

func goSlice(items []Value, depth int, left *int) []any {
	out := make([]any, len(items))
	for i, y := range items {
		out[i] = toGo(y, depth+1, left)
	}
	return out
}
