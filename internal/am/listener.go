package am

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// reservedDescriptors are what connections of clients leave of the process's file descriptors: for the files of the
// store, connections to its database, to directories and to whoever scripts ask.
const reservedDescriptors = 400

// maxConnections is how many connections are open at a time where descriptors allow more.
const maxConnections = 100_000

// Listen opens an address. Connections beyond what the process has file descriptors for, or beyond 100,000, wait in the
// system's queue until others end; so they cannot take the store's. A connection that cannot be taken is told in the log, but not each.
func Listen(addr string, log *slog.Logger) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	places := maxConnections
	if n := descriptors(); n > 0 {
		places = min(places, max(n-reservedDescriptors, n/4, 1))
	}
	return &listener{Listener: l, log: log, done: make(chan struct{}), places: make(chan struct{}, places)}, nil
}

type listener struct {
	net.Listener
	log    *slog.Logger
	places chan struct{}
	told   time.Time // when something was last told; Accept is called by one goroutine
	once   sync.Once
	done   chan struct{}
}

// tellEvery is how often a state that lasts is told.
const tellEvery = 10 * time.Second

func (l *listener) tell(text string, args ...any) {
	if now := time.Now(); now.Sub(l.told) >= tellEvery {
		l.told = now
		l.log.Error(text, append([]any{"address", l.Addr().String()}, args...)...)
	}
}

// Accept is net.Listener's. Its errors are those that end a server.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	default:
		l.tell("no more connections are taken until others end", "connections", cap(l.places))
		select {
		case l.places <- struct{}{}:
		case <-l.done:
			return nil, net.ErrClosed
		}
	}
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		c, err := l.Listener.Accept()
		if err == nil {
			return &place{Conn: c, leave: l.leave}, nil
		}
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		l.tell("a connection cannot be taken", "error", err)
		select {
		case <-time.After(pause):
		case <-l.done:
			return nil, net.ErrClosed
		}
	}
}

func (l *listener) leave() { <-l.places }

func (l *listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

// place is a connection that gives its place back.
type place struct {
	net.Conn
	once  sync.Once
	leave func()
}

func (p *place) Close() error {
	err := p.Conn.Close()
	p.once.Do(p.leave)
	return err
}
