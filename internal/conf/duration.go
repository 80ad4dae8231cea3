package conf

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time as configurations write it: "10 seconds",
// "23 hours 59 minutes and 59 seconds", "unlimited", "disabled".
type Duration time.Duration

// Unlimited is the duration that never ends.
const Unlimited Duration = math.MaxInt64

// D returns the duration; Unlimited is the longest one there is.
func (d Duration) D() time.Duration { return time.Duration(d) }

// Unlimited says whether the duration never ends.
func (d Duration) Unlimited() bool { return d == Unlimited }

func (d Duration) String() string {
	if d == Unlimited {
		return "unlimited"
	}
	return time.Duration(d).String()
}

var durationWords = map[string]Duration{
	"unlimited": Unlimited, "indefinite": Unlimited, "infinity": Unlimited, "undefined": Unlimited,
	"zero": 0, "disabled": 0, "0": 0,
}

var durationUnits = units(map[time.Duration]string{
	24 * time.Hour:   "days day d",
	time.Hour:        "hours hour h",
	time.Minute:      "minutes minute min m",
	time.Second:      "seconds second sec s",
	time.Millisecond: "milliseconds millisecond millisec millis milli ms",
	time.Microsecond: "microseconds microsecond microsec micros micro us µs",
	time.Nanosecond:  "nanoseconds nanosecond nanosec nanos nano ns",
})

func units(names map[time.Duration]string) map[string]time.Duration {
	m := map[string]time.Duration{}
	for d, list := range names {
		for n := range strings.FieldsSeq(list) {
			m[n] = d
		}
	}
	return m
}

// ParseDuration reads a duration; see Duration.
func ParseDuration(s string) (Duration, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	if d, ok := durationWords[text]; ok {
		return d, nil
	}
	text = strings.NewReplacer(",", " ", " and ", " ").Replace(text)
	var total time.Duration
	rest := strings.TrimSpace(text)
	if rest == "" {
		return 0, fmt.Errorf("expected a duration such as \"10 seconds\", found %q", s)
	}
	for rest != "" {
		i := 0
		for i < len(rest) && '0' <= rest[i] && rest[i] <= '9' {
			i++
		}
		n, err := strconv.ParseInt(rest[:i], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("expected a duration such as \"10 seconds\", found %q", s)
		}
		rest = strings.TrimLeft(rest[i:], " ")
		j := strings.IndexAny(rest, " 0123456789")
		if j < 0 {
			j = len(rest)
		}
		u, ok := durationUnits[rest[:j]]
		if rest[:j] == "" {
			return 0, fmt.Errorf("expected a duration such as \"10 seconds\", found %q (the unit is missing)", s)
		}
		if !ok {
			return 0, fmt.Errorf("expected a duration such as \"10 seconds\", found %q (%q is no unit of time)", s, rest[:j])
		}
		if n > int64(math.MaxInt64/u) || total > math.MaxInt64-time.Duration(n)*u {
			return 0, fmt.Errorf("the duration %q is too long", s)
		}
		total += time.Duration(n) * u
		rest = strings.TrimLeft(rest[j:], " ")
	}
	return Duration(total), nil
}
