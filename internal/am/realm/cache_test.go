package realm

import (
	"strconv"
	"sync"
	"testing"

	"gatehouse/internal/observe"
)

// A cache is full when it has as many entries as it may, and not when one entry was read as often.
func TestCacheIsBounded(t *testing.T) {
	limits := observe.NewLimits([]string{"documents"}, nil)
	c := &cache[int]{limits: limits}
	full := func() (n uint64) {
		limits.Each(func(_ string, count uint64) { n += count })
		return n
	}
	loaded := 0
	get := func(id string) {
		t.Helper()
		if v, err := c.get(id, func() (int, error) { loaded++; return 7, nil }); v != 7 || err != nil {
			t.Fatal(v, err)
		}
	}
	for range cacheLimit + 1 {
		get("changes")
		c.drop("changes")
		get("stays")
	}
	if n := loaded; n != cacheLimit+2 || full() != 0 {
		t.Errorf("%d loaded, %d times full", n, full())
	}
	for i := range cacheLimit {
		get(strconv.Itoa(i))
	}
	if full() != 1 || c.n.Load() > cacheLimit {
		t.Errorf("%d times full, %d entries", full(), c.n.Load())
	}
	loaded = 0
	if get(strconv.Itoa(cacheLimit - 1)); loaded != 0 {
		t.Error("the entry that was made room for is not kept")
	}
	c.clear()
	if get("stays"); loaded != 1 || c.n.Load() != 1 {
		t.Errorf("after clear: %d loaded, %d entries", loaded, c.n.Load())
	}
}

// What was read before a change is not kept after it.
func TestCacheForgetsWhatChanged(t *testing.T) {
	c := &cache[int]{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 1000 {
				_, _ = c.get("x", func() (int, error) { return i, nil })
				c.drop("x")
			}
		})
	}
	all.Wait()
	_, _ = c.get("x", func() (int, error) { c.drop("x"); return 1, nil }) // changes while it is read
	if v, _ := c.get("x", func() (int, error) { return 2, nil }); v != 2 || c.n.Load() != 1 {
		t.Errorf("%d, %d entries", v, c.n.Load())
	}
}
