package oauth

import (
	"net/url"
	"strings"
)

// BaseURL is where the server stands as the request's sender sees it.
type BaseURL struct {
	// URL is scheme://host[:port]/<context>, without a slash at the end.
	URL string
	// OldPath is set when the realm was addressed in the old way, /oauth2/alpha instead of
	// /oauth2/realms/root/realms/alpha: the issuer then has that form too.
	OldPath bool
}

// Issuer is the issuer of the realm with that path. The root realm's is the same whichever spelling
// addressed it.
func (b BaseURL) Issuer(realmPath string) string {
	if realmPath == "/" || realmPath == "" {
		return b.URL + "/oauth2"
	}
	if b.OldPath {
		return b.URL + "/oauth2" + realmPath
	}
	return b.URL + "/oauth2/realms/root" + strings.ReplaceAll(realmPath, "/", "/realms/")
}

// sameAddress compares URLs with the default port of the scheme written or not, as assertions address
// this server in both ways.
func sameAddress(a, b string) bool {
	return a == b || withoutDefaultPort(a) == withoutDefaultPort(b)
}

func withoutDefaultPort(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return s
	}
	if u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80" {
		u.Host = u.Host[:strings.LastIndexByte(u.Host, ':')]
	}
	return u.String()
}
