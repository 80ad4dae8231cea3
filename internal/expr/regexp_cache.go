package expr

import "sync"

// regexpCache keeps the patterns that one call computed lately. Patterns may
// come from requests, so the number is bounded; a full cache starts anew.
type regexpCache struct {
	mu    sync.Mutex
	bySrc map[string]*Regexp
}

func (c *regexpCache) get(src string) *Regexp {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bySrc[src]
}

func (c *regexpCache) put(src string, re *Regexp) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bySrc == nil || len(c.bySrc) >= maxCachedPattern {
		c.bySrc = map[string]*Regexp{}
	}
	c.bySrc[src] = re
}

// regexp compiles src, or finds it compiled.
func (s Site) regexp(src string) (*Regexp, error) {
	if re := s.last.Load(); re != nil && re.src == src {
		return re, nil
	}
	re := s.cache.get(src)
	if re == nil {
		var err error
		if re, err = CompileRegexp(src); err != nil {
			return nil, err
		}
		s.cache.put(src, re)
	}
	s.last.Store(re)
	return re, nil
}
