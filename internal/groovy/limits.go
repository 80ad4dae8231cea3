package groovy

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// Limits bounds one run. Zero fields get the defaults.
type Limits struct {
	Steps  int64         // calls and loop rounds; default 20 million
	Depth  int           // nested calls; default 512
	Bytes  int64         // memory handed out in total, roughly; default 256 MiB
	Wall   time.Duration // time in the script, without Call.Wait; default 10 s
	Regexp time.Duration // one match; default 1 s
	Wait   time.Duration // time in Call.Wait, all together; default 5 min
}

func (l Limits) withDefaults() Limits {
	if l.Steps == 0 {
		l.Steps = 20_000_000
	}
	if l.Depth == 0 {
		l.Depth = 512
	}
	if l.Depth > 5000 {
		l.Depth = 5000 // Go's stack must suffice
	}
	if l.Bytes == 0 {
		l.Bytes = 256 << 20
	}
	if l.Wall == 0 {
		l.Wall = 10 * time.Second
	}
	if l.Regexp == 0 {
		l.Regexp = time.Second
	}
	if l.Wait == 0 {
		l.Wait = 5 * time.Minute
	}
	return l
}

// LimitError ends a run which passed a limit. Scripts cannot catch it.
type LimitError struct {
	Limit  string // steps, depth, memory, time, regexp, wait, cancelled
	File   string
	Line   int
	Frames []StackFrame
	Cause  error // the context's error for "cancelled"
}

func (e *LimitError) Error() string {
	what := map[string]string{
		"steps": "the script took too many steps", "depth": "the script's calls are nested too deeply",
		"memory": "the script used too much memory", "time": "the script ran too long",
		"regexp": "a regular expression took too long", "wait": "the script waited too long", "cancelled": "the script was cancelled",
	}[e.Limit]
	if e.File == "" {
		return what
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, what)
}

func (e *LimitError) Unwrap() error { return e.Cause }

// run is one execution of a script with everything that outlives its body:
// closures handed to hosts keep it.
type run struct {
	eng     *Engine
	script  *Script
	binding *Binding
	steps   atomic.Int64
	bytes   atomic.Int64
	entries atomic.Int32
	waited  atomic.Int64 // nanoseconds
	mu      sync.Mutex
	statics map[*scriptClass]*staticState
}

const (
	stepBatch  = 1024
	maxEntries = 200 // goroutines or re-entries of one run at a time
)

// thread is a run's activity on one goroutine.
type thread struct {
	run      *run
	eng      *Engine
	ctx      context.Context
	left     int // steps until the next check
	depth    int
	nested   int // recursion inside toString, equals and the like
	natives  int // methods written in Go that are active; one that comes back to itself must not fill the stack
	mem      int64
	deadline time.Time
	overdue  bool // it waited when it should not any more
	top      *frame
	free     *frame // finished ones, linked by up
}

// enter starts a thread for a call from Go.
func (r *run) enter(ctx context.Context) (*thread, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	if r.entries.Add(1) > maxEntries {
		r.entries.Add(-1)
		return nil, &LimitError{Limit: "depth"}
	}
	return &thread{run: r, eng: r.eng, ctx: ctx, deadline: time.Now().Add(r.eng.env.Limits.Wall)}, nil
}

func (r *run) leave(th *thread) {
	r.entries.Add(-1)
	r.steps.Add(-int64(th.left)) // unused part of the batch
	r.bytes.Add(th.mem)
}

// step counts one unit of work.
func (th *thread) step() {
	if th.left--; th.left < 0 {
		th.check()
	}
}

func (th *thread) check() {
	lim := &th.eng.env.Limits
	th.left = stepBatch
	if th.run.steps.Add(stepBatch) > lim.Steps+stepBatch {
		th.limit("steps", nil)
	}
	if err := th.ctx.Err(); err != nil {
		th.limit("cancelled", err)
	}
	if th.overdue {
		th.limit("wait", nil)
	}
	if time.Now().After(th.deadline) {
		th.limit("time", nil)
	}
}

// waited takes a time of waiting off the clock. What was waited for is not lost by that wait's own length.
func (th *thread) waited(d time.Duration) {
	th.deadline = th.deadline.Add(d)
	if before := time.Duration(th.run.waited.Add(int64(d))) - d; before >= th.eng.env.Limits.Wait {
		th.overdue = true
		th.run.steps.Add(-int64(th.left))
		th.left = 0 // look at once
	}
}

// alloc charges n bytes.
func (th *thread) alloc(n int64) {
	th.mem += n
	if th.mem > 1<<14 || n < 0 {
		total := th.run.bytes.Add(th.mem)
		th.mem = 0
		if total > th.eng.env.Limits.Bytes || n < 0 {
			th.limit("memory", nil)
		}
		th.left = max(th.left-int(min(n>>8, 1<<20)), 0)
	}
}

// moved counts n elements that a call moved or looked at.
func (th *thread) moved(n int) { th.left = max(th.left-n>>10, 0) }

func (th *thread) limit(what string, cause error) {
	e := &LimitError{Limit: what, Cause: cause, Frames: th.frames()}
	if len(e.Frames) > 0 {
		e.File, e.Line = e.Frames[0].File, e.Frames[0].Line
	}
	panic(e)
}

// nest guards recursion over data, which may contain itself.
func (th *thread) nest() {
	if th.nested++; th.nested > 200 {
		th.nested = 0
		th.throw(excStackOverflow, "the data is nested too deeply")
	}
}

// mark notes where a thread is, for recoverErr.
func (th *thread) mark() mark { return mark{th.top, th.depth, th.nested, th.natives} }

// back is where a thread goes on after a panic.
func (th *thread) back(at mark) {
	th.top, th.depth, th.nested, th.natives = at.top, at.depth, at.nested, at.natives
}

type mark struct {
	top                    *frame
	depth, nested, natives int
}

// recoverErr turns a panic of the evaluator into an error. The thread is again where
// it was at the mark.
func (th *thread) recoverErr(err *error, at mark) {
	r := recover()
	if r == nil {
		return
	}
	th.back(at)
	switch r := r.(type) {
	case *Thrown:
		*err = r
	case *LimitError:
		*err = r
	case error:
		*err = internal(r)
	default:
		*err = internal(fmt.Errorf("%v", r))
	}
}

// InternalError is a fault of the interpreter; the script may be innocent.
type InternalError struct {
	Cause error
	Stack string
}

func (e *InternalError) Error() string { return "groovy: internal error: " + e.Cause.Error() }
func (e *InternalError) Unwrap() error { return e.Cause }

func internal(err error) error {
	var in *InternalError
	if errors.As(err, &in) {
		return err
	}
	return &InternalError{Cause: err, Stack: string(debug.Stack())}
}
