package oauth

import (
	"crypto/sha256"
	"sync"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/observe"
)

// verifiedTokens remembers client-side tokens whose signature was checked a moment ago, because checking one costs more
// than all the rest of an introspection. Whether a token has expired or was revoked is looked up each time; only a key
// that is withdrawn goes on counting for as long as an entry lives.
type verifiedTokens struct {
	now    func() time.Time
	limits *observe.Limits

	mu         sync.Mutex
	turned     time.Time
	young, old map[[sha256.Size]byte]*ownToken
}

// ownToken is a client-side token that this server made. It is shared and never changed.
type ownToken struct {
	store.Token
	id string // its jti
}

// An entry lives in the young generation, then in the old: at most twice this long.
const (
	generation    = 30 * time.Second
	maxGeneration = 10_000
)

func newVerifiedTokens(limits *observe.Limits, now func() time.Time) *verifiedTokens {
	return &verifiedTokens{limits: limits, now: now, turned: now(), young: map[[sha256.Size]byte]*ownToken{}}
}

func (v *verifiedTokens) get(raw string) *ownToken {
	key := sha256.Sum256([]byte(raw))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.turn()
	if t, ok := v.young[key]; ok {
		return t
	}
	return v.old[key]
}

func (v *verifiedTokens) put(raw string, t *ownToken) {
	key := sha256.Sum256([]byte(raw))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.turn()
	v.young[key] = t
}

// turn ends a generation that is old or full. When nothing was asked for long, the one before is too old as well.
func (v *verifiedTokens) turn() {
	age := v.now().Sub(v.turned)
	if age < generation && len(v.young) < v.limits.Number("verified_tokens", maxGeneration) {
		return
	}
	if age < generation {
		v.limits.Add("verified_tokens")
	}
	v.old = v.young
	if age >= 2*generation {
		v.old = nil
	}
	v.young, v.turned = map[[sha256.Size]byte]*ownToken{}, v.now()
}
