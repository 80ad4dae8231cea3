package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"gatehouse/internal/observe"
)

func queryEscape(s string) string { return url.QueryEscape(s) }

// protect sets the headers that every answer has.
func protect(h http.Header) {
	h["X-Content-Type-Options"] = nosniff
	h["X-Frame-Options"] = sameOrigin
	h["Cache-Control"] = noStore
	h["Pragma"] = noCache
}

// Header values that never change; net/http only reads them.
var (
	nosniff    = []string{"nosniff"}
	sameOrigin = []string{"SAMEORIGIN"}
	noStore    = []string{"no-store"}
	noCache    = []string{"no-cache"}
	jsonType   = []string{"application/json;charset=UTF-8"}
)

// writeJSON answers with body. When the connection is gone nobody can be told.
func writeJSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	protect(h)
	h["Content-Type"] = jsonType
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// writeValue is writeJSON for what is not on the fast path.
func writeValue(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return internal("write answer", err)
	}
	writeJSON(w, status, body)
	return nil
}

// writeError answers with the public half of err and logs the private one.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	e := asError(err)
	s.logError(r, e)
	h := w.Header()
	if e.Challenge != "" {
		h.Set("WWW-Authenticate", e.Challenge)
	}
	if e.Allow != "" {
		h.Set("Allow", e.Allow)
	}
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(e.RetryAfter))
	}
	o := newObject()
	o.some("error_description", e.Description)
	o.text("error", e.Code)
	o.some("state", e.State)
	writeJSON(w, e.Status, o.end())
}

func (s *Server) logError(r *http.Request, e *Error) {
	observe.CountLimit(r.Context(), e)
	if s.Told != nil {
		s.Told.Refused(r.Context(), e)
	}
	switch {
	case e.Cause == nil || errors.Is(e.Cause, context.Canceled):
	case e.Status >= 500:
		s.log.ErrorContext(r.Context(), "request failed", slog.String("path", r.URL.Path), slog.Any("error", e))
	default:
		s.log.DebugContext(r.Context(), "request refused", slog.String("path", r.URL.Path), slog.Any("error", e))
	}
}
