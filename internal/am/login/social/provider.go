// Package social lets people sign in at other providers: OpenID Connect providers, and OAuth 2.0 ones that tell whom a
// token is of (PingAM: SocialIdentityProviders).
package social

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Service is the realm's service whose parts are the providers.
const Service = "SocialIdentityProviders"

// Provider is one of them, as it is configured.
type Provider struct {
	// Name is the ID of the configuration, Kind its type: "oidcConfig", "googleConfig", "oauth2Config".
	Name string `json:"-"`
	Kind string `json:"-"`
	// Inside are hosts that may have internal addresses, and be called over http.
	Inside []string `json:"-"`

	Enabled       bool     `json:"enabled"`
	ClientID      string   `json:"clientId"`
	Secret        string   `json:"clientSecret"` // sealed, until Find opens it
	Authorization string   `json:"authorizationEndpoint"`
	Token         string   `json:"tokenEndpoint"`
	UserInfo      string   `json:"userInfoEndpoint"`
	JWKS          string   `json:"jwksUriEndpoint"`
	WellKnown     string   `json:"wellKnownEndpoint"`
	Issuer        string   `json:"issuer"`
	Scopes        []string `json:"scopes"`
	Delimiter     string   `json:"scopeDelimiter"`
	RedirectURI   string   `json:"redirectURI"`
	PKCE          string   `json:"pkceMethod"`
	ClientAuth    string   `json:"clientAuthenticationMethod"`
	ResponseMode  string   `json:"responseMode"`
	ACR           []string `json:"acrValues"`
	// IDKey is the member of a profile that says who it is of.
	IDKey string `json:"authenticationIdKey"`
	// Transform is the script that makes a normalized profile of what the provider tells.
	Transform string         `json:"transform"`
	UI        map[string]any `json:"uiConfig"`

	// What is refused when it is set to more than this.
	IssuerCheck    string   `json:"issuerComparisonCheckType"` // "EXACT"
	UserInfoType   string   `json:"userInfoResponseType"`      // "JSON"
	EncryptedToken bool     `json:"encryptedIdTokens"`
	RequestJWT     string   `json:"jwtRequestParameterOption"` // "NONE"
	OwnTrustStore  bool     `json:"useCustomTrustStore"`
	Revocation     []string `json:"revocationCheckOptions"`
}

func parse(kind, name string, body json.RawMessage) (*Provider, error) {
	p := &Provider{Name: name, Kind: kind, Enabled: true, Delimiter: " ", PKCE: "S256", IDKey: "sub"}
	if err := json.Unmarshal(body, p); err != nil {
		return nil, fmt.Errorf("provider %s: %w", name, err)
	}
	return p, nil
}

// Check finds what is wrong with the configuration of a provider.
func Check(kind, name string, body json.RawMessage) error {
	p, err := parse(kind, name, body)
	if err != nil {
		return err
	}
	return p.check()
}

// Secrets open what is stored.
type Secrets interface {
	OpenSecret(sealed string) (string, error)
}

// All lists the providers of the realm that are enabled, by name.
func All(ctx context.Context, docs store.Docs, rl *realm.Realm, s Secrets) ([]*Provider, error) {
	var service struct {
		Enabled *bool `json:"enabled"`
	}
	d, err := rl.Service(ctx, Service)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(d.Body, &service)
	}
	if err != nil || service.Enabled != nil && !*service.Enabled {
		return nil, err
	}
	var inside []string
	if p, ok := rl.Provider(); ok {
		inside = p.Own.FetchHosts
	}
	var list []*Provider
	err = docs.Walk(ctx, rl.Path, store.KindService, store.Span{Prefix: Service + "/"}, func(d store.Doc) (bool, error) {
		kind, name, _ := strings.Cut(strings.TrimPrefix(d.ID, Service+"/"), "/")
		p, err := parse(kind, name, d.Body)
		if err != nil {
			return false, err
		}
		if !p.Enabled {
			return true, nil
		}
		p.Inside = inside
		if p.Secret, err = s.OpenSecret(p.Secret); err != nil {
			return false, fmt.Errorf("provider %s: %w", name, err)
		}
		list = append(list, p)
		return true, nil
	})
	slices.SortFunc(list, func(a, b *Provider) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// Find returns the enabled provider of that name, or store.ErrNotFound.
func Find(ctx context.Context, docs store.Docs, rl *realm.Realm, s Secrets, name string) (*Provider, error) {
	list, err := All(ctx, docs, rl, s)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(p *Provider) bool { return p.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("provider %q: %w", name, store.ErrNotFound)
	}
	for _, other := range list {
		for _, pair := range [][2]string{{name, other.Name}, {other.Name, name}} {
			if strings.HasPrefix(pair[1], pair[0]+"-") { // aliases are PROVIDER-SUBJECT
				return nil, fmt.Errorf("the providers %s and %s: their users could not be told apart", pair[0], pair[1])
			}
		}
	}
	return list[i], list[i].check()
}

// OIDC tells that the provider says who somebody is by an ID token.
func (p *Provider) OIDC() bool {
	return p.Kind != "oauth2Config" && (p.Issuer != "" || p.WellKnown != "")
}

// check finds settings that cannot be used, all at once.
func (p *Provider) check() error {
	var list []error
	bad := func(name, want string, found any) {
		list = append(list, fmt.Errorf("%s: expected %s, found %v", name, want, found))
	}
	for name, v := range map[string]string{"clientId": p.ClientID, "redirectURI": p.RedirectURI} {
		if v == "" {
			bad(name, "a value", "none")
		}
	}
	if u, err := url.Parse(p.RedirectURI); err != nil || u.Host == "" {
		bad("redirectURI", "an address", p.RedirectURI)
	}
	if !slices.Contains([]string{"S256", "PLAIN", "NONE", ""}, p.PKCE) {
		bad("pkceMethod", "S256, PLAIN or NONE", p.PKCE)
	}
	if !slices.Contains([]string{"CLIENT_SECRET_POST", "CLIENT_SECRET_BASIC", "NONE", ""}, p.ClientAuth) {
		bad("clientAuthenticationMethod", "CLIENT_SECRET_POST or CLIENT_SECRET_BASIC", p.ClientAuth)
	}
	if !slices.Contains([]string{"DEFAULT", "FORM_POST", ""}, p.ResponseMode) {
		bad("responseMode", "DEFAULT or FORM_POST", p.ResponseMode)
	}
	if p.IssuerCheck != "" && p.IssuerCheck != "EXACT" {
		bad("issuerComparisonCheckType", "EXACT", p.IssuerCheck)
	}
	if p.UserInfoType != "" && p.UserInfoType != "JSON" {
		bad("userInfoResponseType", "JSON", p.UserInfoType)
	}
	if p.RequestJWT != "" && p.RequestJWT != "NONE" {
		bad("jwtRequestParameterOption", "NONE", p.RequestJWT)
	}
	if p.EncryptedToken || p.OwnTrustStore || len(p.Revocation) > 0 {
		bad("encryptedIdTokens, useCustomTrustStore, revocationCheckOptions", "off, which is all that this server can do", "on")
	}
	if !p.OIDC() && p.UserInfo == "" {
		bad("userInfoEndpoint", "an address, or an issuer", "none")
	}
	if len(list) > 0 {
		return fmt.Errorf("provider %s: %w", p.Name, errors.Join(list...))
	}
	return nil
}
