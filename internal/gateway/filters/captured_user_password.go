package filters

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/amservice"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/jose"
)

type capturedUserPasswordConfig struct {
	// AmService is the server that has the session.
	AmService heap.Ref[*amservice.Service] `conf:"amService,required"`
	// KeySecretID names the key with which the server encrypts passwords.
	KeySecretID secrets.ID `conf:"keySecretId,required"`
	// SecretsProvider finds the key.
	SecretsProvider secrets.Provider `conf:"secretsProvider"`
	// SsoToken yields the token; the default is the server's session cookie.
	SsoToken *expr.Template `conf:"ssoToken"`

	Key     *conf.Node `conf:"key"`
	KeyType string     `conf:"keyType,unused=the format of the secret says what kind of key it is"`
}

// capturedUserPassword tells those behind it the password that the user logged in with.
var capturedUserPassword = heap.Define("CapturedUserPasswordFilter", func(c *capturedUserPasswordConfig, env *heap.Env) (chain.Filter, error) {
	if c.Key != nil {
		env.Fail("key", "keys are not written into configurations; use \"keySecretId\"")
	}
	c.SecretsProvider.OrEnvironment(env)
	return &passwordTeller{c, c.AmService.Get(), env.Log}, nil
})

// capturedPassword is the session property in which the server keeps the password.
const capturedPassword = "sunIdentityUserPassword"

type passwordTeller struct {
	c       *capturedUserPasswordConfig
	service *amservice.Service
	log     *slog.Logger
}

var errNoPassword = errors.New("the session holds no password; the server must capture it, and sessionProperties must name " + capturedPassword + " if it is given")

func (f *passwordTeller) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	token, err := sessionToken(x, f.service, f.c.SsoToken)
	if err != nil {
		return nil, err
	}
	session, err := f.service.Session(x, token)
	if errors.Is(err, amservice.ErrNoSession) {
		f.log.DebugContext(x.Ctx(), "there is no session to take a password from")
		return next.Handle(x)
	}
	if err != nil {
		return nil, err
	}
	password, err := f.open(x, session.Properties[capturedPassword])
	if err != nil {
		f.log.WarnContext(x.Ctx(), "the captured password cannot be read", "error", err)
		return next.Handle(x)
	}
	return next.Handle(x.Push(&passwordContext{password: password}))
}

// open decrypts a password. It is a compact JWE of the password, or of claims with the
// member password.
//
// Deviation: the exact form is not documented; the older form of releases before 7,
// encrypted with DES, is not read.
func (f *passwordTeller) open(x *chain.Exchange, text string) (string, error) {
	if text == "" {
		return "", errNoPassword
	}
	t, err := jose.Decrypt(x.Ctx(), text, jose.DecryptOptions{
		Keys: f.c.SecretsProvider.Keys(f.c.KeySecretID), Algorithms: jose.KeyAlgorithms(), Encryptions: jose.Encryptions(),
	})
	if err != nil {
		return "", fmt.Errorf("decrypt password: %w", err)
	}
	var claims struct {
		Password *string `json:"password"`
	}
	if json.Unmarshal(t.Payload, &claims) == nil && claims.Password != nil {
		return *claims.Password, nil
	}
	return string(t.Payload), nil
}

// passwordContext is contexts.capturedPassword. It never prints.
type passwordContext struct {
	chain.Link
	password string
}

// ContextName is "capturedPassword".
func (*passwordContext) ContextName() string { return "capturedPassword" }

// Get returns a property as expressions see it.
func (c *passwordContext) Get(name string) (any, bool) {
	switch name {
	case "value":
		return c.password, true
	case "raw":
		return []byte(c.password), true
	}
	return chain.Common(c, name)
}

func (*passwordContext) String() string { return "***" }

// GoString hides the password from %#v.
func (*passwordContext) GoString() string { return "***" }
