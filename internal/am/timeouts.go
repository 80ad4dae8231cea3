package am

import (
	"context"
	"errors"
	"sync"

	"gatehouse/internal/am/notify"
	"gatehouse/internal/am/store"
)

// maxTimed bounds the sessions whose end by time is noticed while somebody is told: an audit log, or followers of the
// events. fewTimed is for the events in memory alone: of a server with more sessions there is no point in reading all of
// them each minute for a memory that holds no more.
const (
	maxTimed = 200_000
	fewTimed = recentEvents
)

// timeouts notices sessions that end by time, which no write tells of: those of the last look that are not there at
// the next.
type timeouts struct {
	mu   sync.Mutex
	seen map[string]store.Session // by stored ID
}

// ended takes a session out that was told of already.
func (t *timeouts) ended(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.seen, id)
}

// lookForTimeouts compares with the last look, and tells.
func (s *Server) lookForTimeouts(ctx context.Context) error {
	all := s.limits.Number("timed_sessions", maxTimed)
	most := min(fewTimed, all)
	if s.options.Audit != nil && s.options.Audit.Audits(topicActivity) || s.hub.Followed(notify.TopicSession) {
		most = all
	}
	now := map[string]store.Session{}
	for _, rl := range s.realms.List() {
		err := s.login.Sessions().Walk(ctx, rl.Path, func(sess store.Session) bool {
			if ends := sess.Ends(); ends.IsZero() || s.options.Now().Before(ends) {
				now[sess.ID()] = brief(sess)
			}
			return len(now) < most
		})
		if err != nil {
			return err
		}
	}
	if len(now) >= all {
		s.limits.Add("timed_sessions")
	}
	s.timeouts.mu.Lock()
	before := s.timeouts.seen
	s.timeouts.seen = now
	s.timeouts.mu.Unlock()
	for id, sess := range before {
		if _, ok := now[id]; ok {
			continue
		}
		switch alive, err := s.login.Sessions().FindByID(ctx, id); {
		case err == nil: // the walk did not come to it
			s.timeouts.keep(id, brief(alive), all)
			continue
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		s.hub.PublishHere(notify.TopicSession, "", map[string]any{"sessionuid": sess.CtxID, "eventType": "IDLE_TIMEOUT"})
		if !s.options.Now().Before(sess.Ends()) { // else another process ended it, and has told
			s.timedOut(ctx, sess)
		}
	}
	return nil
}

// brief is what of a session its end needs.
func brief(s store.Session) store.Session {
	return store.Session{
		CtxID: s.CtxID, Realm: s.Realm, Subject: s.Subject, Created: s.Created, LastAccess: s.LastAccess, MaxIdle: s.MaxIdle, MaxLife: s.MaxLife,
	}
}

// keep notes a session for the next look, which has at most that many.
func (t *timeouts) keep(id string, sess store.Session, most int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.seen) < most {
		t.seen[id] = sess
	}
}
