package expr

import (
	"crypto/x509"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Text is the text form of v as Java prints it: lists as [a, b], maps as
// {k=v, k2=v2}, null as "". Bytes have none: to print them unencoded is always
// a mistake. Errors: that, and texts longer than MaxText.
func Text(v Value) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case nil:
		return "", nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	var b textBuilder
	if err := b.value(v); err != nil {
		return "", err
	}
	return b.String(), nil
}

// textBuilder collects text up to MaxText.
type textBuilder struct {
	strings.Builder
}

var errTextTooLong = fmt.Errorf("%w: the text is longer than %d bytes", ErrLimit, MaxText)

func tooLong() error { return failf("%w", errTextTooLong) }

func (b *textBuilder) add(s string) error {
	if b.Len()+len(s) > MaxText {
		return tooLong()
	}
	b.WriteString(s)
	return nil
}

// value adds v; null adds nothing.
func (b *textBuilder) value(v Value) error {
	if v == nil {
		return nil
	}
	return b.nested(v, 0)
}

// nested adds v, null as the word: so Java prints it inside lists and maps.
func (b *textBuilder) nested(v Value, depth int) error {
	if depth > maxValueDepth {
		return failf("%w: the value is nested more than %d levels deep", ErrLimit, maxValueDepth)
	}
	switch v := v.(type) {
	case nil:
		return b.add("null")
	case string:
		return b.add(v)
	case bool:
		return b.add(strconv.FormatBool(v))
	case []byte:
		return failf("bytes have no text form; encode them, for example with encodeBase64")
	case *x509.Certificate:
		return b.add(v.Subject.String())
	case time.Time:
		return b.add(Instant{v}.String())
	}
	if n, ok := numberOf(v); ok {
		return b.add(n.String())
	}
	if s, ok := v.(fmt.Stringer); ok {
		return b.add(s.String())
	}
	if l, ok := listOf(v); ok {
		return b.list(l, depth)
	}
	if m, ok := mapOf(v); ok {
		return b.mapping(m, depth)
	}
	if err, ok := v.(error); ok {
		return b.add(err.Error())
	}
	return failf("%s has no text form", kind(v))
}

func (b *textBuilder) list(l Sequence, depth int) error {
	open := "["
	for i := range l.Len() {
		if err := b.add(open); err != nil {
			return err
		}
		if err := b.nested(l.At(i), depth+1); err != nil {
			return err
		}
		open = ", "
	}
	if l.Len() == 0 {
		return b.add("[]")
	}
	return b.add("]")
}

func (b *textBuilder) mapping(m mapping, depth int) error {
	open := "{"
	for _, k := range m.keys() {
		v, _ := m.get(k)
		if err := b.add(open + k + "="); err != nil {
			return err
		}
		if err := b.nested(v, depth+1); err != nil {
			return err
		}
		open = ", "
	}
	if open == "{" {
		return b.add("{}")
	}
	return b.add("}")
}

// String is the number as Java prints it.
func (n number) String() string {
	if !n.decimal {
		return strconv.FormatInt(n.i, 10)
	}
	abs := math.Abs(n.f)
	switch {
	case math.IsNaN(n.f):
		return "NaN"
	case math.IsInf(n.f, 0):
		if n.f < 0 {
			return "-Infinity"
		}
		return "Infinity"
	case abs == 0 || abs >= 1e-3 && abs < 1e7:
		s := strconv.FormatFloat(n.f, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(n.f, 'E', -1, 64), "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	sign := ""
	if exponent[0] == '-' {
		sign = "-"
	}
	return mantissa + "E" + sign + strings.TrimLeft(exponent[1:], "0")
}
