package expr

import (
	"crypto/x509"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// kind names the type of v in messages.
func kind(v Value) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case []byte:
		return "bytes"
	case Instant, time.Time:
		return "an instant"
	case *x509.Certificate:
		return "a certificate"
	}
	if n, ok := numberOf(v); ok {
		if n.decimal {
			return "a decimal"
		}
		return "an integer"
	}
	if _, ok := listOf(v); ok {
		return "a list"
	}
	if _, ok := mapOf(v); ok {
		return "a map"
	}
	return "an object"
}

// number is an integer, or a decimal in f.
type number struct {
	i       int64
	f       float64
	decimal bool
}

func (n number) float() float64 {
	if n.decimal {
		return n.f
	}
	return float64(n.i)
}

// numberOf is v as a number if it is one; texts are not.
func numberOf(v Value) (number, bool) {
	switch v := v.(type) {
	case int64:
		return number{i: v}, true
	case int:
		return number{i: int64(v)}, true
	case float64:
		return number{f: v, decimal: true}, true
	case int32:
		return number{i: int64(v)}, true
	case int16:
		return number{i: int64(v)}, true
	case int8:
		return number{i: int64(v)}, true
	case uint8:
		return number{i: int64(v)}, true
	case uint16:
		return number{i: int64(v)}, true
	case uint32:
		return number{i: int64(v)}, true
	case uint:
		return unsigned(uint64(v)), true
	case uint64:
		return unsigned(v), true
	case float32:
		return number{f: float64(v), decimal: true}, true
	case json.Number:
		n, err := parseNumber(string(v))
		return n, err == nil
	}
	return number{}, false
}

func unsigned(v uint64) number {
	if v > math.MaxInt64 {
		return number{f: float64(v), decimal: true}
	}
	return number{i: int64(v)}
}

// toNumber is JSR 245 §1.18.3: null and "" are 0, texts are parsed.
func toNumber(v Value) (number, error) {
	if n, ok := numberOf(v); ok {
		return n, nil
	}
	switch v := v.(type) {
	case nil:
		return number{}, nil
	case string:
		if v == "" {
			return number{}, nil
		}
		n, err := parseNumber(v)
		if err != nil {
			return n, failf("the string is not a number")
		}
		return n, nil
	}
	return number{}, failf("%s is not a number", kind(v))
}

func parseNumber(s string) (number, error) {
	if strings.ContainsAny(s, "xXpP_nN") { // accepted by Go, not by Java: 0x1p4, 1_0, nan, inf
		return number{}, strconv.ErrSyntax
	}
	if !strings.ContainsAny(s, ".eE") {
		n, err := strconv.ParseInt(s, 10, 64)
		return number{i: n}, err
	}
	f, err := strconv.ParseFloat(s, 64)
	return number{f: f, decimal: true}, err
}

func parseInteger(s string, radix, bits int) (int64, error) {
	if strings.Contains(s, "_") {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseInt(s, radix, bits)
}

// boolean is JSR 245 §1.18.5: null is false, texts are true when they spell it.
func boolean(v Value) (bool, error) {
	switch v := v.(type) {
	case bool:
		return v, nil
	case nil:
		return false, nil
	case string:
		return strings.EqualFold(v, "true"), nil
	}
	return false, failf("%s is not a boolean", kind(v))
}

// isEmpty is the operator empty.
func isEmpty(v Value) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []byte:
		return len(v) == 0
	}
	if l, ok := listOf(v); ok {
		return l.Len() == 0
	}
	if m, ok := mapOf(v); ok {
		return m.size() == 0
	}
	return false
}

// coerce makes v fit a parameter of a function or method. Null fits all.
func coerce(v Value, to paramKind) (Value, error) {
	if v == nil {
		return nil, nil
	}
	switch to {
	case paramText, paramRegex:
		if _, ok := v.(string); ok {
			return v, nil
		}
		return textValue(v)
	case paramInteger:
		n, err := toNumber(v)
		if err != nil {
			return nil, err
		}
		if n.decimal {
			n.i = int64(n.f)
		}
		return n.i, nil
	case paramList:
		if _, ok := listOf(v); ok {
			return v, nil
		}
		return nil, failf("%s is not a list", kind(v))
	case paramMap:
		if _, ok := mapOf(v); ok {
			return v, nil
		}
		return nil, failf("%s is not a map", kind(v))
	}
	return v, nil
}

func textValue(v Value) (Value, error) {
	text, err := Text(v)
	if err != nil {
		return nil, err
	}
	return text, nil
}
