package expr

// objectMethods are methods that every value has.
var objectMethods = []Function{
	{
		Name: "equals",
		Sig:  "(value any, other any) boolean",
		Doc:  "True if both are of the same type and equal.",
		Call: func(_ Site, args []Value) (Value, error) { return same(args[0], args[1], 0), nil },
		Examples: []Example{
			{`'a'.equals('a')`, true}, {`'1'.equals(1)`, false}, {`array('a').equals(array('a'))`, true},
		},
	},
	{
		Name: "toString",
		Sig:  "(value any) string",
		Doc:  "The text form.",
		Call: func(_ Site, args []Value) (Value, error) { return textValue(args[0]) },
		Examples: []Example{
			{`array('a','b').toString()`, "[a, b]"}, {`(1).toString()`, "1"},
		},
	},
}

var objectMethodTable = tableOf(objectMethods)

// Methods lists the methods that can be called on texts, lists, maps and all
// values, for the manual. The first parameter is the value before the dot.
func Methods() map[string][]Function {
	return map[string][]Function{
		"string": sorted(textMethodTable), "list": sorted(listMethodTable),
		"map": sorted(mapMethodTable), "any": sorted(objectMethodTable),
	}
}
