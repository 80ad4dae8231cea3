package groovy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The java.time stand-ins. Moments keep their zone in time.Time; dates and
// local times are kept as UTC moments.
type (
	instant       struct{ t time.Time }
	duration      time.Duration
	localDate     struct{ t time.Time }
	localTime     struct{ t time.Time }
	localDateTime struct{ t time.Time }
	zonedTime     struct {
		t      time.Time
		offset bool // OffsetDateTime
	}
	zoneID struct{ loc *time.Location }
	period struct{ y, m, d int }
	clock  struct{}
)

func (instant) javaName() string       { return "java.time.Instant" }
func (duration) javaName() string      { return "java.time.Duration" }
func (localDate) javaName() string     { return "java.time.LocalDate" }
func (localTime) javaName() string     { return "java.time.LocalTime" }
func (localDateTime) javaName() string { return "java.time.LocalDateTime" }
func (zoneID) javaName() string        { return "java.time.ZoneId" }
func (period) javaName() string        { return "java.time.Period" }
func (clock) javaName() string         { return "java.time.Clock" }
func (z zonedTime) javaName() string {
	if z.offset {
		return "java.time.OffsetDateTime"
	}
	return "java.time.ZonedDateTime"
}

// NewInstant, NewDuration make the stand-ins of Go's times; InstantOf and
// DurationOf take them apart again.
func NewInstant(t time.Time) Value { return instant{t.UTC()} }

// SystemClock makes a java.time.Clock of the runtime's own time.
func SystemClock() Value { return clock{} }

// NewDuration makes a java.time.Duration.
func NewDuration(d time.Duration) Value { return duration(d) }

// DurationOf gives a java.time.Duration as Go's.
func DurationOf(v Value) (time.Duration, bool) { d, ok := v.(duration); return time.Duration(d), ok }

// InstantOf gives the moment of an Instant, Date, ZonedDateTime or the like.
func InstantOf(v Value) (time.Time, bool) { return timeOf(v) }

func timeOf(v Value) (time.Time, bool) {
	switch x := v.(type) {
	case instant:
		return x.t, true
	case *date:
		return x.time(), true
	case zonedTime:
		return x.t, true
	case localDateTime:
		return x.t, true
	case localDate:
		return x.t, true
	case localTime:
		return x.t, true
	case int64:
		return time.UnixMilli(x).UTC(), true
	}
	return time.Time{}, false
}

func frac(t time.Time) string {
	n := t.Nanosecond()
	switch {
	case n == 0:
		return ""
	case n%1e6 == 0:
		return fmt.Sprintf(".%03d", n/1e6)
	case n%1e3 == 0:
		return fmt.Sprintf(".%06d", n/1e3)
	}
	return fmt.Sprintf(".%09d", n)
}

func clockText(t time.Time) string {
	s := t.Format("15:04")
	if t.Second() != 0 || t.Nanosecond() != 0 {
		s += t.Format(":05") + frac(t)
	}
	return s
}

func zoneText(t time.Time) string {
	if _, off := t.Zone(); off == 0 {
		return "Z"
	}
	return t.Format("-07:00")
}

func (x instant) String() string       { return x.t.UTC().Format("2006-01-02T15:04:05") + frac(x.t) + "Z" }
func (x localDate) String() string     { return x.t.Format("2006-01-02") }
func (x localTime) String() string     { return clockText(x.t) }
func (x localDateTime) String() string { return x.t.Format("2006-01-02T") + clockText(x.t) }
func (x zonedTime) String() string {
	s := x.t.Format("2006-01-02T") + clockText(x.t) + zoneText(x.t)
	if n := zoneName(x.t.Location()); !x.offset && n != "Z" && !strings.ContainsAny(n[:1], "+-") {
		s += "[" + n + "]"
	}
	return s
}
func (x zoneID) String() string { return zoneName(x.loc) }

func zoneName(l *time.Location) string {
	if l == time.UTC {
		return "Z"
	}
	return l.String()
}

func (x duration) String() string {
	d := time.Duration(x)
	if d == 0 {
		return "PT0S"
	}
	s := "PT"
	if h := d / time.Hour; h != 0 {
		s += strconv.FormatInt(int64(h), 10) + "H"
	}
	if m := d % time.Hour / time.Minute; m != 0 {
		s += strconv.FormatInt(int64(m), 10) + "M"
	}
	if r := d % time.Minute; r != 0 {
		s += strconv.FormatFloat(r.Seconds(), 'f', -1, 64) + "S"
	}
	return s
}

func (x period) String() string {
	s := "P"
	for _, p := range []struct {
		n int
		u string
	}{{x.y, "Y"}, {x.m, "M"}, {x.d, "D"}} {
		if p.n != 0 {
			s += strconv.Itoa(p.n) + p.u
		}
	}
	if s == "P" {
		return "P0D"
	}
	return s
}

func cmpTime(a time.Time, v Value, same bool) (int, bool) {
	if !same {
		return 0, false
	}
	b, _ := timeOf(v)
	return a.Compare(b), true
}

func (x instant) compareTo(o Value) (int, bool)   { _, ok := o.(instant); return cmpTime(x.t, o, ok) }
func (x localDate) compareTo(o Value) (int, bool) { _, ok := o.(localDate); return cmpTime(x.t, o, ok) }
func (x localTime) compareTo(o Value) (int, bool) { _, ok := o.(localTime); return cmpTime(x.t, o, ok) }
func (x localDateTime) compareTo(o Value) (int, bool) {
	_, ok := o.(localDateTime)
	return cmpTime(x.t, o, ok)
}
func (x zonedTime) compareTo(o Value) (int, bool) { _, ok := o.(zonedTime); return cmpTime(x.t, o, ok) }
func (x duration) compareTo(o Value) (int, bool) {
	y, ok := o.(duration)
	return cmpInt(int64(x), int64(y)), ok
}

func timeKey(kind string, t time.Time) any {
	return structKey{kind + t.Format(time.RFC3339Nano) + t.Location().String()}
}
func (x instant) mapKey() any       { return timeKey("i", x.t.UTC()) }
func (x localDate) mapKey() any     { return timeKey("d", x.t) }
func (x localTime) mapKey() any     { return timeKey("t", x.t) }
func (x localDateTime) mapKey() any { return timeKey("l", x.t) }
func (x zonedTime) mapKey() any     { return timeKey("z", x.t) }
func (x zoneID) mapKey() any        { return structKey{"zone" + x.loc.String()} }
func (x duration) mapKey() any      { return x }
func (x period) mapKey() any        { return x }

// with puts a changed time back into a value of the same kind.
func with(v Value, t time.Time) Value {
	switch x := v.(type) {
	case instant:
		return instant{t.UTC()}
	case localDate:
		return localDate{time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)}
	case localTime:
		return localTime{time.Date(1970, 1, 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)}
	case localDateTime:
		return localDateTime{t}
	case zonedTime:
		return zonedTime{t, x.offset}
	case *date:
		return newDate(t)
	}
	return v
}

func location(v Value, th *thread) *time.Location {
	if z, ok := v.(zoneID); ok {
		return z.loc
	}
	name := th.str(v)
	switch name {
	case "Z", "":
		return time.UTC
	case "UTC", "GMT", "UT": // regions, which print their name; Z is an offset
		return time.FixedZone(name, 0)
	}
	if strings.ContainsAny(name[:1], "+-") {
		for _, l := range []string{"-07:00", "-0700", "-07"} {
			if t, err := time.Parse(l, name); err == nil {
				_, off := t.Zone()
				return time.FixedZone(t.Format("-07:00"), off)
			}
		}
	}
	if strings.ContainsAny(name, "\\") || strings.Contains(name, "..") || name == "Local" {
		th.throw("java.time.DateTimeException", "Invalid ID for region-based ZoneId: %s", clip(name))
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		th.throw("java.time.DateTimeException", "Unknown time-zone ID: %s", clip(name))
	}
	return l
}

var units = map[string]time.Duration{"NANOS": 1, "MICROS": time.Microsecond, "MILLIS": time.Millisecond, "SECONDS": time.Second, "MINUTES": time.Minute,
	"HOURS": time.Hour, "HALF_DAYS": 12 * time.Hour, "DAYS": 24 * time.Hour, "WEEKS": 7 * 24 * time.Hour}

// shift adds n units, calendar units by the calendar.
func shift(t time.Time, n int64, unit string) time.Time {
	switch unit {
	case "YEARS":
		return addMonths(t, int(n)*12)
	case "MONTHS":
		return addMonths(t, int(n))
	case "DECADES":
		return addMonths(t, int(n)*120)
	case "WEEKS":
		return t.AddDate(0, 0, int(n)*7)
	case "DAYS":
		return t.AddDate(0, 0, int(n))
	}
	u := units[unit]
	if u >= time.Second {
		const chunk = 1 << 31
		for n > chunk || n < -chunk {
			c := clampInt(n, -chunk, chunk)
			if u > time.Second {
				return t.Add(time.Duration(n) * u)
			}
			t = t.Add(time.Duration(c) * u)
			n -= c
			if n > 1<<40 || n < -(1<<40) {
				return t
			}
		}
	}
	return t.Add(time.Duration(n) * u)
}

// addMonths keeps the day where the month has it, else takes its last day.
func addMonths(t time.Time, n int) time.Time {
	y, m, d := t.Date()
	first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	if last := first.AddDate(0, 1, -1).Day(); d > last {
		d = last
	}
	return time.Date(first.Year(), first.Month(), d, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
}

func between(a, b time.Time, unit string) int64 {
	switch unit {
	case "YEARS", "MONTHS", "DECADES":
		n := int64(b.Year()-a.Year())*12 + int64(b.Month()) - int64(a.Month())
		if n > 0 && addMonths(a, int(n)).After(b) {
			n--
		} else if n < 0 && addMonths(a, int(n)).Before(b) {
			n++
		}
		switch unit {
		case "YEARS":
			return n / 12
		case "DECADES":
			return n / 120
		}
		return n
	}
	u := units[unit]
	if u == 0 {
		u = 1
	}
	s := b.Unix() - a.Unix()
	if u%time.Second == 0 {
		if ns := b.Nanosecond() - a.Nanosecond(); s > 0 && ns < 0 {
			s--
		} else if s < 0 && ns > 0 {
			s++
		}
		return s / int64(u/time.Second)
	}
	return int64(b.Sub(a) / u)
}

var isoDuration = regexp.MustCompile(`(?i)^([+-]?)P(?:([+-]?\d+)D)?(?:T(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?\d+(?:\.\d{1,9})?)S)?)?$`)

func parseISODuration(s string) (time.Duration, bool) {
	m := isoDuration.FindStringSubmatch(s)
	if m == nil || strings.HasSuffix(strings.ToUpper(s), "T") || len(s) < 3 {
		return 0, false
	}
	var d time.Duration
	for i, u := range []string{"24h", "1h", "1m", "1s"} {
		if m[i+2] == "" {
			continue
		}
		unit, _ := time.ParseDuration(u)
		f, err := strconv.ParseFloat(m[i+2], 64)
		if err != nil {
			return 0, false
		}
		d += time.Duration(f * float64(unit))
	}
	if m[1] == "-" {
		d = -d
	}
	return d, true
}
