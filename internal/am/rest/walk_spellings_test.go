package rest

import (
	"slices"
	"strings"
	"testing"
)

// words are all texts of up to most of the letters.
func words(letters string, most int) []string {
	list, longest := []string{""}, []string{""}
	for range most {
		var longer []string
		for _, w := range longest {
			for _, r := range letters {
				longer = append(longer, w+string(r))
			}
		}
		list, longest = append(list, longer...), longer
	}
	return list
}

// The next spelling is the least of all that are not before a place.
func TestNextSpelling(t *testing.T) {
	for _, prefix := range words("ab1_", 3)[1:] {
		spellings := []string{""}
		for _, r := range prefix {
			var longer []string
			for _, s := range spellings {
				longer = append(longer, s+string(r))
				if up := strings.ToUpper(string(r)); up != string(r) {
					longer = append(longer, s+up)
				}
			}
			spellings = longer
		}
		slices.Sort(spellings)
		for _, from := range words("AaB1b_~", 4) {
			want, found := "", false
			if len(from) >= len(prefix) && strings.ToLower(from[:len(prefix)]) == prefix {
				want, found = from, true
			}
			for _, s := range spellings {
				if !found && s >= from {
					want, found = s, true
				}
			}
			if got, ok := nextSpelling(prefix, from); got != want || ok != found {
				t.Fatalf("next of %q from %q = %q %t, want %q %t", prefix, from, got, ok, want, found)
			}
		}
	}
}
