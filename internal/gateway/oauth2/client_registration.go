package oauth2

import (
	"context"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/jose"
)

// ClientRegistration is what the gateway is to an issuer: a client with an id, scopes,
// and a way to prove who it is.
type ClientRegistration struct {
	registrationFields

	// name is the object's name, by which login links of releases before 2024.3 go.
	name string
	// own authenticates the client in releases before 2025, and clients that were
	// registered on the fly; nil for none.
	own func(*metadata) chain.Filter
	// assertions is the last filter that own made for private_key_jwt.
	assertions atomic.Pointer[privateKeyJwt]
}

type registrationFields struct {
	ClientID                  string                  `conf:"clientId,required"`
	Issuer                    heap.Ref[*Issuer]       `conf:"issuer,required"`
	PKCEMethod                string                  `conf:"pkceMethod,oneof=S256|none,default=S256"`
	Scopes                    []string                `conf:"scopes"`
	RegistrationHandler       heap.Ref[chain.Handler] `conf:"registrationHandler,default=ForgeRockClientHandler"`
	AuthenticatedHandler      heap.Ref[chain.Handler] `conf:"authenticatedRegistrationHandler"`
	ClientSecretID            secrets.ID              `conf:"clientSecretId"`
	SecretsProvider           secrets.Provider        `conf:"secretsProvider"`
	SkipSignatureVerification bool                    `conf:"skipSignatureVerification"`
	IDTokenDecryptionSecretID secrets.ID              `conf:"idTokenDecryptionSecretId"`
	oldRegistrationFields
}

// oldRegistrationFields are those of releases before 2025.3, which had no
// authenticatedRegistrationHandler.
type oldRegistrationFields struct {
	ClientSecret                string        `conf:"clientSecret"`
	ClientSecretUsage           string        `conf:"clientSecretUsage,oneof=ID_TOKEN_VALIDATION_ONLY|ID_TOKEN_VALIDATION_AND_CLIENT_AUTHENTICATION|CLIENT_AUTHENTICATION_ONLY"`
	TokenEndpointAuthMethod     string        `conf:"tokenEndpointAuthMethod,oneof=client_secret_basic|client_secret_post|private_key_jwt|none"`
	TokenEndpointAuthSigningAlg string        `conf:"tokenEndpointAuthSigningAlg,default=RS256"`
	TokenEndpointUseBasicAuth   *bool         `conf:"tokenEndpointUseBasicAuth"`
	PrivateKeyJwtSecretID       secrets.ID    `conf:"privateKeyJwtSecretId"`
	JwtExpirationTimeout        conf.Duration `conf:"jwtExpirationTimeout,default=1 minute,min=1"`
}

var clientRegistrationType = heap.Define("ClientRegistration", func(c *registrationFields, env *heap.Env) (*ClientRegistration, error) {
	r := &ClientRegistration{registrationFields: *c, name: env.Name}
	for _, s := range r.Scopes {
		if !isScope(s) {
			env.Fail("scopes", "expected a scope, which is a word without blanks and quotes, found %q", s)
		}
	}
	if r.ClientSecretID != "" || r.PrivateKeyJwtSecretID != "" || r.IDTokenDecryptionSecretID != "" {
		r.SecretsProvider.OrEnvironment(env)
	}
	if r.SkipSignatureVerification {
		env.Warn("skipSignatureVerification", "signatures of ID tokens are not checked")
	}
	r.checkIssuer(env)
	r.old(env)
	return r, nil
})

// checkIssuer finds at load what would fail every login: ID tokens that cannot be checked.
func (r *ClientRegistration) checkIssuer(env *heap.Env) {
	i := r.Issuer.Get()
	if i == nil || !r.isOpenID() || i.c.WellKnownEndpoint != nil {
		return
	}
	if i.c.Issuer == "" {
		env.Fail("issuer", "ID tokens need an Issuer with \"wellKnownEndpoint\" or \"issuer\"")
	}
	if !i.verifiesWithoutDocument() && !r.secretVerifies() && !r.SkipSignatureVerification {
		env.Fail("issuer", "ID tokens need an Issuer with \"wellKnownEndpoint\" or \"idTokenVerificationSecretId\"")
	}
}

// old reads the fields of earlier releases.
func (r *ClientRegistration) old(env *heap.Env) {
	if r.AuthenticatedHandler.IsSet() {
		for _, field := range [...]string{"clientSecret", "privateKeyJwtSecretId", "tokenEndpointAuthMethod", "tokenEndpointAuthSigningAlg", "tokenEndpointUseBasicAuth", "jwtExpirationTimeout"} {
			if env.Config.Get(field) != nil {
				env.Warn(field, "the field has no effect beside \"authenticatedRegistrationHandler\"")
			}
		}
		return
	}
	switch method := r.TokenEndpointAuthMethod; {
	case r.ClientSecret == "" && env.Config.Get("clientSecret") != nil:
		env.Fail("clientSecret", "the secret is empty")
	case method == privateKeyMethod && r.PrivateKeyJwtSecretID == "":
		env.Fail("tokenEndpointAuthMethod", "the method private_key_jwt needs \"privateKeyJwtSecretId\"")
	case strings.HasPrefix(method, "client_secret_") && r.ClientSecret == "" && (r.ClientSecretID == "" || r.ClientSecretUsage == "ID_TOKEN_VALIDATION_ONLY"):
		env.Fail("tokenEndpointAuthMethod", "the method %s needs \"clientSecretId\"", method)
	}
	switch {
	case r.TokenEndpointAuthMethod == "none":
	case r.TokenEndpointAuthMethod == privateKeyMethod || r.ClientSecret == "" && r.PrivateKeyJwtSecretID != "":
		env.Warn("privateKeyJwtSecretId", "\"privateKeyJwtSecretId\" was replaced by \"authenticatedRegistrationHandler\"")
		checkSigningAlg(env, r.TokenEndpointAuthSigningAlg)
		r.own = r.withAssertion(r.SecretsProvider, r.PrivateKeyJwtSecretID, env.Now)
	case r.ClientSecret != "":
		env.Warn("clientSecret", "a secret in the configuration is read by whoever reads that; use \"authenticatedRegistrationHandler\"")
		r.own = r.withSecret(secrets.ProviderOf(known(r.ClientSecret)), "client.secret")
	case r.ClientSecretID != "" && r.ClientSecretUsage != "ID_TOKEN_VALIDATION_ONLY":
		env.Warn("clientSecretId", "for client authentication \"clientSecretId\" was replaced by \"authenticatedRegistrationHandler\"")
		r.own = r.withSecret(r.SecretsProvider, r.ClientSecretID)
	}
}

// secretVerifies says whether the client's secret is a key of ID tokens too.
func (r *ClientRegistration) secretVerifies() bool {
	return r.ClientSecretID != "" && r.ClientSecretUsage != "CLIENT_AUTHENTICATION_ONLY"
}

func (r *ClientRegistration) withSecret(p secrets.Provider, id secrets.ID) func(*metadata) chain.Filter {
	secret := clientSecret{r.ClientID, id, p}
	var filter chain.Filter = &clientSecretBasic{secret}
	if r.TokenEndpointAuthMethod == "client_secret_post" || r.TokenEndpointUseBasicAuth != nil && !*r.TokenEndpointUseBasicAuth {
		filter = &clientSecretPost{secret}
	}
	return func(*metadata) chain.Filter { return filter }
}

// withAssertion signs assertions for the token endpoint, which the metadata tells.
func (r *ClientRegistration) withAssertion(p secrets.Provider, id secrets.ID, now func() time.Time) func(*metadata) chain.Filter {
	template := assertionFields{
		ClientID: r.ClientID, SecretsProvider: p, SigningSecretID: id,
		SigningAlgorithm: r.TokenEndpointAuthSigningAlg, JwtExpirationTimeout: r.JwtExpirationTimeout,
	}
	return func(m *metadata) chain.Filter {
		if kept := r.assertions.Load(); kept != nil && kept.TokenEndpoint.String() == m.token {
			return kept
		}
		at, err := url.Parse(m.token)
		if err != nil {
			return failing{err}
		}
		made := &privateKeyJwt{assertionFields: template}
		made.signWith(now)
		made.TokenEndpoint = conf.URL{URL: at}
		r.assertions.Store(made)
		return made
	}
}

func checkSigningAlg(env *heap.Env, alg string) {
	if !jose.Algorithm(alg).Signs() {
		env.Fail("tokenEndpointAuthSigningAlg", "%q is no signature algorithm%s", alg, conf.DidYouMean(alg, signatureNames()))
	}
}

// failing is a filter that cannot work.
type failing struct{ err error }

func (f failing) Filter(*chain.Exchange, chain.Handler) (*chain.Response, error) { return nil, f.err }

// authenticated sends requests as this client. A client without a way to prove who it is
// names itself in the form (RFC 6749 §3.2.1).
func (r *ClientRegistration) authenticated(m *metadata) chain.Handler {
	if r.AuthenticatedHandler.IsSet() {
		return r.AuthenticatedHandler.Get()
	}
	plain := r.RegistrationHandler.Get()
	if r.own != nil {
		filter := r.own(m)
		return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) { return filter.Filter(x, plain) })
	}
	return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		if err := addToForm(x.Request, url.Values{"client_id": {r.ClientID}}); err != nil {
			return nil, err
		}
		return plain.Handle(x)
	})
}

func (r *ClientRegistration) isOpenID() bool { return hasOpenID(r.Scopes) }

func hasOpenID(scopes []string) bool {
	for _, s := range scopes {
		if s == "openid" {
			return true
		}
	}
	return false
}

// known is a store of one secret, which it gives for every label.
type known string

func (k known) secret() secrets.Secret { return secrets.Secret{StableID: "secret", Bytes: []byte(k)} }

func (k known) Active(context.Context, secrets.ID) (secrets.Secret, bool, error) {
	return k.secret(), true, nil
}

func (k known) Valid(context.Context, secrets.ID) ([]secrets.Secret, error) {
	return []secrets.Secret{k.secret()}, nil
}

func (k known) Named(_ context.Context, _ secrets.ID, stable string) (secrets.Secret, bool, error) {
	return k.secret(), stable == "secret", nil
}

// String hides the secret.
func (known) String() string { return "***" }

// GoString hides the secret.
func (known) GoString() string { return "***" }
