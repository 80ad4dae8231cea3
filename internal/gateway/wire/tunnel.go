package wire

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"gatehouse/internal/gateway/chain"
)

// upgrade hands the client's connection to the tunnel, after the 101 (RFC 9110 §7.8).
func (o *outbound) upgrade(response *chain.Response) {
	if response.Status.Code != http.StatusSwitchingProtocols || o.c.guard == nil {
		dropUpgrade(response.Upgrade)
		o.fail(fmt.Errorf("the connection cannot be upgraded"))
		return
	}
	head, err := upgradeHead(response)
	if err != nil {
		dropUpgrade(response.Upgrade)
		o.fail(err)
		return
	}
	conn, buffered, err := http.NewResponseController(o.w).Hijack()
	if err != nil {
		dropUpgrade(response.Upgrade)
		o.fail(fmt.Errorf("upgrade: %w", err))
		return
	}
	o.begun, o.status = true, http.StatusSwitchingProtocols
	o.c.guard.passThrough()
	o.server.tunnel(&clientConn{Conn: conn, r: buffered.Reader}, head, response.Upgrade)
}

func upgradeHead(response *chain.Response) ([]byte, error) {
	protocol := response.Header["Upgrade"]
	if len(protocol) != 1 || !validValue(protocol[0]) {
		return nil, fmt.Errorf("upgrade: the response names no protocol")
	}
	b := []byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + protocol[0] + "\r\n")
	for name, values := range response.Header {
		if hopByHop(name) || isContentLength(name) {
			continue
		}
		for _, v := range values {
			if err := checkField(name, v); err != nil {
				return nil, err
			}
			b = append(append(append(append(b, name...), ": "...), v...), "\r\n"...)
		}
	}
	return append(b, "\r\n"...), nil
}

// tunnel runs until both ends are closed; Shutdown closes it.
func (s *Server) tunnel(c *clientConn, head []byte, u chain.Upgrade) {
	if !s.openTunnel(c) {
		_ = c.Close()
		dropUpgrade(u)
		return
	}
	defer func() {
		_ = c.Close()
		s.mu.Lock()
		delete(s.tunnels, c)
		s.mu.Unlock()
		s.tunnelled.Done()
	}()
	_ = c.SetDeadline(time.Time{})
	if _, err := c.Write(head); err != nil {
		dropUpgrade(u)
		return
	}
	u.Tunnel(c)
}

// openTunnel registers a tunnel unless the server is stopping.
func (s *Server) openTunnel(c *clientConn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.feed.done:
		return false
	default:
	}
	s.tunnels[c] = struct{}{}
	s.tunnelled.Add(1)
	return true
}

// dropUpgrade closes an upstream connection that nobody will use.
func dropUpgrade(u chain.Upgrade) {
	if c, ok := u.(io.Closer); ok {
		_ = c.Close()
	}
}

// clientConn is a hijacked connection with what net/http had read ahead.
type clientConn struct {
	net.Conn
	r *bufio.Reader
}

func (c *clientConn) Read(p []byte) (int, error) { return c.r.Read(p) }
