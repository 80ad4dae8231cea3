package e2e

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// ledger is what a server acknowledged.
type ledger struct {
	mu      sync.Mutex
	live    []string // tokens
	revoked []string
	bought  map[string]string // by code: its token
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.live) + len(l.revoked) + len(l.bought)
}

const revokePath = "/oauth2/realms/root/token/revoke"

// work issues, revokes and buys until the server dies, and notes what was answered.
func (l *ledger) work(c *crashClient, i int) {
	for {
		switch i % 3 {
		case 0, 1:
			token, ok := c.post(tokenPath, "grant_type", "client_credentials", "scope", "read")
			if !ok {
				return
			}
			if i%3 == 1 {
				if _, ok := c.post(revokePath, "token", token); !ok {
					return
				}
				l.add(func() { l.revoked = append(l.revoked, token) })
			} else {
				l.add(func() { l.live = append(l.live, token) })
			}
		case 2:
			code := c.code("first")
			if code == "" {
				return
			}
			token, ok := c.post(tokenPath, "grant_type", "authorization_code", "code", code, "redirect_uri", "https://app.example.com/cb")
			if !ok {
				return
			}
			l.add(func() { l.bought[code] = token })
		}
	}
}

func (l *ledger) add(f func()) {
	l.mu.Lock()
	f()
	l.mu.Unlock()
}

// The server is killed fifty times at moments that nobody chose. What it acknowledged is there afterwards.
func TestCrash(t *testing.T) {
	rounds := 50
	if testing.Short() {
		rounds = 5
	}
	data := t.TempDir()
	a := startAM(t, data)
	a.rest("POST", "/realms/root/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	makeClient(a, "first")
	var old []string
	total := 0
	for round := range rounds {
		l := &ledger{bought: map[string]string{}}
		var done sync.WaitGroup
		for i := range 6 {
			done.Go(func() { l.work(newCrashClient(t, a), i) })
		}
		eventually(t, "the server works", func() bool { return l.count() > 10 })
		time.Sleep(rand.N(30 * time.Millisecond)) // the random moment
		a.kill()
		done.Wait()
		a = startAM(t, data)
		for _, token := range l.live {
			if !active(a, "first", token) {
				t.Fatalf("round %d: an acknowledged token is lost", round)
			}
		}
		for _, token := range l.revoked {
			if active(a, "first", token) {
				t.Fatalf("round %d: a revoked token lives again", round)
			}
		}
		for code, token := range l.bought {
			if !active(a, "first", token) {
				t.Fatalf("round %d: the token of a code is lost", round)
			}
			if status, body, _ := a.token(tokenPath, "", "", form("client_id", "first", "client_secret", "secret",
				"grant_type", "authorization_code", "code", code, "redirect_uri", "https://app.example.com/cb")); status != 400 {
				t.Fatalf("round %d: a code buys twice: %d %v", round, status, body)
			}
		}
		total += l.count()
		old = append(old, l.live...)
	}
	for _, token := range old {
		if !active(a, "first", token) {
			t.Fatal("a token of an earlier round is lost")
		}
	}
	t.Logf("%d rounds, %d acknowledged", rounds, total)
}

// A backup of a running server holds all that was answered before; what it is restored to answers like it.
func TestBackup(t *testing.T) {
	data, dir := filepath.Join(t.TempDir(), "data"), t.TempDir()
	// The server calls the folder by another name than its owner.
	a := &am{t: t, process: startUnder(t, []string{"GATEHOUSE_ADMIN_PASSWORD=" + adminPassword}, []string{"env", "-C", filepath.Dir(data)},
		"am", "--data", "data", "--listen", "127.0.0.1:0")}
	a.base = "http://" + a.addr(0) + "/openam"
	a.login()
	a.rest("POST", "/realms/root/realm-config/services/oauth-oidc?_action=create", map[string]any{})
	makeClient(a, "first")
	run := func(args ...string) (string, error) {
		out, err := exec.Command(binary, args...).CombinedOutput()
		return string(out), err
	}
	must := func(args ...string) {
		t.Helper()
		if out, err := run(args...); err != nil {
			t.Fatalf("gatehouse %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	refused := func(why string, args ...string) {
		t.Helper()
		if out, err := run(args...); err == nil || !strings.Contains(out, why) {
			t.Errorf("gatehouse %s: %v, want it to say %q\n%s", strings.Join(args, " "), err, why, out)
		}
	}
	_, before := clientToken(a, "first")
	online := filepath.Join(dir, "online.tar.gz")
	must("backup", "--data", data, online)
	_, after := clientToken(a, "first")
	if left, _ := filepath.Glob(filepath.Join(data, "backup-*")); len(left) > 0 {
		t.Errorf("the backup left %v", left)
	}
	refused("file exists", "backup", "--data", data, online)
	a.stop()
	offline := filepath.Join(dir, "offline.tar.gz")
	must("backup", "--data", data, offline)
	refused("not empty", "restore", "--data", data, online)
	refused("no embedded store", "backup", "--data", filepath.Join(dir, "nothing"), filepath.Join(dir, "x"))

	for archive, knowsAfter := range map[string]bool{online: false, offline: true} {
		target := filepath.Join(dir, "new", filepath.Base(archive))
		must("restore", "--data", target, archive)
		b := startAM(t, target)
		if !active(b, "first", before) || active(b, "first", after) != knowsAfter {
			t.Errorf("restored from %s: the token from before is active: %v, the one from after: %v, want true and %v",
				filepath.Base(archive), active(b, "first", before), active(b, "first", after), knowsAfter)
		}
		b.stop()
	}

	// A damaged backup is refused, and leaves nothing behind.
	whole, err := os.ReadFile(online)
	if err != nil {
		t.Fatal(err)
	}
	damaged := map[string][]byte{"cut": whole[:len(whole)-100], "no archive": []byte("hello"), "empty": nil}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	damaged["flipped"] = flipped
	for name, content := range damaged {
		path, target := filepath.Join(dir, "damaged"), filepath.Join(dir, "never", name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		refused("restore "+target, "restore", "--data", target, path)
		if _, err := os.Stat(target); err == nil {
			t.Errorf("%s: the refused backup made a folder", name)
		}
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "never")); len(left) > 0 {
		t.Errorf("refused backups left %v", left)
	}
}
