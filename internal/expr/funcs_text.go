package expr

import "strings"

var textFunctions = []Function{
	{
		Name: "bool",
		Sig:  "(text string) boolean",
		Doc:  "True if text is \"true\" in any case. Null is false.",
		Call: func(_ Site, args []Value) (Value, error) {
			text, _ := args[0].(string)
			return strings.EqualFold(text, "true"), nil
		},
		Examples: []Example{{`bool('TRUE')`, true}, {`bool('yes')`, false}, {`bool(null)`, false}, {`bool(true)`, true}},
	},
	{
		Name: "indexOf",
		Sig:  "(text string, part string) integer",
		Doc:  "The position of the first occurrence of part in text, from 0. -1 if there is none or an argument is null.",
		Call: func(_ Site, args []Value) (Value, error) {
			text, ok := args[0].(string)
			part, ok2 := args[1].(string)
			if !ok || !ok2 {
				return int64(-1), nil
			}
			return int64(unitOffset(text, strings.Index(text, part))), nil
		},
		Examples: []Example{{`indexOf('abcabc','c')`, int64(2)}, {`indexOf('abc','x')`, int64(-1)}, {`indexOf(null,'x')`, int64(-1)}},
	},
	{
		Name: "toLowerCase",
		Sig:  "(text string) string",
		Doc:  "The text in lower case. Null stays null.",
		Call: textToText(lowerCase),
		Examples: []Example{
			{`toLowerCase('AbC')`, "abc"}, {`toLowerCase(null)`, nil},
		},
	},
	{
		Name: "toUpperCase",
		Sig:  "(text string) string",
		Doc:  "The text in upper case. Null stays null.",
		Call: textToText(upperCase),
		Examples: []Example{
			{`toUpperCase('get')`, "GET"}, {`toUpperCase('straße')`, "STRASSE"}, {`toUpperCase(null)`, nil},
		},
	},
	{
		Name: "toString",
		Sig:  "(value any) string",
		Doc:  "The text form of a value, lists as [a, b] and maps as {k=v, k2=v2}. Null stays null.",
		Call: func(_ Site, args []Value) (Value, error) {
			if args[0] == nil {
				return nil, nil
			}
			return textValue(args[0])
		},
		Examples: []Example{
			{`toString(42)`, "42"}, {`toString(1.0)`, "1.0"}, {`toString(array('a','b'))`, "[a, b]"}, {`toString(null)`, nil},
		},
	},
	{
		Name: "trim",
		Sig:  "(text string) string",
		Doc:  "The text without characters up to U+0020 at both ends. Null stays null.",
		Call: textToText(trim),
		Examples: []Example{
			{`trim('  a b ')`, "a b"}, {`trim(null)`, nil},
		},
	},
}

// textToText makes a Call of a function on one text that keeps null.
func textToText(f func(string) string) func(Site, []Value) (Value, error) {
	return func(_ Site, args []Value) (Value, error) {
		text, ok := args[0].(string)
		if !ok {
			return nil, nil
		}
		return f(text), nil
	}
}

// trim is String.trim: white space is whatever is not above U+0020.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
}
