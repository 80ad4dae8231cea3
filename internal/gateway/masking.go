package gateway

import (
	"net/textproto"
	"regexp"
	"strings"

	"gatehouse/internal/gateway/chain"
)

const masked = "*****"

// secretHeaders always carry credentials.
var secretHeaders = map[string]bool{
	"Authorization": true, "Proxy-Authorization": true, "Cookie": true, "Set-Cookie": true,
	"X-Openam-Password": true, "Iplanetdirectorypro": true, "Dpop": true,
}

// maskHeader hides credentials but keeps what helps: the scheme of an Authorization
// header, the names of cookies. Of other fields, such as Location and Referer, it hides
// parameters that carry them.
func maskHeader(name, value string) string {
	name = textproto.CanonicalMIMEHeaderKey(name)
	if !secretHeaders[name] {
		return maskForm(value)
	}
	switch name {
	case "Authorization", "Proxy-Authorization":
		if scheme, _, ok := strings.Cut(value, " "); ok {
			return scheme + " " + masked
		}
	case "Set-Cookie":
		pair, rest, _ := strings.Cut(value, ";")
		cookie, _, _ := strings.Cut(pair, "=")
		if rest != "" {
			rest = ";" + rest
		}
		return cookie + "=" + masked + rest
	case "Cookie":
		parts := strings.Split(value, ";")
		for i, p := range parts {
			n, _, _ := strings.Cut(strings.TrimSpace(p), "=")
			parts[i] = n + "=" + masked
		}
		return strings.Join(parts, "; ")
	}
	return masked
}

const secretNames = `client_secret|password|userpassword|passwd|access_token|refresh_token|id_token|token|subject_token|actor_token|` +
	`client_assertion|assertion|code|code_verifier|device_code|issued_token|tokenId|ssoToken|jwt|authId|registration_access_token|csrf|logout_token|id_token_hint`

var (
	secretForm = regexp.MustCompile(`(?i)(^|[&?#])(` + secretNames + `)=[^&\s"]*`)
	secretJSON = regexp.MustCompile(`(?i)("(?:` + secretNames + `)"\s*:\s*)"(?:[^"\\]|\\.)*"`)
)

// maskBody hides the values of form parameters and JSON members that carry
// credentials or tokens.
func maskBody(text string) string {
	return secretJSON.ReplaceAllString(maskForm(text), `$1"`+masked+`"`)
}

func maskForm(text string) string { return secretForm.ReplaceAllString(text, "$1$2="+masked) }

// maskQuery is the URI with its credentials hidden.
func maskQuery(u *chain.URI) string {
	c := u.Clone()
	if c.UserInfo != "" {
		c.UserInfo = masked
	}
	c.RawQuery = maskForm(c.RawQuery)
	return c.String()
}
