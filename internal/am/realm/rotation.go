package realm

import (
	"context"
	"errors"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// How long former keys stay at least, since scripts may prolong tokens, and for tokens that never expire.
const (
	leastKept = 24 * time.Hour
	everKept  = 10 * 365 * 24 * time.Hour
)

// RotateKey makes a new active key for the label. The former ones verify, and are published, until the last token has
// expired that they may have signed.
func (r *Realm) RotateKey(ctx context.Context, label string) (*jose.Key, error) {
	keep, err := r.longestToken(ctx)
	if err != nil {
		return nil, err
	}
	return r.Keys().Rotate(ctx, label, r.set.m.now().Add(keep))
}

// longestToken is the longest life that the settings of the provider and of any client give a token.
func (r *Realm) longestToken(ctx context.Context) (time.Duration, error) {
	provider, ok := r.Provider()
	if !ok {
		return leastKept, nil
	}
	docs, err := r.set.m.docs.List(ctx, r.Path, store.KindAgent)
	if err != nil {
		return 0, err
	}
	longest := leastKept
	note := func(c *Client) {
		e := c.Effective(provider)
		for _, life := range [...]time.Duration{e.AccessTokenLifetime, e.RefreshTokenLifetime, e.IDTokenLifetime} {
			if life < 0 {
				life = everKept
			}
			longest = max(longest, life)
		}
	}
	note(DefaultClient())
	for _, d := range docs {
		if !IsClientType(agentType(d.Body)) {
			continue
		}
		d, err := r.set.grown(ctx, d)
		if errors.Is(err, errNoGroup) {
			continue // it cannot be used
		}
		if err != nil {
			return 0, err
		}
		if c, err := ParseClient(d.ID, d.Body); err == nil { // one that cannot be read got no tokens
			note(c)
		}
	}
	return longest, nil
}
