package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/store"
)

var (
	demo = store.Subject{Type: "usr", Name: "demo"}
	web  = store.Subject{Type: "age", Name: "web"}
)

func (b *bench) tokens() store.Tokens { return store.Tokens{Engine: b, Now: b.now} }

// token is a token of the client "web" and a user, living an hour.
func (b *bench) token(kind, grant string) store.NewToken {
	return store.NewToken{Raw: store.NewRaw(), Token: store.Token{
		Kind: kind, Realm: "/alpha", ClientID: "web", Subject: demo, GrantType: "authorization_code", GrantID: grant,
		IssuedAt: b.now(), Expires: b.now().Add(time.Hour),
	}}
}

func (b *bench) issue(t *testing.T, toks ...store.NewToken) {
	t.Helper()
	must(t, "issue", b.tokens().Issue(t.Context(), toks...))
}

func testToken(t *testing.T, b *bench) {
	toks, ctx := b.tokens(), t.Context()
	access := b.token("access", "g1")
	access.Extra = map[string]json.RawMessage{"department": json.RawMessage(`"sales"`)}
	access.MayAct = json.RawMessage(`{"client_id":"api"}`)
	b.issue(t, access)
	got, err := toks.Find(ctx, "/alpha", access.Raw)
	must(t, "find", err)
	if got.ID() != store.IDOf(access.Raw) {
		t.Errorf("ID = %q, want that of the raw token", got.ID())
	}
	if want := access.Token; got.ClientID != want.ClientID || got.Subject != want.Subject ||
		!got.Expires.Equal(want.Expires) || !reflect.DeepEqual(got.Extra, want.Extra) || string(got.MayAct) != string(want.MayAct) {
		t.Errorf("find = %+v, want %+v", got, want)
	}
	if err := toks.FindAnyRealm(ctx, access.Raw, &got); err != nil || got.Realm != "/alpha" {
		t.Errorf("find in any realm = %q, %v, want /alpha", got.Realm, err)
	}
	_, err = toks.Find(ctx, "/", access.Raw)
	wantErr(t, "find in another realm", err, store.ErrNotFound)
	_, err = toks.Find(ctx, "/alpha", got.ID())
	wantErr(t, "find by the stored ID", err, store.ErrNotFound)

	recs, err := b.List(ctx, store.Query{Kind: "token"})
	must(t, "list", err)
	for _, rec := range recs {
		if strings.Contains(rec.ID+string(rec.Body), access.Raw) {
			t.Error("the raw token is stored")
		}
	}
	b.pass(time.Hour)
	_, err = toks.Find(ctx, "/alpha", access.Raw)
	wantErr(t, "find after its end", err, store.ErrNotFound)

	forever := b.token("refresh", "g2")
	forever.Expires = time.Time{}
	b.issue(t, forever)
	b.pass(100 * 365 * 24 * time.Hour)
	_, err = toks.Find(ctx, "/alpha", forever.Raw)
	wantErr(t, "find of a token that never ends", err, nil)
}

func ofClient(ctx context.Context, toks store.Tokens, realm, client string) (found []store.Token, err error) {
	err = toks.OfClient(ctx, realm, client, func(t store.Token) bool {
		found = append(found, t)
		return true
	})
	return found, err
}

func testTokenIndexes(t *testing.T, b *bench) {
	toks, ctx := b.tokens(), t.Context()
	user, own, other, elsewhere := b.token("access", "g1"), b.token("access", "g2"), b.token("access", "g3"), b.token("access", "g1")
	own.Subject, own.GrantType = web, "client_credentials"
	other.ClientID, other.Subject = "api", web
	elsewhere.Realm = "/beta"
	b.issue(t, user, own, other, elsewhere)
	for _, tt := range []struct {
		name string
		list func() ([]store.Token, error)
		want []store.NewToken
	}{
		{"of a grant", func() ([]store.Token, error) { return toks.OfGrant(ctx, "/alpha", "g1") }, []store.NewToken{user}},
		{"of a client", func() ([]store.Token, error) { return ofClient(ctx, toks, "/alpha", "web") }, []store.NewToken{user, own}},
		{"of a user", func() ([]store.Token, error) { return toks.OfSubject(ctx, "/alpha", demo) }, []store.NewToken{user}},
		{"of a client as the subject of others", func() ([]store.Token, error) { return toks.OfSubject(ctx, "/alpha", web) }, []store.NewToken{other}},
		{"of another realm", func() ([]store.Token, error) { return ofClient(ctx, toks, "/beta", "web") }, []store.NewToken{elsewhere}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, err := tt.list()
			must(t, "list", err)
			var got, want []string
			for _, f := range found {
				got = append(got, f.ID())
			}
			for _, w := range tt.want {
				want = append(want, store.IDOf(w.Raw))
			}
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	}
}

// Tokens are stored all or none: here a rotation whose old token was revoked meanwhile.
func testTokensTogether(t *testing.T, b *bench) {
	old, access, refresh := b.token("refresh", "g1"), b.token("access", "g1"), b.token("refresh", "g1")
	b.issue(t, old)
	toks := store.Tokens{Now: b.now, Engine: &interrupted{
		Engine: b, matches: created("token"),
		before: func() { must(t, "revoke", b.tokens().Revoke(t.Context(), "/alpha", old.Raw)) },
	}}
	wantErr(t, "rotate", toks.Rotate(t.Context(), "/alpha", old.Raw, 0, access, refresh), store.ErrNotFound)
	if left, err := toks.OfGrant(t.Context(), "/alpha", "g1"); err != nil || len(left) > 0 {
		t.Errorf("%d tokens are there, %v, want none", len(left), err)
	}
}

func testRotation(t *testing.T, b *bench) {
	toks, ctx := b.tokens(), t.Context()
	old, fresh, more := b.token("refresh", "g1"), b.token("refresh", "g1"), b.token("refresh", "g1")
	access := b.token("access", "g1")
	b.issue(t, old, access)
	wantErr(t, "rotate in another realm", toks.Rotate(ctx, "/beta", old.Raw, 0, fresh), store.ErrNotFound)
	wantErr(t, "rotate an access token", toks.Rotate(ctx, "/alpha", access.Raw, 0, fresh), store.ErrNotFound)
	wantErr(t, "rotate an unknown token", toks.Rotate(ctx, "/alpha", store.NewRaw(), 0, fresh), store.ErrNotFound)
	_, err := toks.Find(ctx, "/alpha", fresh.Raw)
	wantErr(t, "find what no rotation issued", err, store.ErrNotFound)

	must(t, "rotate", toks.Rotate(ctx, "/alpha", old.Raw, 0, fresh))
	_, err = toks.Find(ctx, "/alpha", fresh.Raw)
	wantErr(t, "find the new token", err, nil)
	was, err := toks.Find(ctx, "/alpha", old.Raw)
	wantErr(t, "find the old token", err, store.ErrUsed)
	if was.GrantID != "g1" || was.Used.IsZero() {
		t.Errorf("the old token comes back as %+v, want its grant and when it was used", was)
	}
	wantErr(t, "rotate again", toks.Rotate(ctx, "/alpha", old.Raw, 0, more), store.ErrUsed)
	_, err = toks.Find(ctx, "/alpha", more.Raw)
	wantErr(t, "find what the second rotation would have issued", err, store.ErrNotFound)
}

func testRotateOnce(t *testing.T, b *bench) {
	const callers = 16
	old := b.token("refresh", "g1")
	b.issue(t, old)
	toks := store.Tokens{Engine: newLockstep(b, "token", callers), Now: b.now}
	wins := race(t, callers, isUsed, func(int) error {
		return toks.Rotate(t.Context(), "/alpha", old.Raw, 0, b.token("refresh", "g1"))
	})
	if wins != 1 {
		t.Errorf("%d of %d callers rotated the token, want 1", wins, callers)
	}
	if list, err := toks.OfGrant(t.Context(), "/alpha", "g1"); err != nil || len(list) != 2 {
		t.Errorf("the grant has %d tokens, %v, want the old and one new one", len(list), err)
	}
}

func testRotateGrace(t *testing.T, b *bench) {
	const callers, grace = 8, 30 * time.Second
	old := b.token("refresh", "g1")
	b.issue(t, old)
	toks := store.Tokens{Engine: newLockstep(b, "token", callers), Now: b.now}
	rotate := func(int) error {
		return toks.Rotate(t.Context(), "/alpha", old.Raw, grace, b.token("refresh", "g1"))
	}
	if wins := race(t, callers, func(error) bool { return false }, rotate); wins != callers {
		t.Errorf("%d of %d callers rotated the token in its grace period, want all", wins, callers)
	}
	b.pass(grace - time.Second)
	_, err := toks.Find(t.Context(), "/alpha", old.Raw)
	wantErr(t, "find in the grace period", err, nil)
	wantErr(t, "rotate in the grace period", rotate(0), nil)
	b.pass(time.Second) // of the first use, not of the last
	_, err = toks.Find(t.Context(), "/alpha", old.Raw)
	wantErr(t, "find after the grace period", err, store.ErrUsed)
	wantErr(t, "rotate after the grace period", rotate(0), store.ErrUsed)
}

// Whatever comes first, a grant that is revoked while it is renewed has no tokens.
func testRotateRevoked(t *testing.T, b *bench) {
	for _, grace := range []time.Duration{0, time.Minute} {
		old, fresh := b.token("refresh", "g"+grace.String()), b.token("refresh", "g"+grace.String())
		b.issue(t, old)
		toks := store.Tokens{Now: b.now, Engine: &interrupted{
			Engine: b, matches: created("token"),
			before: func() { must(t, "revoke", b.tokens().RevokeGrant(t.Context(), "/alpha", old.GrantID)) },
		}}
		err := toks.Rotate(t.Context(), "/alpha", old.Raw, grace, fresh)
		if !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrUsed) {
			t.Errorf("rotate of a token revoked meanwhile: %v, want an error", err)
		}
		if left, err := toks.OfGrant(t.Context(), "/alpha", old.GrantID); err != nil || len(left) > 0 {
			t.Errorf("a revoked grant has %d tokens, %v", len(left), err)
		}
	}
}

// The revocation has listed the grant's tokens when the rotation writes a new one.
func testRevokeRotated(t *testing.T, b *bench) {
	old, fresh := b.token("refresh", "g1"), b.token("refresh", "g1")
	b.issue(t, old)
	revoking := store.Tokens{Now: b.now, Engine: &listed{Engine: b, after: func() {
		err := b.tokens().Rotate(t.Context(), "/alpha", old.Raw, 0, fresh)
		wantErr(t, "rotate of a grant that is being revoked", err, store.ErrUsed)
	}}}
	must(t, "revoke", revoking.RevokeGrant(t.Context(), "/alpha", "g1"))
	if left, err := b.tokens().OfGrant(t.Context(), "/alpha", "g1"); err != nil || len(left) > 0 {
		t.Errorf("a revoked grant has %d tokens, %v", len(left), err)
	}
}

func testIssueRevoked(t *testing.T, b *bench) {
	access := b.token("access", "g1")
	toks := store.Tokens{Now: b.now, Engine: &interrupted{
		Engine: b, matches: created("token"),
		before: func() { must(t, "revoke", b.tokens().RevokeGrant(t.Context(), "/alpha", "g1")) },
	}}
	wantErr(t, "issue for a grant revoked meanwhile", toks.Issue(t.Context(), access), store.ErrUsed)
	_, err := toks.Find(t.Context(), "/alpha", access.Raw)
	wantErr(t, "find what was issued", err, store.ErrNotFound)
}

func testRevocation(t *testing.T, b *bench) {
	toks, ctx := b.tokens(), t.Context()
	access, refresh, second := b.token("access", "g1"), b.token("refresh", "g1"), b.token("access", "g2")
	alices, own, others, elsewhere := b.token("access", "g3"), b.token("access", "g4"), b.token("access", "g5"), b.token("access", "g1")
	alices.Subject = store.Subject{Type: "usr", Name: "alice"}
	own.Subject, own.GrantType = web, "client_credentials"
	others.ClientID = "api"
	elsewhere.Realm = "/beta"
	b.issue(t, access, refresh)
	for _, tok := range []store.NewToken{second, alices, own, others, elsewhere} {
		b.issue(t, tok)
	}
	alive := func(what string, tok store.NewToken, want bool) {
		t.Helper()
		if err := toks.FindAnyRealm(ctx, tok.Raw, new(store.Token)); (err == nil) != want {
			t.Errorf("%s: token is alive: %v, want %v", what, err == nil, want)
		}
	}
	wantErr(t, "revoke in another realm", toks.Revoke(ctx, "/beta", access.Raw), store.ErrNotFound)
	alive("revoke in another realm", access, true)
	wantErr(t, "revoke", toks.Revoke(ctx, "/alpha", access.Raw), nil)
	alive("revoke", access, false)
	alive("revoke of another token", refresh, true)
	wantErr(t, "revoke again", toks.Revoke(ctx, "/alpha", access.Raw), store.ErrNotFound)

	must(t, "revoke grant", toks.RevokeGrant(ctx, "/alpha", "g1"))
	alive("revoke grant", refresh, false)
	alive("revoke of another grant", second, true)
	alive("revoke of a grant in another realm", elsewhere, true)

	must(t, "revoke client and user", toks.RevokeClient(ctx, "/alpha", "web", demo))
	alive("revoke client and user", second, false)
	alive("revoke client and another user", alices, true)
	alive("revoke client and user, own token", own, true)
	must(t, "revoke client", toks.RevokeClient(ctx, "/alpha", "web", store.Subject{}))
	alive("revoke client", alices, false)
	alive("revoke client, own token", own, false)
	alive("revoke of another client", others, true)

	many := make([]store.NewToken, 600) // more than one write removes
	for i := range many {
		many[i] = b.token("access", fmt.Sprintf("many-%d-%d", i%3, i/6))
		many[i].ClientID = "busy"
		if i%3 == 0 {
			many[i].Subject = alices.Subject
		}
	}
	b.issue(t, many...)
	must(t, "revoke many of a user", toks.RevokeClient(ctx, "/alpha", "busy", alices.Subject))
	left, err := ofClient(ctx, toks, "/alpha", "busy")
	if must(t, "list", err); len(left) != 400 {
		t.Errorf("%d tokens of the client are left, want 400", len(left))
	}
	for _, l := range left {
		if l.Subject == alices.Subject {
			t.Fatal("a token of the user is left")
		}
	}
	must(t, "revoke many", toks.RevokeClient(ctx, "/alpha", "busy", store.Subject{}))
	left, err = ofClient(ctx, toks, "/alpha", "busy")
	if must(t, "list", err); len(left) != 0 {
		t.Errorf("%d tokens of the client are left", len(left))
	}
	alive("revoke of a busy client", others, true)

	again, bare, last := b.token("access", "g8"), b.token("access", ""), b.token("access", "g9")
	last.Subject = alices.Subject
	b.issue(t, again, bare, last)
	must(t, "revoke user", toks.RevokeSubject(ctx, "/alpha", demo))
	alive("revoke user", again, false)
	alive("revoke user, no grant", bare, false)
	alive("revoke user, of another client", others, false)
	alive("revoke of another user", last, true)

	must(t, "revoke realm", toks.RevokeRealm(ctx, "/alpha"))
	alive("revoke realm", last, false)
	alive("revoke of another realm", elsewhere, true)
}

func testDenyList(t *testing.T, b *bench) {
	toks, ctx := b.tokens(), t.Context()
	must(t, "deny", toks.Deny(ctx, "/alpha", "jti-1", b.now().Add(time.Minute)))
	must(t, "deny again", toks.Deny(ctx, "/alpha", "jti-1", b.now().Add(2*time.Minute)))
	check := func(what, realm, jti string, want bool) {
		t.Helper()
		if got, err := toks.Denied(ctx, realm, jti); err != nil || got != want {
			t.Errorf("%s: denied = %v, %v, want %v", what, got, err, want)
		}
	}
	check("denied", "/alpha", "jti-1", true)
	check("another token", "/alpha", "jti-2", false)
	check("another realm", "/beta", "jti-1", false)
	b.pass(time.Minute)
	check("until the later end", "/alpha", "jti-1", true)
	b.pass(time.Minute)
	check("after its end", "/alpha", "jti-1", false)
}
