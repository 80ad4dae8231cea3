package am

import "context"

// LookForTimeouts is what the sweep does now and then.
func (s *Server) LookForTimeouts(ctx context.Context) error { return s.lookForTimeouts(ctx) }
