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

// accessTopic is the topic of requests.
const accessTopic = "access"

// schema is what is known about the events of a topic.
type schema struct {
	topic string
	// safelist are pointers, relative to the event, to what is written by default.
	safelist []string
	// columns are the fields in the order of tables, "a.b" for b in a.
	columns  []string
	required []string
}

// accessSafelist is what is written of requests unless the configuration says more or
// less. Query, cookies and the response's header are not in it.
var accessSafelist = []string{
	"/_id", "/timestamp", "/eventName", "/transactionId", "/trackingIds", "/userId", "/client", "/server",
	"/ig/exchangeId", "/ig/routeId", "/ig/routeName", "/ig/ext",
	"/http/request/secure", "/http/request/method", "/http/request/path", "/request", "/response",
}

// accessHeaders are the fields of the request's header that are written by default.
var accessHeaders = []string{
	"accept", "accept-api-version", "content-type", "host", "user-agent", "x-forwarded-for", "x-forwarded-host",
	"x-forwarded-port", "x-forwarded-proto", "x-original-uri", "x-real-ip", "x-request-id", "x-requested-with", "x-scheme",
}

var accessColumns = []string{
	"_id", "timestamp", "eventName", "transactionId", "userId", "trackingIds", "server.ip", "server.port", "client.ip", "client.port",
	"http.request.secure", "http.request.method", "http.request.path", "http.request.queryParameters", "http.request.headers",
	"http.request.cookies", "http.response.headers", "response.status", "response.statusCode", "response.elapsedTime",
	"response.elapsedTimeUnits", "ig.exchangeId", "ig.routeId", "ig.routeName", "ig.ext",
}

// builtInSchemas are the topics that need no file.
func builtInSchema(topic string) *schema {
	switch topic {
	case accessTopic:
		list := slices.Clone(accessSafelist)
		for _, h := range accessHeaders {
			list = append(list, "/http/request/headers/"+h)
		}
		return &schema{topic: topic, safelist: list, columns: accessColumns}
	case "notifications":
		columns := []string{"_id", "timestamp", "eventName", "transactionId", "triggered", "notification"}
		return &schema{topic: topic, safelist: pointers(columns), columns: columns}
	}
	return nil
}

func pointers(columns []string) []string {
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
func loadSchema(topic, dir string) (*schema, error) {
	if s := builtInSchema(topic); s != nil {
		return s, nil
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
	s := &schema{topic: topic, columns: flatten("", properties)}
	s.required = append(texts(doc["required"]), texts(body["required"])...)
	policies, _ := doc["filterPolicies"].(map[string]any)
	field, _ := policies["field"].(map[string]any)
	if s.safelist = texts(field["includeIf"]); s.safelist == nil {
		s.safelist = pointers(s.columns)
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
func (s *schema) check(event map[string]any) error {
	for _, name := range s.required {
		if event[name] == nil {
			return fmt.Errorf("the audit event of the topic %q lacks %q", s.topic, name)
		}
	}
	return nil
}
