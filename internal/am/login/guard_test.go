package login

import (
	"fmt"
	"testing"
	"time"
)

func TestGuard(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g := newGuard(func() time.Time { return now })
	fail := func(n int) {
		for range n {
			g.failed("a")
		}
	}
	fail(4)
	if !g.allows("a") {
		t.Error("four wrong passwords close the door")
	}
	fail(1)
	if g.allows("a") || !g.allows("b") {
		t.Error("five wrong passwords do not make one wait, or make others wait")
	}
	now = now.Add(time.Second)
	if !g.allows("a") {
		t.Error("a second was not enough")
	}
	fail(1)
	now = now.Add(time.Second)
	if g.allows("a") {
		t.Error("the wait does not grow")
	}
	fail(30)
	now = now.Add(longestWait)
	if !g.allows("a") {
		t.Error("the wait grows beyond its limit")
	}
	g.succeeded("a")
	fail(4)
	if !g.allows("a") {
		t.Error("a success did not forgive")
	}
	now = now.Add(forgetAfter + time.Second)
	fail(4)
	if !g.allows("a") {
		t.Error("old failures count")
	}
	for i := range maxNames + 10 {
		g.failed(fmt.Sprint(i))
	}
	if len(g.names) != maxNames || g.order.Len() != maxNames {
		t.Errorf("%d names are remembered, want %d", len(g.names), maxNames)
	}
}
