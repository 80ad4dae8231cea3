package amservice

import (
	"context"
	"errors"

	"golang.org/x/sync/singleflight"

	"gatehouse/internal/gateway/chain"
)

// Flight lets one of many exchanges run what all of them need. The zero value is ready.
type Flight[V any] struct{ group singleflight.Group }

// Do returns what run gives; while it runs, others with the same key wait for it
// instead of running it too. When the one that runs is given up by its own client, one
// of the others takes over.
func (f *Flight[V]) Do(x *chain.Exchange, key string, run func() (V, error)) (V, error) {
	for {
		v, err, shared := f.group.Do(key, func() (any, error) { return run() })
		if shared && x.Ctx().Err() == nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
			continue
		}
		if err != nil {
			var zero V
			return zero, err
		}
		return v.(V), nil
	}
}
