package audit

import (
	"bufio"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

func newSyslog(address string, size int) (*syslogSink, *strings.Builder) {
	log := &strings.Builder{}
	return &syslogSink{network: "tcp", address: address, timeout: time.Second, facility: 16, queue: make(chan []byte, size),
		end: make(chan struct{}), origin: " h gatehouse 1 access - ", now: time.Now, log: slog.New(slog.NewTextHandler(log, nil))}, log
}

func TestSyslogSendsWhatWaitsAtTheEnd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, log := newSyslog(l.Addr().String(), 100)
	for range 50 {
		s.write([]byte(`{"a":1}`))
	}
	begin(t, s)
	lines := make(chan int, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			lines <- -1
			return
		}
		defer c.Close()
		n := 0
		for in := bufio.NewScanner(c); in.Scan(); n++ {
			if !strings.HasPrefix(in.Text(), "<134>1 ") || !strings.HasSuffix(in.Text(), ` h gatehouse 1 access - {"a":1}`) {
				n -= 1000
			}
		}
		lines <- n
	}()
	s.stop()
	if n := <-lines; n != 50 {
		t.Errorf("%d messages arrived, want 50\n%s", n, log)
	}
}

func TestSyslogServerIsGone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	s, log := newSyslog(address, 2)
	for range 5 {
		s.write([]byte(`{}`)) // never waits
	}
	begin(t, s)
	s.stop()
	if !strings.Contains(log.String(), "audit events are lost") {
		t.Errorf("the loss is not logged: %s", log)
	}
}
