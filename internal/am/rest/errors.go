package rest

import (
	"errors"
	"fmt"
	"net/http"

	"gatehouse/internal/am/store"
)

// Error is a refusal as the caller sees it: status and Message are public, Cause is for the log.
type Error struct {
	Status  int
	Message string
	Detail  any // "detail" of the answer; nil: none
	Cause   error
}

// Error gives status and message, and the cause for logs.
func (e *Error) Error() string {
	text := fmt.Sprintf("%d %s", e.Status, e.Message)
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// refuse is an Error; an empty message becomes the reason phrase of the status, as PingAM does.
func refuse(status int, format string, args ...any) *Error {
	e := &Error{Status: status, Message: format}
	if len(args) > 0 {
		e.Message = fmt.Sprintf(format, args...)
	}
	if e.Message == "" {
		e.Message = http.StatusText(status)
	}
	return e
}

func (e *Error) with(detail any) *Error {
	c := *e
	c.Detail = detail
	return &c
}

func (e *Error) because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

func notFound() *Error { return refuse(http.StatusNotFound, "") }

func noRoute(path string) *Error {
	return refuse(http.StatusNotFound, "Resource '%s' not found", path)
}

func unsupported(what string) *Error {
	return refuse(http.StatusNotImplemented, "%s is not supported by this server", what)
}

func badRequest(format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, format, args...)
}

// asError turns any error into what the caller may see of it.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return notFound().because(err)
	case errors.Is(err, store.ErrConflict):
		return refuse(http.StatusConflict, "The resource was changed by somebody else").because(err)
	case errors.Is(err, store.ErrUnavailable):
		return refuse(http.StatusServiceUnavailable, "").because(err)
	}
	return refuse(http.StatusInternalServerError, "").because(err)
}

// body is the JSON of the answer.
func (e *Error) body() map[string]any {
	b := map[string]any{"code": e.Status, "reason": http.StatusText(e.Status), "message": e.Message}
	if e.Detail != nil {
		b["detail"] = e.Detail
	}
	return b
}
