package am

import (
	"net/http"
	"strings"
	"time"

	"gatehouse/internal/am/rest"
	"gatehouse/internal/observe"
)

// meteredEndpoints are those that the server counts requests of, by their names.
var meteredEndpoints = []string{
	"oauth2/access_token", "oauth2/authorize", "oauth2/introspect", "oauth2/tokeninfo", "oauth2/userinfo", "oauth2/token/revoke",
	"oauth2/par", "oauth2/device", "oauth2/register", "oauth2/connect", "oauth2/other",
	"json/authenticate", "json/sessions", "json/users", "json/policies", "json/other", "pages",
}

// numbers of meteredEndpoints, by the last part of an address of OAuth 2.0 and by a part of one of the interface.
var (
	oauthNumbers = map[string]int{
		"access_token": 0, "authorize": 1, "introspect": 2, "tokeninfo": 3, "userinfo": 4, "revoke": 5, "par": 6, "device": 7,
		"code": 7, "user": 7, "register": 8, "jwk_uri": 9, "endSession": 9, "checkSession": 9, "idtokeninfo": 9,
		"openid-configuration": 9, "oauth-authorization-server": 9,
	}
	jsonNumbers = map[string]int{"authenticate": 11, "sessions": 12, "users": 13, "policies": 14}
)

// endpointOf is the number of the endpoint that a path below the server leads to; -1 for none.
func endpointOf(path string) int {
	path = strings.TrimSuffix(path, "/")
	if _, after, ok := strings.Cut(path, "/oauth2/"); ok {
		if n, ok := oauthNumbers[after[strings.LastIndexByte(after, '/')+1:]]; ok {
			return n
		}
		return 10
	}
	if _, after, ok := strings.Cut(path, "/json/"); ok {
		for part := range strings.SplitSeq(after, "/") {
			if n, ok := jsonNumbers[part]; ok {
				return n
			}
		}
		return 15
	}
	if strings.Contains(path, "/XUI") || strings.Contains(path, "/UI/") {
		return 16
	}
	return -1
}

// unmetered answers requests of the console, which are not the clients'.
type unmetered struct{ *Server }

// ServeHTTP answers a request.
func (s unmetered) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.recover(w, r, nil)
	s.serve(w, r)
}

func (s *Server) figures() []rest.Figures {
	var out []rest.Figures
	for _, f := range s.meter.Report(179) {
		out = append(out, rest.Figures(f))
	}
	return out
}

func newMeter(now func() time.Time) *observe.Meter { return observe.NewMeter(now, meteredEndpoints...) }
