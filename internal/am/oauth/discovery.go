package oauth

import (
	"net/http"
	"slices"

	"gatehouse/internal/jose"
)

// keys is GET /connect/jwk_uri: the public keys of the realm (RFC 7517 §5).
func (q *request) keys() error {
	set, err := q.Realm.Keys().Public(q.r.Context())
	if err != nil {
		return err
	}
	if q.Settings.AdvancedOIDC.AllKtyAlgInJWKS {
		set = perAlgorithm(set, q.objectEncryption())
	}
	return writeValue(q.w, http.StatusOK, set)
}

// relyingKeys is GET /connect/rp/jwk_uri: the keys of this server where it is a relying party, which it never is.
func (q *request) relyingKeys() error {
	writeJSON(q.w, http.StatusOK, []byte(`{"keys":[]}`))
	return nil
}

// perAlgorithm lists each key once for each algorithm that it is good for, for clients that look keys up by algorithm
// (PingAM: includeAllKtyAlgCombinationsInJwksUri).
func perAlgorithm(set *jose.KeySet, encryption []jose.Algorithm) *jose.KeySet {
	var all []*jose.Key
	for _, k := range set.Keys() {
		algorithms, fits := jose.SignatureAlgorithms(), k.Verifies
		if k.Use == jose.ForEncryption {
			algorithms, fits = encryption, k.Fits
		}
		for _, alg := range algorithms {
			if fits(alg) == nil {
				all = append(all, k.With(k.ID, alg, k.Use))
			}
		}
	}
	return jose.NewKeySet(all...)
}

// metadata is what discovery says (OIDC Discovery §3, RFC 8414 §2), with the members that PingAM has.
type metadata struct {
	Issuer                 string   `json:"issuer"`
	Version                string   `json:"version"`
	Authorization          string   `json:"authorization_endpoint"`
	Token                  string   `json:"token_endpoint"`
	UserInfo               string   `json:"userinfo_endpoint"`
	Introspection          string   `json:"introspection_endpoint"`
	Revocation             string   `json:"revocation_endpoint"`
	JWKS                   string   `json:"jwks_uri"`
	CheckSession           string   `json:"check_session_iframe,omitempty"`
	EndSession             string   `json:"end_session_endpoint,omitempty"`
	Registration           string   `json:"registration_endpoint"`
	PAR                    string   `json:"pushed_authorization_request_endpoint"`
	Device                 string   `json:"device_authorization_endpoint,omitempty"`
	Backchannel            string   `json:"backchannel_authentication_endpoint,omitempty"`
	BackchannelModes       []string `json:"backchannel_token_delivery_modes_supported,omitempty"`
	BackchannelSigning     []string `json:"backchannel_authentication_request_signing_alg_values_supported,omitempty"`
	Scopes                 []string `json:"scopes_supported"`
	Claims                 []string `json:"claims_supported"`
	Prompts                []string `json:"prompt_values_supported"`
	ResponseTypes          []string `json:"response_types_supported"`
	ResponseModes          []string `json:"response_modes_supported"`
	Grants                 []string `json:"grant_types_supported"`
	ACR                    []string `json:"acr_values_supported"`
	Subjects               []string `json:"subject_types_supported"`
	IDTokenSigning         []string `json:"id_token_signing_alg_values_supported"`
	IDTokenEncryption      []string `json:"id_token_encryption_alg_values_supported"`
	IDTokenContent         []string `json:"id_token_encryption_enc_values_supported"`
	UserInfoSigning        []string `json:"userinfo_signing_alg_values_supported"`
	UserInfoEncryption     []string `json:"userinfo_encryption_alg_values_supported"`
	UserInfoContent        []string `json:"userinfo_encryption_enc_values_supported"`
	IntrospectionSigning   []string `json:"introspection_signing_alg_values_supported"`
	IntrospectionEncrypt   []string `json:"introspection_encryption_alg_values_supported"`
	IntrospectionContent   []string `json:"introspection_encryption_enc_values_supported"`
	RequestObjectSigning   []string `json:"request_object_signing_alg_values_supported"`
	RequestObjectEncrypt   []string `json:"request_object_encryption_alg_values_supported"`
	RequestObjectContent   []string `json:"request_object_encryption_enc_values_supported"`
	ResponseSigning        []string `json:"authorization_signing_alg_values_supported"`
	ResponseEncryption     []string `json:"authorization_encryption_alg_values_supported"`
	ResponseContent        []string `json:"authorization_encryption_enc_values_supported"`
	ConsentSigning         []string `json:"rcs_request_signing_alg_values_supported"`
	ConsentEncryption      []string `json:"rcs_request_encryption_alg_values_supported"`
	ConsentContent         []string `json:"rcs_request_encryption_enc_values_supported"`
	ConsentAnswerSigning   []string `json:"rcs_response_signing_alg_values_supported"`
	ConsentAnswerEncrypt   []string `json:"rcs_response_encryption_alg_values_supported"`
	ConsentAnswerContent   []string `json:"rcs_response_encryption_enc_values_supported"`
	AuthMethods            []string `json:"token_endpoint_auth_methods_supported"`
	AuthSigning            []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	RevocationAuthMethods  []string `json:"revocation_endpoint_auth_methods_supported"`
	IntrospectAuthMethods  []string `json:"introspection_endpoint_auth_methods_supported"`
	RequestParameter       bool     `json:"request_parameter_supported"`
	RequestURIParameter    bool     `json:"request_uri_parameter_supported"`
	RequestURIRegistration bool     `json:"require_request_uri_registration"`
	ClaimsParameter        bool     `json:"claims_parameter_supported"`
	ChallengeMethods       []string `json:"code_challenge_methods_supported"`
	ResponseIssuer         bool     `json:"authorization_response_iss_parameter_supported"`
	BoundTokens            bool     `json:"tls_client_certificate_bound_access_tokens"`
	DPoPSigning            []string `json:"dpop_signing_alg_values_supported,omitempty"`
	DetailTypes            []string `json:"authorization_details_types_supported,omitempty"`
	RequirePAR             bool     `json:"require_pushed_authorization_requests"`
	BackchannelLogout      bool     `json:"backchannel_logout_supported"`
	BackchannelSession     bool     `json:"backchannel_logout_session_supported"`
}

// discovery is GET /.well-known/openid-configuration. It tells what this server does, so members that PingAM has and
// this server has not are false or missing.
func (q *request) discovery() error {
	s, iss := q.Settings, q.Issuer
	o := &s.AdvancedOIDC
	m := metadata{
		Issuer: iss, Version: "3.0",
		Authorization: iss + "/authorize", Token: iss + "/access_token", UserInfo: iss + "/userinfo",
		Introspection: iss + "/introspect", Revocation: iss + "/token/revoke", JWKS: iss + "/connect/jwk_uri",
		Registration: iss + "/register", PAR: iss + "/par",
		Scopes: s.SupportedScopes(), Claims: s.SupportedClaims(), Prompts: []string{"none", "login", "consent"},
		ResponseTypes: responseTypes(s.ResponseTypes()), ResponseModes: responseModes(),
		Grants: q.advertisedGrants(), ACR: sortedNames(o.LoAMapping), Subjects: s.Advanced.SupportedSubjectTypes,
		IDTokenSigning:       usable(s.OIDC.IDTokenSigningAlgorithms),
		IDTokenEncryption:    usable(s.OIDC.IDTokenEncryptionAlgorithms),
		IDTokenContent:       s.OIDC.IDTokenContentEncryptionMethod,
		UserInfoSigning:      usable(o.UserInfoSigningAlgorithms),
		UserInfoEncryption:   usable(o.UserInfoEncryptionAlgorithms),
		UserInfoContent:      o.UserInfoEncryptionEnc,
		IntrospectionSigning: usable(o.IntrospectionSigningAlgorithms),
		IntrospectionEncrypt: usable(o.IntrospectionEncryptionAlgorithms),
		IntrospectionContent: o.IntrospectionEncryptionEnc,
		RequestObjectSigning: usable(o.RequestSigningAlgorithms),
		RequestObjectEncrypt: names(q.objectEncryption()),
		RequestObjectContent: o.RequestEncryptionEnc,
		ResponseSigning:      usable(o.AuthorizationSigningAlgorithms),
		ResponseEncryption:   usable(o.AuthorizationEncryptionAlgorithms),
		ResponseContent:      o.AuthorizationEncryptionEnc,
		ConsentSigning:       usable(s.Consent.RemoteRequestSigning),
		ConsentEncryption:    usable(s.Consent.RemoteRequestEncryption),
		ConsentContent:       s.Consent.RemoteRequestEncryptionEnc,
		ConsentAnswerSigning: usable(s.Consent.RemoteResponseSigning),
		ConsentAnswerEncrypt: usable(s.Consent.RemoteResponseEncryption),
		ConsentAnswerContent: s.Consent.RemoteResponseEncryptionEncs,
		AuthMethods:          q.authMethods(), AuthSigning: usable(o.TokenEndpointAuthSigningAlgorithms),
		RevocationAuthMethods: q.authMethods(), IntrospectAuthMethods: q.authMethods(),
		RequestParameter: true, RequestURIParameter: true, RequestURIRegistration: true,
		ClaimsParameter: o.ClaimsParameter, ChallengeMethods: []string{"plain", "S256"}, ResponseIssuer: true,
		BoundTokens: s.Advanced.TLSCertBoundAccessTokens, RequirePAR: s.Advanced.RequirePushedAuthorizationRequest,
		BackchannelLogout: true, BackchannelSession: true,
	}
	q.practiceMetadata(&m)
	if s.Advanced.RichAuthorizationRequests {
		m.DetailTypes = s.Advanced.AuthorizationDetailsTypes
	}
	if s.TakesDPoP() {
		m.DPoPSigning = names(q.proofAlgorithms())
	}
	if o.RemoteJWKSURI != "" {
		m.JWKS = o.RemoteJWKSURI
	}
	if o.SessionManagement {
		m.CheckSession, m.EndSession = iss+"/connect/checkSession", iss+"/connect/endSession"
	}
	if slices.Contains(m.Grants, grantDevice) {
		m.Device = iss + "/device/code"
	}
	if slices.Contains(m.Grants, grantBackchannel) {
		m.Backchannel, m.BackchannelModes = iss+"/bc-authorize", []string{"poll"}
		m.BackchannelSigning = usable(s.CIBA.SigningAlgorithms)
	}
	h := q.w.Header()
	if err := writeValue(q.w, http.StatusOK, m); err != nil {
		h.Del("Content-Type")
		return err
	}
	return nil
}

const (
	grantDevice      = "urn:ietf:params:oauth:grant-type:device_code"
	grantExchange    = "urn:ietf:params:oauth:grant-type:token-exchange"
	grantBackchannel = "urn:openid:params:grant-type:ciba"
)

// advertisedGrants are the enabled ones that this server has, but for token exchange, which PingAM does not list, and
// with implicit, which is no token request.
func (q *request) advertisedGrants() []string {
	out := []string{}
	for _, name := range q.Settings.Advanced.GrantTypes {
		known := name == "implicit" || slices.ContainsFunc(q.Grants, func(g Grant) bool { return g.Name == name })
		if known && name != grantExchange {
			out = append(out, name)
		}
	}
	return out
}

func (q *request) authMethods() []string {
	out := make([]string, 0, len(q.ClientAuth))
	for _, m := range q.ClientAuth {
		out = append(out, m.Name)
		if m.Name == "tls_client_auth" { // one method to this server, two to the standard
			out = append(out, "self_signed_tls_client_auth")
		}
	}
	return out
}

// usable are the algorithms of a list that this server has; PingAM's lists hold some that it refuses.
func usable(names []string) []string {
	out := []string{}
	for _, n := range names {
		if a := jose.Algorithm(n); a.Signs() || a.Encrypts() {
			out = append(out, n)
		}
	}
	return out
}

func sortedNames(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// responseTypes are the single types and what can be made of them (OAuth 2.0 Multiple Response Types §5).
func responseTypes(single []string) []string {
	out := slices.Clone(single)
	has := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(single, n) })
	}
	for _, c := range [...]struct {
		text  string
		parts []string
	}{
		{"code token", []string{"code", "token"}},
		{"code id_token", []string{"code", "id_token"}},
		{"token id_token", []string{"token", "id_token"}},
		{"code token id_token", []string{"code", "token", "id_token"}},
	} {
		if has(c.parts...) {
			out = append(out, c.text)
		}
	}
	return out
}

func responseModes() []string {
	return []string{"query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"}
}
