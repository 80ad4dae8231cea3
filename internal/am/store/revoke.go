package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// goneFor is how long a revoked grant is remembered: far longer than any request
// that may be about to issue tokens of it.
const goneFor = 10 * time.Minute

// revokeBatch bounds how many tokens one write removes.
const revokeBatch = 256

// Revoke removes one token. An unknown one, or one of another realm, is ErrNotFound,
// which is success for the client that asked (RFC 7009 §2.2).
func (s Tokens) Revoke(ctx context.Context, realm, raw string) error {
	var t Token
	_, err := s.find(ctx, raw, &t)
	if err != nil && !errors.Is(err, ErrUsed) {
		return fmt.Errorf("revoke token: %w", err)
	}
	if t.Realm != realm {
		return fmt.Errorf("revoke token: %w", ErrNotFound)
	}
	if err := s.Engine.Batch(ctx, Op{Record: Record{Key: tokenKey(t.id)}, Delete: true}); err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return nil
}

// RevokeGrant removes all tokens of a grant, also those that are being issued at the
// same time.
func (s Tokens) RevokeGrant(ctx context.Context, realm, grantID string) error {
	if grantID == "" {
		return nil
	}
	// First the mark, then the search: Issue writes first and then looks for the
	// mark. So either this search finds its tokens or it finds this mark.
	mark := Record{Key: goneKey(grantID), Expires: s.now().Add(goneFor)}
	if err := s.Engine.Batch(ctx, Op{Record: mark, Force: true}); err != nil {
		return fmt.Errorf("revoke grant: %w", err)
	}
	toks, err := s.OfGrant(ctx, realm, grantID)
	if err != nil {
		return fmt.Errorf("revoke grant: %w", err)
	}
	if err := s.remove(ctx, toks); err != nil {
		return fmt.Errorf("revoke grant: %w", err)
	}
	return nil
}

// RevokeClient ends all grants of clientID that stand for sub; for whomever, when sub
// is the zero Subject.
func (s Tokens) RevokeClient(ctx context.Context, realm, clientID string, sub Subject) error {
	toks, err := s.OfClient(ctx, realm, clientID)
	if err != nil {
		return fmt.Errorf("revoke tokens of client: %w", err)
	}
	var own []Token
	ended := map[string]bool{}
	for _, t := range toks {
		if sub != (Subject{}) && t.Subject != sub {
			continue
		}
		if t.GrantID == "" || t.GrantType == "client_credentials" {
			own = append(own, t) // nothing more can be issued of such a grant
			continue
		}
		if ended[t.GrantID] {
			continue
		}
		ended[t.GrantID] = true
		if err := s.RevokeGrant(ctx, realm, t.GrantID); err != nil {
			return fmt.Errorf("revoke tokens of client: %w", err)
		}
	}
	if err := s.remove(ctx, own); err != nil {
		return fmt.Errorf("revoke tokens of client: %w", err)
	}
	return nil
}

// RevokeRealm removes all tokens of a realm. It reads all tokens of the server, which
// is fitting for the rare end of a realm only.
func (s Tokens) RevokeRealm(ctx context.Context, realm string) error {
	var found []Token
	err := all(ctx, s.Engine, Query{Kind: kindToken}, func(rec Record) error {
		t, err := tokenOf(rec)
		if err == nil && t.Realm == realm {
			found = append(found, Token{id: t.id})
		}
		return err
	})
	if err == nil {
		err = s.remove(ctx, found)
	}
	if err != nil {
		return fmt.Errorf("revoke tokens of realm: %w", err)
	}
	return nil
}

// Deny revokes a client-side token, or a grant of such, until it would have expired.
func (s Tokens) Deny(ctx context.Context, realm, jti string, until time.Time) error {
	rec := Record{Key: Key{realm, kindDeny, DigestOf(jti)}, Expires: until, Body: []byte(strconv.Quote(jti))}
	if err := s.Engine.Batch(ctx, Op{Record: rec, Force: true}); err != nil {
		return fmt.Errorf("deny token: %w", err)
	}
	return nil
}

// RevocationOf tells whether op revokes tokens: digest is the SHA-256 of a server-side one in base64url without padding,
// as DigestOf gives it; jti is what Deny was called with.
func RevocationOf(op Op) (digest, jti string, revokes bool) {
	switch {
	case op.Kind == kindToken && op.Delete:
		return digestIn(op.ID), "", true
	case op.Kind == kindDeny && !op.Delete:
		jti, err := strconv.Unquote(string(op.Body))
		return "", jti, err == nil && jti != ""
	}
	return "", "", false
}

// Denied tells whether the client-side token was revoked.
func (s Tokens) Denied(ctx context.Context, realm, jti string) (bool, error) {
	_, err := s.Engine.Get(ctx, Key{realm, kindDeny, DigestOf(jti)})
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look up denied token: %w", err)
	}
	return true, nil
}

// withdrawIfGone removes toks again when their grant was revoked while they were
// written, and says so with ErrUsed.
func (s Tokens) withdrawIfGone(ctx context.Context, toks []NewToken) error {
	asked := ""
	for i := range toks {
		grant := toks[i].GrantID
		if grant == "" || grant == asked || toks[i].GrantType == "client_credentials" {
			continue // no grant that lives on, so none that could be revoked meanwhile
		}
		asked = grant
		_, err := s.Engine.Get(ctx, goneKey(grant))
		if errors.Is(err, ErrNotFound) {
			continue
		}
		var issued []Token
		for j := range toks {
			issued = append(issued, Token{id: IDOf(toks[j].Raw)})
		}
		if err == nil {
			err = fmt.Errorf("the grant was revoked: %w", ErrUsed)
		}
		return errors.Join(err, s.remove(context.WithoutCancel(ctx), issued))
	}
	return nil
}

// remove deletes the stored tokens, whatever became of them since they were read.
func (s Tokens) remove(ctx context.Context, toks []Token) error {
	ops := make([]Op, 0, min(len(toks), revokeBatch))
	for i, t := range toks {
		ops = append(ops, Op{Record: Record{Key: tokenKey(t.id)}, Delete: true})
		if len(ops) == revokeBatch || i == len(toks)-1 {
			if err := s.Engine.Batch(ctx, ops...); err != nil {
				return err
			}
			ops = ops[:0]
		}
	}
	return nil
}

func goneKey(grantID string) Key { return Key{Kind: kindGone, ID: grantID} }

// EndByID removes the token that is stored under id (Token.ID), and gives it; that of a refresh token takes all tokens
// of its grant along. One that is unknown, or of another realm, is ErrNotFound.
func (s Tokens) EndByID(ctx context.Context, realm, id string) (Token, error) {
	rec, err := s.Engine.Get(ctx, tokenKey(id))
	if err != nil {
		return Token{}, fmt.Errorf("end token: %w", err)
	}
	t, err := tokenOf(rec)
	if err == nil && t.Realm != realm {
		err = ErrNotFound
	}
	if err == nil && t.Kind == "refresh" {
		err = s.RevokeGrant(ctx, realm, t.GrantID)
	}
	if err == nil {
		err = s.remove(ctx, []Token{t})
	}
	if err != nil {
		return Token{}, fmt.Errorf("end token: %w", err)
	}
	return t, nil
}
