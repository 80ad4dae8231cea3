package jose

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// server is a key server that counts, with an answer that tests change.
type server struct {
	mu    sync.Mutex
	set   *KeySet
	raw   []byte
	err   error
	delay time.Duration
	calls int
}

func (s *server) fetch(ctx context.Context, _ string) ([]byte, error) {
	s.mu.Lock()
	s.calls++
	set, raw, err, delay := s.set, s.raw, s.err, s.delay
	s.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err != nil || raw != nil {
		return raw, err
	}
	return set.MarshalPrivate()
}

func (s *server) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *server) wantCalls(t *testing.T, want int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls != want {
		t.Errorf("%d requests, want %d", s.calls, want)
	}
}

func remote(t *testing.T, s *server, o RemoteOptions) *Remote {
	t.Helper()
	o.URL, o.Fetch = "https://keys.example.com/jwks", s.fetch
	r, err := NewRemote(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (s *server) named(t *testing.T, r *Remote, kid string, want int) {
	t.Helper()
	keys, err := r.Named(context.Background(), kid)
	if err != nil || len(keys) != want {
		t.Errorf("Named(%s) = %d keys and %v, want %d", kid, len(keys), err, want)
	}
}

func TestRemoteCaches(t *testing.T) {
	a := key(t, KindP256).With("a", "", "")
	synctest.Test(t, func(t *testing.T) {
		s := &server{set: NewKeySet(a, key(t, KindOct256).With("secret", "", ""))}
		r := remote(t, s, RemoteOptions{})
		s.wantCalls(t, 0)
		s.named(t, r, "a", 1)
		s.named(t, r, "a", 1)
		s.wantCalls(t, 1)
		time.Sleep(2*time.Minute - 1)
		s.named(t, r, "a", 1)
		s.wantCalls(t, 1)
		time.Sleep(time.Nanosecond)
		s.named(t, r, "a", 1)
		s.wantCalls(t, 2)
		keys, err := r.All(context.Background())
		if err != nil || len(keys) != 1 || keys[0].IsPrivate() {
			t.Errorf("All = %v and %v, want the public key alone", keys, err)
		}
	})
}

func TestRemoteUnknownKid(t *testing.T) {
	a, b := key(t, KindP256).With("a", "", ""), key(t, KindP384).With("b", "", "")
	synctest.Test(t, func(t *testing.T) {
		s := &server{set: NewKeySet(a)}
		r := remote(t, s, RemoteOptions{CacheTimeout: time.Hour, MissTimeout: time.Minute})
		s.named(t, r, "a", 1)
		s.change(func() { s.set = NewKeySet(a, b) })
		s.named(t, r, "b", 1) // picked up at once
		s.wantCalls(t, 2)
		for range 5 {
			s.named(t, r, "made up", 0)
		}
		s.wantCalls(t, 2) // the reload of this minute is used up
		time.Sleep(time.Minute)
		s.named(t, r, "made up", 0)
		s.named(t, r, "made up too", 0)
		s.wantCalls(t, 3)
	})
}

func TestRemoteErrors(t *testing.T) {
	a := key(t, KindP256).With("a", "", "")
	synctest.Test(t, func(t *testing.T) {
		s := &server{set: NewKeySet(a), err: errors.New("connection refused")}
		r := remote(t, s, RemoteOptions{CacheTimeout: time.Minute, MaxStale: time.Hour, RetryDelay: time.Second})
		fails := func() {
			t.Helper()
			_, err := r.Named(context.Background(), "a")
			wantErr(t, err, ErrFetch)
		}
		fails()
		fails()
		s.wantCalls(t, 1) // not again within the delay
		s.change(func() { s.err = nil })
		time.Sleep(time.Second)
		s.named(t, r, "a", 1)
		s.change(func() { s.raw = []byte("<html>") })
		time.Sleep(time.Minute)
		s.named(t, r, "a", 1) // stale
		s.wantCalls(t, 3)
		time.Sleep(time.Hour - 1)
		s.named(t, r, "a", 1)
		time.Sleep(time.Nanosecond)
		fails()
		s.change(func() { s.raw = nil })
		time.Sleep(time.Second)
		s.named(t, r, "a", 1)
	})
}

func TestRemoteWithoutStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{set: NewKeySet(key(t, KindP256).With("a", "", ""))}
		r := remote(t, s, RemoteOptions{CacheTimeout: time.Minute, MaxStale: -1})
		s.named(t, r, "a", 1)
		s.change(func() { s.err = errors.New("down") })
		s.named(t, r, "b", 0) // the failed reload for an unknown kid leaves a fresh set alone
		s.named(t, r, "a", 1)
		time.Sleep(time.Minute)
		_, err := r.Named(context.Background(), "a")
		wantErr(t, err, ErrFetch)
	})
}

func TestRemoteSharesOneRequest(t *testing.T) {
	a := key(t, KindP256).With("a", "", "")
	synctest.Test(t, func(t *testing.T) {
		s := &server{set: NewKeySet(a), delay: time.Second}
		r := remote(t, s, RemoteOptions{})
		impatient, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		wg.Go(func() { // the first, whose request it is, leaves
			_, err := r.Named(impatient, "a")
			wantErr(t, err, context.Canceled)
		})
		synctest.Wait()
		for range 20 {
			wg.Go(func() { s.named(t, r, "a", 1) })
		}
		synctest.Wait()
		cancel()
		wg.Wait()
		s.wantCalls(t, 1)
	})
}

func TestRemoteTimeoutAndPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{delay: time.Hour}
		r := remote(t, s, RemoteOptions{FetchTimeout: time.Second})
		start := time.Now()
		_, err := r.Set(context.Background())
		wantErr(t, err, ErrFetch)
		if time.Since(start) != time.Second {
			t.Errorf("gave up after %v, want 1s", time.Since(start))
		}
		r, err = NewRemote(RemoteOptions{URL: "x", Fetch: func(context.Context, string) ([]byte, error) { panic("bug") }})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Set(context.Background())
		wantErr(t, err, ErrFetch)
	})
	if _, err := NewRemote(RemoteOptions{URL: "x"}); err == nil {
		t.Error("a remote set without Fetch was made")
	}
}
