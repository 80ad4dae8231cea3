package groovy

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// spec is one %… of a format string.
type spec struct {
	arg   int // explicit index, 0 without
	same  bool
	flags string
	width int
	prec  int // -1 without
	verb  byte
	sub   byte // of a date
}

// format is String.format.
func (th *thread) format(f string, args []Value) string {
	var b strings.Builder
	next := 0
	last := -1
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			b.WriteByte(f[i])
			continue
		}
		s, n := th.formatSpec(f[i+1:])
		i += n
		switch s.verb {
		case '%':
			b.WriteString(th.padded("%", s))
			continue
		case 'n':
			b.WriteByte('\n')
			continue
		}
		k := next
		switch {
		case s.arg > 0:
			k = s.arg - 1
		case s.same:
			k = last
		default:
			next++
		}
		last = k
		if k < 0 || k >= len(args) {
			th.throw("java.util.MissingFormatArgumentException", "Format specifier '%%%c'", s.verb)
		}
		t := th.padded(th.formatOne(s, args[k]), s)
		th.alloc(int64(len(t)))
		b.WriteString(t)
	}
	return b.String()
}

func (th *thread) formatSpec(f string) (spec, int) {
	s := spec{prec: -1}
	i := 0
	num := func() int {
		start := i
		for i < len(f) && f[i] >= '0' && f[i] <= '9' && i-start < 6 {
			i++
		}
		n, _ := strconv.Atoi(f[start:i])
		return n
	}
	if n := num(); n > 0 && i < len(f) && f[i] == '$' {
		s.arg = n
		i++
	} else {
		i = 0
	}
	for i < len(f) && strings.IndexByte("-#+ 0,(<", f[i]) >= 0 {
		if f[i] == '<' {
			s.same = true
		} else {
			s.flags += string(f[i])
		}
		i++
	}
	s.width = num()
	if i < len(f) && f[i] == '.' {
		i++
		s.prec = num()
	}
	if i >= len(f) {
		th.throw("java.util.UnknownFormatConversionException", "Conversion = '%%'")
	}
	s.verb = f[i]
	i++
	if s.verb == 't' || s.verb == 'T' {
		if i >= len(f) {
			th.throw("java.util.UnknownFormatConversionException", "Conversion = 't'")
		}
		s.sub = f[i]
		i++
	}
	if s.width > 1<<16 || s.prec > 1<<12 {
		th.throw(excIllegalArg, "the format's width is too large")
	}
	return s, i
}

func (s spec) has(flag string) bool { return strings.Contains(s.flags, flag) }

func (th *thread) padded(t string, s spec) string {
	gap := s.width - jlen(t)
	if gap <= 0 {
		return t
	}
	if s.has("-") {
		return t + strings.Repeat(" ", gap)
	}
	if s.has("0") && strings.IndexByte("dxXofeEg", s.verb) >= 0 {
		sign := ""
		if t != "" && (t[0] == '-' || t[0] == '+') {
			sign, t = t[:1], t[1:]
		}
		return sign + strings.Repeat("0", gap) + t
	}
	return strings.Repeat(" ", gap) + t
}

func (th *thread) badFormat(s spec, v Value) string {
	th.throw("java.util.IllegalFormatConversionException", "%c != %s", s.verb, th.className(v))
	return ""
}

func (th *thread) formatOne(s spec, v Value) string {
	switch s.verb {
	case 's', 'S':
		t := th.str(v)
		if s.prec >= 0 && s.prec < jlen(t) {
			t = jsub(t, 0, s.prec)
		}
		if s.verb == 'S' {
			t = strings.ToUpper(t)
		}
		return t
	case 'b', 'B':
		if x, ok := v.(bool); ok {
			return strconv.FormatBool(x)
		}
		return strconv.FormatBool(v != nil)
	case 'c', 'C':
		if n, ok := toInt64(v); ok {
			return string(rune(n))
		}
		if v == nil {
			return "null"
		}
		return th.str(v)
	case 'h':
		return fmt.Sprintf("%x", uint32(th.hashCode(v)))
	case 't', 'T':
		return th.formatTime(s, v)
	}
	if v == nil {
		return "null"
	}
	switch s.verb {
	case 'd', 'x', 'X', 'o':
		return th.formatInt(s, v)
	case 'f', 'e', 'E', 'g':
		return th.formatFloat(s, v)
	}
	th.throw("java.util.UnknownFormatConversionException", "Conversion = '%c'", s.verb)
	return ""
}

func (th *thread) formatInt(s spec, v Value) string {
	if level(v) == 0 || level(v) > 3 {
		return th.badFormat(s, v)
	}
	if s.verb != 'd' {
		base := map[byte]int{'x': 16, 'X': 16, 'o': 8}[s.verb]
		var t string
		switch x := v.(type) {
		case int32:
			t = strconv.FormatUint(uint64(uint32(x)), base)
		case int8:
			t = strconv.FormatUint(uint64(uint8(x)), base)
		case int64:
			t = strconv.FormatUint(uint64(x), base)
		default:
			t = toBig(v).Text(base)
		}
		if s.has("#") && base == 16 {
			t = "0x" + t
		}
		if s.verb == 'X' {
			t = strings.ToUpper(t)
		}
		return t
	}
	return signed(toBig(v).String(), s)
}

func signed(t string, s spec) string {
	neg := strings.HasPrefix(t, "-")
	t = strings.TrimPrefix(t, "-")
	if s.has(",") {
		whole, frac, has := strings.Cut(t, ".")
		t = group3(whole)
		if has {
			t += "." + frac
		}
	}
	switch {
	case neg && s.has("("):
		return "(" + t + ")"
	case neg:
		return "-" + t
	case s.has("+"):
		return "+" + t
	case s.has(" "):
		return " " + t
	}
	return t
}

func group3(t string) string {
	var b strings.Builder
	for i, r := range t {
		if i > 0 && (len(t)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (th *thread) formatFloat(s spec, v Value) string {
	if level(v) < 4 {
		return th.badFormat(s, v)
	}
	prec := s.prec
	if prec < 0 {
		prec = 6
	}
	if s.verb == 'f' {
		if f := toFloat(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return javaDouble(f)
		}
		return signed(th.toDecimal(v).setScale(prec, roundHalfUp).Plain(), s)
	}
	t := strconv.FormatFloat(toFloat(v), s.verb, prec, 64)
	return signed(t, s)
}

func (th *thread) formatTime(s spec, v Value) string {
	t, ok := timeOf(v)
	if !ok {
		return th.badFormat(s, v)
	}
	layouts := map[byte]string{'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "2", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'L': "000",
		'B': "January", 'b': "Jan", 'A': "Monday", 'a': "Mon", 'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'D': "01/02/06", 'Z': "MST",
		'z': "-0700", 'p': "pm", 'c': "Mon Jan 02 15:04:05 MST 2006", 'r': "03:04:05 PM"}
	switch s.sub {
	case 'L':
		return fmt.Sprintf("%03d", t.Nanosecond()/int(time.Millisecond))
	case 's':
		return strconv.FormatInt(t.Unix(), 10)
	case 'Q':
		return strconv.FormatInt(t.UnixMilli(), 10)
	case 'j':
		return fmt.Sprintf("%03d", t.YearDay())
	case 'N':
		return fmt.Sprintf("%09d", t.Nanosecond())
	}
	l, ok := layouts[s.sub]
	if !ok {
		th.throw("java.util.UnknownFormatConversionException", "Conversion = 't%c'", s.sub)
	}
	return t.Format(l)
}
