package expr

import (
	"math"
	"strings"
	"time"
)

// Instant is the value of the name now: a moment with methods to move it.
type Instant struct{ time.Time }

// instantUnits are the endings of plusX and minusX.
var instantUnits = map[string]time.Duration{
	"Days": 24 * time.Hour, "Hours": time.Hour, "Minutes": time.Minute, "Seconds": time.Second,
	"Millis": time.Millisecond, "Nanos": time.Nanosecond,
}

// Get has epochMillis, epochSeconds and rfc1123.
func (i Instant) Get(name string) (Value, bool) {
	switch name {
	case "epochMillis":
		return i.UnixMilli(), true
	case "epochSeconds":
		return i.Unix(), true
	case "rfc1123":
		return i.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"), true
	}
	return nil, false
}

// Call has plusDays(n), minusDays(n), and the same for the other units;
// isBefore and isAfter; and the properties as methods.
func (i Instant) Call(method string, args []Value) (Value, error) {
	if v, ok := i.Get(method); ok && len(args) == 0 {
		return v, nil
	}
	if method == "toEpochMilli" && len(args) == 0 {
		return i.UnixMilli(), nil
	}
	if len(args) != 1 {
		return nil, ErrNoMethod
	}
	switch method {
	case "isBefore", "isAfter":
		other, ok := instantOf(args[0])
		if !ok {
			return nil, failf("%s is not an instant", kind(args[0]))
		}
		if method == "isBefore" {
			return i.Before(other), nil
		}
		return i.After(other), nil
	}
	unit, sign := strings.CutPrefix(method, "plus")
	if !sign {
		var minus bool
		if unit, minus = strings.CutPrefix(method, "minus"); !minus {
			return nil, ErrNoMethod
		}
	}
	size, ok := instantUnits[unit]
	if !ok {
		return nil, ErrNoMethod
	}
	n, err := toNumber(args[0])
	if err != nil {
		return nil, err
	}
	if n.decimal {
		n.i = int64(n.f)
	}
	if !sign {
		n.i = -n.i
	}
	return i.plus(n.i, size)
}

// plus moves by n units. The result has to stay within the years that dates
// in headers can show, which also keeps the arithmetic from overflowing.
func (i Instant) plus(n int64, unit time.Duration) (Value, error) {
	seconds := float64(n) * unit.Seconds()
	if math.Abs(seconds) > 9999*366*24*3600 {
		return nil, failf("the instant is out of range")
	}
	perUnit := int64(unit / time.Second)
	var moved time.Time
	if perUnit > 0 {
		moved = time.Unix(i.Unix()+n*perUnit, int64(i.Nanosecond()))
	} else {
		perSecond := int64(time.Second / unit)
		moved = time.Unix(i.Unix()+n/perSecond, int64(i.Nanosecond())+n%perSecond*int64(unit))
	}
	if y := moved.UTC().Year(); y < 0 || y > 9999 {
		return nil, failf("the instant is out of range")
	}
	return Instant{moved.UTC()}, nil
}

// String is ISO 8601 with 0, 3, 6 or 9 decimals of seconds, as Java prints it.
func (i Instant) String() string {
	u := i.UTC()
	layout := "2006-01-02T15:04:05"
	switch ns := u.Nanosecond(); {
	case ns == 0:
	case ns%1e6 == 0:
		layout += ".000"
	case ns%1e3 == 0:
		layout += ".000000"
	default:
		layout += ".000000000"
	}
	return u.Format(layout + "Z")
}
