package javaregexp

import "strings"

// Most patterns in configurations are a literal behind ^, so they are
// recognised and run as comparisons of strings.

type itemKind uint8

const (
	itemOther   itemKind = iota
	itemLiteral          // one character, as it is
	itemStart            // ^ or \A
	itemEnd              // $ before a final line break, or \z or \Z
	itemAny              // .
)

// item is an element of a pattern outside of all groups.
type item struct {
	kind     itemKind
	r        rune
	repeated bool // has a quantifier
	atLeast  int  // how often it has to occur
	anyTimes bool // the quantifier is *
}

// tail is what follows the literal.
type tail uint8

const (
	tailOther tail = iota
	tailNone
	tailEnd    // $
	tailAny    // .*
	tailAnyEnd // .*$
)

type shape struct {
	literal  string // what the pattern starts with
	anchored bool
	tail     tail
}

func shapeOf(items []item) shape {
	var s shape
	if len(items) > 0 && items[0].kind == itemStart && !items[0].repeated {
		s.anchored = true
		items = items[1:]
	}
	var b strings.Builder
	i := 0
	for ; i < len(items) && items[i].kind == itemLiteral; i++ {
		if items[i].repeated {
			if items[i].atLeast > 0 {
				b.WriteRune(items[i].r)
			}
			break
		}
		b.WriteRune(items[i].r)
	}
	s.literal, s.tail = b.String(), tailOf(items[i:])
	return s
}

func tailOf(items []item) tail {
	isEnd := func(it item) bool { return it.kind == itemEnd && !it.repeated }
	isAny := func(it item) bool { return it.kind == itemAny && it.anyTimes }
	switch {
	case len(items) == 0:
		return tailNone
	case len(items) == 1 && isEnd(items[0]):
		return tailEnd
	case len(items) == 1 && isAny(items[0]):
		return tailAny
	case len(items) == 2 && isAny(items[0]) && isEnd(items[1]):
		return tailAnyEnd
	}
	return tailOther
}

// find answers Regexp.Find when comparing strings is enough.
func (p shape) find(s string) (found, known bool) {
	if p.anchored && !strings.HasPrefix(s, p.literal) {
		return false, true
	}
	switch p.tail {
	case tailNone, tailAny:
		return p.anchored || strings.Contains(s, p.literal), true
	case tailEnd:
		if hasLineBreak(s) {
			return false, false
		}
		if p.anchored {
			return len(s) == len(p.literal), true
		}
		return strings.HasSuffix(s, p.literal), true
	case tailAnyEnd:
		if hasLineBreak(s) {
			return false, false
		}
		return p.anchored || strings.Contains(s, p.literal), true
	}
	return false, false
}

// match answers Regexp.Match likewise.
func (p shape) match(s string) (found, known bool) {
	if !strings.HasPrefix(s, p.literal) {
		return false, true
	}
	switch p.tail {
	case tailNone, tailEnd:
		return len(s) == len(p.literal), true
	case tailAny, tailAnyEnd:
		return true, !hasLineBreak(s)
	}
	return false, false
}
