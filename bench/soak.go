package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/embedded"
)

// briefLifetime is that of the tokens of client-brief; the server removes what has expired as often.
const briefLifetime = time.Minute

const (
	soakIssuers = 16
	soakAskers  = 2
	soakRows    = 20
)

// soak issues tokens that live a minute, and asks about some of them before and after their end.
type soak struct {
	pid        int
	addr, data string
	total      int64
	engine     store.Engine // nil: the server's is asked

	issued atomic.Int64
	stop   atomic.Bool
	fail   sync.Once
	err    error

	issue, ask atomic.Pointer[latencies] // of the present row

	mu     sync.Mutex
	sample []soakToken // the oldest first
}

type soakToken struct {
	raw          string
	sent, issued time.Time
}

// soakRow is what one part of the run showed. Disk and memory are the most that was seen in it.
type soakRow struct {
	issued                     int64
	took, cpu                  time.Duration
	disk, memory               int64
	issue50, issue99           time.Duration
	introspect50, introspect99 time.Duration
}

// runSoak prints a row for each twentieth of the tokens, and fails when the later rows are not like the earlier ones.
// With direct, the tokens go into a store of this process and not through a server.
func runSoak(binary string, total int64, direct bool) error {
	b, err := newBench(binary)
	if err != nil {
		return err
	}
	defer b.close()
	s := &soak{total: total, data: filepath.Join(b.dir, "soak")}
	if direct {
		e, err := embedded.Open(s.data, embedded.Options{})
		if err != nil {
			return err
		}
		defer e.Close()
		s.pid, s.engine = os.Getpid(), e
	} else {
		if s.pid, s.addr, err = b.startAM(s.data); err != nil {
			return err
		}
		if _, err := setUp("http://" + s.addr + "/openam"); err != nil {
			return err
		}
	}
	rows, err := s.run()
	if err != nil {
		return err
	}
	return flat(os.Stdout, rows)
}

func (s *soak) run() ([]soakRow, error) {
	s.issue.Store(&latencies{})
	s.ask.Store(&latencies{})
	var issuing, asking sync.WaitGroup
	for range soakIssuers {
		issuing.Go(func() {
			if s.engine != nil {
				s.check(s.storeTokens())
			} else {
				s.check(s.issueTokens())
			}
		})
	}
	for range soakAskers {
		asking.Go(func() {
			if s.engine != nil {
				s.check(s.findTokens())
			} else {
				s.check(s.askForTokens())
			}
		})
	}
	if s.engine != nil {
		asking.Go(func() { s.check(s.sweep()) })
	}
	finished := make(chan struct{})
	go func() { issuing.Wait(); close(finished) }()
	rows, err := s.watch(finished)
	s.check(err)
	s.stop.Store(true)
	issuing.Wait()
	asking.Wait()
	return rows, s.err
}

func (s *soak) check(err error) {
	if err != nil {
		s.fail.Do(func() { s.err = err })
		s.stop.Store(true)
	}
}

// watch makes the rows, and looks at the server several times in each.
func (s *soak) watch(finished <-chan struct{}) (rows []soakRow, err error) {
	w := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "issued\tminutes\tissued/s\tCPU a token\tlive\tdisk\tresident\tissue p50\tp99\tintrospect p50\tp99")
	began := time.Now()
	rowBegan, used, sum := began, time.Duration(0), int64(0)
	row := soakRow{}
	for tick := time.NewTicker(2 * time.Second); ; {
		ended := false
		select {
		case <-finished:
			ended = true
		case <-tick.C:
		}
		memory, err := resident(s.pid)
		if err != nil {
			return rows, err
		}
		row.memory, row.disk = max(row.memory, memory), max(row.disk, diskUsage(s.data))
		if row.issued = s.issued.Load() - sum; !ended && row.issued < s.total/soakRows {
			continue
		}
		if row.issued == 0 {
			return rows, nil
		}
		cpu, err := cpuTime(s.pid)
		if err != nil {
			return rows, err
		}
		sum += row.issued
		row.cpu, used = (cpu-used)/time.Duration(row.issued), cpu
		row.took, rowBegan = time.Since(rowBegan), time.Now()
		issue, ask := s.issue.Swap(&latencies{}), s.ask.Swap(&latencies{})
		row.issue50, row.issue99 = issue.quantile(0.5), issue.quantile(0.99)
		row.introspect50, row.introspect99 = ask.quantile(0.5), ask.quantile(0.99)
		rows = append(rows, row)
		fmt.Fprintf(w, "%d\t%.1f\t%.0f\t%s\t%d\t%d MiB\t%d MiB\t%s\t%s\t%s\t%s\n", sum, time.Since(began).Minutes(),
			row.rate(), row.cpu.Round(time.Microsecond), row.live(sum), row.disk>>20, row.memory>>20,
			short(row.issue50), short(row.issue99), short(row.introspect50), short(row.introspect99))
		if err := w.Flush(); err != nil || ended {
			return rows, err
		}
		row = soakRow{}
	}
}

func (r soakRow) rate() float64 { return float64(r.issued) / r.took.Seconds() }

// live is how many tokens have not ended at the end of the row, sum having been issued in all.
func (r soakRow) live(sum int64) int64 { return min(sum, int64(r.rate()*briefLifetime.Seconds())) }

func short(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }

// flat holds the second half of the rows against the first, less what came before the first sweeps had their full work.
func flat(out io.Writer, rows []soakRow) error {
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	var past time.Duration
	for len(rows) > 0 && past < 3*briefLifetime {
		past += rows[0].took
		rows = rows[1:]
	}
	if len(rows) < 4 {
		return fmt.Errorf("the run was too short to tell: it takes some minutes more than %s", 3*briefLifetime)
	}
	first, second := rows[:len(rows)/2], rows[len(rows)/2:]
	growing := false
	for _, m := range []struct {
		name string
		of   func(soakRow) float64
		mean bool // else the most
		goal float64
	}{
		{"disk", func(r soakRow) float64 { return float64(r.disk) }, false, 1.5},
		{"resident memory", func(r soakRow) float64 { return float64(r.memory) }, false, 1.3},
		{"CPU a token", func(r soakRow) float64 { return float64(r.cpu) }, true, 1.3},
		{"issue, p50", func(r soakRow) float64 { return float64(r.issue50) }, true, 2},
		{"issue, p99", func(r soakRow) float64 { return float64(r.issue99) }, true, 3},
		{"introspect, p50", func(r soakRow) float64 { return float64(r.introspect50) }, true, 2},
		{"introspect, p99", func(r soakRow) float64 { return float64(r.introspect99) }, true, 3},
	} {
		ratio := gather(second, m.of, m.mean) / gather(first, m.of, m.mean)
		growing = growing || ratio > m.goal
		verdict(w, m.name+", second half / first half", fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≤ %.1f", m.goal), ratio <= m.goal)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if growing {
		return fmt.Errorf("something grows with the number of tokens that there were")
	}
	return nil
}

func gather(rows []soakRow, of func(soakRow) float64, mean bool) float64 {
	most, sum := 0.0, 0.0
	for _, r := range rows {
		most, sum = max(most, of(r)), sum+of(r)
	}
	if mean {
		return sum / float64(len(rows))
	}
	return most
}

// diskUsage is what the files of a folder take up.
func diskUsage(dir string) (n int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && d.Name() != "BALLAST" {
			if info, err := d.Info(); err == nil { // else it went meanwhile
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

// soakClient sends requests over one connection.
type soakClient struct {
	conn net.Conn
	r    *bufio.Reader
	body []byte
}

func (s *soak) dial() (*soakClient, error) {
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		return nil, err
	}
	return &soakClient{conn: conn, r: bufio.NewReaderSize(conn, 16<<10)}, nil
}

// do returns the body of the answer, which the next call overwrites.
func (c *soakClient) do(request string, times *latencies) ([]byte, error) {
	began := time.Now()
	_ = c.conn.SetDeadline(began.Add(30 * time.Second))
	if _, err := io.WriteString(c.conn, request); err != nil {
		return nil, err
	}
	status, length, err := head(c.r)
	if err != nil {
		return nil, err
	}
	c.body = append(c.body[:0], make([]byte, length)...)
	if _, err := io.ReadFull(c.r, c.body); err != nil {
		return nil, err
	}
	if status != 200 {
		return nil, fmt.Errorf("answer %d %q", status, c.body)
	}
	times.add(time.Since(began))
	return c.body, nil
}

// sampled is how many tokens there are for each one that is asked about.
const sampled = 50

func (s *soak) issueTokens() error {
	c, err := s.dial()
	if err != nil {
		return err
	}
	defer c.conn.Close()
	request := post("/openam/oauth2/access_token", "client-brief", grant)
	for !s.stop.Load() {
		n := s.issued.Add(1)
		if n > s.total {
			s.issued.Add(-1)
			return nil
		}
		sent := time.Now()
		body, err := c.do(request, s.issue.Load())
		if err != nil {
			return err
		}
		if n%sampled == 0 {
			_, rest, _ := bytes.Cut(body, []byte(`"access_token":"`))
			raw, _, ok := bytes.Cut(rest, []byte(`"`))
			if !ok {
				return fmt.Errorf("answer without a token: %q", body)
			}
			s.note(string(raw), sent)
		}
	}
	return nil
}

// askForTokens sees that tokens are active until they end and not after that.
func (s *soak) askForTokens() error {
	c, err := s.dial()
	if err != nil {
		return err
	}
	defer c.conn.Close()
	for !s.stop.Load() {
		t, ok := s.pick()
		if !ok {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		request := post("/openam/oauth2/introspect", "client-brief", "token="+t.raw)
		asked := time.Now()
		body, err := c.do(request, s.ask.Load())
		if err != nil {
			return err
		}
		active := bytes.Contains(body, []byte(`"active":true`))
		if err := t.check(asked, active); err != nil {
			return err
		}
	}
	return nil
}

// check holds an answer against the token's age. Times of expiry are in whole seconds.
func (t soakToken) check(asked time.Time, active bool) error {
	if live := time.Since(t.sent) < briefLifetime-2*time.Second; live && !active {
		return fmt.Errorf("a token that was issued %s ago is not active", time.Since(t.issued))
	}
	if dead := asked.Sub(t.issued) > briefLifetime+2*time.Second; dead && active {
		return fmt.Errorf("a token that was issued %s ago is still active", time.Since(t.issued))
	}
	return nil
}

func (s *soak) note(raw string, sent time.Time) {
	s.mu.Lock()
	s.sample = append(s.sample, soakToken{raw, sent, time.Now()})
	s.mu.Unlock()
}

// pick is any token of the sample, of which those are dropped that ended long ago.
func (s *soak) pick() (soakToken, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.sample) > 0 && time.Since(s.sample[0].issued) > 2*briefLifetime {
		s.sample = s.sample[1:]
	}
	if len(s.sample) == 0 {
		return soakToken{}, false
	}
	return s.sample[rand.IntN(len(s.sample))], true
}
