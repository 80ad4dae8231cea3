package e2e

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// act answers a request on its connection, as badly as it likes. n counts the requests for its path, from 1. The
// connection is closed when it returns false.
type act func(c net.Conn, r *http.Request, n int) bool

// rawUpstream is a server of HTTP/1.1 whose answers are written by hand.
type rawUpstream struct {
	addr string

	mu    sync.Mutex
	acts  map[string]act // by path
	count map[string]int
	conns map[net.Conn]bool
}

func newRawUpstream(t *testing.T) *rawUpstream {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &rawUpstream{addr: l.Addr().String(), acts: map[string]act{}, count: map[string]int{}, conns: map[net.Conn]bool{}}
	t.Cleanup(func() {
		_ = l.Close()
		u.closeAll()
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go u.serve(c)
		}
	}()
	return u
}

func (u *rawUpstream) serve(c net.Conn) {
	u.mu.Lock()
	u.conns[c] = true
	u.mu.Unlock()
	defer func() {
		u.mu.Lock()
		delete(u.conns, c)
		u.mu.Unlock()
		_ = c.Close()
	}()
	br := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		u.mu.Lock()
		do := u.acts[r.URL.Path]
		u.count[r.URL.Path]++
		n := u.count[r.URL.Path]
		u.mu.Unlock()
		if do == nil {
			do = say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
		}
		if !do(c, r, n) {
			return
		}
	}
}

func (u *rawUpstream) on(path string, do act) {
	u.mu.Lock()
	u.acts[path] = do
	u.mu.Unlock()
}

func (u *rawUpstream) requests(path string) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.count[path]
}

// closeAll closes the connections that are open, in order.
func (u *rawUpstream) closeAll() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for c := range u.conns {
		_ = c.Close()
	}
}

// say answers with a text and keeps the connection.
func say(text string) act {
	return func(c net.Conn, _ *http.Request, _ int) bool {
		_, err := io.WriteString(c, text)
		return err == nil
	}
}

// then ends the connection after do; reset ends it as a crash does (RST).
func then(do act, end func(net.Conn)) act {
	return func(c net.Conn, r *http.Request, n int) bool {
		do(c, r, n)
		end(c)
		return false
	}
}

func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

func closing(c net.Conn) { _ = c.Close() }

// hang answers nothing until the other side gives up.
func hang(c net.Conn, _ *http.Request, _ int) bool {
	_, _ = io.Copy(io.Discard, c)
	return false
}

// faultyWay is a TCP proxy that a test can make slow, silent or absent.
type faultyWay struct {
	addr   string
	target atomic.Value // string
	mode   atomic.Int32
	// Delay is how long each piece from the target takes in the mode waySlow.
	delay atomic.Int64

	mu    sync.Mutex
	conns map[net.Conn]bool
}

const (
	wayOpen int32 = iota
	waySlow
	waySilent // takes connections and data, and passes nothing on
	wayGone   // resets connections
)

func newFaultyWay(t *testing.T, target string) *faultyWay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &faultyWay{addr: l.Addr().String(), conns: map[net.Conn]bool{}}
	w.target.Store(target)
	t.Cleanup(func() {
		_ = l.Close()
		w.cut()
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if w.mode.Load() == wayGone {
				reset(c)
				continue
			}
			go w.pass(c)
		}
	}()
	return w
}

func (w *faultyWay) pass(c net.Conn) {
	up, err := net.Dial("tcp", w.target.Load().(string))
	if err != nil {
		reset(c)
		return
	}
	w.mu.Lock()
	w.conns[c], w.conns[up] = true, true
	w.mu.Unlock()
	var done sync.WaitGroup
	copyAll := func(to, from net.Conn, slow bool) {
		buf := make([]byte, 32<<10)
		for {
			n, err := from.Read(buf)
			for w.mode.Load() == waySilent && err == nil {
				time.Sleep(5 * time.Millisecond)
			}
			if slow && w.mode.Load() == waySlow {
				time.Sleep(time.Duration(w.delay.Load()))
			}
			if n > 0 {
				if _, err := to.Write(buf[:n]); err != nil {
					break
				}
			}
			if err != nil {
				break
			}
		}
		_ = to.Close()
		_ = from.Close()
	}
	done.Go(func() { copyAll(up, c, false) })
	done.Go(func() { copyAll(c, up, true) })
	done.Wait()
	w.mu.Lock()
	delete(w.conns, c)
	delete(w.conns, up)
	w.mu.Unlock()
}

// set changes what becomes of connections; those that are open are reset when the way is gone.
func (w *faultyWay) set(mode int32) {
	w.mode.Store(mode)
	if mode == wayGone {
		w.cut()
	}
}

// cut resets all connections that are open.
func (w *faultyWay) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		reset(c)
	}
}

// authority makes certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the test's authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}
}

// issue makes a certificate for a name that ends at a time.
func (a *authority) issue(t *testing.T, name string, end time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// pemOf is a certificate and its key as files have them.
func pemOf(t *testing.T, c tls.Certificate) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// wantLine waits until a line of the log, from a place on, has all of these words.
func (p *process) wantLine(t *testing.T, from int, words ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("a line of the log has %q", words), func() bool {
		for line := range strings.Lines(p.output()[from:]) {
			if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
				return true
			}
		}
		return false
	})
}
