package wire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/observe"
)

// edge is the Server as net/http calls it: one request in, one answer out.
type edge Server

// ServeHTTP serves one request.
func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := (*Server)(e)
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	if status := s.admit(r, c); status != 0 {
		s.refuse(w, status)
		return
	}
	if r.Method == http.MethodOptions && r.RequestURI == "*" {
		w.Header()["Content-Length"] = []string{"0"}
		return
	}
	in, err := s.inbound(r, c)
	if err != nil {
		s.refuse(w, statusOf(err))
		return
	}
	out := &outbound{server: s, w: w, r: r, c: c, in: in}
	if c.guard == nil {
		out.limitWaits()
		defer out.endWaits()
	}
	if s.options.Tracing != nil {
		span := out.trace()
		defer func() { span.Served(out.status) }()
	}
	defer out.recover()
	defer in.request.Entity.Close()
	defer out.stopReading()
	if !s.options.Streaming {
		if err := in.request.Entity.Buffer(); err != nil {
			out.refuseBody(err)
			return
		}
	}
	response, err := s.handler.Handle(&in.exchange)
	if err == nil && response == nil {
		err = errNoResponse
	}
	if err != nil {
		out.fail(err)
		return
	}
	if failed := in.body.failure(); failed != nil && (errors.Is(response.Cause, failed) || errors.Is(response.Cause, context.Canceled)) {
		response.Entity.Close()
		out.refuseBody(failed) // the handler answers as if the upstream had failed
		return
	}
	out.write(response)
}

// stopReading ends the reading of a request body that is still going on after the answer.
// To close the body would wait for it, and the answer for that.
func (o *outbound) stopReading() {
	if o.c.guard != nil && o.in.body.inFlight() {
		o.c.guard.abort()
	}
}

// limitWaits bounds the waits for a client of HTTP/2, as the guard does for one of HTTP/1.1.
func (o *outbound) limitWaits() {
	rc, past, limit := http.NewResponseController(o.w), time.Unix(1, 0), o.server.options.DataTimeout
	if o.in.body.stream != nil {
		o.in.body.patience = newOverdue(limit, func() { _ = rc.SetReadDeadline(past) })
	}
	o.patience = newOverdue(limit, func() {
		o.server.options.Limits.Add("answer_time")
		_ = rc.SetWriteDeadline(past)
	})
}

// endWaits leaves to net/http what it may still have to send: the end of the answer.
func (o *outbound) endWaits() {
	o.in.body.patience.finish()
	o.patience.finish()
	if o.begun && o.patience != nil {
		_ = http.NewResponseController(o.w).SetWriteDeadline(time.Now().Add(o.patience.limit))
	}
}

// duplex lets the answer begin before the request has been read, where somebody reads
// it. net/http would otherwise read it too.
func (o *outbound) duplex() {
	if o.c.guard != nil && o.in.body.inFlight() {
		_ = http.NewResponseController(o.w).EnableFullDuplex()
	}
}

var errNoResponse = errors.New("the chain returned neither a response nor an error")

// admit returns the status of a request that must not go further, 0 for all others.
// HTTP/1.1 has passed the guard; HTTP/2 is held to the same limits here.
func (s *Server) admit(r *http.Request, c *connection) int {
	if c.guard != nil {
		status, _ := c.guard.refusalOf()
		return status
	}
	size := 0
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v) + len(": \r\n")
		}
	}
	line := len(r.Method) + len(r.RequestURI) + len("  HTTP/1.1")
	switch {
	case r.Method == http.MethodConnect:
		return http.StatusNotImplemented
	case s.options.MaxRequestLine > 0 && line > s.options.MaxRequestLine:
		return http.StatusRequestURITooLong
	case s.options.MaxHeaderBytes > 0 && size > s.options.MaxHeaderBytes:
		return http.StatusRequestHeaderFieldsTooLarge
	case !validToken(r.Method) || !oneHost(r) || !oneLength(r.Header["Content-Length"]):
		return http.StatusBadRequest
	case r.RequestURI == "" || r.RequestURI[0] != '/' && r.RequestURI != "*":
		return http.StatusBadRequest
	}
	return 0
}

// oneHost says whether a request over HTTP/2 names one host: Host, where there is one,
// has to be the authority (RFC 9113 §8.3.1).
func oneHost(r *http.Request) bool {
	given := r.Header["Host"]
	return len(given) == 0 || len(given) == 1 && strings.EqualFold(given[0], r.Host)
}

func oneLength(given []string) bool {
	if len(given) == 0 {
		return true
	}
	_, err := parseLength(given[0])
	return len(given) == 1 && err == nil
}

// refuseRequest answers without the chain and ends an HTTP/1.1 connection, whose
// client may have sent more than was read.
func refuseRequest(w http.ResponseWriter, status int) {
	h := w.Header()
	h["Content-Length"] = []string{"0"}
	h["Connection"] = []string{"close"}
	w.WriteHeader(status)
}

func statusOf(err error) int {
	var r *refusalError
	switch {
	case errors.As(err, &r):
		return r.status
	case errors.Is(err, chain.ErrTooLarge):
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// trace begins the span of the request, which the work inside belongs to.
func (o *outbound) trace() observe.Span {
	in := o.in
	ctx, span := in.context.Serve(in.exchange.Ctx(), observe.Incoming{
		Method: in.request.Method, Scheme: in.uri.Scheme, Host: in.uri.HostPort(), Path: in.uri.RawPath, Proto: in.request.Proto,
		Client: in.client.RemoteAddr, UserAgent: in.client.UserAgent, Header: in.request.Header,
	})
	in.exchange = *in.exchange.WithCtx(ctx)
	return span
}

// refuseBody answers a request whose body could not be read.
func (o *outbound) refuseBody(err error) {
	status := statusOf(err)
	var known *refusalError
	var timeout net.Error
	switch {
	case errors.As(err, &known), errors.Is(err, chain.ErrTooLarge):
	case errors.As(err, &timeout) && timeout.Timeout():
		status = http.StatusRequestTimeout
	case o.r.Context().Err() != nil:
		panic(http.ErrAbortHandler) // the client is gone: nobody reads an answer
	}
	o.status = status
	o.server.refuse(o.w, status)
}

// recover is the one place where a panic of the chain ends: an empty 500, or a
// broken connection when the answer has begun.
func (o *outbound) recover() {
	cause := recover()
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	o.log(slog.LevelError, "panic", fmt.Errorf("panic: %v", cause), slog.String("stack", string(debug.Stack())))
	if o.begun {
		panic(http.ErrAbortHandler)
	}
	o.empty(http.StatusInternalServerError)
}

// fail answers a failure of the chain: an empty 500, with the cause in the log alone.
func (o *outbound) fail(err error) {
	level := slog.LevelWarn
	if o.r.Context().Err() != nil {
		level = slog.LevelDebug // the client went away, which is what failed
	}
	if cause := o.in.body.failure(); cause != nil && !o.begun {
		o.log(level, "request body", err)
		o.refuseBody(cause)
		return
	}
	o.log(level, "request failed", err)
	o.empty(http.StatusInternalServerError)
}

// log writes one line about this exchange. The query stays out: it may hold secrets.
func (o *outbound) log(level slog.Level, text string, err error, more ...slog.Attr) {
	u := o.in.original
	u.RawQuery, u.HasQuery, u.UserInfo = "", false, ""
	attrs := append([]slog.Attr{
		slog.String("method", o.r.Method),
		slog.String("uri", u.String()), slog.Any("error", err),
	}, more...)
	o.server.options.Log.LogAttrs(context.WithoutCancel(o.in.exchange.Ctx()), level, text, attrs...)
}
