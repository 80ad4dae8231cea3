package am

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/audit"
)

// outcome is how a request ended. It becomes an event of the topic access when somebody looks: most nobody ever looks
// at, and every request leaves one.
type outcome struct {
	serial             uint64
	at                 time.Time
	elapsed            time.Duration
	method, host, path string
	client             string
	server             net.Addr // nil: unknown
	secure             bool
	status             int
	// given is the transaction ID that the request brought; "": it has the one of its number.
	given                string
	request              uint64
	user, realm, session string
	refused              *refused // nil: it was not
}

// refused is why an endpoint of OAuth 2.0 refused a request: what the client was told, and what it was not.
type refused struct{ client, reason string }

// outcomes keeps the last ones. It may be used concurrently.
type outcomes struct {
	mu   sync.Mutex
	ring []outcome // grows to recentEvents
	next int       // the place of the next, once it has
	host string    // of the last request: most are for the same one
}

func (l *outcomes) add(o *outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if o.host != l.host {
		l.host = short(o.host, 256)
	}
	o.host = l.host
	if len(l.ring) < recentEvents {
		l.ring = append(l.ring, *o)
		return
	}
	l.ring[l.next] = *o
	l.next = (l.next + 1) % recentEvents
}

func (l *outcomes) list() []outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]outcome(nil), l.ring...)
}

// outcomeOf notes a request of which nothing else is kept. Texts that the client chose are parts of a request line of
// moderate length, or cut copies: what many requests leave behind has a bound.
func outcomeOf(r *http.Request, a *audited, at time.Time, status int) outcome {
	o := outcome{
		at: at, elapsed: at.Sub(a.began), method: r.Method, host: r.Host, path: safePath(r.URL.Path),
		client: r.RemoteAddr, secure: r.TLS != nil, status: status, given: a.given, request: a.number,
	}
	if r.ProtoMajor != 1 || len(r.RequestURI) > 512 || len(r.Method) > 32 {
		o.method, o.path = short(o.method, 32), short(o.path, 512)
	}
	o.server, _ = r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	a.mu.Lock()
	o.user, o.realm, o.session = a.user, a.realm, a.session
	if a.refusal != nil {
		o.refused = &refused{short(a.client, 128), short(a.refusal.Error(), 512)}
	}
	a.mu.Unlock()
	return o
}

func short(s string, most int) string { return strings.Clone(s[:min(len(s), most)]) }

// event is the outcome as an event of the topic access, without _id and headers.
func (r *recent) event(o *outcome) map[string]any {
	status, scheme := "SUCCESSFUL", "http://"
	if o.status >= 400 {
		status = "FAILED"
	}
	if o.secure {
		scheme = "https://"
	}
	e := map[string]any{
		"timestamp": audit.Timestamp(o.at), "eventName": "AM-ACCESS-OUTCOME", "component": component(o.path), "transactionId": r.transactionOf(o.given, o.request),
		"http": map[string]any{"request": map[string]any{
			"secure": o.secure, "method": o.method, "path": scheme + o.host + o.path,
		}},
		"response": map[string]any{
			"status": status, "statusCode": strconv.Itoa(o.status), "elapsedTime": o.elapsed.Milliseconds(), "elapsedTimeUnits": "MILLISECONDS",
		},
	}
	if o.refused != nil {
		detail := map[string]any{"reason": strings.ToValidUTF8(o.refused.reason, "")}
		if o.refused.client != "" {
			detail["client_id"] = strings.ToValidUTF8(o.refused.client, "")
		}
		e["response"].(map[string]any)["detail"] = detail
	}
	if o.user != "" {
		e["userId"] = o.user
	}
	if o.realm != "" {
		e["realm"] = o.realm
	}
	if o.session != "" {
		e["trackingIds"] = []string{o.session}
	}
	peer(e, "client", o.client)
	if o.server != nil {
		peer(e, "server", o.server.String())
	}
	return e
}
