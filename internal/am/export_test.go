package am

import "context"

// LookForTimeouts is what the sweep does now and then.
func (s *Server) LookForTimeouts(ctx context.Context) error { return s.lookForTimeouts(ctx) }

// Follow does what follows the ends of sessions, and waits for it.
func (s *Server) Follow(ctx context.Context, sessionID string) error {
	return s.oauth.Follow(ctx, sessionID)
}
