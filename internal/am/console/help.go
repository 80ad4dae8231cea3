package console

// Help is what a setting means, in words: units, special values, the standard it comes from.
func (v *visit) Help(f *field) string {
	text := helpTexts()[f.Key]
	if text == "" {
		text = f.Help
	}
	if text == "" {
		switch f.Type {
		case "array":
			if f.Options == nil {
				text = "One a line."
			}
		case "object":
			text = "One a line: name=value."
		}
	}
	if text == "" {
		return ""
	}
	return v.Say(text)
}

// helpTexts are by the names of settings.
func helpTexts() map[string]string {
	return map[string]string{
		"agentgroup":                   "Whose settings this one may inherit. Save to see which ones come from the group.",
		"redirectionUris":              "Where the browser comes back to (RFC 6749 §3.1.2), one a line, exactly as the application sends it.",
		"postLogoutRedirectUri":        "Where the browser may go after signing out (OpenID RP-Initiated Logout), one a line.",
		"scopes":                       "What the application may ask for, one a line: scope, or scope|description, or scope|language|description.",
		"defaultScopes":                "What it gets when it asks for nothing, one a line.",
		"grantTypes":                   "How the application gets tokens.",
		"clientType":                   "Confidential clients can keep a secret, public ones cannot (RFC 6749 §2.1).",
		"tokenEndpointAuthMethod":      "How the client proves who it is (OpenID Connect Core §9).",
		"authorizationCodeLifetime":    "Seconds. 0: as the provider says.",
		"accessTokenLifetime":          "Seconds. For a client, 0: as the provider says.",
		"refreshTokenLifetime":         "Seconds. -1: never ends. For a client, 0: as the provider says.",
		"jwtTokenLifetime":             "Seconds that ID tokens live. For a client, 0: as the provider says.",
		"codeLifetime":                 "Seconds between the redirect and the token request.",
		"isConsentImplied":             "People are not asked, where the provider lets clients skip consent.",
		"loopbackInterfaceRedirection": "For applications on desktops, which listen on a port of their choice (RFC 8252 §7.3).",
		"statelessTokensEnabled":       "Tokens are signed JWTs that resource servers can read, instead of names of records here.",
		"issueRefreshToken":            "Give refresh tokens where the grant has them.",
		"codeVerifierEnforced":         "PKCE (RFC 7636): for all clients, for public ones, or for those without a password.",
		"supportedScopes":              "Shown by discovery: scope, or scope|description, one a line. Clients may have others.",
		"claims":                       "Claims that the client may ask for by itself, one a line.",
		"responseTypes":                "What the authorize endpoint may answer with.",
		"contacts":                     "Whom to ask about the application, one a line.",
		"status":                       "An inactive client gets no tokens.",
		"validGotoDestinations":        "Addresses that goto may name, one a line. * stands for anything but a query; a second line with *?* allows queries.",
		"jwksUri":                      "Address of the client's keys (RFC 7517).",
		"jwkSet":                       "The client's keys as a JWK set (RFC 7517 §5).",
		"tokenSigningAlgorithm":        "For client-side tokens (RFC 7518 §3).",
		"parRequestUriLifetime":        "Seconds that a pushed request waits for the browser (RFC 9126).",
		"deviceCodeLifetime":           "Seconds to type the code in (RFC 8628).",
		"devicePollInterval":           "Seconds between two questions of the device (RFC 8628 §3.5).",
		"refreshTokenGracePeriod":      "Seconds in which a refresh token that was used works once more. 0: none.",
		"defaultMaxAge":                "Seconds since sign-in after which people sign in again, where the default is enabled.",
		"maxSessionTime":               "Minutes.",
		"maxIdleTime":                  "Minutes without use.",
		"backchannel_logout_uri":       "Told when a session of the client's users ends (OpenID Connect Back-Channel Logout).",
	}
}
