package oauth

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatehouse/internal/jose"
)

// Assertion is a JWT by which somebody proves who they are or what was agreed (RFC 7523 §3).
type Assertion struct {
	Raw        string
	Keys       jose.Finder
	Algorithms []jose.Algorithm
	Endpoint   string // what was called, an accepted audience besides the token endpoint and the issuer
	// OfClient tells that it authenticates a client, for which FAPI 2.0 has rules of its own.
	OfClient bool
}

// assertionSkew is how far clocks may differ.
const assertionSkew = 10 * time.Second

// Failures of assertions. They wrap what package jose says, for the log.
var (
	ErrAssertion         = errors.New("the assertion cannot be used")
	ErrAssertionExpired  = errors.New("the assertion has expired")
	ErrAssertionAudience = errors.New("the assertion is meant for somebody else")
	ErrAssertionLife     = errors.New("the assertion lives unreasonably long")
	ErrAssertionSealed   = errors.New("the assertion's signature is wrong")
)

// CheckAssertion verifies signature, times and audience and gives the claims. It does not look at iss and sub.
func (p *Provider) CheckAssertion(ctx context.Context, a Assertion) (*jose.Claims, error) {
	tok, err := jose.Verify(ctx, a.Raw, jose.VerifyOptions{Keys: a.Keys, Algorithms: a.Algorithms})
	switch {
	case errors.Is(err, jose.ErrSignature), errors.Is(err, jose.ErrKey):
		return nil, errors.Join(ErrAssertionSealed, err)
	case err != nil:
		return nil, errors.Join(ErrAssertion, err)
	}
	claims, err := jose.ParseClaims(tok.Payload)
	if err != nil {
		return nil, errors.Join(ErrAssertion, err)
	}
	global := p.global()
	require := append([]string{"exp", "iss", "sub", "aud"}, global.JWTRequiredClaims...)
	err = claims.Check(jose.Expect{Now: p.Now(), Skew: assertionSkew, Require: require})
	switch {
	case errors.Is(err, jose.ErrExpired):
		return nil, errors.Join(ErrAssertionExpired, err)
	case err != nil:
		return nil, errors.Join(ErrAssertion, err)
	case global.JWTLifetimeValidation && claims.Expires.Unix()-p.Now().Unix() > int64(global.JWTMaxLifetime):
		return nil, ErrAssertionLife
	case !p.isAudience(claims.Audience, a.Endpoint), a.OfClient && !p.isFAPIAudience(claims):
		return nil, ErrAssertionAudience
	}
	return claims, nil
}

// UseUp makes an assertion that has a jti good for once.
func (p *Provider) UseUp(ctx context.Context, kind string, c *jose.Claims) error {
	if c.ID == "" {
		return nil // RFC 7523 §3 leaves it to the issuer
	}
	return p.once.Once(ctx, p.Realm.Path, kind, c.Issuer+"\x00"+c.ID, c.Expires.Add(assertionSkew))
}

// isAudience tells whether one of the audiences is this provider: its issuer, its token endpoint, the endpoint that was
// called, or a value that the settings add (PingAM: allowedAudienceValues).
func (p *Provider) isAudience(audiences []string, called string) bool {
	var ours []string
	for _, iss := range p.issuers() {
		ours = append(ours, iss, iss+"/access_token", iss+"/"+called)
	}
	for _, a := range audiences {
		if slices.Contains(p.Settings.Advanced.AllowedAudienceValues, a) ||
			slices.ContainsFunc(ours, func(o string) bool { return sameAddress(a, o) }) {
			return true
		}
	}
	return false
}

// issuers are the spellings of the issuer: the first is the one that is told, all lead here.
func (p *Provider) issuers() []string {
	ours := []string{p.Issuer}
	if alias := (BaseURL{URL: p.Base.URL}).Issuer(p.Realm.Path); alias != p.Issuer {
		ours = append(ours, alias)
	}
	if p.Realm.Path == "/" {
		ours = append(ours, p.Base.URL+"/oauth2/realms/root")
	}
	return ours
}

// AssertionIssuer gives the iss of an assertion before anything is verified: whose keys to verify it with.
func AssertionIssuer(raw string) (iss, sub string, err error) {
	head, err := jose.Unverified(raw)
	if err != nil {
		return "", "", err
	}
	c, err := jose.ParseClaims(head.Payload)
	if err != nil {
		return "", "", err
	}
	return c.Issuer, c.Subject, nil
}
