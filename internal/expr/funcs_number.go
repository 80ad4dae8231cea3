package expr

var numberFunctions = []Function{
	{
		Name: "integer",
		Sig:  "(text string) integer",
		Doc:  "A decimal 32-bit integer, a sign allowed, spaces not. Null, with a warning, when text is anything else.",
		Call: func(site Site, args []Value) (Value, error) {
			return parsed(site, args[0], 10)
		},
		Examples: []Example{
			{`integer('42')`, int64(42)}, {`integer('-7')`, int64(-7)}, {`integer('4.2')`, nil}, {`integer(' 1')`, nil},
			{`integer('2147483648')`, nil}, {`integer(null)`, nil},
		},
	},
	{
		Name: "integerWithRadix",
		Sig:  "(text string, radix integer) integer",
		Doc:  "The same as integer in a radix from 2 to 36.",
		Call: func(site Site, args []Value) (Value, error) {
			radix, ok := args[1].(int64)
			if !ok || radix < 2 || radix > 36 {
				site.Warn("the radix is not from 2 to 36")
				return nil, nil
			}
			return parsed(site, args[0], int(radix))
		},
		Examples: []Example{
			{`integerWithRadix('ff',16)`, int64(255)}, {`integerWithRadix('9',8)`, nil}, {`integerWithRadix('1',1)`, nil},
			{`integerWithRadix(null,8)`, nil},
		},
	},
}

func parsed(site Site, v Value, radix int) (Value, error) {
	text, ok := v.(string)
	if !ok {
		return nil, nil
	}
	n, err := parseInteger(text, radix, 32)
	if err != nil {
		site.Warn("the text is not a 32-bit integer")
		return nil, nil
	}
	return n, nil
}
