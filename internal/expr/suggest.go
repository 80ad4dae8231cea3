package expr

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// didYouMean is a remark with the name in table nearest to wrong, or "".
func didYouMean(wrong string, table map[string]*Function) string {
	if len(wrong) > 64 {
		return ""
	}
	best, least := "", max(2, len(wrong)/3)+1
	for _, name := range slices.Sorted(maps.Keys(table)) {
		d := distance(strings.ToLower(wrong), strings.ToLower(name))
		if d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// distance is Levenshtein's, with a swap of neighbours as one step.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
