package am

import (
	"context"
	"sync"

	"gatehouse/internal/am/notify"
	"gatehouse/internal/am/store"
)

// maxTimed bounds the sessions whose end by time is noticed.
const maxTimed = 200_000

// timeouts notices sessions that end by time, which no write tells of: those of the last look that are not there at
// the next. It looks only while somebody wants to be told.
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
	audited := s.options.Audit != nil && s.options.Audit.Audits(topicActivity)
	if !audited && !s.hub.Followed(notify.TopicSession) {
		s.timeouts.mu.Lock()
		s.timeouts.seen = nil
		s.timeouts.mu.Unlock()
		return nil
	}
	now := map[string]store.Session{}
	for _, rl := range s.realms.List() {
		list, err := s.login.Sessions().List(ctx, rl.Path)
		if err != nil {
			return err
		}
		for _, sess := range list {
			if ends := sess.Ends(); len(now) < maxTimed && (ends.IsZero() || s.options.Now().Before(ends)) {
				now[sess.ID()] = store.Session{
					CtxID: sess.CtxID, Realm: sess.Realm, Subject: sess.Subject, Created: sess.Created, LastAccess: sess.LastAccess,
					MaxIdle: sess.MaxIdle, MaxLife: sess.MaxLife,
				}
			}
		}
	}
	s.timeouts.mu.Lock()
	before := s.timeouts.seen
	s.timeouts.seen = now
	s.timeouts.mu.Unlock()
	for id, sess := range before {
		if _, ok := now[id]; !ok {
			s.hub.Publish(notify.TopicSession, "", map[string]any{"sessionuid": sess.CtxID, "eventType": "IDLE_TIMEOUT"})
			if !s.options.Now().Before(sess.Ends()) { // else another process ended it, and has told
				s.timedOut(ctx, sess)
			}
		}
	}
	return nil
}
