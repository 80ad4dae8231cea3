package e2e

import (
	"regexp"
	"strings"
	"testing"
)

var metricsURL = regexp.MustCompile(`metrics url=(\S+)`)

func TestAMMetrics(t *testing.T) {
	a := startAM(t, t.TempDir(), "--listen-metrics", "127.0.0.1:0")
	a.rest("POST", "/realms/root/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	makeClient(a, "first")
	clientToken(a, "first")
	clientToken(a, "nobody")
	m := metricsURL.FindStringSubmatch(a.output())
	if m == nil {
		t.Fatal("the log does not say where the metrics are")
	}
	_, text := scrape(t, m[1])
	for _, line := range []string{
		`am_http_requests_total{endpoint="oauth2/access_token",family="2xx"} 1`,
		`am_http_requests_total{endpoint="oauth2/access_token",family="4xx"} 1`,
		`am_http_request_duration_seconds_count{endpoint="oauth2/access_token"} 2`,
		`am_store_up 1`, `am_draining 0`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the metrics have no line %s", line)
		}
	}
	if status, _ := a.try("GET", "/../metrics", nil); status == 200 {
		t.Error("the metrics are on the public listener too")
	}
}
