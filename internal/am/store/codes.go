package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const kindCode = "code"

// ErrExpired is a code that was good once.
var ErrExpired = errors.New("expired")

// keepCode is how long a code is remembered after its end: to say that it came too late, and
// to notice that a used one is shown again.
const keepCode = 10 * time.Minute

// Codes keeps authorization codes, under the digest of the code.
type Codes struct {
	Engine Engine
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Save stores what the code raw, which must be from NewRaw, will buy until c.Expires.
func (s Codes) Save(ctx context.Context, realm, raw string, c Code) error {
	if c.Expires.IsZero() {
		return errors.New("save code: a code must expire")
	}
	body, err := encodeFast(&c)
	if err != nil {
		return fmt.Errorf("save code: %w", err)
	}
	rec := Record{Key: codeKey(realm, raw), Expires: c.Expires.Add(keepCode), Body: body}
	if err := s.Engine.Batch(ctx, Op{Record: rec, Fresh: true}); err != nil {
		return fmt.Errorf("save code: %w", err)
	}
	return nil
}

// Find returns what the code stands for without using it. A used one is ErrUsed, one that
// came too late ErrExpired, both with the Code.
func (s Codes) Find(ctx context.Context, realm, raw string) (Code, error) {
	c, _, err := s.find(ctx, realm, raw)
	return c, err
}

// Redeem marks the code as used and returns what it stands for. Of any number of
// concurrent calls, on any number of nodes, one succeeds. The others get ErrUsed
// and the Code too, so that the caller can revoke what the first use bought (RFC
// 6749 §4.1.2). A code that came too late is ErrExpired, one that is unknown or long
// expired ErrNotFound.
func (s Codes) Redeem(ctx context.Context, realm, raw string) (Code, error) {
	c, rec, err := s.find(ctx, realm, raw)
	if err != nil {
		return c, err
	}
	c.Used = true
	if rec.Body, err = encodeFast(&c); err != nil {
		return Code{}, fmt.Errorf("redeem code: %w", err)
	}
	err = s.Engine.Batch(ctx, Op{Record: rec}) // only if rec is still the newest revision
	if errors.Is(err, ErrConflict) {
		return c, fmt.Errorf("redeem code: %w", ErrUsed) // somebody else was faster
	}
	if err != nil {
		return Code{}, fmt.Errorf("redeem code: %w", err)
	}
	return c, nil
}

func (s Codes) find(ctx context.Context, realm, raw string) (Code, Record, error) {
	rec, err := s.Engine.Get(ctx, codeKey(realm, raw))
	if err != nil {
		return Code{}, rec, fmt.Errorf("find code: %w", err)
	}
	c, err := decodeFast[Code](rec)
	if err != nil {
		return Code{}, rec, fmt.Errorf("find code: %w", err)
	}
	if c.Used {
		return c, rec, fmt.Errorf("find code: %w", ErrUsed)
	}
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	if !now().Before(c.Expires) {
		return c, rec, fmt.Errorf("find code: %w", ErrExpired)
	}
	return c, rec, nil
}

func codeKey(realm, raw string) Key { return Key{realm, kindCode, IDOf(raw)} }
