package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const kindReplay = "replay"

// Replays remembers what may be shown once: the jti of a client assertion (RFC 7523
// §3), of a DPoP proof (RFC 9449 §11.1).
type Replays struct {
	Engine Engine
}

// Once returns nil the first time that id, of a kind of the caller's, is shown in
// realm, and ErrUsed until until after that.
func (s Replays) Once(ctx context.Context, realm, kind, id string, until time.Time) error {
	if until.IsZero() {
		return errors.New("remember replay: it must end some time")
	}
	// The digest bounds the length of what a client chose.
	rec := Record{Key: Key{realm, kindReplay, kind + ":" + DigestOf(id)}, Expires: until}
	err := s.Engine.Batch(ctx, Op{Record: rec})
	if errors.Is(err, ErrConflict) {
		return fmt.Errorf("%s: %w", kind, ErrUsed)
	}
	if err != nil {
		return fmt.Errorf("remember replay: %w", err)
	}
	return nil
}
