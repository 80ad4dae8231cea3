package oauth2

import (
	"errors"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/jose"
)

// stateless checks access tokens that are JWTs, without asking their issuer.
type stateless struct {
	Issuer               string           `conf:"issuer,required"`
	SecretsProvider      secrets.Provider `conf:"secretsProvider"`
	VerificationSecretID secrets.ID       `conf:"verificationSecretId,alias=signatureSecretId"`
	DecryptionSecretID   secrets.ID       `conf:"decryptionSecretId,alias=encryptionSecretId"`
	SkewAllowance        conf.Duration    `conf:"skewAllowance,default=zero"`

	open    jose.OpenOptions
	issuers []string
	now     func() time.Time
}

var statelessType = heap.Define("StatelessAccessTokenResolver", newStateless)

var pingAmStatelessType = heap.Define("PingAmStatelessAccessTokenResolver", newStateless)

func newStateless(c *stateless, env *heap.Env) (AccessTokenResolver, error) {
	c.issuers = []string{c.Issuer}
	c.SecretsProvider.OrEnvironment(env)
	if c.SkewAllowance.Unlimited() {
		env.Fail("skewAllowance", "the duration must not be unlimited")
	}
	switch {
	case c.VerificationSecretID != "" && c.DecryptionSecretID != "":
		env.Fail("decryptionSecretId", "expected either \"verificationSecretId\" or \"decryptionSecretId\"")
	case c.VerificationSecretID != "":
		// Keys know their type, so a public key can never pass for an HMAC secret.
		c.open.Verify = &jose.VerifyOptions{
			Keys:       c.SecretsProvider.Keys(c.VerificationSecretID),
			Algorithms: append(jose.SignatureAlgorithms(), jose.MACAlgorithms()...),
			Inflate:    true,
			Headers:    &jose.Headers{},
		}
	case c.DecryptionSecretID != "":
		// Everybody can encrypt to a public key, so only a shared key proves the issuer.
		c.open.Decrypt = &jose.DecryptOptions{
			Keys:        c.SecretsProvider.Keys(c.DecryptionSecretID),
			Algorithms:  []jose.Algorithm{jose.Dir, jose.A128KW, jose.A192KW, jose.A256KW},
			Encryptions: jose.Encryptions(),
			Inflate:     true,
		}
		c.open.SkipSignature = true
	default:
		env.Fail("verificationSecretId", "expected \"verificationSecretId\" or \"decryptionSecretId\"")
	}
	c.now = env.Now
	return c, nil
}

var errNotAccessToken = errors.New("the token is not an access token")

func (c *stateless) Resolve(x *chain.Exchange, text string) (*AccessToken, error) {
	opened, err := jose.Open(x.Ctx(), text, c.open)
	if err != nil {
		if errors.Is(err, jose.ErrFetch) {
			return nil, &token.Unavailable{Err: err}
		}
		return nil, err
	}
	info, err := token.ParseInfo(opened.Payload)
	if err != nil {
		return nil, err
	}
	claims, err := jose.RegisteredClaims(members{info})
	if err != nil {
		return nil, err
	}
	if err := claims.Check(jose.Expect{
		Now: c.now(), Skew: c.SkewAllowance.D(), Issuers: c.issuers, Require: []string{"exp"},
	}); err != nil {
		return nil, err
	}
	if !isAccessToken(opened, info) {
		return nil, errNotAccessToken
	}
	// The filter compares with expiresAt again, so the allowance is part of it.
	return token.New(text, info, claims.Expires.Add(c.SkewAllowance.D()).UnixMilli()), nil
}

// members are the claims of a token as jose wants them.
type members struct{ *token.Info }

func (m members) Get(name string) (any, bool) {
	v, ok := m.Info.Get(name)
	if list, isList := v.(token.List); isList {
		return []any(list), ok
	}
	return v, ok
}

// isAccessToken keeps ID and refresh tokens of the same issuer out: AM names the kind in
// a claim, others in the header (RFC 9068 §2.1).
func isAccessToken(o *jose.Opened, info *token.Info) bool {
	if info.Has("tokenName") {
		name, _ := info.Text("tokenName")
		return name == "access_token"
	}
	return o.Signed != nil && o.Signed.Header.HasType("at+jwt")
}
