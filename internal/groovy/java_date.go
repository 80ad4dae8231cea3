package groovy

import (
	"errors"
	"strings"
	"sync/atomic"
	"time"
)

// date is java.util.Date: milliseconds, which setTime may change.
type date struct{ ms atomic.Int64 }

func newDate(t time.Time) *date {
	d := &date{}
	d.ms.Store(t.UnixMilli())
	return d
}

// NewDate makes a java.util.Date.
func NewDate(t time.Time) Value { return newDate(t) }

func (d *date) javaName() string { return "java.util.Date" }
func (d *date) time() time.Time  { return time.UnixMilli(d.ms.Load()).UTC() }
func (d *date) String() string   { return d.time().Format("Mon Jan 02 15:04:05 UTC 2006") }
func (d *date) mapKey() any      { return structKey{"date" + d.time().String()} }
func (d *date) compareTo(o Value) (int, bool) {
	x, ok := o.(*date)
	if !ok {
		return 0, false
	}
	return cmpInt(d.ms.Load(), x.ms.Load()), true
}

// formatter is a DateTimeFormatter or SimpleDateFormat.
type formatter struct {
	class   string
	pattern string
	layout  string
	parts   []datePart // of the pattern; nil for a predefined one
	loc     *time.Location
	iso     string // "instant", "date" … of the predefined formatters
}

func (f *formatter) javaName() string { return f.class }
func (f *formatter) String() string   { return f.pattern }

// layout is how Go reads what a pattern writes; "" if it cannot. SimpleDateFormat takes
// numbers of fewer digits, where the next field does not follow at once.
func (f *formatter) readLayout() string {
	var b strings.Builder
	for i, p := range f.parts {
		if p.letter == 0 {
			b.WriteString(p.text)
			continue
		}
		n := p.n
		if n == 2 && f.simple() && strings.ContainsRune("dMhms", p.letter) && (i+1 == len(f.parts) || f.parts[i+1].letter == 0) {
			n = 1
		}
		s := letterLayout(p.letter, n)
		if s == "" {
			return ""
		}
		if p.letter == 'S' && strings.HasSuffix(b.String(), ".") {
			s = strings.Repeat("0", n)
		}
		b.WriteString(s)
	}
	return b.String()
}

func letterLayout(c rune, n int) string {
	pick := func(list ...string) string { return list[min(n, len(list))-1] }
	switch c {
	case 'y', 'u':
		if n == 2 {
			return "06"
		}
		return "2006"
	case 'M', 'L':
		return pick("1", "01", "Jan", "January")
	case 'd':
		return pick("2", "02")
	case 'D':
		return "002"
	case 'H':
		return "15"
	case 'h':
		return pick("3", "03")
	case 'm':
		return pick("4", "04")
	case 's':
		return pick("5", "05")
	case 'S':
		return strings.Repeat("0", n)
	case 'E':
		return pick("Mon", "Mon", "Mon", "Monday")
	case 'a':
		return "PM"
	case 'z', 'V':
		return "MST"
	case 'Z':
		return pick("-0700", "-0700", "-0700", "GMT-07:00", "Z07:00")
	case 'X':
		return pick("Z07", "Z0700", "Z07:00")
	case 'x':
		return pick("-07", "-0700", "-07:00")
	case 'G':
		return "AD"
	}
	return ""
}

func (f *formatter) format(t time.Time) string {
	if f.loc != nil {
		t = t.In(f.loc)
	}
	switch f.iso {
	case "instant":
		return instant{t}.String()
	case "local":
		return t.Format("2006-01-02T15:04:05") + frac(t)
	case "offset":
		return t.Format("2006-01-02T15:04:05") + frac(t) + zoneText(t)
	case "zoned":
		s := t.Format("2006-01-02T15:04:05") + frac(t) + zoneText(t)
		if n := zoneName(t.Location()); n != "Z" && !strings.ContainsAny(n[:1], "+-") {
			s += "[" + n + "]"
		}
		return s
	}
	if f.parts != nil {
		return f.write(t)
	}
	return t.Format(f.layout)
}

func fracDigits(t time.Time, n int) string { return t.Format("." + strings.Repeat("0", n))[1:] }

func newFormatter(class, pattern string) (*formatter, error) {
	parts, err := dateParts(pattern, class == simpleDateFormat)
	if err != nil {
		return nil, err
	}
	f := &formatter{class: class, pattern: pattern, parts: parts}
	f.layout = f.readLayout()
	return f, nil
}

func formatMethod(c *Call) (Value, error) {
	t, _ := timeOf(c.This)
	f, ok := c.Arg(0).(*formatter)
	if !ok {
		if c.Arg(0) == nil {
			return nil, c.NoSuchMethod()
		}
		var err error
		class := "java.time.format.DateTimeFormatter"
		_, isDate := c.This.(*date)
		if isDate {
			class = simpleDateFormat
		}
		if f, err = newFormatter(class, c.Str(0)); err != nil {
			return nil, err
		}
		if isDate {
			if len(c.Args) > 1 {
				f.loc = location(c.Arg(1), c.th)
			}
		}
	}
	return f.format(t), f.lacks(c.This)
}

// parseTime reads text in ISO form or by a formatter.
func parseTime(c *Call, kind Value, layouts []string) (Value, error) {
	s := c.Str(0)
	if f, ok := c.Arg(1).(*formatter); ok && f.iso == "" {
		layouts = []string{f.layout}
	} else if p, ok := c.Arg(1).(string); ok {
		f, err := newFormatter("java.time.format.DateTimeFormatter", p)
		if err != nil {
			return nil, err
		}
		layouts = []string{f.layout}
	}
	text, zone, _ := strings.Cut(s, "[")
	for _, l := range layouts {
		if l == "" {
			return nil, Throw(excUnsupported, "times cannot be read by this pattern")
		}
		t, err := time.Parse(l, text)
		if err != nil {
			continue
		}
		if _, off := t.Zone(); off == 0 {
			t = t.UTC()
		} else {
			t = t.In(offsetZone(off))
		}
		if zone != "" {
			t = t.In(location(strings.TrimSuffix(zone, "]"), c.th))
		}
		return with(kind, t), nil
	}
	return nil, Throw("java.time.format.DateTimeParseException", "Text '%s' could not be parsed at index 0", clip(s))
}

func formatterClasses() []*Class {
	const name = "java.time.format.DateTimeFormatter"
	iso := func(kind string) func() Value { return constant(&formatter{class: name, pattern: kind, iso: kind}) }
	layout := func(l string) func() Value { return constant(&formatter{class: name, pattern: l, layout: l}) }
	return []*Class{{Name: name,
		Static: table{"ofPattern": func(c *Call) (Value, error) { return newFormatter(name, c.Str(0)) }},
		StaticFields: map[string]func() Value{
			"ISO_INSTANT": iso("instant"), "ISO_LOCAL_DATE_TIME": iso("local"), "ISO_OFFSET_DATE_TIME": iso("offset"), "ISO_ZONED_DATE_TIME": iso("zoned"), "ISO_DATE_TIME": iso("zoned"),
			"ISO_LOCAL_DATE": layout("2006-01-02"), "ISO_DATE": layout("2006-01-02"), "BASIC_ISO_DATE": layout("20060102"), "ISO_LOCAL_TIME": layout("15:04:05"),
			"RFC_1123_DATE_TIME": layout("Mon, 2 Jan 2006 15:04:05 GMT"),
		},
		Methods: table{
			"format": func(c *Call) (Value, error) {
				t, ok := timeOf(c.Arg(0))
				if !ok {
					return nil, c.NoSuchMethod()
				}
				f := c.This.(*formatter)
				return f.format(t), f.lacks(c.Arg(0))
			},
			"withZone":   give(func(c *Call) Value { f := *c.This.(*formatter); f.loc = location(c.Arg(0), c.th); return &f }),
			"withLocale": give(func(c *Call) Value { return c.This }),
			"parse": func(c *Call) (Value, error) {
				return parseTime(&Call{Args: []Value{c.Arg(0), c.This}, th: c.th}, zonedTime{}, []string{time.RFC3339Nano})
			},
		}}}
}

func dateClasses() []*Class {
	const sdf = simpleDateFormat
	m := merge(temporalMethods(), table{
		"getTime":    give(func(c *Call) Value { return c.This.(*date).ms.Load() }),
		"setTime":    give(func(c *Call) Value { n, _ := c.Int(0); c.This.(*date).ms.Store(n); return nil }),
		"before":     give(func(c *Call) Value { return c.th.compare(c.This, c.Arg(0)) < 0 }),
		"after":      give(func(c *Call) Value { return c.th.compare(c.This, c.Arg(0)) > 0 }),
		"getYear":    give(func(c *Call) Value { return int32(c.This.(*date).time().Year() - 1900) }),
		"getMonth":   give(func(c *Call) Value { return int32(c.This.(*date).time().Month()) - 1 }),
		"getDate":    give(func(c *Call) Value { return int32(c.This.(*date).time().Day()) }),
		"getHours":   give(func(c *Call) Value { return int32(c.This.(*date).time().Hour()) }),
		"getMinutes": give(func(c *Call) Value { return int32(c.This.(*date).time().Minute()) }),
		"clone":      give(func(c *Call) Value { return newDate(c.This.(*date).time()) }),
		"clearTime": give(func(c *Call) Value {
			d := c.This.(*date)
			d.ms.Store(d.time().Truncate(24 * time.Hour).UnixMilli())
			return d
		}),
		"minus": func(c *Call) (Value, error) { // Date - Date is a number of days
			if o, ok := c.Arg(0).(*date); ok {
				return int32((c.This.(*date).ms.Load() - o.ms.Load()) / 86_400_000), nil
			}
			return amount(-1)(c)
		},
	})
	parse := func(c *Call) (Value, error) {
		f, ok := c.This.(*formatter)
		s := c.Str(0)
		if c.Name == "parse" && !ok { // Date.parse(format, text)
			var err error
			if f, err = newFormatter(sdf, c.Str(0)); err != nil {
				return nil, err
			}
			s = c.Str(1)
		}
		loc := f.loc
		if loc == nil {
			loc = time.UTC
		}
		if f.layout == "" {
			return nil, Throw(excUnsupported, "dates cannot be read by the pattern %s", clip(f.pattern))
		}
		t, err := time.ParseInLocation(f.layout, s, loc)
		var more *time.ParseError
		if errors.As(err, &more) && strings.HasPrefix(more.Message, ": extra text") { // which Java does not look at
			t, err = time.ParseInLocation(f.layout, strings.TrimSuffix(s, more.ValueElem), loc)
		}
		if err != nil {
			return nil, Throw("java.text.ParseException", "Unparseable date: \"%s\"", clip(s))
		}
		return newDate(t), nil
	}
	zone := func(c *Call) (Value, error) {
		c.This.(*formatter).loc = location(c.Arg(0), c.th)
		return nil, nil
	}
	return []*Class{
		{Name: "java.util.Date", Methods: m, Implements: []string{"java.lang.Comparable"},
			New: give(func(c *Call) Value {
				if n, ok := c.Int(0); ok {
					return newDate(time.UnixMilli(n))
				}
				return newDate(now(c))
			}),
			Static: table{"parse": parse, "from": func(c *Call) (Value, error) {
				t, ok := timeOf(c.Arg(0))
				if !ok {
					return nil, c.NoSuchMethod()
				}
				return newDate(t), nil
			}}},
		{Name: sdf, New: func(c *Call) (Value, error) { return newFormatter(sdf, c.Str(0)) }, Methods: table{
			"format": func(c *Call) (Value, error) {
				t, ok := timeOf(c.Arg(0))
				if !ok {
					return nil, c.NoSuchMethod()
				}
				return c.This.(*formatter).format(t), nil
			},
			"parse": parse, "setTimeZone": zone, "setLenient": give(func(*Call) Value { return nil }),
		}},
		{Name: "java.util.TimeZone", Static: table{
			"getTimeZone": give(func(c *Call) Value { return zoneID{location(c.Arg(0), c.th)} }),
			"getDefault":  give(func(*Call) Value { return zoneID{time.UTC} }),
		}},
	}
}
