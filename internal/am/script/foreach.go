package script

import (
	"regexp"
	"strings"
)

// forEach is a loop over values, an extension of Rhino: for each (var v in list).
var forEach = regexp.MustCompile(`^for\s+each\s*\(`)

// withoutForEach writes such loops as "for of" what the function of that name gives, on the same lines. It is only asked for a text that does
// not parse, so that a text has to have such a loop and nothing else that is not known here.
func withoutForEach(source string) (string, bool) {
	var b strings.Builder
	changed := false
	for at := 0; at < len(source); {
		if end := passed(source, at); end > at { // a text or a comment
			b.WriteString(source[at:end])
			at = end
			continue
		}
		if loc := loopAt(source, at); loc > 0 {
			open := at + loc
			in, end := headOf(source, open)
			if end < 0 {
				return "", false
			}
			b.WriteString("for (" + source[open:in] + "of " + eachName + "(" + source[in+2:end] + ")")
			b.WriteString(strings.Repeat("\n", strings.Count(source[at:open], "\n")))
			at, changed = end, true
			continue
		}
		b.WriteByte(source[at])
		at++
	}
	return b.String(), changed
}

// headOf finds the word "in" of a loop's head, and where the head ends; -1 for none.
func headOf(source string, at int) (in, end int) {
	in = -1
	for depth := 0; at < len(source); {
		if next := passed(source, at); next > at {
			at = next
			continue
		}
		switch c := source[at]; {
		case c == '(' || c == '[' || c == '{':
			depth++
		case depth == 0 && c == ')':
			if in < 0 {
				return -1, -1
			}
			return in, at
		case c == ')' || c == ']' || c == '}':
			depth--
		case depth == 0 && in < 0 && strings.HasPrefix(source[at:], "in") && at > 0 && !isWord(source[at-1]) && at+2 < len(source) && !isWord(source[at+2]):
			in = at
		}
		at++
	}
	return -1, -1
}

// passed is where a text or a comment that begins here ends; else at itself.
func passed(source string, at int) int {
	switch rest := source[at:]; {
	case strings.HasPrefix(rest, "//"):
		if n := strings.IndexByte(rest, '\n'); n >= 0 {
			return at + n
		}
		return len(source)
	case strings.HasPrefix(rest, "/*"):
		if n := strings.Index(rest[2:], "*/"); n >= 0 {
			return at + n + 4
		}
		return len(source)
	case rest[0] == '"' || rest[0] == '\'' || rest[0] == '`':
		for i := 1; i < len(rest); i++ {
			switch rest[i] {
			case '\\':
				i++
			case rest[0]:
				return at + i + 1
			}
		}
		return len(source)
	}
	return at
}

// eachName is the function that gives the values of an array, a collection or an object.
const eachName = "__valuesOf"

const eachSource = `(function (o) {
  if (o === null || o === undefined) { return []; }
  if (typeof o[Symbol.iterator] === "function") { return o; }
  var out = [];
  for (var k in o) { out.push(o[k]); }
  return out;
})`

// loopAt is the length of the words that begin such a loop here, 0 for none.
func loopAt(source string, at int) int {
	if source[at] != 'f' || at > 0 && isWord(source[at-1]) {
		return 0
	}
	return len(forEach.FindString(source[at:min(len(source), at+64)]))
}
