package clientauth

import (
	"context"
	"errors"
	"slices"

	"gatehouse/internal/am/oauth"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// clientSecretJWT is the method of profiles whose clients sign with their secret (OIDC Core §9).
const clientSecretJWT = "client_secret_jwt"

// privateKeyJWT is a JWT that the client signed about itself (RFC 7523 §2.2, OIDC Core §9), with its private key, or
// with its secret where the profile sets an HMAC algorithm (client_secret_jwt). The algorithm is the profile's alone.
var privateKeyJWT = oauth.ClientAuth{
	Name:   "private_key_jwt",
	Shown:  isAssertion,
	Verify: verifyAssertion,
}

func isAssertion(c *oauth.Credentials) bool { return c.Get("client_assertion_type") == assertionType }

func verifyAssertion(ctx context.Context, p *oauth.Provider, c *oauth.Credentials) (*oauth.Caller, error) {
	raw := c.Get("client_assertion")
	iss, sub, err := oauth.AssertionIssuer(raw)
	if err != nil {
		return nil, oauth.Refuse("invalid_client", "JWT is not valid").Because(err)
	}
	if id := c.Get("client_id"); id != "" && id != sub {
		return nil, oauth.ErrClientAuth
	}
	caller, err := p.Principal(ctx, sub, c.Endpoint)
	if err != nil {
		return nil, err
	}
	if caller == nil || caller.Client == nil || sub == "" {
		return nil, oauth.ErrClientAuth.Because(oauth.ErrNoClient)
	}
	client := caller.Client
	if iss != sub && !slices.Contains(client.Advanced.AcceptedJWTIssuers, iss) {
		return nil, oauth.Refuse("invalid_client", "JWT 'iss' and 'sub' claims must be equal to the client_id")
	}
	alg := jose.Algorithm(client.Keys.TokenEndpointAuthAlg)
	if client.Advanced.TokenEndpointAuthMethod == clientSecretJWT {
		caller.Method = clientSecretJWT
		if !alg.Symmetric() { // the default of profiles, RS256, is of keys that this client has not
			alg = jose.HS256
		}
	}
	keys, err := assertionKeys(p, client, alg)
	if err != nil {
		return nil, oauth.ErrClientAuth.Because(err)
	}
	claims, err := p.CheckAssertion(ctx, oauth.Assertion{
		Raw: raw, Keys: keys, Algorithms: []jose.Algorithm{alg}, Endpoint: c.Endpoint, OfClient: true,
	})
	if err == nil {
		err = p.UseUp(ctx, "client_assertion", claims)
	}
	if err != nil {
		return nil, refusal(err)
	}
	return caller, nil
}

func assertionKeys(p *oauth.Provider, c *realm.Client, alg jose.Algorithm) (jose.Finder, error) {
	if !alg.Symmetric() {
		return p.ClientKeys(c)
	}
	secret, ok := c.Secret()
	if !ok || len(secret) == 0 {
		return nil, errors.New("the client has no secret")
	}
	key, err := jose.NewClientSecret(string(secret))
	if err != nil {
		return nil, err
	}
	return jose.NewKeySet(key), nil
}

// refusal says of an assertion what the client may know.
func refusal(err error) error {
	text := ""
	switch {
	case errors.Is(err, oauth.ErrAssertionExpired):
		text = "JWT has expired"
	case errors.Is(err, oauth.ErrAssertionAudience):
		text = "Audience validation failed"
	case errors.Is(err, oauth.ErrAssertionLife):
		text = "JWT expiration time is unreasonable"
	case errors.Is(err, oauth.ErrAssertionSealed):
		return oauth.ErrClientAuth.Because(err)
	case errors.Is(err, oauth.ErrAssertion), errors.Is(err, store.ErrUsed):
		text = "JWT is not valid"
	default:
		return err
	}
	return oauth.Refuse("invalid_client", text).Because(err)
}
