package oauth

import (
	"encoding/json"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/jose"
)

// clientMetadata is what a client says about itself (RFC 7591 §2, OIDC Registration §2), and the answer to it. Members
// that are not listed are ignored, as §2 has it.
type clientMetadata struct {
	ID              string          `json:"client_id,omitempty"`
	Secret          string          `json:"client_secret,omitempty"`
	SecretExpires   *int64          `json:"client_secret_expires_at,omitempty"`
	AccessToken     string          `json:"registration_access_token,omitempty"`
	RegistrationURI string          `json:"registration_client_uri,omitempty"`
	RedirectURIs    []string        `json:"redirect_uris,omitempty"`
	Name            string          `json:"client_name,omitempty"`
	Auth            string          `json:"token_endpoint_auth_method,omitempty"`
	AuthAlg         string          `json:"token_endpoint_auth_signing_alg,omitempty"`
	Grants          []string        `json:"grant_types,omitempty"`
	Responses       []string        `json:"response_types,omitempty"`
	Scope           string          `json:"scope,omitempty"`
	Scopes          []string        `json:"scopes,omitempty"` // PingAM's own spelling
	Contacts        []string        `json:"contacts,omitempty"`
	ClientURI       string          `json:"client_uri,omitempty"`
	LogoURI         string          `json:"logo_uri,omitempty"`
	PolicyURI       string          `json:"policy_uri,omitempty"`
	TermsURI        string          `json:"tos_uri,omitempty"`
	JWKSURI         string          `json:"jwks_uri,omitempty"`
	JWKS            json.RawMessage `json:"jwks,omitempty"`
	SubjectType     string          `json:"subject_type,omitempty"`
	Sector          string          `json:"sector_identifier_uri,omitempty"`
	IDTokenAlg      string          `json:"id_token_signed_response_alg,omitempty"`
	IDTokenEncAlg   string          `json:"id_token_encrypted_response_alg,omitempty"`
	IDTokenEnc      string          `json:"id_token_encrypted_response_enc,omitempty"`
	UserInfoAlg     string          `json:"userinfo_signed_response_alg,omitempty"`
	UserInfoEncAlg  string          `json:"userinfo_encrypted_response_alg,omitempty"`
	UserInfoEnc     string          `json:"userinfo_encrypted_response_enc,omitempty"`
	RequestAlg      string          `json:"request_object_signing_alg,omitempty"`
	RequestEncAlg   string          `json:"request_object_encryption_alg,omitempty"`
	RequestEnc      string          `json:"request_object_encryption_enc,omitempty"`
	RequestURIs     []string        `json:"request_uris,omitempty"`
	IntrospectAlg   string          `json:"introspection_signed_response_alg,omitempty"`
	IntrospectEnAlg string          `json:"introspection_encrypted_response_alg,omitempty"`
	IntrospectEnc   string          `json:"introspection_encrypted_response_enc,omitempty"`
	AnswerAlg       string          `json:"authorization_signed_response_alg,omitempty"`
	AnswerEncAlg    string          `json:"authorization_encrypted_response_alg,omitempty"`
	AnswerEnc       string          `json:"authorization_encrypted_response_enc,omitempty"`
	MaxAge          *int            `json:"default_max_age,omitempty"`
	ACRs            []string        `json:"default_acr_values,omitempty"`
	SubjectDN       string          `json:"tls_client_auth_subject_dn,omitempty"`
	BoundTokens     bool            `json:"tls_client_certificate_bound_access_tokens,omitempty"`
	DPoPBound       bool            `json:"dpop_bound_access_tokens,omitempty"`
	LogoutURIs      []string        `json:"post_logout_redirect_uris,omitempty"`
	SignOutURI      string          `json:"backchannel_logout_uri,omitempty"`
	SignOutSession  bool            `json:"backchannel_logout_session_required,omitempty"`
	SoftwareID      string          `json:"software_id,omitempty"`
	SoftwareVer     string          `json:"software_version,omitempty"`
	RequirePAR      bool            `json:"require_pushed_authorization_requests,omitempty"`
	Statement       string          `json:"software_statement,omitempty"`

	translated map[string]string // "client_name#de", …
	attested   map[string]any    // what the statement says
	agent      bool              // an AI agent
}

func refuseMetadata(text string) error { return Refuse("invalid_client_metadata", text) }

func parseMetadata(body string, p *realm.Provider) (*clientMetadata, error) {
	m := &clientMetadata{}
	if err := jsonv2.Unmarshal([]byte(body), m); err != nil {
		return nil, Refuse("invalid_client_metadata", "The metadata is not a JSON object of the expected shape.").Because(err)
	}
	m.AccessToken = ""
	m.translated = translations(body)
	if m.Auth == "" {
		m.Auth = "client_secret_basic"
	}
	if len(m.Grants) == 0 {
		m.Grants = grantsFor(m.Responses)
	}
	if len(m.Scopes) == 0 && m.Scope == "" {
		m.Scopes = p.DefaultScopes() // PingAM: Default Client Scopes
	}
	if len(m.Responses) == 0 && slices.Contains(m.Grants, "authorization_code") {
		m.Responses = []string{"code"}
	}
	if m.Scope != "" {
		m.Scopes = strings.Fields(m.Scope)
	}
	return m, nil
}

// grantsFor are the grants of a client that names none: what its response types need, or authorization_code (RFC 7591 §2).
func grantsFor(responses []string) []string {
	var out []string
	for _, text := range responses {
		for _, g := range parseResponseType(text).grants() {
			if !slices.Contains(out, g) {
				out = append(out, g)
			}
		}
	}
	if out == nil {
		out = []string{"authorization_code"}
	}
	return out
}

// confidential tells whether the client gets a secret or has keys.
func (m *clientMetadata) confidential() bool { return m.Auth != "none" }

// profile completes the client's profile, which has what the metadata does not say.
func (m *clientMetadata) profile(c *realm.Client) *realm.Client {
	if !m.confidential() {
		c.Core.Type = "Public"
	}
	c.Core.RedirectURIs, c.Core.Scopes = listed(m.RedirectURIs...), listed(m.Scopes...)
	c.Core.Name = m.textsOf("client_name", m.Name)
	c.Advanced.GrantTypes, c.Advanced.ResponseTypes = listed(m.Grants...), listed(m.Responses...)
	c.Advanced.TokenEndpointAuthMethod, c.Advanced.Contacts = m.Auth, listed(m.Contacts...)
	c.Advanced.ClientURI, c.Advanced.LogoURI = m.textsOf("client_uri", m.ClientURI), m.textsOf("logo_uri", m.LogoURI)
	c.Advanced.PolicyURI, c.Advanced.ToSURI = m.textsOf("policy_uri", m.PolicyURI), m.textsOf("tos_uri", m.TermsURI)
	c.Advanced.SectorIdentifierURI, c.Advanced.RequirePushedRequests = m.Sector, m.RequirePAR
	c.Advanced.SoftwareIdentity, c.Advanced.SoftwareVersion = m.SoftwareID, m.SoftwareVer
	c.OIDC.PostLogoutRedirectURIs = listed(m.LogoutURIs...)
	c.OIDC.BackchannelLogoutURI, c.OIDC.BackchannelLogoutSession = m.SignOutURI, m.SignOutSession
	c.Keys.JWKSURI = m.JWKSURI
	if len(m.JWKS) > 0 {
		c.Keys.PublicKeyLocation, c.Keys.JWKSet = "jwks", string(m.JWKS)
	}
	m.choose(c)
	if m.SubjectType != "" {
		c.Advanced.SubjectType = strings.ToLower(m.SubjectType)
	}
	if m.IDTokenAlg != "" {
		c.Keys.IDTokenSigningAlg = m.IDTokenAlg
	}
	if m.AuthAlg != "" {
		c.Keys.TokenEndpointAuthAlg = m.AuthAlg
	}
	return c
}

// choose sets algorithms and other choices where the client made them.
func (m *clientMetadata) choose(c *realm.Client) {
	k := &c.Keys
	if m.IDTokenEncAlg != "" { // OIDC Registration §2: the method is A128CBC-HS256 when it is left out
		k.IDTokenEncryption, k.IDTokenEncryptionAlg, k.IDTokenEncryptionEnc = true, m.IDTokenEncAlg, orText(m.IDTokenEnc, string(jose.A128CBCHS256))
	}
	k.UserInfoSigningAlg, k.UserInfoEncryptionAlg = m.UserInfoAlg, m.UserInfoEncAlg
	k.UserInfoEncryptionEnc = orText(m.UserInfoEnc, k.UserInfoEncryptionEnc)
	switch {
	case m.UserInfoAlg != "" && m.UserInfoEncAlg != "":
		k.UserInfoFormat = "SIGNED_THEN_ENCRYPTED_JWT"
	case m.UserInfoEncAlg != "":
		k.UserInfoFormat = "ENCRYPTED_JWT"
	case m.UserInfoAlg != "":
		k.UserInfoFormat = "SIGNED_JWT"
	}
	k.RequestSigningAlg = m.RequestAlg
	k.RequestEncryptionAlg, k.RequestEncryptionEnc = m.RequestEncAlg, orText(m.RequestEnc, k.RequestEncryptionEnc)
	if m.IntrospectEnAlg != "" { // RFC 9701 §6
		k.IntrospectionFormat, k.IntrospectionEncryptionAlg = "SIGNED_THEN_ENCRYPTED_JWT", m.IntrospectEnAlg
		k.IntrospectionEncryptionEnc = orText(m.IntrospectEnc, string(jose.A128CBCHS256))
	}
	if m.AnswerEncAlg != "" { // JARM §3
		k.AuthorizationEncryptionAlg, k.AuthorizationEncryptionEnc = m.AnswerEncAlg, orText(m.AnswerEnc, string(jose.A128CBCHS256))
	}
	k.IntrospectionSigningAlg, k.AuthorizationSigningAlg = orText(m.IntrospectAlg, k.IntrospectionSigningAlg), orText(m.AnswerAlg, k.AuthorizationSigningAlg)
	k.MTLSSubjectDN, k.MTLSCertBoundAccessTokens = m.SubjectDN, m.BoundTokens
	if m.DPoPBound {
		c.Advanced.CustomProperties = append(c.Advanced.CustomProperties, realm.PropertyDPoPBound)
	}
	c.Advanced.RequestURIs, c.OIDC.DefaultACRValues = listed(m.RequestURIs...), listed(m.ACRs...)
	if m.MaxAge != nil {
		c.OIDC.DefaultMaxAge, c.OIDC.DefaultMaxAgeEnabled = *m.MaxAge, true
	}
}

// listed is the values that are not empty, and a list in any case.
func listed(values ...string) []string {
	return append([]string{}, slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })...)
}

// metadataOf is the way back.
func metadataOf(c *realm.Client) *clientMetadata {
	m := &clientMetadata{
		ID: c.ID, RedirectURIs: c.Core.RedirectURIs, Auth: c.Advanced.TokenEndpointAuthMethod,
		AuthAlg: c.Keys.TokenEndpointAuthAlg, Grants: c.Advanced.GrantTypes, Responses: c.Advanced.ResponseTypes,
		Scope: strings.Join(c.AllowedScopes(), " "), Scopes: c.AllowedScopes(), Contacts: c.Advanced.Contacts,
		JWKSURI:     c.Keys.JWKSURI,
		SubjectType: strings.ToLower(c.Advanced.SubjectType), Sector: c.Advanced.SectorIdentifierURI,
		IDTokenAlg: c.Keys.IDTokenSigningAlg, LogoutURIs: c.OIDC.PostLogoutRedirectURIs,
		SignOutURI: c.OIDC.BackchannelLogoutURI, SignOutSession: c.OIDC.BackchannelLogoutSession,
		SoftwareID: c.Advanced.SoftwareIdentity, SoftwareVer: c.Advanced.SoftwareVersion, RequirePAR: c.Advanced.RequirePushedRequests,
	}
	m.told(c)
	m.chosen(c)
	if c.Keys.PublicKeyLocation == "jwks" && json.Valid([]byte(c.Keys.JWKSet)) {
		m.JWKS = json.RawMessage(c.Keys.JWKSet)
	}
	return m
}

// chosen is the way back of choose: what differs from the defaults.
func (m *clientMetadata) chosen(c *realm.Client) {
	k := &c.Keys
	if k.IDTokenEncryption {
		m.IDTokenEncAlg, m.IDTokenEnc = k.IDTokenEncryptionAlg, k.IDTokenEncryptionEnc
	}
	m.UserInfoAlg, m.UserInfoEncAlg, m.RequestAlg = k.UserInfoSigningAlg, k.UserInfoEncryptionAlg, k.RequestSigningAlg
	if m.UserInfoEncAlg != "" {
		m.UserInfoEnc = k.UserInfoEncryptionEnc
	}
	if m.RequestEncAlg = k.RequestEncryptionAlg; m.RequestEncAlg != "" {
		m.RequestEnc = k.RequestEncryptionEnc
	}
	if strings.Contains(k.IntrospectionFormat, "ENCRYPTED") {
		m.IntrospectEnAlg, m.IntrospectEnc = k.IntrospectionEncryptionAlg, k.IntrospectionEncryptionEnc
	}
	m.AnswerEncAlg, m.AnswerEnc = k.AuthorizationEncryptionAlg, k.AuthorizationEncryptionEnc
	m.IntrospectAlg, m.AnswerAlg = k.IntrospectionSigningAlg, k.AuthorizationSigningAlg
	m.SubjectDN, m.BoundTokens, m.DPoPBound = k.MTLSSubjectDN, k.MTLSCertBoundAccessTokens, c.BindsToDPoP()
	m.RequestURIs, m.ACRs = c.Advanced.RequestURIs, c.OIDC.DefaultACRValues
	if c.OIDC.DefaultMaxAgeEnabled {
		m.MaxAge = &c.OIDC.DefaultMaxAge
	}
}
