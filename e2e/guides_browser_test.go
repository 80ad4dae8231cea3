package e2e

import (
	"os"
	"strings"
	"testing"
)

// TestBrowserLoginGuide sets up what the guide to logins says, and takes its readers' part in Chromium.
func TestBrowserLoginGuide(t *testing.T) {
	b, err := os.ReadFile(guides + "/openid-connect.md")
	if err != nil {
		t.Fatal(err)
	}
	setup, _, ok := strings.Cut(string(b), "## Try")
	if !ok {
		t.Fatal("the page has no section to try")
	}
	s := newTerminal(t)
	for _, c := range console(setup) {
		s.run(c)
		if t.Failed() {
			return
		}
	}
	browse(t, "login-guide", map[string]any{
		"resolve": map[string]string{
			"ig.example.com:8080": "127.0.0.1:" + s.ports["8080"], "am.example.com:8088": "127.0.0.1:" + s.ports["8088"],
		},
		"base": "http://ig.example.com:8080/reading-room", "user": "ada", "password": "Engine-1843",
	})
}
