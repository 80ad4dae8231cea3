package oauth

import (
	"encoding/json"
	"strconv"
	"strings"
)

// check looks at all that can be wrong with the request before anybody is bothered with it.
func (a *authorization) check() (bool, error) {
	for _, one := range []func() error{a.checkMode, a.checkAgent, a.checkType, a.checkPractice, a.checkParameters, a.checkScopes, a.checkOpenID, a.checkCodeChallenge, a.checkDPoPKey} {
		if err := one(); err != nil {
			return false, err
		}
	}
	return false, nil
}

func (a *authorization) checkMode() error {
	asked := a.form.Get("response_mode")
	mode, signed := strings.CutSuffix(asked, ".jwt")
	if asked == "jwt" { // the way that the response type has anyway (JARM §2.3.4)
		mode, signed = "", true
	}
	a.asJWT = signed
	switch {
	case asked != "" && mode == "" && !signed, mode != "" && mode != "query" && mode != "fragment" && mode != "form_post":
		a.asJWT = false
		return Refuse("invalid_request", "Invalid response_mode parameter")
	case mode == "query" && a.mode == "fragment" && !(signed && a.client.Keys.AuthorizationEncryptionAlg != ""):
		return Refuse("invalid_request", "response_mode "+asked+" is not allowed for tokens.") // unless it is encrypted (JARM §2.3.1)
	case mode != "":
		a.mode = mode
	}
	return nil
}

func (a *authorization) checkType() error {
	if a.agent != nil { // built in: the settings of clients are not for it, see checkAgent
		return nil
	}
	if err := a.types.allowedFor(a.Settings, a.client); err != nil {
		return err
	}
	push := a.Settings.Advanced.RequirePushedAuthorizationRequest || a.client.Advanced.RequirePushedRequests || a.Settings.Own.FAPI2
	if push && a.pushed == "" {
		return Refuse("invalid_request", "The authorization request must be pushed.")
	}
	return nil
}

// checkParameters refuses what is malformed, and what this server has not, so that nobody takes it for honoured.
func (a *authorization) checkParameters() error {
	var err error
	if a.prompt, err = parsePrompt(a.form.Get("prompt")); err != nil {
		return err
	}
	if text := a.form.Get("max_age"); text != "" {
		if n, err := strconv.Atoi(text); err != nil || n < 0 {
			return Refuse("invalid_request", "Invalid max_age parameter")
		}
	}
	if text := a.claimsParameter(); text != "" {
		if !json.Valid([]byte(text)) || requestedClaims(text, "userinfo") == nil {
			return Refuse("invalid_request", "Invalid claims parameter")
		}
	}
	if text := a.form.Get("authorization_details"); text != "" {
		if a.details, err = a.parseDetails(text); err != nil {
			return err
		}
	}
	return nil
}

func (a *authorization) checkScopes() error {
	req := &TokenRequest{Form: a.form.without("csrf"), Client: a.client, Set: a.set, URL: a.Issuer + "/authorize", Header: a.r.Header}
	var err error
	a.scopes, err = a.SettleScopes(a.r.Context(), req, ScopeAuthorize, a.form.Get("scope"), a.client.DefaultScopes(), a.client.AllowedScopes())
	return err
}

// checkOpenID applies the rules that come with ID tokens (OIDC Core §3.2.2.1, §3.3.2.1).
func (a *authorization) checkOpenID() error {
	openid := contains(a.scopes, "openid")
	switch {
	case a.types.idToken && !openid:
		return Refuse("invalid_request", "Missing expected scope=openid from request")
	case openid && a.types.token && !a.types.code && !a.types.idToken:
		return Refuse("unsupported_response_type", "Response type is not supported.")
	case !openid && a.types.code && a.types.token:
		return Refuse("unsupported_response_type", "Response type is not supported.")
	case a.types.idToken && a.form.Get("nonce") == "":
		return Refuse("invalid_request", "Missing required parameter nonce from request")
	}
	return nil
}

func (a *authorization) checkCodeChallenge() error {
	return a.checkChallenge(a.types.code && (a.Settings.BestPractice() || a.client == a.forAdministrators))
}

// checkChallenge is RFC 7636 §4.3, §4.4.1. A challenge without a method is plain. Where hashed is set there must be one,
// and it must be a digest.
func (a *authorization) checkChallenge(hashed bool) error {
	challenge, method := a.form.Get("code_challenge"), a.form.Get("code_challenge_method")
	if hashed && (challenge == "" || method != "S256") {
		return Refuse("invalid_request", "A code_challenge with the method S256 is needed.")
	}
	if method != "" && method != "S256" && method != "plain" {
		return Refuse("invalid_request", "Invalid code challenge method specified.")
	}
	if challenge == "" && a.types.code && (a.NeedsVerifier(a.client) || method != "") {
		return Refuse("invalid_request", "Missing parameter, 'code_challenge'")
	}
	if challenge != "" && (len(challenge) < 43 || len(challenge) > 128) {
		return Refuse("invalid_request", "Invalid code challenge specified.")
	}
	return nil
}

func challengeMethod(f *Form) string {
	if f.Get("code_challenge") == "" {
		return ""
	}
	return orText(f.Get("code_challenge_method"), "plain")
}

// hintedSubject is whom id_token_hint names, or the claims parameter wants (OIDC Core §3.1.2.1, §5.5), "" when neither
// does. A hint may have expired.
func (a *authorization) hintedSubject() (string, error) {
	raw := a.form.Get("id_token_hint")
	if raw == "" {
		if subs, _ := idTokenClaim(a.claimsParameter(), "sub"); len(subs) > 0 {
			return subs[0], nil
		}
		return "", nil
	}
	claims, err := a.openHint(a.r.Context(), a.client, raw)
	if err != nil {
		return "", err
	}
	return claims.Subject, nil
}

// requestedACRs are the authentication contexts asked for, most wanted first.
func (a *authorization) requestedACRs() []string {
	if text := a.form.Get("acr_values"); text != "" {
		return strings.Fields(text)
	}
	if acrs, _ := idTokenClaim(a.claimsParameter(), "acr"); len(acrs) > 0 {
		return acrs
	}
	if len(a.client.OIDC.DefaultACRValues) > 0 {
		return a.client.OIDC.DefaultACRValues
	}
	return a.Settings.AdvancedOIDC.DefaultACR
}
