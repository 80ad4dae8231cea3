package script

import (
	"context"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"

	"gatehouse/internal/am/outgoing"
)

// Limits bound one run. Zero fields get the defaults.
type Limits struct {
	Wall  time.Duration // default, and most: 2 s
	Depth int           // nested calls; default 256
	Bytes int64         // memory; default 128 MiB
	// Wait bounds the time that a run waits for answers to its requests, which is not part of Wall; default 5 s.
	Wait time.Duration
}

func (l Limits) withDefaults() Limits {
	if l.Wall <= 0 || l.Wall > maxWall {
		l.Wall = maxWall
	}
	if l.Depth <= 0 {
		l.Depth = 256
	}
	if l.Bytes <= 0 {
		l.Bytes = 128 << 20
	}
	if l.Wait <= 0 {
		l.Wait = outgoing.Timeout
	}
	return l
}

const maxWall = 2 * time.Second

// What is set here ends a match of a pattern that backtracks. goja hands patterns which
// RE2 cannot express to regexp2, gives no way to set the limit for one of them, and
// takes a match that was cut off for none; being longer than any script may run, it
// comes after the script's own end, which then is reported.
var _ = boundRegexps(maxWall + 500*time.Millisecond)

func boundRegexps(limit time.Duration) time.Duration {
	regexp2.DefaultMatchTimeout = limit
	return limit
}

// exceeded ends a JavaScript run which passed a limit; scripts cannot catch it.
type exceeded struct {
	limit string
	cause error
}

func (e *exceeded) Error() string {
	switch e.limit {
	case "memory":
		return "the script used too much memory"
	case "cancelled":
		return "the script was cancelled"
	}
	return "the script ran too long"
}

// watch interrupts a JavaScript run that goes on for too long. The engine counts
// neither steps nor bytes, so a timer looks at the clock and at the growth of the heap
// every few milliseconds; the scripts of a healthy realm are over before it first does.
type watch struct {
	vm       *goja.Runtime
	ctx      context.Context
	deadline time.Time
	bytes    uint64

	mu       sync.Mutex
	timer    *time.Timer
	over     bool
	paused   bool
	measured bool
	before   uint64
}

const watchEvery = 2 * time.Millisecond

func startWatch(ctx context.Context, vm *goja.Runtime, l Limits) *watch {
	w := &watch{vm: vm, ctx: ctx, deadline: time.Now().Add(l.Wall), bytes: uint64(l.Bytes)}
	w.mu.Lock()
	w.timer = time.AfterFunc(watchEvery, w.look)
	w.mu.Unlock()
	return w
}

func (w *watch) stop() {
	w.mu.Lock()
	w.over = true
	w.timer.Stop()
	w.mu.Unlock()
}

// pause stops the clock until resume is called. What the heap grows by meanwhile is not the script's.
func (w *watch) pause() (resume func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.paused = true
	w.timer.Stop()
	since := time.Now()
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.paused, w.measured = false, false
		w.deadline = w.deadline.Add(time.Since(since))
		w.timer.Reset(watchEvery)
	}
}

func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over || w.paused {
		return
	}
	heap := heapBytes()
	if !w.measured {
		w.measured, w.before = true, heap
	}
	switch {
	case w.ctx.Err() != nil:
		w.vm.Interrupt(&exceeded{"cancelled", w.ctx.Err()})
	case time.Now().After(w.deadline):
		w.vm.Interrupt(&exceeded{limit: "time"})
	case heap > w.before+w.bytes:
		w.vm.Interrupt(&exceeded{limit: "memory"})
	default:
		w.timer.Reset(watchEvery)
	}
	if heap < w.before {
		w.before = heap
	}
}

// heapBytes is the memory of the process's objects. Other requests share it, which is
// why the limit is generous and only looked at in runs that are slow already.
func heapBytes() uint64 {
	s := [1]metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s[:])
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s[0].Value.Uint64()
}
