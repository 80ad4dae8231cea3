// Package javaregexp has the regular expressions of Java (java.util.regex): the
// same patterns mean the same on the engines that Go has. A pattern is
// translated, for the linear-time engine of the standard library where it means
// the same there, and for a backtracking engine with a time limit.
package javaregexp

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// Regexp is a Java regular expression (java.util.regex.Pattern). It runs on
// the linear-time engine of the standard library when the pattern means the
// same there, else on a backtracking engine with a time limit. It may be used
// by any number of goroutines.
type Regexp struct {
	src   string
	java  javaPattern
	shape shape
	quick *regexp.Regexp                                // nil: not expressible
	whole func() *regexp.Regexp                         // quick, for the whole text
	slow  func() (find, whole *regexp2.Regexp, _ error) // compiled when first needed
}

// Compile reads a pattern with the syntax of Java.
func Compile(src string) (*Regexp, error) {
	if len(src) > MaxPattern {
		return nil, fmt.Errorf("%w: the regular expression is longer than %d bytes", ErrLimit, MaxPattern)
	}
	java, err := translate(src, 0)
	if err != nil {
		return nil, err
	}
	r := &Regexp{src: src, java: java, shape: shapeOf(java.items)}
	r.slow = backtracking(java.slow)
	if !java.onlySlow {
		r.quick, _ = regexp.Compile(java.quick) // fails for large repetitions only
	}
	if r.quick == nil {
		if _, _, err := r.slow(); err != nil {
			return nil, err
		}
	}
	r.whole = sync.OnceValue(func() *regexp.Regexp {
		re, _ := regexp.Compile(`\A(?:` + java.quick + `)\z`)
		return re
	})
	return r, nil
}

// backtracking compiles the two forms of a pattern for the slow engine, once.
func backtracking(pattern string) func() (find, whole *regexp2.Regexp, _ error) {
	type forms struct {
		find, whole *regexp2.Regexp
		err         error
	}
	compile := sync.OnceValue(func() (f forms) {
		if f.find, f.err = regexp2.Compile(pattern); f.err != nil {
			return f
		}
		if f.whole, f.err = regexp2.Compile(`\A(?:` + pattern + `)\z`); f.err != nil {
			return f
		}
		f.find.MatchTimeout, f.whole.MatchTimeout = Timeout, Timeout
		return f
	})
	return func() (*regexp2.Regexp, *regexp2.Regexp, error) {
		f := compile()
		if f.err != nil {
			return nil, nil, errors.New("invalid regular expression")
		}
		return f.find, f.whole, nil
	}
}

// String is the pattern as given.
func (r *Regexp) String() string { return r.src }

// Groups is the number of capturing groups.
func (r *Regexp) Groups() int { return r.java.groups }

// isQuick tells whether the fast engine is right for s. Its idea of lines
// differs from Java's, so texts with line breaks are not for it when the
// pattern cares.
func (r *Regexp) isQuick(s string) bool {
	return r.quick != nil && (!r.java.lines || !hasLineBreak(s))
}

// Find tells whether the pattern occurs in s (Matcher.find).
func (r *Regexp) Find(s string) (bool, error) {
	if found, known := r.shape.find(s); known {
		return found, nil
	}
	if r.isQuick(s) {
		return r.quick.MatchString(s), nil
	}
	re, _, err := r.slow()
	if err != nil {
		return false, err
	}
	ok, err := re.MatchString(s)
	return ok, matchError(err)
}

// Match tells whether the pattern matches the whole of s (Matcher.matches).
func (r *Regexp) Match(s string) (bool, error) {
	if found, known := r.shape.match(s); known {
		return found, nil
	}
	if r.isQuick(s) {
		if whole := r.whole(); whole != nil {
			return whole.MatchString(s), nil
		}
	}
	_, re, err := r.slow()
	if err != nil {
		return false, err
	}
	ok, err := re.MatchString(s)
	return ok, matchError(err)
}

func matchError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, regexp2.ErrBacktrackingStackLimit):
		return fmt.Errorf("%w: the regular expression backtracks too much", ErrLimit)
	}
	return ErrTimeout // the engine has no other errors
}

// Submatches is the first occurrence in s: the whole and then each group, nil
// for groups that took no part. No occurrence is nil.
func (r *Regexp) Submatches(s string) ([]any, error) {
	var groups []any
	err := r.each(s, func(m match) bool {
		groups = make([]any, len(m.spans)/2)
		for i := range groups {
			if text, ok := m.group(i); ok {
				groups[i] = text
			}
		}
		return false
	})
	return groups, err
}

// match is an occurrence: byte offsets in text, two a group, -1 if it took no
// part.
type match struct {
	text  string
	spans []int
}

func (m match) group(i int) (string, bool) {
	if 2*i+1 >= len(m.spans) || m.spans[2*i] < 0 {
		return "", false
	}
	return m.text[m.spans[2*i]:m.spans[2*i+1]], true
}

// each gives the occurrences in s from left to right until yield says no. An
// empty one may follow right after another, as in Java.
func (r *Regexp) each(s string, yield func(match) bool) error {
	if r.java.contextual { // both engines may run, and have to see one text
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if r.isQuick(s) {
		spans := r.quick.FindStringSubmatchIndex(s)
		if spans == nil || !yield(match{s, spans}) {
			return nil
		}
		if !r.java.contextual {
			r.eachQuick(s, spans, yield)
			return nil
		}
		return r.eachSlow(s, yield, 1)
	}
	return r.eachSlow(s, yield, 0)
}

// eachQuick searches behind spans. What precedes is cut off, which must not
// matter to the pattern.
func (r *Regexp) eachQuick(s string, spans []int, yield func(match) bool) {
	for {
		from := spans[1]
		if spans[0] == spans[1] {
			from += runeLen(s, from)
		}
		if from > len(s) {
			return
		}
		spans = r.quick.FindStringSubmatchIndex(s[from:])
		if spans == nil {
			return
		}
		for i := range spans {
			if spans[i] >= 0 {
				spans[i] += from
			}
		}
		if !yield(match{s, spans}) {
			return
		}
	}
}

func (r *Regexp) eachSlow(s string, yield func(match) bool, skip int) error {
	re, _, err := r.slow()
	if err != nil {
		return err
	}
	s = strings.ToValidUTF8(s, "\uFFFD") // the engine counts characters
	start := time.Now()
	m, err := re.FindStringMatch(s)
	for err == nil && m != nil {
		if skip--; skip < 0 && !yield(match{s, spansOf(m)}) {
			return nil
		}
		if time.Since(start) > Timeout {
			return ErrTimeout
		}
		m, err = re.FindNextMatch(m)
	}
	return matchError(err)
}

func spansOf(m *regexp2.Match) []int {
	groups := m.Groups()
	spans := make([]int, 0, 2*len(groups))
	for i := range groups {
		if len(groups[i].Captures) == 0 {
			spans = append(spans, -1, -1)
			continue
		}
		at, n := groups[i].ByteRange()
		spans = append(spans, at, at+n)
	}
	return spans
}

// hasLineBreak tells whether s has one of the line terminators of Java: line
// feed, carriage return, next line, line and paragraph separator.
func hasLineBreak(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case '\n', '\r':
			return true
		case 0xC2: // U+0085
			if strings.HasPrefix(s[i:], "\u0085") {
				return true
			}
		case 0xE2: // U+2028, U+2029
			if strings.HasPrefix(s[i:], "\u2028") || strings.HasPrefix(s[i:], "\u2029") {
				return true
			}
		}
	}
	return false
}
