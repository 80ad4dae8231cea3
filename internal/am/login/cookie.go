package login

import (
	"net"
	"net/http"
	"strings"

	"gatehouse/internal/am/login/journey"
)

// setCookies hands a session to a browser.
func (s *Service) setCookies(w http.ResponseWriter, r *http.Request, place Place, token string) {
	for _, domain := range s.domainsOf(r) {
		http.SetCookie(w, s.cookie(place, s.Cookie, token, domain, true))
	}
	s.setAffinity(w, place)
}

// setAffinity sets the cookie that load balancers look at (PingAM: amlbcookie). It names the server and no secret.
func (s *Service) setAffinity(w http.ResponseWriter, place Place) {
	http.SetCookie(w, s.cookie(place, "amlbcookie", "01", "", false))
}

// ClearCookies takes the session from a browser.
func (s *Service) ClearCookies(w http.ResponseWriter, r *http.Request, place Place) {
	for _, domain := range s.domainsOf(r) {
		cookie := s.cookie(place, s.Cookie, "", domain, true)
		cookie.MaxAge = -1
		http.SetCookie(w, cookie)
	}
}

// cookie has the attributes that all have: for the whole host, out of reach of scripts, over TLS only where there
// is TLS. Deviation: SameSite is Lax, not none; other sites need it neither for redirects nor for this site's pages.
func (s *Service) cookie(place Place, name, value, domain string, secret bool) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", Domain: domain,
		HttpOnly: secret, Secure: strings.HasPrefix(place.Base, "https:"), SameSite: http.SameSiteLaxMode,
	}
}

// setCookie sets one of a journey. Over TLS all are for TLS alone.
func (s *Service) setCookie(w http.ResponseWriter, place Place, c journey.Cookie) {
	cookie := s.cookie(place, c.Name, c.Value, "", c.HTTPOnly)
	cookie.MaxAge, cookie.Secure = c.MaxAge, cookie.Secure || c.Secure
	switch c.SameSite {
	case "STRICT":
		cookie.SameSite = http.SameSiteStrictMode
	case "NONE":
		cookie.SameSite = http.SameSiteNoneMode
	}
	http.SetCookie(w, cookie)
}

// domainsOf are the cookie domains that hold the request's host; "" stands for the host alone.
func (s *Service) domainsOf(r *http.Request) []string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	var list []string
	for _, d := range s.Domains {
		bare := strings.ToLower(strings.TrimPrefix(d, "."))
		if host = strings.ToLower(host); bare != "" && (host == bare || strings.HasSuffix(host, "."+bare)) {
			list = append(list, bare)
		}
	}
	if list == nil {
		return []string{""}
	}
	return list
}
