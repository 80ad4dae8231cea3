package audit

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gatehouse/internal/conf"
)

// Schema is what is known about the events of a topic.
type Schema struct {
	Topic string
	// Safelist are pointers, relative to the event, to what is written by default.
	Safelist []string
	// Columns are the fields in the order of tables, "a.b" for b in a.
	Columns []string
	// Required are the fields that no event may lack.
	Required []string
}

// Pointers are the columns as a safelist.
func Pointers(columns []string) []string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = "/" + strings.ReplaceAll(c, ".", "/")
	}
	return list
}

var topicName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// loadSchema reads the schema of a custom topic: {"schema": JSON Schema,
// "filterPolicies": {"field": {"includeIf": [pointers]}}, "required": [names]}. Without
// filter policies everything that the schema names is written.
func loadSchema(topic string, known []*Schema, dir string) (*Schema, error) {
	for _, s := range known {
		if s.Topic == topic {
			return s, nil
		}
	}
	if !topicName.MatchString(topic) {
		return nil, fmt.Errorf("expected a topic of letters, digits, dashes and underscores, found %q", topic)
	}
	path := filepath.Join(dir, topic+".json")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("the topic %q has no schema: there is no file %s", topic, path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the schema of the topic %q: %w", topic, err)
	}
	n, err := conf.Parse(path, text)
	if err != nil {
		return nil, err
	}
	doc, _ := n.Plain().(map[string]any)
	body, _ := doc["schema"].(map[string]any)
	properties, _ := body["properties"].(map[string]any)
	if properties == nil {
		return nil, fmt.Errorf("the schema of the topic %q has no schema.properties", topic)
	}
	s := &Schema{Topic: topic, Columns: flatten("", properties)}
	s.Required = append(texts(doc["required"]), texts(body["required"])...)
	policies, _ := doc["filterPolicies"].(map[string]any)
	field, _ := policies["field"].(map[string]any)
	if s.Safelist = texts(field["includeIf"]); s.Safelist == nil {
		s.Safelist = Pointers(s.Columns)
	}
	return s, nil
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// flatten lists the leaves of a JSON Schema's properties, those of every event first.
func flatten(prefix string, properties map[string]any) []string {
	var list []string
	names := slices.Sorted(maps.Keys(properties))
	if prefix == "" {
		slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	}
	for _, name := range names {
		p, _ := properties[name].(map[string]any)
		if below, ok := p["properties"].(map[string]any); ok && len(below) > 0 {
			list = append(list, flatten(prefix+name+".", below)...)
			continue
		}
		list = append(list, prefix+name)
	}
	return list
}

// firstFields stand first in every event, in this order.
var firstFields = []string{"_id", "timestamp", "eventName", "transactionId"}

func rank(name string) int {
	if i := slices.Index(firstFields, name); i >= 0 {
		return i
	}
	return len(firstFields)
}

// check says what an event lacks.
func (s *Schema) check(event map[string]any) error {
	for _, name := range s.Required {
		if event[name] == nil {
			return fmt.Errorf("the audit event of the topic %q lacks %q", s.Topic, name)
		}
	}
	return nil
}
