package javaregexp

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzRegexp: the fast and the backtracking form of a pattern agree.
func FuzzRegexp(f *testing.F) {
	for _, s := range []string{`^/a.*$`, `[a-c&&[^b]]+?`, `(?i)x|(?m)^y$`, `\Qa.b\E{2}`, `\p{L}\h\w\D`, `a*+b`, `(a)\1`, `[^\x00-\x{ff}]`} {
		f.Add(s, "/abc\r\n")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 60 || len(text) > 60 || strings.Contains(pattern, "{") {
			return // large repetitions are slow, not interesting
		}
		re, err := Compile(pattern)
		if err != nil {
			return
		}
		find, err := re.Find(text)
		if err != nil {
			return // out of time
		}
		slow, _, err := re.slow()
		if err != nil {
			t.Fatalf("%q: %s: %v", pattern, re.java.slow, err)
		}
		got, err := slow.MatchString(strings.ToValidUTF8(text, "\uFFFD"))
		if err == nil && got != find && utf8.ValidString(text) {
			t.Errorf("%q on %q: Find = %v, backtracking %s = %v", pattern, text, find, re.java.slow, got)
		}
	})
}

// What a pattern is found in starts with one of its prefixes.
func FuzzPrefixes(f *testing.F) {
	for _, s := range []string{`^(/a|/b.*)?/c`, `^a|^b`, `^[ab]c+`, `^(?i)a[b-d]`, `^(a|b)(c|d)$`, `(^a|b)`, `^^a`, `^a{2,3}b`} {
		f.Add(s, "/a/c")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 60 || len(text) > 60 {
			return
		}
		re, err := Compile(pattern)
		if err != nil {
			return
		}
		found, err := re.Find(text)
		matched, err2 := re.Match(text)
		if err != nil || err2 != nil {
			return
		}
		starts := func(p string) bool { return strings.HasPrefix(text, p) }
		if list := re.Prefixes(false); list != nil && found && !slices.ContainsFunc(list, starts) {
			t.Errorf("%q is found in %q, which starts with none of %q", pattern, text, list)
		}
		if list := re.Prefixes(true); list != nil && matched && !slices.ContainsFunc(list, starts) {
			t.Errorf("%q matches %q, which starts with none of %q", pattern, text, list)
		}
	})
}

// What a pattern is found in contains one of the texts that it requires.
func FuzzRequired(f *testing.F) {
	for _, s := range []string{`(/a|/b.*)?/c`, `a|b`, `[ab]c+d`, `(?i)a-[b-d]1`, `(a|b)(c|d)$`, `x(^a|b)`, `a{2,3}b`, `a(?=b)`, `(?<!a)b+?c`, `\ba\Bb`, `a.*(b|cd)*ef`, "a\ufffdb"} {
		f.Add(s, "/a/cdef")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 60 || len(text) > 60 {
			return
		}
		re, err := Compile(pattern)
		if err != nil {
			return
		}
		found, err := re.Find(text)
		if err != nil || !found {
			return
		}
		list := re.Required()
		if list != nil && !slices.ContainsFunc(list, func(s string) bool { return strings.Contains(text, s) }) {
			t.Errorf("%q is found in %q, which contains none of %q", pattern, text, list)
		}
	})
}
