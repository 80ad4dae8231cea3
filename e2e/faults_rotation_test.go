package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shown is the name on the certificate that a listener shows to a new connection.
func shown(t *testing.T, addr string, ca *authority) string {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	name := ""
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: 20 * time.Second}, "tcp", addr, &tls.Config{
		InsecureSkipVerify: true, // the name is what is asked for
		VerifyConnection: func(s tls.ConnectionState) error {
			name = s.PeerCertificates[0].Subject.CommonName
			_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: pool})
			return err
		},
	})
	if err != nil {
		t.Fatalf("connect to %s: %v", addr, err)
	}
	_ = c.Close()
	return name
}

// The files of a listener's certificate change while it serves: new connections get the new one, open ones go on, and
// files that cannot be used change nothing.
func TestFaultCertificateRotation(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	day := time.Now().Add(24 * time.Hour)
	dir := t.TempDir()
	put := func(name string) {
		cert, key := pemOf(t, ca.issue(t, name, day))
		write(t, filepath.Join(dir, "server.pem"), key+cert)
		write(t, filepath.Join(dir, "cert.pem"), cert)
		write(t, filepath.Join(dir, "key.pem"), key)
	}
	put("first.example.com")
	gatewayDir := t.TempDir()
	write(t, filepath.Join(gatewayDir, "config", "admin.json"), `{"heap": [
		{"name": "files", "type": "FileSystemSecretStore", "config": {"directory": "`+dir+`", "suffix": ".pem", "format": {"type": "PemPropertyFormat"}}}],
		"connectors": [{"port": 0, "host": "127.0.0.1", "tls": {"type": "ServerTlsOptions", "config": {
			"keyManager": {"type": "SecretsKeyManager", "config": {"signingSecretId": "server", "secretsProvider": "files"}}}}}],
		"adminConnector": {"port": 0, "host": "127.0.0.1"}}`)
	write(t, filepath.Join(gatewayDir, "config", "config.json"), `{"handler": {"type": "StaticResponseHandler", "config": {"status": 200}}}`)
	g := start(t, nil, "gateway", gatewayDir)
	a := start(t, []string{"GATEHOUSE_ADMIN_PASSWORD=" + adminPassword}, "am", "--data", t.TempDir(), "--listen", "127.0.0.1:0",
		"--listen-tls", "127.0.0.1:0", "--tls-cert", filepath.Join(dir, "cert.pem"), "--tls-key", filepath.Join(dir, "key.pem"))
	for _, tt := range []struct {
		name, addr, path string
		p                *process
	}{{"gateway", g.addr(0), "/", g}, {"authorization server", a.addr(1), "/openam/json/health/live", a}} {
		t.Run(tt.name, func(t *testing.T) {
			put("first.example.com")
			eventually(t, "the first certificate is shown", func() bool { return shown(t, tt.addr, ca) == "first.example.com" })
			open := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
			ask := func() string {
				resp, err := open.Get("https://" + tt.addr + tt.path)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
					t.Fatalf("%d, %v", resp.StatusCode, err)
				}
				return resp.TLS.PeerCertificates[0].Subject.CommonName
			}
			ask()

			from := len(tt.p.output())
			for _, name := range []string{"server.pem", "cert.pem"} {
				write(t, filepath.Join(dir, name), "-----BEGIN CERTIFICATE-----\nhalf of a")
			}
			eventually(t, "the log says that the certificate cannot be read", func() bool {
				if got := shown(t, tt.addr, ca); got != "first.example.com" {
					t.Fatalf("with a broken file, the certificate of %s is shown", got)
				}
				return strings.Contains(tt.p.output()[from:], "the certificate cannot be read")
			})

			put("second.example.com")
			eventually(t, "the second certificate is shown", func() bool { return shown(t, tt.addr, ca) == "second.example.com" })
			if got := ask(); got != "first.example.com" {
				t.Errorf("the open connection was replaced by one with the certificate of %s", got)
			}
			if n := strings.Count(tt.p.output()[from:], "the certificate cannot be read"); n != 1 {
				t.Errorf("the failure was logged %d times, want once", n)
			}
		})
	}
}
