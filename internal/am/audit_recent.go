package am

import (
	"cmp"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/am/rest"
	"gatehouse/internal/audit"
)

const (
	// recentEvents is how many events of each topic are kept in memory, recentBytes how much of them at most.
	recentEvents = 2000
	recentBytes  = 8 << 20
)

// recent keeps the last events of each topic in memory, with the fields that would be in files. It may be used
// concurrently.
type recent struct {
	prefix string
	serial atomic.Uint64
	topics map[string]*recentTopic
}

type recentTopic struct {
	policy *audit.Policy
	mu     sync.Mutex
	ring   [recentEvents]recentEvent
	// first is the place of the oldest of count events, which have that many bytes.
	first, count, bytes int
}

// recentEvent is an event as JSON, or the outcome of a request, which becomes one when somebody looks: most nobody
// ever looks at.
type recentEvent struct {
	serial uint64
	text   []byte
	access *outcome
}

func (e recentEvent) size() int { return len(e.text) }

// newRecent makes the memory. Fields are left out as the files of the service leave them out; it may be nil.
func newRecent(service *audit.Service) *recent {
	r := &recent{prefix: uuid.NewString() + "-", topics: map[string]*recentTopic{}}
	for _, schema := range auditTopics() {
		t := &recentTopic{policy: audit.DefaultPolicy(schema)}
		if service != nil {
			if written := service.Topic(schema.Topic); written != nil {
				t.policy = written.Policy
			}
		}
		r.topics[schema.Topic] = t
	}
	return r
}

// next is the number of a new event, and id its _id.
func (r *recent) next() uint64            { return r.serial.Add(1) }
func (r *recent) id(serial uint64) string { return r.prefix + strconv.FormatUint(serial, 10) }

// add keeps an event, which has all its fields.
func (r *recent) add(topic string, serial uint64, event map[string]any) error {
	t := r.topics[topic]
	text, err := audit.Encode(t.policy.Filter(event))
	if err != nil {
		return err
	}
	t.add(recentEvent{serial: serial, text: text})
	return nil
}

func (t *recentTopic) add(e recentEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.count == recentEvents || t.count > 0 && t.bytes+e.size() > recentBytes {
		old := &t.ring[t.first]
		t.bytes -= old.size()
		*old = recentEvent{}
		t.first = (t.first + 1) % recentEvents
		t.count--
	}
	t.ring[(t.first+t.count)%recentEvents] = e
	t.count++
	t.bytes += e.size()
}

func (t *recentTopic) list() []recentEvent {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]recentEvent, t.count)
	for i := range out {
		out[i] = t.ring[(t.first+i)%recentEvents]
	}
	return out
}

// events are those that are kept, the newest first, each with its topic.
func (r *recent) events() ([]rest.Object, error) {
	type found struct {
		recentEvent
		topic string
	}
	var all []found
	for name, t := range r.topics {
		for _, e := range t.list() {
			all = append(all, found{e, name})
		}
	}
	slices.SortFunc(all, func(a, b found) int { return cmp.Compare(b.serial, a.serial) })
	out := make([]rest.Object, 0, len(all))
	for _, e := range all {
		var o rest.Object
		if e.access != nil {
			event := e.access.event()
			event["_id"] = r.id(e.serial)
			o = r.topics[e.topic].policy.Filter(event)
		} else if err := json.Unmarshal(e.text, &o); err != nil {
			return nil, err
		}
		o["topic"] = e.topic
		o["_id"] = r.id(e.serial)
		out = append(out, o)
	}
	return out, nil
}

// outcome is how a request ended.
type outcome struct {
	at                       time.Time
	elapsed                  time.Duration
	method, host, path       string
	client, server           string
	secure                   bool
	status                   int
	transaction, user, realm string
	session                  string
}

// outcomeOf notes a request of which nothing else is kept. Texts that the client chose are cut, so that what many
// requests leave behind has a bound.
func outcomeOf(r *http.Request, a *audited, at time.Time, elapsed time.Duration, status int) *outcome {
	o := &outcome{
		at: at, elapsed: elapsed, method: short(r.Method, 32), host: short(r.Host, 256), path: short(safePath(r.URL.Path), 512),
		client: r.RemoteAddr, secure: r.TLS != nil, status: status, transaction: a.transaction,
	}
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		o.server = local.String()
	}
	a.mu.Lock()
	o.user, o.realm, o.session = a.user, a.realm, a.session
	a.mu.Unlock()
	return o
}

func short(s string, most int) string { return strings.Clone(s[:min(len(s), most)]) }

// event is the outcome as an event of the topic access, without _id and headers.
func (o *outcome) event() map[string]any {
	status, scheme := "SUCCESSFUL", "http://"
	if o.status >= 400 {
		status = "FAILED"
	}
	if o.secure {
		scheme = "https://"
	}
	e := map[string]any{
		"timestamp": audit.Timestamp(o.at), "eventName": "AM-ACCESS-OUTCOME", "component": component(o.path), "transactionId": o.transaction,
		"http": map[string]any{"request": map[string]any{
			"secure": o.secure, "method": o.method, "path": scheme + o.host + o.path,
		}},
		"response": map[string]any{
			"status": status, "statusCode": strconv.Itoa(o.status), "elapsedTime": o.elapsed.Milliseconds(), "elapsedTimeUnits": "MILLISECONDS",
		},
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
	peer(e, "server", o.server)
	return e
}
