package am_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/internal/am"
)

// Headers that are too large are counted, whoever refuses them, with and without TLS, over HTTP/2 as far as the handler
// sees them; so are handshakes that fail. Who speaks plain HTTP to a listener with TLS is told so.
func TestFront(t *testing.T) {
	s := newSite(t)
	front := am.NewFront(s.server)
	defer func() {
		if err := front.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	lender := httptest.NewUnstartedServer(nil)
	lender.StartTLS()
	defer lender.Close()
	config := &tls.Config{Certificates: lender.TLS.Certificates, NextProtos: []string{"h2", "http/1.1"}}
	plain, err := front.Listen("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	secure, err := front.Listen("127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	counted := func(metric string) string {
		rec := httptest.NewRecorder()
		s.server.Metrics().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
		_, after, _ := strings.Cut(rec.Body.String(), "\n"+metric+" ")
		value, _, _ := strings.Cut(after, "\n")
		return value
	}
	speak := func(protocol string) *http.Client {
		tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{protocol}}, ForceAttemptHTTP2: protocol == "h2"}
		t.Cleanup(tr.CloseIdleConnections)
		return &http.Client{Transport: tr}
	}
	for i, tt := range []struct {
		protocol, base string
		size           int
		want           int
	}{
		{"http/1.1", "http://" + plain.String(), 60, 200},
		{"http/1.1", "http://" + plain.String(), 100, 431},
		{"http/1.1", "http://" + plain.String(), 300, 431},
		{"http/1.1", "https://" + secure.String(), 60, 200},
		{"http/1.1", "https://" + secure.String(), 100, 431},
		{"http/1.1", "https://" + secure.String(), 300, 431},
		{"h2", "https://" + secure.String(), 60, 200},
		{"h2", "https://" + secure.String(), 100, 431},
	} {
		req, err := http.NewRequest("GET", tt.base+"/openam/json/health/live", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X", strings.Repeat("x", tt.size<<10))
		resp, err := speak(tt.protocol).Do(req)
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tt.want || (resp.ProtoMajor == 2) != (tt.protocol == "h2") {
			t.Errorf("%d: %s %d KiB: %s %d, want %d", i, tt.protocol, tt.size, resp.Proto, resp.StatusCode, tt.want)
		}
	}
	if got := counted(`am_limit_total{limit="headers"}`); got != "5" {
		t.Errorf("%s large headers are counted, want 5", got)
	}
	if got := counted(`am_http_refused_total{status="431"}`); got != "5" {
		t.Errorf("%s answers are counted, want 5", got)
	}
	c, err := net.Dial("tcp", secure.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(c).ReadString('\n'); line != "HTTP/1.0 400 Bad Request\r\n" {
		t.Errorf("plain HTTP is answered %q", line)
	}
	_, _ = io.Copy(io.Discard, c)
	if got := counted("am_tls_handshake_errors_total"); got != "1" {
		t.Errorf("%s failed handshakes are counted, want 1", got)
	}
}
