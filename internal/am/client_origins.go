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
			c.put(store.Key{Realm: rl.Path, Kind: store.KindAgent, ID: d.ID}, originsIn(d.Body))
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

// originsIn are the origins in the document of a client.
func originsIn(body json.RawMessage) []string {
	var client struct {
		Advanced realm.ClientAdvanced `json:"advancedOAuth2ClientConfig"`
	}
	_ = json.Unmarshal(body, &client) // other profiles have none, and what is no profile neither
	return client.Advanced.JavaScriptOrigins
}

// changed follows the change of a profile. Without a body it is read.
func (c *clientOrigins) changed(ctx context.Context, key store.Key, body json.RawMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		return
	}
	if body == nil {
		if d, err := c.realms.Docs().Get(ctx, key.Realm, key.Kind, key.ID); err == nil {
			body = d.Body
		}
	}
	c.put(key, originsIn(body))
}

// follow follows what other nodes change.
func (c *clientOrigins) follow(ctx context.Context, done *sync.WaitGroup, e store.Engine) error {
	events, err := e.Watch(ctx, store.KindAgent)
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
