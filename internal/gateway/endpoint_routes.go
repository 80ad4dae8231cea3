package gateway

import (
	"encoding/json"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
)

// routesAPI reads the routes of a router over Common REST. Changing them is done in
// the folder, which is watched.
func (g *Gateway) routesAPI(x *chain.Exchange, r *router, id string) *chain.Response {
	if x.Request.Method != "GET" {
		return restError(501, "Not Implemented", "routes are changed by changing their files; this version only reads them here")
	}
	if id == "" {
		return g.listRoutes(x, r)
	}
	for _, e := range *r.table.Load() {
		if e.id == id {
			return jsonResponse(200, routeJSON(e.route))
		}
	}
	return notFound("Resource '" + id + "' not found")
}

func (g *Gateway) listRoutes(x *chain.Exchange, r *router) *chain.Response {
	filter := chain.QueryForm(x.Request.URI)["_queryFilter"]
	if len(filter) != 1 || strings.TrimSpace(filter[0]) != "true" {
		return restError(501, "Not Implemented", "only _queryFilter=true is supported")
	}
	list := []any{}
	for _, e := range *r.table.Load() {
		list = append(list, routeJSON(e.route))
	}
	return jsonResponse(200, map[string]any{
		"result": list, "resultCount": len(list), "pagedResultsCookie": nil,
		"totalPagedResultsPolicy": "NONE", "totalPagedResults": -1, "remainingPagedResults": -1,
	})
}

// routeJSON is the route's document with its id.
func routeJSON(r *route) any {
	n, err := conf.Parse(r.file, r.text)
	if err != nil {
		return json.RawMessage("null")
	}
	m, _ := n.Plain().(map[string]any)
	m["_id"] = r.id
	return m
}
