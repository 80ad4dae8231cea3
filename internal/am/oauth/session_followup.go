package oauth

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// What follows the end of a session is done in the background, at once where the end was noticed, else when the stored
// follow-ups are looked through. Most of the time that leaves sessions alone that end later, if nobody ends them.
const (
	maxEnded     = 1024
	followEvery  = 30 * time.Second
	followAll    = 20          // every so many times all sessions are looked after: another node may have ended some, and itself
	followAtOnce = 64          // sessions at the same time, and calls
	followClient = 32          // calls of one client at the same time, which may hang: the others have to be told all the same
	followLease  = time.Minute // how long a node has one to itself
	followGrace  = 24 * time.Hour
	longSession  = 366 * 24 * time.Hour // of those that never end by themselves
)

// retryAfter are the waits between attempts to tell a client; after the last it is given up.
func retryAfter(tried int) (time.Duration, bool) {
	waits := [...]time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute}
	if tried > len(waits) {
		return 0, false
	}
	return waits[tried-1], true
}

// noteSession stores what has to follow the end of the session that the tokens rest on: the client is told, where it
// got an ID token and wants to know (OIDC Back-Channel Logout §2.2), and the grant ends, where the settings say so, but
// for one that outlives the session by its scope (§2.7).
func (i *issuance) noteSession(ctx context.Context) error {
	if i.SessionID == "" || i.Rotates != nil {
		return nil
	}
	tell := i.answer.id != "" && i.req.Client.OIDC.BackchannelLogoutURI != ""
	revoke := i.Settings.Own.RevokeOnSessionEnd && !contains(i.Scopes, "offline_access")
	if !tell && !revoke {
		return nil
	}
	f := store.Followup{SessionID: i.SessionID, Realm: i.Realm.Path, ClientID: i.req.Client.ID, Issuer: i.Issuer, Subject: i.Subject}
	until := i.now.Add(followGrace)
	sess, err := i.sessions.FindByID(ctx, i.SessionID)
	gone := errors.Is(err, store.ErrNotFound)
	switch {
	case gone:
	case err != nil:
		return err
	default:
		until = i.followUntil(&sess)
	}
	f.Lives = sess.Ends()
	if tell {
		if err := i.followups.Note(ctx, f, until); err != nil {
			return err
		}
	}
	if revoke {
		f.GrantID = i.GrantID
		if err := i.followups.Note(ctx, f, until); err != nil {
			return err
		}
	}
	if gone {
		i.SessionEnded(i.SessionID)
	}
	return nil
}

// followUntil is how long a follow-up of the session is kept.
func (s *Server) followUntil(sess *store.Session) time.Time {
	if sess.MaxLife > 0 {
		return sess.Created.Add(sess.MaxLife + followGrace)
	}
	return s.Now().Add(longSession)
}

// SessionEnded tells that a session has ended. It never waits: what does not fit now is found later.
func (s *Server) SessionEnded(id string) {
	select {
	case s.ended <- id:
	default:
		s.missed.Store(true)
		s.Limits.Add("ended_sessions")
	}
}

// FollowSessions does what follows the ends of sessions until ctx ends.
func (s *Server) FollowSessions(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	slots, walking := make(chan struct{}, min(followAtOnce, cap(s.ended))), make(chan struct{}, 1)
	begin := func(among chan struct{}, id string, all bool) {
		running.Go(func() {
			defer func() { <-among }()
			if err := s.follow(ctx, id, all); err != nil && ctx.Err() == nil {
				s.log.ErrorContext(ctx, "follow the end of sessions", slog.Any("error", err))
			}
		})
	}
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	for ticks := 1; ; {
		select {
		case <-ctx.Done():
			return
		case id := <-s.ended:
			select {
			case slots <- struct{}{}:
				begin(slots, id, true)
			case <-ctx.Done():
				return
			}
		case <-ticker.C:
			select {
			case walking <- struct{}{}:
				begin(walking, "", s.missed.Swap(false) || ticks%followAll == 0)
				ticks++
			default: // the last look is not over
			}
		}
	}
}

// Follow does what is due now of a session that has ended, or of all such sessions with "", and waits for it.
func (s *Server) Follow(ctx context.Context, sessionID string) error {
	return s.follow(ctx, sessionID, true)
}

// follow is Follow, which without all leaves sessions alone that end later by themselves.
func (s *Server) follow(ctx context.Context, sessionID string, all bool) error {
	var running sync.WaitGroup
	defer running.Wait()
	slots := make(chan struct{}, followAtOnce)
	return s.followups.Each(ctx, sessionID, func(f store.Followup) error {
		if now := s.Now(); now.Before(f.Next) || !all && now.Before(f.Lives) {
			return nil
		}
		if lives, err := s.lives(ctx, f); err != nil || lives {
			return err
		}
		done, ok := s.calls.begin(&f)
		if !ok {
			return s.leave(ctx, f)
		}
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			defer done()
			if err := s.followOne(ctx, f); err != nil && !errors.Is(err, store.ErrUsed) && ctx.Err() == nil {
				s.log.ErrorContext(ctx, "follow the end of a session", slog.String("client", f.ClientID), slog.Any("error", err))
			}
		})
		return nil
	})
}

// leave leaves a follow-up for the next look: its client has not answered enough others yet.
func (s *Server) leave(ctx context.Context, f store.Followup) error {
	if !s.Now().Before(f.Lives) {
		return nil
	}
	f.Lives = time.Time{} // the session is over, whenever it would have ended by itself
	if _, err := s.followups.Update(ctx, f); !errors.Is(err, store.ErrUsed) {
		return err
	}
	return nil
}

// clientCalls are the calls that are on their way, by client.
type clientCalls struct {
	mu  sync.Mutex
	now map[string]int
}

// begin takes a place for a call, until done is called. It gives none to a client that has them all.
func (c *clientCalls) begin(f *store.Followup) (done func(), ok bool) {
	if f.GrantID != "" { // no call
		return func() {}, true
	}
	key := f.Realm + "\x00" + f.ClientID
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now[key] >= followClient {
		return nil, false
	}
	if c.now == nil {
		c.now = map[string]int{}
	}
	c.now[key]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.now[key]--; c.now[key] == 0 {
			delete(c.now, key)
		}
	}, true
}

// lives tells whether the session of a follow-up does, and notes until when. One that took its place, as a user signed
// in over it, goes on with what is to follow.
func (s *Server) lives(ctx context.Context, f store.Followup) (bool, error) {
	sess, err := s.sessions.FindByID(ctx, f.SessionID)
	if errors.Is(err, store.ErrNotFound) {
		return s.livesOn(ctx, f)
	}
	if err != nil {
		return false, err
	}
	now, ends := s.Now(), sess.Ends()
	if ends.IsZero() {
		ends = now.Add(followGrace)
	}
	if !now.Before(ends) {
		return false, nil
	}
	if now.Before(f.Lives) {
		return true, nil
	}
	f.Lives = ends
	if _, err = s.followups.Update(ctx, f); errors.Is(err, store.ErrUsed) { // in another node's hands
		err = nil
	}
	return true, err
}

func (s *Server) livesOn(ctx context.Context, f store.Followup) (bool, error) {
	id, err := s.sessions.Successor(ctx, f.SessionID)
	var sess store.Session
	if err == nil {
		sess, err = s.sessions.FindByID(ctx, id)
	}
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil || !s.Now().Before(sess.Ends()) {
		return false, err
	}
	f.Lives = sess.Ends()
	if err = s.followups.Move(ctx, f, id, s.followUntil(&sess)); errors.Is(err, store.ErrUsed) {
		err = nil
	}
	return true, err
}

// followOne does one follow-up, which this node takes for itself first.
func (s *Server) followOne(ctx context.Context, f store.Followup) error {
	f.Next = s.Now().Add(followLease)
	f, err := s.followups.Update(ctx, f)
	if err != nil {
		return err
	}
	p, client, err := s.providerOf(ctx, &f)
	if errors.Is(err, store.ErrNotFound) {
		return s.followups.Done(ctx, f) // realm, provider or client is gone
	}
	if err != nil {
		return err
	}
	if f.GrantID != "" {
		if err := p.RevokeGrant(ctx, &store.Token{Realm: f.Realm, ClientID: f.ClientID, GrantID: f.GrantID}); err != nil {
			return err
		}
		return s.followups.Done(ctx, f)
	}
	err = p.tellLogout(ctx, client, &f)
	if err == nil {
		return s.followups.Done(ctx, f)
	}
	f.Tried++
	wait, again := retryAfter(f.Tried)
	s.log.WarnContext(ctx, "a client could not be told that a session has ended",
		slog.String("realm", f.Realm), slog.String("client", f.ClientID), slog.Bool("again", again), slog.Any("error", err))
	if !again || errors.Is(err, errLogoutRefused) {
		return s.followups.Done(ctx, f)
	}
	f.Next, f.Lives = s.Now().Add(wait), time.Time{} // the session is over, whenever it would have ended by itself
	_, err = s.followups.Update(ctx, f)
	return err
}

// providerOf finds the realm's provider and the client of a follow-up; store.ErrNotFound when one is gone.
func (s *Server) providerOf(ctx context.Context, f *store.Followup) (*Provider, *realm.Client, error) {
	if s.Realms == nil {
		return nil, nil, store.ErrNotFound
	}
	rl, ok := s.Realms.Find(f.Realm)
	if !ok {
		return nil, nil, store.ErrNotFound
	}
	settings, ok := rl.Provider()
	if !ok {
		return nil, nil, store.ErrNotFound
	}
	client, err := rl.Client(ctx, f.ClientID)
	if err != nil && f.GrantID == "" {
		return nil, nil, err
	}
	return &Provider{Server: s, Realm: rl, Settings: settings, Issuer: f.Issuer}, client, nil
}
