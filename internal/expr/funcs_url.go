package expr

var urlFunctions = []Function{
	formEncode("formEncodeParameterNameOrValue", "Encodes a name or value of a form: letters, digits and .-*_ stay, a space becomes +. Null stays null."),
	formEncode("urlEncode", "The same as formEncodeParameterNameOrValue."),
	formDecode("formDecodeParameterNameOrValue", "Decodes a name or value of a form; + is a space. Null stays null, broken encoding is an error."),
	formDecode("urlDecode", "The same as formDecodeParameterNameOrValue."),
	urlEncoder("urlEncodeFragment", "a fragment", keepFragment, []Example{
		{`urlEncodeFragment('a b/c?d')`, "a%20b/c?d"}, {`urlEncodeFragment('ü#')`, "%C3%BC%23"}, {`urlEncodeFragment(null)`, nil},
	}),
	urlEncoder("urlEncodePathElement", "one element of a path, so / and ? are encoded", keepPath, []Example{
		{`urlEncodePathElement('a b/c?d')`, "a%20b%2Fc%3Fd"}, {`urlEncodePathElement(null)`, nil},
	}),
	urlEncoder("urlEncodeQueryParameterNameOrValue", "a name or value in a query, so & = + are encoded", keepQuery, []Example{
		{`urlEncodeQueryParameterNameOrValue('a b&c=d/e?f+g')`, "a%20b%26c%3Dd/e?f%2Bg"},
		{`urlEncodeQueryParameterNameOrValue(null)`, nil},
	}),
	urlEncoder("urlEncodeUserInfo", "the user information", keepUserInfo, []Example{
		{`urlEncodeUserInfo('me@x:pw')`, "me%40x:pw"}, {`urlEncodeUserInfo(null)`, nil},
	}),
	urlDecoder("urlDecodeFragment", "a fragment", false, []Example{
		{`urlDecodeFragment('a%2Fb+c')`, "a/b+c"}, {`urlDecodeFragment(null)`, nil},
	}),
	urlDecoder("urlDecodePathElement", "an element of a path", false, []Example{
		{`urlDecodePathElement('a%2Fb+c')`, "a/b+c"}, {`urlDecodePathElement(null)`, nil},
	}),
	urlDecoder("urlDecodeQueryParameterNameOrValue", "a name or value of a query; + is a space", true, []Example{
		{`urlDecodeQueryParameterNameOrValue('%20%2B+')`, " + "}, {`urlDecodeQueryParameterNameOrValue(null)`, nil},
	}),
	urlDecoder("urlDecodeUserInfo", "the user information", false, []Example{
		{`urlDecodeUserInfo('me%40x:pw')`, "me@x:pw"}, {`urlDecodeUserInfo(null)`, nil},
	}),
}

func formEncode(name, doc string) Function {
	return Function{
		Name: name, Sig: "(text string) string", Doc: doc,
		Call: textToText(func(s string) string { return percentEncode(s, keepForm, true) }),
		Examples: []Example{
			{name + `('a b&c~')`, "a+b%26c%7E"}, {name + `('a b/c')`, "a+b%2Fc"}, {name + `(null)`, nil},
		},
	}
}

func formDecode(name, doc string) Function {
	return Function{
		Name: name, Sig: "(text string) string", Doc: doc, Call: decodeCall(true),
		Examples: []Example{
			{name + `('a+b%26c')`, "a b&c"}, {name + `('a%20b+c')`, "a b c"}, {name + `(null)`, nil},
		},
	}
}

func urlEncoder(name, of, keep string, examples []Example) Function {
	return Function{
		Name: name, Sig: "(text string) string", Examples: examples,
		Doc:  "Percent-encodes " + of + " of a URL (RFC 3986 §3). Kept are letters, digits and " + keep + ". Null stays null.",
		Call: textToText(func(s string) string { return percentEncode(s, keep, false) }),
	}
}

func urlDecoder(name, of string, plusIsSpace bool, examples []Example) Function {
	return Function{
		Name: name, Sig: "(text string) string", Examples: examples,
		Doc:  "Decodes the percent-encoding of " + of + " of a URL as UTF-8. Null stays null, broken encoding is an error.",
		Call: decodeCall(plusIsSpace),
	}
}

func decodeCall(plusIsSpace bool) func(Site, []Value) (Value, error) {
	return func(_ Site, args []Value) (Value, error) {
		text, ok := args[0].(string)
		if !ok {
			return nil, nil
		}
		plain, err := percentDecode(text, plusIsSpace)
		if err != nil {
			return nil, err
		}
		return plain, nil
	}
}
