package script

import (
	"container/list"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/groovy"
	"gatehouse/internal/observe"
)

// FindCache finds a cache that a realm has for scripts, or gives store.ErrNotFound.
type FindCache func(ctx context.Context, rl *realm.Realm, name string) (*Cache, error)

// Cache is what is set of a cache.
type Cache struct {
	Loader *realm.Script // of the context CACHE_LOADER
	// Eviction and Period say when an entry is over.
	Eviction Eviction
	Period   time.Duration
	// Off caches keep nothing: each entry is loaded each time.
	Off bool
}

// Eviction says when an entry of a cache is over.
type Eviction int

// Ways of eviction. EvictRefresh entries are reloaded from what they were.
const (
	EvictNever Eviction = iota
	EvictAfterWrite
	EvictAfterAccess
	EvictRefresh
)

// Limits of what is kept (PingAM: Cache Manager Service).
const (
	maxCacheBytes = 20 << 20  // of a realm
	maxAllCaches  = 200 << 20 // of all realms
	maxCacheEntry = 5 << 10
	limitCaches   = "script_caches"
	// entryCost is what an entry takes besides its key and value.
	entryCost = 300
)

// caches are those of all realms, in this process alone.
type caches struct {
	held    *observe.Limits // counts what was let go for want of room; nil: nobody does
	mu      sync.Mutex
	realms  map[string]*realmCaches // of those that have entries
	used    list.List               // of *cached: all entries, the one that was not used for longest at the end
	bytes   int
	loading singleflight.Group
}

// realmCaches are the entries of a realm.
type realmCaches struct {
	entries map[entryKey]*cached
	used    list.List // of *cached: the one that was not used for longest at the end
	bytes   int
}

type entryKey struct{ cache, key string }

type cached struct {
	entryKey
	realm             string
	value             []byte        // JSON
	inRealm, inAll    *list.Element // its places
	written, accessed time.Time
}

func (e *cached) size() int { return len(e.cache) + len(e.key) + len(e.value) + entryCost }

// get gives a copy of an entry, nil when there is none, and whether it is over.
func (c *caches) get(rl string, k entryKey, set *Cache, now time.Time) (value []byte, over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.realms[rl]
	if r == nil || r.entries[k] == nil {
		return nil, false
	}
	e := r.entries[k]
	switch set.Eviction {
	case EvictAfterWrite, EvictRefresh:
		over = now.Sub(e.written) >= set.Period
	case EvictAfterAccess:
		over = now.Sub(e.accessed) >= set.Period
	}
	value = append(value, e.value...)
	if over && set.Eviction != EvictRefresh {
		c.remove(e)
		return nil, true
	}
	e.accessed = now
	r.used.MoveToFront(e.inRealm)
	c.used.MoveToFront(e.inAll)
	return value, over
}

// put keeps an entry. Where a realm has too many the least used of the realm go, where all have the least used of all.
func (c *caches) put(rl string, k entryKey, value []byte, now time.Time) {
	most := c.held.Number(limitCaches, maxCacheBytes)
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.realms[rl]; r != nil && r.entries[k] != nil {
		c.remove(r.entries[k])
	}
	r := c.realms[rl]
	if r == nil {
		if c.realms == nil {
			c.realms = map[string]*realmCaches{}
		}
		r = &realmCaches{entries: map[entryKey]*cached{}}
		c.realms[rl] = r
	}
	e := &cached{entryKey: k, realm: rl, value: value, written: now, accessed: now}
	e.inRealm, e.inAll = r.used.PushFront(e), c.used.PushFront(e)
	r.entries[k] = e
	r.bytes += e.size()
	c.bytes += e.size()
	for r.bytes > most && r.used.Len() > 1 {
		c.held.Add(limitCaches)
		c.remove(r.used.Back().Value.(*cached))
	}
	for c.bytes > most*(maxAllCaches/maxCacheBytes) && c.used.Len() > 1 {
		c.held.Add(limitCaches)
		c.remove(c.used.Back().Value.(*cached))
	}
}

// remove forgets an entry, and leaves nothing of its value in memory.
func (c *caches) remove(e *cached) {
	r := c.realms[e.realm]
	r.used.Remove(e.inRealm)
	c.used.Remove(e.inAll)
	delete(r.entries, e.entryKey)
	r.bytes -= e.size()
	c.bytes -= e.size()
	if len(r.entries) == 0 {
		delete(c.realms, e.realm)
	}
	clear(e.value)
}

// invalidate forgets the entries that of says.
func (c *caches) invalidate(rl string, of func(entryKey) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.realms[rl]
	if r == nil {
		return
	}
	for k, e := range r.entries {
		if of(k) {
			c.remove(e)
		}
	}
}

// ClearCaches forgets what scripts of a realm keep in the cache of that name; "": in all of them.
func (e *Engine) ClearCaches(rl *realm.Realm, name string) {
	e.caches.invalidate(rl.Path, func(k entryKey) bool { return name == "" || k.cache == name })
}

// cacheManager is the binding of that name.
type cacheManager struct{ run *run }

// GroovyClass is the binding's.
func (*cacheManager) GroovyClass() *groovy.Class { return cacheManagerClass }

var cacheManagerClass = &groovy.Class{
	Name: "org.forgerock.openam.scripting.bindings.CacheManagerScriptWrapper",
	Methods: map[string]groovy.Method{
		"exists": withArgs(1, func(c *groovy.Call) (groovy.Value, error) {
			found, err := c.This.(*cacheManager).find(text(c.Arg(0)))
			return found != nil, err
		}),
		"named": withArgs(1, func(c *groovy.Call) (groovy.Value, error) {
			found, err := c.This.(*cacheManager).find(text(c.Arg(0)))
			if found == nil || err != nil {
				return nil, err
			}
			return found, nil
		}),
	},
}

func (m *cacheManager) find(name string) (*namedCache, error) {
	find := m.run.eng.options.Cache
	if find == nil {
		return nil, nil
	}
	set, err := find(m.run.ctx, m.run.realm, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &namedCache{m.run, name, set}, nil
}

// namedCache is a cache for a script.
type namedCache struct {
	run  *run
	name string
	set  *Cache
}

// GroovyClass is the cache's.
func (*namedCache) GroovyClass() *groovy.Class { return namedCacheClass }

var namedCacheClass = &groovy.Class{
	Name: "org.forgerock.openam.scripting.bindings.CacheScriptWrapper",
	Methods: map[string]groovy.Method{
		"get": onCache(func(n *namedCache, c *groovy.Call, k entryKey) (groovy.Value, error) {
			if n.set.Off {
				return n.load(c, k, nil)
			}
			value, over := n.run.eng.caches.get(n.run.realmPath(), k, n.set, n.run.eng.options.Now())
			if value == nil || over {
				return n.load(c, k, value)
			}
			return decode(value), nil
		}),
		"refresh": onCache(func(n *namedCache, c *groovy.Call, k entryKey) (groovy.Value, error) {
			value, _ := n.run.eng.caches.get(n.run.realmPath(), k, n.set, n.run.eng.options.Now())
			return n.load(c, k, value)
		}),
		"invalidate": onCache(func(n *namedCache, _ *groovy.Call, k entryKey) (groovy.Value, error) {
			n.run.eng.caches.invalidate(n.run.realmPath(), func(o entryKey) bool { return o == k })
			return nil, nil
		}),
		"invalidateAll": withArgs(0, func(c *groovy.Call) (groovy.Value, error) {
			n := c.This.(*namedCache)
			n.run.eng.ClearCaches(n.run.realm, n.name)
			return nil, nil
		}),
	},
}

// onCache reads the key, an object of texts.
func onCache(do func(*namedCache, *groovy.Call, entryKey) (groovy.Value, error)) groovy.Method {
	return withArgs(1, func(c *groovy.Call) (groovy.Value, error) {
		n := c.This.(*namedCache)
		m, ok := c.Arg(0).(*groovy.Map)
		if !ok {
			return nil, illegal("%s: the key of a cache is an object, not %s", c.Name, kindOf(c.Arg(0)))
		}
		key := map[string]string{}
		for _, k := range m.Keys() {
			v, _ := m.Get(k)
			key[text(k)] = text(v)
		}
		raw, err := json.Marshal(key) // in the order of the names
		if err != nil {
			return nil, err
		}
		if len(raw) > maxCacheEntry {
			return nil, illegal("%s: the key has more than %d bytes", c.Name, maxCacheEntry)
		}
		return do(n, c, entryKey{n.name, string(raw)})
	})
}

// load runs the cache's script: reload where there was a value and the cache is one that refreshes, else load. The time
// is not the script's own; like that of waiting for servers it is bounded for the whole run.
func (n *namedCache) load(c *groovy.Call, k entryKey, old []byte) (groovy.Value, error) {
	r := n.run
	if r.waited >= r.eng.options.Limits.Wait {
		return nil, fmt.Errorf("cache %s: the script has waited %v, and may no longer", n.name, r.eng.options.Limits.Wait)
	}
	var raw []byte
	var err error
	r.wait(c, func() {
		var got any
		got, err, _ = r.eng.caches.loading.Do(r.realmPath()+"\x00"+n.name+"\x00"+k.key, func() (any, error) { return n.loaded(k, old) })
		raw, _ = got.([]byte)
	})
	if err != nil {
		return nil, groovy.Throw("org.forgerock.openam.scripting.bindings.CacheLoadException", "cache %s: %s", n.name, r.masked(err.Error()))
	}
	return decode(raw), nil
}

var ofLoader = variablesOf()

func (n *namedCache) loaded(k entryKey, old []byte) ([]byte, error) {
	r := n.run
	// Others may wait for the same value, whatever becomes of the request that asked first.
	inner, p, err := r.eng.start(context.WithoutCancel(r.ctx), n.set.Loader, r.realm)
	if err != nil {
		return nil, err
	}
	function := "load"
	inner.args = []groovy.Value{decode([]byte(k.key))}
	if old != nil && n.set.Eviction == EvictRefresh && inner.defines(p, "reload") {
		function = "reload"
		inner.args = append(inner.args, decode(old))
	}
	v, err := inner.execute(p, ofLoader, function)
	if err != nil {
		return nil, failure(n.set.Loader.Name, err)
	}
	raw, err := encode(v)
	if err != nil {
		return nil, err
	}
	switch {
	case n.set.Off:
	case len(raw) > maxCacheEntry:
		r.eng.options.Held.Add(limitCaches)
		r.eng.options.Log.WarnContext(r.ctx, "script: a value is too large for its cache", "cache", n.name, "realm", r.realmPath(), "bytes", len(raw))
	default:
		r.eng.caches.put(r.realmPath(), k, slices.Clone(raw), r.eng.options.Now())
	}
	return raw, nil
}

// defines tells whether a program names a function, so that it may have it.
func (r *run) defines(p program, function string) bool {
	js, ok := p.(*jsProgram)
	return ok && js.names.words[function]
}
