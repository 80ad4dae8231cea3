package gateway

import "context"

// gate is a mutex for which one can also wait no longer than a context.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

func (g gate) Lock()   { g <- struct{}{} }
func (g gate) Unlock() { <-g }

// LockUnless locks, unless ctx ends before.
func (g gate) LockUnless(ctx context.Context) bool {
	select {
	case g <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}
