package expr

import "strings"

var listFunctions = []Function{
	{
		Name: "array",
		Sig:  "(texts string...) list",
		Doc:  "A list of the arguments.",
		Call: func(_ Site, args []Value) (Value, error) {
			return append([]any{}, args...), nil
		},
		Examples: []Example{{`array('a','b')[1]`, "b"}, {`length(array())`, int64(0)}, {`array('a',null,3)`, []any{"a", nil, "3"}}},
	},
	{
		Name: "contains",
		Sig:  "(in any, value any) boolean",
		Doc:  "True if a text has the other as a part, or a list has an element equal to value. Maps and null are false.",
		Call: func(_ Site, args []Value) (Value, error) {
			if text, ok := args[0].(string); ok {
				part, ok := args[1].(string)
				return ok && strings.Contains(text, part), nil
			}
			list, ok := listOf(args[0])
			return ok && indexIn(list, args[1]) >= 0, nil
		},
		Examples: []Example{
			{`contains('banana','nan')`, true}, {`contains(array('a','b'),'c')`, false}, {`contains(array('a','b'),'b')`, true},
			{`contains(null,'c')`, false}, {`contains('a1',1)`, false},
		},
	},
	{
		Name: "join",
		Sig:  "(values list, separator string) string",
		Doc: "The elements with separator in between. Null elements print as \"null\", a null separator is empty, " +
			"null values stay null.",
		Call: func(_ Site, args []Value) (Value, error) {
			list, ok := listOf(args[0])
			if !ok {
				return nil, nil
			}
			separator, _ := args[1].(string)
			var b textBuilder
			for i := range list.Len() {
				if i > 0 {
					if err := b.add(separator); err != nil {
						return nil, err
					}
				}
				if err := b.nested(list.At(i), 0); err != nil {
					return nil, err
				}
			}
			return b.String(), nil
		},
		Examples: []Example{
			{`join(array('a','b'),'-')`, "a-b"}, {`join(split('1,2',','),'')`, "12"}, {`join(array('a',null),null)`, "anull"},
			{`join(null,',')`, nil},
		},
	},
	{
		Name: "lastElement",
		Sig:  "(list list) any",
		Doc:  "The last element. Null when the list is empty or null.",
		Call: func(_ Site, args []Value) (Value, error) {
			list, ok := listOf(args[0])
			if !ok {
				return nil, nil
			}
			return itemAt(list, list.Len()-1), nil
		},
		Examples: []Example{
			{`lastElement(array('a','b'))`, "b"}, {`lastElement(split('10.0.0.1, 10.0.0.2',', *'))`, "10.0.0.2"},
			{`lastElement(array())`, nil}, {`lastElement(null)`, nil},
		},
	},
	{
		Name: "length",
		Sig:  "(value any) integer",
		Doc:  "The number of characters of a text (UTF-16 units), of elements of a list, of entries of a map; else 0.",
		Call: func(_ Site, args []Value) (Value, error) {
			switch v := args[0].(type) {
			case string:
				return int64(unitLen(v)), nil
			case []byte:
				return int64(len(v)), nil
			}
			if list, ok := listOf(args[0]); ok {
				return int64(list.Len()), nil
			}
			if m, ok := mapOf(args[0]); ok {
				return int64(m.size()), nil
			}
			return int64(0), nil
		},
		Examples: []Example{
			{`length('abc')`, int64(3)}, {`length(null)`, int64(0)}, {`length(array('a','b'))`, int64(2)},
			{`length(toJson('{"a":1}'))`, int64(1)}, {`length('😀')`, int64(2)}, {`length(12345)`, int64(0)},
		},
	},
}

// indexIn is the position of the first element that equals v, or -1.
func indexIn(list Sequence, v Value) int {
	for i := range list.Len() {
		if same(list.At(i), v, 0) {
			return i
		}
	}
	return -1
}
