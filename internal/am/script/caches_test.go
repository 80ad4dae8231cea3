package script

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/observe"
)

// What realms keep has a bound for each and for all; the least used goes, of the realm that has too much or of all.
func TestCachesAreBounded(t *testing.T) {
	const most = 100_000
	held := observe.NewLimits([]string{limitCaches}, map[string]int64{limitCaches: most})
	c := &caches{held: held}
	set, now := &Cache{}, time.Now()
	value := func() []byte { return []byte(strings.Repeat("x", 1000)) }
	key := func(i int) entryKey { return entryKey{"kept", fmt.Sprint(i)} }
	has := func(rl string, i int) bool {
		v, _ := c.get(rl, key(i), set, now)
		return v != nil
	}
	for i := range 200 {
		c.put("/big", key(i), value(), now)
		if !has("/big", 0) {
			t.Fatalf("an entry that is used went after %d others", i)
		}
	}
	if r := c.realms["/big"]; r.bytes > most || r.bytes < most*9/10 || r.used.Len() != len(r.entries) || has("/big", 1) {
		t.Errorf("the realm keeps %d bytes in %d entries", r.bytes, len(r.entries))
	}
	for rl := range 12 {
		for i := range 200 {
			c.put(fmt.Sprint("/", rl), key(i), value(), now)
		}
	}
	if c.bytes > 10*most || c.bytes < 9*most {
		t.Errorf("all realms keep %d bytes", c.bytes)
	}
	if _, there := c.realms["/big"]; there || !has("/11", 199) {
		t.Error("the least used realm is still there, or the last one is not")
	}
	sum, entries := 0, 0
	for rl, r := range c.realms {
		sum += r.bytes
		entries += len(r.entries)
		if len(r.entries) == 0 {
			t.Errorf("%s keeps nothing and is remembered", rl)
		}
	}
	if sum != c.bytes || entries != c.used.Len() {
		t.Errorf("the realms count %d bytes in %d entries, all together %d in %d", sum, entries, c.bytes, c.used.Len())
	}
	for rl := range c.realms {
		c.invalidate(rl, func(entryKey) bool { return true })
	}
	if c.bytes != 0 || c.used.Len() != 0 || len(c.realms) != 0 {
		t.Errorf("what is cleared keeps %d bytes", c.bytes)
	}
}
