package filters

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

func TestThrottling(t *testing.T) {
	fx := newFixture()
	f := fx.filter(t, `{"type":"ThrottlingFilter","config":{"requestGroupingPolicy":"${request.headers['User'][0]}","rate":{"numberOfRequests":3,"duration":"6 seconds"}}}`)
	send := func(user string) int {
		return pass(t, f, get(t, "http://a/", "User", user), answer(200)).Status.Code
	}
	burst := func(user string, n int) string {
		var out []string
		for range n {
			out = append(out, fmt.Sprint(send(user)))
		}
		return strings.Join(out, " ")
	}
	want(t, "burst", burst("a", 4), "200 200 200 429")
	want(t, "other group", send("b"), 200)
	resp := pass(t, f, get(t, "http://a/", "User", "a"), answer(200))
	want(t, "Retry-After", resp.Header.Get("Retry-After"), "2")
	fx.wait(1500 * time.Millisecond)
	resp = pass(t, f, get(t, "http://a/", "User", "a"), answer(200))
	want(t, "Retry-After, rounded up", resp.Header.Get("Retry-After"), "1")
	fx.wait(500 * time.Millisecond)
	want(t, "one token came", burst("a", 2), "200 429")
	fx.wait(time.Hour)
	want(t, "no more than full", burst("a", 4), "200 200 200 429")
	throttle := f.(*throttle)
	want(t, "groups", throttle.buckets.size(), 2)
	throttle.buckets.sweep(fx.now())
	want(t, "groups that are in use", throttle.buckets.size(), 1)
	if _, err := f.Filter(get(t, "http://a/"), answer(200)); !errors.Is(err, errNoGroup) {
		t.Errorf("without group: %v", err)
	}
	if !strings.Contains(fx.log.String(), "level=ERROR") {
		t.Error("a missing group is not logged")
	}
	if err := throttle.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	throttle.Stop()

	shared := build(t, `{"type":"ThrottlingFilter","config":{"rate":{"numberOfRequests":"1","duration":"1 minute"}}}`)
	pass(t, shared, get(t, "http://a/", "User", "a"), answer(200))
	want(t, "one group for all", pass(t, shared, get(t, "http://a/", "User", "b"), answer(200)).Status.Code, 429)
}

// However many ask at once, no more than the rate allows pass.
func TestThrottlingTogether(t *testing.T) {
	b := newBuckets(nil)
	now := time.Unix(1_800_000_000, 0)
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if b.take("g", ThrottlingRate{50, time.Hour}, now) == 0 {
					passed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	want(t, "passed", passed.Load(), 50)
}

func TestThrottlingIsBounded(t *testing.T) {
	b := newBuckets(nil)
	now := time.Unix(1_800_000_000, 0)
	s := &b.shards[0]
	for i := range maxShardGroups {
		s.groups[fmt.Sprint(i)] = bucket{ThrottlingRate{1, time.Hour}, now.Add(time.Hour).UnixNano()}
	}
	s.makeRoom(now.UnixNano(), maxShardGroups)
	want(t, "groups", len(s.groups), maxShardGroups-1)
}

// A clock that is set back leaves nobody waiting until it is where it was.
func TestThrottlingClockSetBack(t *testing.T) {
	b, rate := newBuckets(nil), ThrottlingRate{2, time.Minute}
	now := time.Date(2031, 5, 17, 9, 0, 0, 0, time.UTC)
	for range 2 {
		want(t, "wait", b.take("g", rate, now), time.Duration(0))
	}
	want(t, "wait of the third", b.take("g", rate, now), 30*time.Second)
	now = now.Add(-time.Hour)
	for range 2 {
		want(t, "wait after the clock was set back", b.take("g", rate, now), time.Duration(0))
	}
	want(t, "wait of the next", b.take("g", rate, now), 30*time.Second)
}

func TestThrottlingPolicies(t *testing.T) {
	mapped := `{"type":"MappedThrottlingPolicy","config":{"throttlingRateMapper":"${request.headers['Kind'][0]}",
		"throttlingRatesMapping":{"gold":{"numberOfRequests":2,"duration":"1 minute"}}%s}}`
	plain := fmt.Sprintf(mapped, "")
	tests := map[string]struct{ policy, kind, want string }{
		"mapped":               {plain, "gold", "200 200 429"},
		"not mapped":           {plain, "tin", "200 200 200"},
		"no key":               {plain, "", "200 200 200"},
		"default of the map":   {fmt.Sprintf(mapped, `,"defaultRate":{"numberOfRequests":1,"duration":"1 minute"}`), "tin", "200 429 429"},
		"default policy":       {`{"type":"DefaultRateThrottlingPolicy","config":{"delegateThrottlingRatePolicy":` + plain + `,"defaultRate":{"numberOfRequests":1,"duration":"1 minute"}}}`, "tin", "200 429 429"},
		"before the default":   {`{"type":"DefaultRateThrottlingPolicy","config":{"delegateThrottlingRatePolicy":` + plain + `,"defaultRate":{"numberOfRequests":1,"duration":"1 minute"}}}`, "gold", "200 200 429"},
		"policy of a program":  {`{"type":"FailingPolicy"}`, "ok", "200 429 429"},
		"policy that is empty": {`{"type":"FailingPolicy"}`, "none", "200 200 200"},
	}
	types := []*heap.Type{heap.Define("FailingPolicy", func(*struct{}, *heap.Env) (ThrottlingRatePolicy, error) { return testPolicy{}, nil })}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			fx := newFixture()
			fx.types = types
			f := fx.filter(t, `{"type":"ThrottlingFilter","config":{"throttlingRatePolicy":`+test.policy+`}}`)
			var got []string
			for range 3 {
				x := get(t, "http://a/")
				if test.kind != "" {
					x.Request.Header.Set("Kind", test.kind)
				}
				got = append(got, fmt.Sprint(pass(t, f, x, answer(200)).Status.Code))
			}
			want(t, "statuses", strings.Join(got, " "), test.want)
		})
	}
	fx := newFixture()
	fx.types = types
	f := fx.filter(t, `{"type":"ThrottlingFilter","config":{"throttlingRatePolicy":{"type":"FailingPolicy"}}}`)
	if _, err := f.Filter(get(t, "http://a/"), answer(200)); !errors.Is(err, errTestPolicy) {
		t.Errorf("a policy that fails gives %v", err)
	}
	refused{
		`{"type":"ThrottlingFilter"}`: `: one of the fields "rate" and "throttlingRatePolicy" is required`,
		`{"type":"ThrottlingFilter","config":{"rate":{"numberOfRequests":1,"duration":"1 s"},"throttlingRatePolicy":` + plain + `,"cleaningInterval":"2 days"}}`: `config.rate: expected one of "rate" and "throttlingRatePolicy", found both` + "\n" +
			`config.cleaningInterval: expected a duration above zero and of at most a day, found 48h0m0s`,
		`{"type":"ThrottlingFilter","config":{"rate":{"numberOfRequests":0,"duration":"1 s"}}}`:                    `config.rate: a rate needs at least one request, found 0`,
		`{"type":"ThrottlingFilter","config":{"rate":{"numberOfRequests":1,"duration":"unlimited"}}}`:              `config.rate: a rate needs a duration that is neither zero nor unlimited, found unlimited`,
		`{"type":"ThrottlingFilter","config":{"throttlingRatePolicy":"ClientHandler"}}`:                            `config.throttlingRatePolicy: expected a throttling rate policy, found the handler "ClientHandler" (ClientHandler)`,
		`{"type":"MappedThrottlingPolicy","config":{"throttlingRateMapper":"x","throttlingRatesMapping":{"a":1}}}`: `config.throttlingRatesMapping.a: expected an object, found a number`,
		`{"type":"DefaultRateThrottlingPolicy"}`:                                                                   `: the required field "delegateThrottlingRatePolicy" is missing` + "\n" + `: the required field "defaultRate" is missing`,
	}.test(t)
}

var errTestPolicy = errors.New("no rate")

type testPolicy struct{}

func (testPolicy) Rate(x *chain.Exchange) (*ThrottlingRate, error) {
	switch x.Request.Header.Get("Kind") {
	case "ok":
		return &ThrottlingRate{1, time.Minute}, nil
	case "none":
		return nil, nil
	}
	return nil, errTestPolicy
}

func BenchmarkThrottling(b *testing.B) {
	buckets := newBuckets(nil)
	now := time.Unix(1_800_000_000, 0)
	b.ReportAllocs()
	for b.Loop() {
		buckets.take("192.0.2.1", ThrottlingRate{1 << 30, time.Second}, now)
	}
}
