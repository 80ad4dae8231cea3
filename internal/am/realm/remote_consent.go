package realm

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/jose"
)

// RemoteConsentAgent is a service that asks users for their consent in the place of this server, an agent document of
// type RemoteConsentAgent. Members and their JSON names are those of PingAM.
type RemoteConsentAgent struct {
	ID string `json:"-"`

	Status string `json:"status"` // "Active" or "Inactive"
	// Password is the agent's secret as stored, sealed; see RemoteConsentAgent.Secret.
	Password              string `json:"userpassword,omitempty"`
	SecretLabel           string `json:"secretLabelIdentifier,omitempty"`
	RedirectURL           string `json:"remoteConsentRedirectUrl,omitempty"`
	EncryptRequest        bool   `json:"remoteConsentRequestEncryptionEnabled"`
	RequestEncryptionAlg  string `json:"remoteConsentRequestEncryptionAlgorithm"`
	RequestEncryptionEnc  string `json:"remoteConsentRequestEncryptionMethod"`
	RequestSigningAlg     string `json:"remoteConsentRequestSigningAlgorithm"`
	ResponseEncryptionAlg string `json:"remoteConsentResponseEncryptionAlgorithm"`
	ResponseEncryptionEnc string `json:"remoteConsentResponseEncryptionMethod"`
	ResponseSigningAlg    string `json:"remoteConsentResponseSigningAlg"`
	PublicKeyLocation     string `json:"publicKeyLocation"` // "jwks_uri" or "jwks"
	JWKSURI               string `json:"jwksUri,omitempty"`
	JWKSet                string `json:"jwkSet,omitempty"`
	JWKSCacheMillis       int    `json:"jwksCacheTimeout"`
	JWKSCacheMissMillis   int    `json:"jwkStoreCacheMissCacheTime"`
	RequestTimeLimit      int    `json:"requestTimeLimit"` // seconds
	AgentGroup            string `json:"agentgroup,omitempty"`

	secret secret
	until  time.Time // when it is to be read again; zero: never
}

// DefaultRemoteConsentAgent returns the profile of which nothing was said.
func DefaultRemoteConsentAgent() *RemoteConsentAgent {
	return &RemoteConsentAgent{
		Status: "Active", EncryptRequest: true,
		RequestEncryptionAlg: "RSA-OAEP-256", RequestEncryptionEnc: "A128GCM", RequestSigningAlg: "RS256",
		ResponseEncryptionAlg: "RSA-OAEP-256", ResponseEncryptionEnc: "A128GCM", ResponseSigningAlg: "RS256",
		PublicKeyLocation: "jwks_uri", JWKSCacheMillis: 3600000, JWKSCacheMissMillis: 60000, RequestTimeLimit: 180,
	}
}

// ParseRemoteConsentAgent reads a remote consent agent's document over the defaults.
func ParseRemoteConsentAgent(id string, body json.RawMessage) (*RemoteConsentAgent, error) {
	a := DefaultRemoteConsentAgent()
	a.ID = id
	return a, decodeDoc(body, a)
}

// IsActive tells whether users may be sent to the service.
func (a *RemoteConsentAgent) IsActive() bool { return strings.EqualFold(a.Status, "Active") }

// Secret returns what the server and the service share; false when there is nothing.
func (a *RemoteConsentAgent) Secret() ([]byte, bool) { return a.secret.first() }

// RemoteConsentAgent returns the remote consent agent, or store.ErrNotFound. It must not be changed.
func (r *Realm) RemoteConsentAgent(ctx context.Context, id string) (*RemoteConsentAgent, error) {
	a, err := r.remoteConsentAgent(ctx, id)
	if err == nil && over(a.until, r.set.m.now()) {
		r.set.remotes.drop(id)
		a, err = r.remoteConsentAgent(ctx, id)
	}
	return a, err
}

func (r *Realm) remoteConsentAgent(ctx context.Context, id string) (*RemoteConsentAgent, error) {
	return r.set.remotes.get(id, func() (*RemoteConsentAgent, error) {
		d, err := r.set.agent(ctx, id, TypeRemoteConsent)
		if err != nil {
			return nil, err
		}
		a, err := ParseRemoteConsentAgent(id, d.Body)
		if err == nil {
			a.secret, a.until, err = r.set.agentSecret(ctx, a.Password, a.SecretLabel)
		}
		if err != nil {
			return nil, fmt.Errorf("agent %q: %w", id, err)
		}
		return a, nil
	})
}

// ConsentSigner is Signer for requests to remote consent services, whose keys have labels of their own.
func (k *Keys) ConsentSigner(ctx context.Context, alg string) (*jose.Signer, error) {
	label, err := labelFor(jose.Algorithm(alg))
	if err != nil {
		return nil, err
	}
	return k.SignerOf(ctx, labelUnder(consentSigning, label), alg, "")
}
