package gateway

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A route that has a router of its own is replaced while that router wants to look
// through its folder: neither waits for the other.
func TestNestedRouterStopsWhileItWaits(t *testing.T) {
	const outer = `{"handler": {"type": "Router", "name": "inner", "config": {"directory": "DIR/config/inner", "scanInterval": "1 ms"}}}`
	r := run(t, `
-- routes/outer.json --
`+outer+`
-- inner/x.json --
{"handler": `+echo("x")+`}`)
	var inner *router
	for _, other := range r.inService() {
		if other.nested {
			inner = other
		}
	}
	r.building.Lock()
	time.Sleep(50 * time.Millisecond) // the inner router waits for its turn by now; if not, nothing is shown
	stopped := make(chan bool)
	go func() {
		defer close(stopped)
		inner.Stop()
	}()
	select {
	case <-stopped:
	case <-time.After(10 * time.Second):
		t.Error("the router does not stop")
	}
	r.building.Unlock()
}

// A route that was refused for its id or name comes into service once that is free.
func TestRouteTakesANameThatBecomesFree(t *testing.T) {
	for _, test := range []struct {
		name  string
		first string
		free  func(dir string) error
	}{
		{"removed", `{"_id": "same", "handler": ` + echo("first") + `}`, func(dir string) error { return os.Remove(filepath.Join(dir, "a.json")) }},
		{"renamed", `{"name": "same", "handler": ` + echo("first") + `}`, func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "a.json"), []byte(`{"name": "other", "condition": false, "handler": `+echo("first")+`}`), 0o644)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := run(t, "\n-- routes/a.json --\n"+test.first+"\n-- routes/b.json --\n"+`{"_id": "same", "handler": `+echo("second")+`}`)
			if got := r.get("/").body; got != "first" {
				t.Fatalf("answer = %q, want that of the first file", got)
			}
			if err := test.free(filepath.Join(r.dir, "config", "routes")); err != nil {
				t.Fatal(err)
			}
			r.rescan(t)
			if got := r.get("/"); got.body != "second" || len(r.Problems()) > 0 {
				t.Errorf("answer = %d %q, problems = %v", got.status, got.body, r.Problems())
			}
		})
	}
}

// A file that gets broken and is put back as it was is no problem any more.
func TestFilePutBack(t *testing.T) {
	r := run(t, "\n-- routes/a.json --\n"+`{"handler": `+echo("right")+`}`)
	path := filepath.Join(r.dir, "config", "routes", "a.json")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, now := range [][]byte{[]byte("{"), text} {
		if err := os.WriteFile(path, now, 0o644); err != nil {
			t.Fatal(err)
		}
		if len(now) == len(text) { // as "cp -p" does
			if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
		}
		r.rescan(t)
	}
	if list := r.Problems(); len(list) > 0 {
		t.Errorf("problems = %v, want none", list)
	}
}

// Two versions of a file are told apart also where the time of the second is not later.
func TestFileOfTheSameTime(t *testing.T) {
	r := run(t, "\n-- routes/a.json --\n"+`{"handler": `+echo("before")+`}`)
	path := filepath.Join(r.dir, "config", "routes", "a.json")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(`{"handler": `+echo("afterwards")+`}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	r.rescan(t)
	if got := r.get("/").body; got != "afterwards" {
		t.Errorf("answer = %q", got)
	}
}

// A link that leads nowhere is told of, and takes no route out of service.
func TestBrokenLink(t *testing.T) {
	r := run(t, "\n-- kept/a.json --\n"+`{"handler": `+echo("linked")+`}`)
	link, target := filepath.Join(r.dir, "config", "routes", "a.json"), filepath.Join(r.dir, "config", "kept", "a.json")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	r.rescan(t)
	if err := os.Rename(target, target+".away"); err != nil {
		t.Fatal(err)
	}
	r.rescan(t)
	if got := r.get("/"); got.body != "linked" || len(r.Problems()) != 1 {
		t.Errorf("answer = %d %q, problems = %v", got.status, got.body, r.Problems())
	}
	if err := os.Rename(target+".away", target); err != nil {
		t.Fatal(err)
	}
	r.rescan(t)
	if got := r.get("/"); got.body != "linked" || len(r.Problems()) != 0 {
		t.Errorf("answer = %d %q, problems = %v", got.status, got.body, r.Problems())
	}
}

// The folder of the routes may go away and come back, or another may take its place.
func TestFolderIsReplaced(t *testing.T) {
	r := run(t, `
-- config.json --
{"handler": {"type": "Router", "name": "_router", "config": {"scanInterval": "1 hour"}}}
-- routes/a.json --
{"handler": `+echo("first")+`}
-- next/a.json --
{"handler": `+echo("second, the other")+`}`)
	routes := filepath.Join(r.dir, "config", "routes")
	wait := func(want string) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); r.get("/").body != want; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("answer = %q, want %q", r.get("/").body, want)
			}
		}
	}
	if err := os.Rename(routes, routes+".old"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(r.dir, "config", "next"), routes); err != nil {
		t.Fatal(err)
	}
	wait("second, the other")
	if err := os.WriteFile(filepath.Join(routes, "a.json"), []byte(`{"handler": `+echo("third")+`}`), 0o644); err != nil {
		t.Fatal(err)
	}
	wait("third")
	if err := os.RemoveAll(routes); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * settle) // the routes are looked for meanwhile, and stay
	wait("third")
	if err := os.Mkdir(routes, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(routes, "a.json"), []byte(`{"handler": `+echo("fourth")+`}`), 0o644); err != nil {
		t.Fatal(err)
	}
	wait("fourth")
}

// rescan looks through the folder of the root router now.
func (r *running) rescan(t *testing.T) {
	t.Helper()
	r.building.Lock()
	defer r.building.Unlock()
	if err := r.inService()[0].scan(); err != nil {
		t.Fatal(err)
	}
}
