package wire

import (
	"io"
	"sync/atomic"
	"time"

	"gatehouse/internal/gateway/chain"
)

// alongside is from which length a body is written while the response is read already:
// an upstream may answer with more than it can before it has read all. Shorter ones fit
// into what the system buffers.
const alongside = 64 << 10

// sender writes the body of a request in a goroutine of its own.
type sender struct {
	conn    *upstreamConn
	request *chain.Request
	memory  []byte
	body    io.Reader // nil: memory
	length  int64

	// op and err say what failed; to be read once done is closed.
	op    string
	err   error
	done  chan struct{}
	ended atomic.Int64 // how long after the connection was made, 0 while it runs
}

func (s *sender) run() {
	defer close(s.done)
	s.op, s.err = s.write()
	s.ended.Store(max(int64(time.Since(s.conn.born)), 1))
	switch {
	case s.err == nil:
	case s.op == opSend:
		// What it has answered is there, or comes at once.
		_ = s.conn.nc.SetReadDeadline(time.Now().Add(time.Second))
	default:
		s.conn.discard()
	}
}

func (s *sender) write() (string, error) {
	if s.body == nil {
		return opSend, s.conn.writeAll(s.memory)
	}
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	if s.length >= 0 {
		return s.conn.sendCounted(s.body, s.length, buf[:])
	}
	return s.conn.sendChunked(s.request, s.body, buf[:])
}

// unfinished says whether a part of the body may still be to come, or could not be written.
func (s *sender) unfinished() bool {
	if s == nil {
		return false
	}
	select {
	case <-s.done:
		return s.err != nil
	default:
		return true
	}
}

// excuses says whether an upstream may be silent because it has not had the whole
// request for the time limit.
func (s *sender) excuses(limit time.Duration) bool {
	if s == nil {
		return false
	}
	ended := s.ended.Load()
	return ended == 0 || time.Since(s.conn.born)-time.Duration(ended) < limit && !s.unfinished()
}

// cause returns what kept the response from coming: what went wrong with the request,
// if that did, else what is given.
func (s *sender) cause(op string, err error) (string, error) {
	if s.ended.Load() == 0 {
		return op, err
	}
	<-s.done
	if s.err != nil {
		return s.op, s.err
	}
	return op, err
}
