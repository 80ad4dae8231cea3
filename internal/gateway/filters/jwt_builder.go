package filters

import (
	"encoding/json"
	"fmt"
	"sync/atomic"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/jose"
)

type jwtBuilderConfig struct {
	// Template gives the claims; their values may have any type.
	Template objectValue `conf:"template,required"`
	// SecretsProvider finds the keys.
	SecretsProvider secrets.Provider `conf:"secretsProvider"`
	// Signature signs the token.
	Signature *jwtSignature `conf:"signature"`
	// Encryption encrypts the token.
	Encryption *jwtEncryption `conf:"encryption"`
}

type jwtSignature struct {
	// SecretID names the key; what is active signs.
	SecretID secrets.ID `conf:"secretId,required"`
	// Algorithm is the algorithm.
	Algorithm string `conf:"algorithm,default=RS256"`
	// IncludeKeyID names the key in the header of the token.
	IncludeKeyID bool `conf:"includeKeyId,default=true"`
	// Encryption encrypts the token after it is signed.
	Encryption *jwtEncryption `conf:"encryption"`
}

type jwtEncryption struct {
	// SecretID names the key; what is active encrypts.
	SecretID secrets.ID `conf:"secretId,required"`
	// Algorithm protects the content's key.
	Algorithm string `conf:"algorithm,required"`
	// Method encrypts the content.
	Method string `conf:"method,required"`
}

// jwtBuilder makes a token about the request for those behind it.
var jwtBuilder = heap.Define("JwtBuilderFilter", func(c *jwtBuilderConfig, env *heap.Env) (chain.Filter, error) {
	f := &tokenBuilder{claims: &c.Template.value, provider: c.SecretsProvider}
	switch {
	case c.Signature == nil && c.Encryption == nil:
		env.Fail("signature", "one of the fields \"signature\" and \"encryption\" is required")
	case c.Signature != nil && c.Encryption != nil:
		env.Fail("encryption", "a token that is signed first is encrypted by \"signature.encryption\"")
	case c.Signature != nil:
		c.Signature.check(env)
		f.signature, f.encryption = c.Signature, c.Signature.Encryption
	default:
		c.Encryption.check(env, "encryption")
		f.encryption = c.Encryption
	}
	f.provider.OrEnvironment(env)
	if s := f.signature; s != nil {
		f.signer.Provider, f.signer.ID, f.signer.Algorithm = f.provider, s.SecretID, jose.Algorithm(s.Algorithm)
		f.signer.Options = func(*jose.Key) (jose.SignerOptions, error) {
			return jose.SignerOptions{OmitKeyID: !s.IncludeKeyID}, nil
		}
	}
	return f, nil
})

func (s *jwtSignature) check(env *heap.Env) {
	if !jose.Algorithm(s.Algorithm).Signs() {
		env.Fail("signature.algorithm", "%q is no signature algorithm%s", s.Algorithm,
			conf.DidYouMean(s.Algorithm, algorithmNames(append(jose.SignatureAlgorithms(), jose.MACAlgorithms()...))))
	}
	if s.Encryption != nil {
		s.Encryption.check(env, "signature.encryption")
	}
}

func (e *jwtEncryption) check(env *heap.Env, field string) {
	if !jose.Algorithm(e.Algorithm).Encrypts() {
		env.Fail(field+".algorithm", "%q is no key encryption algorithm%s", e.Algorithm, conf.DidYouMean(e.Algorithm, algorithmNames(jose.KeyAlgorithms())))
	}
	if jose.Encryption(e.Method).KeyBits() == 0 {
		env.Fail(field+".method", "%q is no content encryption%s", e.Method, conf.DidYouMean(e.Method, algorithmNames(jose.Encryptions())))
	}
}

func algorithmNames[T ~string](list []T) []string {
	names := make([]string, len(list))
	for i, a := range list {
		names[i] = string(a)
	}
	return names
}

type tokenBuilder struct {
	claims     *value
	provider   secrets.Provider
	signature  *jwtSignature
	encryption *jwtEncryption

	signer secrets.Signer
	// encrypter was made for the key that was active last.
	encrypter atomic.Pointer[keyedEncrypter]
}

type keyedEncrypter struct {
	key  *jose.Key
	made *jose.Encrypter
}

func (f *tokenBuilder) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	claims, err := jsonObject(f.claims.eval(x))
	if err != nil {
		return nil, fmt.Errorf("build token: %w", err)
	}
	token, err := f.build(x, claims)
	if err != nil {
		return nil, fmt.Errorf("build token: %w", err)
	}
	return next.Handle(x.Push(&chain.MapContext{Name: "jwtBuilder", Values: map[string]any{
		"value": token, "claims": claims, "claimsAsMap": claims, "claimsAsJsonValue": claims,
	}}))
}

func (f *tokenBuilder) build(x *chain.Exchange, claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	if f.signature == nil {
		e, err := f.activeEncrypter(x, jose.EncrypterOptions{Type: "JWT"})
		if err != nil {
			return "", err
		}
		return e.Encrypt(payload)
	}
	s, err := f.signer.Active(x.Ctx())
	if err != nil {
		return "", err
	}
	if f.encryption == nil {
		return s.Sign(payload)
	}
	e, err := f.activeEncrypter(x, jose.EncrypterOptions{Type: "JWT", ContentType: "JWT"})
	if err != nil {
		return "", err
	}
	return jose.SignThenEncrypt(s, e, payload)
}

func (f *tokenBuilder) activeEncrypter(x *chain.Exchange, o jose.EncrypterOptions) (*jose.Encrypter, error) {
	key, err := f.provider.Key(x.Ctx(), f.encryption.SecretID)
	if err != nil {
		return nil, err
	}
	if kept := f.encrypter.Load(); kept != nil && kept.key == key {
		return kept.made, nil
	}
	e, err := jose.NewEncrypter(key, jose.Algorithm(f.encryption.Algorithm), jose.Encryption(f.encryption.Method), o)
	if err == nil {
		f.encrypter.Store(&keyedEncrypter{key, e})
	}
	return e, err
}
