package javaregexp

// class reads a bracketed class behind its "[": characters, ranges, escapes,
// nested classes (union) and && (intersection). A ^ negates the whole, as in
// Java since 9.
func (t *translator) class(depth int) (runeSet, error) {
	if depth > maxGroupDepth {
		return nil, t.fail("classes are nested more than %d levels deep", maxGroupDepth)
	}
	negated := t.has("^")
	var left, set runeSet
	intersected, empty := false, true
	for {
		for t.flags.comments && t.more() && t.skipComment() {
		}
		if !t.more() {
			return nil, t.fail("a character class is not closed")
		}
		switch {
		case !empty && t.has("]"):
			if intersected {
				set = left.intersect(set)
			}
			if negated {
				set = set.negate()
			}
			return set, nil
		case t.has("&&"):
			if empty {
				return nil, t.fail("&& has nothing before it")
			}
			if intersected {
				set = left.intersect(set)
			}
			left, set, intersected, empty = set, nil, true, true
		case t.has("["):
			inner, err := t.class(depth + 1)
			if err != nil {
				return nil, err
			}
			set, empty = set.union(inner), false
		default:
			more, err := t.classItem()
			if err != nil {
				return nil, err
			}
			set, empty = set.union(more), false
		}
	}
}

// classItem reads a character, a range, or an escape for a set.
func (t *translator) classItem() (runeSet, error) {
	set, lo, err := t.classRune()
	if err != nil || set != nil {
		return set, err
	}
	hi, mark := lo, t.pos
	if t.has("-") && t.more() {
		if c := t.src[t.pos]; c == ']' || c == '[' || t.has("&&") {
			t.pos = mark // the hyphen stands for itself
		} else {
			set, hi, err = t.classRune()
			if err != nil {
				return nil, err
			}
			if set != nil || hi < lo {
				return nil, t.fail("illegal range of characters")
			}
		}
	} else {
		t.pos = mark
	}
	set = span(lo, hi)
	if t.flags.fold {
		set = set.fold(t.flags.wideFold)
	}
	return set, nil
}

// classRune reads one character, or a set if an escape stands for one.
func (t *translator) classRune() (runeSet, rune, error) {
	c := t.src[t.pos]
	t.pos++
	if c != '\\' {
		return nil, c, nil
	}
	if !t.more() {
		return nil, 0, t.fail("a backslash ends the pattern")
	}
	c = t.src[t.pos]
	if set, ok := shorthand(c, t.flags.wide); ok {
		t.pos++
		return set, 0, nil
	}
	switch c {
	case 'p', 'P':
		set, err := t.property()
		if err == nil && set == nil {
			set = runeSet{}
		}
		return set, 0, err
	case 'Q':
		t.pos++
		return t.quotedSet(), 0, nil
	case 'E':
		t.pos++
		return runeSet{}, 0, nil
	}
	r, err := t.character()
	return nil, r, err
}

// quotedSet has the characters up to \E.
func (t *translator) quotedSet() runeSet {
	set := runeSet{}
	for t.more() && !t.has(`\E`) {
		one := single(t.src[t.pos])
		if t.flags.fold {
			one = one.fold(t.flags.wideFold)
		}
		set = set.union(one)
		t.pos++
	}
	return set
}
