package expr

import (
	"sync"

	"gatehouse/internal/javaregexp"
)

// regexpCache keeps the patterns that one call computed lately. Patterns may
// come from requests, so the number is bounded; a full cache starts anew.
type regexpCache struct {
	mu    sync.Mutex
	bySrc map[string]*javaregexp.Regexp
}

func (c *regexpCache) get(src string) *javaregexp.Regexp {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bySrc[src]
}

func (c *regexpCache) put(src string, re *javaregexp.Regexp) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bySrc == nil || len(c.bySrc) >= maxCachedPattern {
		c.bySrc = map[string]*javaregexp.Regexp{}
	}
	c.bySrc[src] = re
}

// regexp compiles src, or finds it compiled.
func (s Site) regexp(src string) (*javaregexp.Regexp, error) {
	if re := s.last.Load(); re != nil && re.String() == src {
		return re, nil
	}
	re := s.cache.get(src)
	if re == nil {
		var err error
		if re, err = javaregexp.Compile(src); err != nil {
			return nil, err
		}
		s.cache.put(src, re)
	}
	s.last.Store(re)
	return re, nil
}
