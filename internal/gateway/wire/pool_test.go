package wire_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gateway/wire"
)

// A connection that the upstream closed between two requests costs nothing where the
// request can be repeated.
func TestStaleConnection(t *testing.T) {
	once := func(c *raw) {
		if c.request() != nil {
			c.send(ok)
		}
	}
	// rude reads the second request and closes without an answer.
	rude := func(c *raw) {
		once(c)
		c.request()
	}
	tests := []struct {
		name, method string
		body         bool
		upstream     func(c *raw)
		succeeds     bool
	}{
		{"GET after a close", "GET", false, once, true},
		{"GET with the request read", "GET", false, rude, true},
		{"PUT with the request read", "PUT", true, rude, true},
		{"DELETE with the request read", "DELETE", false, rude, true},
		{"POST with the request read", "POST", true, rude, false},
		{"PATCH with the request read", "PATCH", true, rude, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := play(t, test.upstream, reply(ok))
			c := newClient(t, wire.ClientOptions{})
			for i := range 2 {
				x := exchange(t, test.method, "http://"+s.address+"/")
				if test.body {
					x.Request.Entity.SetBytes([]byte("hello"))
				}
				_, err := c.Do(x)
				if want := i == 0 || test.succeeds; (err == nil) != want {
					t.Errorf("request %d: %v, want success %v", i, err, want)
				}
			}
		})
	}
}

// A body where none may be, of an upstream that is broken, never becomes the next answer.
func TestStrayBody(t *testing.T) {
	const evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
	tests := []struct{ name, method, answer string }{
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n"},
		{"304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 42\r\n\r\n"},
		{"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n"},
		{"204 that says so", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 42\r\n\r\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			answered, sent := make(chan bool), make(chan bool)
			s := play(t, func(c *raw) {
				c.request()
				c.send(test.answer)
				<-answered
				_, _ = io.WriteString(c, evil) // it may be closed
				close(sent)
				c.request()
			}, reply(ok))
			c := newClient(t, wire.ClientOptions{})
			if _, err := c.Do(exchange(t, test.method, "http://"+s.address+"/")); err != nil {
				t.Fatal(err)
			}
			close(answered)
			<-sent
			r, err := c.Do(exchange(t, "GET", "http://"+s.address+"/"))
			if err != nil {
				t.Fatal(err)
			}
			if body := bodyOf(t, r); body == "evil" {
				t.Error("the stray body is the answer to the next request")
			}
		})
	}
}

// A POST is not repeated, so its connection is looked at before.
func TestClosedConnectionIsSeenBeforePost(t *testing.T) {
	closed := make(chan bool)
	s := play(t, func(c *raw) {
		c.request()
		c.send(ok)
		_ = c.Close()
		close(closed)
	}, reply(ok))
	c := newClient(t, wire.ClientOptions{})
	for range 2 {
		x := exchange(t, "POST", "http://"+s.address+"/")
		x.Request.Entity.SetBytes([]byte("hello"))
		if _, err := c.Do(x); err != nil {
			t.Fatalf("POST: %v", err)
		}
		<-closed
	}
}

// A stream that has been read cannot be sent again.
func TestConsumedBodyIsNotRepeated(t *testing.T) {
	s := play(t, func(c *raw) {
		c.request()
		c.send(ok)
		c.request()
	}, reply(ok))
	c := newClient(t, wire.ClientOptions{})
	for i := range 2 {
		x := exchange(t, "PUT", "http://"+s.address+"/")
		x.Request.Entity.SetStream(io.NopCloser(strings.NewReader("hello")), 5)
		if _, err := c.Do(x); (err == nil) != (i == 0) {
			t.Errorf("request %d: %v", i, err)
		}
	}
}

// What breaks after the first byte of a response is not repeated.
func TestBrokenResponseIsNotRepeated(t *testing.T) {
	s := play(t, func(c *raw) {
		c.request()
		c.send(ok)
		c.request()
		c.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok")
	}, reply(ok))
	c := newClient(t, wire.ClientOptions{})
	for i := range 2 {
		if _, err := c.Do(exchange(t, "GET", "http://"+s.address+"/")); (err == nil) != (i == 0) {
			t.Errorf("request %d: %v", i, err)
		}
	}
	if s.connections() != 1 {
		t.Errorf("connections = %d, want 1", s.connections())
	}
}

func TestWaitQueue(t *testing.T) {
	arrived, release := make(chan bool, 10), make(chan bool)
	s := play(t, func(c *raw) {
		for c.request() != nil {
			arrived <- true
			<-release
			c.send(ok)
		}
	})
	c := newClient(t, wire.ClientOptions{Connections: 1, WaitQueueSize: 1})
	results := make(chan error, 10)
	do := func(ctx context.Context) {
		_, err := c.Do(exchange(t, "GET", "http://"+s.address+"/").WithCtx(ctx))
		results <- err
	}
	go do(t.Context())
	<-arrived
	ctx, cancel := context.WithCancel(t.Context())
	go do(ctx) // waits, or overflows: one of the two does
	go do(ctx)
	if err := <-results; err == nil || !strings.Contains(err.Error(), "too many requests wait") {
		t.Errorf("the one too many = %v", err)
	}
	cancel()
	if err := <-results; !errors.Is(err, context.Canceled) {
		t.Errorf("the one that waited = %v, want it cancelled", err)
	}
	go do(t.Context())
	release <- true
	if err := <-results; err != nil {
		t.Errorf("the first = %v", err)
	}
	<-arrived
	release <- true
	if err := <-results; err != nil {
		t.Errorf("the next = %v", err)
	}
	if s.connections() != 1 {
		t.Errorf("connections = %d, want 1", s.connections())
	}
}

func TestNoQueue(t *testing.T) {
	release := make(chan bool)
	s := play(t, func(c *raw) {
		c.request()
		release <- true
		<-release
		c.send(ok)
	})
	c := newClient(t, wire.ClientOptions{Connections: 1, WaitQueueSize: -1})
	done := make(chan error)
	go func() {
		_, err := c.Do(exchange(t, "GET", "http://"+s.address+"/"))
		done <- err
	}()
	<-release
	if _, err := c.Do(exchange(t, "GET", "http://"+s.address+"/")); err == nil {
		t.Error("Do() = nil with no connection and no queue")
	}
	release <- true
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Places that cannot be reached are forgotten: whoever chooses them must not fill the memory.
func TestUnreachablePlacesAreForgotten(t *testing.T) {
	c := newClient(t, wire.ClientOptions{IdleTimeout: 10 * time.Millisecond})
	for range 5 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		_ = l.Close()
		if _, err := c.Do(exchange(t, "GET", "http://"+address+"/")); err == nil {
			t.Fatal("somebody answered")
		}
	}
	for end := time.Now().Add(patience); len(c.Stats().Open) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still known: %v", c.Stats().Open)
		}
	}
}

func TestReuseLimits(t *testing.T) {
	s := play(t, reply(ok))
	for _, o := range []wire.ClientOptions{{DisableReuse: true}, {TTL: time.Nanosecond}, {IdleTimeout: time.Nanosecond}} {
		c := newClient(t, o)
		before := s.connections()
		for range 3 {
			if _, err := c.Do(exchange(t, "GET", "http://"+s.address+"/")); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.connections() - before; got != 3 {
			t.Errorf("connections with %+v = %d, want 3", o, got)
		}
	}
}
