package filters

import (
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/observe"
)

// Limits of the memory that groups take: they are named by what clients send.
const (
	bucketShards   = 64
	maxShardGroups = 1 << 14 // times bucketShards groups in all
)

// buckets are token buckets by group. Each begins full and fills evenly: with n
// requests in d, one token comes every d/n. A bucket is one time, the moment at which
// it will be full again, so nothing has to run for it to fill.
type buckets struct {
	seed   maphash.Seed
	limits *observe.Limits
	shards [bucketShards]bucketShard
}

type bucketShard struct {
	mu     sync.Mutex
	groups map[string]bucket
	_      [32]byte // keeps locks of neighbours out of one cache line
}

type bucket struct {
	rate ThrottlingRate
	full int64 // nanoseconds since 1970
}

// newBuckets makes buckets. limits counts groups that went because there were too many; it may be nil.
func newBuckets(limits *observe.Limits) *buckets {
	b := &buckets{seed: maphash.MakeSeed(), limits: limits}
	for i := range b.shards {
		b.shards[i].groups = map[string]bucket{}
	}
	return b
}

// take takes a token of a group; when there is none, it returns how long the next one
// takes. A group whose rate changed begins anew.
func (b *buckets) take(group string, rate ThrottlingRate, at time.Time) time.Duration {
	now := at.UnixNano()
	each := max(int64(rate.Duration)/int64(rate.Requests), 1)
	s := &b.shards[maphash.String(b.seed, group)%bucketShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	k, known := s.groups[group]
	// No bucket takes longer to fill than all of its tokens do: one that seems to was left
	// by a clock that has been set back since.
	all := each * int64(rate.Requests)
	if !known || k.rate != rate || k.full < now || k.full > now+all {
		k = bucket{rate, now}
	}
	// Empty means full only after all tokens came again.
	if missing := k.full + each - now; missing > all {
		return time.Duration(missing - all)
	}
	k.full += each
	if !known {
		if most := b.limits.Number("throttling_groups", maxShardGroups); len(s.groups) >= most && s.makeRoom(now, most) {
			b.limits.Add("throttling_groups")
		}
		group = strings.Clone(group) // it may be a part of a whole header
	}
	s.groups[group] = k
	return 0
}

// makeRoom drops the groups whose buckets are full, else any one of them, and tells that.
func (s *bucketShard) makeRoom(now int64, most int) bool {
	s.sweep(now)
	if len(s.groups) < most {
		return false
	}
	for g := range s.groups {
		delete(s.groups, g)
		break
	}
	return true
}

// sweep drops the groups whose buckets are full: a new one would be the same.
func (b *buckets) sweep(at time.Time) {
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		s.sweep(at.UnixNano())
		s.mu.Unlock()
	}
}

func (s *bucketShard) sweep(now int64) {
	for g, k := range s.groups {
		if k.full <= now {
			delete(s.groups, g)
		}
	}
}

func (b *buckets) size() int {
	n := 0
	for i := range b.shards {
		b.shards[i].mu.Lock()
		n += len(b.shards[i].groups)
		b.shards[i].mu.Unlock()
	}
	return n
}
