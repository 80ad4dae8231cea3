package gateway

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"

	"gatehouse/internal/conf"
)

// document is the route as JSON: its text without comments, members in their order,
// which decorations depend on, and with its id in front. _fields picks members.
func (a *routesAPI) document(r *route) json.RawMessage {
	n, err := conf.Parse(r.file, r.text)
	if err != nil {
		return json.RawMessage("null")
	}
	var picked []string
	for _, f := range strings.Split(strings.Join(a.query["_fields"], ","), ",") {
		if f = strings.Trim(strings.TrimSpace(f), "/"); f != "" && f != "*" {
			picked = append(picked, f)
		}
	}
	b := appendString([]byte(`{"_id":`), r.id)
	return append(appendMembers(b, n, true, picked), '}')
}

// routeText is what is written for a document that was sent: indented, and with an
// _id where the name of the file does not tell it.
func routeText(n *conf.Node, id, path string) []byte {
	b := []byte{'{'}
	more := false
	if given := n.Get("_id"); given != nil || filepath.Base(path) != id+".json" {
		b = appendString(append(b, `"_id":`...), id)
		more = true
	}
	b = append(appendMembers(b, n, more, nil), '}')
	var out bytes.Buffer
	_ = json.Indent(&out, b, "", "  ") // b is JSON of our own making
	out.WriteByte('\n')
	return out.Bytes()
}

// appendMembers appends the members of n but _id. more says that others stand before
// them. picked are JSON pointers without the first slash; none stands for all.
func appendMembers(b []byte, n *conf.Node, more bool, picked []string) []byte {
	for _, f := range n.Fields {
		below, ok := pick(f.Name, picked)
		if f.Name == "_id" || !ok {
			continue
		}
		if more {
			b = append(b, ',')
		}
		more = true
		b = append(appendString(b, f.Name), ':')
		b = appendNode(b, f.Value, below)
	}
	return b
}

// pick says whether a member is wanted, and what of it.
func pick(name string, picked []string) (below []string, ok bool) {
	if len(picked) == 0 {
		return nil, true
	}
	for _, p := range picked {
		first, rest, deeper := strings.Cut(p, "/")
		if first != name {
			continue
		}
		if !deeper {
			return nil, true
		}
		below, ok = append(below, rest), true
	}
	return below, ok
}

func appendNode(b []byte, n *conf.Node, picked []string) []byte {
	switch n.Kind {
	case conf.Bool:
		if n.Bool {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case conf.Number:
		return append(b, n.Text...)
	case conf.String:
		return appendString(b, n.Text)
	case conf.List:
		b = append(b, '[')
		for i, e := range n.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendNode(b, e, nil)
		}
		return append(b, ']')
	case conf.Object:
		b = append(b, '{')
		more := false
		for _, f := range n.Fields {
			below, ok := pick(f.Name, picked)
			if !ok {
				continue
			}
			if more {
				b = append(b, ',')
			}
			more = true
			b = append(appendString(b, f.Name), ':')
			b = appendNode(b, f.Value, below)
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

func appendString(b []byte, s string) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string can always be encoded
	return append(b, bytes.TrimRight(buf.Bytes(), "\n")...)
}
