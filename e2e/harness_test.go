// Package e2e tests the built binary from outside: HTTP, command line, files.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "gatehouse-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "gatehouse")
	build := exec.Command("go", "build", "-o", binary, "../cmd/gatehouse")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if os.Getenv("GATEHOUSE_RACE") != "" { // the program with the race detector; see make race
		build.Args = slices.Insert(build.Args, 2, "-race")
		build.Env = append(os.Environ(), "CGO_ENABLED=1")
	}
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	// Tests that run side by side wait most of the time, for limits to be over and for servers to come back.
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		if err := f.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0))); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

// process is a running gatehouse.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	mu  sync.Mutex
	log bytes.Buffer
	out bytes.Buffer // standard output
	// addrs are the addresses that it listens on, in the order of its log.
	addrs []string
	ready chan struct{}
	done  chan struct{}
}

var (
	listening = regexp.MustCompile(`listening address=(\S+)`)
	isReady   = regexp.MustCompile(`is ready`)
)

// start runs the binary and waits until it says that it is ready.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	return ready(t, launch(t, env, args...), args)
}

// startUnder runs the binary by another command, which must become it.
func startUnder(t *testing.T, env, command []string, args ...string) *process {
	t.Helper()
	return ready(t, launchAs(t, env, append(append(slices.Clone(command), binary), args...)), args)
}

func ready(t *testing.T, p *process, args []string) *process {
	t.Helper()
	select {
	case <-p.ready:
	case <-p.done:
		t.Fatalf("gatehouse %s ended:\n%s", strings.Join(args, " "), p.output())
	case <-time.After(30 * time.Second):
		t.Fatalf("gatehouse %s is not ready:\n%s", strings.Join(args, " "), p.output())
	}
	return p
}

func launch(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	return launchAs(t, env, append([]string{binary}, args...))
}

func launchAs(t *testing.T, env, command []string) *process {
	t.Helper()
	args := command[slices.Index(command, binary)+1:]
	p := &process{t: t, cmd: exec.Command(command[0], command[1:]...), ready: make(chan struct{}), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	pipe, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout = printer{p}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read(pipe)
	t.Cleanup(func() {
		p.stop()
		if strings.Contains(p.output(), "WARNING: DATA RACE") {
			t.Error("the race detector found something")
		}
		if t.Failed() {
			t.Logf("log of gatehouse %s:\n%s", args[0], p.output())
		}
	})
	return p
}

func (p *process) read(r io.Reader) {
	once := sync.Once{}
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		line := s.Text()
		p.mu.Lock()
		p.log.WriteString(line + "\n")
		if m := listening.FindStringSubmatch(line); m != nil {
			p.addrs = append(p.addrs, m[1])
		}
		p.mu.Unlock()
		if isReady.MatchString(line) {
			once.Do(func() { close(p.ready) })
		}
	}
	_ = p.cmd.Wait()
	close(p.done)
}

// printer collects standard output.
type printer struct{ p *process }

func (w printer) Write(b []byte) (int, error) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	return w.p.out.Write(b)
}

func (p *process) printed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// addr is the n-th address that it listens on.
func (p *process) addr(n int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, port, err := net.SplitHostPort(p.addrs[n])
	if err != nil {
		p.t.Fatal(err)
	}
	return "127.0.0.1:" + port
}

// stop asks it to end and waits.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(40 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
		p.t.Error("gatehouse did not end on SIGTERM")
	}
}

// kill ends it without warning.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// waitLog waits until the log has a line that matches.
func (p *process) waitLog(pattern string) {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	eventually(p.t, "the log has a line like "+pattern, func() bool { return re.MatchString(p.output()) })
}

// eventually polls until ok holds; what never comes is a failure.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	eventuallyIn(t, 20*time.Second, what, ok)
}

// eventuallyIn is for what takes longer on a machine that is not busy.
func eventuallyIn(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// write makes a file and its folders.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// certificate makes a self-signed certificate for names in dir and returns the paths
// of certificate and key.
func certificate(t *testing.T, dir string, names ...string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	keyPEM := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	cert, key = filepath.Join(dir, names[0]+"-certificate.pem"), filepath.Join(dir, names[0]+"-key.pem")
	write(t, cert, certPEM)
	write(t, key, keyPEM)
	write(t, filepath.Join(dir, "tls.pem"), keyPEM+certPEM)
	return cert, key
}

// shell runs a command line with curl and jq as a person would, and returns what it
// printed. Names are resolved by curl's own configuration file.
func shell(t *testing.T, curlHome string, env []string, script string) string {
	t.Helper()
	cmd := exec.Command("bash", "-c", script)
	cmd.Env = append(append(os.Environ(), "CURL_HOME="+curlHome, "HOME="+curlHome), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s\n%v\n%s%s", script, err, out.String(), errs.String())
	}
	return out.String()
}

// statusOf sends a request, with pairs of header names and values, and gives the status of the answer.
func statusOf(t *testing.T, method, address, body string, header ...string) int {
	t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
