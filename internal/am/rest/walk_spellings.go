package rest

import (
	"strings"

	"gatehouse/internal/am/store"
)

// walkSpellings walks to the objects whose IDs begin with span.Prefix in any case, where IDs are stored as they were
// written: from one spelling that there is to the next that there may be.
func (c *Call) walkSpellings(res *Resource, span store.Span, visit func(string, Object) (bool, error)) error {
	prefix, after := strings.ToLower(span.Prefix), span.After
	for at, again := "", true; again; {
		again = false
		target, ok := nextSpelling(prefix, at)
		if !ok {
			return nil
		}
		err := res.Walk(c, store.Span{After: max(after, justBefore(target)), Page: 50}, func(id string, o Object) (bool, error) {
			switch {
			case id < target:
				return true, nil
			case len(id) < len(prefix) || strings.ToLower(id[:len(prefix)]) != prefix:
				at, again = id, true
				return false, nil
			}
			return visit(id, o)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// justBefore is a text before s with little between them.
func justBefore(s string) string {
	last := len(s) - 1
	return s[:last] + string(rune(s[last]-1)) + "\U0010ffff"
}

// nextSpelling is the least text from a place on that begins with prefix, which is of ASCII and in lower case, in any
// case; false when there is none.
func nextSpelling(prefix, from string) (string, bool) {
	for i := range len(prefix) {
		if i == len(from) {
			return from + strings.ToUpper(prefix[i:]), true
		}
		lower, upper := prefix[i], strings.ToUpper(prefix[i : i+1])[0]
		if from[i] == lower || from[i] == upper {
			continue
		}
		// The last letter at which a greater one stands in its place.
		for ; i >= 0; i-- {
			for _, other := range []byte{strings.ToUpper(prefix[i : i+1])[0], prefix[i]} {
				if other > from[i] {
					return from[:i] + string(rune(other)) + strings.ToUpper(prefix[i+1:]), true
				}
			}
		}
		return "", false
	}
	return from, true
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}
