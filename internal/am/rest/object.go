package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"hash/fnv"
	"io"
	"maps"
	"strconv"
	"strings"
)

// Object is a JSON object.
type Object = map[string]any

// pointer splits a field name: a/b or /a/b (RFC 6901, the leading slash being optional).
func pointer(field string) []string {
	parts := strings.Split(strings.TrimPrefix(field, "/"), "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return parts
}

// lookup returns what the path leads to. Numbers are positions in lists.
func lookup(v any, path []string) (any, bool) {
	for _, p := range path {
		switch at := v.(type) {
		case Object:
			next, ok := at[p]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(p)
			if err != nil || i < 0 || i >= len(at) {
				return nil, false
			}
			v = at[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// project keeps the fields of a _fields parameter, "a,b/c", and what the object is called (CREST protocol 2.0). Empty and
// "*" keep all.
func project(o Object, fields string) Object {
	if fields == "" {
		return o
	}
	out := Object{}
	for _, always := range [...]string{"_id", "_rev"} {
		if v, ok := o[always]; ok {
			out[always] = v
		}
	}
	for field := range strings.SplitSeq(fields, ",") {
		path := pointer(strings.TrimSpace(field))
		if path[0] == "*" || path[0] == "" {
			maps.Copy(out, o)
			continue
		}
		if v, ok := lookup(o, path); ok {
			place(out, path, v)
		}
	}
	return out
}

// place puts v at path, making the objects on the way.
func place(o Object, path []string, v any) {
	for _, p := range path[:len(path)-1] {
		next, ok := o[p].(Object)
		if !ok {
			next = Object{}
		} else {
			next = maps.Clone(next) // it may belong to the object projected from
		}
		o[p] = next
		o = next
	}
	o[path[len(path)-1]] = v
}

// plain turns Go values into what encoding/json reads: maps, lists, texts, numbers, so that filters and
// comparisons see one form.
func plain(v any) (any, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return decodeJSON(body)
}

func plainObject(v any) (Object, error) {
	p, err := plain(v)
	if err != nil {
		return nil, err
	}
	o, _ := p.(Object)
	return o, nil
}

// maxJSONDepth bounds objects and lists within one another in what a request brings.
const maxJSONDepth = 100

// deeper tells whether v has more than depth objects and lists within one another.
func deeper(v any, depth int) bool {
	switch v := v.(type) {
	case Object:
		for _, e := range v {
			if depth == 0 || deeper(e, depth-1) {
				return true
			}
		}
	case []any:
		for _, e := range v {
			if depth == 0 || deeper(e, depth-1) {
				return true
			}
		}
	}
	return false
}

// decodeJSON reads one JSON value, numbers as they are written.
func decodeJSON(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("text after the value")
	}
	return v, nil
}

func decodeObject(body []byte) (Object, error) {
	v, err := decodeJSON(body)
	if err != nil {
		return nil, err
	}
	o, ok := v.(Object)
	if !ok {
		return nil, errors.New("expected an object")
	}
	return o, nil
}

// revision is the "_rev" of an object: a signed 32-bit hash of what is printed, so that the same content has the
// same revision on every node.
func revision(o Object) string {
	h := fnv.New32a()
	body, err := json.Marshal(o) // sorts members
	if err == nil {
		h.Write(body)
	}
	return strconv.Itoa(int(int32(h.Sum32())))
}
