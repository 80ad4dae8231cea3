package audit

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/gateway/chain"
)

// eventName is the name of access events.
const eventName = "OPENIG-HTTP-ACCESS"

// access writes access events. What is safelisted is found out once, so that an event
// is written without looking fields up.
type access struct {
	service *service
	sinks   []sink

	id, timestamp, eventName, transactionID, userID, trackingIDs bool
	clientIP, clientPort, serverIP, serverPort                   bool
	secure, method, path                                         bool
	status, statusCode, elapsed, elapsedUnits                    bool
	exchangeID, routeID, routeName                               bool
	request, query, cookies, response                            *policy // nil: nothing of it
	ext                                                          *policy
}

func newAccess(s *service, t *topic) *access {
	p := t.policy
	part := func(path ...string) *policy {
		if !p.mayAllow(path...) {
			return nil
		}
		return p.sub(path...)
	}
	if len(t.sinks) == 0 {
		return nil
	}
	return &access{
		service: s, sinks: t.sinks,
		id: p.allows("_id"), timestamp: p.allows("timestamp"), eventName: p.allows("eventName"),
		transactionID: p.allows("transactionId"), userID: p.allows("userId"), trackingIDs: p.allows("trackingIds"),
		clientIP: p.allows("client", "ip"), clientPort: p.allows("client", "port"),
		serverIP: p.allows("server", "ip"), serverPort: p.allows("server", "port"),
		secure: p.allows("http", "request", "secure"), method: p.allows("http", "request", "method"), path: p.allows("http", "request", "path"),
		request: part("http", "request", "headers"), query: part("http", "request", "queryParameters"),
		cookies: part("http", "request", "cookies"), response: part("http", "response", "headers"),
		status: p.allows("response", "status"), statusCode: p.allows("response", "statusCode"),
		elapsed: p.allows("response", "elapsedTime"), elapsedUnits: p.allows("response", "elapsedTimeUnits"),
		exchangeID: p.allows("ig", "exchangeId"), routeID: p.allows("ig", "routeId"), routeName: p.allows("ig", "routeName"),
		ext: part("ig", "ext"),
	}
}

// Within returns h with an access event written for every exchange that leaves it. A
// service that writes no access events returns h itself.
func Within(s AuditService, routeID, routeName string, h chain.Handler) chain.Handler {
	if s == nil || s.access() == nil {
		return h
	}
	return &audited{access: s.access(), routeID: routeID, routeName: routeName, next: h}
}

type audited struct {
	access             *access
	routeID, routeName string
	next               chain.Handler
}

func (a *audited) Handle(x *chain.Exchange) (resp *chain.Response, err error) {
	e := &ExtensionContext{}
	inner := x.Push(e)
	seen := a.observe(x)
	status := http.StatusInternalServerError // also of what ends in a panic
	defer func() { a.write(inner, &seen, status, resp, e) }()
	resp, err = a.next.Handle(inner)
	if err == nil && resp != nil {
		status = resp.Status.Code
	}
	return resp, err
}

// observed is what filters may change before the event is written.
type observed struct {
	method    string
	host      string
	header    http.Header
	cookies   []string
	rawHeader []string
}

// observe keeps the safelisted fields of the request's header as they came.
func (a *audited) observe(x *chain.Exchange) observed {
	o := observed{method: x.Request.Method}
	if a.access.request != nil {
		o.rawHeader = make([]string, 0, 8)
		for name, values := range x.Request.Header {
			if a.access.request.allows(strings.ToLower(name)) {
				o.rawHeader = append(o.rawHeader, name)
				if o.header == nil {
					o.header = make(http.Header, 4)
				}
				o.header[name] = values
			}
		}
	}
	if a.access.cookies != nil {
		o.cookies = x.Request.Header["Cookie"]
	}
	return o
}

// write writes the event of an exchange. The parts that filters change are those that
// came in: the URI is the original one.
func (a *audited) write(x *chain.Exchange, o *observed, status int, resp *chain.Response, e *ExtensionContext) {
	c := a.access
	w := &writer{b: make([]byte, 1, 1024)}
	w.b[0] = '{'
	received := a.common(w, x)
	c.peers(w, x)
	a.http(w, x, o, resp)
	w.open("response")
	if c.status {
		outcome := "SUCCESSFUL"
		if status >= 400 {
			outcome = "FAILED"
		}
		w.text("status", outcome)
	}
	if c.statusCode {
		w.text("statusCode", strconv.Itoa(status))
	}
	if c.elapsed {
		w.number("elapsedTime", max(time.Since(received).Milliseconds(), 0))
	}
	if c.elapsedUnits {
		w.text("elapsedTimeUnits", "MILLISECONDS")
	}
	w.shut()
	a.ig(w, x, e)
	w.shut()
	for _, out := range c.sinks {
		out.write(w.b)
	}
}

// common writes what every event begins with, and returns when the request came.
func (a *audited) common(w *writer, x *chain.Exchange) time.Time {
	c := a.access
	audit := chain.Find[*chain.AuditContext](x.Context)
	if audit == nil {
		audit = &chain.AuditContext{Received: time.Now()}
	}
	if c.id {
		w.text("_id", c.service.newID())
	}
	if c.timestamp {
		w.text("timestamp", timestamp(audit.Received))
	}
	if c.eventName {
		w.text("eventName", eventName)
	}
	if tx := chain.Find[*chain.TransactionContext](x.Context); tx != nil && c.transactionID {
		w.text("transactionId", tx.Value)
	}
	if c.userID && audit.UserID != "" {
		w.text("userId", audit.UserID)
	}
	if c.trackingIDs && len(audit.TrackingIDs) > 0 {
		w.list("trackingIds", audit.TrackingIDs)
	}
	return audit.Received
}

func (c *access) peers(w *writer, x *chain.Exchange) {
	client := chain.Find[*chain.ClientContext](x.Context)
	if client == nil {
		return
	}
	address(w, "client", client.RemoteAddr, c.clientIP, c.clientPort)
	address(w, "server", client.LocalAddr, c.serverIP, c.serverPort)
}

func address(w *writer, name, hostPort string, ip, port bool) {
	host, text, err := net.SplitHostPort(hostPort)
	if err != nil || !ip && !port {
		return
	}
	w.open(name)
	if ip {
		w.text("ip", host)
	}
	if n, err := strconv.ParseInt(text, 10, 64); port && err == nil {
		w.number("port", n)
	}
	w.shut()
}

func (a *audited) http(w *writer, x *chain.Exchange, o *observed, resp *chain.Response) {
	c := a.access
	uri := x.Request.URI
	if r := chain.Find[*chain.RouterContext](x.Context); r != nil && r.OriginalURI != nil {
		uri = r.OriginalURI
	}
	w.open("http")
	w.open("request")
	if client := chain.Find[*chain.ClientContext](x.Context); client != nil && c.secure {
		w.key("secure")
		w.b = strconv.AppendBool(w.b, client.Secure)
	}
	if c.method {
		w.text("method", o.method)
	}
	if c.path {
		u := *uri
		u.UserInfo, u.RawQuery, u.HasQuery, u.Fragment = "", "", false, ""
		w.text("path", u.String())
	}
	if c.query != nil {
		w.open("queryParameters")
		for name, values := range chain.QueryForm(uri) {
			if c.query.allows(name) {
				w.list(name, values)
			}
		}
		w.shut()
	}
	if len(o.rawHeader) > 0 {
		fields(w, o.header, c.request)
	}
	if c.cookies != nil {
		w.open("cookies")
		for name, list := range chain.Cookies(http.Header{"Cookie": o.cookies}) {
			if cookie, ok := list[0].(chain.Cookie); ok && c.cookies.allows(name) {
				w.text(name, cookie.Value)
			}
		}
		w.shut()
	}
	w.shut()
	if c.response != nil && resp != nil {
		w.open("response")
		fields(w, resp.Header, c.response)
		w.shut()
	}
	w.shut()
}

// fields writes the header fields that are safelisted, their names in lower case.
func fields(w *writer, h http.Header, p *policy) {
	w.open("headers")
	for name, values := range h {
		if name = strings.ToLower(name); p.allows(name) {
			w.list(name, values)
		}
	}
	w.shut()
}

func (a *audited) ig(w *writer, x *chain.Exchange, e *ExtensionContext) {
	c := a.access
	w.open("ig")
	if root := chain.Find[*chain.RootContext](x.Context); root != nil && c.exchangeID {
		w.text("exchangeId", root.ID)
	}
	if c.routeID && a.routeID != "" {
		w.text("routeId", a.routeID)
	}
	if c.routeName && a.routeID != "" {
		w.text("routeName", a.routeName)
	}
	if c.ext != nil {
		text, err := encode(c.ext.filter(e.extensions))
		if err != nil {
			c.service.log.Error("an extension of an access event cannot be written", "route", a.routeID, "error", err)
			text = []byte("{}")
		}
		w.key("ext")
		w.b = append(w.b, text...)
	}
	w.shut()
}
