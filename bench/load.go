package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// testCase is a request that is sent again and again to one process.
type testCase struct {
	name string
	pid  int
	addr string
	// request is sent as it is; want must be in each answer.
	request, want string
	clients       int
}

type result struct {
	rate   float64
	cpu    time.Duration // of the process, per request
	memory int64         // resident, at the end
}

// measure warms the process up and then counts.
func measure(c testCase, length time.Duration) (result, error) {
	if _, err := load(c, length/4); err != nil {
		return result{}, err
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
	return result{rate: float64(n) / took.Seconds(), cpu: (after - before) / time.Duration(max(n, 1)), memory: memory}, err
}

// load sends requests over kept connections, one at a time on each.
func load(c testCase, length time.Duration) (int64, error) {
	var n atomic.Int64
	var stop atomic.Bool
	time.AfterFunc(length, func() { stop.Store(true) })
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
	request, want := []byte(c.request), []byte(c.want)
	var body []byte
	for !stop.Load() {
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
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
		n.Add(1)
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
