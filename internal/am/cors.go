package am

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/rest"
)

// crossOrigin lets pages of other origins call as the CORS service allows, and answers preflight requests (Fetch
// standard, CORS protocol). It returns whether the request is answered.
func (s *Server) crossOrigin(w http.ResponseWriter, r *http.Request) bool {
	origin := ""
	if values := r.Header["Origin"]; len(values) > 0 {
		origin = values[0]
	}
	preflight := r.Method == http.MethodOptions
	if origin == "" {
		if preflight {
			w.Header().Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
			w.WriteHeader(http.StatusNoContent)
		}
		return preflight
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	list := s.settings.crossOrigin(r.Context())
	i := slices.IndexFunc(list, func(c rest.CORS) bool { return c.Enabled && accepts(c, origin) })
	if i < 0 {
		if preflight {
			w.WriteHeader(http.StatusNoContent) // without the headers that would allow anything
		}
		return preflight
	}
	c := list[i]
	// The origin is named, never "*": the answer may differ by origin.
	h.Set("Access-Control-Allow-Origin", origin)
	if c.AllowCredentials && !slices.Contains(c.AcceptedOrigins, "*") {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if !preflight {
		if len(c.ExposedHeaders) > 0 {
			h.Set("Access-Control-Expose-Headers", strings.Join(c.ExposedHeaders, ", "))
		}
		return false
	}
	method := r.Header.Get("Access-Control-Request-Method")
	if len(c.AcceptedMethods) == 0 || slices.ContainsFunc(c.AcceptedMethods, func(m string) bool { return strings.EqualFold(m, method) }) {
		h.Set("Access-Control-Allow-Methods", method)
	}
	if headers := allowedHeaders(c, r.Header.Get("Access-Control-Request-Headers")); headers != "" {
		h.Set("Access-Control-Allow-Headers", headers)
	}
	h.Set("Access-Control-Max-Age", age(c.MaxAge))
	w.WriteHeader(http.StatusNoContent)
	return true
}

// pageOrigin is the origin of the page that a request comes from: this server's when the request names none, as those
// of other programs do not; "" for one that the CORS service does not name. "*" names nobody.
func (s *Server) pageOrigin(r *http.Request, rl *realm.Realm) string {
	own := ""
	if base, err := url.Parse(s.baseURL(r, rl, "")); err == nil && base.Host != "" {
		own = base.Scheme + "://" + base.Host
	}
	origin := r.Header.Get("Origin")
	if origin == "" || strings.EqualFold(origin, own) {
		return own
	}
	for _, c := range s.settings.crossOrigin(r.Context()) {
		for _, o := range c.AcceptedOrigins {
			if c.Enabled && o != "*" && strings.EqualFold(strings.TrimSuffix(o, "/"), origin) {
				return origin
			}
		}
	}
	return ""
}

func accepts(c rest.CORS, origin string) bool {
	return slices.ContainsFunc(c.AcceptedOrigins, func(o string) bool {
		return o == "*" || strings.EqualFold(strings.TrimSuffix(o, "/"), origin)
	})
}

// allowedHeaders are those asked for that the configuration accepts.
func allowedHeaders(c rest.CORS, asked string) string {
	if len(asked) > 2048 {
		return ""
	}
	var list []string
	for name := range strings.SplitSeq(asked, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		ok := len(c.AcceptedHeaders) == 0 || slices.ContainsFunc(c.AcceptedHeaders, func(h string) bool { return strings.EqualFold(h, name) })
		if name != "" && ok && !strings.ContainsAny(name, "\r\n") {
			list = append(list, name)
		}
	}
	return strings.Join(list, ", ")
}
