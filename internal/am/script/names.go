package script

import (
	"regexp"
	"strings"
)

// names are the words of a script's text: a variable whose name is not among them need
// not be made.
type names struct {
	words map[string]bool
	all   bool // the text may form names while it runs
}

func (n *names) has(word string) bool { return n.all || n.words[word] }

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func namesIn(source string) names {
	n := names{words: map[string]bool{}}
	for i := 0; i < len(source); {
		if !isWord(source[i]) {
			i++
			continue
		}
		start := i
		for i < len(source) && isWord(source[i]) {
			i++
		}
		n.words[source[start:i]] = true
		if rest, _, found := strings.Cut(source[start:i], "$"); found { // Groovy's "$name"
			n.words[rest] = true
			for _, part := range strings.Split(source[start:i], "$") {
				n.words[part] = true
			}
		}
	}
	for _, w := range [...]string{"eval", "Function", "constructor", "globalThis", "this", "binding", "getProperty", "getVariable"} {
		n.all = n.all || n.words[w]
	}
	n.all = n.all || computed(source) || strings.Contains(source, `\u`)
	return n
}

var (
	// member finds brackets behind a value: a[b], f()[b], "s"[b]; and behind comments,
	// which may stand between.
	member = regexp.MustCompile(`[\w$)\]}"'` + "`" + `?./\n]\s*\[\s*(?:(\d{1,6}|"[^"\\\n]*"|'[^'\\\n]*')\s*\])?`)
	// computedKey finds { [a]: b } and { [a]() {} }.
	computedKey = regexp.MustCompile(`[{,]\s*(?:get|set|async|static)?\s*\*?\s*\[[^\]]*\]\s*[:(]`)
)

// computed tells whether the text reads members by names that it may put together.
func computed(source string) bool {
	for _, m := range member.FindAllStringSubmatchIndex(source, -1) {
		if m[2] < 0 {
			return true
		}
	}
	return computedKey.MatchString(source)
}

// farReaching are the words without which no script makes very long arrays, or comes to
// a built-in function under another name.
var farReaching = strings.Fields(`
	ArrayBuffer SharedArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array
	Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array BigInt raw normalize
	prototype __proto__ Reflect Proxy call apply bind Symbol RegExp`)

// enlarging are the functions that make much out of little.
var enlarging = strings.Fields(`
	repeat padStart padEnd replace replaceAll join concat split match matchAll search stringify`)

var (
	bigNumber = regexp.MustCompile(`\d_?n\b`)
	// harmless finds uses of Array and Object that make nothing long.
	harmless = regexp.MustCompile(`\bArray\.isArray\b|\bObject\.(?:keys|values|entries)\b`)
	word     = regexp.MustCompile(`\b(?:Array|Object)\b`)
	// lengthRead finds a length that is read, lengthCount one that is counted up or down.
	lengthRead  = regexp.MustCompile(`\.\s*length\s*(?:$|[;):]|[=!]==?|<[^<]|>[^>]|\?[^?]|&&[^=]|\|\|[^=]|[-+*/%][^-+*/=>])`)
	lengthWord  = regexp.MustCompile(`\blength\b`)
	lengthCount = regexp.MustCompile(`(?:\+\+|--)[\s\w.$()]*\.\s*length`)
)

// guard tells which built-in functions a JavaScript text needs guarded.
type guard int

const (
	guardNone guard = iota
	guardNamed
	guardAll
)

func guardFor(source string, n names) guard {
	if n.all || bigNumber.MatchString(source) || lengthCount.MatchString(source) ||
		len(lengthWord.FindAllStringIndex(source, -1)) != len(lengthRead.FindAllStringIndex(source, -1)) ||
		len(word.FindAllStringIndex(source, -1)) != len(harmless.FindAllStringIndex(source, -1)) {
		return guardAll
	}
	for _, w := range farReaching {
		if n.words[w] {
			return guardAll
		}
	}
	for _, w := range enlarging {
		if n.words[w] {
			return guardNamed
		}
	}
	return guardNone
}

var keyword = regexp.MustCompile(`\bfunction\s*[\w$]*\s*\([^()]*\)\s*\{`)

// functionKeyword tells whether JavaScript's keyword is in the text outside of comments.
func functionKeyword(source string) bool {
	return keyword.MatchString(comments.ReplaceAllString(source, " "))
}

var comments = regexp.MustCompile(`(?s)/\*.*?\*/|(?m)(?:^|\s)//.*$`)
