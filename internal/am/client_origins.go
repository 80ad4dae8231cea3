package am

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// clientOrigins are the origins of pages that clients name (PingAM: JavaScript Origins). They are read when a page of an
// origin calls that no configuration names, and followed from then on.
type clientOrigins struct {
	realms *realm.Manager
	log    *slog.Logger

	mu sync.Mutex
	// of has the origins of each client that names some; nil: not read yet.
	of    map[store.Key][]string
	count map[string]int
}

// named tells whether a client names the origin.
func (c *clientOrigins) named(ctx context.Context, origin string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		if err := c.read(ctx); err != nil {
			c.of, c.count = nil, nil
			c.log.ErrorContext(ctx, "the origins of clients cannot be read", "error", err)
			return false
		}
	}
	return c.count[originKey(origin)] > 0
}

func (c *clientOrigins) read(ctx context.Context) error {
	c.of, c.count = map[store.Key][]string{}, map[string]int{}
	for _, rl := range c.realms.List() {
		err := c.realms.Docs().Walk(ctx, rl.Path, store.KindAgent, store.Span{}, func(d store.Doc) (bool, error) {
			c.put(store.Key{Realm: rl.Path, Kind: store.KindAgent, ID: d.ID}, c.originsIn(ctx, rl.Path, d))
			return true, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *clientOrigins) put(key store.Key, origins []string) {
	for _, origin := range c.of[key] {
		if c.count[origin]--; c.count[origin] <= 0 {
			delete(c.count, origin)
		}
	}
	delete(c.of, key)
	if len(origins) == 0 {
		return
	}
	for i := range origins {
		origins[i] = originKey(origins[i])
		c.count[origins[i]]++
	}
	c.of[key] = origins
}

// originsIn are the origins of a client by its document: its own, or those of its group.
func (c *clientOrigins) originsIn(ctx context.Context, path string, d store.Doc) []string {
	rl, ok := c.realms.Find(path)
	if !ok {
		return nil
	}
	d, err := rl.Grown(ctx, d)
	if err != nil { // a client that cannot be used names nobody
		c.log.ErrorContext(ctx, "the origins of a client cannot be read", "realm", path, "client", d.ID, "error", err)
		return nil
	}
	client, err := realm.ParseClient(d.ID, d.Body)
	if err != nil {
		return nil // other profiles have none
	}
	return client.Advanced.JavaScriptOrigins
}

// changed follows the change of a profile, or of a group. Without a body it is read.
func (c *clientOrigins) changed(ctx context.Context, key store.Key, body json.RawMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		return
	}
	if key.Kind == store.KindAgentGroup {
		c.of, c.count = nil, nil // of all its members: read anew when somebody asks
		return
	}
	if body == nil {
		if d, err := c.realms.Docs().Get(ctx, key.Realm, key.Kind, key.ID); err == nil {
			body = d.Body
		}
	}
	c.put(key, c.originsIn(ctx, key.Realm, store.Doc{ID: key.ID, Body: body}))
}

// follow follows what other nodes change.
func (c *clientOrigins) follow(ctx context.Context, done *sync.WaitGroup, e store.Engine) error {
	events, err := e.Watch(ctx, store.KindAgent, store.KindAgentGroup)
	if err != nil {
		return err
	}
	done.Go(func() {
		for event := range events {
			c.changed(ctx, event.Key, nil)
		}
	})
	return nil
}
