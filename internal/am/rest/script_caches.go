package rest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/script"
)

// ServiceCacheManager is the service that has the caches of scripts, and KindCache the type of its parts.
const (
	ServiceCacheManager = "cache-manager"
	KindCache           = "caches"
)

// CacheManagerSettings are those of the service. One that is off keeps nothing.
type CacheManagerSettings struct {
	Enabled bool `json:"enabled"`
}

// CacheSettings are those of a cache of scripts.
type CacheSettings struct {
	Script   string `json:"script"` // UUID of the loader
	Eviction string `json:"evictionPolicy"`
	Unit     string `json:"durationUnit"`
	Period   int    `json:"evictionPeriod"`
}

func cacheManagerType() *Type {
	return &Type{
		ID: ServiceCacheManager, Name: "Cache Manager Service",
		Groups: groupsOf(CacheManagerSettings{true}, nil, nil),
		Parts: []*Type{{
			ID: KindCache, Name: "Caches", Collection: true,
			Groups: groupsOf(CacheSettings{"", "EXPIRE_AFTER_WRITE", "HOURS", 1}, map[string]string{"script": "Loading Script"}, nil),
			Check: func(o Object) error {
				set, err := ParseCache(o)
				if err == nil {
					_, _, err = set.Evicts()
				}
				if err != nil {
					return badRequest("%v", err)
				}
				return nil
			},
		}},
	}
}

// ParseCache reads the settings of a cache.
func ParseCache(o any) (*CacheSettings, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	set := &CacheSettings{}
	return set, json.Unmarshal(raw, set)
}

// maxPeriod is a year.
const maxPeriod = 366 * 24 * time.Hour

// Evicts says when entries are over. The names of the policies and units are published as the console words them:
// "Refresh after write", "Hours". Case, spaces and underscores do not matter.
func (s *CacheSettings) Evicts() (script.Eviction, time.Duration, error) {
	policy := inOneWord(s.Eviction)
	eviction, ok := map[string]script.Eviction{
		"never": script.EvictNever, "refreshafterwrite": script.EvictRefresh, "expireafterwrite": script.EvictAfterWrite, "expireafteraccess": script.EvictAfterAccess,
		"afterwrite": script.EvictAfterWrite, "afteraccess": script.EvictAfterAccess, "evictafterwrite": script.EvictAfterWrite, "evictafteraccess": script.EvictAfterAccess,
	}[policy]
	if !ok {
		return 0, 0, fmt.Errorf("evictionPolicy: expected NEVER, EXPIRE_AFTER_WRITE, EXPIRE_AFTER_ACCESS or REFRESH_AFTER_WRITE, found %q", s.Eviction)
	}
	if eviction == script.EvictNever {
		return eviction, 0, nil
	}
	unit, ok := map[string]time.Duration{"seconds": time.Second, "minutes": time.Minute, "hours": time.Hour, "days": 24 * time.Hour}[inOneWord(s.Unit)]
	if !ok {
		return 0, 0, fmt.Errorf("durationUnit: expected SECONDS, MINUTES, HOURS or DAYS, found %q", s.Unit)
	}
	if s.Period < 1 || time.Duration(s.Period) > maxPeriod/unit {
		return 0, 0, fmt.Errorf("evictionPeriod: expected 1 to %d %s, found %d", maxPeriod/unit, inOneWord(s.Unit), s.Period)
	}
	return eviction, time.Duration(s.Period) * unit, nil
}

func inOneWord(s string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "_", "", "-", "").Replace(s))
}

// ScriptCaches forgets what scripts have cached.
type ScriptCaches interface {
	ClearCaches(rl *realm.Realm, name string)
}

// clearCaches forgets what is in the caches of the realm.
func (v services) clearCaches(c *Call) (any, error) { return v.clearCache(c, c.ID, "") }

// clear forgets what is in a cache.
func (p serviceParts) clear(c *Call) (any, error) {
	if c.Vars["type"] != KindCache {
		return nil, unsupportedAction("clear")
	}
	if _, err := p.read(c, c.ID); err != nil {
		return nil, err
	}
	return p.clearCache(c, c.Vars["service"], c.ID)
}

func (v services) clearCache(c *Call, service, name string) (any, error) {
	caches, ok := v.Scripts.(ScriptCaches)
	if service != ServiceCacheManager || !ok {
		return nil, unsupportedAction("clear")
	}
	caches.ClearCaches(c.Realm, name)
	return Object{}, nil
}
