package expr

import "gatehouse/internal/javaregexp"

var regexFunctions = []Function{
	findFunction("find", "True if regex occurs somewhere in text. A null text or a malformed regex is false."),
	findFunction("matches", "The old name of find. In spite of it, an occurrence anywhere is enough."),
	findGroupsFunction("findGroups", "The first occurrence of regex in text as a list: the whole, then each group, "+
		"null for a group that took no part. Null if there is none, text is null, or regex is malformed."),
	findGroupsFunction("matchingGroups", "The old name of findGroups."),
	{
		Name: "matchesWithRegex",
		Sig:  "(text string, regex regex) boolean",
		Doc:  "True if regex matches the whole of text. A null text or a malformed regex is false.",
		Call: func(site Site, args []Value) (Value, error) {
			return regexTestCall(site, args, (*javaregexp.Regexp).Match)
		},
		Examples: []Example{
			{`matchesWithRegex('abc','.b.')`, true}, {`matchesWithRegex('abc','b')`, false}, {`matchesWithRegex(null,'b')`, false},
		},
	},
	{
		Name: "keyMatch",
		Sig:  "(map map, regex regex) string",
		Doc:  "The first key of map that regex matches as a whole. Null if there is none, map is null, or regex is malformed.",
		Call: func(site Site, args []Value) (Value, error) {
			re := lenientRegexp(site, args[1])
			m, ok := mapOf(args[0])
			if !ok || re == nil {
				return nil, nil
			}
			for _, key := range m.keys() {
				found, err := re.Match(key)
				if err != nil {
					return nil, err
				}
				if found {
					return key, nil
				}
			}
			return nil, nil
		},
		Examples: []Example{
			{`keyMatch(toJson('{"a":1,"SESSION":2}'),'SESS.*')`, "SESSION"},
			{`keyMatch(toJson('{"a":1}'),'x')`, nil}, {`keyMatch(null,'x')`, nil},
		},
	},
	{
		Name: "split",
		Sig:  "(text string, regex regex) list",
		Doc: "The pieces of text between the occurrences of regex. Empty pieces at the end are dropped, at the " +
			"beginning kept. Null stays null.",
		Call: func(site Site, args []Value) (Value, error) {
			text, ok := args[0].(string)
			if !ok {
				return nil, nil
			}
			pattern, ok := args[1].(string)
			if !ok {
				return nil, failf("the regular expression is null")
			}
			re, err := site.regexp(pattern)
			if err != nil {
				return nil, err
			}
			return re.Split(text, 0)
		},
		Examples: []Example{
			{`split('a,b,,',',')`, []string{"a", "b"}}, {`split('a.b','.')`, []string{}},
			{`split('a.b','\\.')`, []string{"a", "b"}}, {`split('abc',',')`, []string{"abc"}}, {`split(null,',')`, nil},
		},
	},
}

func findFunction(name, doc string) Function {
	return Function{
		Name: name,
		Sig:  "(text string, regex regex) boolean",
		Doc:  doc,
		Call: func(site Site, args []Value) (Value, error) {
			return regexTestCall(site, args, (*javaregexp.Regexp).Find)
		},
		Examples: []Example{
			{name + `('/home/x','^/home')`, true}, {name + `('abc','^b')`, false},
			{name + `('abc','b')`, true}, {name + `(null,'b')`, false},
		},
	}
}

func findGroupsFunction(name, doc string) Function {
	return Function{
		Name: name,
		Sig:  "(text string, regex regex) list",
		Doc:  doc,
		Call: func(site Site, args []Value) (Value, error) {
			text, ok := args[0].(string)
			re := lenientRegexp(site, args[1])
			if !ok || re == nil {
				return nil, nil
			}
			groups, err := re.Submatches(text)
			if err != nil || groups == nil {
				return nil, err
			}
			return groups, nil
		},
		Examples: []Example{
			{name + `('user=bob;','user=(\\w+)')[1]`, "bob"}, {name + `('a','b')`, nil},
			{name + `('ac','(a)(b)?(c)')`, []any{"ac", "a", nil, "c"}}, {name + `(null,'b')`, nil},
		},
	}
}

// lenientRegexp is nil, with a warning, for a malformed pattern.
func lenientRegexp(site Site, pattern Value) *javaregexp.Regexp {
	src, ok := pattern.(string)
	if !ok {
		site.Warn("the regular expression is null")
		return nil
	}
	re, err := site.regexp(src)
	if err != nil {
		site.warnOf(err)
		return nil
	}
	return re
}

func regexTestCall(site Site, args []Value, test func(*javaregexp.Regexp, string) (bool, error)) (Value, error) {
	text, ok := args[0].(string)
	if !ok {
		return false, nil
	}
	re := lenientRegexp(site, args[1])
	if re == nil {
		return false, nil
	}
	found, err := test(re, text)
	if err != nil {
		return nil, err
	}
	return found, nil
}
