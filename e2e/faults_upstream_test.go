package e2e

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Routes by the time-out of their handlers: one that no fault comes near to, one that ends soon, and one that is long
// enough for a slow machine to tell a slow upstream from a silent one.
const (
	patient   = "/patient"
	impatient = "/impatient"
	between   = "/between"
)

// upstreamFault is what an upstream does to a request, and what the client gets.
type upstreamFault struct {
	name   string
	route  string // "" is patient
	method string // "" is GET
	do     act
	// warm: a connection is in the pool.
	warm bool
	// want is the status; broken: with streaming, an answer that breaks off.
	want     int
	broken   bool
	body     string
	requests int // that reach the upstream
	log      string
}

const head200 = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"

func upstreamFaults() []upstreamFault {
	good := say(head200 + "Content-Length: 4\r\n\r\ngood")
	firstResets := func(c net.Conn, r *http.Request, n int) bool {
		if n == 1 {
			reset(c)
			return false
		}
		return good(c, r, n)
	}
	trickle := func(c net.Conn, _ *http.Request, _ int) bool {
		for _, p := range append([]string{head200 + "Content-Length: 10\r\n\r\n"}, strings.Split("0123456789", "")...) {
			if _, err := io.WriteString(c, p); err != nil {
				return false
			}
			time.Sleep(300 * time.Millisecond)
		}
		return true
	}
	wait := func(c net.Conn) { hang(c, nil, 0) }
	return []upstreamFault{
		{name: "reset before the header", do: then(say(""), reset), want: 502, requests: 1, log: "connection reset by peer"},
		{name: "closed before the header", do: then(say(""), closing), want: 502, requests: 1, log: "unexpected EOF"},
		{name: "reset before the header, POST", method: "POST", do: then(say(""), reset), want: 502, requests: 1, log: "connection reset by peer"},
		{name: "a pooled connection is reset, GET", warm: true, do: firstResets, want: 200, body: "good", requests: 2},
		{name: "a pooled connection is reset, PUT", method: "PUT", warm: true, do: firstResets, want: 200, body: "good", requests: 2},
		{name: "a pooled connection is reset, POST", method: "POST", warm: true, do: firstResets, want: 502, requests: 1, log: "connection reset by peer"},
		{name: "a pooled connection is reset each time", warm: true, do: then(say(""), reset), want: 502, requests: 2, log: "connection reset by peer"},
		{name: "reset within the header", do: then(say("HTTP/1.1 200 OK\r\nContent-"), reset), want: 502, requests: 1, log: "read response"},
		{name: "closed within a body of known length", do: then(say(head200+"Content-Length: 10\r\n\r\nhalf"), closing),
			want: 502, broken: true, requests: 1, log: "unexpected EOF"},
		{name: "reset within a body of known length", do: then(say(head200+"Content-Length: 10\r\n\r\nhalf"), reset),
			want: 502, broken: true, requests: 1, log: "read response"},
		{name: "closed within a chunked body", do: then(say(head200+"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"), closing),
			want: 502, broken: true, requests: 1, log: "unexpected EOF"},
		{name: "reset within a chunked body", do: then(say(head200+"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"), reset),
			want: 502, broken: true, requests: 1, log: "read response"},
		{name: "a broken chunk", do: then(say(head200+"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n"), closing),
			want: 502, broken: true, requests: 1, log: "read response"},
		{name: "no answer", route: impatient, do: hang, want: 502, requests: 1, log: "timeout"},
		{name: "a header that stops", route: impatient, do: then(say("HTTP/1.1 200 OK\r\nConte"), wait), want: 502, requests: 1, log: "timeout"},
		{name: "a body that stops", route: impatient, do: then(say(head200+"Content-Length: 10\r\n\r\nhalf"), wait),
			want: 502, broken: true, requests: 1, log: "timeout"},
		{name: "a trickling body, longer than the time-out in all", route: between, want: 200, body: "0123456789", requests: 1,
			do: trickle},
		{name: "no HTTP", do: then(say("220 mail.example.com ESMTP\r\n\r\n"), closing), want: 502, requests: 1, log: "malformed"},
		{name: "two lengths", do: then(say(head200+"Content-Length: 4\r\nContent-Length: 5\r\n\r\ngood"), closing), want: 502, requests: 1, log: "read response"},
		{name: "a header without end", do: then(say("HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 200<<10)), closing), want: 502, requests: 1, log: "too long"},
	}
}

// Each fault of an upstream is answered as the reference says, is told in the log, and is over with the next request.
func TestFaultUpstream(t *testing.T) {
	t.Parallel()
	for _, streaming := range []bool{false, true} {
		t.Run(fmt.Sprintf("streaming %v", streaming), func(t *testing.T) {
			t.Parallel()
			u := newRawUpstream(t)
			u.on(patient+"/good", say(head200+"Content-Length: 4\r\nConnection: close\r\n\r\ngood"))
			u.on(patient+"/warm", say(head200+"Content-Length: 4\r\n\r\nwarm"))
			g, _ := gatewayOn(t, "http://"+u.addr, fmt.Sprintf(`, "streamingEnabled": %v`, streaming), map[string]string{
				"patient.json": under(patient, "30 seconds"), "impatient.json": under(impatient, "300 ms"), "between.json": under(between, "2 seconds")})
			for i, f := range upstreamFaults() {
				t.Run(f.name, func(t *testing.T) {
					path := fmt.Sprintf("%s/fault%d", cmp.Or(f.route, patient), i)
					u.on(path, f.do)
					from := len(g.output())
					if f.warm {
						wantAnswer(t, g, "GET", patient+"/warm", 200, "warm")
					}
					status, body, err := ask(g, f.method, path)
					switch {
					case f.broken && streaming:
						if err == nil || status != 200 && status != 0 {
							t.Errorf("status %d, body %q: the client takes the answer for a whole one", status, body)
						}
					case status != f.want || err != nil || body != f.body:
						t.Errorf("status %d, body %q, %v, want %d and %q", status, body, err, f.want, f.body)
					}
					if n := u.requests(path); n != f.requests {
						t.Errorf("the upstream got %d requests, want %d", n, f.requests)
					}
					if f.broken && streaming {
						f.log = "answer broken off"
					}
					if f.log != "" {
						g.wantLine(t, from, path, f.log)
					}
					wantAnswer(t, g, "GET", patient+"/good", 200, "good")
				})
			}
		})
	}
}

// under is a route for what lies under a path.
func under(path, soTimeout string) string {
	return `{"condition": "${find(request.uri.path, '^` + path + `/')}", "handler": {"type": "ReverseProxyHandler", "baseURI": "UPSTREAM", "config": {
		"soTimeout": "` + soTimeout + `"}}}`
}

// ask sends one request on a connection of its own; an error is of the answer's body, or says that there is none.
func ask(g *process, method, path string) (int, string, error) {
	if method == "" {
		method = "GET"
	}
	req, err := http.NewRequest(method, "http://"+g.addr(0)+path, nil)
	if err != nil {
		return 0, "", err
	}
	req.Close = true
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

func wantAnswer(t *testing.T, g *process, method, path string, want int, wantBody string) {
	t.Helper()
	if status, body, err := ask(g, method, path); status != want || body != wantBody || err != nil {
		t.Errorf("%s %s: %d %q %v, want %d %q", method, path, status, body, err, want, wantBody)
	}
}

// Faults of the way to an upstream: nothing listens, nobody takes the connection, TLS is not as it should be. Each
// ends without a restart.
func TestFaultConnect(t *testing.T) {
	t.Parallel()
	u := newRawUpstream(t)
	u.on("/x", say(head200+"Content-Length: 4\r\nConnection: close\r\n\r\ngood"))
	ca, stranger := newAuthority(t), newAuthority(t)
	day := time.Now().Add(24 * time.Hour)
	good := ca.issue(t, "app.example.com", day)
	var server atomic.Pointer[tls.Certificate] // nil: the server speaks no TLS
	var mute atomic.Bool                       // it says nothing
	secure := listenTLS(t, &server, &mute)
	way := newFaultyWay(t, u.addr)

	dir := t.TempDir()
	write(t, filepath.Join(dir, "ca.pem"), ca.pem)
	busy, free := fullBacklog(t, u)
	route := func(name, url string) string {
		return `{"condition": "${request.uri.path == '/x' and request.queryParams['to'][0] == '` + name + `'}", "handler": {"type": "ReverseProxyHandler", "baseURI": "` + url + `", "config": {
			"soTimeout": "2 seconds", "connectionTimeout": "2 seconds", "tls": {"type": "ClientTlsOptions", "config": {"trustManager": {"type": "SecretsTrustManager", "config": {
				"verificationSecretId": "ca", "checkRevocation": false, "secretsProvider": {"type": "FileSystemSecretStore", "config": {
					"directory": "` + dir + `", "suffix": ".pem", "format": {"type": "PemPropertyFormat"}}}}}}}}}}`
	}
	g, _ := gatewayOn(t, "", "", map[string]string{
		"plain.json": route("plain", "http://"+way.addr), "busy.json": route("busy", "http://"+busy),
		"tls.json": route("tls", "https://app.example.com:"+portOf(secure)),
	}, "--resolve", "app.example.com:"+portOf(secure)+":127.0.0.1:"+portOf(secure))
	present := func(c tls.Certificate) func() { return func() { mute.Store(false); server.Store(&c) } }
	tests := []struct {
		name, to      string
		fault, repair func()
		log           string
	}{
		{"the connection is reset", "plain", func() { way.set(wayGone) }, func() { way.set(wayOpen) }, "reset by peer"},
		{"the connection leads nowhere", "plain", func() { way.set(waySilent) }, func() { way.set(wayGone); way.set(wayOpen) }, "timeout"},
		{"nobody takes the connection", "busy", func() {}, free, "no connection within the connect timeout"},
		{"an expired certificate", "tls", present(ca.issue(t, "app.example.com", time.Now().Add(-time.Hour))), present(good), "expired"},
		{"a certificate for another host", "tls", present(ca.issue(t, "other.example.com", day)), present(good), "other.example.com"},
		{"a certificate of a stranger", "tls", present(stranger.issue(t, "app.example.com", day)), present(good), "unknown authority"},
		{"no TLS on the port", "tls", func() { server.Store(nil) }, present(good), "does not look like a TLS handshake"},
		{"no handshake", "tls", func() { mute.Store(true) }, present(good), "no connection within the connect timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			from := len(g.output())
			tt.fault()
			wantAnswer(t, g, "GET", "/x?to="+tt.to, 502, "")
			g.wantLine(t, from, "status=502", tt.log)
			tt.repair()
			wantAnswer(t, g, "GET", "/x?to="+tt.to, 200, "good")
		})
	}
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// listenTLS answers every request with "good", by a certificate that changes.
func listenTLS(t *testing.T, cert *atomic.Pointer[tls.Certificate], mute *atomic.Bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	answer := head200 + "Content-Length: 4\r\nConnection: close\r\n\r\ngood"
	serve := func(c net.Conn) {
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(30 * time.Second))
		if mute.Load() {
			_, _ = io.Copy(io.Discard, c)
			return
		}
		if pair := cert.Load(); pair != nil {
			c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*pair}})
		}
		if _, err := c.Read(make([]byte, 4096)); err == nil {
			_, _ = io.WriteString(c, answer)
		}
		_ = c.Close()
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	return l.Addr().String()
}

// fullBacklog is an address where connections are neither taken nor refused, since others wait already; free lets
// the upstream take them all.
func fullBacklog(t *testing.T, u *rawUpstream) (addr string, free func()) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr = fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	var waiting []net.Conn
	for {
		c, err := net.DialTimeout("tcp", addr, 300*time.Millisecond)
		if err != nil {
			break
		}
		if waiting = append(waiting, c); len(waiting) > 100 {
			t.Fatal("the system takes any number of connections that nobody accepts")
		}
	}
	return addr, func() {
		for _, c := range waiting {
			_ = c.Close()
		}
		f := os.NewFile(uintptr(fd), "listener")
		l, err := net.FileListener(f)
		_ = f.Close()
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go u.serve(c)
			}
		}()
	}
}
