package expr

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
)

// ParseProperties reads the format of java.util.Properties.
func ParseProperties(text string) (map[string]any, error) {
	m := map[string]any{}
	for _, line := range logicalLines(text) {
		key, value := cutProperty(line)
		k, err := unescapeProperty(key)
		if err != nil {
			return nil, err
		}
		v, err := unescapeProperty(value)
		if err != nil {
			return nil, err
		}
		m[k] = v
	}
	return m, nil
}

const propertySpace = " \t\f"

// logicalLines joins lines that end in an odd number of backslashes, and drops
// comments and blank lines.
func logicalLines(text string) []string {
	var out []string
	var open *strings.Builder
	for line := range strings.SplitSeq(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n") {
		line = strings.TrimLeft(line, propertySpace)
		if open == nil && (line == "" || line[0] == '#' || line[0] == '!') {
			continue
		}
		if open == nil {
			open = &strings.Builder{}
		}
		slashes := len(line) - len(strings.TrimRight(line, `\`))
		if slashes%2 == 1 {
			open.WriteString(line[:len(line)-1])
			continue
		}
		open.WriteString(line)
		out = append(out, open.String())
		open = nil
	}
	if open != nil {
		out = append(out, open.String())
	}
	return out
}

// cutProperty cuts at the first =, : or white space that is not escaped.
func cutProperty(line string) (key, value string) {
	i := 0
	for i < len(line) && !strings.ContainsRune(propertySpace+"=:", rune(line[i])) {
		if line[i] == '\\' {
			i++
		}
		i++
	}
	i = min(i, len(line))
	rest := strings.TrimLeft(line[i:], propertySpace)
	if rest != "" && (rest[0] == '=' || rest[0] == ':') {
		rest = strings.TrimLeft(rest[1:], propertySpace)
	}
	return line[:i], rest
}

func unescapeProperty(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			break
		}
		switch s[i] {
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 'f':
			b.WriteByte('\f')
		case 'u':
			r, n, err := propertyRune(s[i:])
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
			i += n
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), nil
}

// propertyRune reads uXXXX, and the second half of a pair, and tells how much
// follows the u.
func propertyRune(s string) (r rune, n int, err error) {
	unit := func(s string) (rune, error) {
		if len(s) < 5 || s[0] != 'u' {
			return 0, errors.New(`malformed \u in the file`)
		}
		v, err := strconv.ParseUint(s[1:5], 16, 16)
		if err != nil {
			return 0, errors.New(`malformed \u in the file`)
		}
		return rune(v), nil
	}
	if r, err = unit(s); err != nil || !utf16.IsSurrogate(r) {
		return r, 4, err
	}
	if rest, ok := strings.CutPrefix(s[5:], `\`); ok {
		if low, err := unit(rest); err == nil {
			return utf16.DecodeRune(r, low), 10, nil
		}
	}
	return '\uFFFD', 4, nil
}
