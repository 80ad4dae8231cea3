package observe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits counts what limits of a server held back, by their names, and knows those that were set to another value than
// their default. Methods may be called on nil: then nothing is counted, and all have their defaults.
type Limits struct {
	Tally
	set map[string]int64
}

// NewLimits returns limits of the names. set has values of some, from ParseLimits; it may be nil.
func NewLimits(names []string, set map[string]int64) *Limits {
	return &Limits{Tally: *NewTally(names...), set: set}
}

// Add counts once.
func (l *Limits) Add(name string) {
	if l != nil {
		l.Tally.Add(name)
	}
}

// Number is the limit of that name.
func (l *Limits) Number(name string, standard int) int {
	if l != nil && l.set[name] > 0 {
		return int(l.set[name])
	}
	return standard
}

// Time is the limit of that name.
func (l *Limits) Time(name string, standard time.Duration) time.Duration {
	if l != nil && l.set[name] > 0 {
		return time.Duration(l.set[name])
	}
	return standard
}

// ParseLimits reads pairs such as "connections=5000" and "idle_time=5m". known has the names that there are, and whether
// their values are times.
func ParseLimits(pairs []string, known map[string]bool) (map[string]int64, error) {
	set := map[string]int64{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		isTime, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("--limit %s: expected one of %s, and a value behind =", pair, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		n, err := strconv.ParseInt(value, 10, 32)
		example := "a number from 1, such as 1000"
		if isTime {
			var d time.Duration
			d, err = time.ParseDuration(value)
			n, example = int64(d), "a time such as 30s or 5m"
		}
		if err != nil || n <= 0 {
			return nil, fmt.Errorf("--limit %s: expected %s", pair, example)
		}
		set[name] = n
	}
	return set, nil
}

// OverLimit is the cause of a refusal: more came than the limit of that name allows. Errors of packages that do not know
// this one may have the method OverLimit instead.
func OverLimit(limit string) error { return overLimit(limit) }

type overLimit string

func (l overLimit) Error() string     { return "over the limit of " + string(l) }
func (l overLimit) OverLimit() string { return string(l) }

// LimitOf is the limit that err tells of; "" where it tells of none.
func LimitOf(err error) string {
	if over, ok := errors.AsType[interface {
		error
		OverLimit() string
	}](err); ok {
		return over.OverLimit()
	}
	return ""
}

// CountLimit counts the refusal of a request with the limits of its server, when err tells of one.
func CountLimit(ctx context.Context, err error) {
	if err == nil {
		return
	}
	limit := LimitOf(err)
	if limit == "" {
		return
	}
	if r := RequestOf(ctx); r != nil {
		r.Limits.Add(limit)
	}
}
