package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// Routes that change while requests are under way cost none of them: each is answered
// by the version of before or by the new one.
func TestGatewayReloadUnderLoad(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Version"))
	}))
	t.Cleanup(upstream.Close)
	version := func(n int) string {
		return fmt.Sprintf(`{"name": "x", "handler": {"type": "Chain", "config": {"filters": [
		  {"type": "HeaderFilter", "config": {"messageType": "REQUEST", "add": {"X-Version": ["%d"]}}}],
		  "handler": {"type": "ReverseProxyHandler", "baseURI": %q}}}}`, n, upstream.URL)
	}
	g, dir := gatewayOn(t, upstream.URL, "", map[string]string{"x.json": version(0)})
	file := filepath.Join(dir, "config", "routes", "x.json")
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	get := func() (string, error) {
		resp, err := client.Get("http://" + g.addr(0) + "/")
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err == nil && resp.StatusCode != 200 {
			err = fmt.Errorf("status %d", resp.StatusCode)
		}
		return string(b), err
	}
	const versions = 15
	var sent atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := get(); err != nil {
					t.Errorf("a request while routes change: %v", err)
					return
				}
				sent.Add(1)
			}
		})
	}
	for n := 1; n <= versions; n++ {
		write(t, file+".new", version(n))
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
		eventually(t, fmt.Sprintf("version %d answers", n), func() bool {
			got, err := get()
			return err == nil && got == fmt.Sprint(n)
		})
	}
	close(stop)
	wg.Wait()
	t.Logf("%d requests while %d versions came", sent.Load(), versions)
	if sent.Load() < versions {
		t.Errorf("only %d requests were sent meanwhile", sent.Load())
	}
}

// What connections cost that wait for their next request.
func TestGatewayIdleConnections(t *testing.T) {
	const connections = 5000
	g, _ := gatewayOn(t, "", "", map[string]string{"x.json": `{"handler": {"type": "StaticResponseHandler", "config": {"status": 204}}}`})
	open := func() net.Conn {
		c, err := net.Dial("tcp", g.addr(0))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReaderSize(c, 512), nil)
		if err != nil || resp.StatusCode != 204 {
			t.Fatalf("answer %v, %v", resp, err)
		}
		return c
	}
	for range 50 {
		_ = open().Close() // whatever is made once is made now
	}
	for range connections {
		open()
	}
	const most = 100 << 20
	eventually(t, "the gateway takes less than 100 MiB", func() bool { return g.memory("VmRSS") < most })
	t.Logf("%d idle connections: %d KiB in all", connections, g.memory("VmRSS")>>10)
}
