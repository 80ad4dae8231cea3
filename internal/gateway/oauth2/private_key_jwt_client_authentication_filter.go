package oauth2

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/url"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/jose"
)

// privateKeyJwt authenticates a client with a signed assertion (RFC 7523 §2.2).
type privateKeyJwt struct {
	assertionFields

	now    func() time.Time
	signer secrets.Signer
}

type assertionFields struct {
	ClientID             string           `conf:"clientId,required"`
	TokenEndpoint        conf.URL         `conf:"tokenEndpoint,required"`
	SecretsProvider      secrets.Provider `conf:"secretsProvider"`
	SigningSecretID      secrets.ID       `conf:"signingSecretId,required"`
	SigningAlgorithm     string           `conf:"signingAlgorithm,default=RS256"`
	JwtExpirationTimeout conf.Duration    `conf:"jwtExpirationTimeout,default=1 minute,min=1"`
	Claims               map[string]any   `conf:"claims"`
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

var privateKeyJwtType = heap.Define("PrivateKeyJwtClientAuthenticationFilter", func(c *privateKeyJwt, env *heap.Env) (chain.Filter, error) {
	c.prepare(env)
	return c, nil
})

func (c *privateKeyJwt) prepare(env *heap.Env) {
	c.SecretsProvider.OrEnvironment(env)
	if !jose.Algorithm(c.SigningAlgorithm).Signs() {
		env.Fail("signingAlgorithm", "%q is no signature algorithm%s", c.SigningAlgorithm, conf.DidYouMean(c.SigningAlgorithm, signatureNames()))
	}
	if c.JwtExpirationTimeout.Unlimited() {
		env.Fail("jwtExpirationTimeout", "the duration must not be unlimited")
	}
	c.signWith(env.Now)
}

func (c *privateKeyJwt) signWith(now func() time.Time) {
	c.now = now
	c.signer.Provider, c.signer.ID, c.signer.Algorithm = c.SecretsProvider, c.SigningSecretID, jose.Algorithm(c.SigningAlgorithm)
}

func signatureNames() []string {
	var names []string
	for _, a := range append(jose.SignatureAlgorithms(), jose.MACAlgorithms()...) {
		names = append(names, string(a))
	}
	return names
}

func (c *privateKeyJwt) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	payload, err := c.payload()
	if err != nil {
		return nil, err
	}
	signer, err := c.signer.Active(x.Ctx())
	if err != nil {
		return nil, err
	}
	assertion, err := signer.Sign(payload)
	if err != nil {
		return nil, err
	}
	return c.send(x, next, assertion)
}

func (c *privateKeyJwt) send(x *chain.Exchange, next chain.Handler, assertion string) (*chain.Response, error) {
	err := addToForm(x.Request, url.Values{
		"client_id": {c.ClientID}, "client_assertion_type": {assertionType}, "client_assertion": {assertion},
	})
	if err != nil {
		return nil, err
	}
	return next.Handle(x)
}

// payload is the assertion's claims; those of the configuration win.
func (c *privateKeyJwt) payload() ([]byte, error) {
	now := c.now()
	claims := map[string]any{
		"iss": c.ClientID, "sub": c.ClientID, "aud": c.TokenEndpoint.String(),
		"iat": now.Unix(), "exp": now.Add(c.JwtExpirationTimeout.D()).Unix(), "jti": rand.Text(),
	}
	maps.Copy(claims, c.Claims)
	return json.Marshal(claims)
}
