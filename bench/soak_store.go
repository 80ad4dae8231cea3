package main

import (
	"context"
	"errors"
	"time"

	"gatehouse/internal/am/store"
)

const (
	// soakBatch is how many tokens go into the store at once: a server's requests share the work in much the same way.
	soakBatch = 10
	// sweepBatch and the lifetime as the time between two sweeps are the server's.
	sweepBatch = 500
)

// storeTokens is issueTokens without a server.
func (s *soak) storeTokens() error {
	toks := store.Tokens{Engine: s.engine}
	for !s.stop.Load() {
		n := s.issued.Add(soakBatch)
		if n > s.total {
			s.issued.Add(-soakBatch)
			return nil
		}
		sent := time.Now()
		list := make([]store.NewToken, soakBatch)
		for i := range list {
			list[i] = storedToken(sent)
			list[i].Expires = sent.Add(briefLifetime)
		}
		began := time.Now()
		if err := toks.Issue(context.Background(), list...); err != nil {
			return err
		}
		s.issue.Load().add(time.Since(began))
		if n%(5*sampled) == 0 {
			s.note(list[0].Raw, sent)
		}
	}
	return nil
}

// findTokens is askForTokens without a server.
func (s *soak) findTokens() error {
	toks := store.Tokens{Engine: s.engine}
	for !s.stop.Load() {
		time.Sleep(time.Millisecond)
		t, ok := s.pick()
		if !ok {
			continue
		}
		asked := time.Now()
		_, err := toks.Find(context.Background(), "/", t.raw)
		s.ask.Load().add(time.Since(asked))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := t.check(asked, err == nil); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes what has expired as the server does.
func (s *soak) sweep() error {
	next := time.Now().Add(briefLifetime)
	for !s.stop.Load() {
		if time.Now().Before(next) {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		next = time.Now().Add(briefLifetime)
		for !s.stop.Load() {
			n, err := s.engine.Sweep(context.Background(), time.Now(), sweepBatch)
			if err != nil {
				return err
			}
			if n < sweepBatch {
				break
			}
		}
	}
	return nil
}
