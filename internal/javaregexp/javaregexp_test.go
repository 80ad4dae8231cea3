package javaregexp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Expected results are those of java.util.regex, JDK 17; but \b and \B are those
// of JDK 19 and later.
func TestRegexp(t *testing.T) {
	tests := []struct {
		pattern, text string
		find, match   bool
	}{
		{`^/abc`, "/abc/d", true, false},
		{`^/abc`, "x/abc", false, false},
		{`^/abc$`, "/abc", true, true},
		{`^/abc$`, "/abc\n", true, false},
		{`^/abc$`, "/abc\nx", false, false},
		{`^/abc$`, "/abc\u2028", true, false},
		{`^/abc\z`, "/abc\n", false, false},
		{`^/abc\Z`, "/abc\r\n", true, false},
		{`a$`, "a\r\n", true, false},
		{`a\r$`, "a\r\n", false, false},
		{`abc`, "xabcx", true, false},
		{`abc$`, "xabc", true, false},
		{`abc$`, "xabc\n", true, false},
		{`^/a.*`, "/abc", true, true},
		{`^/a.*`, "/ab\nc", true, false},
		{`^/a.*$`, "/ab\nc", false, false},
		{`^/a.*$`, "/abc\n", true, false},
		{`/a.*`, "/abc", true, true},
		{`^(/a|/b)/c`, "/b/c/d", true, false},
		{`^/a|^/b`, "/b", true, true},
		{`^/ab?`, "/a", true, true},
		{`^/ab+`, "/a", false, false},
		{`^/ab{2}`, "/ab", false, false},
		{`^/ab{2}`, "/abb", true, true},
		{`.`, "\n", false, false},
		{`.`, "\r", false, false},
		{`.`, "\u0085", false, false},
		{`(?s).`, "\n", true, true},
		{`(?d).`, "\r", true, true},
		{`(?m)^b$`, "a\nb\nc", true, false},
		{`(?m)^$`, "a\n", false, false},
		{`(?m)^$`, "", false, false},
		{`(?m)^`, "a", true, false},
		{`\bä`, "ä", false, false},
		{`(?m)a$`, "xa\r\ny", true, false},
		{`(?i)AbC`, "aBc", true, true},
		{`(?i)k`, "\u212a", false, false},
		{`(?iu)k`, "\u212a", true, true},
		{`(?i)ä`, "Ä", false, false},
		{`(?iu)ä`, "Ä", true, true},
		{`(?i)[^k]`, "K", false, false},
		{`(?i:a)b`, "Ab", true, true},
		{`(?i:a)b`, "AB", false, false},
		{`a(?i)b|c`, "C", true, true},
		{`(?x) a b # comment`, "ab", true, true},
		{`(?x)[a b]`, " ", false, false},
		{`\d`, "\u0663", false, false},
		{`(?U)\d`, "\u0663", true, true},
		{`\w+`, "ä", false, false},
		{`(?U)\w+`, "ä", true, true},
		{`\bfoo\b`, "a foo b", true, false},
		{`\Boo\b`, "foo", true, false},
		{`[a-z&&[^aeiou]]`, "b", true, true},
		{`[a-z&&[^aeiou]]`, "e", false, false},
		{`[a-d[m-p]]`, "n", true, true},
		{`[^a-d[m-p]]`, "n", false, false},
		{`[a-z&&def]`, "e", true, true},
		{`[a-z&&[def]&&[d]]`, "e", false, false},
		{`[]a]`, "]", true, true},
		{`[a\]b]`, "]", true, true},
		{`[a-]`, "-", true, true},
		{`[\w-.]`, "-", true, true},
		{`[.\d]+`, "1.2", true, true},
		{`[\Qa-c\E]`, "b", false, false},
		{`[^\d]`, "5", false, false},
		{`[&]`, "&", true, true},
		{`\p{Alpha}\p{L}\pL\p{IsLatin}\p{Lu}`, "aäßzÄ", true, true},
		{`\P{Alpha}`, "ä", true, true},
		{`\p{IsAlphabetic}\p{javaLowerCase}\p{Punct}`, "äb!", true, true},
		{`\p{InCombiningDiacriticalMarks}\p{InGreek}\p{block=Latin-1 Supplement}`, "\u0301αé", true, true},
		{`\p{script=Greek}\p{IsGreek}`, "αβ", true, true},
		{`\h\v\R`, "\t\n\r\n", true, true},
		{`\R`, "\r\n", true, true},
		{`\Qa.b\E+`, "a.bbb", true, true},
		{`\Qa.b`, "a.b", true, true},
		{`\x41\u0042\x{43}\0104\t\e\cA`, "ABCD\t\x1b\x01", true, true},
		{`\uD83D\uDE00`, "😀", true, true},
		{`(a)\1`, "aa", true, true},
		{`(a)\11`, "aa1", true, true},
		{`\1(a)`, "aa", false, false},
		{`(?<x>a)\k<x>`, "aa", true, true},
		{`(?i)(a)\1`, "aA", true, true},
		{`(?=a)ab`, "ab", true, true},
		{`a(?!b)`, "ab", false, false},
		{`(?<=a)b`, "ab", true, false},
		{`(?<!a)b`, "ab", false, false},
		{`(?>a*)a`, "aaa", false, false},
		{`a*+a`, "aaa", false, false},
		{`a++b`, "aab", true, true},
		{`(?:ab)?+c`, "abc", true, true},
		{`a{2,3}+a`, "aaa", false, false},
		{`a{2000}`, strings.Repeat("a", 2000), true, true},
		{`a{1,}?`, "aaa", true, true},
		{`a|b|`, "c", true, false},
		{`}`, "}", true, true},
		{`]`, "]", true, true},
		{``, "", true, true},
		{`^`, "x", true, false},
		{`$`, "x", true, false},
		{`ä.ö`, "äüö", true, true},
		{`^/ü`, "/üx", true, false},
		{`\Ga`, "ba", false, false},
		{`[^/]+/x`, "a\nb/x", true, true},
		{`a.c`, "a\xffc", true, true},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s on %q", tt.pattern, tt.text), func(t *testing.T) {
			re, err := Compile(tt.pattern)
			if err != nil {
				t.Fatal(err)
			}
			find, err := re.Find(tt.text)
			if err != nil || find != tt.find {
				t.Errorf("Find = %v, %v, want %v", find, err, tt.find)
			}
			match, err := re.Match(tt.text)
			if err != nil || match != tt.match {
				t.Errorf("Match = %v, %v, want %v", match, err, tt.match)
			}
			// The ways of running a pattern must agree.
			slow, whole, err := re.slow()
			if err != nil {
				t.Fatalf("the backtracking form %s: %v", re.java.slow, err)
			}
			if got, err := slow.MatchString(tt.text); err != nil || got != tt.find {
				t.Errorf("backtracking %s: find = %v, %v, want %v", re.java.slow, got, err, tt.find)
			}
			if got, err := whole.MatchString(tt.text); err != nil || got != tt.match {
				t.Errorf("backtracking %s: match = %v, %v, want %v", re.java.slow, got, err, tt.match)
			}
			if re.isQuick(tt.text) {
				if got := re.quick.MatchString(tt.text); got != tt.find {
					t.Errorf("quick %s: find = %v, want %v", re.java.quick, got, tt.find)
				}
			}
			if groups, err := re.Submatches(tt.text); err != nil || (groups != nil) != tt.find {
				t.Errorf("Submatches = %v, %v", groups, err)
			}
		})
	}
}

func TestRegexpErrors(t *testing.T) {
	for _, pattern := range []string{
		`[`, `[a`, `[]`, `[a-\d]`, `[z-a]`, `(`, `)`, `(?`, `(?<`, `(?<1a>x)`, `(?<a>x)(?<a>y)`, `(?q)`, `(?P<a>x)`,
		`*`, `a**`, `a{`, `a{x}`, `a{2,1}`, `{1}`, `\`, `\y`, `\p`, `\p{Nope}`, `\p{`, `\x4`, `\u12`, `\k<a>`, `\ka`,
		`\0`, `\08`, `\c`, `[\`, `[a&&`, `[&&a]`, `a{99999999999}`, `a?{2}`, `[\b]`,
		strings.Repeat("(", maxGroupDepth+1), strings.Repeat("[a", maxGroupDepth+2), strings.Repeat("a", MaxPattern+1),
	} {
		if re, err := Compile(pattern); err == nil {
			t.Errorf("Compile(%q): no error (%s)", pattern[:min(len(pattern), 40)], re.java.slow)
		}
	}
}

func TestSubmatches(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          []any
	}{
		{`user=(\w+)`, "user=bob;", []any{"user=bob", "bob"}},
		{`(a)|(b)`, "b", []any{"b", nil, "b"}},
		{`x`, "y", nil},
		{`(?<n>a)(b)`, "ab", []any{"ab", "a", "b"}},
		{`(?<n>a)(b)(?!c)`, "ab", []any{"ab", "a", "b"}},
		{`(ü)(?=x)`, "äüx", []any{"ü", "ü"}},
		{`Cert="(.*?)"`, `Hash=1;Cert="abc";Subject="x"`, []any{`Cert="abc"`, "abc"}},
		{`^Bearer +([^,\s]+)`, "Bearer  abc", []any{"Bearer  abc", "abc"}},
	}
	for _, tt := range tests {
		re, err := Compile(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		got, err := re.Submatches(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.pattern, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s on %q: want -, got +\n%s", tt.pattern, tt.text, diff)
		}
	}
}

func TestSplitAndReplace(t *testing.T) {
	splits := []struct {
		text, pattern string
		limit         int
		want          []string
	}{
		{"boo:and:foo", ":", 2, []string{"boo", "and:foo"}},
		{"boo:and:foo", "o", 0, []string{"b", "", ":and:f"}},
		{"boo:and:foo", "o", -1, []string{"b", "", ":and:f", "", ""}},
		{"boo:and:foo", "o", 5, []string{"b", "", ":and:f", "", ""}},
		{"abc", "", 0, []string{"a", "b", "c"}},
		{"", ",", 0, []string{""}},
		{",", ",", 0, []string{}},
		{",a", ",", 0, []string{"", "a"}},
		{"aXbXc", "(?<=X)", 0, []string{"aX", "bX", "c"}},
		{"a1b2", "(?=[0-9])", 0, []string{"a", "1b", "2"}},
		{"äöü", "ö", 0, []string{"ä", "ü"}},
	}
	for _, tt := range splits {
		re, err := Compile(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		got, err := re.Split(tt.text, tt.limit)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("split %q at %s, %d: %v, want -, got +\n%s", tt.text, tt.pattern, tt.limit, err, diff)
		}
	}
	replacements := []struct {
		text, pattern, by, want string
		all, fails              bool
	}{
		{"aab", "a*", "x", "xxbx", true, false},
		{"a1b22", "([0-9])([0-9])?", "<$1$2>", "a<1>b<22>", true, false},
		{"abc", "(?<n>b)", "[${n}]", "a[b]c", true, false},
		{"abc", "b", `\$1`, "a$1c", true, false},
		{"aaa", "a", "b", "baa", false, false},
		{"abab", "^ab", "x", "xab", true, false},
		{"foo bar", `\b`, "|", "|foo| |bar|", true, false},
		{"a.b", `\.`, `\\`, `a\b`, true, false},
		{"ab", "(a)", "$12", "a2b", true, false},
		{"ab", "a", "$1", "", true, true},
		{"ab", "a", "$", "", true, true},
		{"ab", "a", "${x}", "", true, true},
		{"ab", "a", `\`, "", true, true},
		{"ab", "x", "$9", "ab", true, false},
	}
	for _, tt := range replacements {
		re, err := Compile(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		got, err := re.Replace(tt.text, tt.by, tt.all)
		if tt.fails != (err != nil) || err == nil && got != tt.want {
			t.Errorf("replace %s in %q by %s = %q, %v, want %q", tt.pattern, tt.text, tt.by, got, err, tt.want)
		}
	}
}

// Text that is not UTF-8 is edited at the right places by either engine.
func TestReplaceInBrokenText(t *testing.T) {
	re, err := Compile(`\bx`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := re.Replace("\xff\xff x\xff x", "y", true)
	if want := "\uFFFD y\uFFFD y"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestExpand(t *testing.T) {
	groups := []any{"abc", "b", nil}
	tests := map[string]string{
		`$0-$1`: "abc-b", `[$2]`: "[]", `$7`: "", `$10`: "", `$1\0`: "b0", `\$1`: "$1", `$`: "$", `a$b`: "a$b", `\`: `\`,
		`$99999999999999999999`: "",
	}
	for template, want := range tests {
		if got := Expand(template, groups); got != want {
			t.Errorf("Expand(%s) = %q, want %q", template, got, want)
		}
	}
}
