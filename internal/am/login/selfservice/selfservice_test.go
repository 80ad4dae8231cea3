package selfservice

import (
	"encoding/json"
	"testing"
)

// What clients write as answers and configuration is refused or usable, and never a panic.
func FuzzSelfService(f *testing.F) {
	for _, s := range []string{defaultKBA, `[{"questionId":"1","answer":"a"},{"customQuestion":"b?","answer":"c"}]`, `[null]`, `{"active":"1","versions":[{"version":"1","termsTranslations":{"en":"x"}}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, id := range []string{ConfigKBA, ConfigTerms} {
			_ = Check(id, in)
		}
		if k, err := parseKBA(in); err == nil {
			for _, id := range k.IDs() {
				for _, text := range k.Questions[id] {
					if found := k.Find(text); found == "" {
						t.Errorf("%q is not found", text)
					}
				}
			}
		}
		var v any
		if json.Unmarshal(in, &v) != nil {
			return
		}
		list, err := ParseAnswers(v)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, a := range list {
			if seen[a.Key()] || a.Question == "" && a.Custom == "" {
				t.Errorf("a question twice, or none: %+v", list)
			}
			seen[a.Key()] = true
		}
	})
}
