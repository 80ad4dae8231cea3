//go:build linux

package e2e

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// auditedTo are a folder's files for events, and a syslog server that is not there.
const auditedTo = `{"eventHandlers": [
  {"class": "JsonAuditEventHandler", "config": {"name": "files", "logDirectory": "DIR", "topics": ["access"], "buffering": {"writeInterval": "20 ms"}}},
  {"class": "SyslogAuditEventHandler", "config": {"name": "syslog", "protocol": "TCP", "host": "127.0.0.1", "port": 1, "facility": "LOCAL0", "topics": ["access"], "buffering": {"maxSize": 5}}}]}`

// Events and spans that nobody takes: so many wait, the others are lost, and requests are answered.
func TestLimitsOfAuditGateway(t *testing.T) {
	t.Parallel()
	stuck := make(chan struct{})
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stuck }))
	defer collector.Close()
	defer close(stuck)
	dir := smallDisk(t)
	conf := t.TempDir()
	write(t, filepath.Join(conf, "config", "admin.json"), `{"connectors": [{"port": 0, "host": "127.0.0.1"}], "adminConnector": {"port": 0, "host": "127.0.0.1"},
		"openTelemetry": {"tracing": {"enabled": true, "exporter": {"config": {"endpoint": "`+collector.URL+`/v1/traces", "batch": {"maxQueueSize": 4, "maxExportBatchSize": 2}}}}}}`)
	write(t, filepath.Join(conf, "config", "routes", "x.json"), `{"heap": [{"name": "audits", "type": "AuditService", "config": `+strings.ReplaceAll(auditedTo, "DIR", dir)+`}],
		"auditService": "audits", "handler": {"type": "StaticResponseHandler", "config": {"status": 200}}}`)
	write(t, filepath.Join(conf, "config", "config.json"), `{"handler": {"type": "Router", "config": {"directory": "${openig.configDirectory}/routes"}}}`)
	gate := start(t, nil, "gateway", conf, "--limit", "audit_memory=50000")
	status := func() string {
		return strconv.Itoa(statusOf(t, "GET", "http://"+gate.addr(0)+"/x", ""))
	}
	metrics := "http://" + gate.addr(1) + "/metrics/prometheus/0.0.4"
	goOver(t, "Gateway", metrics, map[string]limitTry{
		"audit events of a topic that wait for a syslog server": {"200", func() string { return moreThan(6, status) }},
		"spans that wait for the collector":                     {"200", func() string { return moreThan(10, status) }},
		"audit events in memory while the disk refuses": {"200", func() string {
			defer fillDisk(t, dir)()
			return untilLost(t, gate, status)
		}},
	})
}

func TestLimitsOfAuditAM(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	config := filepath.Join(t.TempDir(), "audit.json")
	write(t, config, strings.ReplaceAll(auditedTo, "DIR", dir))
	a := startAM(t, t.TempDir(), "--audit", config, "--listen-metrics", "127.0.0.1:0", "--limit", "audit_memory=50000")
	status := func() string {
		return strconv.Itoa(statusOf(t, "GET", a.base+"/json/serverinfo/*", ""))
	}
	metrics := metricsURL.FindStringSubmatch(a.output())[1]
	goOver(t, "Authorization server", metrics, map[string]limitTry{
		"audit events of a topic that wait for a syslog server": {"200", func() string { return moreThan(6, status) }},
		"audit events in memory while the disk refuses": {"200", func() string {
			defer fillDisk(t, dir)()
			return untilLost(t, a.process, status)
		}},
	})
}

// moreThan asks n times; the answers have one status.
func moreThan(n int, status func() string) string {
	first := status()
	for range n {
		if got := status(); got != first {
			return got
		}
	}
	return first
}

// untilLost asks until the log says that events of a file were given up.
func untilLost(t *testing.T, p *process, status func() string) (last string) {
	eventually(t, "events are given up", func() bool {
		last = moreThan(20, status)
		return strings.Contains(p.output(), "too many could not be written")
	})
	return last
}
