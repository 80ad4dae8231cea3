package filters

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/script"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/jose"
	"gatehouse/internal/observe"
)

// JwtValidatorCustomizer looks further into a token that was opened.
type JwtValidatorCustomizer interface {
	// Violations returns what is wrong with a token whose claims are the JSON payload.
	Violations(x *chain.Exchange, token string, payload []byte) ([]script.Violation, error)
}

// tokenChecks are the fields that both filters for tokens have.
type tokenChecks struct {
	// VerificationSecretID names the keys; when it is given, the token must be signed.
	VerificationSecretID secrets.ID `conf:"verificationSecretId"`
	// DecryptionSecretID names the keys; when it is given, the token must be encrypted.
	DecryptionSecretID secrets.ID `conf:"decryptionSecretId"`
	// SecretsProvider finds the keys.
	SecretsProvider secrets.Provider `conf:"secretsProvider"`
	// SkewAllowance is how far clocks may be apart.
	SkewAllowance conf.Duration `conf:"skewAllowance"`
	// Customizer looks further into the token.
	Customizer heap.Ref[JwtValidatorCustomizer] `conf:"customizer"`
	// FailureHandler answers for bad tokens; without it the answer is 403.
	FailureHandler heap.Ref[chain.Handler] `conf:"failureHandler"`
}

type jwtValidationConfig struct {
	// JWT yields the token.
	JWT *expr.Template `conf:"jwt,required"`
	tokenChecks
}

// jwtValidation lets requests pass that bring a good token.
var jwtValidation = heap.Define("JwtValidationFilter", func(c *jwtValidationConfig, env *heap.Env) (chain.Filter, error) {
	return c.filter(env, c.JWT, nil), nil
})

type idTokenValidationConfig struct {
	// IDToken yields the token.
	IDToken *expr.Template `conf:"idToken,required"`
	// Audience must be among those of the token.
	Audience string `conf:"audience,required"`
	// Issuer must be that of the token.
	Issuer string `conf:"issuer"`
	tokenChecks
}

// idTokenValidation lets requests pass that bring a good ID token (OpenID Connect Core
// §3.1.3.7).
var idTokenValidation = heap.Define("IdTokenValidationFilter", func(c *idTokenValidationConfig, env *heap.Env) (chain.Filter, error) {
	return c.filter(env, c.IDToken, func(claims *jose.Claims, late time.Time) []script.Violation {
		var out []script.Violation
		switch {
		case len(claims.Audience) == 0:
			out = append(out, missingClaim("aud"))
		case !slices.Contains(claims.Audience, c.Audience):
			out = append(out, script.Violation{Code: "invalid_claim", Description: "the token is for another audience"})
		}
		if claims.Expires.IsZero() {
			out = append(out, missingClaim("exp"))
		}
		switch {
		case claims.IssuedAt.IsZero():
			out = append(out, missingClaim("iat"))
		case !claims.IssuedAt.Before(late):
			out = append(out, script.Violation{Code: "invalid_claim", Description: "the token is issued in the future"})
		}
		if isOtherToken(claims) {
			out = append(out, script.Violation{Code: "invalid_claim", Description: "the token is no ID token"})
		}
		if c.Issuer != "" && claims.Issuer != c.Issuer {
			out = append(out, script.Violation{Code: "invalid_claim", Description: "the token is of another issuer"})
		}
		return out
	}), nil
})

// isOtherToken says whether the server calls the token something else than an ID token: its
// access tokens have the same issuer, audience and keys.
func isOtherToken(claims *jose.Claims) bool {
	name, there := claims.Values["tokenName"]
	return there && name != "id_token"
}

func missingClaim(name string) script.Violation {
	return script.Violation{Code: "invalid_claim", Description: "the claim " + name + " is missing"}
}

func (c *tokenChecks) filter(env *heap.Env, token *expr.Template, further func(*jose.Claims, time.Time) []script.Violation) chain.Filter {
	if c.SkewAllowance.Unlimited() {
		env.Fail("skewAllowance", "the duration must not be unlimited")
	}
	f := &tokenValidator{token: token, further: further, skew: c.SkewAllowance.D(), customizer: c.Customizer.Get(),
		refusal: refusalOf(c.FailureHandler, 403), now: env.Now, log: env.Log}
	if c.VerificationSecretID != "" || c.DecryptionSecretID != "" {
		c.SecretsProvider.OrEnvironment(env)
	}
	if c.VerificationSecretID != "" {
		f.open.Verify = &jose.VerifyOptions{
			Keys: c.SecretsProvider.Keys(c.VerificationSecretID), Algorithms: append(jose.SignatureAlgorithms(), jose.MACAlgorithms()...), Inflate: true,
		}
	} else {
		f.open.SkipSignature = true
	}
	if c.DecryptionSecretID != "" {
		f.open.Decrypt = &jose.DecryptOptions{
			Keys: c.SecretsProvider.Keys(c.DecryptionSecretID), Algorithms: jose.KeyAlgorithms(), Encryptions: jose.Encryptions(), Inflate: true,
		}
	}
	return f
}

type tokenValidator struct {
	token      *expr.Template
	open       jose.OpenOptions
	skew       time.Duration
	further    func(claims *jose.Claims, late time.Time) []script.Violation // nil: none
	customizer JwtValidatorCustomizer                                       // nil: none
	refusal    refusal
	now        func() time.Time
	log        *slog.Logger
}

var errToken = errors.New("the token is not valid")

func (f *tokenValidator) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	token, _ := f.token.Text(x)
	claims, violations, err := f.check(x, token)
	if err != nil {
		return nil, err
	}
	if len(violations) > 0 {
		return f.refuse(x, token, violations)
	}
	values := script.Claims(claims.Values)
	return next.Handle(x.Push(&chain.MapContext{Name: "jwtValidation", Values: map[string]any{
		"value": token, "claims": values, "info": claims.Values, "jwt": map[string]any{"claimsSet": values},
	}}))
}

func (f *tokenValidator) refuse(x *chain.Exchange, token string, violations []script.Violation) (*chain.Response, error) {
	list := make([]any, len(violations))
	for i, v := range violations {
		list[i] = map[string]any{"code": v.Code, "description": v.Description}
	}
	values := map[string]any{"jwt": token, "violations": list}
	return f.refusal.answer(x.Push(&chain.MapContext{Name: "jwtValidationError", Values: values}),
		fmt.Errorf("%w: %s", errToken, violations[0].Description))
}

// tokensFault tells tokens that are not good from keys that cannot be had.
func tokensFault(err error) bool {
	if errors.Is(err, jose.ErrFetch) {
		return false
	}
	for _, e := range [...]error{jose.ErrMalformed, jose.ErrAlgorithm, jose.ErrKey, jose.ErrSignature, jose.ErrDecrypt, jose.ErrCritical, jose.ErrType} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// check returns the claims of a good token, else what is wrong with it. An error means
// that nobody can tell.
func (f *tokenValidator) check(x *chain.Exchange, token string) (*jose.Claims, []script.Violation, error) {
	bad := func(code, why string) []script.Violation { return []script.Violation{{Code: code, Description: why}} }
	if token == "" {
		return nil, bad("invalid_jwt", "there is no token"), nil
	}
	opened, err := jose.Open(x.Ctx(), token, f.open)
	observe.CountLimit(x.Ctx(), err)
	switch {
	case err != nil && tokensFault(err):
		return nil, bad("invalid_jwt", err.Error()), nil
	case err != nil:
		// Where keys are is nothing for pages that failure handlers make.
		f.log.WarnContext(x.Ctx(), "a token cannot be verified", "error", err)
		return nil, bad("invalid_jwt", "the token cannot be verified now"), nil
	}
	claims, err := jose.ParseClaims(opened.Payload)
	if err != nil {
		observe.CountLimit(x.Ctx(), err)
		return nil, bad("invalid_jwt", err.Error()), nil
	}
	early, late := f.now().Add(-f.skew), f.now().Add(f.skew)
	var violations []script.Violation
	if !claims.Expires.IsZero() && !early.Before(claims.Expires) {
		violations = append(violations, bad("invalid_claim", "the token is expired")...)
	}
	if !claims.NotBefore.IsZero() && late.Before(claims.NotBefore) {
		violations = append(violations, bad("invalid_claim", "the token is not valid yet")...)
	}
	switch {
	case f.further != nil:
		violations = append(violations, f.further(claims, late)...)
	case claims.IssuedAt.After(late):
		violations = append(violations, bad("invalid_claim", "the token is issued in the future")...)
	}
	if f.customizer != nil {
		more, err := f.customizer.Violations(x, token, opened.Payload)
		if err != nil {
			return nil, nil, err
		}
		violations = append(violations, more...)
	}
	return claims, violations, nil
}
