// Package pgtest starts PostgreSQL servers for tests from the programs that Debian's
// package installs.
package pgtest

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Server is a database server in a folder of its own. Its methods are for one goroutine.
type Server struct {
	// Addr is the host and port it listens on, the same after a restart.
	Addr string
	// Base is the URL of its database.
	Base string

	bin, dir string
	run      *syscall.SysProcAttr
	process  *exec.Cmd
	settings []string
}

// Start starts a server, which ends with the test. Settings are lines of
// postgresql.conf such as "fsync=off".
func Start(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	s := &Server{settings: settings}
	var err error
	if s.bin, err = programs(); err != nil {
		if os.Getenv("CI") == "" {
			tb.Skip(err)
		}
		tb.Fatal(err)
	}
	// Its own short folder: the path of a socket must not be long, and another user
	// must be able to enter it.
	if s.dir, err = os.MkdirTemp("", "pg"); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(s.dir) })
	if os.Getuid() == 0 { // which the server refuses to run as
		if err := s.become("postgres"); err != nil {
			tb.Fatal(err)
		}
	}
	s.Addr = freeAddr(tb)
	s.Base = "postgres://gatehouse@" + s.Addr + "/postgres?sslmode=disable"
	if out, err := s.command("initdb", "-D", s.data(), "-U", "gatehouse", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput(); err != nil {
		tb.Fatalf("initdb: %v\n%s", err, out)
	}
	tb.Cleanup(func() {
		if s.process != nil {
			s.stop(syscall.SIGQUIT)
		}
	})
	if err := s.Run(); err != nil {
		tb.Fatal(err)
	}
	return s
}

// URL is the address of a database; params are added to it.
func (s *Server) URL(params url.Values) string {
	sign := "?"
	if strings.Contains(s.Base, "?") {
		sign = "&"
	}
	return s.Base + sign + params.Encode()
}

// Run starts the server, after Stop or Kill, and waits until it answers.
func (s *Server) Run() error {
	host, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return err
	}
	args := []string{"-D", s.data(), "-h", host, "-p", port, "-k", s.dir, "-c", "max_connections=300"}
	for _, line := range s.settings {
		args = append(args, "-c", line)
	}
	s.process = s.command("postgres", args...)
	var log strings.Builder
	s.process.Stderr = &log
	if err := s.process.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		err := s.command("pg_isready", "-h", host, "-p", port).Run()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			s.Kill()
			return fmt.Errorf("PostgreSQL does not answer: %w\n%s", err, log.String())
		}
	}
}

// Stop ends the server in order, breaking connections. Kill crashes it.
func (s *Server) Stop() { s.stop(syscall.SIGINT) }

// Kill ends the server as a crash does.
func (s *Server) Kill() { s.stop(syscall.SIGQUIT) }

func (s *Server) stop(sig os.Signal) {
	_ = s.process.Process.Signal(sig)
	_ = s.process.Wait()
	s.process = nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, name), args...)
	c.Dir, c.SysProcAttr = s.dir, s.run
	return c
}

// become makes the server run as another user, who owns its folder.
func (s *Server) become(name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return err
	}
	s.run = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return os.Chown(s.dir, int(uid), int(gid))
}

// programs finds the folder of PostgreSQL's programs, the newest version's.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		path, err := exec.LookPath("initdb")
		if err == nil {
			path, err = filepath.EvalSymlinks(path)
		}
		if err != nil {
			return "", fmt.Errorf("PostgreSQL is not installed (Debian's package postgresql): %w", err)
		}
		found = append(found, path)
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

func freeAddr(tb testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
