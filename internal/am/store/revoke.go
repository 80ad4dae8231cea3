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
	q := Query{Index: byClient, Value: clientValue(realm, clientID)}
	if sub != (Subject{}) && sub != (Subject{"age", clientID}) {
		q = Query{Index: bySubject, Value: subjectValue(realm, sub)} // somebody has fewer than a client
	}
	err := s.revokeFound(ctx, realm, q, func(t *Token) bool {
		return t.ClientID == clientID && (sub == (Subject{}) || t.Subject == sub)
	})
	if err != nil {
		return fmt.Errorf("revoke tokens of client: %w", err)
	}
	return nil
}

// RevokeSubject ends all grants that stand for sub, which is no client.
func (s Tokens) RevokeSubject(ctx context.Context, realm string, sub Subject) error {
	q := Query{Index: bySubject, Value: subjectValue(realm, sub)}
	if err := s.revokeFound(ctx, realm, q, func(*Token) bool { return true }); err != nil {
		return fmt.Errorf("revoke tokens of subject: %w", err)
	}
	return nil
}

// revokeFound ends the grants of the tokens that q finds and picked picks.
func (s Tokens) revokeFound(ctx context.Context, realm string, q Query, picked func(*Token) bool) error {
	own := removal{tokens: s}
	ended := map[string]bool{}
	err := s.walk(ctx, realm, q, func(t Token) error {
		switch {
		case !picked(&t) || ended[t.GrantID]:
			return nil
		case t.GrantID == "" || t.GrantType == "client_credentials":
			return own.add(ctx, t.id) // nothing more can be issued of such a grant
		}
		if len(ended) == endedGrants {
			clear(ended)
		}
		ended[t.GrantID] = true
		return s.RevokeGrant(ctx, realm, t.GrantID)
	})
	if err != nil {
		return err
	}
	return own.done(ctx)
}

// endedGrants bounds how many grants are remembered so as not to end them again.
const endedGrants = 10_000

// RevokeRealm removes all tokens of a realm. It reads all tokens of the server, which
// is fitting for the rare end of a realm only.
func (s Tokens) RevokeRealm(ctx context.Context, realm string) error {
	found := removal{tokens: s}
	err := s.walk(ctx, realm, Query{}, func(t Token) error { return found.add(ctx, t.id) })
	if err == nil {
		err = found.done(ctx)
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
	r := removal{tokens: s}
	for _, t := range toks {
		if err := r.add(ctx, t.id); err != nil {
			return err
		}
	}
	return r.done(ctx)
}

// removal removes tokens, a batch at a time.
type removal struct {
	tokens Tokens
	ops    []Op
}

func (r *removal) add(ctx context.Context, id string) error {
	r.ops = append(r.ops, Op{Record: Record{Key: tokenKey(id)}, Delete: true})
	if len(r.ops) < revokeBatch {
		return nil
	}
	return r.done(ctx)
}

// done removes what is left.
func (r *removal) done(ctx context.Context) error {
	if len(r.ops) == 0 {
		return nil
	}
	err := r.tokens.Engine.Batch(ctx, r.ops...)
	r.ops = r.ops[:0]
	return err
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
