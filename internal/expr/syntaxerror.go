package expr

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError is what is wrong with a text at compilation. Offset counts bytes
// of Src.
type SyntaxError struct {
	Src    string
	Offset int
	Msg    string
}

// Error is the message with (line:column), the source line, and a caret.
func (e *SyntaxError) Error() string {
	line, column := position(e.Src, e.Offset)
	return fmt.Sprintf("%s (%d:%d)\n%s", e.Msg, line, column, excerpt(e.Src, e.Offset))
}

// EvalError is what went wrong in an evaluation. Err is a cause that callers
// can test for, or nil. Neither holds values of the request.
type EvalError struct {
	Src    string
	Offset int
	Msg    string
	Err    error
}

func (e *EvalError) Error() string {
	line, column := position(e.Src, e.Offset)
	return fmt.Sprintf("%s (%d:%d)", e.Msg, line, column)
}

// Excerpt is the source line with a caret below the place of the error.
func (e *EvalError) Excerpt() string { return excerpt(e.Src, e.Offset) }

func (e *EvalError) Unwrap() error { return e.Err }

// failf makes an evaluation error; a trailing error argument with %w is its cause.
func failf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	var cause error
	if u, ok := err.(interface{ Unwrap() error }); ok {
		cause = u.Unwrap()
	}
	return &EvalError{Offset: -1, Msg: err.Error(), Err: cause}
}

// at gives err the place off, unless it has a more exact one.
func at(err error, off int) error {
	e, ok := err.(*EvalError)
	if !ok {
		return &EvalError{Offset: off, Msg: err.Error(), Err: err}
	}
	if e.Offset < 0 {
		e.Offset = off
	}
	return e
}

// position gives line and column of a byte offset, from 1, columns in characters.
func position(src string, off int) (line, column int) {
	off = min(max(off, 0), len(src))
	start := strings.LastIndexByte(src[:off], '\n') + 1
	return strings.Count(src[:off], "\n") + 1, utf8.RuneCountInString(src[start:off]) + 1
}

// excerptWidth is how much of a long line an excerpt shows on either side.
const excerptWidth = 60

func excerpt(src string, off int) string {
	off = min(max(off, 0), len(src))
	start := strings.LastIndexByte(src[:off], '\n') + 1
	end := len(src)
	if i := strings.IndexByte(src[off:], '\n'); i >= 0 {
		end = off + i
	}
	before := []rune(src[start:off])
	after := []rune(strings.TrimRight(src[off:end], "\r"))
	if len(before) > excerptWidth {
		before = append([]rune("..."), before[len(before)-excerptWidth:]...)
	}
	if len(after) > excerptWidth {
		after = append(after[:excerptWidth:excerptWidth], []rune("...")...)
	}
	var b strings.Builder
	b.WriteString("    ")
	b.WriteString(string(before))
	b.WriteString(string(after))
	b.WriteString("\n    ")
	for _, r := range before {
		if r != '\t' { // a tab stays one, so that the caret lines up
			r = ' '
		}
		b.WriteRune(r)
	}
	b.WriteByte('^')
	return b.String()
}
