package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/observe"
)

// maxRouteDocument bounds a route that is sent, in bytes.
const maxRouteDocument = 4 << 20

// routesAPI is one request to the routes of a router over Common REST.
type routesAPI struct {
	*Gateway
	x      *chain.Exchange
	router *router
	id     string // "" for the collection
	query  chain.Form
}

// objects answers below /api/system/objects: <router>/routes, <router>/routes/<id>, and
// further down <router>/routes/<id>/objects/<router>/routes for routers within routes.
func (g *Gateway) objects(x *chain.Exchange, path string) *chain.Response {
	candidates := g.inService()
	nested := false
	within := func(r *router) bool { return !r.nested }
	for {
		name, rest, _ := strings.Cut(path, "/")
		if name == "" && rest == "" && nested {
			return chain.NewResponse(204)
		}
		var r *router
		for _, c := range candidates {
			if within(c) && (c.name == name || slug(c.name) == name) {
				r = c
				break
			}
		}
		switch {
		case r == nil:
			return notFound("Not Found")
		case rest == "":
			return chain.NewResponse(204)
		}
		collection, rest, _ := strings.Cut(rest, "/")
		raw, rest, deeper := strings.Cut(rest, "/")
		id, err := url.PathUnescape(raw)
		if collection != "routes" || err != nil || raw == "" && deeper {
			return notFound("Not Found")
		}
		if !deeper {
			return g.routes(x, r, id)
		}
		e := r.find(id)
		objects, below, _ := strings.Cut(rest, "/")
		if e == nil || objects != "objects" {
			return notFound("Not Found")
		}
		path, nested = below, true
		within = func(c *router) bool { return c.nested && c.heap == e.heap }
	}
}

// find returns the route in service of that id, or of an id with that slug.
func (r *router) find(id string) *route {
	table := r.table.Load().routes
	for _, e := range table {
		if e.id == id {
			return e
		}
	}
	for _, e := range table {
		if slug(e.id) == id {
			return e
		}
	}
	return nil
}

func (g *Gateway) routes(x *chain.Exchange, r *router, id string) *chain.Response {
	a := &routesAPI{Gateway: g, x: x, router: r, id: id, query: chain.QueryForm(x.Request.URI)}
	switch method := x.Request.Method; {
	case method == "GET" && id == "":
		return a.list()
	case method == "GET":
		if rt := r.find(id); rt != nil {
			return a.answer(200, a.document(rt))
		}
		return a.unknown()
	case method == "PUT" && id != "":
		return a.put()
	case method == "POST" && id == "":
		return a.create()
	case method == "DELETE" && id != "":
		return a.remove()
	}
	return restError(501, "Not Implemented", "the operation is not supported")
}

func (a *routesAPI) first(name string) string {
	if v := a.query[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (a *routesAPI) unknown() *chain.Response {
	return notFound("there is no route " + a.id)
}

func (a *routesAPI) list() *chain.Response {
	if strings.TrimSpace(a.first("_queryFilter")) != "true" || a.query["_queryId"] != nil || a.query["_queryExpression"] != nil {
		return restError(501, "Not Implemented", "only the query _queryFilter=true is supported")
	}
	list := []json.RawMessage{}
	for _, e := range a.router.table.Load().routes {
		list = append(list, a.document(e))
	}
	return a.answer(200, map[string]any{
		"result": list, "resultCount": len(list), "pagedResultsCookie": nil,
		"totalPagedResultsPolicy": "NONE", "totalPagedResults": -1, "remainingPagedResults": -1,
	})
}

// answer writes v as JSON, indented when the request asks for it.
func (a *routesAPI) answer(status int, v any) *chain.Response {
	resp := jsonResponse(status, v)
	if a.first("_prettyPrint") == "true" {
		var b bytes.Buffer
		text, err := resp.Entity.Bytes()
		if err == nil && json.Indent(&b, text, "", "  ") == nil {
			resp.Entity.SetBytes(b.Bytes())
		}
	}
	return resp
}

// put creates or updates the route of the address. If-None-Match: * only creates,
// If-Match: * only updates; routes have no revisions that other values could mean.
func (a *routesAPI) put() *chain.Response {
	header := a.x.Request.Header
	none, match := header.Get("If-None-Match"), header.Get("If-Match")
	switch {
	case none != "" && match != "":
		return restError(412, "Precondition Failed", "If-None-Match and If-Match exclude each other")
	case none != "" && none != "*":
		return restError(400, "Bad Request", "If-None-Match can only be *")
	case match != "" && match != "*":
		return restError(412, "Precondition Failed", "routes have no revisions: If-Match can only be *")
	}
	n, resp := a.body() // which may take its time
	if resp != nil {
		return resp
	}
	a.building.Lock()
	defer a.building.Unlock()
	old := a.router.find(a.id)
	switch {
	case old != nil && none == "*":
		return restError(409, "Conflict", "the route "+old.id+" exists")
	case old == nil && match == "*":
		return a.unknown()
	}
	return a.deploy(n, old)
}

// create makes the route whose id is in the document: who sends it has to say the id.
func (a *routesAPI) create() *chain.Response {
	if action := a.first("_action"); action != "" && action != "create" {
		return restError(501, "Not Implemented", "the action is not supported")
	}
	n, resp := a.body()
	if resp != nil {
		return resp
	}
	given := n.Get("_id")
	if given == nil || given.Kind != conf.String || given.Text == "" {
		return restError(400, "Bad Request", "the id of the route is missing: send it as _id, or use PUT")
	}
	a.id = given.Text
	a.building.Lock()
	defer a.building.Unlock()
	if old := a.router.find(a.id); old != nil {
		return restError(409, "Conflict", "the route "+old.id+" exists")
	}
	return a.deploy(n, nil)
}

// body parses the document that was sent. The content type must be JSON: browsers
// send that to another site only after asking it.
func (a *routesAPI) body() (*conf.Node, *chain.Response) {
	kind, _, err := mime.ParseMediaType(a.x.Request.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, restError(415, "Unsupported Media Type", "the route must be sent as application/json")
	}
	text, err := a.x.Request.Entity.Bytes()
	switch {
	case err != nil:
		return nil, restError(400, "Bad Request", "the body could not be read")
	case len(text) > maxRouteDocument:
		observe.CountLimit(a.x.Ctx(), observe.OverLimit("route_document"))
		return nil, restError(413, "Content Too Large", "the document is too large for a route")
	}
	n, err := conf.Parse("body", text)
	if err != nil {
		return nil, invalid(err)
	}
	if n.Kind != conf.Object {
		return nil, restError(400, "Bad Request", "a route is a JSON object")
	}
	return n, nil
}

// deploy puts the document into service, for old when there is one.
func (a *routesAPI) deploy(n *conf.Node, old *route) *chain.Response {
	id, path := slug(a.id), ""
	if old != nil {
		id, path = old.id, old.file
	} else {
		if id != a.id {
			a.services.Logger.Warn("the id of the route was changed to fit an address", "given", a.id, "id", id)
		}
		path = filepath.Join(a.router.dir, id+".json")
	}
	if id == "" {
		return restError(400, "Bad Request", "the id of the route has neither letters nor digits")
	}
	if given := n.Get("_id"); given != nil && given.Text != id && given.Text != a.id {
		return restError(400, "Bad Request", "the _id in the document is not the id in the address")
	}
	if other := a.router.at(path); other != nil && other != old {
		return restError(409, "Conflict", "the file of the route is that of the route "+other.id)
	}
	rt, err := a.router.put(path, routeText(n, id, path))
	taken, isTaken := errors.AsType[*takenError](err)
	switch {
	case isTaken:
		return restError(409, "Conflict", taken.text)
	case errors.Is(err, errNotWritten):
		return restError(500, "Internal Server Error", err.Error())
	case err != nil:
		return invalid(err)
	case old != nil:
		return a.answer(200, a.document(rt))
	}
	resp := a.answer(201, a.document(rt))
	base := a.x.Request.URI.RawPath
	if a.x.Request.Method == "PUT" {
		base = base[:strings.LastIndexByte(base, '/')]
	}
	resp.Header["Location"] = []string{strings.TrimSuffix(base, "/") + "/" + rt.id}
	return resp
}

// at returns the route of a file.
func (r *router) at(path string) *route {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.routes[path]
}

// invalid tells all that is wrong with a document.
func invalid(err error) *chain.Response {
	return jsonResponse(400, map[string]any{
		"code": 400, "reason": "Bad Request", "message": err.Error(),
		"detail": map[string]any{"problems": strings.Split(err.Error(), "\n")},
	})
}

func (a *routesAPI) remove() *chain.Response {
	if match := a.x.Request.Header.Get("If-Match"); match != "" && match != "*" {
		return restError(412, "Precondition Failed", "routes have no revisions: If-Match can only be *")
	}
	a.building.Lock()
	defer a.building.Unlock()
	rt := a.router.find(a.id)
	if rt == nil {
		return a.unknown()
	}
	switch err := a.router.remove(rt); {
	case errors.Is(err, os.ErrNotExist):
		return a.unknown()
	case err != nil:
		return restError(500, "Internal Server Error", err.Error())
	}
	return a.answer(200, a.document(rt))
}
