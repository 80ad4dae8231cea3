package javaregexp

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// runeSet is a set of characters: sorted ranges that do not touch.
type runeSet []runeRange

type runeRange struct{ lo, hi rune }

func single(r rune) runeSet { return runeSet{{r, r}} }

func span(lo, hi rune) runeSet { return runeSet{{lo, hi}} }

func charSet(chars string) (s runeSet) {
	for _, r := range chars {
		s = s.union(single(r))
	}
	return s
}

func tableSet(t *unicode.RangeTable) runeSet {
	var s runeSet
	for _, r := range t.R16 {
		s = s.appendStride(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range t.R32 {
		s = s.appendStride(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return s.normal()
}

func (s runeSet) appendStride(lo, hi, stride rune) runeSet {
	if stride == 1 {
		return append(s, runeRange{lo, hi})
	}
	for r := lo; r <= hi; r += stride {
		s = append(s, runeRange{r, r})
	}
	return s
}

// normal sorts and joins the ranges.
func (s runeSet) normal() runeSet {
	slices.SortFunc(s, func(a, b runeRange) int { return int(a.lo - b.lo) })
	var out runeSet
	for _, r := range s {
		if n := len(out); n > 0 && r.lo <= out[n-1].hi+1 {
			out[n-1].hi = max(out[n-1].hi, r.hi)
			continue
		}
		out = append(out, r)
	}
	return out
}

func (s runeSet) union(t runeSet) runeSet {
	return append(slices.Clone(s), t...).normal()
}

func (s runeSet) negate() runeSet {
	var out runeSet
	next := rune(0)
	for _, r := range s {
		if r.lo > next {
			out = append(out, runeRange{next, r.lo - 1})
		}
		next = r.hi + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, runeRange{next, unicode.MaxRune})
	}
	return out
}

func (s runeSet) intersect(t runeSet) runeSet {
	return s.negate().union(t.negate()).negate()
}

// fold adds the other cases of all letters: of ASCII only, unless all is set
// (Java's flags i and iu).
func (s runeSet) fold(all bool) runeSet {
	var more runeSet
	for _, r := range s {
		if !all {
			more = append(more, shifted(r, 'a', 'z', 'A'-'a')...)
			more = append(more, shifted(r, 'A', 'Z', 'a'-'A')...)
			continue
		}
		if r.hi-r.lo > 0x3000 { // nearly everything: folding adds nothing that matters
			continue
		}
		for c := r.lo; c <= r.hi; c++ {
			for f := unicode.SimpleFold(c); f != c; f = unicode.SimpleFold(f) {
				more = append(more, runeRange{f, f})
			}
		}
	}
	return s.union(more)
}

func shifted(r runeRange, lo, hi, by rune) runeSet {
	lo, hi = max(lo, r.lo), min(hi, r.hi)
	if lo > hi {
		return nil
	}
	return runeSet{{lo + by, hi + by}}
}

// class writes the set as a class that both engines read alike. Surrogates
// are left out: they never occur in Go strings.
func (s runeSet) class() (quick, slow string) {
	s = s.intersect(runeSet{{0, 0xD7FF}, {0xE000, unicode.MaxRune}})
	switch {
	case len(s) == 0:
		return `[^\x00-\x{10FFFF}]`, `(?!)`
	case len(s.negate()) == 1 && s.negate()[0] == runeRange{0xD800, 0xDFFF}:
		return `(?s:.)`, `[\s\S]`
	}
	open := "["
	if neg := s.negate().intersect(runeSet{{0, 0xD7FF}, {0xE000, unicode.MaxRune}}); len(neg) < len(s) {
		open, s = "[^", neg
	}
	var b strings.Builder
	b.WriteString(open)
	for _, r := range s {
		b.WriteString(quoteRune(r.lo))
		if r.hi > r.lo {
			b.WriteString("-" + quoteRune(r.hi))
		}
	}
	b.WriteByte(']')
	return b.String(), b.String()
}

// quoteRune writes r so that it stands for itself everywhere in both engines.
func quoteRune(r rune) string {
	if '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r >= utf8.RuneSelf {
		return string(r)
	}
	return fmt.Sprintf(`\x%02x`, r)
}

func runeLen(s string, at int) int {
	if at >= len(s) {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s[at:])
	return n
}
