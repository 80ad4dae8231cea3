package storetest

import (
	"errors"
	"testing"
	"time"

	"gatehouse/internal/am/store"
)

func isUsed(err error) bool { return errors.Is(err, store.ErrUsed) }

func testCode(t *testing.T, b *bench) {
	codes, ctx := store.Codes{Engine: b, Now: b.now}, t.Context()
	raw := store.NewRaw()
	want := store.Code{ClientID: "web", Realm: "/alpha", RedirectURI: "https://app.example/cb", GrantID: "g1", Expires: b.now().Add(2 * time.Minute)}
	must(t, "save", codes.Save(ctx, "/alpha", raw, want))
	_, err := codes.Redeem(ctx, "/beta", raw)
	wantErr(t, "redeem in another realm", err, store.ErrNotFound)
	_, err = codes.Redeem(ctx, "/alpha", raw+"x")
	wantErr(t, "redeem of what was never issued", err, store.ErrNotFound)
	if c, err := codes.Find(ctx, "/alpha", raw); err != nil || c.ClientID != "web" || c.Used {
		t.Errorf("find = %+v, %v", c, err)
	}
	if c, err := codes.Redeem(ctx, "/alpha", raw); err != nil || c.RedirectURI != want.RedirectURI {
		t.Errorf("redeem = %+v, %v", c, err)
	}
	c, err := codes.Redeem(ctx, "/alpha", raw)
	wantErr(t, "redeem again", err, store.ErrUsed)
	if c.GrantID != "g1" {
		t.Errorf("redeem again returns the grant %q, want g1: it is to be revoked", c.GrantID)
	}
	late := store.NewRaw()
	must(t, "save", codes.Save(ctx, "/alpha", late, want))
	b.pass(2 * time.Minute)
	_, err = codes.Redeem(ctx, "/alpha", late)
	wantErr(t, "redeem too late", err, store.ErrExpired)
	_, err = codes.Redeem(ctx, "/alpha", raw)
	wantErr(t, "redeem a used one too late", err, store.ErrUsed)
	b.pass(time.Hour)
	_, err = codes.Redeem(ctx, "/alpha", late)
	wantErr(t, "redeem far too late", err, store.ErrNotFound)
	if err := codes.Save(ctx, "/alpha", store.NewRaw(), store.Code{}); err == nil {
		t.Error("save of a code that never expires: no error")
	}
}

// A code buys tokens once, however many nodes ask at the same time.
func testRedeemOnce(t *testing.T, b *bench) {
	const callers = 16
	codes := store.Codes{Engine: newLockstep(b, "code", callers), Now: b.now}
	raw := store.NewRaw()
	must(t, "save", codes.Save(t.Context(), "/alpha", raw, store.Code{ClientID: "web", GrantID: "g1", Expires: b.now().Add(time.Minute)}))
	wins := race(t, callers, isUsed, func(int) error {
		c, err := codes.Redeem(t.Context(), "/alpha", raw)
		if c.GrantID != "g1" {
			t.Errorf("redeem returns the grant %q, want g1 in any case", c.GrantID)
		}
		return err
	})
	if wins != 1 {
		t.Errorf("%d of %d callers redeemed the code, want 1", wins, callers)
	}
}
