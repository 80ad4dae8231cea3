package observe

import (
	"slices"
	"sync/atomic"
)

// Tally counts what happened, by a name from a fixed list; other names count under the last one. The zero Tally counts
// nothing.
type Tally struct {
	names  []string
	counts []atomic.Uint64
}

// NewTally returns a tally of the names.
func NewTally(names ...string) *Tally {
	return &Tally{names, make([]atomic.Uint64, len(names))}
}

// Add counts once. It may be called on nil.
func (t *Tally) Add(name string) {
	if t == nil || len(t.names) == 0 {
		return
	}
	i := slices.Index(t.names, name)
	if i < 0 {
		i = len(t.names) - 1
	}
	t.counts[i].Add(1)
}

// Each calls f with all names and their counts. It may be called on nil.
func (t *Tally) Each(f func(name string, count uint64)) {
	if t == nil {
		return
	}
	for i, name := range t.names {
		f(name, t.counts[i].Load())
	}
}

// ScriptLimits are the limits that end scripts, as they are counted.
var ScriptLimits = []string{"steps", "depth", "memory", "time", "regexp", "wait", "cancelled"}
