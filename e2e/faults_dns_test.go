//go:build linux

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// nameServer answers each question with 127.0.0.1, an error or nothing.
type nameServer struct {
	addr string
	mode atomic.Int32
	hits atomic.Int32
}

const (
	namesKnown   int32 = iota
	namesFail          // SERVFAIL
	namesUnknown       // NXDOMAIN
	namesSilent
)

func newNameServer(t *testing.T) *nameServer {
	t.Helper()
	s := &nameServer{}
	var c net.PacketConn
	var err error
	// Resolvers ask port 53 only; the loopback network has addresses enough for each test to have one of its own.
	for range 20 {
		s.addr = fmt.Sprintf("127.%d.%d.%d", 64+rand.IntN(128), rand.IntN(256), 1+rand.IntN(254))
		if c, err = net.ListenPacket("udp", s.addr+":53"); err == nil {
			break
		}
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("this user cannot serve names: ", err)
	}
	t.Cleanup(func() { _ = c.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			s.hits.Add(1)
			if answer := s.answer(buf[:n]); answer != nil {
				_, _ = c.WriteTo(answer, from)
			}
		}
	}()
	return s
}

// answer is that to a question (RFC 1035 §4.1).
func (s *nameServer) answer(q []byte) []byte {
	mode := s.mode.Load()
	if mode == namesSilent || len(q) < 12 {
		return nil
	}
	end := 12
	for end < len(q) && q[end] != 0 {
		end += 1 + int(q[end])
	}
	end += 5
	if end > len(q) {
		return nil
	}
	head := []byte{q[0], q[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}
	switch mode {
	case namesFail:
		head[3] |= 2
	case namesUnknown:
		head[3] |= 3
	case namesKnown:
		if q[end-3] == 1 { // an address of IPv4
			head[7] = 1
			return append(append(head, q[12:end]...), 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1)
		}
	}
	return append(head, q[12:end]...)
}

// Names of upstreams cannot be resolved: 502, within the time-out for connecting, and no restart afterwards.
func TestFaultNames(t *testing.T) {
	t.Parallel()
	names := newNameServer(t)
	u := newRawUpstream(t)
	u.on("/x", say(head200+"Content-Length: 4\r\nConnection: close\r\n\r\ngood"))
	dir := t.TempDir()
	resolver := filepath.Join(dir, "resolv.conf")
	write(t, resolver, "nameserver "+names.addr+"\noptions timeout:1 attempts:1\n")
	write(t, filepath.Join(dir, "config", "admin.json"), `{"connectors": [{"port": 0, "host": "127.0.0.1"}], "adminConnector": {"port": 0, "host": "127.0.0.1"}}`)
	write(t, filepath.Join(dir, "config", "config.json"), `{"handler": {"type": "ReverseProxyHandler", "baseURI": "http://app.gatehouse.test:`+portOf(u.addr)+`",
		"config": {"connectionTimeout": "5 seconds"}}}`)
	if unix.Geteuid() != 0 && os.Getenv("CI") != "true" {
		t.Skip("only root can give a process another resolver")
	}
	g := startUnder(t, nil, []string{"unshare", "--mount", "sh", "-c", `mount --bind "$0" /etc/resolv.conf && exec "$@"`, resolver}, "gateway", dir)
	wantAnswer(t, g, "GET", "/x", 200, "good")
	for _, tt := range []struct {
		name string
		mode int32
		log  string
	}{
		{"the server of names fails", namesFail, "server misbehaving"},
		{"the name is unknown", namesUnknown, "no such host"},
		{"the server of names is silent", namesSilent, "i/o timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from := len(g.output())
			names.mode.Store(tt.mode)
			wantAnswer(t, g, "GET", "/x", 502, "")
			g.wantLine(t, from, "status=502", "lookup app.gatehouse.test", tt.log)
			names.mode.Store(namesKnown)
			wantAnswer(t, g, "GET", "/x", 200, "good")
		})
	}
	if names.hits.Load() == 0 {
		t.Error("nobody asked the test's server of names")
	}
}
