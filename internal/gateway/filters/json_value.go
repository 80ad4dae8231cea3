package filters

import (
	"encoding/base64"
	"fmt"

	"gatehouse/internal/expr"
	"gatehouse/internal/observe"
)

// maxJSONDepth bounds nesting of what expressions yield.
const maxJSONDepth = 64

// jsonOf turns what expressions yield into what JSON can express: maps, lists, strings,
// numbers, booleans and nil. Anything else becomes its text.
func jsonOf(v any, depth int) (any, error) {
	if depth > maxJSONDepth {
		return nil, fmt.Errorf("the value is nested more than %d levels: %w", maxJSONDepth, observe.OverLimit("json_depth"))
	}
	switch v := v.(type) {
	case nil, bool, string, int, int32, int64, float64:
		return v, nil
	case []byte:
		return base64.StdEncoding.EncodeToString(v), nil
	case []string:
		return v, nil
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			var err error
			if list[i], err = jsonOf(e, depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			var err error
			if m[k], err = jsonOf(e, depth+1); err != nil {
				return nil, err
			}
		}
		return m, nil
	case map[string]string:
		return v, nil
	case expr.Sequence:
		list := make([]any, v.Len())
		for i := range list {
			var err error
			if list[i], err = jsonOf(v.At(i), depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	case expr.Keyed:
		return jsonOfKeyed(v, depth)
	}
	return expr.Text(v)
}

func jsonOfKeyed(v expr.Keyed, depth int) (any, error) {
	o, ok := v.(expr.Object)
	if !ok {
		return expr.Text(v)
	}
	m := map[string]any{}
	for _, k := range v.Keys() {
		e, _ := o.Get(k)
		var err error
		if m[k], err = jsonOf(e, depth+1); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// jsonObject is jsonOf where a map is needed; null members are left out.
func jsonObject(v any) (map[string]any, error) {
	plain, err := jsonOf(v, 0)
	if err != nil {
		return nil, err
	}
	m, ok := plain.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("expected a map, found a value of another type")
	}
	for k, e := range m {
		if e == nil {
			delete(m, k)
		}
	}
	return m, nil
}
