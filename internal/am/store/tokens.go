package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kinds of records that Tokens keeps, all under the realm "" of the whole server: a
// token is found by its raw form alone, whatever realm issued it.
const (
	kindToken = "token"
	kindGone  = "gone" // grants that were revoked, by grant ID
	kindDeny  = "deny" // revoked client-side tokens, by jti
)

// Indexes of tokens. Each costs a write per token, so there is none that a lookup
// does not need: the subject is left out where the client acts for itself.
const (
	byGrant   = "g"
	byClient  = "c"
	bySubject = "s"
)

// Tokens keeps server-side access and refresh tokens, and what was revoked of
// client-side ones.
type Tokens struct {
	Engine Engine
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// NewToken is a token to issue: what its bearer shows, which must be from NewRaw and for
// this token alone, and what it means.
type NewToken struct {
	Raw string
	Token
}

// Issue stores the tokens in one atomic, durable write. When their grant was revoked
// meanwhile, nothing stays stored and the error is ErrUsed.
func (s Tokens) Issue(ctx context.Context, toks ...NewToken) error {
	ops, err := tokenOps(make([]Op, 0, len(toks)), toks)
	if err != nil {
		return fmt.Errorf("issue tokens: %w", err)
	}
	if err := s.Engine.Batch(ctx, ops...); err != nil {
		return fmt.Errorf("issue tokens: %w", err)
	}
	if err := s.withdrawIfGone(ctx, toks); err != nil {
		return fmt.Errorf("issue tokens: %w", err)
	}
	return nil
}

// Find returns the token of realm. One that is unknown, expired, revoked or of
// another realm is ErrNotFound; a refresh token that was rotated and is past its
// grace period is ErrUsed, and is returned with it, so that the caller can revoke
// the grant (RFC 9700 §4.14.2).
func (s Tokens) Find(ctx context.Context, realm, raw string) (Token, error) {
	var t Token
	_, err := s.find(ctx, raw, &t)
	if t.Realm != realm && (err == nil || errors.Is(err, ErrUsed)) {
		return Token{}, fmt.Errorf("find token: %w", ErrNotFound)
	}
	return t, err
}

// FindAnyRealm is Find in all realms, which fills t; Token.Realm tells which one it was.
func (s Tokens) FindAnyRealm(ctx context.Context, raw string, t *Token) error {
	_, err := s.find(ctx, raw, t)
	return err
}

func (s Tokens) find(ctx context.Context, raw string, t *Token) (Record, error) {
	rec, err := s.Engine.Get(ctx, tokenKey(IDOf(raw)))
	if err == nil {
		err = unpackToken(rec, t)
		t.id = rec.ID
	}
	if err == nil && !t.Used.IsZero() && !s.now().Before(t.GraceUntil) {
		err = ErrUsed
	}
	if err != nil {
		return rec, fmt.Errorf("find token: %w", err)
	}
	return rec, nil
}

// Rotate marks the refresh token rawOld as used and issues toks in its place, in one
// atomic write. Of any number of concurrent calls one succeeds and the others get
// ErrUsed; except that the old token, from its first use on, works for the grace
// period. A token that is unknown, expired, revoked, of another realm or no refresh
// token is ErrNotFound.
func (s Tokens) Rotate(ctx context.Context, realm, rawOld string, grace time.Duration, toks ...NewToken) error {
	for {
		err := s.rotate(ctx, realm, rawOld, grace, toks)
		if errors.Is(err, ErrConflict) {
			continue // somebody else was faster: see what the token is now
		}
		if err != nil {
			return fmt.Errorf("rotate token: %w", err)
		}
		return nil
	}
}

func (s Tokens) rotate(ctx context.Context, realm, rawOld string, grace time.Duration, toks []NewToken) error {
	var t Token
	rec, err := s.find(ctx, rawOld, &t)
	if err != nil && !errors.Is(err, ErrUsed) {
		return err
	}
	if t.Realm != realm || t.Kind != "refresh" {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	if t.Used.IsZero() {
		t.Used = s.now()
		t.GraceUntil = t.Used.Add(grace)
		rec.Body = packToken(&t)
	}
	// Within the grace period the old record is written again too: its revision makes
	// a concurrent revocation and this rotation exclude each other.
	ops, err := tokenOps(append(make([]Op, 0, 1+len(toks)), Op{Record: rec}), toks)
	if err != nil {
		return err
	}
	if err := s.Engine.Batch(ctx, ops...); err != nil {
		return err
	}
	return s.withdrawIfGone(ctx, toks)
}

// OfGrant returns the tokens that were granted together.
func (s Tokens) OfGrant(ctx context.Context, realm, grantID string) ([]Token, error) {
	return s.of(ctx, realm, Query{Index: byGrant, Value: grantID})
}

// OfSubject returns the tokens that stand for sub. Tokens that a client got for
// itself are only found by OfClient.
func (s Tokens) OfSubject(ctx context.Context, realm string, sub Subject) ([]Token, error) {
	return s.of(ctx, realm, Query{Index: bySubject, Value: subjectValue(realm, sub)})
}

// OfClient shows the tokens that clientID got, for itself or for others, until visit
// wants no more: there can be millions.
func (s Tokens) OfClient(ctx context.Context, realm, clientID string, visit func(Token) bool) error {
	return s.walk(ctx, realm, Query{Index: byClient, Value: clientValue(realm, clientID)}, func(t Token) error {
		if !visit(t) {
			return errEnough
		}
		return nil
	})
}

func (s Tokens) of(ctx context.Context, realm string, q Query) ([]Token, error) {
	var toks []Token
	err := s.walk(ctx, realm, q, func(t Token) error {
		toks = append(toks, t)
		return nil
	})
	return toks, err
}

// walk visits the tokens of a realm that q finds, until an error; errEnough is none.
func (s Tokens) walk(ctx context.Context, realm string, q Query, visit func(Token) error) error {
	q.Kind = kindToken
	err := all(ctx, s.Engine, q, func(rec Record) error {
		t, err := tokenOf(rec)
		if err != nil || t.Realm != realm {
			return err
		}
		return visit(t)
	})
	if err != nil && !errors.Is(err, errEnough) {
		return fmt.Errorf("list tokens: %w", err)
	}
	return nil
}

func (s Tokens) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func tokenKey(id string) Key { return Key{Kind: kindToken, ID: id} }

func tokenOf(rec Record) (Token, error) {
	var t Token
	err := unpackToken(rec, &t)
	t.id = rec.ID
	return t, err
}

// tokenOps appends the creation of toks to ops.
func tokenOps(ops []Op, toks []NewToken) ([]Op, error) {
	for i := range toks {
		t := &toks[i].Token
		if toks[i].Raw == "" || t.Realm == "" {
			return nil, errors.New("a token needs a raw form and a realm")
		}
		ops = append(ops, Op{Fresh: true, Record: Record{
			Key: tokenKey(IDOf(toks[i].Raw)), Expires: t.Expires, Index: tokenIndex(t), Body: packToken(t),
		}})
	}
	return ops, nil
}

func tokenIndex(t *Token) []IndexValue {
	index := append(make([]IndexValue, 0, 3), IndexValue{byClient, clientValue(t.Realm, t.ClientID)})
	if t.GrantID != "" {
		index = append(index, IndexValue{byGrant, t.GrantID})
	}
	if t.Subject.Name != "" && t.Subject != (Subject{"age", t.ClientID}) {
		index = append(index, IndexValue{bySubject, subjectValue(t.Realm, t.Subject)})
	}
	return index
}

func clientValue(realm, id string) string { return realm + "\x00" + id }

func subjectValue(realm string, sub Subject) string {
	return realm + "\x00" + sub.Type + "!" + sub.Name
}
