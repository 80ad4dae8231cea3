package javaregexp

import (
	"strings"
	"unicode"
)

// Predefined classes of java.util.regex.Pattern. Without the flag U they are
// about ASCII.
var (
	digitSet    = span('0', '9')
	wordSet     = runeSet{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}
	spaceSet    = runeSet{{'\t', '\r'}, {' ', ' '}}
	linesSet    = charSet("\n\r\u0085\u2028\u2029")
	verticalSet = charSet("\n\x0B\f\r\u0085\u2028\u2029")
	blankSet    = charSet(" \t\u00A0\u1680\u180e\u202f\u205f\u3000").union(span('\u2000', '\u200a'))
	letterSet   = runeSet{{'A', 'Z'}, {'a', 'z'}}
	punctSet    = runeSet{{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}
)

// posixSets are \p{...} that are about ASCII only (section "POSIX character
// classes (US-ASCII only)" of the Pattern documentation).
var posixSets = map[string]runeSet{
	"Lower": span('a', 'z'), "Upper": span('A', 'Z'), "ASCII": span(0, 0x7f), "Alpha": letterSet,
	"Digit": digitSet, "Alnum": letterSet.union(digitSet), "Punct": punctSet,
	"Graph": letterSet.union(digitSet).union(punctSet), "Print": span(' ', '~'), "Blank": charSet(" \t"),
	"Cntrl": span(0, 0x1f).union(single(0x7f)), "XDigit": digitSet.union(span('a', 'f')).union(span('A', 'F')),
	"Space": spaceSet,
}

// binaryTables are \p{Is...} and \p{java...} by lower-case name.
var binaryTables = map[string][]*unicode.RangeTable{
	"alphabetic": {unicode.L, unicode.Nl, unicode.Other_Alphabetic}, "ideographic": {unicode.Ideographic},
	"letter": {unicode.L}, "lowercase": {unicode.Ll, unicode.Other_Lowercase},
	"uppercase": {unicode.Lu, unicode.Other_Uppercase}, "titlecase": {unicode.Lt},
	"punctuation": {unicode.P}, "control": {unicode.Cc}, "white_space": {unicode.White_Space},
	"whitespace": {unicode.White_Space}, "digit": {unicode.Nd}, "hex_digit": {unicode.Hex_Digit},
	"join_control": {unicode.Join_Control}, "noncharacter_code_point": {unicode.Noncharacter_Code_Point},
	"letterordigit": {unicode.L, unicode.Nd},
}

// blocks are \p{In...} of scripts that texts here are written in, without spaces,
// hyphens and case (Unicode's Blocks.txt).
var blocks = map[string]runeSet{
	"basiclatin": span(0, 0x7f), "latin1supplement": span(0x80, 0xff), "latinextendeda": span(0x100, 0x17f),
	"latinextendedb": span(0x180, 0x24f), "combiningdiacriticalmarks": span(0x300, 0x36f), "greek": span(0x370, 0x3ff),
	"greekandcoptic": span(0x370, 0x3ff), "cyrillic": span(0x400, 0x4ff), "hebrew": span(0x590, 0x5ff), "arabic": span(0x600, 0x6ff),
	"thai": span(0xe00, 0xe7f), "generalpunctuation": span(0x2000, 0x206f), "currencysymbols": span(0x20a0, 0x20cf),
	"arrows": span(0x2190, 0x21ff), "hiragana": span(0x3040, 0x309f), "katakana": span(0x30a0, 0x30ff),
	"cjkunifiedideographs": span(0x4e00, 0x9fff), "hangulsyllables": span(0xac00, 0xd7af),
}

func namedBlock(name string) (runeSet, bool) {
	s, ok := blocks[strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "").Replace(name))]
	return s, ok
}

func tablesSet(tables ...*unicode.RangeTable) runeSet {
	var s runeSet
	for _, t := range tables {
		s = append(s, tableSet(t)...)
	}
	return s.normal()
}

// propertySet is the set of \p{name}.
func propertySet(name string, wide bool) (runeSet, bool) {
	if s, ok := posixSets[name]; ok {
		if wide {
			return widePosix(name, s), true
		}
		return s, true
	}
	if key, value, ok := strings.Cut(name, "="); ok {
		switch strings.ToLower(key) {
		case "script", "sc":
			return namedTable(unicode.Scripts, value)
		case "general_category", "gc":
			return namedTable(unicode.Categories, value)
		case "block", "blk":
			return namedBlock(value)
		}
		return nil, false
	}
	if rest, ok := strings.CutPrefix(name, "java"); ok {
		return binarySet(rest)
	}
	if rest, ok := strings.CutPrefix(name, "In"); ok {
		return namedBlock(rest)
	}
	if rest, ok := strings.CutPrefix(name, "Is"); ok {
		if s, ok := binarySet(rest); ok {
			return s, true
		}
		if s, ok := namedTable(unicode.Scripts, rest); ok {
			return s, true
		}
		return namedTable(unicode.Categories, rest)
	}
	if name == "L1" {
		return span(0, 0xff), true
	}
	if name == "all" {
		return span(0, unicode.MaxRune), true
	}
	return namedTable(unicode.Categories, name)
}

func binarySet(name string) (runeSet, bool) {
	tables, ok := binaryTables[strings.ToLower(name)]
	return tablesSet(tables...), ok
}

func namedTable(tables map[string]*unicode.RangeTable, name string) (runeSet, bool) {
	if t, ok := tables[name]; ok {
		return tableSet(t), true
	}
	for key, t := range tables {
		if strings.EqualFold(key, name) && len(name) > 2 { // scripts; categories have case
			return tableSet(t), true
		}
	}
	return nil, false
}

// widePosix is a POSIX class under the flag U.
func widePosix(name string, ascii runeSet) runeSet {
	switch name {
	case "Lower":
		s, _ := binarySet("lowercase")
		return s
	case "Upper":
		s, _ := binarySet("uppercase")
		return s
	case "Alpha":
		s, _ := binarySet("alphabetic")
		return s
	case "Digit":
		return tableSet(unicode.Nd)
	case "Alnum":
		s, _ := binarySet("alphabetic")
		return s.union(tableSet(unicode.Nd))
	case "Punct":
		return tableSet(unicode.P)
	case "Space":
		return tableSet(unicode.White_Space)
	case "Cntrl":
		return tableSet(unicode.Cc)
	}
	return ascii
}

// shorthand is the set of \d, \w, \s, \h or \v and of their opposites.
func shorthand(c rune, wide bool) (runeSet, bool) {
	var s runeSet
	switch unicode.ToLower(c) {
	case 'd':
		s = digitSet
		if wide {
			s = tableSet(unicode.Nd)
		}
	case 'w':
		s = wordSet
		if wide {
			s = tablesSet(unicode.L, unicode.Nl, unicode.Other_Alphabetic, unicode.M, unicode.Nd, unicode.Pc, unicode.Join_Control)
		}
	case 's':
		s = spaceSet
		if wide {
			s = tableSet(unicode.White_Space)
		}
	case 'h':
		s = blankSet
	case 'v':
		s = verticalSet
	default:
		return nil, false
	}
	if unicode.IsUpper(c) {
		s = s.negate()
	}
	return s, true
}
