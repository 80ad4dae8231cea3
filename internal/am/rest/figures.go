package rest

import (
	"sync"
	"time"

	"gatehouse/internal/observe"
)

// Figures are the counts and times of one endpoint, a number for each step of time.
type Figures = observe.Figures

// figures tell how busy this node of the server was in the last half hour (no interface of PingAM, whose metrics are for
// monitoring systems).
func (s *Server) figures() []*Resource {
	live := &liveSessions{}
	return []*Resource{{
		Path: "global-config/gatehouse/figures", Version: "1.0", Global: true, Unversioned: true, Passive: true,
		Read: func(c *Call, _ string) (Object, error) {
			if s.Figures == nil {
				return nil, unsupported("Reading figures")
			}
			n, err := live.count(s, c)
			if err != nil {
				return nil, err
			}
			list := []Object{}
			for _, f := range s.Figures() {
				list = append(list, Object{
					"endpoint": f.Name, "count": f.Count, "refused": f.Refused, "failed": f.Failed,
					"meanMicros": micros(f.Mean), "longestMicros": micros(f.Longest),
				})
			}
			return Object{"_id": "", "stepSeconds": int(observe.MeterStep.Seconds()), "endpoints": list, "sessions": n, "sessionsExact": n < maxCounted}, nil
		},
	}}
}

func micros(times []time.Duration) []int64 {
	out := make([]int64, len(times))
	for i, t := range times {
		out[i] = t.Microseconds()
	}
	return out
}

// maxCounted bounds the sessions that are read to count them: where there are as many, the count says so.
const maxCounted = 10000

// liveSessions counts the sessions of all realms, which means reading them: not more often than every 15 seconds,
// however many look, and not more than maxCounted.
type liveSessions struct {
	mu sync.Mutex
	at time.Time
	n  int
}

func (l *liveSessions) count(s *Server, c *Call) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := s.Now()
	if !l.at.IsZero() && now.Sub(l.at) < 15*time.Second {
		return l.n, nil
	}
	n := 0
	for _, r := range s.Realms.List() {
		live, err := s.sessions.Count(c.Context(), r.Path, maxCounted-n)
		if err != nil {
			return 0, err
		}
		n += live
	}
	l.at, l.n = now, n
	return n, nil
}
