package expr

// mapMethods are methods of java.util.Map; the first parameter is the map.
var mapMethods = []Function{
	mapMethod("containsKey", "(map map, key string) boolean", "True if there is an entry for key.",
		func(m mapping, args []Value) (Value, error) {
			key, ok := args[0].(string)
			if !ok {
				return false, nil
			}
			_, ok = m.get(key)
			return ok, nil
		}, Example{`toJson('{"a":1}').containsKey('a')`, true}),
	mapMethod("containsValue", "(map map, value any) boolean", "True if an entry has that value.",
		func(m mapping, args []Value) (Value, error) { return indexIn(values(m), args[0]) >= 0, nil },
		Example{`toJson('{"a":1}').containsValue(1)`, true}),
	mapMethod("get", "(map map, key string) any", "The value for key, null if there is none.",
		func(m mapping, args []Value) (Value, error) {
			key, ok := args[0].(string)
			if !ok {
				return nil, nil
			}
			v, _ := m.get(key)
			return v, nil
		}, Example{`toJson('{"a":1}').get('a')`, int64(1)}),
	mapMethod("getOrDefault", "(map map, key string, default any) any", "The value for key, default if there is no entry.",
		func(m mapping, args []Value) (Value, error) {
			if key, ok := args[0].(string); ok {
				if v, ok := m.get(key); ok {
					return v, nil
				}
			}
			return args[1], nil
		}, Example{`toJson('{}').getOrDefault('a', 'x')`, "x"}),
	mapMethod("isEmpty", "(map map) boolean", "True if there are no entries.",
		func(m mapping, _ []Value) (Value, error) { return m.size() == 0, nil },
		Example{`toJson('{}').isEmpty()`, true}),
	mapMethod("keySet", "(map map) list", "The keys.",
		func(m mapping, _ []Value) (Value, error) { return append([]string{}, m.keys()...), nil },
		Example{`toJson('{"a":1,"b":2}').keySet()`, []string{"a", "b"}}),
	mapMethod("size", "(map map) integer", "The number of entries.",
		func(m mapping, _ []Value) (Value, error) { return int64(m.size()), nil },
		Example{`toJson('{"a":1}').size()`, int64(1)}),
	mapMethod("values", "(map map) list", "The values, in the order of the keys.",
		func(m mapping, _ []Value) (Value, error) { return []any(values(m)), nil },
		Example{`toJson('{"a":1,"b":2}').values()`, []any{int64(1), int64(2)}}),
}

var mapMethodTable = tableOf(mapMethods)

func mapMethod(name, sig, doc string, call func(m mapping, args []Value) (Value, error), examples ...Example) Function {
	return Function{
		Name: name, Sig: sig, Doc: doc, Examples: examples,
		Call: func(_ Site, args []Value) (Value, error) {
			m, ok := mapOf(args[0])
			if !ok {
				return nil, failf("%s is not a map", kind(args[0]))
			}
			return call(m, args[1:])
		},
	}
}

func values(m mapping) anyList {
	list := anyList{}
	for _, k := range m.keys() {
		v, _ := m.get(k)
		list = append(list, v)
	}
	return list
}
