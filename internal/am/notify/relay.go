package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/am/store"
)

// kindNotice is the kind of the records by which the nodes of one store tell each other what there is to publish. They
// expire: nobody has to count who has read them. Their IDs begin with the time, so that a node reads on where it was.
const kindNotice = "notice"

// Times and bounds of the relay.
const (
	relayGather  = 50 * time.Millisecond // what happens within becomes one record
	relayPoll    = 250 * time.Millisecond
	relayWindow  = 30 * time.Second // how far clocks may differ, and writes be late
	relayKept    = 2 * time.Minute
	relayTimeout = 5 * time.Second
	relayRecord  = 500  // events of one record
	relayPending = 8192 // events that wait to be written
)

// event is what is published, as the other nodes get it.
type event struct {
	Topic   string          `json:"t"`
	Realm   string          `json:"r,omitempty"`
	At      int64           `json:"at"` // milliseconds since 1970
	Body    json.RawMessage `json:"b"`
	Session string          `json:"s,omitempty"` // stored ID of a session that ended
}

// relay brings events of this node to the others, and theirs to the sockets here. It reads only while there are any.
type relay struct {
	engine store.Engine
	hub    *Hub
	node   string
	log    *slog.Logger
	now    func() time.Time

	mu      sync.Mutex
	pending []event
	lost    int
	wake    chan struct{}
	count   atomic.Uint64

	stop context.CancelFunc
	done sync.WaitGroup
}

func newRelay(engine store.Engine, hub *Hub) *relay {
	ctx, stop := context.WithCancel(context.Background())
	r := &relay{engine: engine, hub: hub, node: uuid.NewString(), log: hub.Log, now: hub.Now, wake: make(chan struct{}, 1), stop: stop}
	r.done.Go(func() { r.write(ctx) })
	r.done.Go(func() { r.read(ctx) })
	return r
}

// add takes an event to be told to the others; it never waits.
func (r *relay) add(e event) {
	r.mu.Lock()
	if len(r.pending) < relayPending {
		r.pending = append(r.pending, e)
	} else {
		r.lost++
	}
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// close writes what waits, and ends.
func (r *relay) close() {
	r.stop()
	r.done.Wait()
}

func (r *relay) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			r.flush()
			return
		case <-r.wake:
		}
		select {
		case <-ctx.Done():
		case <-time.After(relayGather):
		}
		r.flush()
	}
}

func (r *relay) flush() {
	r.mu.Lock()
	events, lost := r.pending, r.lost
	r.pending, r.lost = nil, 0
	r.mu.Unlock()
	if lost > 0 {
		r.log.Warn("notifications did not reach the sockets of other nodes: there were too many", "count", lost)
	}
	for len(events) > 0 {
		n := min(len(events), relayRecord)
		if err := r.put(events[:n]); err != nil {
			r.log.Error("notifications did not reach the sockets of other nodes", "count", n, "error", err)
		}
		events = events[n:]
	}
}

func (r *relay) put(events []event) error {
	body, err := json.Marshal(events)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), relayTimeout)
	defer cancel()
	now := r.now()
	return r.engine.Batch(ctx, store.Op{Fresh: true, Record: store.Record{
		Key:     store.Key{Kind: kindNotice, ID: fmt.Sprintf("%s-%s-%d", stamp(now), r.node, r.count.Add(1))},
		Expires: now.Add(relayKept), Body: body,
	}})
}

// stamp is a time in the form in which it sorts.
func stamp(t time.Time) string { return fmt.Sprintf("%013d", t.UnixMilli()) }

func (r *relay) read(ctx context.Context) {
	ticker := time.NewTicker(relayPoll)
	defer ticker.Stop()
	var since time.Time // when somebody came; what was before is not for him
	seen := map[string]bool{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if !r.hub.here() {
			since = time.Time{}
			continue
		}
		if since.IsZero() {
			since = r.now().Add(-2 * relayPoll)
			clear(seen)
		}
		if err := r.poll(ctx, since, seen); err != nil && ctx.Err() == nil {
			r.log.Warn("notifications of other nodes cannot be read", "error", err)
		}
	}
}

// poll publishes what other nodes wrote and is not in seen.
func (r *relay) poll(ctx context.Context, since time.Time, seen map[string]bool) error {
	ctx, cancel := context.WithTimeout(ctx, relayTimeout)
	defer cancel()
	from := stamp(r.now().Add(-relayWindow))
	q := store.Query{Kind: kindNotice, After: from, Limit: 100}
	for {
		page, err := r.engine.List(ctx, q)
		if err != nil {
			return err
		}
		for _, rec := range page {
			q.After = rec.ID
			if seen[rec.ID] || strings.Contains(rec.ID, r.node) {
				continue
			}
			seen[rec.ID] = true
			r.publish(rec, since)
		}
		if len(page) < q.Limit {
			break
		}
	}
	for id := range seen {
		if id < from {
			delete(seen, id)
		}
	}
	return nil
}

func (r *relay) publish(rec store.Record, since time.Time) {
	var events []event
	if err := json.Unmarshal(rec.Body, &events); err != nil {
		r.log.Error("a notification of another node cannot be read", "error", err)
		return
	}
	for _, e := range events {
		if e.At < since.UnixMilli() {
			continue
		}
		r.hub.deliver(e)
		if e.Session != "" && r.hub.Ended != nil {
			r.hub.Ended(e.Session)
		}
	}
}
