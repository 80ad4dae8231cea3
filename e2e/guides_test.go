package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	guides   = "../docs/guide/oauth"
	examples = "../examples"
)

// TestGuides runs each guide as a person would: the commands of the page, in their order, in one shell. What they print
// is compared with the page.
func TestGuides(t *testing.T) {
	pages, _ := filepath.Glob(guides + "/*.md")
	for _, page := range pages {
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		if name == "README" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			sameRoutes(t, name, string(b))
			if _, err := exec.LookPath("keytool"); err != nil && strings.Contains(string(b), "$ keytool ") {
				if os.Getenv("CI") == "true" {
					t.Fatal("there is no keytool")
				}
				t.Skip("there is no keytool")
			}
			s := newTerminal(t)
			for _, c := range console(string(b)) {
				s.run(c)
				if t.Failed() {
					return
				}
			}
		})
	}
}

// TestGuidesIndex holds the index to the pages, and each page to its folder of examples.
func TestGuidesIndex(t *testing.T) {
	index, err := os.ReadFile(guides + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	pages, _ := filepath.Glob(guides + "/*.md")
	for _, page := range pages {
		name := filepath.Base(page)
		if name != "README.md" && !strings.Contains(string(index), "("+name+")") {
			t.Errorf("the index does not name %s", name)
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([\w.-]+\.md)\)`).FindAllStringSubmatch(string(index), -1) {
		if _, err := os.Stat(filepath.Join(guides, m[1])); err != nil {
			t.Errorf("the index names %s, which is not there", m[1])
		}
	}
}

// sameRoutes compares the routes of a page, and admin.json where the page has it, with the files of its example.
func sameRoutes(t *testing.T, name, page string) {
	t.Helper()
	inPage := map[string]string{}
	for _, b := range blocks(page, "json") {
		if m := regexp.MustCompile(`"name": "([\w-]+)"`).FindStringSubmatch(b); m != nil {
			inPage[m[1]+".json"] = b
		}
	}
	inFiles := map[string]string{}
	files, _ := filepath.Glob(filepath.Join(examples, name, "config/routes/*.json"))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		inFiles[filepath.Base(f)] = string(b)
	}
	for _, b := range blocks(page, "jsonc") {
		inPage["../admin.json"] = b
		b, err := os.ReadFile(filepath.Join(examples, name, "config/admin.json"))
		if err != nil {
			t.Fatal(err)
		}
		inFiles["../admin.json"] = string(b)
	}
	if diff := cmp.Diff(inFiles, inPage); diff != "" || len(files) == 0 {
		t.Fatalf("the page's routes differ from examples/%s/config/routes (-files +page):\n%s", name, diff)
	}
}

// typed is a command of a page and what the page says it prints.
type typed struct {
	command string
	prints  []string
}

// console reads the console blocks: a line that begins with "$ " is a command, which goes on in lines that begin with
// "> "; all other lines are printed.
func console(page string) []typed {
	var list []typed
	for _, b := range blocks(page, "console") {
		for _, line := range strings.Split(strings.TrimRight(b, "\n"), "\n") {
			if c, ok := strings.CutPrefix(line, "$ "); ok {
				list = append(list, typed{command: c})
				continue
			}
			last := &list[len(list)-1]
			if c, ok := strings.CutPrefix(line+" ", "> "); ok {
				last.command += "\n" + strings.TrimSuffix(c, " ")
				continue
			}
			last.prints = append(last.prints, line)
		}
	}
	return list
}

// ports are those that pages name.
var ports = []string{"8080", "8081", "8088", "8443", "8445"}

// terminal is a shell in an empty folder, in which the names and ports of the pages lead to this test's processes.
type terminal struct {
	t     *testing.T
	dir   string
	in    io.WriteCloser
	out   *bufio.Reader
	count int
	ports map[string]string // those of the pages, and where they lead
	kill  func()            // the shell and all that it started
}

// front stands for the program: it moves ports.
const front = `#!/bin/bash
args=()
for a in "$@"; do
  case $a in %s *) args+=("$a");; esac
done
case $1 in
am) args+=(--listen 127.0.0.1:$PORT_8088);;
sample) args+=(--listen 127.0.0.1:$PORT_8081);;
esac
exec %q "${args[@]}"
`

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	s := &terminal{t: t, dir: t.TempDir(), ports: map[string]string{}}
	home := t.TempDir()
	env := append(os.Environ(), "CURL_HOME="+home, "HOME="+home, "PATH="+home+":"+os.Getenv("PATH"))
	rc, moves := "silent\nshow-error\n", ""
	for _, port := range ports {
		to := quietPort(t)
		s.ports[port] = to
		env = append(env, "PORT_"+port+"="+to)
		for _, host := range []string{"am", "app", "ig"} {
			rc += fmt.Sprintf("connect-to = %q\n", host+".example.com:"+port+":127.0.0.1:"+to)
		}
		moves += fmt.Sprintf("*.example.com:%[1]s:127.0.0.1) args+=(\"$a:%[2]s\");; 127.0.0.1:%[1]s) args+=(127.0.0.1:%[2]s);; ", port, to)
		switch port {
		case "8080":
			env = append(env, "GATEWAY_PORT="+to)
		case "8443":
			env = append(env, "GATEWAY_TLS_PORT="+to)
		}
	}
	write(t, filepath.Join(home, ".curlrc"), rc)
	write(t, filepath.Join(home, "gatehouse"), fmt.Sprintf(front, moves, binary))
	if err := os.Chmod(filepath.Join(home, "gatehouse"), 0o700); err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs(examples)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(here, filepath.Join(s.dir, "examples")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "--norc")
	cmd.Dir, cmd.Env = s.dir, env
	if s.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.out = bufio.NewReader(out)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.kill = func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = io.WriteString(s.in, "kill $(jobs -p) 2>/dev/null; wait\n")
		_ = s.in.Close()
		_, _ = io.Copy(io.Discard, s.out)
		_ = cmd.Wait()
		if t.Failed() {
			s.showLogs()
		}
	})
	return s
}

func (s *terminal) showLogs() {
	logs, _ := filepath.Glob(s.dir + "/*.log")
	for _, l := range logs {
		b, _ := os.ReadFile(l)
		s.t.Logf("%s:\n%s", filepath.Base(l), b)
	}
}

// quietPorts counts the ports that were given out. They are below those that systems give to clients, so that none of the
// many connections of tests takes one before its server does.
var quietPorts atomic.Int32

func quietPort(t *testing.T) string {
	t.Helper()
	for range 1000 {
		port := strconv.Itoa(20000 + os.Getpid()%10*1000 + int(quietPorts.Add(1))%1000)
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("there is no free port")
	return ""
}

const mark = "\x1e"

// run types a command and compares what it prints. A command in the background is waited for until its log says that it
// is ready.
func (s *terminal) run(c typed) {
	s.t.Helper()
	s.count++
	file := filepath.Join(s.dir, ".typed-"+strconv.Itoa(s.count))
	write(s.t, file, c.command+"\n")
	background := strings.HasSuffix(c.command, "&")
	redirect := "2>&1"
	if background {
		redirect = ""
	}
	// A command reads its own file and not the rest of the page.
	fmt.Fprintf(s.in, ". %s </dev/null %s; printf '\\n%s\\n'\n", file, redirect, mark)
	printed := make(chan string, 1)
	go func() {
		text, _ := s.out.ReadString(mark[0])
		rest, _ := s.out.ReadString('\n')
		printed <- strings.TrimSuffix(text, mark) + strings.TrimSuffix(rest, "\n")
	}()
	got := ""
	select {
	case got = <-printed:
	case <-time.After(60 * time.Second):
		s.kill() // else the clean-up would wait for it
		s.t.Fatalf("the command does not end:\n%s", c.command)
	}
	if background {
		s.wait(c.command)
	}
	got = strings.TrimRight(strings.ReplaceAll(got, "\r", ""), "\n")
	if want := strings.Join(c.prints, "\n"); !like(want, got) {
		s.t.Errorf("$ %s\nprinted:\n%s\nthe page says:\n%s", c.command, got, want)
	}
}

func (s *terminal) wait(command string) {
	s.t.Helper()
	m := regexp.MustCompile(`2>(\S+)`).FindStringSubmatch(command)
	if m == nil {
		s.t.Fatalf("the command names no log: %s", command)
	}
	eventually(s.t, m[1]+" says that the process is ready", func() bool {
		b, _ := os.ReadFile(filepath.Join(s.dir, m[1]))
		return isReady.Match(b)
	})
}

var placeholder = regexp.MustCompile(`<[a-z][a-z ]*>|…`)

// like compares what was printed with a page: <name> stands for what differs from run to run, without blanks, and a line
// "…" for any lines.
func like(want, got string) bool {
	pattern := strings.Builder{}
	at := 0
	for _, m := range placeholder.FindAllStringIndex(want, -1) {
		pattern.WriteString(regexp.QuoteMeta(want[at:m[0]]))
		if want[m[0]] == '<' {
			pattern.WriteString(`[^\s"]+`)
		} else {
			pattern.WriteString(`[\s\S]*`)
		}
		at = m[1]
	}
	pattern.WriteString(regexp.QuoteMeta(want[at:]))
	return regexp.MustCompile(`\A` + pattern.String() + `\z`).MatchString(got)
}

func TestLike(t *testing.T) {
	tests := []struct {
		name, want, got string
		ok              bool
	}{
		{"same", "a\nb", "a\nb", true},
		{"other", "a", "b", false},
		{"placeholder", "token <token>!", "token x.y!", true},
		{"placeholder with a blank in its name", "<a token>", "x", true},
		{"nothing in its place", "token <token>!", "token !", false},
		{"a blank in its place", "token <token>", "token a b", false},
		{"lines", "a\n…\nc", "a\n1\n2\nc", true},
		{"end is missing", "a\n…\nc", "a\n1\n2", false},
		{"more", "a", "a\nb", false},
		{"special characters", "a.b", "axb", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := like(tt.want, tt.got); got != tt.ok {
				t.Errorf("like(%q, %q) = %v", tt.want, tt.got, got)
			}
		})
	}
}
