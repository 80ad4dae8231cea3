package realm

import (
	"context"
	"fmt"
	"runtime"

	"gatehouse/internal/observe"
)

// ErrBusy says that more passwords wait to be checked than can be in useful time.
var ErrBusy = fmt.Errorf("too many passwords are being checked: %w", observe.OverLimit("password_checks"))

// waitersPerSlot bounds the line before the gate. A check takes some 30 ms, so those
// at its end wait two seconds.
const waitersPerSlot = 64

// gate bounds how many passwords are hashed at a time: each takes 19 MiB and a
// processor, and whoever sends login requests must not take all of both.
type gate struct {
	slots, line chan struct{}
}

func newGate(limits *observe.Limits) *gate {
	n := max(1, runtime.GOMAXPROCS(0)/2)
	return &gate{slots: make(chan struct{}, n), line: make(chan struct{}, n*(1+limits.Number("password_checks", waitersPerSlot)))}
}

// pass waits for a place and runs f.
func (g *gate) pass(ctx context.Context, f func()) error {
	select {
	case g.line <- struct{}{}:
	default:
		return ErrBusy
	}
	defer func() { <-g.line }()
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-g.slots }()
	f()
	return nil
}
