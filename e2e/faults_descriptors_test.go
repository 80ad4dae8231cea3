//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// crowd opens connections until there are n, of which each has sent the request, "" for none; some may wait for ever.
func crowd(t *testing.T, addr string, n int, request string) []net.Conn {
	t.Helper()
	var all []net.Conn
	for range n {
		c, err := net.DialTimeout("tcp", addr, 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_, _ = io.WriteString(c, request)
		all = append(all, c)
	}
	return all
}

// kept asks over one connection that stays open.
func kept(t *testing.T, addr string) (ask func(request string) int) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	br := bufio.NewReader(c)
	return func(request string) int {
		t.Helper()
		_ = c.SetDeadline(time.Now().Add(30 * time.Second))
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
}

// cpu is the time that the process has worked (proc(5)).
func (p *process) cpu() time.Duration {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// The gateway has no file descriptor left: those connected are served on, the others wait, nothing spins, and all is
// well when some are free again.
func TestFaultDescriptorsGateway(t *testing.T) {
	t.Parallel()
	u := newRawUpstream(t)
	u.on("/x", say(head200+"Content-Length: 4\r\n\r\ngood"))
	g, _ := gatewayOn(t, "http://"+u.addr, "", map[string]string{"x.json": proxyTo("")})
	const request = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
	again := kept(t, g.addr(0))
	if got := again(request); got != 200 {
		t.Fatalf("before: %d", got)
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", g.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	limit := uint64(len(open) + 8)
	if err := unix.Prlimit(g.cmd.Process.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: limit}, nil); err != nil {
		t.Fatal(err)
	}
	others := crowd(t, g.addr(0), 40, "") // silent: their requests would want the connection to the upstream
	g.wantLine(t, 0, "ERROR", "a connection cannot be taken", "too many open files")
	began, worked := time.Now(), g.cpu()
	for range 10 {
		if got := again(request); got != 200 {
			t.Errorf("over the connection that was there: %d, want 200", got)
		}
		time.Sleep(100 * time.Millisecond) // in which a loop that spins would show
	}
	if took := g.cpu() - worked; took > time.Since(began)/2 {
		t.Errorf("the gateway worked for %s of %s while it could take no connection", took, time.Since(began))
	}
	if n := strings.Count(g.output(), "a connection cannot be taken"); n > 3 {
		t.Errorf("the log says %d times that a connection cannot be taken", n)
	}
	for _, c := range others {
		_ = c.Close()
	}
	// Those that waited are taken now, find their clients gone, and have descriptors for a moment.
	eventually(t, "a new connection is served", func() bool {
		status, body, err := ask(g, "GET", "/x")
		return err == nil && status == 200 && body == "good"
	})
}

// Clients of the authorization server take no descriptors that its store needs: more connections wait until others end.
func TestFaultDescriptorsStore(t *testing.T) {
	t.Parallel()
	a := &am{t: t, process: startUnder(t, []string{"GATEHOUSE_ADMIN_PASSWORD=" + adminPassword}, []string{"prlimit", "--nofile=480:480"},
		"am", "--data", t.TempDir(), "--listen", "127.0.0.1:0")}
	a.base = "http://" + a.addr(0) + "/openam"
	a.login()
	a.rest("POST", "/realms/root/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	makeClient(a, "first")
	http.DefaultClient.CloseIdleConnections()
	ask := kept(t, a.addr(0))
	form := "grant_type=client_credentials&scope=read&client_id=first&client_secret=secret"
	request := fmt.Sprintf("POST /openam%s HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", tokenPath, len(form), form)
	if got := ask(request); got != 200 {
		t.Fatalf("a token before: %d", got)
	}
	others := crowd(t, a.addr(0), 200, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
	a.wantLine(t, 0, "ERROR", "no more connections are taken until others end")
	for range 20 {
		if got := ask(request); got != 200 {
			t.Errorf("a token over the connection that was there: %d, want 200", got)
		}
	}
	for _, c := range others {
		_ = c.Close()
	}
	if status, token := clientToken(a, "first"); status != 200 || !active(a, "first", token) {
		t.Errorf("a token over a new connection: %d", status)
	}
	if strings.Contains(a.output(), "too many open files") {
		t.Error("the server came to its limit")
	}
}
