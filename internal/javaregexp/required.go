package javaregexp

import (
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Required are texts of which every text contains one that the pattern occurs in; nil
// when there is no such list.
func (r *Regexp) Required() []string {
	if r.quick != nil {
		if tree, err := syntax.Parse(r.java.quick, syntax.Perl); err == nil {
			return Bounded(requiredOf(tree))
		}
	}
	return One(r.shape.literal)
}

// requiredOf reads a part of a pattern. nil says that nothing is certain.
func requiredOf(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return One(longestFixed(re))
	case syntax.OpCapture, syntax.OpPlus:
		return requiredOf(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return requiredOf(re.Sub[0])
		}
	case syntax.OpConcat:
		return requiredOfAll(re.Sub)
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			some := Bounded(requiredOf(sub))
			if some == nil {
				return nil
			}
			all = append(all, some...)
		}
		return all
	}
	return nil
}

// requiredOfAll joins parts that stand side by side where it is known what all they
// match, and returns the joint or part that says most.
func requiredOfAll(subs []*syntax.Regexp) []string {
	var best []string
	joint := []string{""}
	for _, sub := range subs {
		texts, exact := exactOf(sub)
		if len(joint)*len(texts) > MaxNeeded {
			best = better(best, joint)
			joint = []string{""}
		}
		if len(joint)*len(texts) > MaxNeeded {
			texts, exact = anything.texts, false
		}
		joined := make([]string, 0, len(joint)*len(texts))
		for _, x := range joint {
			for _, y := range texts {
				joined = append(joined, x+y)
			}
		}
		joint = joined
		if !exact {
			best = better(better(best, joint), requiredOf(sub))
			joint = []string{""}
		}
	}
	return better(best, joint)
}

// exactOf is what a part begins with, and whether that is all of it.
func exactOf(re *syntax.Regexp) (texts []string, exact bool) {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return anything.texts, true
	}
	b := beginningOf(re)
	return b.texts, b.exact
}

// better returns the list whose shortest text is longer.
func better(x, y []string) []string {
	x, y = Bounded(x), Bounded(y)
	if len(x) == 0 || len(y) > 0 && Shortest(y) > Shortest(x) {
		return y
	}
	return x
}

// longestFixed is the longest part of a literal that nothing else stands for: not the
// other case, nor, for the character that stands for bytes that are no UTF-8, those.
func longestFixed(re *syntax.Regexp) string {
	var best []rune
	rest := re.Rune
	for len(rest) > 0 {
		n := slices.IndexFunc(rest, func(r rune) bool {
			return r == utf8.RuneError || re.Flags&syntax.FoldCase != 0 && unicode.SimpleFold(r) != r
		})
		if n < 0 {
			n = len(rest)
		}
		if n > len(best) {
			best = rest[:n]
		}
		rest = rest[min(n+1, len(rest)):]
	}
	return string(best)
}
