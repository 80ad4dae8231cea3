package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// hours asks for a time of the day, days of the week, and dates. Both ends of days and dates belong to the range; a
// range of times or days whose end is before its start goes over midnight, or over the end of the week.
type hours struct {
	from, to           time.Duration // since midnight
	times              bool
	firstDay, lastDay  time.Weekday
	days               bool
	firstDate, endDate string // "2023:01:31"; "" is open
	zone               *time.Location
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func readTime(o map[string]any) (condition, error) {
	text := func(name string) string { s, _ := o[name].(string); return strings.TrimSpace(s) }
	var c hours
	var err error
	start, end := text("startTime"), text("endTime")
	if (start == "") != (end == "") || (text("startDay") == "") != (text("endDay") == "") {
		return nil, errors.New("SimpleTime: a start needs an end")
	}
	if c.times = start != ""; c.times {
		if c.from, err = clock(start); err == nil {
			c.to, err = clock(end)
		}
	}
	if c.days = text("startDay") != ""; c.days && err == nil {
		if c.firstDay, err = weekday(text("startDay")); err == nil {
			c.lastDay, err = weekday(text("endDay"))
		}
	}
	if err == nil {
		if c.firstDate, err = date(text("startDate")); err == nil {
			c.endDate, err = date(text("endDate"))
		}
	}
	if name := text("enforcementTimeZone"); name != "" && err == nil {
		c.zone, err = zone(name)
	}
	if err != nil {
		return nil, fmt.Errorf("SimpleTime: %w", err)
	}
	return c, nil
}

func clock(text string) (time.Duration, error) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, errors.New(`expected a time such as "09:00"`)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

func weekday(text string) (time.Weekday, error) {
	i := slices.Index(weekdays, strings.ToLower(text))
	if i < 0 {
		return 0, errors.New(`expected a day such as "mon"`)
	}
	return time.Weekday(i), nil
}

const dateForm = "2006:01:02"

func date(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	t, err := time.Parse("2006:1:2", text)
	if err != nil {
		return "", errors.New(`expected a date such as "2026:12:31"`)
	}
	return t.Format(dateForm), nil
}

// zone reads a name of the time zone database, or "GMT+5:30".
func zone(name string) (*time.Location, error) {
	for _, prefix := range [...]string{"GMT", "UTC"} {
		after, ok := strings.CutPrefix(name, prefix)
		if !ok || after == "" {
			continue
		}
		sign := 1
		if after[0] == '-' {
			sign = -1
		}
		for _, form := range [...]string{"15:04", "1504", "15"} {
			text := after[1:]
			if len(text) == 1 || strings.IndexByte(text, ':') == 1 {
				text = "0" + text
			}
			if t, err := time.Parse(form, text); err == nil && (after[0] == '+' || after[0] == '-') {
				return time.FixedZone(name, sign*(t.Hour()*3600+t.Minute()*60)), nil
			}
		}
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("the time zone %q is not known", name)
	}
	return loc, nil
}

func (c hours) holds(q *Question) outcome {
	loc := c.zone
	if loc == nil {
		if loc = time.UTC; len(q.Environment["requestTimeZone"]) > 0 {
			if named, err := zone(q.Environment["requestTimeZone"][0]); err == nil {
				loc = named
			}
		}
	}
	now := q.Now.In(loc)
	day := now.Format(dateForm)
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, loc)
	out := outcome{ok: (c.firstDate == "" || day >= c.firstDate) && (c.endDate == "" || day <= c.endDate)}
	if c.days {
		out.ok = out.ok && within(int(now.Weekday()), int(c.firstDay), int(c.lastDay), true)
	}
	if c.days || c.firstDate != "" || c.endDate != "" {
		out.until = midnight.AddDate(0, 0, 1)
	}
	if c.times {
		at := time.Duration(now.Hour())*time.Hour + time.Duration(now.Minute())*time.Minute + time.Duration(now.Second())*time.Second
		out.ok = out.ok && within(int(at), int(c.from), int(c.to), false)
		for _, edge := range [...]time.Duration{c.from, c.to} {
			for days := range 2 {
				t := time.Date(now.Year(), now.Month(), now.Day()+days, int(edge/time.Hour), int(edge%time.Hour/time.Minute), 0, 0, loc)
				if t.After(now) {
					out.until = sooner(out.until, t)
				}
			}
		}
	}
	return out
}

// within tells whether at is between first and last, going round where last is before first.
func within(at, first, last int, closed bool) bool {
	before := at < last || closed && at == last
	if first <= last {
		return at >= first && before
	}
	return at >= first || before
}
