package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// params are parameters of an answer, in order.
type params struct {
	names, values []string
}

func (p *params) add(name, value string) {
	p.names, p.values = append(p.names, name), append(p.values, value)
}

func (p *params) some(name, value string) {
	if value != "" {
		p.add(name, value)
	}
}

func (p *params) number(name string, n int64) { p.add(name, strconv.FormatInt(n, 10)) }

func (p *params) has(name string) bool { return contains(p.names, name) }

func (p *params) encode() string {
	return (&Form{p.names, p.values}).encode()
}

// send answers the client through the browser, in the way it asked for.
func (a *authorization) send(out *params) error {
	if a.asJWT {
		var err error
		if out, err = a.signed(out); err != nil {
			a.asJWT = false
			return a.show(err)
		}
	}
	switch a.mode {
	case "form_post":
		return a.formPost(out)
	case "fragment":
		a.go302(a.redirect + "#" + out.encode())
		return nil
	}
	glue := "?"
	if strings.Contains(a.redirect, "?") {
		glue = "&"
	}
	a.go302(a.redirect + glue + out.encode())
	return nil
}

// sendError tells the client what went wrong (RFC 6749 §4.1.2.1), with the issuer beside (RFC 9207 §2).
func (a *authorization) sendError(err error) error {
	e := asError(err)
	a.logError(a.r, e)
	if e.Code == "bad_request" { // a forged decision is no affair of the client's
		return a.show(err)
	}
	out := &params{}
	out.some("error_description", e.Description)
	out.some("state", a.form.Get("state"))
	out.add("error", e.Code)
	out.add("iss", a.Issuer)
	return a.send(out)
}

// submitScript sends the form of a form_post answer off. It is allowed by its digest alone.
const submitScript = `document.forms[0].submit()`

var (
	submitDigest = digestOf(submitScript)
	checkDigest  = digestOf(checkScript)
	formPostPage = template.Must(template.New("form_post").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Signing in</title></head>
<body><form method="post" action="{{.To}}">
{{range .Fields}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{end}}<noscript><p>Signing in needs one more step.</p><button type="submit">Continue</button></noscript>
</form><script>` + submitScript + `</script></body></html>
`))
)

// digestOf allows one script in a content security policy.
func digestOf(script string) string {
	sum := sha256.Sum256([]byte(script))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

type field struct{ Name, Value string }

// formPost answers with a page whose form goes to the client (OAuth 2.0 Form Post Response Mode §2).
func (a *authorization) formPost(out *params) error {
	data := struct {
		To     template.URL // checked when it was registered and when it was asked for
		Fields []field
	}{To: template.URL(a.redirect)} //nolint:gosec // G203: see redirectSyntax
	for i, n := range out.names {
		data.Fields = append(data.Fields, field{n, out.values[i]})
	}
	var page strings.Builder
	if err := formPostPage.Execute(&page, data); err != nil {
		return internal("write form", err)
	}
	writePage(a.w, http.StatusOK, "default-src 'none'; script-src "+submitDigest+"; base-uri 'none'; frame-ancestors 'none'", page.String())
	return nil
}

// pagePolicy is the content security policy of pages with a form of their own.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

func writePage(w http.ResponseWriter, status int, policy, page string) {
	h := w.Header()
	protect(h)
	h.Set("X-Frame-Options", "DENY")
	if !strings.Contains(policy, "frame-ancestors") { // a page that is made for frames
		h.Del("X-Frame-Options")
	}
	h.Set("Content-Type", "text/html;charset=UTF-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(page))
}

var errorPage = template.Must(template.New("error").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>The request cannot be completed</title></head>
<body><main><h1>The request cannot be completed</h1>
<p>{{.Description}}</p>
<p>Error code: <code>{{.Code}}</code>. Go back to the application and try again; if this page comes again, tell the
people who run the application.</p></main></body></html>
`))

// show tells an error here: as a page to browsers, as JSON to others.
func (q *request) show(err error) error {
	if !strings.Contains(q.r.Header.Get("Accept"), "text/html") {
		return err
	}
	e := asError(err)
	q.logError(q.r, e)
	var page strings.Builder
	if err := errorPage.Execute(&page, e); err != nil {
		return internal("write page", err)
	}
	writePage(q.w, e.Status, pagePolicy, page.String())
	return nil
}

// originOf names where a URL leads, as a content security policy does: scheme and host, or the scheme of an app.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}
