package oauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/jose"
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
	return p.RemoteKeys(k.JWKSURI, k.JWKSCacheMillis, k.JWKSCacheMissMillis)
}

// IssuerKeys gives the public keys of a trusted issuer.
func (p *Provider) IssuerKeys(t *realm.TrustedIssuer) (jose.Finder, error) {
	if t.JWKSURI == "" {
		return publicSet(t.JWKSet)
	}
	return p.RemoteKeys(t.JWKSURI, t.JWKSCacheMillis, t.JWKSCacheMissMillis)
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

// RemoteKeys gives the key set behind a URL, loaded when first needed and shared by all requests.
func (p *Provider) RemoteKeys(address string, cacheMillis, missMillis int) (jose.Finder, error) {
	return p.remote.get(address, time.Duration(cacheMillis)*time.Millisecond, time.Duration(missMillis)*time.Millisecond)
}

// maxRemote bounds the key sets that are kept; beyond it an arbitrary one makes room.
const maxRemote = 1000

type remoteKeys struct {
	fetch func(context.Context, string) ([]byte, error)
	now   func() time.Time

	mu   sync.Mutex
	sets map[remoteKey]*jose.Remote
}

type remoteKey struct {
	url         string
	cache, miss time.Duration
}

func newRemoteKeys(fetch func(context.Context, string) ([]byte, error), now func() time.Time) *remoteKeys {
	return &remoteKeys{fetch: fetch, now: now, sets: map[remoteKey]*jose.Remote{}}
}

func (r *remoteKeys) get(address string, cache, miss time.Duration) (jose.Finder, error) {
	if address == "" {
		return nil, errors.New("no keys are registered")
	}
	key := remoteKey{address, cache, miss}
	r.mu.Lock()
	defer r.mu.Unlock()
	if set, ok := r.sets[key]; ok {
		return set, nil
	}
	set, err := jose.NewRemote(jose.RemoteOptions{URL: address, Fetch: r.fetch, CacheTimeout: cache, MissTimeout: miss, Now: r.now})
	if err != nil {
		return nil, err
	}
	for other := range r.sets {
		if len(r.sets) < maxRemote {
			break
		}
		delete(r.sets, other)
	}
	r.sets[key] = set
	return set, nil
}

// fetcher is a client for small documents behind http or https URLs: no redirects to elsewhere, no cookies.
func fetcher() func(context.Context, string) ([]byte, error) {
	client := &http.Client{
		Timeout: 10 * time.Second,
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if len(via) > 3 || next.URL.Host != via[0].URL.Host || next.URL.Scheme != via[0].URL.Scheme {
				return errors.New("redirected elsewhere")
			}
			return nil
		},
	}
	return func(ctx context.Context, address string) ([]byte, error) {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" {
			return nil, errors.New("neither an http nor an https URL")
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err != nil {
			return nil, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("status %d", resp.StatusCode)
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, jose.MaxSetBytes+1))
		if err == nil && len(body) > jose.MaxSetBytes {
			err = errors.New("too large")
		}
		return body, err
	}
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
	keys, err := finder.All(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k.Fits(a) == nil {
			return k, nil
		}
	}
	return nil, fmt.Errorf("%w: no key of the client fits %s", jose.ErrKey, a)
}
