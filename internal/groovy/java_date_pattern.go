package groovy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// datePart is a piece of a date pattern: a text, or a letter that is repeated n times.
type datePart struct {
	text   string
	letter rune
	n      int
}

const (
	simpleLetters = "GyYMLwWDdFEuaHkKhmsSzZX"
	timeLetters   = "GuyDMLdQqYwWEecFahKkHmsSAnNVzOXxZ"
)

// dateParts takes a pattern of SimpleDateFormat or DateTimeFormatter apart.
func dateParts(p string, simple bool) ([]datePart, error) {
	bad := func(format string, args ...any) ([]datePart, error) {
		return nil, Throw(excIllegalArg, format, args...)
	}
	known := timeLetters
	if simple {
		known = simpleLetters
	}
	var out []datePart
	rs := []rune(p)
	for i := 0; i < len(rs); {
		c := rs[i]
		if c == '\'' {
			text, next := quotedText(rs, i+1)
			if next < 0 {
				if simple {
					return bad("Unterminated quote")
				}
				return bad("Pattern ends with an incomplete string literal: %s", p)
			}
			out, i = append(out, datePart{text: text}), next
			continue
		}
		n := 1
		for i+n < len(rs) && rs[i+n] == c {
			n++
		}
		i += n
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			if !strings.ContainsRune(known, c) {
				return bad("Illegal pattern character '%c'", c)
			}
			out = append(out, datePart{letter: c, n: n})
		case !simple && strings.ContainsRune("#{}", c):
			return bad("Pattern includes reserved character: '%c'", c)
		case !simple && (c == '[' || c == ']'): // optional sections are always written
		default:
			out = append(out, datePart{text: strings.Repeat(string(c), n)})
		}
	}
	return out, nil
}

// quotedText reads to the closing quote; two quotes are one, and nothing between quotes is one.
func quotedText(rs []rune, i int) (text string, next int) {
	var b strings.Builder
	for start := i; i < len(rs); i++ {
		if rs[i] != '\'' {
			b.WriteRune(rs[i])
			continue
		}
		if i == start {
			return "'", i + 1
		}
		if i+1 < len(rs) && rs[i+1] == '\'' {
			b.WriteRune('\'')
			i++
			continue
		}
		return b.String(), i + 1
	}
	return "", -1
}

// write formats a moment.
func (f *formatter) write(t time.Time) string {
	var b strings.Builder
	for _, p := range f.parts {
		if p.letter == 0 {
			b.WriteString(p.text)
			continue
		}
		b.WriteString(p.field(t, f.simple()))
	}
	return b.String()
}

func (f *formatter) simple() bool { return f.class == simpleDateFormat }

const simpleDateFormat = "java.text.SimpleDateFormat"

// field writes what a letter stands for. Names are English, weeks those of the US.
func (p datePart) field(t time.Time, simple bool) string {
	num := func(n int) string { return fmt.Sprintf("%0*d", p.n, n) }
	name := func(number int, short, full string) string {
		switch {
		case p.n < 3:
			return num(number)
		case p.n == 3:
			return short
		}
		return full
	}
	hour, sunday := t.Hour(), int(t.Weekday())+1
	switch p.letter {
	case 'G':
		return "AD"
	case 'y', 'Y', 'u':
		year := t.Year()
		switch {
		case p.letter == 'u' && simple:
			return num((int(t.Weekday())+6)%7 + 1)
		case p.letter == 'Y':
			year, _ = usWeek(t)
		}
		if p.n == 2 {
			return fmt.Sprintf("%02d", year%100)
		}
		return num(year)
	case 'M', 'L':
		return name(int(t.Month()), t.Format("Jan"), t.Format("January"))
	case 'Q', 'q':
		q := (int(t.Month())-1)/3 + 1
		return name(q, "Q"+strconv.Itoa(q), [...]string{"1st", "2nd", "3rd", "4th"}[q-1]+" quarter")
	case 'w':
		_, week := usWeek(t)
		return num(week)
	case 'W':
		first := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
		return num((t.Day()-1+int(first.Weekday()))/7 + 1)
	case 'F':
		if simple {
			return num((t.Day()-1)/7 + 1)
		}
		return num((t.Day()-1)%7 + 1)
	case 'D':
		return num(t.YearDay())
	case 'd':
		return num(t.Day())
	case 'E':
		if p.n < 4 {
			return t.Format("Mon")
		}
		return t.Format("Monday")
	case 'e', 'c':
		return name(sunday, t.Format("Mon"), t.Format("Monday"))
	case 'a':
		return t.Format("PM")
	case 'H':
		return num(hour)
	case 'k':
		return num((hour+23)%24 + 1)
	case 'K':
		return num(hour % 12)
	case 'h':
		return num((hour+11)%12 + 1)
	case 'm':
		return num(t.Minute())
	case 's':
		return num(t.Second())
	case 'S':
		if simple {
			return num(t.Nanosecond() / int(time.Millisecond))
		}
		return fracDigits(t, min(p.n, 9))
	case 'n':
		return num(t.Nanosecond())
	case 'A':
		return num(int(sinceMidnight(t) / time.Millisecond))
	case 'N':
		return num(int(sinceMidnight(t)))
	}
	return p.zone(t, simple)
}

func sinceMidnight(t time.Time) time.Duration {
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
}

// zone writes the letters of time zones and offsets.
func (p datePart) zone(t time.Time, simple bool) string {
	abbreviation, off := t.Zone()
	if t.Location() == time.UTC {
		abbreviation = "UTC"
	}
	offset := func(layout string) string { return t.Format(layout) }
	switch p.letter {
	case 'z':
		switch {
		case p.n < 4:
		case abbreviation == "UTC":
			return "Coordinated Universal Time"
		case abbreviation == "GMT":
			return "Greenwich Mean Time"
		}
		return abbreviation
	case 'V':
		return zoneName(t.Location())
	case 'Z':
		switch {
		case simple || p.n < 4:
			return offset("-0700")
		case p.n == 5:
			return offset("Z07:00")
		case off == 0:
			return "GMT"
		}
		return "GMT" + offset("-07:00")
	case 'O':
		switch {
		case off == 0:
			return "GMT"
		case p.n == 4:
			return "GMT" + offset("-07:00")
		case off%3600 == 0:
			return fmt.Sprintf("GMT%+d", off/3600)
		}
		return fmt.Sprintf("GMT%+d:%02d", off/3600, max(off, -off)/60%60)
	}
	if p.letter == 'X' && off == 0 {
		return "Z"
	}
	switch {
	case p.n == 1 && (simple || off%3600 == 0):
		return offset("-07")
	case p.n <= 2:
		return offset("-0700")
	}
	return offset("-07:00")
}

// usWeek is the week of the year and the year that it belongs to, where weeks begin on Sundays
// and the one with the first of January is the first.
func usWeek(t time.Time) (year, week int) {
	year = t.Year()
	saturday := t.AddDate(0, 0, 6-int(t.Weekday()))
	if saturday.Year() > year {
		return year + 1, 1
	}
	first := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	return year, (t.YearDay()-1+int(first.Weekday()))/7 + 1
}

// lacks tells the field of a pattern that a date or time without the other, or without a
// zone, does not have.
func (f *formatter) lacks(v Value) error {
	none := ""
	switch v.(type) {
	case localDate:
		none = "hHkKmsSaAnN"
	case localTime:
		none = "yuYMLwWDdFEecQq"
	case localDateTime:
	default:
		return nil
	}
	if f.loc == nil {
		none += "zVZXxO"
	}
	for _, p := range f.parts {
		switch {
		case p.letter == 0 || !strings.ContainsRune(none, p.letter):
		case p.letter == 'z' || p.letter == 'V':
			return Throw("java.time.DateTimeException", "Unable to extract ZoneId from temporal %s", ToString(v))
		default:
			return Throw("java.time.temporal.UnsupportedTemporalTypeException", "Unsupported field: %s", fieldNames[p.letter])
		}
	}
	return nil
}

var fieldNames = map[rune]string{'h': "ClockHourOfAmPm", 'H': "HourOfDay", 'k': "ClockHourOfDay", 'K': "HourOfAmPm", 'm': "MinuteOfHour", 's': "SecondOfMinute",
	'S': "NanoOfSecond", 'a': "AmPmOfDay", 'A': "MilliOfDay", 'n': "NanoOfSecond", 'N': "NanoOfDay", 'y': "YearOfEra", 'u': "Year", 'Y': "WeekBasedYear",
	'M': "MonthOfYear", 'L': "MonthOfYear", 'w': "WeekOfWeekBasedYear", 'W': "WeekOfMonth", 'D': "DayOfYear", 'd': "DayOfMonth", 'F': "AlignedWeekOfMonth",
	'E': "DayOfWeek", 'e': "DayOfWeek", 'c': "DayOfWeek", 'Q': "QuarterOfYear", 'q': "QuarterOfYear", 'Z': "OffsetSeconds", 'X': "OffsetSeconds", 'x': "OffsetSeconds", 'O': "OffsetSeconds"}
