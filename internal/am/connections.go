package am

import (
	"bytes"
	"log"
	"net"
	"net/http"
	"sync/atomic"
)

// connections are those of the servers that answer for the authorization server.
type connections struct {
	open   atomic.Int64
	broken atomic.Uint64 // TLS handshakes
}

// Watch counts the connections of h, and takes its log. It is called before h serves.
func (s *Server) Watch(h *http.Server) {
	h.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			s.connections.open.Add(1)
		case http.StateClosed, http.StateHijacked:
			s.connections.open.Add(-1)
		}
	}
	h.ErrorLog = log.New(&serverLog{s}, "", 0)
}

// serverLog takes the lines that net/http logs: broken handshakes and connections.
type serverLog struct{ *Server }

func (l *serverLog) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("TLS handshake error")) {
		l.connections.broken.Add(1)
	}
	l.log.Debug("connection", "detail", string(bytes.TrimRight(line, "\n")))
	return len(line), nil
}
