package oauth

import (
	"net/netip"
	"net/url"
	"slices"
	"time"

	"gatehouse/internal/jose"
)

// maxFAPIPush is the longest life of a pushed request, which has to be under ten minutes (FAPI 2.0 §5.3.2.2).
const maxFAPIPush = 9 * time.Minute

// fapiAlgorithms are those of FAPI 2.0 §5.4.1.
func fapiAlgorithms() []jose.Algorithm {
	return []jose.Algorithm{jose.PS256, jose.ES256, jose.EdDSA}
}

// fapiMethods are the ways in which clients may authenticate (FAPI 2.0 §5.3.2.1).
func fapiMethods() []string {
	return []string{"private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"}
}

// isFAPIMethod tells whether a client may authenticate by method. Where tokens are looked at callers are resource
// servers and gateways, for which the profile has no rule. Without the profile every method will do.
func (p *Provider) isFAPIMethod(method string, c *Caller, endpoint string) bool {
	if !p.Settings.Own.FAPI2 || c.Client == nil || endpoint == endpointIntrospect {
		return true
	}
	if c.Client.IsPublic() || !slices.Contains(fapiMethods(), method) {
		return false
	}
	return method != "private_key_jwt" || slices.Contains(fapiAlgorithms(), jose.Algorithm(c.Client.Keys.TokenEndpointAuthAlg))
}

// isFAPIAudience tells whether a client's assertion is for the issuer and nobody else, as one text (FAPI 2.0 §5.3.2.1).
func (p *Provider) isFAPIAudience(c *jose.Claims) bool {
	if !p.Settings.Own.FAPI2 {
		return true
	}
	aud, ok := c.Values["aud"].(string)
	return ok && slices.ContainsFunc(p.issuers(), func(iss string) bool { return sameAddress(aud, iss) })
}

// checkPractice applies what RFC 9700 says of authorization requests besides PKCE: no access tokens through the browser
// (§2.1.2), redirection over TLS (§2.6); and FAPI 2.0 §5.3.2.2 besides PAR: codes alone, and a redirection URI that is said.
func (a *authorization) checkPractice() error {
	if (a.Settings.Own.DPoPRequired || a.client.BindsToDPoP()) && a.types.token {
		return Refuse("unsupported_response_type", "Tokens are bound to the client here, and none are issued to the browser.")
	}
	if !a.Settings.BestPractice() {
		return nil
	}
	fapi := a.Settings.Own.FAPI2
	switch {
	case a.types.token, fapi && !slices.Equal(a.types.words, []string{"code"}):
		return Refuse("unsupported_response_type", "Response type is not supported.")
	case fapi && a.form.Get("redirect_uri") == "":
		return Refuse("invalid_request", "Missing parameter: redirect_uri")
	case !isSafeRedirect(a.redirect, fapi):
		return Refuse("invalid_request", "The redirection URI must use https.")
	}
	return nil
}

// isSafeRedirect takes https, and http to the same machine; where web is false also the schemes of native apps (RFC 8252
// §7.1).
func isSafeRedirect(address string, web bool) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if u.Scheme != "http" {
		return u.Scheme == "https" || !web
	}
	return err == nil && ip.IsLoopback()
}

// practiceMetadata takes back what discovery offers and RFC 9700 or FAPI 2.0 do not.
func (q *request) practiceMetadata(m *metadata) {
	if !q.Settings.BestPractice() {
		return
	}
	m.ChallengeMethods = []string{"S256"}
	m.ResponseTypes = slices.DeleteFunc(m.ResponseTypes, func(t string) bool { return parseResponseType(t).token })
	m.Grants = slices.DeleteFunc(m.Grants, func(g string) bool { return g == "password" })
	if !q.Settings.Own.FAPI2 {
		return
	}
	m.RequirePAR = true
	m.ResponseTypes = []string{"code"}
	m.AuthMethods, m.RevocationAuthMethods = fapiMethods(), fapiMethods()
	m.AuthSigning = names(fapiAlgorithms())
	m.Grants = slices.DeleteFunc(m.Grants, func(g string) bool { return g == "implicit" })
}
