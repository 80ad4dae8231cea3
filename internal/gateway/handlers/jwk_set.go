package handlers

import (
	"encoding/json"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/jose"
)

type jwkSetConfig struct {
	// SecretsProvider finds the keys.
	SecretsProvider secrets.Provider `conf:"secretsProvider,required"`
	// Purposes say which keys are published, and for what.
	Purposes []jwkPurpose `conf:"purposes,required,min=1"`
	// ExposePrivateSecrets publishes private keys where the usage needs them.
	ExposePrivateSecrets bool `conf:"exposePrivateSecrets"`
}

type jwkPurpose struct {
	// SecretID names the keys; all that are valid are published.
	SecretID secrets.ID `conf:"secretId,required"`
	// KeyUsage says what the reader of the set does with the keys.
	KeyUsage string `conf:"keyUsage,required,oneof=AGREE_KEY|ENCRYPT|DECRYPT|SIGN|VERIFY|WRAP_KEY|UNWRAP_KEY"`
	// JWKAlgorithm is written as "alg".
	JWKAlgorithm string `conf:"jwkAlgorithm"`
}

// jwkSet publishes keys as a JWK set (RFC 7517 §5).
var jwkSet = heap.Define("JwkSetHandler", func(c *jwkSetConfig, env *heap.Env) (chain.Handler, error) {
	if c.ExposePrivateSecrets {
		env.Warn("exposePrivateSecrets", "private keys are published: only who may have them must reach this handler")
	}
	return &keyPublisher{c}, nil
})

type keyPublisher struct{ config *jwkSetConfig }

func (p *keyPublisher) Handle(x *chain.Exchange) (*chain.Response, error) {
	keys := []json.RawMessage{}
	for _, purpose := range p.config.Purposes {
		list, err := p.config.SecretsProvider.Valid(x.Ctx(), purpose.SecretID)
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			b, err := p.publish(purpose, s)
			if err != nil {
				return nil, err
			}
			if b != nil {
				keys = append(keys, b)
			}
		}
	}
	body, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		return nil, err
	}
	resp := chain.NewResponse(200)
	resp.Header["Content-Type"] = []string{"application/json"}
	resp.Header["X-Content-Type-Options"] = []string{"nosniff"}
	if p.config.ExposePrivateSecrets {
		resp.Header["Cache-Control"] = []string{"no-store"}
	}
	resp.Entity.SetBytes(body)
	return resp, nil
}

// publish is one key as JSON, nil when nothing of it may be shown.
func (p *keyPublisher) publish(purpose jwkPurpose, s secrets.Secret) (json.RawMessage, error) {
	if s.Key == nil {
		return nil, nil
	}
	use := jose.Use("enc")
	private := false
	switch purpose.KeyUsage {
	case "SIGN":
		use, private = "sig", true
	case "VERIFY":
		use = "sig"
	case "AGREE_KEY", "DECRYPT", "UNWRAP_KEY":
		private = true
	}
	k := s.Key
	private = private && p.config.ExposePrivateSecrets
	if k.IsSymmetric() && !private {
		return nil, nil
	}
	if !private {
		k = k.Public()
	}
	alg := jose.Algorithm(purpose.JWKAlgorithm)
	if alg == "" {
		alg = s.Key.Algorithm
	}
	k = k.With(s.StableID, alg, use)
	if private {
		return k.MarshalPrivate()
	}
	return k.MarshalPublic()
}
