package expr

import (
	"math"
	"strings"

	"gatehouse/internal/javaregexp"
)

// textMethods are methods of java.lang.String; the first parameter is the
// text. Those missing here cannot be called.
var textMethods = []Function{
	textMethod("charAt", "(text string, index integer) string", "The character at index, from 0.",
		func(_ Site, s string, args []Value) (Value, error) {
			i, err := within(args[0], 0, unitLen(s)-1)
			if err != nil {
				return nil, err
			}
			return units(s, i, i+1), nil
		}, Example{`'abc'.charAt(1)`, "b"}),
	textMethod("compareTo", "(text string, other string) integer", "Below 0, 0 or above 0, as text sorts before, with or after other.",
		func(_ Site, s string, args []Value) (Value, error) {
			other, err := given(args[0])
			return int64(strings.Compare(s, other)), err
		}, Example{`'a'.compareTo('b') < 0`, true}),
	textMethod("concat", "(text string, more string) string", "Text and more, one after the other.",
		func(_ Site, s string, args []Value) (Value, error) {
			more, err := given(args[0])
			if len(s)+len(more) > MaxText {
				return nil, tooLong()
			}
			return s + more, err
		}, Example{`'a'.concat('b')`, "ab"}, Example{`'a'.concat(1)`, "a1"}),
	textMethod("contains", "(text string, part string) boolean", "True if part occurs in text.",
		func(_ Site, s string, args []Value) (Value, error) {
			part, err := given(args[0])
			return strings.Contains(s, part), err
		}, Example{`'abc'.contains('bc')`, true}),
	textMethod("endsWith", "(text string, suffix string) boolean", "True if text ends with suffix.",
		func(_ Site, s string, args []Value) (Value, error) {
			suffix, err := given(args[0])
			return strings.HasSuffix(s, suffix), err
		}, Example{`'abc'.endsWith('bc')`, true}),
	textMethod("equalsIgnoreCase", "(text string, other string) boolean", "True if both are the same but for case.",
		func(_ Site, s string, args []Value) (Value, error) {
			other, ok := args[0].(string)
			return ok && strings.EqualFold(s, other), nil
		}, Example{`'abc'.equalsIgnoreCase('ABC')`, true}, Example{`'abc'.equalsIgnoreCase(null)`, false}),
	textMethod("getBytes", "(text string) bytes", "The UTF-8 form.",
		func(_ Site, s string, _ []Value) (Value, error) { return []byte(s), nil },
		Example{`encodeBase64('a'.getBytes())`, "YQ=="}),
	textMethod("hashCode", "(text string) integer", "The hash code of the text in Java.",
		func(_ Site, s string, _ []Value) (Value, error) { return hashCode(s), nil },
		Example{`'abc'.hashCode()`, int64(96354)}),
	textMethod("indexOf", "(text string, part string, from integer?) integer", "The first position of part, not before from; -1 if there is none.",
		func(_ Site, s string, args []Value) (Value, error) {
			part, err := given(args[0])
			if err != nil {
				return nil, err
			}
			from := 0
			if n, ok := args[1].(int64); ok {
				from = byteOffset(s, int(min(max(n, 0), math.MaxInt32)))
			}
			i := strings.Index(s[from:], part)
			if i < 0 {
				return int64(-1), nil
			}
			return int64(unitLen(s[:from+i])), nil
		}, Example{`'abcabc'.indexOf('b')`, int64(1)}, Example{`'abcabc'.indexOf('b', 2)`, int64(4)}),
	textMethod("isBlank", "(text string) boolean", "True if there is nothing but white space.",
		func(_ Site, s string, _ []Value) (Value, error) { return strings.TrimSpace(s) == "", nil },
		Example{`' '.isBlank()`, true}),
	textMethod("isEmpty", "(text string) boolean", "True if there are no characters.",
		func(_ Site, s string, _ []Value) (Value, error) { return s == "", nil },
		Example{`''.isEmpty()`, true}),
	textMethod("lastIndexOf", "(text string, part string) integer", "The last position of part; -1 if there is none.",
		func(_ Site, s string, args []Value) (Value, error) {
			part, err := given(args[0])
			return int64(unitOffset(s, strings.LastIndex(s, part))), err
		}, Example{`'abcabc'.lastIndexOf('b')`, int64(4)}),
	textMethod("length", "(text string) integer", "The number of characters (UTF-16 units).",
		func(_ Site, s string, _ []Value) (Value, error) { return int64(unitLen(s)), nil },
		Example{`'abc'.length()`, int64(3)}),
	textMethod("matches", "(text string, regex regex) boolean", "True if regex matches the whole of text.",
		func(site Site, s string, args []Value) (Value, error) {
			re, err := strictRegexp(site, args[0])
			if err != nil {
				return nil, err
			}
			return re.Match(s)
		}, Example{`'abc'.matches('b')`, false}, Example{`'abc'.matches('a.*')`, true}),
	textMethod("repeat", "(text string, count integer) string", "The text count times.",
		func(_ Site, s string, args []Value) (Value, error) {
			n, err := within(args[0], 0, math.MaxInt32)
			if err != nil {
				return nil, err
			}
			if n > 0 && len(s) > MaxText/n {
				return nil, tooLong()
			}
			return strings.Repeat(s, n), nil
		}, Example{`'ab'.repeat(2)`, "abab"}),
	textMethod("replace", "(text string, old string, new string) string", "The text with each old replaced by new, literally.",
		func(_ Site, s string, args []Value) (Value, error) {
			from, err := given(args[0])
			if err != nil {
				return nil, err
			}
			to, err := given(args[1])
			if err != nil {
				return nil, err
			}
			if n := strings.Count(s, from); n > 0 && len(to) > (MaxText-len(s))/n {
				return nil, tooLong()
			}
			return strings.ReplaceAll(s, from, to), nil
		}, Example{`'a.b.c'.replace('.', '-')`, "a-b-c"}),
	textMethod("replaceAll", "(text string, regex regex, replacement string) string", "The text with each occurrence of regex replaced; $1 is a group.",
		replaceCall(true), Example{`'a1b22'.replaceAll('([0-9]+)', '<$1>')`, "a<1>b<22>"}),
	textMethod("replaceFirst", "(text string, regex regex, replacement string) string", "The text with the first occurrence of regex replaced.",
		replaceCall(false), Example{`'a1b22'.replaceFirst('[0-9]+', '')`, "ab22"}),
	textMethod("split", "(text string, regex regex, limit integer?) list", "The pieces between the occurrences of regex, at most limit.",
		func(site Site, s string, args []Value) (Value, error) {
			re, err := strictRegexp(site, args[0])
			if err != nil {
				return nil, err
			}
			limit, _ := args[1].(int64)
			return re.Split(s, int(min(max(limit, -1), math.MaxInt32)))
		}, Example{`'a,b,,'.split(',')`, []string{"a", "b"}}, Example{`'a,b,c'.split(',', 2)`, []string{"a", "b,c"}}),
	textMethod("startsWith", "(text string, prefix string, from integer?) boolean", "True if text, from that position, starts with prefix.",
		func(_ Site, s string, args []Value) (Value, error) {
			prefix, err := given(args[0])
			if err != nil {
				return nil, err
			}
			if n, ok := args[1].(int64); ok {
				if n < 0 || n > int64(unitLen(s)) {
					return false, nil
				}
				s = s[byteOffset(s, int(n)):]
			}
			return strings.HasPrefix(s, prefix), nil
		}, Example{`'abc'.startsWith('ab')`, true}, Example{`'abc'.startsWith('c', 2)`, true}),
	textMethod("strip", "(text string) string", "The text without white space at both ends.",
		func(_ Site, s string, _ []Value) (Value, error) { return strings.TrimSpace(s), nil },
		Example{`' a '.strip()`, "a"}),
	textMethod("substring", "(text string, from integer, to integer?) string", "The characters from position from up to, not including, to.",
		func(_ Site, s string, args []Value) (Value, error) {
			size := unitLen(s)
			to := size
			var err error
			if args[1] != nil {
				if to, err = within(args[1], 0, size); err != nil {
					return nil, err
				}
			}
			from, err := within(args[0], 0, to)
			if err != nil {
				return nil, err
			}
			return units(s, from, to), nil
		}, Example{`'Bearer abc'.substring(7)`, "abc"}, Example{`'abc'.substring(0, 1)`, "a"}),
	textMethod("toLowerCase", "(text string) string", "The text in lower case.",
		func(_ Site, s string, _ []Value) (Value, error) { return lowerCase(s), nil },
		Example{`'AbC'.toLowerCase()`, "abc"}),
	textMethod("toUpperCase", "(text string) string", "The text in upper case.",
		func(_ Site, s string, _ []Value) (Value, error) { return upperCase(s), nil },
		Example{`'AbC'.toUpperCase()`, "ABC"}),
	textMethod("trim", "(text string) string", "The text without characters up to U+0020 at both ends.",
		func(_ Site, s string, _ []Value) (Value, error) { return trim(s), nil },
		Example{`' a '.trim()`, "a"}),
}

var textMethodTable = tableOf(textMethods)

// textMethod is a method whose receiver is there for certain.
func textMethod(name, sig, doc string, call func(site Site, s string, args []Value) (Value, error), examples ...Example) Function {
	return Function{
		Name: name, Sig: sig, Doc: doc, Examples: examples,
		Call: func(site Site, args []Value) (Value, error) {
			s, _ := args[0].(string)
			v, err := call(site, s, args[1:])
			if err != nil {
				return nil, err
			}
			return v, nil
		},
	}
}

// given is an argument that Java would not accept null for.
func given(v Value) (string, error) {
	text, ok := v.(string)
	if !ok {
		return "", failf("the argument is null")
	}
	return text, nil
}

// within is an index that has to be from least to most.
func within(v Value, least, most int) (int, error) {
	n, ok := v.(int64)
	if !ok {
		return 0, failf("the index is null")
	}
	if n < int64(least) || n > int64(most) {
		return 0, failf("the index is out of range")
	}
	return int(n), nil
}

// strictRegexp makes a malformed pattern an error, as methods of strings do.
func strictRegexp(site Site, pattern Value) (*javaregexp.Regexp, error) {
	src, err := given(pattern)
	if err != nil {
		return nil, err
	}
	return site.regexp(src)
}

func replaceCall(all bool) func(Site, string, []Value) (Value, error) {
	return func(site Site, s string, args []Value) (Value, error) {
		re, err := strictRegexp(site, args[0])
		if err != nil {
			return nil, err
		}
		replacement, err := given(args[1])
		if err != nil {
			return nil, err
		}
		return re.Replace(s, replacement, all)
	}
}
