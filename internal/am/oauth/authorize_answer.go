package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"gatehouse/internal/ui"
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
	a.go302(withQuery(a.redirect, out.encode()))
	return nil
}

// withQuery adds parameters to the query of an address.
func withQuery(address, query string) string {
	if strings.Contains(address, "?") {
		return address + "&" + query
	}
	return address + "?" + query
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
	p := a.newPage("goon.title")
	p.Content = data
	return a.showPage(http.StatusOK, "formpost", p, ui.Policy{Forms: []string{originOf(a.redirect)}})
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
