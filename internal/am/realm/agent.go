package realm

import (
	"encoding/json"
	"strings"
	"time"
)

// Agent is the profile of a gateway that is a client of this server, an agent document
// of type IdentityGatewayAgent.
type Agent struct {
	ID string `json:"-"`

	Status string `json:"status"` // "Active" or "Inactive"
	// Password is the agent's password as stored, sealed; see Agent.CheckSecret.
	Password      string   `json:"userpassword,omitempty"`
	SecretLabel   string   `json:"secretLabelIdentifier,omitempty"`
	Introspection string   `json:"igTokenIntrospection"` // "None", "Realm" or "Realm_Subs"
	RedirectURLs  []string `json:"igCdssoRedirectUrls"`
	LoginURL      string   `json:"igCdssoLoginUrlTemplate,omitempty"`
	AgentGroup    string   `json:"agentgroup,omitempty"`

	secret secret
	until  time.Time // when it is to be read again; zero: never
}

// DefaultAgent returns the profile of which nothing was said.
func DefaultAgent() *Agent {
	return &Agent{Status: "Active", Introspection: "None", RedirectURLs: []string{}}
}

// ParseAgent reads an agent's document over the defaults.
func ParseAgent(id string, body json.RawMessage) (*Agent, error) {
	a := DefaultAgent()
	a.ID = id
	return a, decodeDoc(body, a)
}

// IsActive tells whether the agent may do anything.
func (a *Agent) IsActive() bool { return strings.EqualFold(a.Status, "Active") }

// CheckSecret compares in a time that depends on the presented password's length only.
func (a *Agent) CheckSecret(presented string) bool { return a.secret.check(presented) }

// MayIntrospect tells whether the agent of the realm own may look at tokens of the
// realm of the token; both are paths.
func (a *Agent) MayIntrospect(own, token string) bool {
	switch a.Introspection {
	case "Realm":
		return strings.EqualFold(own, token)
	case "Realm_Subs":
		own, token = strings.ToLower(own), strings.ToLower(token)
		return own == token || strings.HasPrefix(token, strings.TrimSuffix(own, "/")+"/")
	}
	return false
}

// TrustedIssuer is a party whose JWTs are accepted as grants (RFC 7523 §2.1), an agent
// document of type TrustedJwtIssuer.
type TrustedIssuer struct {
	ID string `json:"-"`

	Issuer              string   `json:"issuer"`
	JWKSURI             string   `json:"jwksUri,omitempty"`
	JWKSet              string   `json:"jwkSet,omitempty"`
	JWKSCacheMillis     int      `json:"jwksCacheTimeout"`
	JWKSCacheMissMillis int      `json:"jwkStoreCacheMissCacheTime"`
	ScopesClaim         string   `json:"consentedScopesClaim"`
	SubjectClaim        string   `json:"resourceOwnerIdentityClaim"`
	AllowedSubjects     []string `json:"allowedSubjects"` // empty: every user
	AgentGroup          string   `json:"agentgroup,omitempty"`
}

// DefaultTrustedIssuer returns the profile of which nothing was said.
func DefaultTrustedIssuer() *TrustedIssuer {
	return &TrustedIssuer{
		JWKSCacheMillis: 3600000, JWKSCacheMissMillis: 60000,
		ScopesClaim: "scope", SubjectClaim: "sub", AllowedSubjects: []string{},
	}
}

// ParseTrustedIssuer reads a trusted issuer's document over the defaults.
func ParseTrustedIssuer(id string, body json.RawMessage) (*TrustedIssuer, error) {
	t := DefaultTrustedIssuer()
	t.ID = id
	return t, decodeDoc(body, t)
}

// SoftwarePublisher is a party whose statements about software clients may register with (RFC 7591 §2.3), an agent
// document of type SoftwarePublisher.
type SoftwarePublisher struct {
	ID string `json:"-"`

	Issuer              string `json:"issuer"`
	Password            string `json:"userpassword,omitempty"` // as stored, sealed; see SoftwarePublisher.Secret
	PublicKeyLocation   string `json:"publicKeyLocation"`      // "jwks_uri" or "jwks"
	JWKSURI             string `json:"jwksUri,omitempty"`
	JWKSet              string `json:"jwkSet,omitempty"`
	JWKSCacheMillis     int    `json:"jwksCacheTimeout"`
	JWKSCacheMissMillis int    `json:"jwkStoreCacheMissCacheTime"`
	SigningAlgorithm    string `json:"softwareStatementSigningAlgorithm"`
	AgentGroup          string `json:"agentgroup,omitempty"`

	secret secret
}

// Secret returns what the publisher signs with where its algorithm is an HMAC; false when there is nothing.
func (p *SoftwarePublisher) Secret() ([]byte, bool) { return p.secret.first() }

// DefaultSoftwarePublisher returns the profile of which nothing was said.
func DefaultSoftwarePublisher() *SoftwarePublisher {
	return &SoftwarePublisher{
		PublicKeyLocation: "jwks_uri", JWKSCacheMillis: 3600000, JWKSCacheMissMillis: 60000, SigningAlgorithm: "RS256",
	}
}

// ParseSoftwarePublisher reads a software publisher's document over the defaults.
func ParseSoftwarePublisher(id string, body json.RawMessage) (*SoftwarePublisher, error) {
	p := DefaultSoftwarePublisher()
	p.ID = id
	return p, decodeDoc(body, p)
}

// agentType returns the type that an agent's document states: "_type" is its name or
// an object with it as "_id".
func agentType(body json.RawMessage) string {
	var doc struct {
		Type json.RawMessage `json:"_type"`
	}
	if json.Unmarshal(body, &doc) != nil || len(doc.Type) == 0 {
		return ""
	}
	var full struct {
		ID string `json:"_id"`
	}
	if doc.Type[0] == '{' {
		_ = json.Unmarshal(doc.Type, &full) // leaves it empty: no type
		return full.ID
	}
	_ = json.Unmarshal(doc.Type, &full.ID)
	return full.ID
}
