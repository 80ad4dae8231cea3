package amservice

import (
	"net/textproto"
	"sync/atomic"

	"gatehouse/internal/gateway/chain"
)

// defaultCookie is the name that servers have when nobody changed it.
const defaultCookie = "iPlanetDirectoryPro"

// serverInfo keeps what the server says about itself.
type serverInfo struct {
	cookie atomic.Pointer[string]
	flight Flight[string]
}

// CookieName is the name of the session cookie, which also is the header field that
// carries session tokens: as configured, else as the server says.
func (s *Service) CookieName(x *chain.Exchange) (string, error) {
	if s.c.SsoTokenHeader != "" {
		return s.c.SsoTokenHeader, nil
	}
	if name := s.info.cookie.Load(); name != nil {
		return *name, nil
	}
	return s.info.flight.Do(x, "", func() (string, error) { return s.discover(x) })
}

func (s *Service) discover(x *chain.Exchange) (string, error) {
	req, err := get(s.url+"/json/serverinfo/*", "protocol=1.0,resource=1.1")
	if err != nil {
		return "", err
	}
	var answer struct {
		CookieName string `json:"cookieName"`
	}
	status, err := s.send(x, req, &answer)
	if err != nil {
		return "", err
	}
	if status != 200 || chain.CheckHeader(answer.CookieName, "") != nil {
		s.log.WarnContext(x.Ctx(), "the server does not say the name of its session cookie; the usual one is used", "url", s.url, "status", status, "cookie", defaultCookie)
		return defaultCookie, nil
	}
	s.info.cookie.Store(&answer.CookieName)
	return answer.CookieName, nil
}

// TokenHeader is CookieName as a header field.
func (s *Service) TokenHeader(x *chain.Exchange) (string, error) {
	name, err := s.CookieName(x)
	return textproto.CanonicalMIMEHeaderKey(name), err
}
