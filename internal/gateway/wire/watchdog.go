package wire

import (
	"context"
	"io"
	"net"
	"time"
)

// watchdog ends reading from a body that brings nothing for too long; for bodies
// whose connection sets no deadlines of its own.
type watchdog struct {
	body  io.ReadCloser
	limit time.Duration
	stop  context.CancelCauseFunc
	timer *time.Timer
}

func newWatchdog(body io.ReadCloser, limit time.Duration, stop context.CancelCauseFunc) *watchdog {
	w := &watchdog{body: body, limit: limit, stop: stop}
	if limit > 0 {
		w.timer = time.AfterFunc(limit, func() { stop(errSilent) })
		w.timer.Stop()
	}
	return w
}

var errSilent error = silence{}

// silence is the timeout of a connection that brings no data.
type silence struct{}

func (silence) Error() string   { return "no data within the socket timeout" }
func (silence) Timeout() bool   { return true }
func (silence) Temporary() bool { return true }

var _ net.Error = silence{}

func (w *watchdog) Read(p []byte) (int, error) {
	if w.timer != nil {
		w.timer.Reset(w.limit)
		defer w.timer.Stop() // a slow reader is not a silent upstream
	}
	return w.body.Read(p)
}

func (w *watchdog) Close() error {
	if w.timer != nil {
		w.timer.Stop()
	}
	w.stop(context.Canceled)
	return w.body.Close()
}
