package jose

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

// RemoteOptions configure a Remote. URL and Fetch are needed.
type RemoteOptions struct {
	URL string
	// Fetch gets the bytes behind a URL. It bounds size and redirects; the set's own limits come on top.
	Fetch        func(ctx context.Context, url string) ([]byte, error)
	CacheTimeout time.Duration // how long a set counts as fresh; 0 means 2 minutes
	MissTimeout  time.Duration // an unknown kid reloads at most once in this time; 0 means 2 minutes
	MaxStale     time.Duration // how long past CacheTimeout a set may serve while reloads fail; 0 means 1 hour, negative means not at all
	RetryDelay   time.Duration // no new attempt for so long after a failure; 0 means 2 seconds
	FetchTimeout time.Duration // 0 means 10 seconds
	Private      bool          // keep private and symmetric keys of the set; for sets from files, never for foreign URLs
	Now          func() time.Time
}

// Remote is a JWK set behind a URL, loaded when first needed and kept. It is safe for concurrent use; however many
// callers wait, one request runs.
//
// Policy on errors: a set that failed to reload goes on serving until MaxStale has passed, because an outage of the key
// server should not become one of everything behind it; a key withdrawn meanwhile stays accepted no longer than that.
// Without a usable set the answer is ErrFetch.
type Remote struct {
	o      RemoteOptions
	state  atomic.Pointer[remoteState]
	flight singleflight.Group

	mu       sync.Mutex
	lastMiss time.Time
	missed   bool
}

// remoteState is replaced as a whole and never changed.
type remoteState struct {
	set      *KeySet // nil before the first success
	loaded   time.Time
	failed   time.Time // last failure since loaded, else zero
	failure  error
	sequence uint64
}

// NewRemote checks the options; nothing is fetched yet.
func NewRemote(o RemoteOptions) (*Remote, error) {
	if o.URL == "" || o.Fetch == nil {
		return nil, errors.New("remote key set: URL and Fetch are needed")
	}
	defaults := []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.CacheTimeout, 2 * time.Minute}, {&o.MissTimeout, 2 * time.Minute}, {&o.MaxStale, time.Hour},
		{&o.RetryDelay, 2 * time.Second}, {&o.FetchTimeout, 10 * time.Second},
	}
	for _, d := range defaults {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &Remote{o: o}
	r.state.Store(&remoteState{})
	return r, nil
}

// Set gives the current set, loading it when it is not fresh. The context bounds the waiting, not the request, whose
// result others may be waiting for.
func (r *Remote) Set(ctx context.Context) (*KeySet, error) {
	st := r.state.Load()
	now := r.o.Now()
	if st.set != nil && now.Sub(st.loaded) < r.o.CacheTimeout {
		return st.set, nil
	}
	if st.failure == nil || now.Sub(st.failed) >= r.o.RetryDelay {
		var err error
		if st, err = r.reload(ctx, st); err != nil {
			return nil, err
		}
	}
	return r.usable(st)
}

// usable applies the policy on errors to a state.
func (r *Remote) usable(st *remoteState) (*KeySet, error) {
	if st.set != nil && (st.failure == nil || r.o.Now().Sub(st.loaded) < r.o.CacheTimeout+max(r.o.MaxStale, 0)) {
		return st.set, nil
	}
	return nil, &unfetched{st.failure}
}

// reload replaces the state old, unless that has happened already. It errs only when ctx ends.
func (r *Remote) reload(ctx context.Context, old *remoteState) (*remoteState, error) {
	done := r.flight.DoChan("", func() (any, error) {
		if st := r.state.Load(); st.sequence != old.sequence {
			return st, nil
		}
		st := r.fetch(context.WithoutCancel(ctx), old)
		r.state.Store(st)
		return st, nil
	})
	select {
	case res := <-done:
		return res.Val.(*remoteState), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrFetch, ctx.Err())
	}
}

func (r *Remote) fetch(ctx context.Context, old *remoteState) *remoteState {
	ctx, cancel := context.WithTimeout(ctx, r.o.FetchTimeout)
	defer cancel()
	next := *old
	next.sequence++
	set, err := r.load(ctx)
	if err != nil {
		next.failed, next.failure = r.o.Now(), err
		return &next
	}
	next.set, next.loaded, next.failure = set, r.o.Now(), nil
	return &next
}

func (r *Remote) load(ctx context.Context) (set *KeySet, err error) {
	defer func() {
		if p := recover(); p != nil { // it runs on a goroutine of its own, where a panic would end the process
			err = errors.New("fetch panicked")
		}
	}()
	data, err := r.o.Fetch(ctx, r.o.URL)
	if err != nil {
		return nil, err
	}
	if set, err = ParseKeySet(data); err != nil {
		return nil, err
	}
	if !r.o.Private {
		set = set.Public()
	}
	return set, nil
}

// Named gives the keys with this kid. An unknown kid reloads the set, at most once in MissTimeout: that is how fresh
// keys of an issuer are picked up at once, and why made-up kids cannot be turned into load on the issuer.
func (r *Remote) Named(ctx context.Context, kid string) ([]*Key, error) {
	set, err := r.Set(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := set.Named(ctx, kid)
	if kid == "" || len(keys) > 0 || err != nil {
		return keys, err
	}
	st := r.state.Load()
	if st.set == set {
		if !r.claimMiss() {
			return nil, nil
		}
		if st, err = r.reload(ctx, st); err != nil {
			return nil, err
		}
	}
	if set, err = r.usable(st); err != nil {
		return nil, err
	}
	return set.Named(ctx, kid)
}

// claimMiss reports whether this caller may reload for an unknown kid.
func (r *Remote) claimMiss() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.o.Now()
	if r.missed && now.Sub(r.lastMiss) < r.o.MissTimeout {
		return false
	}
	r.missed, r.lastMiss = true, now
	return true
}

// All gives the keys in the order of the set.
func (r *Remote) All(ctx context.Context) ([]*Key, error) {
	set, err := r.Set(ctx)
	if err != nil {
		return nil, err
	}
	return set.All(ctx)
}
