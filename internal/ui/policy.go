package ui

import (
	"net/http"
	"slices"
	"strings"
)

// Policy is what a page needs beyond the strict rule: origins that its forms lead to, and origins of its pictures, as
// a content security policy writes them.
type Policy struct{ Forms, Images []string }

// String is the content security policy: everything comes from this server, nothing is inline, nobody frames it.
func (p Policy) String() string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src " + sources("'self' data:", p.Images) +
		"; connect-src 'self'; form-action " + sources("'self'", p.Forms) + "; frame-ancestors 'none'; base-uri 'none'"
}

func sources(own string, more []string) string {
	for _, m := range more {
		if m != "" && !strings.ContainsFunc(m, func(c rune) bool { return c <= ' ' || c == ';' || c == ',' || c == '\'' || c >= 0x7f }) {
			own += " " + m
		}
	}
	return own
}

// Protect sets the headers that every page has.
func Protect(h http.Header, p Policy) {
	h.Set("Content-Security-Policy", p.String())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin") // with "no-referrer" browsers send forms with "Origin: null"
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	if !slices.Contains(h.Values("Vary"), "Accept-Language, Cookie") {
		h.Add("Vary", "Accept-Language, Cookie")
	}
}
