package wire

import (
	"log/slog"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/observe"
)

// Options tell how a Server receives requests. Of sizes and times, zero is the
// default and a negative value means no limit, unless a field says otherwise.
type Options struct {
	// MaxHeaderBytes bounds the header fields of a request taken together; over it
	// the answer is 431. Default 8192.
	MaxHeaderBytes int
	// MaxRequestLine bounds the request line; over it the answer is 414. Default 4096.
	MaxRequestLine int
	// MaxBody bounds request bodies; over it the answer is 413. Zero is no limit
	// beyond what Storage sets when Streaming is off.
	MaxBody int64
	// MaxConnections bounds the connections of clients that are open at a time; more wait
	// in the system's queue. Default 100,000.
	MaxConnections int
	// HeaderTimeout bounds the arrival of a request's header, and a TLS handshake.
	// Default 30 s.
	HeaderTimeout time.Duration
	// IdleTimeout closes a connection that waits for its next request. Default 2 min.
	IdleTimeout time.Duration
	// DataTimeout bounds each wait for more of a request body, and each write that a
	// client does not take. Default 1 min.
	DataTimeout time.Duration
	// GracePeriod is how long Shutdown lets running requests finish; zero or less
	// closes at once.
	GracePeriod time.Duration
	// H2C serves HTTP/2 with prior knowledge on listeners without TLS (RFC 9113 §3.3).
	H2C bool
	// DisableHTTP2 keeps listeners with TLS to HTTP/1.1.
	DisableHTTP2 bool
	// Streaming passes bodies through as they come. Otherwise a request body is read
	// completely before the chain runs, and a response body before it is written.
	Streaming bool
	// PreserveQuery leaves the query as it was sent and answers 400 when it has
	// characters that no URI can have. Otherwise the query is decoded and encoded again.
	PreserveQuery bool
	// TrustTransactionHeader takes the transaction id from X-ForgeRock-TransactionId.
	TrustTransactionHeader bool
	// Storage says where bodies are buffered; nil is the chain's default.
	Storage *chain.Storage
	// Limits counts refusals for limits behind the server, see observe.CountLimit; nil: nobody does.
	Limits *observe.Limits
	// Tracing makes a span for each request; nil: none.
	Tracing *observe.Tracing
	// Log receives failures of the chain; nil drops them.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	o.MaxHeaderBytes = orDefault(o.MaxHeaderBytes, 8192)
	o.MaxRequestLine = orDefault(o.MaxRequestLine, 4096)
	o.MaxConnections = orDefault(o.MaxConnections, 100_000)
	o.HeaderTimeout = orDefault(o.HeaderTimeout, 30*time.Second)
	o.IdleTimeout = orDefault(o.IdleTimeout, 2*time.Minute)
	o.DataTimeout = orDefault(o.DataTimeout, time.Minute)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Log = observe.Correlate(o.Log)
	return o
}

// orDefault replaces zero by the default, and what is negative by zero, which stands
// for no limit from here on.
func orDefault[N int | int64 | time.Duration](n, standard N) N {
	switch {
	case n == 0:
		return standard
	case n < 0:
		return 0
	}
	return n
}
