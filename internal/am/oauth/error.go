package oauth

import (
	"errors"
	"fmt"
	"net/http"

	"gatehouse/internal/am/store"
)

// Error is a refusal that the client is told: status, code and text are public, Cause is for the log.
type Error struct {
	Status      int
	Code        string // the "error" member
	Description string // empty: the member is left out
	State       string // echoed where the request had one
	Challenge   string // WWW-Authenticate, with its scheme
	Allow       string // Allow, of a 405
	RetryAfter  int    // Retry-After in seconds, of a 429 or 503
	Cause       error
}

// Error gives code and description, and the cause for logs.
func (e *Error) Error() string {
	text := e.Code
	if e.Description != "" {
		text += ": " + e.Description
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Refuse is an Error with the status that belongs to code.
func Refuse(code, description string) *Error {
	return &Error{Status: statusOf(code), Code: code, Description: description}
}

// Is takes errors with the same code and text for the same refusal, whatever their cause.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Description == e.Description
}

// Because returns e with the reason that only the log may know.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// statusOf is the status of an error code; what is not listed is 400 (RFC 6749 §5.2).
func statusOf(code string) int {
	switch code {
	case "invalid_token", "expired_token":
		return http.StatusUnauthorized
	case "insufficient_scope", "authorization_declined":
		return http.StatusForbidden
	case "not_found":
		return http.StatusNotFound
	case "method_not_allowed":
		return http.StatusMethodNotAllowed
	case "server_error":
		return http.StatusInternalServerError
	case "temporarily_unavailable":
		return http.StatusServiceUnavailable
	case "request_too_large":
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// The refusals that several places give.
var (
	ErrClientAuth  = Refuse("invalid_client", "Client authentication failed")
	ErrGrant       = Refuse("invalid_grant", "The provided access grant is invalid, expired, or revoked.")
	ErrToken       = Refuse("invalid_token", "The access token provided is expired, revoked, malformed, or invalid for other reasons.")
	errServer      = Refuse("server_error", "The request could not be completed because of an internal error.")
	errUnavailable = &Error{
		Status: http.StatusServiceUnavailable, Code: "temporarily_unavailable", RetryAfter: 1,
		Description: "The server is currently unable to handle the request. Try again later.",
	}
	errNotFound    = Refuse("not_found", "Invalid URL")
	errRedirect    = Refuse("redirect_uri_mismatch", "The redirection URI provided does not match a pre-registered value.")
	errRelative    = Refuse("relative_redirect_uri", "The redirection URI provided is not absolute.")
	errDenied      = Refuse("access_denied", "Resource Owner did not authorize the request")
	errInteraction = Refuse("interaction_required", "The request requires some interaction that is not allowed.")
	errConsent     = Refuse("consent_required", "The request requires consent.")
	errLogin       = Refuse("login_required", "The request requires login.")
)

// Missing refuses a request without the parameter name.
func Missing(name string) *Error {
	return Refuse("invalid_request", "Missing parameter, '"+name+"'")
}

// Unsupported refuses what the protocol has and this server has not, so that nobody waits for an effect.
func Unsupported(code, what string) *Error {
	return Refuse(code, what+" is not supported by this server.")
}

// asError turns any error into what the client may see of it.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if errors.Is(err, store.ErrUnavailable) {
		return errUnavailable.Because(err)
	}
	return errServer.Because(err)
}

func internal(doing string, err error) error { return fmt.Errorf("%s: %w", doing, err) }
