package wire_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/wire"
)

// authority makes certificates that clients and servers of a test trust.
type authority struct {
	pool *x509.CertPool
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{pool: x509.NewCertPool()}
	own := a.issue(t, "authority")
	a.cert, a.key = own.Leaf, own.PrivateKey.(*ecdsa.PrivateKey)
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) issue(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		template.IsCA, template.BasicConstraintsValid = true, true
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func startTLS(t *testing.T, o wire.Options, config *tls.Config, h chain.HandlerFunc) string {
	t.Helper()
	s := wire.NewServer(o, h)
	addr, err := s.Listen("127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s)
	return addr.String()
}

func describe(x *chain.Exchange) (*chain.Response, error) {
	client := chain.Find[*chain.ClientContext](x.Context)
	names := ""
	for _, c := range client.Certificates {
		names += c.Subject.CommonName
	}
	_, hasHost := x.Request.Header["Host"]
	body, err := x.Request.Entity.Bytes()
	if err != nil {
		return nil, err
	}
	return text(200, fmt.Sprint(x.Request.Proto, " ", client.Secure, " [", names, "] ", x.Request.URI.Scheme, " ", x.Request.URI.RequestTarget(), " ", hasHost, " ", string(body))), nil
}

func TestServerTLS(t *testing.T) {
	a := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{a.issue(t, "server")}, ClientCAs: a.pool, ClientAuth: tls.VerifyClientCertIfGiven}
	address := startTLS(t, wire.Options{}, config, describe)
	tests := []struct {
		name  string
		http2 bool
		certs []tls.Certificate
		want  string
	}{
		{"HTTP/1.1", false, nil, "HTTP/1.1 true [] https /a/../b?c true hello"},
		{"HTTP/2", true, nil, "HTTP/2 true [] https /a/../b?c true hello"},
		{"HTTP/1.1 with certificate", false, []tls.Certificate{a.issue(t, "visitor")}, "HTTP/1.1 true [visitor] https /a/../b?c true hello"},
		{"HTTP/2 with certificate", true, []tls.Certificate{a.issue(t, "visitor")}, "HTTP/2 true [visitor] https /a/../b?c true hello"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.pool, Certificates: test.certs}, ForceAttemptHTTP2: test.http2}
			defer transport.CloseIdleConnections()
			for range 2 {
				request, _ := http.NewRequest("POST", "https://"+address, strings.NewReader("hello"))
				request.URL.Opaque, request.URL.RawQuery = "/a/../b", "c"
				res, err := transport.RoundTrip(request)
				if err != nil {
					t.Fatal(err)
				}
				b, _ := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if string(b) != test.want || res.ContentLength != int64(len(test.want)) {
					t.Errorf("answer = %q, want %q", b, test.want)
				}
			}
		})
	}
}

func TestHTTP2Limits(t *testing.T) {
	a := newAuthority(t)
	h := &record{}
	address := startTLS(t, wire.Options{MaxBody: 10}, &tls.Config{Certificates: []tls.Certificate{a.issue(t, "server")}}, h.handle)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.pool}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	tests := []struct {
		name         string
		path, header string
		body         string
		status       int
	}{
		{"fine", "/", "x", "0123456789", 200},
		{"line", "/" + strings.Repeat("a", 4096), "x", "", 414},
		{"header", "/", strings.Repeat("a", 8192), "", 431},
		{"body", "/", "x", "0123456789a", 413},
	}
	for _, test := range tests {
		request, _ := http.NewRequest("POST", "https://"+address+test.path, strings.NewReader(test.body))
		request.Header.Set("X-A", test.header)
		res, err := transport.RoundTrip(request)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode != test.status {
			t.Errorf("%s: status = %d, want %d", test.name, res.StatusCode, test.status)
		}
	}
	if h.count() != 1 {
		t.Errorf("the chain was called %d times, want once", h.count())
	}
}

func TestTLSRefusals(t *testing.T) {
	a := newAuthority(t)
	h := &record{}
	address := startTLS(t, wire.Options{}, &tls.Config{Certificates: []tls.Certificate{a.issue(t, "server")}}, h.handle)
	c, err := tls.Dial("tcp", address, &tls.Config{RootCAs: a.pool})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n")
	b, _ := io.ReadAll(c)
	if !bytes.HasPrefix(b, []byte("HTTP/1.1 400 ")) || h.count() != 0 {
		t.Errorf("answer = %q, want 400", b)
	}
	plain := dial(t, address)
	plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if b, _ := io.ReadAll(plain.r); bytes.Contains(b, []byte("200")) || h.count() != 0 {
		t.Errorf("plain HTTP on a TLS port = %q", b)
	}
}

func TestH2C(t *testing.T) {
	address := start(t, wire.Options{H2C: true}, describe)
	c := newClient(t, wire.ClientOptions{Protocol: wire.HTTP2, PriorKnowledge: true})
	r, err := c.Do(exchange(t, "GET", "http://"+address+"/x"))
	if err != nil {
		t.Fatal(err)
	}
	if got := bodyOf(t, r); got != "HTTP/2 false [] http /x true " || r.Proto != "HTTP/2" {
		t.Errorf("answer = %q over %s", got, r.Proto)
	}
	r, err = newClient(t, wire.ClientOptions{}).Do(exchange(t, "GET", "http://"+address+"/x"))
	if err != nil || bodyOf(t, r) != "HTTP/1.1 false [] http /x true " {
		t.Errorf("HTTP/1.1 on the same port: %v", err)
	}
}

func TestClientTLS(t *testing.T) {
	a := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{a.issue(t, "server")}, ClientCAs: a.pool, ClientAuth: tls.RequireAndVerifyClientCert}
	both := startTLS(t, wire.Options{}, config, describe)
	old := startTLS(t, wire.Options{DisableHTTP2: true}, config, describe)
	mine := &tls.Config{RootCAs: a.pool, Certificates: []tls.Certificate{a.issue(t, "gateway")}}
	tests := []struct {
		name, address string
		options       wire.ClientOptions
		want          string
	}{
		{"HTTP/2 by ALPN", both, wire.ClientOptions{TLS: mine}, "HTTP/2 true [gateway] https /a/../b?c true hello"},
		{"HTTP/1.1 by ALPN", old, wire.ClientOptions{TLS: mine}, "HTTP/1.1 true [gateway] https /a/../b?c true hello"},
		{"HTTP/1.1 by choice", both, wire.ClientOptions{TLS: mine, Protocol: wire.HTTP1}, "HTTP/1.1 true [gateway] https /a/../b?c true hello"},
		{"HTTP/2 by choice", both, wire.ClientOptions{TLS: mine, Protocol: wire.HTTP2}, "HTTP/2 true [gateway] https /a/../b?c true hello"},
		{"HTTP/2 asked of an old server", old, wire.ClientOptions{TLS: mine, Protocol: wire.HTTP2}, "HTTP/1.1 true [gateway] https /a/../b?c true hello"},
	}
	for _, test := range tests {
		for _, streaming := range []bool{false, true} {
			t.Run(fmt.Sprint(test.name, " streaming ", streaming), func(t *testing.T) {
				test.options.Streaming = streaming
				_, port, _ := net.SplitHostPort(test.address)
				test.options.Resolve = map[string]string{"server": "127.0.0.1"}
				c := newClient(t, test.options)
				for range 3 {
					x := exchange(t, "POST", "https://server:"+port+"/a/../b?c")
					x.Request.Entity.SetBytes([]byte("hello"))
					r, err := c.Do(x)
					if err != nil {
						t.Fatal(err)
					}
					if got := bodyOf(t, r); got != test.want {
						t.Errorf("answer = %q, want %q", got, test.want)
					}
				}
			})
		}
	}
	for _, o := range []wire.ClientOptions{{}, {TLS: &tls.Config{RootCAs: a.pool}}, {TLS: &tls.Config{RootCAs: a.pool, ServerName: "other"}}} {
		if r, err := newClient(t, o).Do(exchange(t, "GET", "https://"+both+"/")); err == nil {
			t.Errorf("Do() with a wrong TLS configuration = %v", r.Status)
		}
	}
}

// The reader of HTTP/2 responses gets what the reader of HTTP/1.1 gets.
func TestHTTP2Responses(t *testing.T) {
	a := newAuthority(t)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/trailers":
			_, _ = io.WriteString(w, "hello")
			w.(http.Flusher).Flush()
			w.Header().Set(http.TrailerPrefix+"X-Sum", "7")
		case "/abort":
			_, _ = io.WriteString(w, "part")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case "/silent":
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		default:
			fmt.Fprint(w, r.Method, r.Host, r.RequestURI, r.UserAgent(), r.Header)
		}
	}))
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{a.issue(t, "server")}}
	s.StartTLS()
	defer s.Close()
	c := newClient(t, wire.ClientOptions{TLS: &tls.Config{RootCAs: a.pool}, SoTimeout: 200 * time.Millisecond})
	defer c.Close()
	get := func(path string) (*chain.Response, error) {
		x := exchange(t, "GET", s.URL+path)
		x.Request.Header["Host"] = []string{"shop"}
		x.Request.Header["Connection"] = []string{"X-A"}
		x.Request.Header["X-A"] = []string{"b"}
		return c.Do(x)
	}
	r, err := get("/a%2F..//b")
	if err != nil {
		t.Fatal(err)
	}
	if got := bodyOf(t, r); got != "GETshop/a%2F..//bmap[]" {
		t.Errorf("sent %q", got)
	}
	if r, err = get("/trailers"); err != nil || bodyOf(t, r) != "hello" || r.Trailer.Get("X-Sum") != "7" {
		t.Errorf("trailers = %v, %v", r, err)
	}
	if _, err = get("/abort"); err == nil {
		t.Error("an aborted response = nil, want an error")
	}
	if _, err = get("/silent"); err == nil {
		t.Error("a silent response = nil, want an error")
	}
	x := exchange(t, "GET", s.URL+"/")
	x.Request.Header["X-A"] = []string{"b\r\nc: d"}
	if _, err := c.Do(x); err == nil {
		t.Error("a header injection was sent")
	}
}

func TestProxy(t *testing.T) {
	s := play(t, echo)
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Method + " " + r.RequestURI)
		(&httputil.ReverseProxy{Rewrite: func(*httputil.ProxyRequest) {}}).ServeHTTP(w, r)
	}))
	defer proxy.Close()
	at, _ := url.Parse(proxy.URL)
	c := newClient(t, wire.ClientOptions{Proxy: func(u *url.URL) (*url.URL, error) {
		if u.Host != s.address {
			t.Errorf("asked for a proxy to %s", u.Host)
		}
		return at, nil
	}})
	r, err := c.Do(exchange(t, "GET", "http://"+s.address+"/a%2Fb?c"))
	if err != nil {
		t.Fatal(err)
	}
	if got := bodyOf(t, r); !strings.HasPrefix(got, "GET /a%2Fb?c HTTP/1.1|Host: "+s.address) {
		t.Errorf("sent %q", got)
	}
	if got, want := asked.Load(), "GET http://"+s.address+"/a%2Fb?c"; got != want {
		t.Errorf("the proxy was asked %q, want %q", got, want)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func TestClientCloses(t *testing.T) {
	a := newAuthority(t)
	address := startTLS(t, wire.Options{}, &tls.Config{Certificates: []tls.Certificate{a.issue(t, "server")}}, describe)
	c := wire.NewClient(wire.ClientOptions{TLS: &tls.Config{RootCAs: a.pool}})
	if _, err := c.Do(exchange(t, "GET", "https://"+address+"/")); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if _, err := c.Do(exchange(t, "GET", "http://127.0.0.1:1/")); err == nil {
		t.Error("Do() after Close() = nil, want an error")
	}
}
