// Package observe is how the program speaks to those who run it: logs for people
// and machines.
package observe

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// NewLogger returns a logger that writes one line an event to w. format is "json" or
// "text"; level is a slog level name, "" for INFO.
func NewLogger(w io.Writer, format, level string) *slog.Logger {
	var min slog.Level
	if min.UnmarshalText([]byte(strings.ReplaceAll(strings.ToUpper(level), "TRACE", "DEBUG"))) != nil {
		min = slog.LevelInfo
	}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: min}))
	}
	return slog.New(&console{w: w, mu: &sync.Mutex{}, min: min})
}

// Level is the level that the environment asks for.
func Level() string { return os.Getenv("ROOT_LOG_LEVEL") }

// console writes time, level, message and attributes. Further lines of a message are
// indented behind a bar, so that what somebody sent cannot pass for a line of its own.
type console struct {
	w     io.Writer
	mu    *sync.Mutex
	min   slog.Level
	attrs string
	group string
}

func (c *console) Enabled(_ context.Context, l slog.Level) bool { return l >= c.min }

func (c *console) Handle(_ context.Context, r slog.Record) error {
	b := make([]byte, 0, 256)
	b = r.Time.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, ' ')
	b = append(b, r.Level.String()...)
	b = append(b, ' ')
	lines := strings.Split(strings.TrimRight(r.Message, "\n"), "\n")
	b = appendSafe(b, lines[0])
	b = append(b, c.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		b = appendAttr(b, c.group, a)
		return true
	})
	b = append(b, '\n')
	for _, l := range lines[1:] {
		b = append(b, "  | "...)
		b = appendSafe(b, l)
		b = append(b, '\n')
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.w.Write(b)
	return err
}

// appendSafe replaces control characters, which could play tricks on a terminal.
func appendSafe(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			b = append(b, '?')
		} else {
			b = append(b, c)
		}
	}
	return b
}

func appendAttr(b []byte, group string, a slog.Attr) []byte {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		for _, m := range v.Group() {
			b = appendAttr(b, group+a.Key+".", m)
		}
		return b
	}
	if a.Key == "" {
		return b
	}
	b = append(b, ' ')
	b = append(b, group...)
	b = append(b, a.Key...)
	b = append(b, '=')
	var text string
	switch v.Kind() {
	case slog.KindTime:
		text = v.Time().UTC().Format(time.RFC3339Nano)
	default:
		text = v.String()
	}
	if text == "" || strings.ContainsAny(text, " \t\r\n\"=") {
		return strconv.AppendQuote(b, text)
	}
	return appendSafe(b, text)
}

func (c *console) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := *c
	b := []byte(c.attrs)
	for _, a := range attrs {
		b = appendAttr(b, c.group, a)
	}
	out.attrs = string(b)
	return &out
}

func (c *console) WithGroup(name string) slog.Handler {
	out := *c
	out.group += name + "."
	return &out
}
