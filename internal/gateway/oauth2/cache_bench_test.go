package oauth2

import (
	"crypto/rand"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/gateway/oauth2/token"
)

// answers resolves each token to an answer as an introspection endpoint gives it.
type answers struct{}

func (answers) Resolve(_ *chain.Exchange, text string) (*AccessToken, error) {
	id := rand.Text()
	user := "user" + text[:8]
	info, err := token.ParseInfo(fmt.Appendf(nil, `{"active":true,"scope":"employeenumber mail","realm":"/","client_id":"client-application","user_id":%[1]q,`+
		`"username":%[1]q,"token_type":"Bearer","exp":%[2]d,"sub":"(usr!%[1]s)","subname":%[1]q,"iss":"http://am.example.com:8088/openam/oauth2",`+
		`"auth_level":0,"authGrantId":%[3]q,"auditTrackingId":"%[3]s-1","expires_in":3599}`, user, 1_900_000_000+len(id), id))
	if err != nil {
		return nil, err
	}
	return token.New(text, info, 4_000_000_000_000), nil
}

func bigCache(size int) *cached {
	env := &heap.Env{Services: &heap.Services{Now: time.Now}, Heap: &heap.Heap{}}
	return newCached(env, "", answers{}, cacheSettings{"", conf.Duration(time.Hour), nil, size, eventFields{}}).(*cached)
}

// opaque is a token of 43 characters.
func opaque() string { return (rand.Text() + rand.Text())[:43] }

// BenchmarkMillionTokens fills a cache with a million tokens and reports what it holds.
func BenchmarkMillionTokens(b *testing.B) {
	const n = 1_000_000
	x := chain.New(b.Context(), chain.NewRequest(), &chain.RootContext{})
	for b.Loop() {
		before := held()
		c := bigCache(n)
		for range n {
			if _, err := c.Resolve(x, opaque()); err != nil {
				b.Fatal(err)
			}
		}
		bytes := held() - before
		kept := c.cache.Len()
		if kept < n*99/100 {
			b.Fatalf("%d tokens are kept", kept)
		}
		b.ReportMetric(float64(bytes)/(1<<20), "MiB")
		b.ReportMetric(float64(bytes)/float64(kept), "B/token")
		if bytes > 400<<20 {
			b.Errorf("a million tokens hold %d MiB", bytes>>20)
		}
		runtime.KeepAlive(c)
	}
}

// held is what is reachable.
func held() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkHitsDuringEviction measures hits on a full cache, while every other goroutine
// makes it evict. The slowest ones are reported.
func BenchmarkHitsDuringEviction(b *testing.B) {
	const n = 100_000
	c := bigCache(n)
	x := chain.New(b.Context(), chain.NewRequest(), &chain.RootContext{})
	for range n {
		if _, err := c.Resolve(x, opaque()); err != nil {
			b.Fatal(err)
		}
	}
	stop := make(chan struct{})
	done := make(chan int)
	go func() {
		evicted := 0
		for ; ; evicted++ {
			select {
			case <-stop:
				done <- evicted
				return
			default:
				_, _ = c.Resolve(x, opaque())
			}
		}
	}()
	hot := opaque()
	took := make([]time.Duration, 0, 1<<20)
	for b.Loop() {
		start := time.Now()
		_, err := c.Resolve(x, hot)
		if err != nil {
			b.Fatal(err)
		}
		if len(took) < cap(took) {
			took = append(took, time.Since(start))
		}
	}
	close(stop)
	b.ReportMetric(float64(<-done)/b.Elapsed().Seconds(), "evictions/s")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*999/1000].Nanoseconds()), "p99.9-ns")
	b.ReportMetric(float64(took[len(took)-1].Microseconds()), "max-µs")
}
