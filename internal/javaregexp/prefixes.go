package javaregexp

import (
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// Prefixes are texts of which every text starts with one that the pattern occurs in
// (whole: matches); nil when there is no such list.
func (r *Regexp) Prefixes(whole bool) []string {
	if r.quick != nil {
		if tree, err := syntax.Parse(r.java.quick, syntax.Perl); err == nil {
			if b := beginningOf(tree); whole || b.anchored {
				return Bounded(b.texts)
			}
			return nil
		}
	}
	if !whole && !r.shape.anchored {
		return nil
	}
	return One(r.shape.literal)
}

// beginning is what the texts that a pattern matches start with.
type beginning struct {
	texts    []string
	exact    bool // the texts are all there is, so what follows may be appended
	anchored bool // only at the start of the text
}

var anything = beginning{texts: []string{""}}

// beginningOf reads a part of a pattern.
func beginningOf(re *syntax.Regexp) beginning {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return beginning{texts: []string{""}, exact: true}
	case syntax.OpBeginText:
		return beginning{texts: []string{""}, exact: true, anchored: true}
	case syntax.OpLiteral:
		return literalBeginning(re)
	case syntax.OpCharClass:
		return classBeginning(re)
	case syntax.OpCapture:
		return beginningOf(re.Sub[0])
	case syntax.OpPlus:
		b := beginningOf(re.Sub[0])
		b.exact = false
		return b
	case syntax.OpQuest:
		b := beginningOf(re.Sub[0])
		return beginning{texts: append(b.texts[:len(b.texts):len(b.texts)], ""), exact: b.exact}
	case syntax.OpConcat:
		return concatBeginning(re.Sub)
	case syntax.OpAlternate:
		all := beginning{exact: true, anchored: true}
		for _, sub := range re.Sub {
			b := beginningOf(sub)
			all.texts = append(all.texts, b.texts...)
			all.exact, all.anchored = all.exact && b.exact, all.anchored && b.anchored
		}
		if len(all.texts) > MaxNeeded {
			return beginning{texts: anything.texts, anchored: all.anchored}
		}
		return all
	}
	return anything
}

// literalBeginning stops where something else would do too: the other case, or, for
// the character that stands for bytes that are no UTF-8, any of those.
func literalBeginning(re *syntax.Regexp) beginning {
	for i, r := range re.Rune {
		if r == utf8.RuneError || re.Flags&syntax.FoldCase != 0 && unicode.SimpleFold(r) != r {
			return beginning{texts: []string{string(re.Rune[:i])}}
		}
	}
	return beginning{texts: []string{string(re.Rune)}, exact: true}
}

// classBeginning lists the characters of a small class.
func classBeginning(re *syntax.Regexp) beginning {
	const most = 8
	b := beginning{exact: true}
	for i := 0; i+1 < len(re.Rune); i += 2 {
		if int(re.Rune[i+1]-re.Rune[i])+len(b.texts) >= most {
			return anything
		}
		for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
			if r == utf8.RuneError {
				return anything
			}
			b.texts = append(b.texts, string(r))
		}
	}
	return b
}

func concatBeginning(subs []*syntax.Regexp) beginning {
	all := beginning{texts: []string{""}, exact: true}
	for i, sub := range subs {
		b := beginningOf(sub)
		if i == 0 {
			all.anchored = b.anchored
		}
		if len(all.texts)*len(b.texts) > MaxNeeded {
			all.exact = false
			return all
		}
		joined := make([]string, 0, len(all.texts)*len(b.texts))
		for _, x := range all.texts {
			for _, y := range b.texts {
				joined = append(joined, x+y)
			}
		}
		all.texts = joined
		if !b.exact {
			all.exact = false
			break
		}
	}
	return all
}
