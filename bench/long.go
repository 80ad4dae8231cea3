package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/embedded"
)

// runLong measures what needs millions of tokens to be seen.
func runLong(binary string, length time.Duration, only string) error {
	b, err := newBench(binary)
	if err != nil {
		return err
	}
	defer b.close()
	w := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', 0)
	defer w.Flush()
	for _, part := range []struct {
		name string
		run  func(*tabwriter.Writer, time.Duration) error
	}{{"stored tokens", b.storedTokens}, {"cached tokens", b.cachedTokens}} {
		if ok, err := regexp.MatchString(only, part.name); err != nil || !ok {
			if err != nil {
				return err
			}
			continue
		}
		if err := part.run(w, length); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		w.Flush()
		fmt.Println()
	}
	return nil
}

// verdict prints a row of what was measured against its goal.
func verdict(w *tabwriter.Writer, what, measured, goal string, met bool) {
	text := "met"
	if !met {
		text = "NOT MET"
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", what, measured, goal, text)
}

// stage is how an authorization server does with a number of tokens in its store.
type stage struct {
	first, firstCPU      time.Duration // from the start of the process to its first token
	introspection, issue result
	memory, issued       int64
}

// sweepTime is longer than the server waits between two sweeps.
const sweepTime = 70 * time.Second

// storedTokens fills the store of an authorization server step by step. In each step thousands of stored tokens end, and
// the time is long enough for the sweep that removes them.
func (b *bench) storedTokens(w *tabwriter.Writer, length time.Duration) error {
	data := filepath.Join(b.dir, "many")
	pid, addr, err := b.startAM(data)
	if err != nil {
		return err
	}
	if _, err := setUp("http://" + addr + "/openam"); err != nil {
		return err
	}
	if err := b.end(pid); err != nil {
		return err
	}
	var stages []stage
	var raws []string
	stored := 0
	fmt.Fprintln(w, "stored tokens\tstart to first token\tCPU\tintrospection\tCPU\tclient_credentials\tCPU\tmemory\tissued meanwhile")
	for _, n := range []int{10_000, 1_000_000, 2_000_000} {
		fmt.Fprintf(os.Stderr, "%d stored tokens\n", n)
		more, err := fill(data, n-stored)
		if err != nil {
			return err
		}
		stored = n
		raws = append(raws, more...)
		s, err := b.stage(data, raws, length)
		if err != nil {
			return err
		}
		stages = append(stages, s)
		fmt.Fprintf(w, "%d\t%s\t%s\t%.0f/s\t%s\t%.0f/s\t%s\t%d MiB\t%d\n", n, s.first.Round(time.Millisecond), s.firstCPU,
			s.introspection.rate, s.introspection.cpu.Round(100*time.Nanosecond), s.issue.rate, s.issue.cpu.Round(100*time.Nanosecond), s.memory>>20, s.issued)
		w.Flush()
	}
	fmt.Println()
	few, million, many := stages[0], stages[1], stages[2]
	verdict(w, "memory with 1,000,000 tokens", fmt.Sprintf("%d MiB", million.memory>>20), "< 150 MiB", million.memory < 150<<20)
	verdict(w, "start to first token, 1,000,000 tokens", million.first.Round(time.Millisecond).String(), "< 150 ms", million.first < 150*time.Millisecond)
	hold := func(what string, a, b result) {
		ratio := float64(a.cpu) / float64(b.cpu)
		verdict(w, what+", CPU with 10,000 / with 2,000,000", fmt.Sprintf("%.2f (rate %.2f)", ratio, b.rate/a.rate), "≥ 0.80", ratio >= 0.8)
	}
	hold("introspection", few.introspection, many.introspection)
	hold("client_credentials", few.issue, many.issue)
	return nil
}

func (b *bench) startAM(data string) (int, string, error) {
	return b.gatehouse([]string{"GATEHOUSE_ADMIN_PASSWORD=" + password}, "am", "--data", data, "--listen", "127.0.0.1:0")
}

// end stops a process of the run and waits for it.
func (b *bench) end(pid int) error {
	i := slices.IndexFunc(b.procs, func(c *exec.Cmd) bool { return c.Process.Pid == pid })
	if i < 0 {
		return errors.New("no such process")
	}
	c := b.procs[i]
	b.procs = slices.Delete(b.procs, i, i+1)
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return c.Wait()
}

// starts is how often a start is measured; the median counts.
const starts = 5

func (b *bench) stage(data string, raws []string, length time.Duration) (stage, error) {
	var s stage
	var firsts, firstCPUs []time.Duration
	var pid int
	var addr string
	token := testCase{name: "client_credentials", request: post("/openam/oauth2/access_token", "client-service", grant), want: "access_token", clients: 1, count: 1}
	for i := range starts + 1 {
		if i > 0 {
			if err := b.end(pid); err != nil {
				return s, err
			}
		}
		began := time.Now()
		var err error
		if pid, addr, err = b.startAM(data); err != nil {
			return s, err
		}
		token.addr = addr
		if _, err := load(token, 0); err != nil {
			return s, err
		}
		took := time.Since(began)
		cpu, err := cpuTime(pid)
		if err != nil {
			return s, err
		}
		if i == 0 { // the first only puts in order what was filled in
			if err := settle(pid); err != nil {
				return s, err
			}
			continue
		}
		firsts = append(firsts, took)
		firstCPUs = append(firstCPUs, cpu)
	}
	slices.Sort(firsts)
	slices.Sort(firstCPUs)
	s.first, s.firstCPU = firsts[len(firsts)/2], firstCPUs[len(firstCPUs)/2]

	look := testCase{name: "introspection", pid: pid, addr: addr, want: `"active":true`, clients: 8,
		request: post("/openam/oauth2/introspect", "client-service", "token="+raws[0])}
	look.request = strings.Replace(look.request, raws[0], "VARY", 1)
	look.vary = func(n int64) string { return raws[uint64(n)*0x9E3779B97F4A7C15%uint64(len(raws))] }
	token.pid, token.clients, token.count = pid, 32, 0
	var looks, issues []result
	for began := time.Now(); time.Since(began) < sweepTime; {
		for _, c := range []struct {
			testCase
			to *[]result
		}{{look, &looks}, {token, &issues}} {
			r, err := measure(c.testCase, length)
			if err != nil {
				return s, err
			}
			*c.to = append(*c.to, r)
			s.memory = max(s.memory, r.memory)
		}
	}
	s.introspection, s.issue = mean(looks), mean(issues)
	for _, r := range issues {
		s.issued += r.sent
	}
	return s, b.end(pid)
}

// settle waits until a process has nothing to do: the store puts in order what fill wrote faster than any server would.
func settle(pid int) error {
	for {
		before, err := cpuTime(pid)
		if err != nil {
			return err
		}
		time.Sleep(2 * time.Second)
		after, err := cpuTime(pid)
		if err != nil || after-before < 100*time.Millisecond {
			return err
		}
	}
}

// mean is of all rounds, those with the sweep included.
func mean(list []result) result {
	var m result
	for _, r := range list {
		m.rate += r.rate / float64(len(list))
		m.cpu += r.cpu / time.Duration(len(list))
	}
	return m
}

// ending is how many of the tokens that a step adds end while it is measured.
const ending = 20_000

// fill stores n live tokens, and some that end soon, and returns some of the live ones.
func fill(data string, n int) ([]string, error) {
	e, err := embedded.Open(embedded.Path(data), embedded.Options{})
	if err != nil {
		return nil, err
	}
	toks := store.Tokens{Engine: e}
	var some []string
	now := time.Now()
	for i := 0; i < n+ending && err == nil; {
		batch := make([]store.NewToken, 0, 500)
		for ; len(batch) < cap(batch) && i < n+ending; i++ {
			t := storedToken(now)
			if i < ending {
				t.Expires = now.Add(time.Duration(i%100) * time.Second)
			} else if i%50 == 0 {
				some = append(some, t.Raw)
			}
			batch = append(batch, t)
		}
		err = toks.Issue(context.Background(), batch...)
	}
	return some, errors.Join(err, e.Close())
}

// storedToken is one as the server issues it by client_credentials.
func storedToken(now time.Time) store.NewToken {
	return store.NewToken{Raw: store.NewRaw(), Token: store.Token{
		Kind: "access", Realm: "/", Issuer: "http://am.example.com/openam/oauth2", ClientID: "client-service",
		Subject: store.Subject{Type: "age", Name: "client-service"}, Scopes: []string{"client-scope"}, GrantType: "client_credentials",
		GrantID: store.NewID(), AuditID: "1d7a3317-03a9-4461-9d12-745f886019c2-5860187",
		IssuedAt: now, AuthTime: now, Expires: now.Add(24 * time.Hour),
	}}
}

// cachedMillion is the size of the gateway's cache.
const cachedMillion = 1_000_000

// cachedTokens fills a gateway's cache, then goes on with as many tokens again, so that each drives one out.
func (b *bench) cachedTokens(w *tabwriter.Writer, length time.Duration) error {
	_, app, err := b.probe("upstream", "-")
	if err != nil {
		return err
	}
	_, as, err := b.probe("json", "-")
	if err != nil {
		return err
	}
	if _, err := b.jwts(); err != nil {
		return err
	}
	if err := b.routes(app); err != nil {
		return err
	}
	route := `{"name": "many", "baseURI": "http://` + app + `", "handler": {"type": "Chain", "config": {
		"filters": [{"type": "OAuth2ResourceServerFilter", "config": {"requireHttps": false, "scopes": ["client-scope"],
			"accessTokenResolver": {"type": "CacheAccessTokenResolver", "config": {"maximumSize": ` + fmt.Sprint(cachedMillion) + `, "delegate": {
				"type": "TokenIntrospectionAccessTokenResolver", "config": {"endpoint": "http://` + as + `/"}}}}}}],
		"handler": "ReverseProxyHandler"}}}`
	if err := os.WriteFile(filepath.Join(b.dir, "gateway", "config", "routes", "many.json"), []byte(route), 0o600); err != nil {
		return err
	}
	pid, addr, err := b.gatehouse([]string{"AGENT_SECRET_ID=cGFzc3dvcmQ="}, "gateway", filepath.Join(b.dir, "gateway"))
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "cached tokens\trequests/s\tCPU/request\tslowest of 10,000\tmemory")
	var rows []result
	var slow []time.Duration
	for i, name := range []string{"0 to 1,000,000", "1,000,000, each new one drives one out", "1,000,000, none new"} {
		fmt.Fprintln(os.Stderr, "cached tokens:", name)
		c := testCase{name: name, pid: pid, addr: addr, request: get("/many", "VARY"), want: "from the app", clients: 8, count: cachedMillion}
		from := int64(i) * cachedMillion
		c.vary = func(n int64) string { return fmt.Sprintf("token-%037d", from+n) }
		if i == 2 {
			c.count = 0
			c.vary = func(n int64) string { return fmt.Sprintf("token-%037d", 2*cachedMillion-n%100_000) }
		}
		c.times = &latencies{}
		r, err := measure(c, length)
		if err != nil {
			return err
		}
		rows, slow = append(rows, r), append(slow, c.times.quantile(0.9999))
		fmt.Fprintf(w, "%s\t%.0f\t%s\t%s\t%d MiB\n", name, r.rate, r.cpu.Round(100*time.Nanosecond), slow[i].Round(100*time.Microsecond), r.memory>>20)
		w.Flush()
	}
	fmt.Println()
	memory := max(rows[0].memory, rows[1].memory)
	verdict(w, "memory with 1,000,000 cached tokens", fmt.Sprintf("%d MiB", memory>>20), "< 400 MiB", memory < 400<<20)
	ratio := float64(rows[1].cpu) / float64(rows[0].cpu)
	verdict(w, "driving one out / filling, CPU", fmt.Sprintf("%.2f", ratio), "≤ 1.30", ratio <= 1.3)
	return nil
}
