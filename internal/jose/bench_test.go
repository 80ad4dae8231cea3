package jose

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"testing"
)

const benchPayload = `{"sub":"demo","cts":"OAUTH2_STATELESS_GRANT","iss":"http://am.example.com:8088/openam/oauth2","tokenName":"access_token","client_id":"client","aud":"client","scope":["openid","profile"],"exp":4000000000,"iat":1700000000,"jti":"abcdefghijklmnopqrstuvwxyz"}`

// The bare benchmarks are what the signature alone costs; the distance to them is what this package adds.

func BenchmarkBareSignES256(b *testing.B) {
	priv := key(b, KindP256).private.(*ecdsa.PrivateKey)
	for b.Loop() {
		sum := sha256.Sum256([]byte(benchPayload))
		if _, err := ecdsa.SignASN1(rand.Reader, priv, sum[:]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBareVerifyES256(b *testing.B) {
	priv := key(b, KindP256).private.(*ecdsa.PrivateKey)
	sum := sha256.Sum256([]byte(benchPayload))
	sig, err := ecdsa.SignASN1(rand.Reader, priv, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if !ecdsa.VerifyASN1(&priv.PublicKey, sum[:], sig) {
			b.Fatal("not valid")
		}
	}
}

func BenchmarkBareSignRS256(b *testing.B) {
	priv := key(b, KindRSA2048).private.(*rsa.PrivateKey)
	for b.Loop() {
		sum := sha256.Sum256([]byte(benchPayload))
		if _, err := rsa.SignPKCS1v15(nil, priv, crypto.SHA256, sum[:]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBareVerifyRS256(b *testing.B) {
	priv := key(b, KindRSA2048).private.(*rsa.PrivateKey)
	sum := sha256.Sum256([]byte(benchPayload))
	sig, err := rsa.SignPKCS1v15(nil, priv, crypto.SHA256, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := rsa.VerifyPKCS1v15(&priv.PublicKey, crypto.SHA256, sum[:], sig); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	for _, a := range []Algorithm{ES256, RS256, HS256, EdDSA} {
		b.Run(string(a), func(b *testing.B) {
			s, err := NewSigner(key(b, kindFor(a)), a, SignerOptions{})
			if err != nil {
				b.Fatal(err)
			}
			payload := []byte(benchPayload)
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				if buf, err = s.AppendSign(buf[:0], payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, a := range []Algorithm{ES256, RS256, HS256, EdDSA} {
		b.Run(string(a), func(b *testing.B) {
			k := key(b, kindFor(a))
			token := sign(b, k, a, benchPayload)
			o := VerifyOptions{Keys: NewKeySet(k), Algorithms: []Algorithm{a}}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Verify(context.Background(), token, o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseClaims(b *testing.B) {
	payload := []byte(benchPayload)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseClaims(payload); err != nil {
			b.Fatal(err)
		}
	}
}
