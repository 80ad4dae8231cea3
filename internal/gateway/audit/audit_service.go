// Package audit is auditing as routes configure it: the audit service, and the events of requests.
package audit

import (
	"crypto/tls"
	"path/filepath"

	"gatehouse/internal/audit"
	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/secrets"
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

var auditService = heap.Define("AuditService", func(c *audit.Config, env *heap.Env) (AuditService, error) {
	if c.TopicSchemasDirectory == "" {
		c.TopicSchemasDirectory = filepath.Join(env.Dirs.Instance, "audit-schemas")
	}
	s := &service{Service: audit.New(c, &audit.Env{
		Node: env.Config, Errs: env.Errs, Decoder: env.Heap.Decoder, Dir: env.Dirs.Instance, Hosts: env.Hosts,
		Topics: topics(), Unsent: env.Limits.Number("audit_memory", 0), Log: env.Log, Now: env.Now,
		ClientTLS: func(n *conf.Node) (*tls.Config, bool) { return clientTLS(n, env) },
	})}
	env.Measure(func() []heap.Sample {
		return []heap.Sample{
			{Metric: "gatehouse_audit_events_lost_total", Kind: heap.Counter, PerObject: true, Value: float64(s.Lost())},
			{Metric: "gatehouse_audit_events_waiting", PerObject: true, Value: float64(s.Waiting())},
		}
	})
	if t := s.Topic(accessTopic); t != nil {
		s.accessWriter = newAccess(s.Service, t, env.Log)
	}
	return s, nil
})

// clientTLS reads a ClientTlsOptions for connections to syslog servers.
func clientTLS(n *conf.Node, env *heap.Env) (*tls.Config, bool) {
	var options heap.Ref[secrets.ClientTlsOptions]
	d := env.Heap.Decoder()
	d.Errs = env.Errs
	if !d.Decode(n, &options) || !options.IsSet() {
		return nil, false
	}
	config, err := options.Get().ClientConfig()
	if err != nil {
		env.Errs.AddErr(n, err)
		return nil, false
	}
	return config, true
}

// service is an AuditService with event handlers.
type service struct {
	*audit.Service
	accessWriter *access
}

func (s *service) access() *access { return s.accessWriter }
