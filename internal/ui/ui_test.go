package ui

import (
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

var place = regexp.MustCompile(`\{\w+\}`)

// Every language has the same keys, and each text the same places to fill.
func TestTextsAreComplete(t *testing.T) {
	all := catalogue()
	if len(all) != len(codes) {
		t.Fatalf("texts in %d languages, want %v", len(all), codes)
	}
	for _, code := range codes {
		for key, text := range all[code] {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: %s is empty", code, key)
			}
			for _, other := range codes {
				theirs, ok := all[other][key]
				if !ok {
					t.Errorf("%s has no text %q", other, key)
					continue
				}
				a, b := place.FindAllString(text, -1), place.FindAllString(theirs, -1)
				slices.Sort(a)
				slices.Sort(b)
				if !slices.Equal(slices.Compact(a), slices.Compact(b)) {
					t.Errorf("%s: %s fills %v in %s and %v in %s", key, key, a, code, b, other)
				}
			}
		}
	}
}

var used = regexp.MustCompile(`\.(T|N)\(?\s?"([a-z0-9][\w.-]*[\w])"`)

// Every key that a page asks for is there.
func TestUsedTextsExist(t *testing.T) {
	found := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".html") && !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, ".go") && !strings.Contains(string(body), "gatehouse/internal/ui") {
			return nil
		}
		for _, m := range used.FindAllStringSubmatch(string(body), -1) {
			keys := []string{m[2]}
			if m[1] == "N" {
				keys = []string{m[2] + ".one", m[2] + ".other"}
			}
			for _, key := range keys {
				found++
				if !(Lang{}).Has(key) {
					t.Errorf("%s asks for the text %q, which there is not", path, key)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 10 {
		t.Errorf("found %d uses of texts: is the pattern right?", found)
	}
}

func TestTextsAreFilled(t *testing.T) {
	if got := (Lang{}).N("errors", 3); got != "3 things need your attention" {
		t.Errorf("N = %q", got)
	}
	if got := (Lang{"de"}).N("errors", 1); got != "Eine Angabe stimmt noch nicht" {
		t.Errorf("N = %q", got)
	}
	if got := (Lang{}).T("no.such"); got != "⟦no.such⟧" {
		t.Errorf("T = %q", got)
	}
}

func TestRequestLang(t *testing.T) {
	for _, c := range []struct{ query, cookie, accept, want string }{
		{"", "", "", "en"},
		{"", "", "de-CH, fr;q=0.9", "de"},
		{"", "", "fr, de;q=0.5, en;q=0.7", "en"},
		{"", "", "ja", "en"},
		{"", "de", "en", "de"},
		{"locale=en", "de", "de", "en"},
		{"locale=de_AT", "", "", "de"},
		{"ui_locales=fr+de+en", "", "en", "de"},
		{"ui_locales=fr", "", "de", "de"},
		{"locale=%00;", "../de", ";;;", "en"},
	} {
		r := httptest.NewRequest("GET", "/?"+c.query, nil)
		if c.cookie != "" {
			r.AddCookie(&http.Cookie{Name: "ui_lang", Value: c.cookie})
		}
		r.Header.Set("Accept-Language", c.accept)
		if got := RequestLang(r).Code(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestPolicy(t *testing.T) {
	const strict = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	if got := (Policy{}).String(); got != strict {
		t.Errorf("policy = %s", got)
	}
	got := Policy{Forms: []string{"https://app.example.com", "x; script-src *", "'unsafe-inline'"}}.String()
	if want := strings.Replace(strict, "form-action 'self'", "form-action 'self' https://app.example.com", 1); got != want {
		t.Errorf("policy = %s", got)
	}
}

func TestAssets(t *testing.T) {
	h := AssetHandler()
	for _, name := range []string{"ui.css", "ui.js", "htmx.js", "icon.svg"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/"+Asset(name), nil))
		if w.Code != 200 || w.Body.Len() == 0 || w.Header().Get("Content-Type") == "" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
	for _, path := range []string{"/", "/ui.css", "/ui-AAAA.css", "/../page.go"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// Whatever accent a realm takes, it can be read on the paper, and so can what stands on it.
func TestThemeSheet(t *testing.T) {
	colours := []string{"#fff", "#000000", "#ffff00", "#3451b2", "#0a0", "#808080"}
	for range 200 {
		colours = append(colours, color{uint8(rand.IntN(256)), uint8(rand.IntN(256)), uint8(rand.IntN(256))}.String())
	}
	values := regexp.MustCompile(`light-dark\((#\w{6}), (#\w{6})\)`)
	for _, accent := range colours {
		sheet, err := ThemeSheet(accent)
		if err != nil {
			t.Fatal(err)
		}
		m := values.FindAllStringSubmatch(sheet, -1)
		if len(m) != 2 {
			t.Fatalf("%s: %s", accent, sheet)
		}
		for i, paper := range []color{lightPaper, darkPaper} {
			c, _ := parseColor(m[0][i+1])
			on, _ := parseColor(m[1][i+1])
			if r := c.contrast(paper); r < 4.5 {
				t.Errorf("%s: %s on paper %s: %.2f", accent, c, paper, r)
			}
			if r := c.contrast(on); r < 4.5 {
				t.Errorf("%s: %s on %s: %.2f", accent, on, c, r)
			}
		}
	}
	for _, bad := range []string{"", "red", "#12", "#12345g", "#1234567", "#123;}*{x:y"} {
		if _, err := ThemeSheet(bad); err == nil {
			t.Errorf("%q is taken for a colour", bad)
		}
	}
}

func TestRender(t *testing.T) {
	set := MustParse(fstest.MapFS{
		"row.html": {Data: []byte(`{{define "row"}}<b>{{.}}</b>{{end}}`)},
		"one.html": {Data: []byte(`{{define "content"}}{{template "row" .Content}}{{.Content.Nothing}}{{end}}`)},
		"two.html": {Data: []byte(`{{define "content"}}{{template "part" .}}{{end}}{{define "part"}}<i>{{.Content}}</i>{{template "empty" (dict "Icon" "key" "Title" "None" "Text" "Nothing")}}{{end}}`)},
	}, ".")
	r := httptest.NewRequest("GET", "/x?locale=de&a=1", nil)
	r.AddCookie(&http.Cookie{Name: "ui_color", Value: "dark"})
	p := NewPage(r, "/assets/", "Titel <x>")
	p.Content = "<script>"
	p.Errors = []FieldError{{"a", "falsch"}, {"", "auch"}}
	p.Theme = &Theme{Name: "Acme", Logo: "https://cdn.example.com/logo.png", Sheet: "/theme.css"}
	p.Frame = &Frame{Home: "/", Realm: "alpha", Realms: []Link{{URL: "/a", Text: "alpha", Current: true}}, Crumbs: []Link{{Text: "Hier", Current: true}}, Search: "/s", Person: "demo", SignOut: "/out", Token: "t"}
	for _, layout := range []string{Card, Console} {
		w := httptest.NewRecorder()
		if err := set.Render(w, 200, layout, "two", p, Policy{}); err != nil {
			t.Fatal(err)
		}
		body := w.Body.String()
		for _, want := range []string{`<html lang="de" data-color="dark">`, "<i>&lt;script&gt;</i>", "2 Angaben stimmen", `href="#a"`, Asset("ui.css"), "Acme"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: no %q in\n%s", layout, want, body)
			}
		}
		for _, bad := range []string{"⟦", "<style", "style=", "onclick=", "<script>", "ZgotmplZ", "<no value>"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s: %q in\n%s", layout, bad, body)
			}
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "img-src 'self' data: https://cdn.example.com;") {
			t.Errorf("policy %s", csp)
		}
		if c := w.Result().Cookies(); len(c) != 1 || c[0].Name != "ui_lang" || c[0].Value != "de" {
			t.Errorf("cookies %v", c)
		}
	}
	w := httptest.NewRecorder()
	if err := set.Part(w, 200, "two", "part", p); err != nil || strings.Contains(w.Body.String(), "<html") {
		t.Errorf("part: %v %s", err, w.Body)
	}
	w = httptest.NewRecorder()
	if err := set.Render(w, 200, Card, "one", p, Policy{}); err == nil || w.Body.Len() > 0 {
		t.Errorf("a page that fails writes %q", w.Body)
	}
}

func TestLogoURL(t *testing.T) {
	for logo, want := range map[string]bool{"https://x/y.png": true, "data:image/png;base64,AA": true, "/a.png": true, "javascript:alert(1)": false, "data:text/html,x": false} {
		if got := (&Theme{Logo: logo}).LogoURL() != ""; got != want {
			t.Errorf("%s: %v", logo, got)
		}
	}
}
