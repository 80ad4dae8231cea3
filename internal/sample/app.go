// Package sample is a small application to protect: it shows what arrived.
package sample

import (
	"html/template"
	"io"
	"net/http"
	"slices"
	"strings"
)

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Sample application</title></head>
<body>
<h1>Sample application</h1>
<p>This is what arrived here. Credentials are shown by their first characters.</p>
<h2>Request</h2>
<p><code>{{.Method}} {{.URL}}</code></p>
<h2>Header fields</h2>
<table>
{{range .Headers}}<tr><th scope="row">{{.Name}}</th><td><code>{{.Value}}</code></td></tr>
{{end}}</table>
{{if .Body}}<h2>Body</h2>
<pre>{{.Body}}</pre>{{end}}
</body>
</html>
`))

type field struct{ Name, Value string }

// Handler answers every path with a page, or with text when the client does not ask
// for HTML.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
			return
		}
		data := struct {
			Method, URL, Body string
			Headers           []field
		}{Method: r.Method, URL: r.URL.RequestURI(), Body: string(body)}
		for name, values := range r.Header {
			for _, v := range values {
				data.Headers = append(data.Headers, field{name, clip(name, v)})
			}
		}
		data.Headers = append(data.Headers, field{"Host", r.Host})
		slices.SortFunc(data.Headers, func(a, b field) int { return strings.Compare(a.Name+a.Value, b.Name+b.Value) })
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
		if strings.Contains(r.Header.Get("Accept"), "text/html") {
			h.Set("Content-Type", "text/html; charset=utf-8")
			_ = page.Execute(w, data)
			return
		}
		h.Set("Content-Type", "text/plain; charset=utf-8")
		var b strings.Builder
		b.WriteString(data.Method + " " + data.URL + "\n")
		for _, f := range data.Headers {
			b.WriteString(f.Name + ": " + f.Value + "\n")
		}
		_, _ = io.WriteString(w, b.String()+"\n"+data.Body)
	})
}

// clip shortens credentials.
func clip(name, v string) string {
	if name != "Authorization" && name != "Cookie" {
		return v
	}
	scheme, token, ok := strings.Cut(v, " ")
	if ok && len(token) > 6 {
		return scheme + " " + token[:6] + "…"
	}
	return v[:min(6, len(v))] + "…"
}
