package directory

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"
	"golang.org/x/sync/singleflight"
)

// How servers are spoken to.
const (
	modePlain    = "LDAP"
	modeTLS      = "LDAPS"
	modeStartTLS = "StartTLS"
)

var modes = []string{modePlain, modeTLS, modeStartTLS}

// directory is one store with its connection, which is shared by all searches.
type directory struct {
	*Settings
	rev      uint64
	password string
	// opening lets all who miss the connection wait for one attempt, so that a directory that does not answer costs
	// each of them one time-out and not the sum.
	opening singleflight.Group
	mu      sync.Mutex
	conn    *ldap.Conn
	closed  bool
}

var (
	errClosed   = errors.New("the identity store was closed")
	errNoServer = errors.New("no server is named")
)

// maxName bounds names that are searched.
const maxName = 256

// close ends the connection for good.
func (d *directory) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.conn != nil {
		_ = d.conn.Close() // nobody waits for it
		d.conn = nil
	}
}

// drop gives up a connection that broke.
func (d *directory) drop(c *ldap.Conn) {
	d.mu.Lock()
	if d.conn == c {
		d.conn = nil
	}
	d.mu.Unlock()
	_ = c.Close() // broken anyway
}

// open is the connection that is there, nil for none.
func (d *directory) open() *ldap.Conn {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != nil && !d.conn.IsClosing() {
		return d.conn
	}
	return nil
}

// connection is the one for searches, made anew when it broke.
func (d *directory) connection(ctx context.Context) (*ldap.Conn, error) {
	if c := d.open(); c != nil {
		return c, nil
	}
	v, err, _ := d.opening.Do("", func() (any, error) {
		if c := d.open(); c != nil {
			return c, nil
		}
		c, err := d.dial(context.WithoutCancel(ctx)) // others wait for it too
		if err != nil {
			return nil, err
		}
		if d.LDAP.BindDN != "" {
			if err := c.Bind(d.LDAP.BindDN, d.password); err != nil {
				_ = c.Close()
				return nil, fmt.Errorf("bind as %s: %w", d.LDAP.BindDN, err)
			}
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.closed {
			_ = c.Close()
			return nil, errClosed
		}
		d.conn = c
		return c, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*ldap.Conn), nil
}

// dial connects to the first server that answers.
func (d *directory) dial(ctx context.Context) (*ldap.Conn, error) {
	var errs []error
	for _, server := range d.LDAP.Servers {
		server, _, _ = strings.Cut(server, "|") // exports name the servers that prefer it behind
		c, err := d.dialServer(ctx, server)
		if err == nil {
			return c, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", server, err))
	}
	if errs == nil {
		return nil, errNoServer
	}
	return nil, errors.Join(errs...)
}

// limit is the time of one request.
func (d *directory) limit() time.Duration {
	if d.timeout > 0 {
		return d.timeout
	}
	return time.Duration(max(d.LDAP.Timeout, 1)) * time.Second
}

// dialServer connects within the time of one request, handshakes and all.
func (d *directory) dialServer(ctx context.Context, server string) (*ldap.Conn, error) {
	host, _, err := net.SplitHostPort(server)
	if err != nil {
		return nil, errors.New("expected host:port")
	}
	timeout := d.limit()
	deadline := time.Now().Add(timeout)
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	wire, err := (&net.Dialer{}).DialContext(ctx, "tcp", server)
	if err != nil {
		return nil, err
	}
	secure := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: d.trustAll} //nolint:gosec // a setting of the node (trustAllServerCertificates)
	encrypted := strings.EqualFold(d.LDAP.Mode, modeTLS)
	stream := wire
	if encrypted {
		t := tls.Client(wire, secure)
		if err := t.HandshakeContext(ctx); err != nil {
			_ = wire.Close()
			return nil, handshake(err)
		}
		stream = t
	}
	c := ldap.NewConn(stream, encrypted)
	c.SetTimeout(timeout)
	c.Start()
	if strings.EqualFold(d.LDAP.Mode, modeStartTLS) {
		// The library's handshake has no time-out of its own.
		err := wire.SetDeadline(deadline)
		if err == nil {
			err = c.StartTLS(secure)
		}
		if err == nil {
			err = wire.SetDeadline(time.Time{})
		}
		if err != nil {
			_ = c.Close()
			return nil, handshake(err)
		}
	}
	return c, nil
}

func handshake(err error) error { return fmt.Errorf("no TLS: %w", err) }
