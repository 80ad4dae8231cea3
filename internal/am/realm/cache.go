package realm

import (
	"sync"
	"sync/atomic"

	"gatehouse/internal/observe"
)

// cacheLimit bounds a cache; when it is reached the cache starts anew, which costs one
// read per entry that is still in use.
const cacheLimit = 20_000

// cache keeps decoded documents by ID. Reads take no lock.
type cache[T any] struct {
	limits *observe.Tally // counts that the cache was full; nil: nobody does

	m sync.Map
	n atomic.Int64
	// changes counts invalidations: what was read before one must not be kept after it.
	changes atomic.Uint64
}

// get returns the entry, loading it when there is none. What fails to load is not
// remembered.
func (c *cache[T]) get(id string, load func() (T, error)) (T, error) {
	if v, ok := c.m.Load(id); ok {
		return v.(T), nil
	}
	before := c.changes.Load()
	v, err := load()
	if err != nil {
		return v, err
	}
	if c.n.Add(1) > cacheLimit {
		c.limits.Add("documents")
		c.clear()
		c.n.Store(1)
	}
	c.m.Store(id, v)
	if c.changes.Load() != before {
		c.m.Delete(id)
	}
	return v, nil
}

func (c *cache[T]) drop(id string) {
	c.changes.Add(1)
	c.m.Delete(id)
}

func (c *cache[T]) clear() {
	c.changes.Add(1)
	c.m.Clear()
}
