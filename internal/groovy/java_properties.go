package groovy

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

// newProperties makes java.util.Properties; an argument is the defaults, which are
// copied.
func newProperties(c *Call) (Value, error) {
	m := &Map{kind: mapProperties}
	if d, ok := c.Arg(0).(*Map); ok {
		c.th.putAll(m, d)
	}
	return m, c.Want(0, 1)
}

func propertiesMethods() table {
	set := func(c *Call) (Value, error) {
		old, _ := c.amap().Get(c.Str(0))
		c.th.put(c.amap(), c.Str(0), c.Str(1))
		return old, c.Want(2, 2)
	}
	return table{
		"getProperty": give(func(c *Call) Value {
			if v, ok := c.amap().Get(c.Str(0)); ok {
				return v
			}
			return c.Arg(1)
		}),
		"setProperty": set,
		"load": func(c *Call) (Value, error) {
			var text string
			var err error
			switch in := c.Arg(0).(type) {
			case *inStream:
				text, err = in.text(c, "ISO-8859-1")
			case *reader:
				text, err = in.text(c)
			default:
				return nil, c.NoSuchMethod()
			}
			if err != nil {
				return nil, err
			}
			return nil, loadProperties(text, func(k, v string) { c.th.put(c.amap(), k, v) })
		},
		"stringPropertyNames": give(func(c *Call) Value {
			out := NewSet()
			for _, e := range c.amap().entries() {
				out.Add(e.key)
			}
			return out
		}),
	}
}

// loadProperties reads the format of .properties files: key, separator (=, : or
// blank), value; # and ! start comments; a backslash continues a line or escapes.
func loadProperties(text string, put func(k, v string)) error {
	lines := lineValues(text)
	for i := 0; i < len(lines); i++ {
		line := strings.TrimLeft(lines[i].(string), " \t\f")
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		for i+1 < len(lines) && continues(line) {
			i++
			line = line[:len(line)-1] + strings.TrimLeft(lines[i].(string), " \t\f")
		}
		if continues(line) {
			line = line[:len(line)-1]
		}
		end := 0
		for end < len(line) && strings.IndexByte("=: \t\f", line[end]) < 0 {
			if line[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end, len(line))
		rest := strings.TrimLeft(line[end:], " \t\f")
		if rest != "" && (rest[0] == '=' || rest[0] == ':') {
			rest = strings.TrimLeft(rest[1:], " \t\f")
		}
		k, err := unescapeProperty(line[:end])
		if err != nil {
			return err
		}
		v, err := unescapeProperty(rest)
		if err != nil {
			return err
		}
		put(k, v)
	}
	return nil
}

// continues says whether a line ends in an odd number of backslashes.
func continues(line string) bool {
	return (len(line)-len(strings.TrimRight(line, `\`)))%2 == 1
}

func unescapeProperty(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var units []uint16
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			j := i
			for j < len(s) && s[j] != '\\' {
				j++
			}
			units = append(units, utf16Of(s[i:j])...)
			i = j
			continue
		}
		i++
		if i == len(s) {
			break
		}
		switch ch := s[i]; ch {
		case 't', 'n', 'r', 'f':
			units = append(units, uint16(map[byte]byte{'t': '\t', 'n': '\n', 'r': '\r', 'f': '\f'}[ch]))
		case 'u':
			n, err := strconv.ParseUint(s[i+1:min(i+5, len(s))], 16, 16)
			if err != nil || i+5 > len(s) {
				return "", Throw(excIllegalArg, "Malformed \\uxxxx encoding.")
			}
			units = append(units, uint16(n))
			i += 4
		default:
			units = append(units, uint16(ch))
		}
		i++
	}
	return string(utf16.Decode(units)), nil
}
