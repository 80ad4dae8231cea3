package script

import (
	"context"
	"io"
	"strings"

	"gatehouse/internal/groovy"
)

// Objects of the JDK that reach out of the script (files, connections) find
// their run through the context of the call: it bounds them and closes what they leave
// open.

type runKey struct{}

// reaching are the words without which no script makes such objects.
var reaching = strings.Fields("URL toURL openConnection File FileInputStream FileReader openig")

// reaches says whether the run of a unit must be found.
func (w words) reaches() bool {
	for _, name := range reaching {
		if w.has(name) {
			return true
		}
	}
	return false
}

// runOf is the run that a call belongs to.
func runOf(c *groovy.Call) (*run, error) {
	r, _ := c.Ctx.Value(runKey{}).(*run)
	if r == nil {
		return nil, groovy.Throw(illegalState, "connections and files are there only while a script runs")
	}
	return r, r.over()
}

// within marks the calls of a run.
func (r *run) within() {
	r.x = r.x.WithCtx(context.WithValue(r.x.Ctx(), runKey{}, r))
}

// maxOpen bounds what a script holds open.
const maxOpen = 64

// holds notes something to close at the end.
func (r *run) holds(c io.Closer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.held) >= maxOpen {
		_ = c.Close()
		return groovy.Throw(ioError, "the script has opened more than %d files and connections", maxOpen)
	}
	r.held = append(r.held, c)
	return nil
}

// closeHeld closes everything that the script opened; closing twice is harmless.
func (r *run) closeHeld() {
	r.mu.Lock()
	held := r.held
	r.held = nil
	r.mu.Unlock()
	for _, c := range held {
		_ = c.Close()
	}
}
