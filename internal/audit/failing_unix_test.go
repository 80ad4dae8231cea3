//go:build unix

package audit

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatehouse/internal/conf"
)

// A service of which one place cannot be opened says so, and is stopped in peace.
func TestServiceThatCannotStart(t *testing.T) {
	var errs conf.Errors
	in := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(in, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	n, err := conf.Parse("x.json", fmt.Appendf(nil, `{"eventHandlers": [
	  {"class": "SyslogAuditEventHandler", "config": {"name": "s", "topics": ["access"], "protocol": "UDP", "host": "127.0.0.1", "port": 9, "facility": "USER"}},
	  {"class": "JsonAuditEventHandler", "config": {"name": "j", "topics": ["access"], "logDirectory": %q}}]}`, in))
	if err != nil {
		t.Fatal(err)
	}
	decoder := func() *conf.Decoder { return &conf.Decoder{Errs: &errs} }
	var c Config
	decoder().Decode(n, &c)
	s := New(&c, &Env{Node: n, Errs: &errs, Decoder: decoder, Topics: []*Schema{{Topic: "access"}}, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if errs.Err() != nil {
		t.Fatal(errs.Err())
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("Start() = nil")
	}
	s.Stop()
}

// An event that no datagram can hold does not keep the others from being sent.
func TestSyslogEventTooLargeForUDP(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	s, _ := newSyslog(server.LocalAddr().String(), 10)
	s.network = "udp"
	s.write([]byte(`{"a":"` + strings.Repeat("x", 70_000) + `"}`))
	s.write([]byte(`{"a":"small"}`))
	begin(t, s)
	defer s.stop()
	_ = server.SetReadDeadline(time.Now().Add(20 * time.Second))
	b := make([]byte, 1000)
	n, _, err := server.ReadFrom(b)
	if err != nil || !bytes.HasSuffix(b[:n], []byte(`{"a":"small"}`)) {
		t.Errorf("received %q, %v", b[:n], err)
	}
	if s.lost() != 1 {
		t.Errorf("lost = %d, want 1", s.lost())
	}
}

// A table whose first line the disk refused begins with it later on.
func TestFileBeginsWithItsHeader(t *testing.T) {
	dir := t.TempDir()
	f, _ := newFile(t, dir)
	f.interval, f.header = 0, []byte("head\n")
	if err := os.Symlink("/dev/full", f.path); err != nil {
		t.Fatal(err)
	}
	if err := f.open(); err == nil {
		t.Fatal("a device that is full took the header")
	}
	if f.out != nil {
		t.Error("a file without its header is written to")
	}
	if err := os.Remove(f.path); err != nil {
		t.Fatal(err)
	}
	f.write([]byte("one"))
	if got := content(t, f.path); got != "head\none\n" {
		t.Errorf("= %q", got)
	}
	_ = f.out.Close()
}

// When events are given up after a part of one was written, the next ones are whole.
func TestFileAfterAPartOfAnEvent(t *testing.T) {
	dir := t.TempDir()
	f, _ := newFile(t, dir)
	f.interval, f.most = 0, 1000
	if err := syscall.Mkfifo(f.path, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := os.OpenFile(f.path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	begin(t, f)
	defer f.stop()
	if err := f.out.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	f.write(bytes.Repeat([]byte("x"), 200_000)) // more than the pipe takes
	if f.lost() != 1 {
		t.Errorf("lost = %d, want 1", f.lost())
	}
	if err := f.out.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := r.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for b := make([]byte, 8192); !bytes.HasSuffix(got, []byte("whole\n")); {
		n, err := r.Read(b)
		if err != nil && err != io.EOF {
			t.Fatalf("after %d bytes: %v", len(got), err)
		}
		if got = append(got, b[:n]...); bytes.Count(got, []byte("x")) == len(got) && n < len(b) || len(got) == 65536 {
			f.write([]byte("whole"))
		}
	}
	if !bytes.HasSuffix(got, []byte("x\nwhole\n")) {
		t.Errorf("ends with %q", got[len(got)-20:])
	}
}
