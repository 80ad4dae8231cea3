package javaregexp

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Limits. Patterns are written by operators, and texts by anyone.
const (
	// MaxPattern is the longest pattern that Compile takes, in bytes.
	MaxPattern = 8 << 10
	// MaxText is the longest text that Replace makes, in bytes.
	MaxText = 16 << 20
	// Timeout ends a match that backtracks.
	Timeout = 250 * time.Millisecond

	maxPieces = 1 << 20 // of a text that is split
)

// Errors of matching, to be told apart with errors.Is.
var (
	ErrLimit   = errors.New("limit exceeded")
	ErrTimeout = errors.New("regular expression takes too long")
)

// textBuilder collects text up to MaxText.
type textBuilder struct{ strings.Builder }

func (b *textBuilder) add(s string) error {
	if b.Len()+len(s) > MaxText {
		return fmt.Errorf("%w: the text is longer than %d bytes", ErrLimit, MaxText)
	}
	b.WriteString(s)
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
