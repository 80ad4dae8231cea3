package groovy

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// Java counts strings in UTF-16 units. These functions do so on Go strings;
// text in ASCII, the usual case, takes the direct way.

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// upperCase and lowerCase are Java's, where one character may become several.
func upperCase(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	return cases.Upper(language.Und).String(s)
}

func lowerCase(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return cases.Lower(language.Und).String(s)
}

// jlen is String.length.
func jlen(s string) int {
	if isASCII(s) {
		return len(s)
	}
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

// jbyte turns a UTF-16 index into a byte offset; in range 0..jlen.
func jbyte(s string, i int) int {
	n := 0
	for off, r := range s {
		if n >= i {
			return off
		}
		n++
		if r > 0xffff {
			n++
		}
	}
	return len(s)
}

// jsub is String.substring for a range already checked.
func jsub(s string, from, to int) string {
	if isASCII(s) {
		return s[from:to]
	}
	u := utf16.Encode([]rune(s))
	return string(utf16.Decode(u[from:to]))
}

// jat is the unit at i.
func jat(s string, i int) Char {
	if isASCII(s) {
		return Char(s[i])
	}
	return Char(utf16.Encode([]rune(s))[i])
}

// jindex turns a byte offset into a UTF-16 index; -1 stays.
func jindex(s string, off int) int {
	if off <= 0 {
		return off
	}
	return jlen(s[:off])
}

func jindexOf(s, sub string, from int) int {
	if from < 0 {
		from = 0
	}
	if from > jlen(s) {
		return -1
	}
	b := jbyte(s, from)
	i := strings.Index(s[b:], sub)
	if i < 0 {
		return -1
	}
	return jindex(s, b+i)
}

// chars splits into one-unit strings, keeping surrogate pairs together.
func chars(s string) []Value {
	out := make([]Value, 0, len(s))
	for _, r := range s {
		out = append(out, string(r))
	}
	return out
}
