package rest

import (
	"time"

	"github.com/dlclark/regexp2/v2"
)

// patternTime bounds one match: patterns are the caller's, and may be of the kind that takes for ever.
const patternTime = 50 * time.Millisecond

// like is "field eq pattern".
type like struct {
	comparison
	pattern *regexp2.Regexp
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
	ok, err := m.pattern.MatchString(text)
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
		re, err := regexp2.Compile(`\A(?:`+text+`)\z`, regexp2.None)
		if err != nil {
			return nil, badRequest("Invalid query filter: %q is not a regular expression", text)
		}
		re.MatchTimeout = patternTime
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
