package embedded_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/embedded"
)

func token() store.NewToken {
	now := time.Now()
	return store.NewToken{Raw: store.NewRaw(), Token: store.Token{
		Kind: "access", Realm: "/alpha", Issuer: "http://am.example.com:8088/openam/oauth2/realms/root/realms/alpha",
		ClientID: "client-service", Subject: store.Subject{Type: "age", Name: "client-service"}, Scopes: []string{"read", "write"},
		GrantType: "client_credentials", GrantID: store.NewRaw()[:27], AuditID: "1d7a3317-03a9-4461-9d12-745f886019c2-5860187",
		IssuedAt: now, Expires: now.Add(time.Hour), Audience: []string{"client-service"},
	}}
}

func benchTokens(b *testing.B) store.Tokens {
	e, err := embedded.Open(b.TempDir(), embedded.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	return store.Tokens{Engine: e}
}

// BenchmarkIssue is one client_credentials token by each of many clients at once.
func BenchmarkIssue(b *testing.B) {
	toks := benchTokens(b)
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := toks.Issue(b.Context(), token()); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkFind(b *testing.B) {
	toks := benchTokens(b)
	var raws []string
	for range 1000 {
		tok := token()
		raws = append(raws, tok.Raw)
		if err := toks.Issue(b.Context(), tok); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	var n atomic.Uint32
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := toks.Find(b.Context(), "/alpha", raws[n.Add(1)%1000]); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	for _, records := range []int{0, 20_000} {
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			dir := b.TempDir()
			fill(b, dir, records)
			for b.Loop() {
				e, err := embedded.Open(dir, embedded.Options{})
				if err != nil {
					b.Fatal(err)
				}
				e.Close()
			}
		})
	}
}

func fill(b *testing.B, dir string, records int) {
	e, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	toks := store.Tokens{Engine: e}
	for range records / 100 {
		var batch []store.NewToken
		for range 100 {
			batch = append(batch, token())
		}
		if err := toks.Issue(b.Context(), batch...); err != nil {
			b.Fatal(err)
		}
	}
}
