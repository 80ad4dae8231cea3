package secrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/jose"
)

// jwkSet finds keys in a JWK set behind a URL. The label is not used: a key is named
// by its kid, or every key that fits is tried.
type jwkSet struct {
	JwkURL             conf.URL                `conf:"jwkUrl,required"`
	Handler            heap.Ref[chain.Handler] `conf:"handler,default=ClientHandler"`
	CacheTimeout       conf.Duration           `conf:"cacheTimeout,default=2 minutes"`
	CacheMissCacheTime conf.Duration           `conf:"cacheMissCacheTime,default=2 minutes"`
	LeaseExpiry        conf.Duration           `conf:"leaseExpiry,unused=keys are looked up in the set each time, which cacheTimeout says how long to keep"`
}

// shortestCache keeps a mistake in a configuration from becoming a request to the key
// server for every token.
const shortestCache = 10 * time.Second

var jwkSetType = heap.Define("JwkSetSecretStore", func(c *jwkSet, env *heap.Env) (SecretStore, error) {
	cache, miss := cacheTime(env, c.CacheTimeout), c.CacheMissCacheTime.D()
	if miss <= 0 {
		env.Warn("cacheMissCacheTime", "the duration must not be zero; %s is used", usualCache)
		miss = usualCache
	}
	o := jose.RemoteOptions{URL: c.JwkURL.String(), CacheTimeout: cache, MissTimeout: miss, Now: env.Now}
	switch c.JwkURL.Scheme {
	case "file":
		o.Private = true
		o.Fetch = func(context.Context, string) ([]byte, error) {
			return readFile(filepath.FromSlash(c.JwkURL.Path), jose.MaxSetBytes)
		}
	case "http", "https":
		o.Fetch = func(ctx context.Context, url string) ([]byte, error) {
			b, err := fetch(ctx, c.Handler.Get(), url)
			if err != nil {
				err = fmt.Errorf("get %s: %w", c.JwkURL.Redacted(), err)
			}
			return b, err
		}
	default:
		env.Fail("jwkUrl", "expected a URL that begins with https:, http: or file:, found %q", c.JwkURL.String())
		return nil, nil
	}
	remote, err := jose.NewRemote(o)
	if err != nil {
		return nil, err
	}
	return &keySet{remote, c.JwkURL.Redacted()}, nil
})

const usualCache = 2 * time.Minute

func cacheTime(env *heap.Env, d conf.Duration) time.Duration {
	if d.D() < shortestCache {
		env.Warn("cacheTimeout", "the duration is shorter than %s; %s is used", shortestCache, usualCache)
		return usualCache
	}
	return d.D()
}

// fetch gets a document through a handler.
func fetch(ctx context.Context, h chain.Handler, url string) ([]byte, error) {
	uri, err := chain.ParseURI(url)
	if err != nil {
		return nil, err
	}
	req := chain.NewRequest()
	req.URI = uri
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := h.Handle(chain.New(ctx, req, &chain.RootContext{}))
	if err != nil {
		return nil, err
	}
	defer resp.Entity.Close()
	if resp.Status.Code != 200 {
		return nil, fmt.Errorf("status %d", resp.Status.Code)
	}
	body, _ := resp.Entity.Open()
	if body == nil {
		return nil, errors.New("the answer is empty")
	}
	// One byte more than the limit makes the reader of the set refuse it.
	return io.ReadAll(io.LimitReader(body, jose.MaxSetBytes+1))
}

type keySet struct {
	remote *jose.Remote
	url    string
}

func (s *keySet) Active(ctx context.Context, id ID) (Secret, bool, error) {
	return first(s.Valid(ctx, id))
}

func (s *keySet) Valid(ctx context.Context, _ ID) ([]Secret, error) {
	keys, err := s.remote.All(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Secret, len(keys))
	for i, k := range keys {
		list[i] = Secret{StableID: k.ID, Key: k, Chain: k.Chain}
	}
	return list, nil
}

func (s *keySet) Named(ctx context.Context, _ ID, stable string) (Secret, bool, error) {
	keys, err := s.remote.Named(ctx, stable)
	if err != nil || len(keys) == 0 {
		return Secret{}, false, err
	}
	return Secret{StableID: keys[0].ID, Key: keys[0], Chain: keys[0].Chain}, true, nil
}

func (s *keySet) hint(ID) string { return "the key set " + s.url + " has no usable key" }
