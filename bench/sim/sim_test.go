package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func parsed(t *testing.T, args ...string) *options {
	t.Helper()
	o, err := parse(args, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestDay holds the arithmetic to what a reader of the guide would compute by hand.
func TestDay(t *testing.T) {
	d := parsed(t, "--users", "86400", "--sessions", "3", "--passwords", "0.5", "--refreshes", "2", "--calls", "10", "--introspections", "0.5",
		"--client-credentials", "4", "--exchanges", "1", "--peak", "2").day
	want := map[kind]float64{password: 3, authorize: 6, code: 6, refresh: 12, clientCredentials: 8, exchange: 2, introspection: 30, firstCall: 18, proxied: 42}
	for k, n := range want {
		if got := d.peak(k); got != n {
			t.Errorf("%s: %v a second at the peak, want %v", k, got, n)
		}
	}
	if got := d.writes(); got != 86400*(1.5+3+3+6+4+1) {
		t.Errorf("%v records a day", got)
	}
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"--users 0", "must be above zero"}, {"--passwords 1.5", "from 0 to 1"}, {"--calls -1", "cannot be negative"},
		{"--call https://x/", "give --am too"}, {"now", `unexpected "now"`}, {"--peak 0.5", "at least 1"},
	} {
		if _, err := parse(strings.Fields(tt.args), io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.args, err, tt.want)
		}
	}
	var out bytes.Buffer
	if _, err := parse([]string{"--help"}, &out); err == nil || !strings.Contains(out.String(), "go run ./bench/sim --users") || !strings.Contains(out.String(), "-cost-time") {
		t.Errorf("help: %v %s", err, out.String())
	}
}

// TestLatenessCounts: a server that stands still for a moment delays all requests that were due meanwhile, not only those
// that wait for it.
func TestLatenessCounts(t *testing.T) {
	var s times
	for i := range 100 {
		s.add(time.Duration(i+1)*time.Millisecond, nil)
	}
	s.add(time.Second, errBehind)
	if s.quantile(0.5) != 51*time.Millisecond || s.quantile(0.99) != 100*time.Millisecond || s.quantile(1) != time.Second || s.failed != 1 {
		t.Errorf("%s %s %s %d", s.quantile(0.5), s.quantile(0.99), s.quantile(1), s.failed)
	}
	step := &step{multiple: 1}
	step.kinds[proxied].add(2*time.Second, nil)
	if step.holds(time.Second) || !step.holds(3*time.Second) {
		t.Error("the limit does not decide")
	}
	step.kinds[proxied].add(time.Millisecond, errBehind)
	if step.holds(3 * time.Second) {
		t.Error("failures do not count")
	}
}

// TestSimulation runs a tiny day on a node of its own.
func TestSimulation(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "gatehouse")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "gatehouse/cmd/gatehouse").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	left := temporary(t)
	// All kinds are due several times in two seconds, at times that the seed alone decides; nobody waits for an answer for long, whatever the machine does.
	o := parsed(t, "--binary", binary, "--users", "50000", "--passwords", "0.9", "--client-credentials", "3", "--exchanges", "3", "--accounts", "2",
		"--time", "2s", "--cost-time", "50ms", "--most", "1", "--limit", "1m")
	r, err := simulate(t.Context(), o, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r.print(&out)
	if len(r.steps) != 1 || len(r.costs) != int(kinds) {
		t.Fatalf("%d steps, costs of %d kinds\n%s", len(r.steps), len(r.costs), out.String())
	}
	s := r.steps[0]
	for k := range kinds {
		if n := len(s.kinds[k].took); n == 0 || s.kinds[k].failed > 0 {
			t.Errorf("%s: %d requests, %d failed: %v", k, n, s.kinds[k].failed, s.kinds[k].first)
		} else if slices.Min(s.kinds[k].took) <= 0 {
			t.Errorf("%s: an answer came before the request was due", k)
		}
	}
	if r.costs[password].am < 5*time.Millisecond {
		t.Errorf("a password costs %s", r.costs[password].am)
	}
	for _, want := range []string{"50000 people a day", "1 times the busiest hour: held", "headroom: at least 1 times the busiest hour", "authorization_code", "the store grew by"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, out.String())
		}
	}
	if now := temporary(t); len(now) > len(left) {
		t.Errorf("folders are left: %v", now)
	}
	t.Run("servers of others", func(t *testing.T) { others(t, binary) })
}

// others plays the day against servers that run already; the second time everything is there.
func others(t *testing.T, binary string) {
	n, err := startNode(t.Context(), binary, "")
	if err != nil {
		t.Fatal(err)
	}
	defer n.stop()
	t.Setenv("GATEHOUSE_ADMIN_PASSWORD", adminPassword)
	o := parsed(t, "--am", "http://"+n.amAddr+"/openam/", "--call", "http://"+n.gwAddr+"/call", "--users", "50000", "--exchanges", "3", "--accounts", "2",
		"--time", "1s", "--most", "1", "--limit", "1m")
	for range 2 {
		r, err := simulate(t.Context(), o, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		r.print(&out)
		if all, failed := r.steps[0].requests(); all < 20 || failed > 0 || r.costs != nil || strings.Contains(out.String(), "processors: ") {
			t.Errorf("%d requests, %d failed:\n%s", all, failed, out.String())
		}
	}
	t.Setenv("GATEHOUSE_ADMIN_PASSWORD", "wrong")
	if _, err := simulate(t.Context(), o, io.Discard); err == nil || !strings.Contains(err.Error(), "sign in as amAdmin") {
		t.Errorf("with a wrong password: %v", err)
	}
}

// temporary lists the folders of simulations.
func temporary(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(os.TempDir(), "gatehouse-sim-*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}
