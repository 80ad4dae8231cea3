package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/store"
)

func (b *bench) sessions() store.Sessions { return store.Sessions{Engine: b, Now: b.now} }

// login creates a session of half an hour idle time and two hours.
func (b *bench) login(t *testing.T, realm, handle string) (raw string) {
	t.Helper()
	raw = store.NewRaw()
	must(t, "create", b.sessions().Create(t.Context(), raw, store.Session{
		Realm: realm, Subject: demo, Created: b.now(), LastAccess: b.now(),
		MaxIdle: 30 * time.Minute, MaxLife: 2 * time.Hour, Handle: handle,
	}))
	return raw
}

func testSession(t *testing.T, b *bench) {
	s, ctx := b.sessions(), t.Context()
	raw := b.login(t, "/alpha", "shandle:1")
	b.login(t, "/alpha", "shandle:2")
	b.login(t, "/beta", "")
	sess, err := s.Find(ctx, raw)
	if err != nil || sess.Subject != demo || sess.ID() != store.IDOf(raw) {
		t.Fatalf("find = %+v, %v", sess, err)
	}
	_, err = s.Find(ctx, sess.ID())
	wantErr(t, "find by the ID as if it were the session", err, store.ErrNotFound)
	_, err = s.FindByID(ctx, sess.ID())
	wantErr(t, "find by ID", err, nil)
	if byHandle, err := s.FindByHandle(ctx, "shandle:1"); err != nil || byHandle.ID() != sess.ID() {
		t.Errorf("find by handle = %q, %v", byHandle.ID(), err)
	}
	_, err = s.FindByHandle(ctx, "")
	wantErr(t, "find by no handle", err, store.ErrNotFound)
	if list, err := s.List(ctx, "/alpha"); err != nil || len(list) != 2 {
		t.Errorf("list = %d sessions, %v, want 2", len(list), err)
	}
	must(t, "end", s.End(ctx, raw))
	must(t, "end again", s.End(ctx, raw))
	_, err = s.Find(ctx, raw)
	wantErr(t, "find after its end", err, store.ErrNotFound)
	shouting := store.Subject{Type: demo.Type, Name: strings.ToUpper(demo.Name)}
	for _, sub := range []store.Subject{demo, shouting} {
		if list, err := s.ListOf(ctx, "/alpha", sub); err != nil || len(list) != 1 || list[0].Handle != "shandle:2" {
			t.Errorf("sessions of %v = %v, %v, want one", sub, list, err)
		}
	}
	for _, sub := range []store.Subject{{Type: demo.Type, Name: demo.Name + "x"}, {Type: "agent", Name: demo.Name}, {}} {
		if list, err := s.ListOf(ctx, "/alpha", sub); err != nil || len(list) != 0 {
			t.Errorf("sessions of %v = %v, %v, want none", sub, list, err)
		}
	}
	seen := 0
	must(t, "walk", s.Walk(ctx, "/alpha", func(sess store.Session) bool {
		seen++
		return false
	}))
	if other, err := s.FindByHandle(ctx, "shandle:2"); err != nil || other.Subject != demo || seen != 1 {
		t.Errorf("the other session = %+v, %v; a walk that ends at once saw %d", other, err, seen)
	}
}

func testSessionChanges(t *testing.T, b *bench) {
	s, ctx := b.sessions(), t.Context()
	raw := b.login(t, "/alpha", "h")
	find := func(what string, want error) store.Session {
		t.Helper()
		sess, err := s.Find(ctx, raw)
		wantErr(t, what, err, want)
		return sess
	}
	revision := func() uint64 {
		return b.mustGet(t, store.Key{Kind: "session", ID: store.IDOf(raw)}).Rev
	}
	for range 5 {
		b.pass(10 * time.Second)
		_, err := s.Touch(ctx, raw)
		must(t, "touch", err)
	}
	if got := revision(); got != 1 {
		t.Errorf("after touches within a minute the revision is %d, want 1: each would be a write", got)
	}
	b.pass(29 * time.Minute)
	_, err := s.Touch(ctx, raw)
	must(t, "touch", err)
	b.pass(29 * time.Minute)
	sess := find("find after 58 minutes, touched between", nil)
	_, err = s.Update(ctx, sess.ID(), func(s *store.Session) error {
		s.Properties = map[string]string{"color": "red"}
		return nil
	})
	must(t, "update", err)
	if got := find("find after an update", nil).Properties["color"]; got != "red" {
		t.Errorf("property = %q, want red", got)
	}
	refused := errors.New("refused")
	_, err = s.Update(ctx, sess.ID(), func(*store.Session) error { return refused })
	wantErr(t, "an update that its caller refuses", err, refused)
	b.pass(time.Minute)
	find("find after its idle time", store.ErrNotFound)
	_, err = s.Touch(ctx, raw)
	wantErr(t, "touch after its idle time", err, store.ErrNotFound)

	raw = b.login(t, "/alpha", "h2")
	for range 4 {
		find("find within its life", nil)
		b.pass(29 * time.Minute)
		if _, err := s.Touch(ctx, raw); err != nil {
			t.Errorf("touch within its life: %v", err)
		}
	}
	b.pass(4 * time.Minute)
	find("find after its life, not idle", store.ErrNotFound)
}
