package script

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/big"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"gatehouse/internal/groovy"
)

// rawJSON is encoded JSON.
type rawJSON = json.RawMessage

var errJSON = errors.New("not one JSON value")

// parseJSON reads one value; objects keep their order. Whole numbers are Integer, Long
// or BigInteger, others Double.
func parseJSON(b []byte) (groovy.Value, error) {
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return nil, nil
	}
	d := jsontext.NewDecoder(bytes.NewReader(b), jsontext.AllowDuplicateNames(true))
	v, err := jsonNode(d, 0)
	if err != nil {
		return nil, errJSON
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errJSON
	}
	return v, nil
}

func jsonNode(d *jsontext.Decoder, depth int) (groovy.Value, error) {
	if depth > maxNesting {
		return nil, errJSON
	}
	t, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch t.Kind() {
	case '{':
		m := groovy.NewMap()
		for d.PeekKind() != '}' {
			name, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			key := name.String() // the next read overwrites the token
			v, err := jsonNode(d, depth+1)
			if err != nil {
				return nil, err
			}
			m.Put(key, v)
		}
		_, err := d.ReadToken()
		return m, err
	case '[':
		l := groovy.NewList()
		for d.PeekKind() != ']' {
			v, err := jsonNode(d, depth+1)
			if err != nil {
				return nil, err
			}
			l.Add(v)
		}
		_, err := d.ReadToken()
		return l, err
	case '"':
		return t.String(), nil
	case '0':
		return jsonNumber(t.String())
	case 't', 'f':
		return t.Bool(), nil
	}
	return nil, nil
}

// maxDigits bounds whole numbers beyond 64 bits, whose arithmetic is slow.
const maxDigits = 1000

func jsonNumber(s string) (groovy.Value, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return small(n), nil
	}
	if len(s) <= maxDigits {
		if n, ok := new(big.Int).SetString(s, 10); ok {
			return n, nil
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return nil, err
	}
	return f, nil
}

// marshalJSON writes a value with objects in their order.
func marshalJSON(v groovy.Value) ([]byte, error) { return new(walk).appendJSON(nil, v, 0) }

// maxJSON bounds the text of one value.
const maxJSON = 64 << 20

func (w *walk) appendJSON(b []byte, v groovy.Value, depth int) ([]byte, error) {
	if err := w.enter(depth); err != nil {
		return nil, badArgument("the data has no form in JSON: %s", err)
	}
	if len(b) > maxJSON {
		return nil, badArgument("the data is too large for JSON")
	}
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case string:
		return appendText(b, v)
	case int32:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, badArgument("%v has no form in JSON", v)
		}
	case *groovy.Map:
		return w.appendMap(b, v, depth)
	case *jsonValue:
		return w.appendJSON(b, v.v, depth+1)
	case *header:
		return w.appendJSON(b, listOf(v.list()), depth+1)
	case table:
		return w.appendMap(b, copyOf(v), depth)
	case []byte:
		return appendText(b, string(v))
	case *objectHost:
		if m, ok := v.v.(json.Marshaler); ok {
			text, err := m.MarshalJSON()
			return append(b, text...), err
		}
	case *groovy.Closure, *promise:
		return nil, badArgument("%s has no form in JSON", kindOf(v))
	}
	if items, many := elements(v); many {
		b = append(b, '[')
		for i, e := range items {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = w.appendJSON(b, e, depth+1); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	}
	switch groovy.ToGo(v).(type) {
	case int64, float64:
		return append(b, groovy.ToString(v)...), nil
	}
	if n, ok := v.(*big.Int); ok {
		return n.Append(b, 10), nil
	}
	s, err := groovy.Text(v)
	if err != nil {
		return nil, err
	}
	return appendText(b, s)
}

func (w *walk) appendMap(b []byte, m *groovy.Map, depth int) ([]byte, error) {
	b = append(b, '{')
	first, err := true, error(nil)
	m.Each(func(k, v groovy.Value) bool {
		if !first {
			b = append(b, ',')
		}
		first = false
		if b, err = appendText(b, text(k)); err != nil {
			return false
		}
		b, err = w.appendJSON(append(b, ':'), v, depth+1)
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	return append(b, '}'), nil
}

func appendText(b []byte, s string) ([]byte, error) {
	b, err := jsontext.AppendQuote(b, s)
	if err != nil { // bytes that are no UTF-8 were replaced
		return b, nil
	}
	return b, nil
}
