package login

import (
	"container/list"
	"sync"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Limits of the guard. After freeTries wrong passwords in a row a name has to wait, twice as long each time, up to
// longestWait: guessing is slow, and whoever guesses cannot keep the owner out for long.
const (
	freeTries   = 5
	longestWait = time.Minute
	forgetAfter = 15 * time.Minute
	maxNames    = 16384
)

// guard slows down those who guess passwords. It counts names whether or not they exist, so that it tells nothing
// about them, and remembers a bounded number of them: the least recent are forgotten.
type guard struct {
	now   func() time.Time
	mu    sync.Mutex
	names map[string]*list.Element // of *attempts
	order *list.List               // most recent first
}

type attempts struct {
	key    string
	failed int
	last   time.Time
	until  time.Time
}

func newGuard(now func() time.Time) *guard {
	return &guard{now: now, names: map[string]*list.Element{}, order: list.New()}
}

// guardKey is what is counted: a digest, since names that are tried may have any length.
func guardKey(realmPath, kind, name string) string {
	return store.IDOf(kind + "\x00" + realmPath + "\x00" + realm.UserID(name))
}

// allows tells whether the name may try now.
func (g *guard) allows(key string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	e, ok := g.names[key]
	return !ok || !g.now().Before(e.Value.(*attempts).until)
}

func (g *guard) failed(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	e, ok := g.names[key]
	if !ok {
		e = g.order.PushFront(&attempts{key: key})
		g.names[key] = e
		if g.order.Len() > maxNames {
			g.drop(g.order.Back())
		}
	}
	g.order.MoveToFront(e)
	a := e.Value.(*attempts)
	if now.Sub(a.last) > forgetAfter {
		a.failed = 0
	}
	a.failed, a.last = a.failed+1, now
	if over := a.failed - freeTries; over >= 0 {
		a.until = now.Add(min(longestWait, time.Second<<min(over, 10)))
	}
}

func (g *guard) succeeded(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e, ok := g.names[key]; ok {
		g.drop(e)
	}
}

func (g *guard) drop(e *list.Element) {
	delete(g.names, e.Value.(*attempts).key)
	g.order.Remove(e)
}
