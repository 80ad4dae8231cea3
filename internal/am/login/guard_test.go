package login

import (
	"errors"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
)

// Who tries many passwords at once, before the first was found wrong, learns of no more of them than who tries one after
// the other: also the right one counts for nothing then.
func TestGuessesAtOnce(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := &Service{guard: realm.NewAttempts(freeTries, nil, func() time.Time { return now })}
	rl := &realm.Realm{Path: "/"}
	const wrong = 40
	var began, ended sync.WaitGroup
	goOn, told := make(chan struct{}), make(chan error, wrong)
	began.Add(wrong)
	for range wrong {
		ended.Go(func() {
			told <- s.guarded(rl, TypeUser, "demo", func() error {
				began.Done()
				<-goOn
				return realm.ErrBadCredentials
			})
		})
	}
	var late error
	lateEnded := make(chan struct{})
	began.Wait()
	inside, lateGoOn := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(lateEnded)
		late = s.guarded(rl, TypeUser, "demo", func() error {
			close(inside)
			<-lateGoOn
			return nil
		})
	}()
	<-inside
	close(goOn)
	ended.Wait()
	close(lateGoOn)
	<-lateEnded
	close(told)
	learnt := 0
	for err := range told {
		if errors.Is(err, realm.ErrBadCredentials) {
			learnt++
		}
	}
	if learnt != freeTries {
		t.Errorf("%d of the passwords that were tried at once were told to be wrong, want %d", learnt, freeTries)
	}
	if !errors.Is(late, journey.ErrLocked) {
		t.Errorf("the right password, after all of those: %v", late)
	}
	// It forgave nothing, and after the wait it does.
	if err := s.guarded(rl, TypeUser, "demo", func() error { return nil }); !errors.Is(err, journey.ErrLocked) {
		t.Errorf("while the name has to wait: %v", err)
	}
	now = now.Add(realm.LongestWait)
	if err := s.guarded(rl, TypeUser, "demo", func() error { return nil }); err != nil || s.guard.Len() != 0 {
		t.Errorf("after the wait: %v, %d names", err, s.guard.Len())
	}
	// Nor does the same user's signing in many times at once have to wait.
	for range 3 * freeTries {
		if err := s.guarded(rl, TypeUser, "demo", func() error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
}
