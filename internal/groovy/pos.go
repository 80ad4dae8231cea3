package groovy

import (
	"errors"
	"fmt"
	"strings"
)

// pos packs a line (20 bits) and a column (12 bits, capped), both from 1, so
// that a running script can record where it is with one store.
type pos uint32

const maxColumn = 1<<12 - 1

func makePos(line, col int) pos {
	return pos(min(line, 1<<20-1)<<12 | min(col, maxColumn))
}

func (p pos) line() int { return int(p >> 12) }
func (p pos) col() int  { return int(p & maxColumn) }

// Error is a mistake in a script's text. Source is the offending line.
type Error struct {
	File      string
	Line, Col int
	Msg       string
	Source    string
}

// Error gives file:line:column: message, the source line and a caret below the column.
func (e *Error) Error() string {
	head := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
	if e.Source == "" {
		return head
	}
	return head + "\n" + excerpt(e.Source, e.Col)
}

// excerpt shows at most 100 characters of the line around the column; inline
// sources often consist of one very long line.
func excerpt(line string, col int) string {
	rs := []rune(strings.ReplaceAll(line, "\t", " "))
	c := min(max(col-1, 0), len(rs))
	from := 0
	if len(rs) > 100 {
		from = max(0, c-60)
		rs = rs[from:min(len(rs), from+100)]
	}
	return "  " + string(rs) + "\n  " + strings.Repeat(" ", c-from) + "^"
}

// source is one file of Groovy text.
type source struct {
	file  string
	text  string
	lines []string
}

func newSource(file, text string) *source {
	return &source{file: file, text: text, lines: strings.Split(text, "\n")}
}

func (s *source) lineText(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return strings.TrimSuffix(s.lines[n-1], "\r")
}

func (s *source) errorf(p pos, format string, args ...any) *Error {
	return &Error{File: s.file, Line: p.line(), Col: p.col(), Msg: fmt.Sprintf(format, args...), Source: s.lineText(p.line())}
}

// joinErrors keeps the first few mistakes; a broken file can yield hundreds.
func joinErrors(list []*Error) error {
	if len(list) == 0 {
		return nil
	}
	if len(list) == 1 {
		return list[0]
	}
	out := make([]error, 0, 10)
	for _, e := range list[:min(len(list), 10)] {
		out = append(out, e)
	}
	return errors.Join(out...)
}
