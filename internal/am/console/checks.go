package console

import (
	"encoding/json"
	"net/url"
	"strings"
)

// check finds what the server takes and nobody can want: a mistake in typing. What stands there already may stay.
func (f *field) check(before string) {
	if f.Error != "" || f.Lines() == before {
		return
	}
	switch f.Key {
	case "scopes", "defaultScopes", "supportedScopes":
		for _, line := range texts(f.Value) {
			if name, _, _ := strings.Cut(line, "|"); strings.ContainsAny(strings.TrimSpace(name), " \t\"\\") {
				f.Error = "One scope a line: a scope has no spaces and no quotation marks (RFC 6749 §3.3)."
			}
		}
	case "redirectionUris", "postLogoutRedirectUri":
		for _, line := range texts(f.Value) {
			if !wholeAddress(line) {
				f.Error = "Each line is a whole address, such as https://app.example.com/callback, without # (RFC 6749 §3.1.2)."
			}
		}
	case "igCdssoRedirectUrls":
		for _, line := range texts(f.Value) {
			if !webAddress(line) {
				f.Error = "Each line is an address with https:// or http://."
			}
		}
	case "jwksUri":
		if s := text(f.Value); s != "" && !webAddress(s) {
			f.Error = "An address that begins with https:// is needed here."
		}
	case "jwkSet":
		var set struct{ Keys []json.RawMessage }
		if s := text(f.Value); s != "" && (json.Unmarshal([]byte(s), &set) != nil || set.Keys == nil) {
			f.Error = `A JSON Web Key Set is needed here: {"keys": […]} (RFC 7517 §5).`
		}
	}
	if f.Type == "integer" && strings.HasSuffix(f.Key, "Lifetime") {
		typed := text(f.Value)
		if strings.HasPrefix(typed, "-") && (f.Key != "refreshTokenLifetime" || typed != "-1") {
			f.Error = "A number of seconds cannot be negative."
		}
	}
}

// webAddress tells whether a browser, or the server, can go there.
func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && !strings.ContainsAny(s, " \t")
}

// wholeAddress tells whether s is absolute and has no fragment; a port may be a star.
func wholeAddress(s string) bool {
	u, err := url.Parse(strings.Replace(s, ":*", ":1", 1))
	return err == nil && u.IsAbs() && !strings.ContainsAny(s, "# \t")
}
