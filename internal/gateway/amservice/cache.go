package amservice

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/maypok86/otter/v2"

	"gatehouse/internal/gateway/chain"
)

// DefaultCacheSize bounds a cache whose configuration does not.
const DefaultCacheSize = 100_000

// Cache keeps what tokens stand for. Tokens themselves are not kept, only their
// SHA-256. What failed is never kept.
type Cache[V any] struct {
	entries *otter.Cache[[sha256.Size]byte, V]
	ttl     func(V) time.Duration
	flight  Flight[V]
	counters

	following *following // nil: it lives by time alone
	// changes counts what was dropped, by the first byte of the keys, so that tokens which are
	// dropped all the time do not keep others from being kept. An answer that was on its way
	// meanwhile is not kept, nor given to those who ask after it.
	changes [256]atomic.Uint64
}

// NewCache returns a cache of at most size entries, 0 for DefaultCacheSize. ttl says
// how long a value may be kept; not at all when it is not positive.
func NewCache[V any](size int, now func() time.Time, ttl func(V) time.Duration) *Cache[V] {
	if size <= 0 {
		size = DefaultCacheSize
	}
	c := &Cache[V]{ttl: ttl}
	c.entries = otter.Must(&otter.Options[[sha256.Size]byte, V]{
		MaximumSize: size,
		Clock:       clock{now, now()},
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[[sha256.Size]byte, V]) time.Duration {
			return max(ttl(e.Value), 1)
		}),
		OnAtomicDeletion: func(e otter.DeletionEvent[[sha256.Size]byte, V]) { c.evictions[e.Cause].Add(1) },
	})
	return c
}

// clock makes a cache follow the gateway's time. It has no ticks, so a cache needs no
// goroutine: entries that ended are dropped when their place is needed.
//
// It counts from when it was made: a clock of the system that is set back does not make
// entries live longer (package time, "Monotonic Clocks").
type clock struct {
	now  func() time.Time
	made time.Time
}

func (c clock) NowNano() int64                    { return int64(c.now().Sub(c.made)) }
func (clock) Tick(time.Duration) <-chan time.Time { return nil }

// Get returns what is kept for a token.
func (c *Cache[V]) Get(token string) (V, bool) {
	v, ok := c.entries.GetIfPresent(digest(token))
	if ok {
		c.hits.Add(1)
	}
	return v, ok
}

// Load returns what is kept for a token, else what load gives, which is kept then. Of
// all that miss the same token at once, one runs load.
func (c *Cache[V]) Load(x *chain.Exchange, token string, load func() (V, error)) (V, error) {
	key := digest(token)
	if v, ok := c.entries.GetIfPresent(key); ok {
		c.hits.Add(1)
		return v, nil
	}
	c.misses.Add(1)
	before := c.changes[key[0]].Load()
	return c.flight.Do(x, string(binary.BigEndian.AppendUint64(key[:], before)), func() (V, error) {
		if v, ok := c.entries.GetIfPresent(key); ok {
			return v, nil
		}
		began := time.Now()
		v, err := load()
		c.loaded(began, err)
		current := func() bool { return c.changes[key[0]].Load() == before }
		if err == nil && c.ttl(v) > 0 && (c.following == nil || c.following.keeps()) && current() {
			c.entries.Set(key, v)
			if !current() {
				c.entries.Invalidate(key)
			}
		}
		return v, err
	})
}

// Put keeps a value in the place of another.
func (c *Cache[V]) Put(token string, v V) { c.entries.Set(digest(token), v) }

// Len is about how many tokens are kept.
func (c *Cache[V]) Len() int { return c.entries.EstimatedSize() }

// Drop forgets a token.
func (c *Cache[V]) Drop(token string) { c.drop(digest(token)) }

func (c *Cache[V]) drop(key [sha256.Size]byte) {
	c.changes[key[0]].Add(1)
	c.entries.Invalidate(key)
}

// changed notes that anything may have been dropped.
func (c *Cache[V]) changed() {
	for i := range c.changes {
		c.changes[i].Add(1)
	}
}

// dropDigest forgets the token whose SHA-256 is written in base64url.
func (c *Cache[V]) dropDigest(text string) {
	var key [sha256.Size]byte
	if n, err := base64.RawURLEncoding.Decode(key[:], []byte(text)); err != nil || n != len(key) {
		return
	}
	c.drop(key)
}

// DropWhere forgets what matches. It looks at everything that is kept.
func (c *Cache[V]) DropWhere(matches func(V) bool) {
	c.changed()
	for key, v := range c.entries.All() {
		if matches(v) {
			c.entries.Invalidate(key)
		}
	}
}

// Clear forgets everything.
func (c *Cache[V]) Clear() {
	c.changed()
	c.entries.InvalidateAll()
}

// digest reads the text in place: a copy would be the only allocation of a hit.
func digest(token string) [sha256.Size]byte {
	return sha256.Sum256(unsafe.Slice(unsafe.StringData(token), len(token))) //nolint:gosec // the text is only read
}
