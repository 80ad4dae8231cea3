package audit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// file is a sink that appends events to a file. Events wait in memory for a moment
// and are written in one piece, so that writing costs little and a reader never sees
// half an event. Nothing that was given to write before stop is lost, unless the disk
// refuses it for long.
type file struct {
	most int // bytes of unsent; 0: maxUnsent
	path string
	// header begins every new file; nil for none.
	header []byte
	// form turns a JSON event into what is written; nil: a line of JSON.
	form func(dst, event []byte) []byte
	// interval is how long events wait; 0 writes each one at once.
	interval  time.Duration
	maxEvents int
	rotation  rotation
	retention retention
	check     time.Duration // how often time for rotation and retention are looked at
	log       *slog.Logger
	now       func() time.Time

	mu      sync.Mutex
	pending []byte // events, each with a line break
	events  int

	disk   sync.Mutex // of what follows
	out    *os.File
	size   int64
	opened time.Time
	unsent []byte // what the disk refused
	cut    bool   // unsent begins within an event
	failed bool   // the last write
	stuck  bool   // the last rotation failed
	spare  []byte
	tally

	end  chan struct{}
	done sync.WaitGroup
}

// tally is what became of events that could not be brought to their place at once. Its methods may be called at any time.
type tally struct {
	loss, wait atomic.Int64
}

func (t *tally) lost() int64    { return t.loss.Load() }
func (t *tally) waiting() int64 { return t.wait.Load() }

const (
	// maxPending and maxUnsent bound the events in memory, in bytes.
	maxPending = 1 << 20
	maxUnsent  = 16 << 20
)

func (f *file) start(context.Context) error {
	f.disk.Lock()
	defer f.disk.Unlock()
	if err := os.MkdirAll(filepath.Dir(f.path), 0o750); err != nil {
		return fmt.Errorf("open audit file: %w", err)
	}
	if err := f.open(); err != nil {
		return err
	}
	f.end = make(chan struct{})
	f.done.Go(f.run)
	return nil
}

// open opens the file, which may hold events already.
func (f *file) open() error {
	out, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // log shippers run under names of their own
	if err != nil {
		return fmt.Errorf("open audit file: %w", err)
	}
	info, err := out.Stat()
	if err != nil {
		_ = out.Close()
		return fmt.Errorf("open audit file: %w", err)
	}
	f.out, f.size, f.opened = out, info.Size(), f.now()
	if f.size > 0 {
		f.opened = info.ModTime()
		return nil
	}
	n, err := out.Write(f.header)
	f.size += int64(n)
	if err != nil { // the next attempt begins the file again
		_ = out.Truncate(0)
		_ = out.Close()
		f.out = nil
		return fmt.Errorf("begin audit file: %w", err)
	}
	return nil
}

func (f *file) write(event []byte) {
	f.mu.Lock()
	f.pending = append(append(f.pending, event...), '\n')
	f.events++
	full := f.interval == 0 || f.events >= f.maxEvents || len(f.pending) >= maxPending
	f.mu.Unlock()
	if full {
		// Who asks pays: events come no faster than the disk takes them.
		f.flush()
	}
}

func (f *file) run() {
	interval := f.interval
	if interval == 0 {
		interval = time.Hour
	}
	write, look := time.NewTicker(interval), time.NewTicker(f.check)
	defer write.Stop()
	defer look.Stop()
	for {
		select {
		case <-f.end:
			return
		case <-write.C:
			f.flush()
		case <-look.C:
			f.tidy()
		}
	}
}

// flush writes what is pending.
func (f *file) flush() {
	f.disk.Lock()
	defer f.disk.Unlock()
	f.mu.Lock()
	events := f.pending
	f.pending, f.events = f.spare[:0], 0
	f.mu.Unlock()
	f.spare = events
	if len(events) == 0 && len(f.unsent) == 0 {
		return
	}
	f.unsent = append(f.unsent, f.formed(events)...)
	err := f.send()
	switch {
	case err != nil && !f.failed:
		f.log.Error("audit events cannot be written; they are kept in memory", "file", f.path, "error", err)
	case err == nil && f.failed:
		f.log.Info("audit events are written again", "file", f.path)
	}
	f.failed = err != nil
	if len(f.unsent) > cmp.Or(f.most, maxUnsent) {
		f.log.Error("audit events are lost: too many could not be written", "file", f.path, "bytes", len(f.unsent))
		f.loss.Add(int64(bytes.Count(f.unsent, []byte("\n"))))
		f.unsent = nil
		if f.cut { // the half that was written is a line of its own
			f.unsent = []byte{'\n'}
		}
	}
	f.wait.Store(int64(bytes.Count(f.unsent, []byte("\n"))))
}

func (f *file) formed(events []byte) []byte {
	if f.form == nil {
		return events
	}
	var out []byte
	for len(events) > 0 {
		end := 0
		for events[end] != '\n' {
			end++
		}
		out = f.form(out, events[:end])
		events = events[end+1:]
	}
	return out
}

// send writes f.unsent to the file of that name, which may have been moved away by
// another process or by another service that writes to it.
func (f *file) send() error {
	if err := f.current(); err != nil {
		return err
	}
	if f.rotation.bySize(f.size) && !f.cut {
		f.rotate()
	}
	if f.out == nil {
		return errNoFile
	}
	n, err := f.out.Write(f.unsent)
	f.size += int64(n)
	if n > 0 {
		f.cut = f.unsent[n-1] != '\n'
	}
	if f.unsent = f.unsent[n:]; len(f.unsent) == 0 {
		f.unsent, f.cut = nil, false
	}
	return err
}

var errNoFile = errors.New("the file is not open")

// current reopens the file when the name stands for another one by now.
func (f *file) current() error {
	if f.out != nil {
		there, err := os.Stat(f.path)
		if err == nil {
			here, err := f.out.Stat()
			if err == nil && os.SameFile(here, there) {
				f.size = there.Size()
				return nil
			}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		_ = f.out.Close()
		f.out = nil
	}
	return f.open()
}

// tidy rotates by time and enforces retention.
func (f *file) tidy() {
	f.disk.Lock()
	defer f.disk.Unlock()
	if f.rotation.byTime(f.opened, f.now()) && f.current() == nil && f.size > int64(len(f.header)) {
		f.rotate()
	}
	f.retention.enforce(f.path, f.rotation.prefix, f.log)
}

// rotate moves the file to its dated name and begins a new one. On failure events go
// on into the same file.
func (f *file) rotate() {
	to := f.rotation.target(f.path, f.now())
	err := f.out.Close()
	f.out = nil
	if err == nil {
		err = os.Rename(f.path, to)
	}
	if err != nil && !f.stuck { // it is tried again and again
		f.log.Error("the audit file could not be rotated", "file", f.path, "error", err)
	}
	f.stuck = err != nil
	if err := f.open(); err != nil {
		f.log.Error("no new audit file could be made", "file", f.path, "error", err)
	}
	f.retention.enforce(f.path, f.rotation.prefix, f.log)
}

func (f *file) stop() {
	if f.end == nil {
		return
	}
	close(f.end)
	f.done.Wait()
	f.flush()
	f.disk.Lock()
	defer f.disk.Unlock()
	if len(f.unsent) > 0 {
		f.log.Error("audit events are lost: they could not be written until the end", "file", f.path, "bytes", len(f.unsent))
	}
	if f.out != nil {
		if err := f.out.Close(); err != nil {
			f.log.Error("close audit file", "file", f.path, "error", err)
		}
	}
	f.end = nil
}
