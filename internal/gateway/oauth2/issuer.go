package oauth2

import (
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/javaregexp"
	"gatehouse/internal/jose"
)

// Issuer is an authorization server that signs users in. What it offers is in its
// well-known document, which is read when first needed, or in the configuration, which
// wins where both speak.
type Issuer struct {
	// Name tells issuers apart that know a client by the same id.
	Name string

	c issuerFields
	// expected is the issuer that the well-known document must name.
	expected string
	domains  []*javaregexp.Regexp
	log      *slog.Logger
	now      func() time.Time

	documents *amservice.Cache[*metadata]
	last      atomic.Pointer[metadata] // for when the document cannot be had again
	outage    outage

	mu     sync.Mutex
	keys   *jose.Remote
	keysAt string
}

type issuerFields struct {
	WellKnownEndpoint     *conf.URL `conf:"wellKnownEndpoint"`
	AuthorizeEndpoint     *conf.URL `conf:"authorizeEndpoint"`
	TokenEndpoint         *conf.URL `conf:"tokenEndpoint"`
	RegistrationEndpoint  *conf.URL `conf:"registrationEndpoint"`
	UserInfoEndpoint      *conf.URL `conf:"userInfoEndpoint"`
	EndSessionEndpoint    *conf.URL `conf:"endSessionEndpoint"`
	RevocationEndpoint    *conf.URL `conf:"revocationEndpoint"`
	Issuer                string    `conf:"issuer"`
	IssParameterSupported *bool     `conf:"issParameterSupported"`

	IDTokenVerificationSecretID secrets.ID              `conf:"idTokenVerificationSecretId"`
	SecretsProvider             secrets.Provider        `conf:"secretsProvider"`
	IDTokenSkewAllowance        conf.Duration           `conf:"idTokenSkewAllowance,default=zero"`
	IssuerHandler               heap.Ref[chain.Handler] `conf:"issuerHandler,default=ForgeRockClientHandler"`
	SupportedDomains            []string                `conf:"supportedDomains"`

	IssuerRepository              any `conf:"issuerRepository,unused=each filter knows the issuers of its registrations"`
	UseDeprecatedIssuerRepository any `conf:"useDeprecatedIssuerRepository,unused=each filter knows the issuers of its registrations"`
}

var issuerType = heap.Define("Issuer", func(c *issuerFields, env *heap.Env) (*Issuer, error) {
	if c.WellKnownEndpoint == nil && (c.AuthorizeEndpoint == nil || c.TokenEndpoint == nil) {
		env.Fail("wellKnownEndpoint", "expected \"wellKnownEndpoint\", or \"authorizeEndpoint\" and \"tokenEndpoint\"")
	}
	if c.IDTokenVerificationSecretID != "" {
		c.SecretsProvider.OrEnvironment(env)
	}
	if c.IDTokenSkewAllowance.Unlimited() {
		env.Fail("idTokenSkewAllowance", "the duration must not be unlimited")
	}
	i := newIssuer(env.Name, *c, env)
	for _, d := range c.SupportedDomains {
		p, err := javaregexp.Compile("(http|https)://(?:" + d + ")/")
		if err != nil {
			env.Fail("supportedDomains", "%q is no pattern", d)
			continue
		}
		i.domains = append(i.domains, p)
	}
	return i, nil
})

func newIssuer(name string, c issuerFields, env *heap.Env) *Issuer {
	i := &Issuer{Name: name, c: c, log: env.Log, now: env.Now, expected: c.Issuer}
	i.documents = amservice.NewCache(1, i.now, func(*metadata) time.Duration { return documentLife })
	if i.expected == "" && c.WellKnownEndpoint != nil {
		i.expected = issuerOf(c.WellKnownEndpoint.URL)
	}
	return i
}

// issuerOf is the issuer that a well-known document at u must name (OIDC Discovery §4.3).
func issuerOf(u *url.URL) string {
	base := *u
	base.RawQuery, base.Fragment = "", ""
	return strings.TrimSuffix(base.String(), "/"+wellKnownPath)
}

// sameIssuer compares issuers. A default port that is written out makes no other
// issuer: servers behind a proxy add it.
func sameIssuer(a, b string) bool {
	return a == b || withoutDefaultPort(a) == withoutDefaultPort(b)
}

func withoutDefaultPort(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return s
	}
	if u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80" {
		u.Host = strings.TrimSuffix(u.Host, ":"+u.Port())
	}
	return u.String()
}

// serves says whether users of a host ("https://example.com/") belong to this issuer.
func (i *Issuer) serves(host string) bool {
	for _, p := range i.domains {
		if ok, err := p.Match(host); ok && err == nil {
			return true
		}
	}
	return false
}

// verifiesWithoutDocument says whether ID tokens can be checked with the configuration
// alone.
func (i *Issuer) verifiesWithoutDocument() bool { return i.c.IDTokenVerificationSecretID != "" }
