package oauth

import (
	"slices"
	"strings"
)

// SplitScope gives the scopes of a scope parameter without repetitions. Scopes are separated by spaces (RFC
// 6749 §3.3); anything that no scope may contain is refused.
func SplitScope(text string) ([]string, error) {
	var out []string
	for s := range strings.SplitSeq(text, " ") {
		if s == "" || slices.Contains(out, s) {
			continue
		}
		for _, c := range []byte(s) {
			if c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
				return nil, Refuse("invalid_scope", "Unknown/invalid scope(s)")
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// validScopes is the built-in validator: the client's defaults when nothing is asked for, else what is asked
// for, all of which the client must be allowed.
func validScopes(requested, defaults, allowed []string) ([]string, error) {
	if len(requested) == 0 {
		if len(defaults) == 0 {
			return nil, Refuse("invalid_scope", "No scope requested and no default scope configured")
		}
		return defaults, nil
	}
	var unknown []string
	for _, s := range requested {
		if !slices.Contains(allowed, s) {
			unknown = append(unknown, s)
		}
	}
	if len(unknown) > 0 {
		return nil, Refuse("invalid_scope", "Unknown/invalid scope(s): ["+strings.Join(unknown, ", ")+"]")
	}
	return requested, nil
}

// sortedScope joins scopes as introspection shows them.
func sortedScope(scopes []string) string {
	switch len(scopes) {
	case 0:
		return ""
	case 1:
		return scopes[0]
	}
	sorted := slices.Clone(scopes)
	slices.Sort(sorted)
	return strings.Join(sorted, " ")
}
