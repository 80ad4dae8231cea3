package groovy

import (
	"strings"
	"time"
)

func unitName(c *Call, i int) (string, error) {
	e, ok := c.Arg(i).(*enumValue)
	if !ok {
		return "", c.NoSuchMethod()
	}
	return e.name, nil
}

// amount adds sign × the argument: a Duration, a Period, or n and a unit.
func amount(sign int64) Method {
	return func(c *Call) (Value, error) {
		t, _ := timeOf(c.This)
		switch x := c.Arg(0).(type) {
		case duration:
			return with(c.This, t.Add(time.Duration(x)*time.Duration(sign))), nil
		case period:
			t = addMonths(t, int(sign)*(x.y*12+x.m))
			return with(c.This, t.AddDate(0, 0, int(sign)*x.d)), nil
		}
		n, ok := c.Int(0)
		if !ok {
			return nil, c.NoSuchMethod()
		}
		unit := "DAYS"
		if _, isInstant := c.This.(instant); isInstant || strings.Contains(c.th.className(c.This), "Time") {
			unit = "SECONDS"
		}
		if len(c.Args) > 1 {
			var err error
			if unit, err = unitName(c, 1); err != nil {
				return nil, err
			}
		}
		return with(c.This, shift(t, n*sign, unit)), nil
	}
}

// temporalMethods serve all points in time; what a type lacks in Java is merely
// available here.
func temporalMethods() table {
	at := func(f func(t time.Time) Value) Method {
		return give(func(c *Call) Value { t, _ := timeOf(c.This); return f(t) })
	}
	order := func(f func(n int) bool) Method {
		return func(c *Call) (Value, error) {
			a, _ := timeOf(c.This)
			b, ok := timeOf(c.Arg(0))
			if !ok {
				return nil, c.NoSuchMethod()
			}
			return f(a.Compare(b)), nil
		}
	}
	replace := func(f func(t time.Time, n int) time.Time) Method {
		return give(func(c *Call) Value { t, _ := timeOf(c.This); n, _ := c.Int(0); return with(c.This, f(t, int(n))) })
	}
	m := table{
		"plus": amount(1), "minus": amount(-1),
		"isBefore": order(func(n int) bool { return n < 0 }), "isAfter": order(func(n int) bool { return n > 0 }), "isEqual": order(func(n int) bool { return n == 0 }),
		"compareTo":      give(func(c *Call) Value { return int32(c.th.compare(c.This, c.Arg(0))) }),
		"getEpochSecond": at(func(t time.Time) Value { return t.Unix() }),
		"toEpochSecond":  at(func(t time.Time) Value { return t.Unix() }),
		"toEpochMilli":   at(func(t time.Time) Value { return t.UnixMilli() }),
		"toEpochDay":     at(func(t time.Time) Value { return t.Unix() / 86400 }),
		"getNano":        at(func(t time.Time) Value { return int32(t.Nanosecond()) }),
		"getYear":        at(func(t time.Time) Value { return int32(t.Year()) }),
		"getMonthValue":  at(func(t time.Time) Value { return int32(t.Month()) }),
		"getDayOfMonth":  at(func(t time.Time) Value { return int32(t.Day()) }),
		"getDayOfYear":   at(func(t time.Time) Value { return int32(t.YearDay()) }),
		"getHour":        at(func(t time.Time) Value { return int32(t.Hour()) }),
		"getMinute":      at(func(t time.Time) Value { return int32(t.Minute()) }),
		"getSecond":      at(func(t time.Time) Value { return int32(t.Second()) }),
		"lengthOfMonth":  at(func(t time.Time) Value { return int32(time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()) }),
		"isLeapYear":     at(func(t time.Time) Value { return time.Date(t.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay() == 366 }),
		"getDayOfWeek": at(func(t time.Time) Value {
			n := (int(t.Weekday()) + 6) % 7
			return &enumValue{"java.time.DayOfWeek", dayNames[n], n}
		}),
		"getMonth": at(func(t time.Time) Value {
			n := int(t.Month()) - 1
			return &enumValue{"java.time.Month", monthNames[n], n}
		}),
		"toInstant":        at(func(t time.Time) Value { return instant{t.UTC()} }),
		"toLocalDate":      at(func(t time.Time) Value { return with(localDate{}, t) }),
		"toLocalTime":      at(func(t time.Time) Value { return with(localTime{}, t) }),
		"toLocalDateTime":  at(func(t time.Time) Value { return localDateTime{wall(t)} }),
		"toOffsetDateTime": at(func(t time.Time) Value { return zonedTime{t, true} }),
		"toZonedDateTime":  at(func(t time.Time) Value { return zonedTime{t, false} }),
		"getZone":          at(func(t time.Time) Value { return zoneID{t.Location()} }),
		"getOffset":        at(func(t time.Time) Value { _, off := t.Zone(); return zoneID{offsetZone(off)} }),
		"toDate":           at(func(t time.Time) Value { return newDate(t) }),
		"atStartOfDay": give(func(c *Call) Value {
			t, _ := timeOf(c.This)
			if len(c.Args) > 0 {
				return zonedTime{wallIn(t, location(c.Arg(0), c.th)), false}
			}
			return localDateTime{t}
		}),
		"atTime": give(func(c *Call) Value {
			t, _ := timeOf(c.This)
			if lt, ok := c.Arg(0).(localTime); ok {
				return localDateTime{t.Add(time.Duration(lt.t.Hour())*time.Hour + time.Duration(lt.t.Minute())*time.Minute + time.Duration(lt.t.Second())*time.Second)}
			}
			h, _ := c.Int(0)
			mi, _ := c.Int(1)
			s, _ := c.Int(2)
			return localDateTime{t.Add(time.Duration(h)*time.Hour + time.Duration(mi)*time.Minute + time.Duration(s)*time.Second)}
		}),
		"atZone":                give(func(c *Call) Value { return zoned(c, false) }),
		"atOffset":              give(func(c *Call) Value { return zoned(c, true) }),
		"withZoneSameInstant":   give(func(c *Call) Value { t, _ := timeOf(c.This); return with(c.This, t.In(location(c.Arg(0), c.th))) }),
		"withOffsetSameInstant": give(func(c *Call) Value { t, _ := timeOf(c.This); return with(c.This, t.In(location(c.Arg(0), c.th))) }),
		"withZoneSameLocal":     give(func(c *Call) Value { t, _ := timeOf(c.This); return with(c.This, wallIn(t, location(c.Arg(0), c.th))) }),
		"truncatedTo": func(c *Call) (Value, error) {
			unit, err := unitName(c, 0)
			if err != nil {
				return nil, err
			}
			t, _ := timeOf(c.This)
			if unit == "DAYS" {
				return with(c.This, time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())), nil
			}
			if u := units[unit]; u > 0 {
				return with(c.This, t.Truncate(u)), nil
			}
			return nil, Throw("java.time.DateTimeException", "Unit is too large to be used for truncation")
		},
		"until": func(c *Call) (Value, error) {
			a, _ := timeOf(c.This)
			b, ok := timeOf(c.Arg(0))
			if !ok {
				return nil, c.NoSuchMethod()
			}
			if len(c.Args) == 1 {
				return periodBetween(a, b), nil
			}
			unit, err := unitName(c, 1)
			return between(a, b, unit), err
		},
		"format":         formatMethod,
		"withYear":       replace(func(t time.Time, n int) time.Time { return t.AddDate(n-t.Year(), 0, 0) }),
		"withMonth":      replace(func(t time.Time, n int) time.Time { return addMonths(t, n-int(t.Month())) }),
		"withDayOfMonth": replace(func(t time.Time, n int) time.Time { return t.AddDate(0, 0, n-t.Day()) }),
		"withHour":       replace(func(t time.Time, n int) time.Time { return t.Add(time.Duration(n-t.Hour()) * time.Hour) }),
		"withMinute":     replace(func(t time.Time, n int) time.Time { return t.Add(time.Duration(n-t.Minute()) * time.Minute) }),
		"withSecond":     replace(func(t time.Time, n int) time.Time { return t.Add(time.Duration(n-t.Second()) * time.Second) }),
		"withNano":       replace(func(t time.Time, n int) time.Time { return t.Add(time.Duration(n - t.Nanosecond())) }),
		"next":           give(func(c *Call) Value { t, _ := timeOf(c.This); return with(c.This, t.AddDate(0, 0, 1)) }),
		"previous":       give(func(c *Call) Value { t, _ := timeOf(c.This); return with(c.This, t.AddDate(0, 0, -1)) }),
	}
	for unit := range units {
		name := unit[:1] + strings.ToLower(unit[1:])
		addUnit(m, name, unit)
	}
	addUnit(m, "Months", "MONTHS")
	addUnit(m, "Years", "YEARS")
	return m
}

func addUnit(m table, name, unit string) {
	move := func(sign int64) Method {
		return give(func(c *Call) Value {
			t, _ := timeOf(c.This)
			n, _ := c.Int(0)
			return with(c.This, shift(t, sign*n, unit))
		})
	}
	m["plus"+name], m["minus"+name] = move(1), move(-1)
}

var dayNames = []string{"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"}
var monthNames = []string{"JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"}

// wall gives the same reading of clock and calendar as a zoneless time.
func wall(t time.Time) time.Time { return wallIn(t, time.UTC) }

func wallIn(t time.Time, l *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), l)
}

func offsetZone(off int) *time.Location {
	if off == 0 {
		return time.UTC
	}
	return time.FixedZone(time.Date(2000, 1, 1, 0, 0, 0, 0, time.FixedZone("", off)).Format("-07:00"), off)
}

func zoned(c *Call, offset bool) Value {
	t, _ := timeOf(c.This)
	l := location(c.Arg(0), c.th)
	if _, ok := c.This.(instant); ok {
		return zonedTime{t.In(l), offset}
	}
	return zonedTime{wallIn(t, l), offset}
}

func periodBetween(a, b time.Time) period {
	n := int(between(a, b, "MONTHS"))
	return period{n / 12, n % 12, int(between(addMonths(a, n), b, "DAYS"))}
}

func now(c *Call) time.Time { return c.th.eng.env.Now() }

// nowIn is now in the zone an argument names, UTC without one.
func nowIn(c *Call) time.Time {
	switch c.Arg(0).(type) {
	case nil, clock:
		return now(c).UTC()
	}
	return now(c).In(location(c.Arg(0), c.th))
}

func timeClasses() []*Class {
	temporal := func(name string, static table, fields map[string]func() Value) *Class {
		return &Class{Name: name, Methods: temporalMethods(), Static: static, StaticFields: fields, Implements: []string{"java.lang.Comparable", "java.time.temporal.Temporal"}}
	}
	parse := func(kind Value, layouts ...string) Method {
		return func(c *Call) (Value, error) { return parseTime(c, kind, layouts) }
	}
	ints := func(c *Call) [7]int {
		var out [7]int
		for i := range c.Args {
			if i < 7 {
				n, _ := c.Int(i)
				if e, ok := c.Arg(i).(*enumValue); ok {
					n = int64(e.ordinal) + 1
				}
				out[i] = int(n)
			}
		}
		return out
	}
	of := func(f func(n [7]int) time.Time, kind Value) Method {
		return func(c *Call) (Value, error) {
			n := ints(c)
			if _, isTime := kind.(localTime); !isTime && (n[1] < 1 || n[1] > 12 || n[2] < 1 || time.Date(n[0], time.Month(n[1]), n[2], 0, 0, 0, 0, time.UTC).Day() != n[2]) {
				return nil, Throw("java.time.DateTimeException", "Invalid date %d-%d-%d", n[0], n[1], n[2])
			}
			return with(kind, f(n)), nil
		}
	}
	dur := func(u time.Duration) Method {
		return func(c *Call) (Value, error) { n, _ := c.Int(0); return scaledDuration(n, u) }
	}
	unitClass := enumClass("java.time.temporal.ChronoUnit", "NANOS", "MICROS", "MILLIS", "SECONDS", "MINUTES", "HOURS", "HALF_DAYS", "DAYS", "WEEKS", "MONTHS", "YEARS", "DECADES")
	unitClass.Methods["between"] = func(c *Call) (Value, error) {
		a, ok1 := timeOf(c.Arg(0))
		b, ok2 := timeOf(c.Arg(1))
		if !ok1 || !ok2 {
			return nil, c.NoSuchMethod()
		}
		return between(a, b, c.This.(*enumValue).name), nil
	}
	out := []*Class{
		{Name: "java.time.temporal.Temporal", Interface: true},
		temporal("java.time.Instant", table{
			"now":           give(func(c *Call) Value { return instant{now(c).UTC()} }),
			"parse":         parse(instant{}, time.RFC3339Nano),
			"ofEpochSecond": give(func(c *Call) Value { n, _ := c.Int(0); ns, _ := c.Int(1); return instant{time.Unix(n, ns).UTC()} }),
			"ofEpochMilli":  give(func(c *Call) Value { n, _ := c.Int(0); return instant{time.UnixMilli(n).UTC()} }),
		}, map[string]func() Value{"EPOCH": constant(instant{time.Unix(0, 0).UTC()})}),
		temporal("java.time.LocalDate", table{
			"now":        give(func(c *Call) Value { return with(localDate{}, nowIn(c)) }),
			"parse":      parse(localDate{}, "2006-01-02"),
			"of":         of(func(n [7]int) time.Time { return time.Date(n[0], time.Month(n[1]), n[2], 0, 0, 0, 0, time.UTC) }, localDate{}),
			"ofEpochDay": give(func(c *Call) Value { n, _ := c.Int(0); return localDate{time.Unix(n*86400, 0).UTC()} }),
		}, nil),
		temporal("java.time.LocalTime", table{
			"now":   give(func(c *Call) Value { return with(localTime{}, nowIn(c)) }),
			"parse": parse(localTime{}, "15:04:05.999999999", "15:04"),
			"of":    of(func(n [7]int) time.Time { return time.Date(1970, 1, 1, n[0], n[1], n[2], n[3], time.UTC) }, localTime{}),
		}, map[string]func() Value{"MIDNIGHT": constant(with(localTime{}, time.Unix(0, 0).UTC()))}),
		temporal("java.time.LocalDateTime", table{
			"now":   give(func(c *Call) Value { return localDateTime{wall(nowIn(c))} }),
			"parse": parse(localDateTime{}, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04"),
			"of": of(func(n [7]int) time.Time {
				return time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], n[6], time.UTC)
			}, localDateTime{}),
			"ofInstant": func(c *Call) (Value, error) {
				t, ok := timeOf(c.Arg(0))
				if !ok {
					return nil, c.NoSuchMethod()
				}
				return localDateTime{wall(t.In(location(c.Arg(1), c.th)))}, nil
			},
			"ofEpochSecond": give(func(c *Call) Value { n, _ := c.Int(0); return localDateTime{time.Unix(n, 0).UTC()} }),
		}, nil),
		temporal("java.time.ZonedDateTime", table{
			"now":   give(func(c *Call) Value { return zonedTime{nowIn(c), false} }),
			"parse": parse(zonedTime{}, time.RFC3339Nano, "2006-01-02T15:04Z07:00"), "ofInstant": ofInstant(false), "of": ofZoned(false),
		}, nil),
		temporal("java.time.OffsetDateTime", table{
			"now":   give(func(c *Call) Value { return zonedTime{nowIn(c), true} }),
			"parse": parse(zonedTime{offset: true}, time.RFC3339Nano, "2006-01-02T15:04Z07:00"), "ofInstant": ofInstant(true), "of": ofZoned(true),
		}, nil),
		{Name: "java.time.Duration", Methods: durationMethods(), Implements: []string{"java.lang.Comparable"},
			StaticFields: map[string]func() Value{"ZERO": constant(duration(0))},
			Static: table{"ofNanos": dur(1), "ofMillis": dur(time.Millisecond), "ofSeconds": dur(time.Second), "ofMinutes": dur(time.Minute), "ofHours": dur(time.Hour), "ofDays": dur(24 * time.Hour),
				"of": func(c *Call) (Value, error) {
					n, _ := c.Int(0)
					u, err := unitName(c, 1)
					if err != nil {
						return nil, err
					}
					return scaledDuration(n, units[u])
				},
				"between": func(c *Call) (Value, error) {
					a, ok1 := timeOf(c.Arg(0))
					b, ok2 := timeOf(c.Arg(1))
					if !ok1 || !ok2 {
						return nil, c.NoSuchMethod()
					}
					return duration(b.Sub(a)), nil
				},
				"parse": func(c *Call) (Value, error) {
					d, ok := parseISODuration(c.Str(0))
					if !ok {
						return nil, Throw("java.time.format.DateTimeParseException", "Text cannot be parsed to a Duration")
					}
					return duration(d), nil
				}}},
		periodClass(),
		{Name: "java.time.ZoneId", Static: zoneStatics(), Methods: table{
			"getId": give(func(c *Call) Value { return c.th.str(c.This) }), "normalized": give(func(c *Call) Value { return c.This })}},
		{Name: "java.time.ZoneOffset", Extends: "java.time.ZoneId", Static: zoneStatics(), StaticFields: map[string]func() Value{"UTC": constant(zoneID{time.UTC})}},
		{Name: "java.time.Clock", Static: table{"systemUTC": give(func(*Call) Value { return clock{} }), "systemDefaultZone": give(func(*Call) Value { return clock{} })},
			Methods: table{"instant": give(func(c *Call) Value { return instant{now(c).UTC()} }), "millis": give(func(c *Call) Value { return now(c).UnixMilli() })}},
		enumClass("java.time.DayOfWeek", dayNames...), enumClass("java.time.Month", monthNames...), unitClass,
	}
	return append(append(out, formatterClasses()...), dateClasses()...)
}

func ofInstant(offset bool) Method {
	return func(c *Call) (Value, error) {
		t, ok := timeOf(c.Arg(0))
		if !ok {
			return nil, c.NoSuchMethod()
		}
		return zonedTime{t.In(location(c.Arg(1), c.th)), offset}, nil
	}
}

func ofZoned(offset bool) Method {
	return func(c *Call) (Value, error) {
		if t, ok := c.Arg(0).(localDateTime); ok {
			return zonedTime{wallIn(t.t, location(c.Arg(1), c.th)), offset}, nil
		}
		if len(c.Args) != 8 {
			return nil, c.NoSuchMethod()
		}
		var n [7]int
		for i := range n {
			v, _ := c.Int(i)
			n[i] = int(v)
		}
		return zonedTime{time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], n[6], location(c.Arg(7), c.th)), offset}, nil
	}
}

func zoneStatics() table {
	of := give(func(c *Call) Value { return zoneID{location(c.Arg(0), c.th)} })
	return table{"of": of, "systemDefault": give(func(*Call) Value { return zoneID{time.UTC} }),
		"ofHours": give(func(c *Call) Value { n, _ := c.Int(0); return zoneID{offsetZone(int(n) * 3600)} })}
}

func periodClass() *Class {
	p := func(c *Call) period { return c.This.(period) }
	of := func(f func(n int) period) Method {
		return give(func(c *Call) Value { n, _ := c.Int(0); return f(int(n)) })
	}
	return &Class{Name: "java.time.Period", Static: table{
		"ofDays": of(func(n int) period { return period{d: n} }), "ofWeeks": of(func(n int) period { return period{d: 7 * n} }),
		"ofMonths": of(func(n int) period { return period{m: n} }), "ofYears": of(func(n int) period { return period{y: n} }),
		"between": func(c *Call) (Value, error) {
			a, ok1 := timeOf(c.Arg(0))
			b, ok2 := timeOf(c.Arg(1))
			if !ok1 || !ok2 {
				return nil, c.NoSuchMethod()
			}
			return periodBetween(a, b), nil
		},
	}, Methods: table{
		"getDays": give(func(c *Call) Value { return int32(p(c).d) }), "getMonths": give(func(c *Call) Value { return int32(p(c).m) }),
		"getYears": give(func(c *Call) Value { return int32(p(c).y) }), "toTotalMonths": give(func(c *Call) Value { return int64(p(c).y*12 + p(c).m) }),
	}}
}
