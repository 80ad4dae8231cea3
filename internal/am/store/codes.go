package store

import (
	"context"
	"errors"
	"fmt"
)

const kindCode = "code"

// Codes keeps authorization codes, under the digest of the code.
type Codes struct {
	Engine Engine
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
	rec := Record{Key: codeKey(realm, raw), Expires: c.Expires, Body: body}
	if err := s.Engine.Batch(ctx, Op{Record: rec, Fresh: true}); err != nil {
		return fmt.Errorf("save code: %w", err)
	}
	return nil
}

// Find returns what the code stands for without using it. A used one is ErrUsed, with
// the Code.
func (s Codes) Find(ctx context.Context, realm, raw string) (Code, error) {
	c, _, err := s.find(ctx, realm, raw)
	return c, err
}

// Redeem marks the code as used and returns what it stands for. Of any number of
// concurrent calls, on any number of nodes, one succeeds. The others get ErrUsed
// and the Code too, so that the caller can revoke what the first use bought (RFC
// 6749 §4.1.2). A code that is unknown or expired is ErrNotFound.
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
	return c, rec, nil
}

func codeKey(realm, raw string) Key { return Key{realm, kindCode, IDOf(raw)} }
