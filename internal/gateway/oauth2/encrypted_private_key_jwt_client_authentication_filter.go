package oauth2

import (
	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/jose"
)

// encryptedPrivateKeyJwt is privateKeyJwt with an assertion that is encrypted to the
// authorization server after it was signed.
type encryptedPrivateKeyJwt struct {
	privateKeyJwt
	EncryptionAlgorithm string     `conf:"encryptionAlgorithm,required"`
	EncryptionMethod    string     `conf:"encryptionMethod,default=A256GCM"`
	EncryptionSecretID  secrets.ID `conf:"encryptionSecretId,required"`
}

var encryptedPrivateKeyJwtType = heap.Define("EncryptedPrivateKeyJwtClientAuthenticationFilter", func(c *encryptedPrivateKeyJwt, env *heap.Env) (chain.Filter, error) {
	c.prepare(env)
	if !jose.Algorithm(c.EncryptionAlgorithm).Encrypts() {
		var names []string
		for _, a := range jose.KeyAlgorithms() {
			names = append(names, string(a))
		}
		env.Fail("encryptionAlgorithm", "%q is no encryption algorithm%s", c.EncryptionAlgorithm, conf.DidYouMean(c.EncryptionAlgorithm, names))
	}
	if jose.Encryption(c.EncryptionMethod).KeyBits() == 0 {
		var names []string
		for _, e := range jose.Encryptions() {
			names = append(names, string(e))
		}
		env.Fail("encryptionMethod", "%q is no encryption method%s", c.EncryptionMethod, conf.DidYouMean(c.EncryptionMethod, names))
	}
	return c, nil
})

func (c *encryptedPrivateKeyJwt) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	payload, err := c.payload()
	if err != nil {
		return nil, err
	}
	signer, err := c.signer.Active(x.Ctx())
	if err != nil {
		return nil, err
	}
	key, err := c.SecretsProvider.Key(x.Ctx(), c.EncryptionSecretID)
	if err != nil {
		return nil, err
	}
	e, err := jose.NewEncrypter(key, jose.Algorithm(c.EncryptionAlgorithm), jose.Encryption(c.EncryptionMethod), jose.EncrypterOptions{ContentType: "JWT"})
	if err != nil {
		return nil, err
	}
	assertion, err := jose.SignThenEncrypt(signer, e, payload)
	if err != nil {
		return nil, err
	}
	return c.send(x, next, assertion)
}
