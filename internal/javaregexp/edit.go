package javaregexp

import (
	"fmt"
	"strings"
)

// Split is Pattern.split: with limit 0 empty pieces at the end are dropped,
// above 0 there are no more than that many pieces, below 0 all are kept.
func (r *Regexp) Split(s string, limit int) ([]string, error) {
	pieces, from, many := []string{}, 0, false
	err := r.each(s, func(m match) bool {
		if m.spans[1] == 0 {
			return true // an empty match at the beginning makes no empty piece
		}
		if limit > 0 && len(pieces) == limit-1 {
			return false
		}
		if len(pieces) == maxPieces {
			many = true
			return false
		}
		pieces = append(pieces, m.text[from:m.spans[0]])
		s, from = m.text, m.spans[1]
		return true
	})
	if err != nil {
		return nil, err
	}
	if many {
		return nil, fmt.Errorf("%w: the text has more than %d pieces", ErrLimit, maxPieces)
	}
	if len(pieces) == 0 {
		return []string{s}, nil
	}
	pieces = append(pieces, s[from:])
	for n := len(pieces) - 1; limit == 0 && n >= 0 && pieces[n] == ""; n-- {
		pieces = pieces[:n]
	}
	return pieces, nil
}

// Replace replaces the first occurrence, or all. In replacement $n and ${name}
// are groups and a backslash quotes (Matcher.replaceAll).
func (r *Regexp) Replace(s, replacement string, all bool) (string, error) {
	var b textBuilder
	from, text := 0, s
	var failed error
	err := r.each(s, func(m match) bool {
		text = m.text
		if failed = b.add(text[from:m.spans[0]]); failed != nil {
			return false
		}
		if failed = r.expand(&b, replacement, m); failed != nil {
			return false
		}
		from = m.spans[1]
		return all
	})
	if err == nil {
		err = failed
	}
	if err == nil {
		err = b.add(text[from:])
	}
	return b.String(), err
}

// Expand is a pattern template: $n inserts a group, digits read greedily, a
// group that is not there inserts nothing; a backslash quotes what follows.
// groups are those of Submatches.
func Expand(template string, groups []any) string {
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		c := template[i]
		switch {
		case c == '\\' && i+1 < len(template):
			i++
			b.WriteByte(template[i])
		case c == '$' && i+1 < len(template) && isDigit(template[i+1]):
			n := 0
			for i+1 < len(template) && isDigit(template[i+1]) {
				i++
				n = min(n*10+int(template[i]-'0'), 1<<20)
			}
			if n < len(groups) {
				text, _ := groups[n].(string)
				b.WriteString(text)
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// expand adds a replacement text of Java's.
func (r *Regexp) expand(b *textBuilder, replacement string, m match) error {
	for i := 0; i < len(replacement); i++ {
		c := replacement[i]
		if c != '\\' && c != '$' {
			if err := b.add(replacement[i : i+1]); err != nil {
				return err
			}
			continue
		}
		if i++; i == len(replacement) {
			return fmt.Errorf("the replacement ends in %q", c)
		}
		if c == '\\' {
			if err := b.add(replacement[i : i+1]); err != nil {
				return err
			}
			continue
		}
		n, next, err := r.groupIn(replacement, i)
		if err != nil {
			return err
		}
		text, _ := m.group(n)
		if err := b.add(text); err != nil {
			return err
		}
		i = next - 1
	}
	return nil
}

// groupIn reads a group behind $ and tells where it ends.
func (r *Regexp) groupIn(replacement string, i int) (n, next int, err error) {
	if replacement[i] == '{' {
		name, _, ok := strings.Cut(replacement[i+1:], "}")
		n := r.java.names[name]
		if !ok || n == 0 {
			return 0, 0, fmt.Errorf("the replacement names a group that is not there")
		}
		return n, i + len(name) + 2, nil
	}
	if !isDigit(replacement[i]) {
		return 0, 0, fmt.Errorf("a $ in the replacement is not followed by a group")
	}
	n = int(replacement[i] - '0')
	for i++; i < len(replacement) && isDigit(replacement[i]); i++ {
		longer := n*10 + int(replacement[i]-'0')
		if longer > r.java.groups {
			break
		}
		n = longer
	}
	if n > r.java.groups {
		return 0, 0, fmt.Errorf("the replacement names a group that is not there")
	}
	return n, i, nil
}
