package am

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"gatehouse/internal/am/rest"
	"gatehouse/internal/audit"
	"gatehouse/internal/observe"
)

const (
	// recentEvents is how many events of each topic are kept in memory, recentBytes how much of them at most.
	recentEvents = 2000
	recentBytes  = 8 << 20
)

// recent keeps the last events of each topic in memory, with the fields that would be in files. It may be used
// concurrently.
type recent struct {
	// prefix begins the IDs of events, and requests those of requests that bring none.
	prefix, requests string
	serial, request  atomic.Uint64
	topics           map[string]*recentTopic
	limits           *observe.Limits
	outcomes         outcomes
}

// recentTopic keeps the last events of a topic as JSON.
type recentTopic struct {
	policy *audit.Policy
	mu     sync.Mutex
	ring   [recentEvents]recentEvent
	// first is the place of the oldest of count events, which have that many bytes.
	first, count, bytes int
	most                int // bytes
}

type recentEvent struct {
	serial uint64
	text   []byte
}

// newRecent makes the memory. Fields are left out as the files of the service leave them out; it may be nil.
func newRecent(service *audit.Service, limits *observe.Limits) *recent {
	r := &recent{prefix: uuid.NewString() + "-", requests: uuid.NewString() + "-", topics: map[string]*recentTopic{}, limits: limits}
	for _, schema := range auditTopics() {
		t := &recentTopic{policy: audit.DefaultPolicy(schema), most: limits.Number("recent_events", recentBytes)}
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

// transactionOf is the transaction ID of a request: the one that it brought, or one with its number.
func (r *recent) transactionOf(given string, request uint64) string {
	if given != "" {
		return given
	}
	return r.requests + strconv.FormatUint(request, 10)
}

// add keeps an event, which has all its fields.
func (r *recent) add(topic string, serial uint64, event map[string]any) error {
	t := r.topics[topic]
	text, err := audit.Encode(t.policy.Filter(event))
	if err != nil {
		return err
	}
	if t.add(recentEvent{serial: serial, text: text}) {
		r.limits.Add("recent_events")
	}
	return nil
}

// add keeps an event. It tells whether others had to go for their size.
func (t *recentTopic) add(e recentEvent) (large bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.count == recentEvents || t.count > 0 && t.bytes+len(e.text) > t.most {
		large = large || t.count < recentEvents
		old := &t.ring[t.first]
		t.bytes -= len(old.text)
		*old = recentEvent{}
		t.first = (t.first + 1) % recentEvents
		t.count--
	}
	t.ring[(t.first+t.count)%recentEvents] = e
	t.count++
	t.bytes += len(e.text)
	return large
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
		serial uint64
		topic  string
		event  rest.Object
	}
	var all []found
	for name, t := range r.topics {
		for _, e := range t.list() {
			var o rest.Object
			if err := json.Unmarshal(e.text, &o); err != nil {
				return nil, err
			}
			all = append(all, found{e.serial, name, o})
		}
	}
	for _, o := range r.outcomes.list() {
		event := r.event(&o)
		all = append(all, found{o.serial, topicAccess, r.topics[topicAccess].policy.Filter(event)})
	}
	slices.SortFunc(all, func(a, b found) int { return cmp.Compare(b.serial, a.serial) })
	out := make([]rest.Object, len(all))
	for i, e := range all {
		e.event["topic"], e.event["_id"] = e.topic, r.id(e.serial)
		out[i] = e.event
	}
	return out, nil
}
