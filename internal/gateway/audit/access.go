package audit

import (
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/audit"
	"gatehouse/internal/gateway/chain"
)

// eventName is the name of access events.
const eventName = "OPENIG-HTTP-ACCESS"

// access writes access events. What is safelisted is found out once, so that an event
// is written without looking fields up.
type access struct {
	service *audit.Service
	topic   *audit.Topic
	log     *slog.Logger

	id, timestamp, eventName, transactionID, userID, trackingIDs bool
	clientIP, clientPort, serverIP, serverPort                   bool
	secure, method, path                                         bool
	status, statusCode, elapsed, elapsedUnits                    bool
	exchangeID, routeID, routeName                               bool
	request, query, cookies, response                            *audit.Policy // nil: nothing of it
	ext                                                          *audit.Policy
}

func newAccess(s *audit.Service, t *audit.Topic, log *slog.Logger) *access {
	p := t.Policy
	part := func(path ...string) *audit.Policy {
		if !p.MayAllow(path...) {
			return nil
		}
		return p.Sub(path...)
	}
	return &access{
		service: s, topic: t, log: log,
		id: p.Allows("_id"), timestamp: p.Allows("timestamp"), eventName: p.Allows("eventName"),
		transactionID: p.Allows("transactionId"), userID: p.Allows("userId"), trackingIDs: p.Allows("trackingIds"),
		clientIP: p.Allows("client", "ip"), clientPort: p.Allows("client", "port"),
		serverIP: p.Allows("server", "ip"), serverPort: p.Allows("server", "port"),
		secure: p.Allows("http", "request", "secure"), method: p.Allows("http", "request", "method"), path: p.Allows("http", "request", "path"),
		request: part("http", "request", "headers"), query: part("http", "request", "queryParameters"),
		cookies: part("http", "request", "cookies"), response: part("http", "response", "headers"),
		status: p.Allows("response", "status"), statusCode: p.Allows("response", "statusCode"),
		elapsed: p.Allows("response", "elapsedTime"), elapsedUnits: p.Allows("response", "elapsedTimeUnits"),
		exchangeID: p.Allows("ig", "exchangeId"), routeID: p.Allows("ig", "routeId"), routeName: p.Allows("ig", "routeName"),
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
			if a.access.request.Allows(strings.ToLower(name)) {
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
	w := audit.NewWriter(1024)
	received := a.common(w, x)
	c.peers(w, x)
	a.http(w, x, o, resp)
	w.Open("response")
	if c.status {
		outcome := "SUCCESSFUL"
		if status >= 400 {
			outcome = "FAILED"
		}
		w.Text("status", outcome)
	}
	if c.statusCode {
		w.Text("statusCode", strconv.Itoa(status))
	}
	if c.elapsed {
		w.Number("elapsedTime", max(time.Since(received).Milliseconds(), 0))
	}
	if c.elapsedUnits {
		w.Text("elapsedTimeUnits", "MILLISECONDS")
	}
	w.Shut()
	a.ig(w, x, e)
	c.topic.Send(w.End())
}

// common writes what every event begins with, and returns when the request came.
func (a *audited) common(w *audit.Writer, x *chain.Exchange) time.Time {
	c := a.access
	request := chain.Find[*chain.AuditContext](x.Context)
	if request == nil {
		request = &chain.AuditContext{Received: time.Now()}
	}
	if c.id {
		w.Text("_id", c.service.NewID())
	}
	if c.timestamp {
		w.Text("timestamp", audit.Timestamp(request.Received))
	}
	if c.eventName {
		w.Text("eventName", eventName)
	}
	if tx := chain.Find[*chain.TransactionContext](x.Context); tx != nil && c.transactionID {
		w.Text("transactionId", tx.Value)
	}
	if c.userID && request.UserID != "" {
		w.Text("userId", request.UserID)
	}
	if c.trackingIDs && len(request.TrackingIDs) > 0 {
		w.List("trackingIds", request.TrackingIDs)
	}
	return request.Received
}

func (c *access) peers(w *audit.Writer, x *chain.Exchange) {
	client := chain.Find[*chain.ClientContext](x.Context)
	if client == nil {
		return
	}
	address(w, "client", client.RemoteAddr, c.clientIP, c.clientPort)
	address(w, "server", client.LocalAddr, c.serverIP, c.serverPort)
}

func address(w *audit.Writer, name, hostPort string, ip, port bool) {
	host, text, err := net.SplitHostPort(hostPort)
	if err != nil || !ip && !port {
		return
	}
	w.Open(name)
	if ip {
		w.Text("ip", host)
	}
	if n, err := strconv.ParseInt(text, 10, 64); port && err == nil {
		w.Number("port", n)
	}
	w.Shut()
}

func (a *audited) http(w *audit.Writer, x *chain.Exchange, o *observed, resp *chain.Response) {
	c := a.access
	uri := chain.OriginalURI(x)
	w.Open("http")
	w.Open("request")
	if client := chain.Find[*chain.ClientContext](x.Context); client != nil && c.secure {
		w.Bool("secure", client.Secure)
	}
	if c.method {
		w.Text("method", o.method)
	}
	if c.path {
		u := *uri
		u.UserInfo, u.RawQuery, u.HasQuery, u.Fragment = "", "", false, ""
		w.Text("path", u.String())
	}
	if c.query != nil {
		w.Open("queryParameters")
		for name, values := range chain.QueryForm(uri) {
			if c.query.Allows(name) {
				w.List(name, values)
			}
		}
		w.Shut()
	}
	if len(o.rawHeader) > 0 {
		fields(w, o.header, c.request)
	}
	if c.cookies != nil {
		w.Open("cookies")
		for name, list := range chain.Cookies(http.Header{"Cookie": o.cookies}) {
			if cookie, ok := list[0].(chain.Cookie); ok && c.cookies.Allows(name) {
				w.Text(name, cookie.Value)
			}
		}
		w.Shut()
	}
	w.Shut()
	if c.response != nil && resp != nil {
		w.Open("response")
		fields(w, resp.Header, c.response)
		w.Shut()
	}
	w.Shut()
}

// fields writes the header fields that are safelisted, their names in lower case.
func fields(w *audit.Writer, h http.Header, p *audit.Policy) {
	w.Open("headers")
	for name, values := range h {
		if name = strings.ToLower(name); p.Allows(name) {
			w.List(name, values)
		}
	}
	w.Shut()
}

func (a *audited) ig(w *audit.Writer, x *chain.Exchange, e *ExtensionContext) {
	c := a.access
	w.Open("ig")
	if root := chain.Find[*chain.RootContext](x.Context); root != nil && c.exchangeID {
		w.Text("exchangeId", root.ID)
	}
	if c.routeID && a.routeID != "" {
		w.Text("routeId", a.routeID)
	}
	if c.routeName && a.routeID != "" {
		w.Text("routeName", a.routeName)
	}
	if c.ext != nil {
		text, err := audit.Encode(c.ext.Filter(e.extensions))
		if err != nil {
			c.log.ErrorContext(x.Ctx(), "an extension of an access event cannot be written", "route", a.routeID, "error", err)
			text = []byte("{}")
		}
		w.Raw("ext", text)
	}
	w.Shut()
}
