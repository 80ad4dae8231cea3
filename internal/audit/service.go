// Package audit writes down who asked for what and how it ended: the audit service and the event handlers that bring
// events to files, standard output and syslog. Both wings use it, each for events of its own.
package audit

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"gatehouse/internal/conf"
)

// Config is the configuration of a Service.
type Config struct {
	// Config holds settings of the service itself.
	Config struct {
		HandlerForQueries string   `conf:"handlerForQueries,unused=audit events cannot be queried"`
		Available         []string `conf:"availableAuditEventHandlers"`
		// CaseInsensitiveFields are pointers to objects whose keys are compared without
		// regard to case.
		CaseInsensitiveFields []string `conf:"caseInsensitiveFields"`
		// FilterPolicies say which fields are written.
		FilterPolicies struct {
			Field struct {
				// IncludeIf are pointers, which begin with the topic, to fields that are
				// written besides those written anyway.
				IncludeIf []string `conf:"includeIf"`
				// ExcludeIf are pointers to fields that are never written.
				ExcludeIf []string `conf:"excludeIf"`
			} `conf:"field"`
			Value any `conf:"value,unused=values cannot be filtered"`
		} `conf:"filterPolicies"`
	} `conf:"config"`
	// EventHandlers bring events to their places.
	EventHandlers []eventHandlerConfig `conf:"eventHandlers,required,alias=event-handlers"`
	// TopicSchemasDirectory holds the schemas of custom topics; the default is
	// audit-schemas in the instance folder.
	TopicSchemasDirectory string `conf:"topicSchemasDirectory"`
}

type eventHandlerConfig struct {
	// Class is the handler's class, with or without its package.
	Class className `conf:"class,required"`
	// Config is the handler's configuration.
	Config *conf.Node `conf:"config,required"`
}

// className is a class with its place, for messages.
type className struct {
	text string
	node *conf.Node
}

// UnmarshalConf reads the name.
func (c *className) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	c.node = n
	d.Decode(n, &c.text)
}

// DescribeConf names the kind of value.
func (*className) DescribeConf() string { return "a string" }

// Env is where a Service works.
type Env struct {
	// Node is the configuration, for messages.
	Node *conf.Node
	Errs *conf.Errors
	// Decoder reads the configurations of event handlers.
	Decoder func() *conf.Decoder
	// Dir is what relative file names start from.
	Dir string
	// Hosts says where else than at "host" or "host:port" a syslog server is found.
	Hosts map[string]string
	// ClientTLS reads settings of TLS for connections to syslog servers, and reports what
	// is wrong with them; nil where there are none.
	ClientTLS func(*conf.Node) (*tls.Config, bool)
	// Topics are the schemas of topics that need no file.
	Topics []*Schema
	// Unsent bounds the events that a file keeps in memory while the disk refuses them, in bytes; 0 is 16 MiB.
	Unsent int
	Log    *slog.Logger
	Now    func() time.Time
}

// New makes the event handlers. Problems are in env.Errs; nothing is opened before Start.
func New(c *Config, env *Env) *Service {
	s := &Service{env: env, prefix: newPrefix(), topics: map[string]*Topic{}}
	filters := &c.Config.FilterPolicies.Field
	for name, list := range map[string][]string{"includeIf": filters.IncludeIf, "excludeIf": filters.ExcludeIf} {
		checkPointers(list, env.Errs, env.at("config.filterPolicies.field."+name))
	}
	for _, h := range c.EventHandlers {
		s.add(c, h, env)
	}
	return s
}

// at finds the field ("a.b" for nested ones), or the last that is there on the way to it.
func (e *Env) at(field string) *conf.Node {
	n := e.Node
	for part := range strings.SplitSeq(field, ".") {
		next := n.Get(part)
		if next == nil {
			break
		}
		n = next
	}
	return n
}

// Service takes events of topics to event handlers. Its methods may be called concurrently.
type Service struct {
	env    *Env
	prefix string // of ids
	serial atomic.Uint64
	topics map[string]*Topic
	sinks  []sink
}

// Topic is a kind of events: what is written of them, and where.
type Topic struct {
	// Policy says which fields are written.
	Policy *Policy
	schema *Schema
	sinks  []sink
}

// Send takes an event to the topic's handlers: a JSON object, of which none keeps the bytes.
func (t *Topic) Send(event []byte) {
	for _, out := range t.sinks {
		out.write(event)
	}
}

// sink is the place that events of one topic go to. The bytes of an event are a JSON
// object and belong to the caller; write keeps none.
type sink interface {
	start(ctx context.Context) error
	write(event []byte)
	stop()
	// lost is how many events could not be brought there, waiting how many cannot be yet.
	lost() int64
	waiting() int64
}

// add builds one event handler, for each of its topics a sink.
func (s *Service) add(c *Config, h eventHandlerConfig, env *Env) {
	b := &builder{env: env, node: h.Config, service: s}
	kind, err := findHandler(h.Class.text)
	if err != nil {
		env.Errs.AddErr(h.Class.node, err)
		return
	}
	make := kind.prepare(b)
	if make == nil || !b.common.Enabled {
		return
	}
	for _, name := range b.common.Topics {
		t := s.topic(name, c, b)
		if t == nil {
			continue
		}
		if out := make(name, t); out != nil {
			t.sinks = append(t.sinks, out)
			s.sinks = append(s.sinks, out)
		}
	}
}

func (s *Service) topic(name string, c *Config, b *builder) *Topic {
	if t := s.topics[name]; t != nil {
		return t
	}
	sc, err := loadSchema(name, b.env.Topics, c.TopicSchemasDirectory)
	if err != nil {
		b.fail("topics", "%s", err)
		return nil
	}
	p := NewPolicy()
	for _, f := range sc.Safelist {
		p.include("/" + name + f)
	}
	filters := &c.Config.FilterPolicies.Field
	for _, pointer := range filters.IncludeIf {
		p.include(pointer)
	}
	for _, pointer := range filters.ExcludeIf {
		p.exclude(pointer)
	}
	insensitive := c.Config.CaseInsensitiveFields
	if insensitive == nil {
		insensitive = []string{"/access/http/request/headers", "/access/http/response/headers"}
	}
	for _, pointer := range insensitive {
		p.ignoreCase(pointer)
	}
	t := &Topic{schema: sc, Policy: p.at(name)}
	s.topics[name] = t
	return t
}

// Start opens what events are written to.
func (s *Service) Start(ctx context.Context) error {
	for i, out := range s.sinks {
		if err := out.start(ctx); err != nil {
			for _, before := range s.sinks[:i] {
				before.stop()
			}
			return err
		}
	}
	return nil
}

// Stop writes what is buffered and closes everything.
func (s *Service) Stop() {
	for _, out := range s.sinks {
		out.stop()
	}
}

// Lost is how many events were given up since the start, and Waiting how many are kept in memory because their place
// does not take them: a disk that is full, a syslog server that is away.
func (s *Service) Lost() (n int64) {
	for _, out := range s.sinks {
		n += out.lost()
	}
	return n
}

// Waiting is told at Lost.
func (s *Service) Waiting() (n int64) {
	for _, out := range s.sinks {
		n += out.waiting()
	}
	return n
}

// Topic returns the topic whose events are written somewhere, else nil.
func (s *Service) Topic(name string) *Topic {
	if t := s.topics[name]; t != nil && len(t.sinks) > 0 {
		return t
	}
	return nil
}

// Audits says whether events of the topic are written anywhere.
func (s *Service) Audits(name string) bool { return s.Topic(name) != nil }

var errNoTopic = errors.New("no audit event handler has the topic")

// Write writes an event and returns it with the _id and timestamp that were added where they were missing. Fields that
// are not safelisted are not written. It fails when the schema of the topic is not met.
func (s *Service) Write(name string, event map[string]any) (map[string]any, error) {
	t := s.topics[name]
	if t == nil {
		return nil, fmt.Errorf("%w %q", errNoTopic, name)
	}
	full := make(map[string]any, len(event)+2)
	for k, v := range event {
		full[k] = v
	}
	if full["_id"] == nil {
		full["_id"] = s.NewID()
	}
	if full["timestamp"] == nil {
		full["timestamp"] = Timestamp(s.env.Now())
	}
	if err := t.schema.check(full); err != nil {
		return nil, err
	}
	text, err := Encode(t.Policy.Filter(full))
	if err != nil {
		return nil, fmt.Errorf("write audit event: %w", err)
	}
	t.Send(text)
	return full, nil
}

// NewID returns an id that no other event has.
func (s *Service) NewID() string {
	b := make([]byte, 0, 64)
	return string(strconv.AppendUint(append(b, s.prefix...), s.serial.Add(1), 10))
}

// newPrefix is a random UUID (RFC 9562 §5.4) and a dash.
func newPrefix() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x-", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Timestamp writes a time as events have it.
func Timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
