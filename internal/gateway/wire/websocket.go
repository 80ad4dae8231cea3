package wire

import (
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/gateway/chain"
)

var errNotAsked = errors.New("the upstream switched to a protocol that was not asked for")

// sendUpgrade asks for another protocol on a connection of its own, which no pool
// knows. Any answer but 101 is an ordinary response.
func (c *Client) sendUpgrade(x *chain.Exchange, d *destination) (*chain.Response, string, error) {
	nc, err := d.connect(x.Ctx(), []string{"http/1.1"})
	if err != nil {
		return nil, opConnect, err
	}
	conn := newUpstreamConn(nc, c.options.SoTimeout)
	response, op, err := c.exchange(x, conn, true)
	if err != nil || response.Upgrade == nil {
		return response, op, err
	}
	asked, got := x.Request.Header["Upgrade"], response.Header["Upgrade"]
	if len(got) != 1 || !strings.EqualFold(got[0], asked[0]) {
		conn.abandon()
		return nil, opResponse, errNotAsked
	}
	return response, "", nil
}

// switchProtocol ends HTTP on this connection.
func (c *upstreamConn) switchProtocol(a *answer, asked bool) error {
	if !asked || !hasToken(a.response.Header["Connection"], "upgrade") {
		return errNotAsked
	}
	if err := c.nc.SetDeadline(time.Time{}); err != nil {
		return err
	}
	a.response.Upgrade = &tunnel{upstream: c}
	return nil
}

// tunnel is an upgraded connection to an upstream. Until Tunnel is called, the end of
// the exchange's context closes it.
type tunnel struct {
	upstream *upstreamConn
}

// Close gives the connection up.
func (t *tunnel) Close() error {
	t.upstream.abandon()
	return nil
}

// Tunnel copies both ways until one side ends, then closes both.
func (t *tunnel) Tunnel(client chain.Conn) {
	u := t.upstream
	defer u.abandon()
	if u.stop != nil && !u.stop() {
		_ = client.Close()
		return
	}
	u.stop = nil
	var once sync.Once
	end := func() {
		once.Do(func() {
			_ = client.Close()
			u.discard()
		})
	}
	var up sync.WaitGroup
	up.Go(func() {
		defer end()
		copyAll(u.nc, client)
	})
	copyAll(client, &rest{u})
	end()
	up.Wait()
}

func copyAll(dst io.Writer, src io.Reader) {
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	// The bare interfaces keep io.CopyBuffer on this buffer.
	_, _ = io.CopyBuffer(struct{ io.Writer }{dst}, struct{ io.Reader }{src}, buf[:])
}

// rest reads what came behind the 101, then the connection.
type rest struct{ c *upstreamConn }

func (r *rest) Read(p []byte) (int, error) {
	if r.c.r < r.c.w {
		n := copy(p, r.c.in[r.c.r:r.c.w])
		r.c.r += n
		return n, nil
	}
	return r.c.nc.Read(p)
}
