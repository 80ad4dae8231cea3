package oauth

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Grant is one value of grant_type. The package grant has them all.
type Grant struct {
	Name string
	// NoRefresh grants never come with a refresh token.
	NoRefresh bool
	// KeepsBinding tells that the tokens stay bound to what an earlier request showed.
	KeepsBinding bool
	// Authorize decides, also on scopes: those of the request (Provider.RequestedScopes) or those that were agreed on before.
	// When it runs, the client is authenticated and may use the grant.
	Authorize func(ctx context.Context, p *Provider, req *TokenRequest) (*Authorization, error)
}

// TokenRequest is a token request after the steps that all grants share.
type TokenRequest struct {
	*Form
	Client *realm.Client
	// Set are the settings in force for the client, overrides applied.
	Set *realm.Effective
	// InheritsScopes is set by a script: the new refresh token has the scopes of the access token.
	InheritsScopes bool
	// ProofKey is the thumbprint of the key that the client proves to have (RFC 9449), "" without a proof.
	ProofKey string
	// URL is the address of the endpoint, Header what came with the request.
	URL    string
	Header http.Header
}

// Token types of RFC 8693 §3.
const (
	TypeAccessToken = "urn:ietf:params:oauth:token-type:access_token"
	TypeIDToken     = "urn:ietf:params:oauth:token-type:id_token"
)

// Authorization is what a grant allows: who gets what. It goes to issue.go.
type Authorization struct {
	Subject store.Subject
	// User is the user behind Subject, when the grant had it at hand.
	User      *realm.User
	Scopes    []string
	SessionID string

	// GrantID joins the tokens to a grant that exists already; "" starts one.
	GrantID string
	// GrantType is what the tokens tell; "" is the grant's name.
	GrantType string
	AuthTime  time.Time
	AuthLevel int
	Nonce     string
	State     string
	ACR       string
	AMR       []string
	Claims    string // the claims parameter
	// Details are the authorization_details that were granted (RFC 9396); token requests may ask for less.
	Details json.RawMessage

	// Audience is added to the client in aud.
	Audience []string
	Act, Cnf json.RawMessage
	// Extra are claims that go on from an earlier token.
	Extra map[string]json.RawMessage

	// RefreshScopes are those of the refresh token; nil means Scopes. RefreshDetails are its authorization_details.
	RefreshScopes  []string
	RefreshDetails json.RawMessage
	// Rotates is the refresh token that is used up by what is issued.
	Rotates *Rotation
	// IssuedType is "issued_token_type" of a token exchange. TypeIDToken issues an ID token only.
	IssuedType string
	// Code is the authorization code, for c_hash.
	Code string
}

// Rotation is the use of a refresh token.
type Rotation struct {
	Raw   string // as the store knows it
	Keep  bool   // no new refresh token: the old one stays
	Grace time.Duration
}
