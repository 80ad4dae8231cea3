package expr

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// Java counts texts in UTF-16 code units, and so do length, indexOf and
// substring. Texts are mostly ASCII, where the units are the bytes.

func isASCII(s string) bool {
	for i := range len(s) {
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

// unitLen is the length of s in code units.
func unitLen(s string) int {
	if isASCII(s) {
		return len(s)
	}
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// units is s from code unit from up to code unit to, which are in range. Half
// of a pair becomes U+FFFD.
func units(s string, from, to int) string {
	if isASCII(s) {
		return s[from:to]
	}
	return string(utf16.Decode(utf16.Encode([]rune(s))[from:to]))
}

// unitOffset turns a byte offset into code units.
func unitOffset(s string, at int) int {
	if at < 0 {
		return at
	}
	return unitLen(s[:at])
}

// byteOffset turns code units into a byte offset, within s.
func byteOffset(s string, unit int) int {
	if unit <= 0 {
		return 0
	}
	for i, r := range s {
		if unit <= 0 {
			return i
		}
		unit -= max(utf16.RuneLen(r), 1)
	}
	return len(s)
}

// hashCode is String.hashCode.
func hashCode(s string) int64 {
	var h int32
	for _, r := range s {
		if r < 0x10000 {
			h = 31*h + int32(r)
			continue
		}
		hi, lo := utf16.EncodeRune(r)
		h = 31*(31*h+int32(hi)) + int32(lo)
	}
	return int64(h)
}
