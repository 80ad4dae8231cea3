package wire_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/wire"
)

// Upstream and load run in processes of their own, so that RUSAGE of the benchmark's
// process is the proxy's alone. TestMain starts them by these names.
const (
	roleVar  = "WIRE_BENCH_ROLE"
	upstream = "upstream"
	load     = "load"
)

func benchRole() bool {
	switch os.Getenv(roleVar) {
	case upstream:
		serveUpstream()
	case load:
		runLoad()
	default:
		return false
	}
	return true
}

// serveUpstream answers every request with 300 bytes; a bare loop, so that it never
// is what limits.
func serveUpstream() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	body := strings.Repeat("x", 300)
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nX-Request-Id: 6f9619ff-8b86\r\n" +
		"Date: Mon, 02 Jan 2006 15:04:05 GMT\r\nServer: app\r\nContent-Length: 300\r\n\r\n" + body)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerAll(c, answer)
		}
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func answerAll(c net.Conn, answer []byte) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		if len(line) == 2 {
			if _, err := c.Write(answer); err != nil {
				return
			}
		}
	}
}

// runLoad sends $N requests over $C keep-alive connections to $ADDR.
func runLoad() {
	var n, conns int
	_, _ = fmt.Sscan(os.Getenv("N"), &n)
	_, _ = fmt.Sscan(os.Getenv("C"), &conns)
	request := []byte("GET /api/orders/42?fields=all HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: bench/1.0\r\nAccept: application/json\r\n" +
		"Accept-Encoding: gzip\r\nAuthorization: Bearer 6f9619ff8b86d011b42d00cf4fc964ff\r\nX-Request-Id: 12345678\r\nCookie: a=b; c=d\r\n\r\n")
	var wg sync.WaitGroup
	for i := range conns {
		wg.Go(func() {
			c, err := net.Dial("tcp", os.Getenv("ADDR"))
			if err != nil {
				panic(err)
			}
			r := bufio.NewReader(c)
			for range (n + i) / conns {
				if _, err := c.Write(request); err != nil {
					panic(err)
				}
				res, err := http.ReadResponse(r, nil)
				if err != nil {
					panic(err)
				}
				if n, _ := io.Copy(io.Discard, res.Body); n != 300 || res.StatusCode != 200 {
					panic(res.Status)
				}
			}
		})
	}
	wg.Wait()
}

func startRole(b *testing.B, role string, env ...string) (*exec.Cmd, io.Reader) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), roleVar+"="+role), env...)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	return cmd, out
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func measure(b *testing.B, address string) {
	const conns = 16
	run := func(n int) {
		cmd, _ := startRole(b, load, fmt.Sprint("N=", n), fmt.Sprint("C=", conns), "ADDR="+address)
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
	}
	run(2000)
	b.ResetTimer()
	before := cpu()
	run(b.N)
	b.ReportMetric(float64(cpu()-before)/float64(b.N)/1000, "cpu-µs/op")
}

func benchUpstream(b *testing.B) string {
	cmd, out := startRole(b, upstream)
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(address)
}

// BenchmarkReverseProxy is the baseline: the standard library's proxy, bare.
func BenchmarkReverseProxy(b *testing.B) {
	target := &url.URL{Scheme: "http", Host: benchUpstream(b)}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &http.Server{Handler: proxy, ReadHeaderTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute}
	go func() { _ = s.Serve(l) }()
	defer s.Close()
	measure(b, l.Addr().String())
}

func benchWire(b *testing.B, streaming bool) {
	target, err := chain.ParseURI("http://" + benchUpstream(b))
	if err != nil {
		b.Fatal(err)
	}
	client := wire.NewClient(wire.ClientOptions{Streaming: streaming})
	defer client.Close()
	s := wire.NewServer(wire.Options{Streaming: streaming}, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		x.Request.URI.Rebase(target)
		return client.Do(x)
	}))
	addr, err := s.Listen("127.0.0.1:0", nil)
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	measure(b, addr.String())
	_ = s.Shutdown(context.Background())
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}

// BenchmarkWire is the gateway's way, with bodies buffered as by default.
func BenchmarkWire(b *testing.B) { benchWire(b, false) }

// BenchmarkWireStreaming passes bodies through.
func BenchmarkWireStreaming(b *testing.B) { benchWire(b, true) }
