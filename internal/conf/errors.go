package conf

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
)

// Problem is one thing that is wrong, or with Warning, doubtful.
type Problem struct {
	File      string
	Line, Col int // from 1; 0 when there is no place
	Path      string
	Msg       string
	Warning   bool
}

// String is FILE:LINE:COLUMN: PATH: MESSAGE; parts that are not known are left out.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		b.WriteByte(':')
		if p.Line > 0 {
			fmt.Fprintf(&b, "%d:%d:", p.Line, p.Col)
		}
		b.WriteByte(' ')
	}
	if p.Path != "" {
		b.WriteString(p.Path)
		b.WriteString(": ")
	}
	b.WriteString(p.Msg)
	return b.String()
}

// Error is all problems of a load, one a line.
type Error struct{ Problems []Problem }

func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Errors collects problems. It may be used concurrently. The zero value is ready.
type Errors struct {
	mu   sync.Mutex
	list []Problem
	told int // problems that were reported before
}

// Add reports a problem at n; n may be nil.
func (e *Errors) Add(n *Node, format string, args ...any) {
	e.add(n, false, fmt.Sprintf(format, args...))
}

// Warn reports something doubtful at n; n may be nil.
func (e *Errors) Warn(n *Node, format string, args ...any) {
	e.add(n, true, fmt.Sprintf(format, args...))
}

// WarnOnce is Warn, but the document is told the same only once.
func (e *Errors) WarnOnce(n *Node, format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	e.mu.Lock()
	told := slices.ContainsFunc(e.list, func(p Problem) bool { return p.Warning && p.Msg == msg && p.File == n.File() })
	e.mu.Unlock()
	if !told {
		e.add(n, true, msg)
	}
}

// AddErr reports err: an *Error with its own places, anything else at n.
func (e *Errors) AddErr(n *Node, err error) {
	if list, ok := err.(*Error); ok {
		e.mu.Lock()
		e.list = append(e.list, list.Problems...)
		e.mu.Unlock()
		return
	}
	e.add(n, false, err.Error())
}

func (e *Errors) add(n *Node, warning bool, msg string) {
	p := Problem{File: n.File(), Path: n.Path(), Msg: msg, Warning: warning}
	p.Line, p.Col = n.Pos()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, p)
}

// Told counts a problem that was reported already and is not listed again: what depends
// on an object that cannot be built cannot be built either.
func (e *Errors) Told() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told++
}

// Count is the number of problems that are no warnings, with those of Told.
func (e *Errors) Count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := e.told
	for _, p := range e.list {
		if !p.Warning {
			n++
		}
	}
	return n
}

// Err returns an *Error with all problems in the order of the text, or nil.
// Warnings are not part of it.
func (e *Errors) Err() error {
	if list := e.pick(false); len(list) > 0 {
		return &Error{list}
	}
	return nil
}

// Warnings returns what is doubtful, in the order of the text.
func (e *Errors) Warnings() []Problem { return e.pick(true) }

func (e *Errors) pick(warning bool) []Problem {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []Problem
	for _, p := range e.list {
		if p.Warning == warning {
			list = append(list, p)
		}
	}
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.File != b.File {
			return a.File < b.File
		}
		return a.Line < b.Line || a.Line == b.Line && a.Col < b.Col
	})
	// What applies to many objects is wrong at one place.
	return slices.Compact(list)
}

// Nearest returns the name most like s, "" when none is near: what a person meant.
func Nearest(s string, names []string) string {
	best, bestDist := "", 1+len(s)/3
	for _, n := range names {
		if strings.EqualFold(n, s) {
			return n
		}
		if d := distance(strings.ToLower(s), strings.ToLower(n), bestDist); d <= bestDist && (best == "" || d < bestDist) {
			best, bestDist = n, d
		}
	}
	return best
}

// DidYouMean is ` (did you mean "x"?)`, or "" when no name is near.
func DidYouMean(s string, names []string) string {
	if n := Nearest(s, names); n != "" {
		return fmt.Sprintf(" (did you mean %q?)", n)
	}
	return ""
}

// distance is the edit distance with neighbouring letters exchanged counting once;
// above limit any larger number is returned.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
