// Package audit is auditing as routes configure it: the audit service, and the events of requests.
package audit

import (
	"path/filepath"

	"gatehouse/internal/audit"
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
		Topics: topics(), Log: env.Log, Now: env.Now,
	})}
	if t := s.Topic(accessTopic); t != nil {
		s.accessWriter = newAccess(s.Service, t, env.Log)
	}
	return s, nil
})

// service is an AuditService with event handlers.
type service struct {
	*audit.Service
	accessWriter *access
}

func (s *service) access() *access { return s.accessWriter }
