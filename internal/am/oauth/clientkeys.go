package oauth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/jose"
	"gatehouse/internal/observe"
)

// ClientKeys gives the public keys of a client, from where its profile says (PingAM: publicKeyLocation).
func (p *Provider) ClientKeys(c *realm.Client) (jose.Finder, error) {
	k := &c.Keys
	switch k.PublicKeyLocation {
	case "jwks":
		return publicSet(k.JWKSet)
	case "x509":
		keys, err := jose.ParsePEM([]byte(k.JWTPublicKey), "")
		if err != nil {
			return nil, fmt.Errorf("certificate of client: %w", err)
		}
		return jose.NewKeySet(keys...).Public(), nil
	}
	return p.remote.get(k.JWKSURI, k.JWKSCacheMillis, k.JWKSCacheMissMillis, p.reach(c))
}

// IssuerKeys gives the public keys of a trusted issuer.
func (p *Provider) IssuerKeys(t *realm.TrustedIssuer) (jose.Finder, error) {
	if t.JWKSURI == "" {
		return publicSet(t.JWKSet)
	}
	return p.remote.get(t.JWKSURI, t.JWKSCacheMillis, t.JWKSCacheMissMillis, Reach{Anywhere: true})
}

// publicSet reads a JWK set of which only public keys are used: a symmetric key in it would let everybody sign who
// can read the profile.
func publicSet(text string) (jose.Finder, error) {
	set, err := jose.ParseKeySet([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	return set.Public(), nil
}

// maxRemote bounds the key sets that are kept; beyond it an arbitrary one makes room.
const maxRemote = 1000

// remoteKeys are the key sets behind URLs, each loaded when first needed and shared by all requests.
type remoteKeys struct {
	limits *observe.Limits
	fetch  func(context.Context, string, Reach) ([]byte, error)
	now    func() time.Time

	mu   sync.Mutex
	sets map[remoteKey]*jose.Remote
}

// remoteKey tells sets apart also by how they may be fetched: a client with a shorter reach must not get what another
// fetched, nor the other way round.
type remoteKey struct {
	url                     string
	cacheMillis, missMillis int
	anywhere                bool
	inside                  string
}

func newRemoteKeys(fetch func(context.Context, string, Reach) ([]byte, error), limits *observe.Limits, now func() time.Time) *remoteKeys {
	return &remoteKeys{limits: limits, fetch: fetch, now: now, sets: map[remoteKey]*jose.Remote{}}
}

func (r *remoteKeys) get(address string, cacheMillis, missMillis int, reach Reach) (jose.Finder, error) {
	if address == "" {
		return nil, errors.New("no keys are registered")
	}
	key := remoteKey{address, cacheMillis, missMillis, reach.Anywhere, ""}
	if !reach.Anywhere {
		key.inside = strings.Join(reach.Inside, " ")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if set, ok := r.sets[key]; ok {
		return set, nil
	}
	set, err := jose.NewRemote(jose.RemoteOptions{
		URL: address, Now: r.now,
		Fetch:        func(ctx context.Context, address string) ([]byte, error) { return r.fetch(ctx, address, reach) },
		CacheTimeout: time.Duration(cacheMillis) * time.Millisecond, MissTimeout: time.Duration(missMillis) * time.Millisecond,
	})
	if err != nil {
		return nil, err
	}
	for other := range r.sets {
		if len(r.sets) < r.limits.Number("remote_key_sets", maxRemote) {
			break
		}
		delete(r.sets, other)
		r.limits.Add("remote_key_sets")
	}
	r.sets[key] = set
	return set, nil
}

// encryptFor encrypts a signed token to a client: to its PEM key, a key of its set, or under its secret.
func (p *Provider) encryptFor(ctx context.Context, c *realm.Client, token, alg, enc, pem string) (string, error) {
	a, e := jose.Algorithm(alg), jose.Encryption(enc)
	key, err := p.encryptionKey(ctx, c, a, e, pem)
	if err != nil {
		return "", fmt.Errorf("encrypt to client %q: %w", c.ID, err)
	}
	enc2, err := jose.NewEncrypter(key, a, e, jose.EncrypterOptions{ContentType: "JWT"})
	if err != nil {
		return "", fmt.Errorf("encrypt to client %q: %w", c.ID, err)
	}
	return enc2.Encrypt([]byte(token))
}

func (p *Provider) encryptionKey(ctx context.Context, c *realm.Client, a jose.Algorithm, e jose.Encryption, pem string) (*jose.Key, error) {
	if a.Symmetric() {
		secret, _ := c.Secret()
		return jose.NewClientSecretEncryption(string(secret), a, e)
	}
	if pem != "" {
		keys, err := jose.ParsePEM([]byte(pem), "")
		if err != nil {
			return nil, err
		}
		if len(keys) > 0 {
			return keys[0], nil
		}
	}
	finder, err := p.ClientKeys(c)
	if err != nil {
		return nil, err
	}
	return fittingKey(ctx, finder, a)
}

// fittingKey is the first key that tokens can be encrypted to with a.
func fittingKey(ctx context.Context, finder jose.Finder, a jose.Algorithm) (*jose.Key, error) {
	keys, err := finder.All(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k.Fits(a) == nil {
			return k, nil
		}
	}
	return nil, fmt.Errorf("%w: no key that is registered fits %s", jose.ErrKey, a)
}
