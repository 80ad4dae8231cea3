package expr

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

var jsonFunctions = []Function{
	{
		Name: "toJson",
		Sig:  "(text string) any",
		Doc:  "The value that a JSON text stands for: map, list, text, number, boolean. Null when text is null or not JSON.",
		Call: func(site Site, args []Value) (Value, error) {
			text, ok := args[0].(string)
			if !ok {
				return nil, nil
			}
			v, err := parseJSON(text)
			if err != nil {
				site.Warn("the text is not JSON")
				return nil, nil
			}
			return v, nil
		},
		Examples: []Example{
			{`toJson('{"a":[1,2]}').a[1]`, int64(2)}, {`toJson('{')`, nil}, {`toJson('1.5')`, 1.5}, {`toJson('"x"')`, "x"},
			{`toJson('1 2')`, nil}, {`toJson(null)`, nil},
		},
	},
}

func parseJSON(text string) (Value, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return plainNumbers(v), nil
}

// plainNumbers turns the decoder's numbers into ours, in place.
func plainNumbers(v Value) Value {
	switch v := v.(type) {
	case json.Number:
		n, err := parseNumber(string(v))
		if err != nil { // an integer beyond 64 bits
			f, _ := v.Float64()
			return f
		}
		if n.decimal {
			return n.f
		}
		return n.i
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plainNumbers(v[k])
		}
	}
	return v
}
