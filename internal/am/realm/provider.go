package realm

import (
	"encoding/json"
	"slices"
)

// ServiceOAuth2 is the ID of the service document that makes a realm an OAuth 2.0
// provider.
const ServiceOAuth2 = "oauth-oidc"

// ScriptRef names a script by UUID. "[Empty]" is what clients write for "none".
type ScriptRef string

// NoScript is the ScriptRef that names no script.
const NoScript ScriptRef = "[Empty]"

// ID returns the UUID; "" where no script is named.
func (s ScriptRef) ID() string {
	if s == NoScript {
		return ""
	}
	return string(s)
}

// Provider is the OAuth 2.0 and OpenID Connect settings of a realm, the service
// document "oauth-oidc". Members and their JSON names are those of PingAM; lifetimes
// are seconds where nothing else is said. Once in use a Provider is never changed.
type Provider struct {
	Core         ProviderCore         `json:"coreOAuth2Config"`
	Advanced     ProviderAdvanced     `json:"advancedOAuth2Config"`
	Registration ProviderRegistration `json:"clientDynamicRegistrationConfig"`
	OIDC         ProviderOIDC         `json:"coreOIDCConfig"`
	AdvancedOIDC ProviderAdvancedOIDC `json:"advancedOIDCConfig"`
	Device       ProviderDevice       `json:"deviceCodeConfig"`
	Consent      ProviderConsent      `json:"consent"`
	CIBA         ProviderCIBA         `json:"cibaConfig"`
	Plugins      ProviderPlugins      `json:"pluginsConfig"`
	AIAgents     ProviderAIAgents     `json:"aiAgentsConfig"`
	Own          ProviderOwn          `json:"gatehouseConfig"`
}

// ProviderOwn is the tab "Gatehouse": what PingAM has no settings for. All of it is off by default.
type ProviderOwn struct {
	// DPoP takes proofs of possession and binds tokens to their keys (RFC 9449); DPoPRequired issues no other tokens.
	DPoP         bool `json:"dpopEnabled"`
	DPoPRequired bool `json:"dpopRequired"`
	// DPoPNonces takes proofs only with a nonce of this server (RFC 9449 §8).
	DPoPNonces bool `json:"dpopNonceRequired"`
	// AccessTokenProfile gives client-side access tokens the form of RFC 9068.
	AccessTokenProfile bool `json:"atJwtProfile"`
	// BestPractice applies the best current practice (RFC 9700) to all clients.
	BestPractice bool `json:"rfc9700"`
	// FAPI2 applies the FAPI 2.0 Security Profile to all clients.
	FAPI2 bool `json:"fapi2"`
	// RevokeOnSessionEnd ends what was granted in a session with it, but for grants with the scope offline_access.
	RevokeOnSessionEnd bool `json:"revokeTokensOnSessionEnd"`
	// FetchHosts are the hosts with internal addresses that may be called for clients which registered themselves, that
	// request objects may be fetched from, and that scripts may call: "host" or "host:port".
	FetchHosts []string `json:"allowedFetchHosts"`
	// JWTIssuerScript finds issuers of JWTs that are no agents of the realm.
	JWTIssuerScript ScriptRef `json:"jwtIssuerScript"`
}

// ProviderCore is the tab "Core".
type ProviderCore struct {
	ClientSideTokens         bool `json:"statelessTokensEnabled"`
	CodeLifetime             int  `json:"codeLifetime"`
	RefreshTokenLifetime     int  `json:"refreshTokenLifetime"` // -1: never expires
	AccessTokenLifetime      int  `json:"accessTokenLifetime"`
	IssueRefreshToken        bool `json:"issueRefreshToken"`
	IssueRefreshTokenOnRenew bool `json:"issueRefreshTokenOnRefreshedToken"`

	UsePolicyEngineForScope bool      `json:"usePolicyEngineForScope"`
	ScopesPolicySet         string    `json:"scopesPolicySet"`
	MacaroonTokens          bool      `json:"macaroonTokensEnabled"`
	AccessTokenMayActScript ScriptRef `json:"accessTokenMayActScript"`
	OIDCMayActScript        ScriptRef `json:"oidcMayActScript"`
}

// ProviderAdvanced is the tab "Advanced".
type ProviderAdvanced struct {
	CustomLoginURLTemplate     string   `json:"customLoginUrlTemplate,omitempty"`
	ScopeImplementationClass   string   `json:"scopeImplementationClass,omitempty"`
	ModifiedTimestampAttribute string   `json:"modifiedTimestampAttribute,omitempty"`
	CreatedTimestampAttribute  string   `json:"createdTimestampAttribute,omitempty"`
	PasswordGrantAuthService   string   `json:"passwordGrantAuthService,omitempty"` // "" or "[Empty]": the realm's default
	TLSClientCertHeader        string   `json:"tlsClientCertificateTrustedHeader,omitempty"`
	TLSOCSPResponderURI        string   `json:"tlsOcspResponderUri,omitempty"`
	TLSOCSPResponderCert       string   `json:"tlsOcspResponderCert,omitempty"`
	AuthorizationDetailsTypes  []string `json:"richAuthorizationRequestsTypes,omitempty"`

	AuthenticationAttributes []string `json:"authenticationAttributes"`
	DisplayNameAttribute     string   `json:"displayNameAttribute"`
	SupportedScopes          []string `json:"supportedScopes"` // may be "scope|description"
	DefaultScopes            []string `json:"defaultScopes"`
	SupportedSubjectTypes    []string `json:"supportedSubjectTypes"`
	HashSalt                 string   `json:"hashSalt"`
	ResponseTypeClasses      []string `json:"responseTypeClasses"` // "type|class"
	TokenSigningAlgorithm    string   `json:"tokenSigningAlgorithm"`
	TokenCompression         bool     `json:"tokenCompressionEnabled"`
	TokenEncryption          bool     `json:"tokenEncryptionEnabled"`
	GrantTypes               []string `json:"grantTypes"`
	// CodeVerifierEnforced is "false", "true", "public" or "passwordless".
	CodeVerifierEnforced              string   `json:"codeVerifierEnforced"`
	ModuleMessageInPasswordGrant      bool     `json:"moduleMessageEnabledInPasswordGrant"`
	TLSCertBoundAccessTokens          bool     `json:"tlsCertificateBoundAccessTokensEnabled"`
	TLSCertRevocationChecking         bool     `json:"tlsCertificateRevocationCheckingEnabled"`
	TLSClientCertHeaderFormat         string   `json:"tlsClientCertificateHeaderFormat"`
	TLSClientCertChainValidation      bool     `json:"tlsClientCertificateChainValidationEnabled"`
	MacaroonTokenFormat               string   `json:"macaroonTokenFormat"`
	RequirePushedAuthorizationRequest bool     `json:"requirePushedAuthorizationRequests"`
	PARRequestURILifetime             int      `json:"parRequestUriLifetime"`
	RequestObjectProcessing           string   `json:"requestObjectProcessing"` // "OIDC" or "JAR"
	RequestObjectExpRequired          bool     `json:"expClaimRequiredInRequestObject"`
	RequestObjectNbfRequired          bool     `json:"nbfClaimRequiredInRequestObject"`
	RequestObjectMaxNbfToExp          int      `json:"maxDifferenceBetweenRequestObjectNbfAndExp"` // minutes, 0: no limit
	RequestObjectMaxNbfAge            int      `json:"maxAgeOfRequestObjectNbfClaim"`              // minutes, 0: no limit
	RefreshTokenGracePeriod           int      `json:"refreshTokenGracePeriod"`
	PersistentClaims                  []string `json:"persistentClaims"`
	AllowedAudienceValues             []string `json:"allowedAudienceValues"`
	CredentialsInQuery                bool     `json:"allowClientCredentialsInTokenRequestQueryParameters"`
	ClientIDInClientSideTokens        bool     `json:"includeClientIdClaimInStatelessTokens"`
	SubnameInTokenClaims              bool     `json:"includeSubnameInTokenClaims"`
	TokenValidatorClasses             []string `json:"tokenValidatorClasses"` // "token type|class"
	TokenExchangeClasses              []string `json:"tokenExchangeClasses"`  // "from=>to|class"
	AudienceInTokenExchange           bool     `json:"acceptAudienceParametersInTokenExchangeRequests"`
	TokenIntrospectionClaim           bool     `json:"useTokenIntrospectionClaimForJWT"`
	RichAuthorizationRequests         bool     `json:"enableRichAuthorizationRequests"`
	ApplicationContext                bool     `json:"enableApplicationContext"`
}

// ProviderRegistration is the tab "Client Dynamic Registration".
type ProviderRegistration struct {
	Open                      bool      `json:"allowDynamicRegistration"`
	Scope                     string    `json:"dynamicClientRegistrationScope"`
	Script                    ScriptRef `json:"dynamicClientRegistrationScript"`
	SoftwareStatementRequired bool      `json:"dynamicClientRegistrationSoftwareStatementRequired"`
	AttestedAttributes        []string  `json:"requiredSoftwareStatementAttestedAttributes"`
	GenerateAccessTokens      bool      `json:"generateRegistrationAccessTokens"`
}

// ProviderOIDC is the tab "OpenID Connect".
type ProviderOIDC struct {
	IDTokenLifetime                int      `json:"jwtTokenLifetime"`
	DiscoveryEnabled               bool     `json:"oidcDiscoveryEndpointEnabled"` // WebFinger
	OverrideableClaims             []string `json:"overrideableOIDCClaims"`
	SupportedClaims                []string `json:"supportedClaims"` // may be "claim|description"
	IDTokenSigningAlgorithms       []string `json:"supportedIDTokenSigningAlgorithms"`
	IDTokenEncryptionAlgorithms    []string `json:"supportedIDTokenEncryptionAlgorithms"`
	IDTokenContentEncryptionMethod []string `json:"supportedIDTokenEncryptionMethods"`
}

// ProviderAdvancedOIDC is the tab "Advanced OpenID Connect".
type ProviderAdvancedOIDC struct {
	AlwaysAddClaimsToToken bool              `json:"alwaysAddClaimsToToken"`
	AMRMappings            map[string]string `json:"amrMappings"`
	LoAMapping             map[string]string `json:"loaMapping"`
	DefaultACR             []string          `json:"defaultACR"`
	ClaimsParameter        bool              `json:"claimsParameterSupported"`
	SessionManagement      bool              `json:"storeOpsTokens"`
	IDTokenInfoClientAuth  bool              `json:"idTokenInfoClientAuthenticationEnabled"`
	AllKtyAlgInJWKS        bool              `json:"includeAllKtyAlgCombinationsInJwksUri"`
	ForceAuthnForPrompt    bool              `json:"useForceAuthnForPromptLogin"`
	ForceAuthnForMaxAge    bool              `json:"useForceAuthnForMaxAge"`
	MinMaxAge              int               `json:"minMaxAge,omitempty"`
	SSOClients             []string          `json:"authorisedOpenIdConnectSSOClients"`
	IDMDelegationClients   []string          `json:"authorisedIdmDelegationClients"`
	KidMappings            map[string]string `json:"jwtSigningKidHeaderMappings,omitempty"`
	RemoteJWKSURI          string            `json:"jkwsURI,omitempty"`

	TokenEndpointAuthSigningAlgorithms []string `json:"supportedTokenEndpointAuthenticationSigningAlgorithms"`
	UserInfoSigningAlgorithms          []string `json:"supportedUserInfoSigningAlgorithms"`
	UserInfoEncryptionAlgorithms       []string `json:"supportedUserInfoEncryptionAlgorithms"`
	UserInfoEncryptionEnc              []string `json:"supportedUserInfoEncryptionEnc"`
	RequestSigningAlgorithms           []string `json:"supportedRequestParameterSigningAlgorithms"`
	RequestEncryptionAlgorithms        []string `json:"supportedRequestParameterEncryptionAlgorithms"`
	RequestEncryptionEnc               []string `json:"supportedRequestParameterEncryptionEnc"`
	IntrospectionSigningAlgorithms     []string `json:"supportedTokenIntrospectionResponseSigningAlgorithms"`
	IntrospectionEncryptionAlgorithms  []string `json:"supportedTokenIntrospectionResponseEncryptionAlgorithms"`
	IntrospectionEncryptionEnc         []string `json:"supportedTokenIntrospectionResponseEncryptionEnc"`
	AuthorizationSigningAlgorithms     []string `json:"supportedAuthorizationResponseSigningAlgorithms"`
	AuthorizationEncryptionAlgorithms  []string `json:"supportedAuthorizationResponseEncryptionAlgorithms"`
	AuthorizationEncryptionEnc         []string `json:"supportedAuthorizationResponseEncryptionEnc"`
}

// ProviderDevice is the tab "Device Flow".
type ProviderDevice struct {
	CodeLifetime     int    `json:"deviceCodeLifetime"`
	PollInterval     int    `json:"devicePollInterval"`
	UserCodeLength   int    `json:"deviceUserCodeLength"`
	UserCodeAlphabet string `json:"deviceUserCodeCharacterSet"`
	VerificationURL  string `json:"verificationUrl,omitempty"`
	CompletionURL    string `json:"completionUrl,omitempty"`
	AnonymousForm    bool   `json:"realmAllowUnauthorisedAccessToUserCodeForm"`
}

// ProviderConsent is the tab "Consent".
type ProviderConsent struct {
	ClientsCanSkip               bool     `json:"clientsCanSkipConsent"`
	SavedConsentAttribute        string   `json:"savedConsentAttribute,omitempty"`
	Remote                       bool     `json:"enableRemoteConsent"`
	RemoteServiceID              string   `json:"remoteConsentServiceId,omitempty"`
	RemoteRequestSigning         []string `json:"supportedRcsRequestSigningAlgorithms"`
	RemoteRequestEncryption      []string `json:"supportedRcsRequestEncryptionAlgorithms"`
	RemoteRequestEncryptionEnc   []string `json:"supportedRcsRequestEncryptionMethods"`
	RemoteResponseSigning        []string `json:"supportedRcsResponseSigningAlgorithms"`
	RemoteResponseEncryption     []string `json:"supportedRcsResponseEncryptionAlgorithms"`
	RemoteResponseEncryptionEncs []string `json:"supportedRcsResponseEncryptionMethods"`
}

// ProviderCIBA is the tab "CIBA".
type ProviderCIBA struct {
	AuthReqIDLifetime int      `json:"cibaAuthReqIdLifetime"`
	MinPollInterval   int      `json:"cibaMinimumPollingInterval"`
	SigningAlgorithms []string `json:"supportedCibaSigningAlgorithms"`
}

// ProviderPlugins is the tab "Plugins".
type ProviderPlugins struct {
	PluginSettings
	AccessTokenEnricherClass string `json:"accessTokenEnricherClass"`
	UserCodeGeneratorClass   string `json:"userCodeGeneratorClass"`
}

// ProviderAIAgents is the tab "AI Agents".
type ProviderAIAgents struct {
	Enabled               bool              `json:"aiAgentsEnabled"`
	IdentityObjectName    string            `json:"aiAgentsIdentityObjectName,omitempty"`
	PrivilegeObjectName   string            `json:"aiAgentsPrivilegeObjectName,omitempty"`
	IdentityObjectMapping map[string]string `json:"aiAgentsIdentityObjectMapping,omitempty"`
}

// ParseProvider reads a service document over the defaults. Values may be bare or
// wrapped.
func ParseProvider(body json.RawMessage) (*Provider, error) {
	p := DefaultProvider()
	if err := decodeDoc(body, p); err != nil {
		return nil, err
	}
	return p, nil
}

// HasGrant tells whether the grant type is enabled.
func (p *Provider) HasGrant(grant string) bool { return slices.Contains(p.Advanced.GrantTypes, grant) }

// BestPractice tells whether RFC 9700 holds; FAPI 2.0 builds on it.
func (p *Provider) BestPractice() bool { return p.Own.BestPractice || p.Own.FAPI2 }

// TakesDPoP tells whether proofs of possession are looked at.
func (p *Provider) TakesDPoP() bool {
	return p.Own.DPoP || p.Own.DPoPRequired || p.Own.DPoPNonces || p.Own.FAPI2
}

// ResponseTypes returns the single response types that are enabled: "code", "token",
// "id_token", and whatever else was configured.
func (p *Provider) ResponseTypes() []string { return cutAll(p.Advanced.ResponseTypeClasses) }

// SupportedScopes returns the scopes without their descriptions.
func (p *Provider) SupportedScopes() []string { return cutAll(p.Advanced.SupportedScopes) }

// DefaultScopes returns what dynamically registered clients get that ask for nothing.
func (p *Provider) DefaultScopes() []string { return cutAll(p.Advanced.DefaultScopes) }

// SupportedClaims returns the claims without their descriptions.
func (p *Provider) SupportedClaims() []string { return cutAll(p.OIDC.SupportedClaims) }
