package gateway

import (
	"net/netip"
	"strings"

	"gatehouse/internal/gateway/audit"
	"gatehouse/internal/gateway/chain"
)

// endpoints answers the paths of the administration below prefix and passes
// everything else to next.
func (g *Gateway) endpoints(prefix string, next chain.Handler) chain.Handler {
	guarded := audit.Within(g.admin.AuditService.Get(), "", "", chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		path := x.Request.URI.RawPath[len(prefix):]
		if path == "/metrics" || strings.HasPrefix(path, "/metrics/") {
			return g.metricsEndpoint(x, path)
		}
		return g.guarded(x, path)
	}))
	return chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		path, ok := strings.CutPrefix(x.Request.URI.RawPath, prefix)
		if !ok || prefix != "" && path != "" && path[0] != '/' {
			return next.Handle(x)
		}
		if resp := g.public(x, path); resp != nil {
			return resp, nil
		}
		for _, area := range []string{"/metrics", "/api"} {
			if path == area || strings.HasPrefix(path, area+"/") {
				return guarded.Handle(x)
			}
		}
		if prefix == "" {
			return next.Handle(x)
		}
		return chain.NewResponse(404), nil
	})
}

// public answers health, which anyone may ask.
func (g *Gateway) public(x *chain.Exchange, path string) *chain.Response {
	switch path {
	case "/ping", "/health/live", "/health/liveness":
		return chain.NewResponse(200)
	case "/health/ready", "/health/readiness", "/health/startup":
		switch {
		case g.ready.Load():
			return chain.NewResponse(200)
		case g.draining.Load():
			resp := chain.NewResponse(503)
			resp.Header["Content-Type"] = []string{"text/plain; charset=UTF-8"}
			resp.Entity.SetBytes([]byte("draining\n"))
			return resp
		}
		return chain.NewResponse(503)
	}
	return nil
}

// metricsEndpoint answers anyone, unless a filter protects it.
func (g *Gateway) metricsEndpoint(x *chain.Exchange, path string) (*chain.Response, error) {
	h := chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		switch path = strings.TrimSuffix(path, "/"); {
		case path == "/metrics/prometheus/0.0.4":
			return g.metrics(x, false), nil
		case path == "/metrics/prometheus" && g.admin.ServeDeprecatedPrometheus:
			return g.metrics(x, true), nil
		case path == "/metrics" || path == "/metrics/prometheus":
			return chain.NewResponse(204), nil
		case path == "/metrics/api":
			return g.metricsList(x), nil
		}
		return chain.NewResponse(404), nil
	})
	if f := g.admin.MetricsProtectionFilter; f.IsSet() {
		return g.admin.pass(f, x, h)
	}
	return h.Handle(x)
}

// guarded lets the protection filter decide, or, without one, only callers on this
// machine; in development mode anyone.
func (g *Gateway) guarded(x *chain.Exchange, path string) (*chain.Response, error) {
	h := chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) { return g.api(x, path), nil })
	switch {
	case g.admin.APIProtectionFilter.IsSet():
		return g.admin.pass(g.admin.APIProtectionFilter, x, h)
	case g.admin.development || local(x):
		return h.Handle(x)
	}
	return chain.NewResponse(403), nil
}

func local(x *chain.Exchange) bool {
	c := chain.Find[*chain.ClientContext](x.Context)
	if c == nil {
		return false
	}
	addr, err := netip.ParseAddrPort(c.RemoteAddr)
	return err == nil && addr.Addr().Unmap().IsLoopback()
}

func (g *Gateway) api(x *chain.Exchange, path string) *chain.Response {
	rest, inRouters := strings.CutPrefix(path, "/api/system/objects/")
	switch {
	case path == "/api/info" && x.Request.Method == "GET":
		v, revision, at := version()
		return jsonResponse(200, map[string]any{"version": v, "revision": revision, "branch": "", "timestamp": at})
	case path == "/api" || path == "/api/" || path == "/api/system" || path == "/api/system/objects":
		return chain.NewResponse(204)
	case inRouters && g.admin.development:
		return g.objects(x, rest)
	}
	return notFound("Not Found")
}

func notFound(message string) *chain.Response { return restError(404, "Not Found", message) }

// restError is the Common REST error object.
func restError(code int, reason, message string) *chain.Response {
	return jsonResponse(code, map[string]any{"code": code, "reason": reason, "message": message})
}

func jsonResponse(code int, v any) *chain.Response {
	resp := chain.NewResponse(code)
	resp.Header["X-Content-Type-Options"] = []string{"nosniff"}
	resp.Header["Cache-Control"] = []string{"no-store"}
	if err := resp.Entity.SetJSON(v); err != nil {
		return chain.Fail(500, err)
	}
	return resp
}
