package ui

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

//go:embed texts
var textFiles embed.FS

// codes are the languages that there are texts in; the first is the one for everybody else.
var codes = []string{"en", "de"}

// Lang gives texts in a language. The zero value is English.
type Lang struct{ code string }

// catalogue holds the texts of texts/<area>.<language>.json by language and key.
var catalogue = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	files, err := textFiles.ReadDir("texts")
	if err != nil {
		panic(err) // embedded files can be read
	}
	for _, f := range files {
		area, code, _ := strings.Cut(strings.TrimSuffix(f.Name(), ".json"), ".")
		body, err := textFiles.ReadFile("texts/" + f.Name())
		if err != nil {
			panic(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(body, &texts); err != nil {
			panic(fmt.Sprintf("texts/%s: %v", f.Name(), err))
		}
		if all[code] == nil {
			all[code] = map[string]string{}
		}
		for key, text := range texts {
			if _, ok := all[code][key]; ok {
				panic(fmt.Sprintf("texts/%s.%s.json: %q is in another file too", area, code, key))
			}
			all[code][key] = text
		}
	}
	return all
})

// Languages are those that there are texts in.
func Languages() []Lang {
	list := make([]Lang, len(codes))
	for i, c := range codes {
		list[i] = Lang{c}
	}
	return list
}

// Code is the language's tag: "en", "de".
func (l Lang) Code() string {
	if l.code == "" {
		return codes[0]
	}
	return l.code
}

// T is the text of key. Pairs of names and values fill its places: T("hello", "name", "Ada") makes "Hello {name}"
// "Hello Ada". A value is text, not HTML. A key that there is not comes back in brackets, which tests look for.
func (l Lang) T(key string, pairs ...any) string {
	text, ok := catalogue()[l.Code()][key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	if len(pairs) == 0 {
		return text
	}
	fill := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		fill = append(fill, fmt.Sprintf("{%v}", pairs[i]), fmt.Sprint(pairs[i+1]))
	}
	return strings.NewReplacer(fill...).Replace(text)
}

// Has tells whether there is a text of key.
func (l Lang) Has(key string) bool {
	_, ok := catalogue()[l.Code()][key]
	return ok
}

// N is the text of key for a number: key.one for 1, else key.other; {n} is the number.
func (l Lang) N(key string, n int, pairs ...any) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return l.T(key+form, append([]any{"n", n}, pairs...)...)
}

var matcher = sync.OnceValue(func() language.Matcher {
	tags := make([]language.Tag, len(codes))
	for i, c := range codes {
		tags[i] = language.MustParse(c)
	}
	return language.NewMatcher(tags)
})

// RequestLang is the language that r asks for: "locale", then "ui_locales" (OpenID Connect Core §3.1.2.1) in the
// query, then what was chosen on a page before, then Accept-Language.
func RequestLang(r *http.Request) Lang {
	l, _ := requestLang(r)
	return l
}

func requestLang(r *http.Request) (l Lang, chosen bool) {
	q := r.URL.Query()
	for _, name := range []string{"locale", "ui_locales"} {
		if l, ok := Match(q.Get(name)); ok {
			return l, name == "locale"
		}
	}
	if c := cookieOf(r, "ui_lang", codes...); c != "" {
		return Lang{c}, false
	}
	accept := r.Header.Get("Accept-Language")
	if len(accept) > 500 {
		return Lang{}, false
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(tags) == 0 {
		return Lang{}, false
	}
	_, i, sure := matcher().Match(tags...)
	if sure == language.No {
		return Lang{}, false
	}
	return Lang{codes[i]}, false
}

// Match is the first language of a list of tags, as "ui_locales" and "locale" write them, that there are texts in.
func Match(list string) (Lang, bool) {
	if len(list) > 500 {
		return Lang{}, false
	}
	for _, word := range strings.FieldsFunc(list, func(c rune) bool { return c == ' ' || c == ',' }) {
		tag, err := language.Parse(strings.ReplaceAll(word, "_", "-"))
		if err != nil {
			continue
		}
		if _, i, sure := matcher().Match(tag); sure >= language.High {
			return Lang{codes[i]}, true
		}
	}
	return Lang{}, false
}
