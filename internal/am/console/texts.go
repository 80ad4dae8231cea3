package console

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
)

//go:embed texts.de.json
var germanTexts []byte

// german holds the German of the console's texts, by the English. Words that are the product's terms are the same in
// both languages and not in it.
var german = sync.OnceValue(func() map[string]string {
	var texts map[string]string
	if err := json.Unmarshal(germanTexts, &texts); err != nil {
		panic(err) // an embedded file, read by any test
	}
	return texts
})

// Say gives a text of the console in the person's language. args fill it as fmt.Sprintf does.
func (v *visit) Say(text string, args ...any) string {
	if v.lang.Code() == "de" {
		if t, ok := german()[text]; ok {
			text = t
		}
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}
