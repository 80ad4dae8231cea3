package realm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// decodeDoc reads the JSON object body into the struct that into points to, by the
// names of its json tags. Clients of the administration interface write values in
// many forms, so it is lenient: {"inherited":false,"value":x} is x, a single string
// is a list of one, "3600" is a number; null and a wrapper without a value leave what
// into has. Unknown members are ignored. All mistakes are reported at once, by path.
func decodeDoc(body json.RawMessage, into any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return fmt.Errorf("expected a JSON object: %w", err)
	}
	return errors.Join(decodeMembers("", members, reflect.ValueOf(into).Elem())...)
}

func decodeMembers(path string, members map[string]json.RawMessage, v reflect.Value) []error {
	var errs []error
	for i := range v.NumField() {
		if v.Type().Field(i).Anonymous { // its members stand among the others, as in encoding/json
			errs = append(errs, decodeMembers(path, members, v.Field(i))...)
			continue
		}
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		raw, ok := members[name]
		if name == "" || name == "-" || !ok {
			continue
		}
		if v.Field(i).Kind() == reflect.Struct {
			var inner map[string]json.RawMessage
			if err := json.Unmarshal(raw, &inner); err != nil {
				errs = append(errs, fmt.Errorf("%s%s: expected an object, found %s", path, name, kindOf(raw)))
				continue
			}
			errs = append(errs, decodeMembers(path+name+".", inner, v.Field(i))...)
			continue
		}
		if err := decodeValue(unwrap(raw), v.Field(i)); err != nil {
			errs = append(errs, fmt.Errorf("%s%s: %w", path, name, err))
		}
	}
	return errs
}

// unwrap returns the value of {"inherited":…,"value":…}, nil when it holds none, and
// anything else as it is.
func unwrap(raw json.RawMessage) json.RawMessage {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] != '{' {
		return raw
	}
	var wrapper map[string]json.RawMessage
	if json.Unmarshal(raw, &wrapper) != nil {
		return raw
	}
	if _, ok := wrapper["inherited"]; !ok {
		return raw
	}
	return bytes.TrimSpace(wrapper["value"])
}

func decodeValue(raw json.RawMessage, v reflect.Value) error {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	switch v.Kind() {
	case reflect.Bool:
		switch strings.ToLower(strings.Trim(string(raw), `"`)) {
		case "true":
			v.SetBool(true)
		case "false":
			v.SetBool(false)
		default:
			return fmt.Errorf("expected true or false, found %s", kindOf(raw))
		}
	case reflect.Int:
		n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
		if err != nil || n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
			return fmt.Errorf("expected a whole number, found %s", kindOf(raw))
		}
		v.SetInt(int64(n))
	case reflect.String:
		s, err := texts(raw)
		if err != nil || len(s) > 1 {
			return fmt.Errorf("expected a string, found %s", kindOf(raw))
		}
		v.SetString(strings.Join(s, ""))
	case reflect.Slice:
		s, err := texts(raw)
		if err != nil {
			return fmt.Errorf("expected a list of strings, found %s", kindOf(raw))
		}
		v.Set(reflect.ValueOf(s))
	case reflect.Map:
		m, err := pairs(raw)
		if err != nil {
			return err
		}
		v.Set(reflect.ValueOf(m))
	default:
		return fmt.Errorf("a %s cannot be configured", v.Kind())
	}
	return nil
}

// texts reads a scalar or a list of scalars as non-empty strings.
func texts(raw json.RawMessage) ([]string, error) {
	var list []json.RawMessage
	if raw[0] != '[' {
		list = append(list, raw)
	} else if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	out := make([]string, 0, len(list))
	for _, e := range list {
		s, err := text(bytes.TrimSpace(e))
		if err != nil {
			return nil, err
		}
		if s != "" {
			out = append(out, s)
		}
	}
	return out, nil
}

// text reads a JSON string; numbers and booleans stand for their text, null for "".
func text(raw json.RawMessage) (string, error) {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "", nil
	case raw[0] == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case raw[0] == '{' || raw[0] == '[':
		return "", errors.New("not a scalar")
	}
	return string(raw), nil
}

// pairs reads an object of scalars, or a list of "key=value" and "[key]=value", which
// is how exports write maps.
func pairs(raw json.RawMessage) (map[string]string, error) {
	out := map[string]string{}
	if raw[0] != '{' {
		list, err := texts(raw)
		if err != nil {
			return nil, fmt.Errorf("expected an object of strings, found %s", kindOf(raw))
		}
		for _, e := range list {
			k, v, ok := strings.Cut(e, "=")
			if !ok {
				return nil, errors.New("expected an object of strings, found a string without =")
			}
			out[strings.TrimSuffix(strings.TrimPrefix(k, "["), "]")] = v
		}
		return out, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	for k, e := range members {
		s, err := text(bytes.TrimSpace(e))
		if err != nil {
			return nil, fmt.Errorf("%s: expected a string, found %s", k, kindOf(e))
		}
		out[k] = s
	}
	return out, nil
}

// kindOf names what raw is, as a person would.
func kindOf(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}
