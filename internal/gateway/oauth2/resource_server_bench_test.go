package oauth2

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
	"gatehouse/internal/jose"
)

// BenchmarkResourceServer measures what the filter adds to a request: with tokens that are
// kept, and with JWTs that it never saw. "bare" is the signature alone, by the standard
// library: a new JWT should cost little more.
func BenchmarkResourceServer(b *testing.B) {
	next := chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) { return nil, nil })
	filter := func(r AccessTokenResolver) *resourceServer {
		f := &resourceServer{resolver: r, now: time.Now}
		f.Scopes.list = []string{"mail"}
		return f
	}
	run := func(name string, f *resourceServer, token string) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			defer perCPU(b)()
			root := &chain.RootContext{}
			req := chain.NewRequest()
			req.Header["Authorization"] = []string{"Bearer " + token}
			for b.Loop() {
				x := chain.New(context.Background(), req, root)
				if resp, err := f.Filter(x, next); err != nil || resp != nil {
					b.Fatalf("%v %v", resp, err)
				}
			}
		})
	}
	run("cached opaque token", filter(bigCache(1000)), opaque())
	for _, alg := range []struct {
		name jose.Algorithm
		kind jose.Kind
	}{{jose.ES256, jose.KindP256}, {jose.RS256, jose.KindRSA2048}} {
		key, err := jose.Generate(alg.kind)
		if err != nil {
			b.Fatal(err)
		}
		token := amToken(b, key, alg.name)
		r := &stateless{issuers: []string{"http://am.example.com:8088/openam/oauth2"}, now: time.Now}
		r.open.Verify = &jose.VerifyOptions{
			Keys: jose.NewKeySet(key.Public()), Algorithms: append(jose.SignatureAlgorithms(), jose.MACAlgorithms()...), Inflate: true, Headers: &jose.Headers{},
		}
		env := &heap.Env{Services: &heap.Services{Now: time.Now}, Heap: &heap.Heap{}}
		run(fmt.Sprintf("cached %s", alg.name), filter(newCached(env, "", r, cacheSettings{size: 1000})), token)
		run(fmt.Sprintf("new %s", alg.name), filter(r), token)
		b.Run(fmt.Sprintf("bare %s", alg.name), func(b *testing.B) {
			defer perCPU(b)()
			last := strings.LastIndexByte(token, '.')
			sig, err := base64.RawURLEncoding.DecodeString(token[last+1:])
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				sum := sha256.Sum256([]byte(token[:last]))
				ok := false
				switch k := key.PublicKey().(type) {
				case *ecdsa.PublicKey:
					ok = ecdsa.Verify(k, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]))
				case *rsa.PublicKey:
					ok = rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], sig) == nil
				}
				if !ok {
					b.Fatal("the signature is wrong")
				}
			}
		})
	}
}

// perCPU reports the CPU time of an operation, which other processes do not change much.
func perCPU(b *testing.B) func() {
	used := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

// amToken is a client-side access token as AM makes them.
func amToken(b *testing.B, key *jose.Key, alg jose.Algorithm) string {
	b.Helper()
	s, err := jose.NewSigner(key, alg, jose.SignerOptions{Type: "JWT"})
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now().Unix()
	text, err := s.Sign(fmt.Appendf(nil, `{"sub":"(usr!demo)","cts":"OAUTH2_STATELESS_GRANT","auth_level":0,"auditTrackingId":"7d3a7e34-9f3f-4a0e-8e0f-1c3f6ad0c0f0-1234",`+
		`"subname":"demo","iss":"http://am.example.com:8088/openam/oauth2","tokenName":"access_token","token_type":"Bearer","authGrantId":"u1x0GkKwV9yQyJ0fXw0wq6s2bXs",`+
		`"client_id":"client-application","aud":"client-application","nbf":%[1]d,"grant_type":"password","scope":["employeenumber","mail"],"auth_time":%[1]d,`+
		`"realm":"/","exp":%[2]d,"iat":%[1]d,"expires_in":3600,"jti":"bQk0pGxYh7kQ2oR9sUuVwXyZ0aB"}`, now, now+3600))
	if err != nil {
		b.Fatal(err)
	}
	return text
}
