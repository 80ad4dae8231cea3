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
	limits *observe.Limits // counts that the cache was full; nil: nobody does

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
	if c.n.Load() >= int64(c.limits.Number("documents", cacheLimit)) {
		c.limits.Add("documents")
		c.empty()
	}
	if _, was := c.m.Swap(id, v); !was {
		c.n.Add(1)
	}
	if c.changes.Load() != before {
		c.remove(id)
	}
	return v, nil
}

func (c *cache[T]) drop(id string) {
	c.changes.Add(1)
	c.remove(id)
}

func (c *cache[T]) clear() {
	c.changes.Add(1)
	c.empty()
}

func (c *cache[T]) remove(id string) {
	if _, was := c.m.LoadAndDelete(id); was {
		c.n.Add(-1)
	}
}

// empty counts what is stored at the same time rather twice than not at all.
func (c *cache[T]) empty() {
	c.n.Store(0)
	c.m.Clear()
}
