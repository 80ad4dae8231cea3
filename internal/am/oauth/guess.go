package oauth

import (
	"sync"
	"time"

	"gatehouse/internal/observe"
)

// guesses bounds how many user codes one session may try in a minute (RFC 8628 §5.1).
type guesses struct {
	now    func() time.Time
	limits *observe.Limits

	mu    sync.Mutex
	since time.Time
	tried map[string]int
}

const (
	maxGuesses  = 10
	maxGuessers = 100_000
)

func (g *guesses) guess(who string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	full := len(g.tried) >= g.limits.Number("user_code_sessions", maxGuessers)
	if full {
		g.limits.Add("user_code_sessions")
	}
	if now := g.now(); now.Sub(g.since) > time.Minute || full {
		g.since, g.tried = now, map[string]int{}
	}
	g.tried[who]++
	return g.tried[who] <= maxGuesses
}
