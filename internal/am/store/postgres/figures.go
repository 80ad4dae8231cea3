package postgres

import "gatehouse/internal/am/store"

// Figures tells about the connections to the database.
func (e *Engine) Figures() []store.Figure {
	s := e.pool.Stat()
	return []store.Figure{
		{Name: "pool_connections", Help: "Open connections to the database.", Value: float64(s.TotalConns())},
		{Name: "pool_busy", Help: "Connections to the database in use.", Value: float64(s.AcquiredConns())},
		{Name: "pool_limit", Help: "The most connections to the database.", Value: float64(s.MaxConns())},
		{Name: "pool_waits_total", Help: "Calls that waited for a connection.", Counter: true, Value: float64(s.EmptyAcquireCount())},
		{Name: "pool_wait_seconds_total", Help: "Time that calls waited for a connection.", Counter: true, Value: s.EmptyAcquireWaitTime().Seconds()},
		{Name: "pool_canceled_total", Help: "Calls that gave up waiting for a connection.", Counter: true, Value: float64(s.CanceledAcquireCount())},
	}
}
