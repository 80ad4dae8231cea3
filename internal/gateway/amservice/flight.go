package amservice

import (
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
		v, err, _ := f.group.Do(key, func() (any, error) {
			v, err := run()
			if err != nil && x.Ctx().Err() != nil {
				err = &givenUp{err}
			}
			return v, err
		})
		var gone *givenUp
		if errors.As(err, &gone) {
			if x.Ctx().Err() == nil {
				continue // another one's client is gone, not this one's
			}
			err = gone.error
		}
		if err != nil {
			var zero V
			return zero, err
		}
		return v.(V), nil
	}
}

// givenUp is a failure of one whose own client no longer waits. What a time limit of the
// call itself ends fails for all: to try again would be to wait without end.
type givenUp struct{ error }
