package store

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// Watchers tells the watchers of one process what changed. Engines embed one to
// offer Watch; writers never wait for slow watchers, whose events are merged by key
// instead. The zero value is ready.
type Watchers struct {
	mu   sync.Mutex
	gone bool
	list atomic.Pointer[[]*watcher]
}

type watcher struct {
	kinds   []string
	mu      sync.Mutex
	pending map[Key]bool // deleted?
	order   []Key
	wake    chan struct{}
	stop    func() // ends the pump when the engine closes
}

// Watch is Engine.Watch.
func (w *Watchers) Watch(ctx context.Context, kinds ...string) (<-chan Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	one := &watcher{kinds: kinds, pending: map[Key]bool{}, wake: make(chan struct{}, 1), stop: cancel}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone {
		cancel()
	} else {
		w.replace(append(slices.Clone(w.all()), one))
	}
	out := make(chan Event)
	go func() {
		defer close(out)
		defer cancel()
		defer w.drop(one)
		one.pump(ctx, out)
	}()
	return out, nil
}

// Notify reports the ops of a batch that was applied.
func (w *Watchers) Notify(ops []Op) {
	for _, one := range w.all() {
		for i := range ops {
			if len(one.kinds) == 0 || slices.Contains(one.kinds, ops[i].Kind) {
				one.add(ops[i].Key, ops[i].Delete)
			}
		}
	}
}

// Close ends all watches, present and future.
func (w *Watchers) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gone = true
	for _, one := range w.all() {
		one.stop()
	}
}

func (w *Watchers) all() []*watcher {
	if p := w.list.Load(); p != nil {
		return *p
	}
	return nil
}

func (w *Watchers) replace(list []*watcher) { w.list.Store(&list) }

func (w *Watchers) drop(one *watcher) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.replace(slices.DeleteFunc(slices.Clone(w.all()), func(o *watcher) bool { return o == one }))
}

func (o *watcher) add(k Key, deleted bool) {
	o.mu.Lock()
	if _, ok := o.pending[k]; !ok {
		o.order = append(o.order, k)
	}
	o.pending[k] = deleted
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default: // it is awake already
	}
}

func (o *watcher) pump(ctx context.Context, out chan<- Event) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.wake:
		}
		for {
			e, ok := o.next()
			if !ok {
				break
			}
			select {
			case <-ctx.Done():
				return
			case out <- e:
			}
		}
	}
}

func (o *watcher) next() (Event, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.order) == 0 {
		return Event{}, false
	}
	k := o.order[0]
	o.order = o.order[1:]
	deleted := o.pending[k]
	delete(o.pending, k)
	return Event{Key: k, Deleted: deleted}, true
}
