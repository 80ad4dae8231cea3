package realm

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Types of agent documents, in their member "_type".
const (
	TypeClient           = "OAuth2Client"
	TypeGatewayAgent     = "IdentityGatewayAgent"
	TypeTrustedJWTIssuer = "TrustedJwtIssuer"
	TypePublisher        = "SoftwarePublisher"
	TypeRemoteConsent    = "RemoteConsentAgent"
	TypeAIAgent          = "AIAgent"
)

// IsClientType tells whether agents of a type are OAuth 2.0 clients: AI agents are, with the profile of one.
func IsClientType(kind string) bool { return kind == TypeClient || kind == TypeAIAgent }

// Client is the profile of an OAuth 2.0 client, an agent document of type
// OAuth2Client or AIAgent. Members and their JSON names are those of PingAM; lifetimes are
// seconds, 0 means the provider's. Once in use a Client is never changed.
type Client struct {
	ID string `json:"-"`
	// ForGateway tells that the client stands for an agent, whose ID tokens have a key of their own.
	ForGateway bool `json:"-"`
	// SelfRegistered tells that the client wrote its profile itself, and no administrator since.
	SelfRegistered bool `json:"-"`
	// AIAgent tells that the profile is of type AIAgent.
	AIAgent bool `json:"-"`

	Core      ClientCore      `json:"coreOAuth2ClientConfig"`
	Advanced  ClientAdvanced  `json:"advancedOAuth2ClientConfig"`
	OIDC      ClientOIDC      `json:"coreOpenIDClientConfig"`
	Keys      ClientKeys      `json:"signEncOAuth2ClientConfig"`
	UMA       ClientUMA       `json:"coreUmaClientConfig"`
	Overrides ClientOverrides `json:"overrideOAuth2ClientConfig"`

	secret   secret
	until    time.Time // when its secrets are to be read again; zero: never
	proves   bool      // see BindsToDPoP
	allowed  []string
	defaults []string
}

// ClientCore is the tab "Core".
type ClientCore struct {
	Status string `json:"status"` // "Active" or "Inactive"
	// Password is the client secret as stored, sealed; see Client.CheckSecret.
	Password             string   `json:"userpassword,omitempty"`
	SecretLabel          string   `json:"secretLabelIdentifier,omitempty"`
	Type                 string   `json:"clientType"` // "Confidential" or "Public"
	RedirectURIs         []string `json:"redirectionUris"`
	LoopbackRedirection  bool     `json:"loopbackInterfaceRedirection"`
	Scopes               []string `json:"scopes"` // may be "scope|description" or "scope|locale|description"
	DefaultScopes        []string `json:"defaultScopes"`
	Name                 []string `json:"clientName"` // may be "locale|name"
	CodeLifetime         int      `json:"authorizationCodeLifetime"`
	AccessTokenLifetime  int      `json:"accessTokenLifetime"`
	RefreshTokenLifetime int      `json:"refreshTokenLifetime"` // -1: never expires
	AgentGroup           string   `json:"agentgroup,omitempty"`
}

// ClientAdvanced is the tab "Advanced".
type ClientAdvanced struct {
	Name                     []string  `json:"name"`
	Descriptions             []string  `json:"descriptions"`
	RequestURIs              []string  `json:"requestUris"`
	ResponseTypes            []string  `json:"responseTypes"`
	GrantTypes               []string  `json:"grantTypes"`
	Contacts                 []string  `json:"contacts"`
	TokenEndpointAuthMethod  string    `json:"tokenEndpointAuthMethod"`
	SectorIdentifierURI      string    `json:"sectorIdentifierUri,omitempty"`
	SubjectType              string    `json:"subjectType"` // in any case: "public" or "pairwise"
	UpdateAccessToken        string    `json:"updateAccessToken,omitempty"`
	ClientURI                []string  `json:"clientUri"`
	LogoURI                  []string  `json:"logoUri"`
	PolicyURI                []string  `json:"policyUri"`
	ToSURI                   []string  `json:"tosURI"`
	ConsentImplied           bool      `json:"isConsentImplied"`
	MixUpMitigation          bool      `json:"mixUpMitigation"`
	CustomProperties         []string  `json:"customProperties"` // "key=value", "map[key]=value"
	JavaScriptOrigins        []string  `json:"javascriptOrigins"`
	SoftwareIdentity         string    `json:"softwareIdentity,omitempty"`
	SoftwareVersion          string    `json:"softwareVersion,omitempty"`
	TokenExchangeAuthLevel   int       `json:"tokenExchangeAuthLevel"`
	RequirePushedRequests    bool      `json:"require_pushed_authorization_requests"`
	RefreshTokenGracePeriod  int       `json:"refreshTokenGracePeriod"`
	Tree                     ScriptRef `json:"treeName"` // "[Empty]": none
	AllowedResourceAudiences []string  `json:"allowedResourceServerAudienceValues"`
	AcceptedJWTIssuers       []string  `json:"acceptedJwtIssuers"`
	IntrospectionPolicySets  []string  `json:"introspectionPolicySets"`
}

// ClientOIDC is the tab "OpenID Connect".
type ClientOIDC struct {
	Claims                   []string `json:"claims"`
	PostLogoutRedirectURIs   []string `json:"postLogoutRedirectUri"`
	ClientSessionURI         string   `json:"clientSessionUri,omitempty"`
	DefaultMaxAge            int      `json:"defaultMaxAge"`
	DefaultMaxAgeEnabled     bool     `json:"defaultMaxAgeEnabled"`
	DefaultACRValues         []string `json:"defaultAcrValues"`
	IDTokenLifetime          int      `json:"jwtTokenLifetime"`
	BackchannelLogoutURI     string   `json:"backchannel_logout_uri,omitempty"`
	BackchannelLogoutSession bool     `json:"backchannel_logout_session_required"`
}

// ClientKeys is the tab "Signing and Encryption".
type ClientKeys struct {
	JWKSURI                    string `json:"jwksUri,omitempty"`
	JWKSet                     string `json:"jwkSet,omitempty"`
	JWKSCacheMillis            int    `json:"jwksCacheTimeout"`
	JWKSCacheMissMillis        int    `json:"jwkStoreCacheMissCacheTime"`
	PublicKeyLocation          string `json:"publicKeyLocation"` // "jwks_uri", "jwks" or "x509"
	JWTPublicKey               string `json:"clientJwtPublicKey,omitempty"`
	TokenEndpointAuthAlg       string `json:"tokenEndpointAuthSigningAlgorithm"`
	IDTokenSigningAlg          string `json:"idTokenSignedResponseAlg"`
	IDTokenEncryption          bool   `json:"idTokenEncryptionEnabled"`
	IDTokenEncryptionAlg       string `json:"idTokenEncryptionAlgorithm"`
	IDTokenEncryptionEnc       string `json:"idTokenEncryptionMethod"`
	IDTokenEncryptionKey       string `json:"idTokenPublicEncryptionKey,omitempty"`
	UserInfoFormat             string `json:"userinfoResponseFormat"` // "JSON", "SIGNED_JWT", "ENCRYPTED_JWT", "SIGNED_THEN_ENCRYPTED_JWT"
	UserInfoSigningAlg         string `json:"userinfoSignedResponseAlg,omitempty"`
	UserInfoEncryptionAlg      string `json:"userinfoEncryptedResponseAlg,omitempty"`
	UserInfoEncryptionEnc      string `json:"userinfoEncryptedResponseEncryptionAlgorithm"`
	RequestSigningAlg          string `json:"requestParameterSignedAlg,omitempty"`
	RequestEncryptionAlg       string `json:"requestParameterEncryptedAlg,omitempty"`
	RequestEncryptionEnc       string `json:"requestParameterEncryptedEncryptionAlgorithm"`
	IntrospectionFormat        string `json:"tokenIntrospectionResponseFormat"` // "JSON", "SIGNED_JWT", "SIGNED_THEN_ENCRYPTED_JWT"
	IntrospectionSigningAlg    string `json:"tokenIntrospectionSignedResponseAlg"`
	IntrospectionEncryptionAlg string `json:"tokenIntrospectionEncryptedResponseAlg"`
	IntrospectionEncryptionEnc string `json:"tokenIntrospectionEncryptedResponseEncryptionAlgorithm"`
	AuthorizationSigningAlg    string `json:"authorizationResponseSigningAlgorithm"`
	AuthorizationEncryptionAlg string `json:"authorizationResponseEncryptionAlgorithm,omitempty"`
	AuthorizationEncryptionEnc string `json:"authorizationResponseEncryptionMethod,omitempty"`
	MTLSTrustedCert            string `json:"mTLSTrustedCert,omitempty"`
	MTLSSubjectDN              string `json:"mTLSSubjectDN,omitempty"`
	MTLSCertBoundAccessTokens  bool   `json:"mTLSCertificateBoundAccessTokens"`
}

// ClientUMA is the tab "UMA".
type ClientUMA struct {
	ClaimsRedirectionURIs []string `json:"claimsRedirectionUris"`
}

// ClientOverrides is the tab "OAuth2 Provider Overrides". See Client.Effective.
type ClientOverrides struct {
	Enabled                  bool      `json:"providerOverridesEnabled"`
	ClientSideTokens         bool      `json:"statelessTokensEnabled"`
	TokenEncryption          bool      `json:"tokenEncryptionEnabled"`
	IssueRefreshToken        bool      `json:"issueRefreshToken"`
	IssueRefreshTokenOnRenew bool      `json:"issueRefreshTokenOnRefreshedToken"`
	UsePolicyEngineForScope  bool      `json:"usePolicyEngineForScope"`
	ScopesPolicySet          string    `json:"scopesPolicySet"`
	ClientsCanSkipConsent    bool      `json:"clientsCanSkipConsent"`
	RemoteConsent            bool      `json:"enableRemoteConsent"`
	RemoteConsentServiceID   string    `json:"remoteConsentServiceId,omitempty"`
	OverrideableClaims       []string  `json:"overrideableOIDCClaims"`
	ForceAuthnForMaxAge      bool      `json:"useForceAuthnForMaxAge"`
	AudienceInTokenExchange  bool      `json:"acceptAudienceParametersInTokenExchangeRequests"`
	TokenIntrospectionClaim  bool      `json:"useTokenIntrospectionClaimForJWT"`
	AccessTokenMayActScript  ScriptRef `json:"accessTokenMayActScript"`
	OIDCMayActScript         ScriptRef `json:"oidcMayActScript"`
	CustomLoginURLTemplate   string    `json:"customLoginUrlTemplate,omitempty"`
	ApplicationContext       bool      `json:"enableApplicationContext"`

	PluginSettings
}

// ParseClient reads a client's document over the defaults: what is left out or null
// has its default. Values may be bare or wrapped in {"inherited":…,"value":…}. The
// secret is not opened; Realm.Client does that.
func ParseClient(id string, body json.RawMessage) (*Client, error) {
	c := DefaultClient()
	c.ID = id
	if err := decodeDoc(body, c); err != nil {
		return nil, err
	}
	c.SelfRegistered, c.AIAgent = isSelfRegistered(body), agentType(body) == TypeAIAgent
	c.allowed, c.defaults = cutAll(c.Core.Scopes), cutAll(c.Core.DefaultScopes)
	c.proves = slices.Contains(c.Advanced.CustomProperties, PropertyDPoPBound)
	return c, nil
}

// Doc is the document of the client as the store keeps it. Writing it any other way makes it an administrator's.
func (c *Client) Doc() (json.RawMessage, error) {
	return json.Marshal(struct {
		Type string `json:"_type"`
		Self bool   `json:"_selfRegistered,omitempty"`
		*Client
	}{c.kind(), c.SelfRegistered, c})
}

func (c *Client) kind() string {
	if c.AIAgent {
		return TypeAIAgent
	}
	return TypeClient
}

func isSelfRegistered(body json.RawMessage) bool {
	var doc struct {
		Self bool `json:"_selfRegistered"`
	}
	return json.Unmarshal(body, &doc) == nil && doc.Self
}

// PropertyDPoPBound is the custom property of clients all of whose tokens are bound to a key (RFC 9449 §5.2); PingAM has
// no setting for that.
const PropertyDPoPBound = "dpop_bound_access_tokens=true"

// BindsToDPoP tells whether the client gets no tokens but those that are bound to a key of which it has a proof.
func (c *Client) BindsToDPoP() bool { return c.proves }

// IsActive tells whether the client may do anything.
func (c *Client) IsActive() bool { return strings.EqualFold(c.Core.Status, "Active") }

// IsPublic tells whether the client has no secret to prove itself with (RFC 6749
// §2.1).
func (c *Client) IsPublic() bool { return strings.EqualFold(c.Core.Type, "Public") }

// IsPairwise tells whether the client is to see pairwise subjects (OIDC Core §8.1).
func (c *Client) IsPairwise() bool { return strings.EqualFold(c.Advanced.SubjectType, "pairwise") }

// HasGrant tells whether the client may use the grant type.
func (c *Client) HasGrant(grant string) bool { return slices.Contains(c.Advanced.GrantTypes, grant) }

// AllowedScopes returns the scopes that the client may ask for, without their
// descriptions. It must not be changed.
func (c *Client) AllowedScopes() []string {
	if c.allowed == nil {
		return cutAll(c.Core.Scopes)
	}
	return c.allowed
}

// DefaultScopes returns the scopes of a request that names none. It must not be
// changed.
func (c *Client) DefaultScopes() []string {
	if c.defaults == nil {
		return cutAll(c.Core.DefaultScopes)
	}
	return c.defaults
}

// CheckSecret compares in a time that depends on the presented secret's length only.
// A client without a secret matches nothing.
func (c *Client) CheckSecret(presented string) bool { return c.secret.check(presented) }

// Secret returns the client secret for MACs keyed by it (OIDC Core §10.1); false when
// the client has none.
func (c *Client) Secret() ([]byte, bool) { return c.secret.first() }

// secret is an opened secret: its values are valid, and the first is active. Most have one.
type secret struct{ values [][]byte }

// first is the active value; false when there is none.
func (s secret) first() ([]byte, bool) {
	if len(s.values) == 0 || len(s.values[0]) == 0 {
		return nil, false
	}
	return slices.Clone(s.values[0]), true
}

func (s secret) check(presented string) bool {
	fits := 0
	b := sha256.Sum256([]byte(presented))
	for i := range max(1, len(s.values)) { // as much work for none as for one
		var value []byte
		if i < len(s.values) {
			value = s.values[i]
		}
		a := sha256.Sum256(value)
		if len(value) > 0 {
			fits |= subtle.ConstantTimeCompare(a[:], b[:])
		}
	}
	return fits == 1
}

// cutAll returns the values up to their first "|", without duplicates.
func cutAll(values []string) []string {
	cut := make([]string, 0, len(values))
	for _, v := range values {
		v, _, _ = strings.Cut(v, "|")
		if v != "" && !slices.Contains(cut, v) {
			cut = append(cut, v)
		}
	}
	return cut
}
