package rest

import "gatehouse/internal/javaregexp"

// like is "field eq pattern".
type like struct {
	comparison
	pattern *javaregexp.Regexp
}

// Matches tells whether the field is the text itself, or matches it as a regular expression.
func (m like) Matches(o Object) bool {
	if m.comparison.Matches(o) {
		return true
	}
	v, _ := lookup(o, m.field)
	text, ok := v.(string)
	if !ok {
		return false
	}
	ok, err := m.pattern.Match(text)
	return ok && err == nil
}

// patterned makes "eq" take regular expressions for the whole text, as PingAM has it in queries of policy sets and resource
// types; tools ask for names that are not one of its own by "^(?!…$).*".
func patterned(f Filter) (Filter, error) {
	switch f := f.(type) {
	case comparison:
		text, ok := f.value.(string)
		if f.op != "eq" || !ok {
			return f, nil
		}
		re, err := javaregexp.Compile(text)
		if err != nil {
			return nil, badRequest("Invalid query filter: %q is not a regular expression", text)
		}
		return like{f, re}, nil
	case negation:
		inner, err := patterned(f.Filter)
		return negation{inner}, err
	case all:
		list, err := patternedList(f)
		return all(list), err
	case some:
		list, err := patternedList(f)
		return some(list), err
	}
	return f, nil
}

func patternedList(list []Filter) ([]Filter, error) {
	out := make([]Filter, 0, len(list))
	for _, f := range list {
		p, err := patterned(f)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
