package realm_test

import (
	"fmt"
	"testing"
	"time"

	"gatehouse/internal/am/realm"
)

func TestAttempts(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	a := realm.NewAttempts(5, nil, func() time.Time { return now })
	fail := func(n int) {
		for range n {
			a.Failed("a")
		}
	}
	fail(4)
	if a.Wait("a") != 0 {
		t.Error("four failures close the door")
	}
	fail(1)
	if a.Wait("a") != time.Second || a.Wait("b") != 0 {
		t.Error("five failures do not make one wait, or make others wait")
	}
	now = now.Add(time.Second)
	if a.Wait("a") != 0 {
		t.Error("a second was not enough")
	}
	fail(1)
	now = now.Add(time.Second)
	if a.Wait("a") == 0 {
		t.Error("the wait does not grow")
	}
	fail(30)
	now = now.Add(realm.LongestWait)
	if a.Wait("a") != 0 {
		t.Error("the wait grows beyond its limit")
	}
	a.Succeeded("a")
	fail(4)
	if a.Wait("a") != 0 {
		t.Error("a success did not forgive")
	}
	now = now.Add(realm.ForgetAfter + time.Second)
	fail(4)
	if a.Wait("a") != 0 {
		t.Error("old failures count")
	}
	for i := range realm.MaxAttempts + 10 {
		a.Failed(fmt.Sprint(i))
	}
	if a.Len() != realm.MaxAttempts {
		t.Errorf("%d keys are remembered, want %d", a.Len(), realm.MaxAttempts)
	}
}
