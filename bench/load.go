package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// testCase is a request that is sent again and again to one process, or work of this process.
type testCase struct {
	name string
	pid  int
	addr string
	// request is sent as it is; want must be in each answer.
	request, want string
	clients       int
	// vary are texts that take the place of VARY in the request, in turn.
	vary func(n int64) string
	// count ends the load after so many requests; 0: after a time.
	count int64
	// work is done in place of sending requests: a loop that stops when told to and says how often it went round.
	work func(stop *atomic.Bool) int64
	// times takes how long each request took; nil: nobody asks.
	times *latencies
}

// latencies counts durations by their size, to a tenth.
type latencies [512]atomic.Int64

func (l *latencies) add(d time.Duration) {
	l[min(max(int(math.Log(float64(d))/math.Log(1.1)), 0), len(l)-1)].Add(1)
}

// quantile is what the part q of all durations stay below.
func (l *latencies) quantile(q float64) time.Duration {
	var all, n int64
	for i := range l {
		all += l[i].Load()
	}
	for i := range l {
		if n += l[i].Load(); float64(n) >= q*float64(all) {
			return time.Duration(math.Pow(1.1, float64(i+1)))
		}
	}
	return 0
}

type result struct {
	rate   float64
	cpu    time.Duration // of the process, per request
	memory int64         // resident, at the end
	sent   int64         // requests, those of the warming up among them
}

// measure warms the process up and then counts.
func measure(c testCase, length time.Duration) (result, error) {
	warm := int64(0)
	if c.count == 0 {
		first := c
		first.times = nil
		var err error
		if warm, err = load(first, length/4); err != nil {
			return result{}, err
		}
	}
	before, err := cpuTime(c.pid)
	if err != nil {
		return result{}, err
	}
	began := time.Now()
	n, err := load(c, length)
	if err != nil {
		return result{}, err
	}
	took := time.Since(began)
	after, err := cpuTime(c.pid)
	if err != nil {
		return result{}, err
	}
	memory, err := resident(c.pid)
	return result{rate: float64(n) / took.Seconds(), cpu: (after - before) / time.Duration(max(n, 1)), memory: memory, sent: warm + n}, err
}

// load sends requests over kept connections, one at a time on each.
func load(c testCase, length time.Duration) (int64, error) {
	var n atomic.Int64
	var stop atomic.Bool
	if c.count == 0 {
		time.AfterFunc(length, func() { stop.Store(true) })
	}
	if c.work != nil {
		return c.work(&stop), nil
	}
	var wg sync.WaitGroup
	errs := make([]error, c.clients)
	for k := range c.clients {
		wg.Go(func() {
			errs[k] = client(c, &n, &stop)
			if errs[k] != nil {
				stop.Store(true)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return n.Load(), nil
}

func client(c testCase, n *atomic.Int64, stop *atomic.Bool) error {
	conn, err := net.Dial("tcp", c.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 16<<10)
	before, after, varies := strings.Cut(c.request, "VARY")
	request, want := []byte(c.request), []byte(c.want)
	var body []byte
	for !stop.Load() {
		k := n.Add(1)
		if c.count > 0 && k > c.count {
			n.Add(-1)
			return nil
		}
		if varies {
			request = append(append(append(request[:0], before...), c.vary(k)...), after...)
		}
		began := time.Now()
		_ = conn.SetDeadline(began.Add(10 * time.Second))
		if _, err := conn.Write(request); err != nil {
			return err
		}
		status, length, err := head(r)
		if err != nil {
			return err
		}
		if cap(body) < length {
			body = make([]byte, length)
		}
		body = body[:length]
		if _, err := io.ReadFull(r, body); err != nil {
			return err
		}
		if status != 200 || !bytes.Contains(body, want) {
			return fmt.Errorf("answer %d %q", status, body)
		}
		if c.times != nil {
			c.times.add(time.Since(began))
		}
	}
	return nil
}

// head reads status and length of an answer.
func head(r *bufio.Reader) (status, length int, err error) {
	length = -1
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case first:
			if len(line) < 12 {
				return 0, 0, fmt.Errorf("status line %q", line)
			}
			status, err = strconv.Atoi(string(line[9:12]))
			if err != nil {
				return 0, 0, err
			}
		case len(line) == 0:
			if length < 0 {
				return 0, 0, fmt.Errorf("an answer without Content-Length")
			}
			return status, length, nil
		case len(line) > 15 && strings.EqualFold(string(line[:15]), "content-length:"):
			if length, err = strconv.Atoi(strings.TrimSpace(string(line[15:]))); err != nil {
				return 0, 0, err
			}
		}
	}
}

// cpuTime is what the process has used so far (proc(5), fields 14 and 15; a tick is 10 ms).
func cpuTime(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, err
}

func resident(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}
