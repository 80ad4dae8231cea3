package gateway

import (
	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/session"
)

// protectionConfig says who may use the administration, and how such users are
// remembered.
type protectionConfig struct {
	// APIProtectionFilter guards the API; without it only this machine may use it in
	// production mode.
	APIProtectionFilter heap.Ref[chain.Filter] `conf:"apiProtectionFilter"`
	// MetricsProtectionFilter guards the metrics, which are open without it.
	MetricsProtectionFilter heap.Ref[chain.Filter] `conf:"metricsProtectionFilter"`
	// StudioProtectionFilter is accepted.
	StudioProtectionFilter heap.Ref[chain.Filter] `conf:"studioProtectionFilter,unused=there is no Studio"`
	// Session keeps what filters of the administration store.
	Session adminSession `conf:"session"`
}

// byName takes the filters from the heap where no field names them, as older
// configurations have it.
func (c *protectionConfig) byName(h *heap.Heap) {
	for _, f := range []struct {
		name string
		ref  *heap.Ref[chain.Filter]
	}{
		{"ApiProtectionFilter", &c.APIProtectionFilter}, {"MetricsProtectionFilter", &c.MetricsProtectionFilter},
		{"StudioProtectionFilter", &c.StudioProtectionFilter},
	} {
		if f.ref.IsSet() || !h.Declared(f.name) {
			continue
		}
		at, _ := h.Place(f.name).At(f.name)
		h.Decoder().Decode(at, f.ref)
	}
}

// adminSession is the field session of admin.json: a session manager for filters of
// the administration, or, as releases before 2024.11 have it, an object without type
// that says how sessions of the gateway's own requests are kept in memory.
type adminSession struct {
	manager heap.Ref[session.SessionManager]
	// gateway is for requests, where config.json names no manager.
	gateway heap.Ref[session.SessionManager]
}

// UnmarshalConf reads the field.
func (s *adminSession) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	n = d.Whole(n)
	if n.Kind != conf.Object || n.Get("type") != nil {
		d.Decode(n, &s.manager)
		return
	}
	d.Errs.Warn(n, "a session without type is the older way; it holds for requests that are not of the administration: "+
		"move it to \"session\" in config.json, as {\"type\": \"InMemorySessionManager\", \"config\": …}")
	config, _ := n.Plain().(map[string]any)
	cookie, _ := config["cookie"].(map[string]any)
	if cookie == nil {
		cookie = map[string]any{}
		config["cookie"] = cookie
	}
	if cookie["name"] == nil {
		cookie["name"] = session.DefaultName
	}
	if decl, ok := n.At(map[string]any{"type": "InMemorySessionManager", "config": config}); ok {
		d.Decode(decl, &s.gateway)
	}
}

// DescribeConf names the kind of value.
func (*adminSession) DescribeConf() string { return "a session manager" }

// adminManager is the session manager of the administration where none is named.
const adminManager = `{"type": "InMemorySessionManager"}`

func (c *protectionConfig) sessions(h *heap.Heap) {
	if !c.Session.manager.IsSet() {
		h.Decoder().Decode(builtIn(adminManager), &c.Session.manager)
	}
}

// pass sends the exchange through the filter, which has a session then.
func (c *protectionConfig) pass(f heap.Ref[chain.Filter], x *chain.Exchange, h chain.Handler) (*chain.Response, error) {
	return session.Within(c.Session.manager.Get(), chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		return f.Get().Filter(x, h)
	})).Handle(x)
}
