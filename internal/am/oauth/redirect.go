package oauth

import (
	"net/netip"
	"net/url"
	"strings"
)

// redirectAllowed tells whether a client that registered the URI registered may be sent to asked: the same
// text, byte by byte (RFC 9700 §2.1), or, for clients with the loopback setting, the same but for the port
// of a loopback address (RFC 8252 §7.3).
func redirectAllowed(registered, asked string, loopback bool) bool {
	if registered == asked {
		return true
	}
	if !loopback {
		return false
	}
	reg, ok := loopbackURL(registered)
	if !ok {
		return false
	}
	got, ok := loopbackURL(asked)
	return ok && strings.TrimSuffix(reg.Host, ":"+reg.Port()) == strings.TrimSuffix(got.Host, ":"+got.Port()) &&
		reg.EscapedPath() == got.EscapedPath() && reg.RawQuery == got.RawQuery
}

func loopbackURL(s string) (*url.URL, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" || u.User != nil || u.Opaque != "" {
		return nil, false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u, err == nil && ip.IsLoopback() && ip.Zone() == ""
}

// redirectSyntax refuses what is no absolute URI, has a fragment (RFC 6749 §3.1.2), or is a script or
// document of its own.
func redirectSyntax(asked string) error {
	u, err := url.Parse(asked)
	if err != nil {
		return errRedirect
	}
	if u.Scheme == "" {
		return errRelative
	}
	switch strings.ToLower(u.Scheme) {
	case "javascript", "data", "vbscript", "about", "blob", "file", "view-source":
		return errRedirect
	}
	if strings.Contains(asked, "#") || u.Host == "" && (u.Scheme == "http" || u.Scheme == "https") {
		return errRedirect
	}
	for _, c := range asked {
		if c <= ' ' || c == 0x7f || c == '\\' {
			return errRedirect
		}
	}
	return nil
}

// pickRedirect settles where the answer goes. Only a client with exactly one registered URI may leave the
// parameter out, and no request for an ID token may (OIDC Core §3.1.2.1).
func pickRedirect(registered []string, asked string, loopback, openid bool) (string, error) {
	if asked == "" {
		if len(registered) != 1 || openid {
			return "", Refuse("invalid_request", "Missing parameter: redirect_uri")
		}
		asked = registered[0]
	}
	if err := redirectSyntax(asked); err != nil {
		return "", err
	}
	for _, r := range registered {
		if redirectAllowed(r, asked, loopback) {
			return asked, nil
		}
	}
	return "", errRedirect
}
