package login

import (
	"errors"
	"mime"
	"net/http"
)

var errUndeclared = errors.New("neither X-Requested-With nor Accept-API-Version")

// CSRF refuses a request that shows the session in the cookie, and that a foreign page can make a browser send: it has
// none of the headers which such pages cannot set, or, with the filter switched off, another content type than JSON,
// which asks for the same permission (PingAM: CSRF filter). nil: the request is fine.
func (s *Service) CSRF(r *http.Request) *Refusal {
	if len(r.Header.Values("X-Requested-With")) > 0 || len(r.Header.Values("Accept-API-Version")) > 0 {
		return nil
	}
	if s.Unprotected == nil || !s.Unprotected(r.Context()) {
		return (&Refusal{Status: http.StatusForbidden, Message: "Forbidden"}).because(errUndeclared)
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &Refusal{Status: http.StatusUnsupportedMediaType, Message: "The request must have the content type application/json"}
	}
	return nil
}
