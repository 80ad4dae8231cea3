package wire

import (
	"net"
	"net/http"
	"strconv"
)

// refusals are the statuses of requests that are answered without the chain, as they are counted.
var refusals = []string{"400", "408", "413", "414", "431", "501", "other"}

// ServerStats is what a server has open, and what it turned away.
type ServerStats struct {
	// Open are the connections of clients, idle ones and tunnels among them.
	Open int64
	// Handshakes counts TLS handshakes that failed.
	Handshakes uint64
	// Refused calls f with the number of requests that were answered without the chain, by status.
	Refused func(f func(status string, count uint64))
}

// Stats returns the present numbers.
func (s *Server) Stats() ServerStats {
	s.mu.Lock()
	outside := len(s.parked) + len(s.tunnels)
	s.mu.Unlock()
	return ServerStats{Open: s.open.Load() + int64(outside), Handshakes: s.broken.Load(), Refused: s.refused.Each}
}

// hand gives a connection to net/http, whose ones are counted until counted hears that they have ended.
func (s *Server) hand(c net.Conn) {
	s.open.Add(1)
	if !s.feed.put(c) {
		s.open.Add(-1)
	}
}

// counted is the server's ConnState.
func (s *Server) counted(_ net.Conn, state http.ConnState) {
	if state == http.StateClosed || state == http.StateHijacked {
		s.open.Add(-1)
	}
}

func (s *Server) refuse(w http.ResponseWriter, status int) {
	s.refused.Add(strconv.Itoa(status))
	refuseRequest(w, status)
}
