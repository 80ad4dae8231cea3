package ui

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed layouts
var layoutFiles embed.FS

// Layouts that a page can be shown in.
const (
	Card    = "card"  // one thing to do, for end users
	Console = "frame" // administrators' pages: navigation, bar, content
	parts   = "layouts/*.html"
)

// Set is a number of pages. It is safe for concurrent use.
type Set struct {
	pages func() map[string]*template.Template
}

// Parse reads the pages of a folder: each file defines "content", and any other part that is rendered alone; files
// without it define what all pages of the folder share. A page is named by its file without ".html". Templates have
// the functions of Funcs; they get a *Page.
func Parse(fsys fs.FS, dir string) (*Set, error) {
	shared, err := template.New("").Funcs(Funcs()).ParseFS(layoutFiles, parts)
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(fsys, path.Join(dir, "*.html"))
	if err != nil {
		return nil, err
	}
	var pages []string
	for _, f := range files {
		body, err := fs.ReadFile(fsys, f)
		if err != nil {
			return nil, err
		}
		if bytes.Contains(body, []byte(`{{define "content"}}`)) {
			pages = append(pages, f)
			continue
		}
		if shared, err = shared.ParseFS(fsys, f); err != nil {
			return nil, err
		}
	}
	set := map[string]*template.Template{}
	for _, f := range pages {
		t, err := shared.Clone()
		if err != nil {
			return nil, err
		}
		if t, err = t.ParseFS(fsys, f); err != nil {
			return nil, err
		}
		set[strings.TrimSuffix(path.Base(f), ".html")] = t
	}
	return &Set{pages: func() map[string]*template.Template { return set }}, nil
}

// MustParse is Parse for folders that are embedded: what is wrong with them is found by any test. It is put off until a
// page is asked for, because a server that answers programs alone never needs it, and it is half of a start.
func MustParse(fsys fs.FS, dir string) *Set {
	return &Set{pages: sync.OnceValue(func() map[string]*template.Template {
		s, err := Parse(fsys, dir)
		if err != nil {
			panic(err)
		}
		return s.pages()
	})}
}

// Render writes a page in a layout, with the headers that every page has. Nothing is written when it fails.
func (s *Set) Render(w http.ResponseWriter, status int, layout, name string, p *Page, policy Policy) error {
	if p.Theme != nil {
		policy.Images = append(policy.Images[:len(policy.Images):len(policy.Images)], p.Theme.logoOrigin()...)
	}
	if p.choose != "" {
		http.SetCookie(w, &http.Cookie{Name: "ui_lang", Value: p.choose, Path: "/", MaxAge: 31536000, SameSite: http.SameSiteLaxMode, HttpOnly: true, Secure: w.Header().Get("Strict-Transport-Security") != ""})
	}
	return s.write(w, status, name, layout, p, policy)
}

// Part writes a part of a page, for htmx to put in its place.
func (s *Set) Part(w http.ResponseWriter, status int, name, part string, p *Page) error {
	return s.write(w, status, name, part, p, Policy{})
}

func (s *Set) write(w http.ResponseWriter, status int, name, part string, p *Page, policy Policy) error {
	t := s.pages()[name]
	if t == nil {
		return fmt.Errorf("there is no page %q", name)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, part, p); err != nil {
		return fmt.Errorf("page %q: %w", name, err)
	}
	h := w.Header()
	Protect(h, policy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", p.Code())
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the browser is gone; nobody is left to tell
	return nil
}

// Funcs are the functions of templates: "icon NAME" is a picture; "dict KEY VALUE …" makes what a component takes;
// "time T" is a moment, which the browser shows in its reader's zone; "seconds T" one to
// the second; "dotted NAME" is a name that breaks after its dots and slashes.
func Funcs() template.FuncMap {
	return template.FuncMap{"icon": icon, "dict": dict, "time": moment, "seconds": instant, "dotted": dotted}
}

var breaks = strings.NewReplacer(".", ".<wbr>", "/", "/<wbr>")

func dotted(name string) template.HTML {
	return template.HTML(breaks.Replace(template.HTMLEscapeString(name))) //nolint:gosec // escaped
}

func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: a key without a value")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: the key %v is no text", pairs[i])
		}
		m[key] = pairs[i+1]
	}
	return m, nil
}

func moment(t time.Time) template.HTML {
	t = t.UTC()
	return template.HTML(`<time datetime="` + t.Format(time.RFC3339) + `">` + t.Format("2006-01-02 15:04") + ` UTC</time>`) //nolint:gosec // made of digits
}

func instant(t time.Time) template.HTML {
	t = t.UTC()
	return template.HTML(`<time datetime="` + t.Format(time.RFC3339) + `" data-seconds>` + t.Format("2006-01-02 15:04:05") + ` UTC</time>`) //nolint:gosec // made of digits
}
