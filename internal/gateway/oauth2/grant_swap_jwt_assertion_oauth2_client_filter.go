package oauth2

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/jose"
)

// grantSwap turns token requests of any grant into requests with an assertion that the
// gateway makes (RFC 7523 §2.1). Whoever reaches it gets tokens: what stands before it
// decides who that is.
type grantSwap struct {
	ClientID        string                  `conf:"clientId,required"`
	Scopes          scopesField             `conf:"scopes"`
	Assertion       *swapAssertion          `conf:"assertion,required"`
	SecretsProvider secrets.Provider        `conf:"secretsProvider"`
	Signature       *swapSignature          `conf:"signature"`
	Encryption      *swapEncryption         `conf:"encryption"`
	FailureHandler  heap.Ref[chain.Handler] `conf:"failureHandler"`

	signer secrets.Signer
	now    func() time.Time
	log    *slog.Logger
}

type swapAssertion struct {
	Issuer      *expr.Template            `conf:"issuer,required"`
	Subject     *expr.Template            `conf:"subject,required"`
	Audience    *expr.Template            `conf:"audience,required"`
	ExpiryTime  *expr.Template            `conf:"expiryTime,default=1 minute"`
	OtherClaims map[string]*expr.Template `conf:"otherClaims"`
}

type swapSignature struct {
	SecretID     secrets.ID `conf:"secretId,required"`
	IncludeKeyID bool       `conf:"includeKeyId,default=true"`
	Algorithm    string     `conf:"algorithm,default=RS256"`
}

type swapEncryption struct {
	SecretID  secrets.ID `conf:"secretId,required"`
	Algorithm string     `conf:"algorithm,required"`
	Method    string     `conf:"method,required"`
}

const jwtBearerGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"

var grantSwapType = heap.Define("GrantSwapJwtAssertionOAuth2ClientFilter", func(c *grantSwap, env *heap.Env) (chain.Filter, error) {
	c.now, c.log = env.Now, env.Log
	c.SecretsProvider.OrEnvironment(env)
	if c.Signature == nil && c.Encryption == nil {
		env.Fail("signature", "one of the fields \"signature\" and \"encryption\" is required")
	}
	if s := c.Signature; s != nil {
		if !jose.Algorithm(s.Algorithm).Signs() {
			env.Fail("signature.algorithm", "%q is no signature algorithm%s", s.Algorithm, conf.DidYouMean(s.Algorithm, signatureNames()))
		}
		c.signer.Provider, c.signer.ID, c.signer.Algorithm = c.SecretsProvider, s.SecretID, jose.Algorithm(s.Algorithm)
		c.signer.Options = func(*jose.Key) (jose.SignerOptions, error) {
			return jose.SignerOptions{OmitKeyID: !s.IncludeKeyID}, nil
		}
	}
	if e := c.Encryption; e != nil {
		if !jose.Algorithm(e.Algorithm).Encrypts() {
			env.Fail("encryption.algorithm", "%q is no encryption algorithm", e.Algorithm)
		}
		if jose.Encryption(e.Method).KeyBits() == 0 {
			env.Fail("encryption.method", "%q is no encryption method", e.Method)
		}
	}
	if v, fixed := c.Assertion.ExpiryTime.Const(); fixed {
		if _, err := assertionLifeOf(fmt.Sprint(v)); err != nil {
			env.Fail("assertion.expiryTime", "%s", err)
		}
	}
	for _, name := range []string{"iss", "sub", "aud", "exp", "iat", "jti"} {
		if c.Assertion.OtherClaims[name] != nil {
			env.Fail("assertion.otherClaims", "the claim %q is the filter's own", name)
		}
	}
	return c, nil
})

// longestAssertion keeps a mistake from making an assertion that is good for ever.
const longestAssertion = 24 * time.Hour

func assertionLifeOf(text string) (time.Duration, error) {
	d, err := conf.ParseDuration(text)
	if err == nil && (d <= 0 || d.D() > longestAssertion) {
		err = fmt.Errorf("the duration must be above zero and at most %s", longestAssertion)
	}
	return d.D(), err
}

func (c *grantSwap) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	if x.Request.Method != "POST" || x.Request.Entity.Form()["grant_type"] == nil {
		return c.fail(x, &Error{Code: "invalid_request", Description: "The request is no token request."})
	}
	form, err := c.form(x)
	if err != nil {
		var own token.Answerer
		if errors.As(err, &own) {
			return own.Answer(), nil
		}
		return c.fail(x, err)
	}
	setForm(x.Request, form)
	return next.Handle(x)
}

func (c *grantSwap) form(x *chain.Exchange) (url.Values, error) {
	scopes, err := c.Scopes.of(x)
	if err != nil {
		return nil, err
	}
	payload, err := c.payload(x)
	if err != nil {
		return nil, err
	}
	assertion, err := c.seal(x, payload)
	if err != nil {
		return nil, err
	}
	form := url.Values{"grant_type": {jwtBearerGrant}, "assertion": {assertion}, "client_id": {c.ClientID}}
	if len(scopes) > 0 {
		form.Set("scope", joined(scopes))
	}
	return form, nil
}

func (c *grantSwap) payload(x *chain.Exchange) ([]byte, error) {
	life, ok := c.Assertion.ExpiryTime.Text(x)
	if !ok {
		return nil, noValue("expiryTime", c.Assertion.ExpiryTime)
	}
	d, err := assertionLifeOf(life)
	if err != nil {
		return nil, err
	}
	now := c.now()
	claims := map[string]any{"iat": now.Unix(), "exp": now.Add(d).Unix(), "jti": rand.Text()}
	for name, e := range c.Assertion.OtherClaims {
		if v := e.Eval(x); v != nil {
			claims[name] = v
		}
	}
	for name, e := range map[string]*expr.Template{"iss": c.Assertion.Issuer, "sub": c.Assertion.Subject} {
		text, ok := e.String(x)
		if !ok || text == "" {
			return nil, noValue(name, e)
		}
		claims[name] = text
	}
	switch v := c.Assertion.Audience.Eval(x).(type) {
	case string, []any, []string:
		claims["aud"] = v
	default:
		return nil, noValue("aud", c.Assertion.Audience)
	}
	return json.Marshal(claims)
}

// noValue is the error of an expression without which there is no assertion.
func noValue(name string, e *expr.Template) error {
	return &Error{Code: "invalid_request", Description: "The request does not say what the assertion needs.",
		Err: fmt.Errorf("%s: the expression yields no text: %s", name, e.Source())}
}

func (c *grantSwap) seal(x *chain.Exchange, payload []byte) (string, error) {
	var signer *jose.Signer
	if c.Signature != nil {
		var err error
		if signer, err = c.signer.Active(x.Ctx()); err != nil {
			return "", err
		}
		if c.Encryption == nil {
			return signer.Sign(payload)
		}
	}
	e := c.Encryption
	key, err := c.SecretsProvider.Key(x.Ctx(), e.SecretID)
	if err != nil {
		return "", err
	}
	o := jose.EncrypterOptions{}
	if signer != nil {
		o.ContentType = "JWT"
	}
	encrypter, err := jose.NewEncrypter(key, jose.Algorithm(e.Algorithm), jose.Encryption(e.Method), o)
	if err != nil {
		return "", err
	}
	if signer != nil {
		return jose.SignThenEncrypt(signer, encrypter, payload)
	}
	return encrypter.Encrypt(payload)
}

func (c *grantSwap) fail(x *chain.Exchange, err error) (*chain.Response, error) {
	var answer *Error
	known := errors.As(err, &answer)
	if !known {
		answer = &Error{Code: "server_error", Description: "The assertion could not be made.", Err: err}
	}
	c.log.DebugContext(x.Ctx(), "grant swap failed", "error", answer)
	switch {
	case c.FailureHandler.IsSet():
		return c.FailureHandler.Get().Handle(x.Push(failure(answer)))
	case known:
		return chain.Fail(400, answer), nil
	}
	return nil, answer
}
