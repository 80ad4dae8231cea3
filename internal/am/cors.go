package am

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/rest"
)

// corsRules are the configurations of the CORS service together (PingAM: CORS service).
type corsRules struct {
	// byOrigin has the rules of each origin that a configuration names.
	byOrigin map[string]*corsRule
	// on tells that a configuration is enabled: then the origins of clients count, too.
	on bool
}

// corsRule is what pages of an origin may do, in the form of the headers that say so; "" is no header.
type corsRule struct {
	methods, headers, exposed, age string
	credentials                    bool
}

// simpleHeaders are accepted of every page that may call.
var simpleHeaders = []string{"Cache-Control", "Content-Language", "Expires", "Last-Modified", "Pragma"}

// clientRule is for pages whose origins clients name and no configuration does: nothing but what is simple.
var clientRule = &corsRule{methods: "GET, HEAD, POST", headers: strings.Join(simpleHeaders, ", ")}

// compileCORS joins the rules of all configurations that name an origin.
func compileCORS(list []rest.CORS) *corsRules {
	rules := &corsRules{byOrigin: map[string]*corsRule{}}
	of := map[string][]rest.CORS{}
	for _, c := range list {
		if !c.Enabled {
			continue
		}
		rules.on = true
		for _, origin := range c.AcceptedOrigins {
			of[originKey(origin)] = append(of[originKey(origin)], c)
		}
	}
	for origin, list := range of {
		rule, headers := &corsRule{}, slices.Clone(simpleHeaders)
		var methods, exposed []string
		least := list[0].MaxAge
		for _, c := range list {
			methods = append(methods, c.AcceptedMethods...)
			headers = append(headers, c.AcceptedHeaders...)
			exposed = append(exposed, c.ExposedHeaders...)
			least = min(least, c.MaxAge)
			rule.credentials = rule.credentials || c.AllowCredentials
		}
		rule.methods, rule.headers, rule.exposed = joined(methods), joined(headers), joined(exposed)
		rule.age = strconv.Itoa(max(0, least))
		rules.byOrigin[origin] = rule
	}
	return rules
}

// originKey is an origin as it is compared: configurations may spell it with capitals, or with a slash at the end.
func originKey(origin string) string {
	origin = strings.ToLower(strings.TrimSpace(origin))
	if !strings.HasSuffix(origin, "://") {
		origin = strings.TrimSuffix(origin, "/")
	}
	return origin
}

// joined is a list for a header, each name once.
func joined(names []string) string {
	seen := map[string]bool{}
	names = slices.DeleteFunc(names, func(name string) bool {
		key := strings.ToLower(name)
		bad := seen[key] || name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == ',' })
		seen[key] = true
		return bad
	})
	return strings.Join(names, ", ")
}

// crossOrigin lets pages of other origins call as the CORS service allows, and answers preflight requests (Fetch
// standard, CORS protocol). It returns whether the request is answered.
func (s *Server) crossOrigin(w http.ResponseWriter, r *http.Request) bool {
	h, rules := w.Header(), s.settings.crossOrigin(r.Context())
	if rules.on {
		h.Add("Vary", "Origin") // what is kept of an answer for one origin is not for another
	}
	preflight := r.Method == http.MethodOptions
	origin := r.Header.Get("Origin")
	if origin == "" {
		if preflight {
			h.Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
			w.WriteHeader(http.StatusNoContent)
		}
		return preflight
	}
	rule := rules.byOrigin[originKey(origin)]
	if rule == nil && rules.on && s.origins.named(r.Context(), origin) {
		rule = clientRule
	}
	if rule == nil {
		if preflight {
			w.WriteHeader(http.StatusNoContent) // without the headers that would allow anything
		}
		return preflight
	}
	h.Set("Access-Control-Allow-Origin", origin)
	if rule.credentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	some := func(name, value string) {
		if value != "" {
			h.Set(name, value)
		}
	}
	if !preflight {
		some("Access-Control-Expose-Headers", rule.exposed)
		return false
	}
	some("Access-Control-Allow-Methods", rule.methods)
	some("Access-Control-Allow-Headers", rule.headers)
	some("Access-Control-Max-Age", rule.age)
	w.WriteHeader(http.StatusNoContent)
	return true
}

// pageOrigin is the origin of the page that a request comes from: this server's when the request names none, as those
// of other programs do not; "" for one that the CORS service does not name.
func (s *Server) pageOrigin(r *http.Request, rl *realm.Realm) string {
	own := ""
	if base, err := url.Parse(s.baseURL(r, rl, "")); err == nil && base.Host != "" {
		own = base.Scheme + "://" + base.Host
	}
	origin := r.Header.Get("Origin")
	switch {
	case origin == "", strings.EqualFold(origin, own):
		return own
	case s.settings.crossOrigin(r.Context()).byOrigin[originKey(origin)] != nil:
		return origin
	}
	return ""
}
