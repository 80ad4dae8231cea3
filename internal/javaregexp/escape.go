package javaregexp

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// escape reads what follows a backslash outside of classes. It tells whether a
// quantifier may follow.
func (t *translator) escape() (quantifiable bool, err error) {
	if !t.more() {
		return false, t.fail("a backslash ends the pattern")
	}
	c := t.src[t.pos]
	if set, ok := shorthand(c, t.flags.wide); ok {
		t.pos++
		t.set(set)
		return true, nil
	}
	switch c {
	case 'p', 'P':
		set, err := t.property()
		t.set(set)
		return true, err
	case 'Q':
		t.pos++
		return t.quoted(), nil
	case 'E': // without \Q before it, nothing
		t.pos++
		return false, nil
	case 'k':
		return true, t.namedReference()
	case 'R':
		t.pos++
		t.onlySlow = true
		_, class := verticalSet.class()
		t.note(item{})
		t.emit("", `(?>\r\n|`+class+`)`)
		return true, nil
	}
	if '1' <= c && c <= '9' {
		t.reference()
		return true, nil
	}
	if t.boundary(c) {
		t.pos++
		return true, nil
	}
	r, err := t.character()
	if err == nil {
		t.literal(r)
	}
	return true, err
}

// boundary emits \b \B \A \G \Z \z. Word characters at \b are those of \w, as
// in Java since 19.
func (t *translator) boundary(c rune) bool {
	word := `[0-9A-Z_a-z]`
	if t.flags.wide {
		t.onlySlow = t.onlySlow || c == 'b' || c == 'B'
		set, _ := shorthand('w', true)
		_, word = set.class()
	}
	kind := itemOther
	switch c {
	case 'b':
		t.emit(`\b`, `(?:(?<=`+word+`)(?!`+word+`)|(?<!`+word+`)(?=`+word+`))`)
	case 'B':
		t.emit(`\B`, `(?:(?<=`+word+`)(?=`+word+`)|(?<!`+word+`)(?!`+word+`))`)
	case 'A':
		kind = itemStart
		t.emit(`\A`, `\A`)
	case 'G':
		t.onlySlow = true
		t.emit("", `\G`)
	case 'z':
		kind = itemEnd
		t.emit(`\z`, `\z`)
	case 'Z':
		saved := t.flags
		t.flags.lines = false
		t.end()
		t.flags = saved
		return true
	default:
		return false
	}
	t.contextual = t.contextual || c != 'z'
	t.note(item{kind: kind})
	return true
}

// quoted reads up to \E. A quantifier repeats the last character.
func (t *translator) quoted() bool {
	any := false
	for t.more() && !t.has(`\E`) {
		t.quickAt, t.slowAt = t.out.Len(), t.slowB.Len()
		t.literal(t.src[t.pos])
		t.pos++
		any = true
	}
	return any
}

// reference is \n: as many digits as there are groups so far. A group that is
// not there never matches.
func (t *translator) reference() {
	n := int(t.src[t.pos] - '0')
	t.pos++
	for t.more() && '0' <= t.src[t.pos] && t.src[t.pos] <= '9' {
		longer := n*10 + int(t.src[t.pos]-'0')
		if longer > t.groups {
			break
		}
		n = longer
		t.pos++
	}
	t.backTo(n)
}

func (t *translator) backTo(n int) {
	t.onlySlow = true
	t.note(item{})
	switch {
	case n > t.groups:
		t.emit("", `(?!)`)
	case t.flags.fold:
		t.emit("", fmt.Sprintf(`(?i:\%d)`, n))
	default:
		t.emit("", fmt.Sprintf(`(?:\%d)`, n))
	}
}

func (t *translator) namedReference() error {
	t.pos++
	if !t.has("<") {
		return t.fail(`\k is not followed by a group name`)
	}
	name, err := t.until('>', "the name of a group")
	if err != nil {
		return err
	}
	n := t.names[name]
	if n == 0 {
		return t.fail("there is no group of that name")
	}
	t.backTo(n)
	return nil
}

// property reads \p{name}, \pL and their opposites, at the letter p.
func (t *translator) property() (runeSet, error) {
	negated := t.src[t.pos] == 'P'
	t.pos++
	if !t.more() {
		return nil, t.fail("a property has no name")
	}
	name := string(t.src[t.pos])
	t.pos++
	if name == "{" {
		var err error
		if name, err = t.until('}', "the name of a property"); err != nil {
			return nil, err
		}
	}
	if rest, ok := strings.CutPrefix(name, "^"); ok {
		name, negated = rest, !negated
	}
	set, ok := propertySet(name, t.flags.wide)
	if !ok {
		return nil, t.fail("unknown character property")
	}
	if negated {
		set = set.negate()
	}
	return set, nil
}

var controls = map[rune]rune{'t': '\t', 'n': '\n', 'r': '\r', 'f': '\f', 'a': '\a', 'e': 0x1b}

// character reads an escape that stands for one character.
func (t *translator) character() (rune, error) {
	c := t.src[t.pos]
	t.pos++
	if r, ok := controls[c]; ok {
		return r, nil
	}
	switch c {
	case '0':
		return t.octal()
	case 'x':
		if t.has("{") {
			digits, err := t.until('}', "a character code")
			if err != nil {
				return 0, err
			}
			return t.code(digits)
		}
		return t.hex(2)
	case 'u':
		return t.unicode()
	case 'c':
		if !t.more() {
			return 0, t.fail(`\c is not followed by a character`)
		}
		t.pos++
		return t.src[t.pos-1] ^ 64, nil
	}
	if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '1' <= c && c <= '9' {
		return 0, t.fail("unknown escape of %q", c)
	}
	return c, nil
}

func (t *translator) hex(n int) (rune, error) {
	if t.pos+n > len(t.src) {
		return 0, t.fail("a character code is too short")
	}
	t.pos += n
	return t.code(string(t.src[t.pos-n : t.pos]))
}

func (t *translator) code(digits string) (rune, error) {
	n, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || n > unicode.MaxRune {
		return 0, t.fail("malformed character code")
	}
	return rune(n), nil
}

// unicode reads the digits of \uXXXX, and a second one that completes a pair.
func (t *translator) unicode() (rune, error) {
	r, err := t.hex(4)
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	mark := t.pos
	if t.has(`\u`) {
		if low, err := t.hex(4); err == nil && utf16.DecodeRune(r, low) != unicode.ReplacementChar {
			return utf16.DecodeRune(r, low), nil
		}
	}
	t.pos = mark
	return r, nil
}

// octal reads up to three digits, to \0377.
func (t *translator) octal() (rune, error) {
	n, count := rune(0), 0
	for t.more() && count < 3 && '0' <= t.src[t.pos] && t.src[t.pos] <= '7' && n*8+t.src[t.pos]-'0' <= 0377 {
		n = n*8 + t.src[t.pos] - '0'
		t.pos++
		count++
	}
	if count == 0 {
		return 0, t.fail("an octal code has no digits")
	}
	return n, nil
}
