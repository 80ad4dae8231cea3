package filters

import (
	"strings"

	"gatehouse/internal/gateway/chain"
)

// addParameter adds name=value to a query and leaves the rest as it is written.
func addParameter(u *chain.URI, name, value string) {
	pair := queryEscape(name) + "=" + queryEscape(value)
	if u.HasQuery && u.RawQuery != "" {
		pair = u.RawQuery + "&" + pair
	}
	u.RawQuery, u.HasQuery = pair, true
}

// takeParameter removes a parameter from a query and returns its last value.
func takeParameter(u *chain.URI, name string) (value string, found bool) {
	if !u.HasQuery || !strings.Contains(u.RawQuery, name) {
		return "", false
	}
	kept := make([]string, 0, 8)
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		n, v, _ := strings.Cut(pair, "=")
		if n == queryEscape(name) {
			value, found = v, true
			continue
		}
		kept = append(kept, pair)
	}
	if found {
		u.RawQuery = strings.Join(kept, "&")
		u.HasQuery = len(kept) > 0
	}
	return value, found
}
