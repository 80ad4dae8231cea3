// Package audit writes down who asked for what and how it ended: the audit service
// and the event handlers that bring events to files, standard output and syslog.
package audit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
)

// AuditService takes events of topics to the handlers that its configuration names.
// Its methods may be called concurrently.
type AuditService interface {
	// Audits says whether events of the topic are written anywhere.
	Audits(topic string) bool
	// Write writes an event of a topic other than "access" and returns it with the
	// _id and timestamp that were added where they were missing. Fields that are not
	// safelisted are not written. It fails when the schema of the topic is not met.
	Write(topic string, event map[string]any) (map[string]any, error)
	// access is nil when access events are not written.
	access() *access
}

type serviceConfig struct {
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

type noConfig struct{}

var noOpAuditService = heap.Define("NoOpAuditService", func(*noConfig, *heap.Env) (AuditService, error) {
	return noOp{}, nil
})

// noOp audits nothing.
type noOp struct{}

func (noOp) Audits(string) bool { return false }
func (noOp) access() *access    { return nil }
func (noOp) Write(_ string, event map[string]any) (map[string]any, error) {
	return event, nil
}

var auditService = heap.Define("AuditService", func(c *serviceConfig, env *heap.Env) (AuditService, error) {
	if c.TopicSchemasDirectory == "" {
		c.TopicSchemasDirectory = filepath.Join(env.Dirs.Instance, "audit-schemas")
	}
	s := &service{log: env.Log, now: env.Now, prefix: newPrefix(), topics: map[string]*topic{}}
	filters := &c.Config.FilterPolicies.Field
	checkPointers("includeIf", filters.IncludeIf, env)
	checkPointers("excludeIf", filters.ExcludeIf, env)
	for _, h := range c.EventHandlers {
		s.add(c, h, env)
	}
	if t := s.topics[accessTopic]; t != nil {
		s.accessWriter = newAccess(s, t)
	}
	return s, nil
})

// service is an AuditService with event handlers.
type service struct {
	log          *slog.Logger
	now          func() time.Time
	prefix       string // of ids
	serial       atomic.Uint64
	topics       map[string]*topic
	sinks        []sink
	accessWriter *access
}

// topic is a kind of events: what is written of them, and where.
type topic struct {
	schema *schema
	policy *policy
	sinks  []sink
}

// sink is the place that events of one topic go to. The bytes of an event are a JSON
// object and belong to the caller; write keeps none.
type sink interface {
	start(ctx context.Context) error
	write(event []byte)
	stop()
}

// add builds one event handler, for each of its topics a sink.
func (s *service) add(c *serviceConfig, h eventHandlerConfig, env *heap.Env) {
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

func (s *service) topic(name string, c *serviceConfig, b *builder) *topic {
	if t := s.topics[name]; t != nil {
		return t
	}
	sc, err := loadSchema(name, c.TopicSchemasDirectory)
	if err != nil {
		b.fail("topics", "%s", err)
		return nil
	}
	p := newPolicy()
	for _, f := range sc.safelist {
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
	t := &topic{schema: sc, policy: p.at(name)}
	s.topics[name] = t
	return t
}

// Start opens what events are written to.
func (s *service) Start(ctx context.Context) error {
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
func (s *service) Stop() {
	for _, out := range s.sinks {
		out.stop()
	}
}

func (s *service) Audits(name string) bool {
	return s.topics[name] != nil && len(s.topics[name].sinks) > 0
}

func (s *service) access() *access { return s.accessWriter }

var errNoTopic = errors.New("no audit event handler has the topic")

func (s *service) Write(name string, event map[string]any) (map[string]any, error) {
	t := s.topics[name]
	if t == nil {
		return nil, fmt.Errorf("%w %q", errNoTopic, name)
	}
	full := make(map[string]any, len(event)+2)
	for k, v := range event {
		full[k] = v
	}
	if full["_id"] == nil {
		full["_id"] = s.newID()
	}
	if full["timestamp"] == nil {
		full["timestamp"] = timestamp(s.now())
	}
	if err := t.schema.check(full); err != nil {
		return nil, err
	}
	text, err := encode(t.policy.filter(full))
	if err != nil {
		return nil, fmt.Errorf("write audit event: %w", err)
	}
	for _, out := range t.sinks {
		out.write(text)
	}
	return full, nil
}

// newID returns an id that no other event has.
func (s *service) newID() string {
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

// timestamp writes a time as events have it.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
