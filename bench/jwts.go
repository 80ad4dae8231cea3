package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const jwtIssuer = "https://issuer.example.com"

// manyJWTs is how many different ones there are. The route that gets them has no cache, so each is new to it.
const manyJWTs = 500

// jwts are tokens of an issuer whose keys the gateway reads from a file.
type jwts struct {
	rsaKey *rsa.PrivateKey
	ecKey  *ecdsa.PrivateKey
	rs, es []string
}

func (b *bench) keySet() string { return filepath.Join(b.dir, "keys.json") }

func (b *bench) jwts() (*jwts, error) {
	var j jwts
	var err error
	if j.rsaKey, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, err
	}
	if j.ecKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: j.rsaKey.Public(), KeyID: "rsa", Algorithm: "RS256", Use: "sig"},
		{Key: j.ecKey.Public(), KeyID: "ec", Algorithm: "ES256", Use: "sig"},
	}})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(b.keySet(), set, 0o600); err != nil {
		return nil, err
	}
	if j.rs, err = signMany(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: j.rsaKey, KeyID: "rsa"}}); err != nil {
		return nil, err
	}
	j.es, err = signMany(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: j.ecKey, KeyID: "ec"}})
	return &j, err
}

func signMany(key jose.SigningKey) ([]string, error) {
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("at+jwt"))
	if err != nil {
		return nil, err
	}
	now := time.Now().Unix()
	list := make([]string, manyJWTs)
	for i := range list {
		payload, err := json.Marshal(map[string]any{
			"iss": jwtIssuer, "sub": fmt.Sprint("user-", i), "aud": "https://app.example.com", "client_id": "client-service",
			"scope": "client-scope profile", "iat": now, "exp": now + 86400, "jti": rand.Text(), "tokenName": "access_token", "realm": "/",
		})
		if err != nil {
			return nil, err
		}
		signed, err := signer.Sign(payload)
		if err != nil {
			return nil, err
		}
		if list[i], err = signed.CompactSerialize(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// cases are the routes that check signatures, and the checks alone, by this process.
func (j *jwts) cases(pid int, addr string) []testCase {
	in := func(list []string) func(int64) string {
		return func(n int64) string { return list[n%int64(len(list))] }
	}
	return []testCase{
		{name: "bare RS256 verification", pid: os.Getpid(), work: verifying(j.rs, func(sum, signature []byte) bool {
			return rsa.VerifyPKCS1v15(&j.rsaKey.PublicKey, crypto.SHA256, sum, signature) == nil
		})},
		{name: "resource server, new RS256 JWT", pid: pid, addr: addr, request: get("/jwt", "VARY"), vary: in(j.rs), want: "from the app"},
		{name: "bare ES256 verification", pid: os.Getpid(), work: verifying(j.es, func(sum, signature []byte) bool {
			r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
			return ecdsa.Verify(&j.ecKey.PublicKey, sum, r, s)
		})},
		{name: "resource server, new ES256 JWT", pid: pid, addr: addr, request: get("/jwt", "VARY"), vary: in(j.es), want: "from the app"},
	}
}

// verifying checks the signatures of a list again and again.
func verifying(list []string, verify func(sum, signature []byte) bool) func(*atomic.Bool) int64 {
	type part struct{ signed, signature []byte }
	parts := make([]part, len(list))
	for i, raw := range list {
		dot := strings.LastIndexByte(raw, '.')
		signature, err := base64.RawURLEncoding.DecodeString(raw[dot+1:])
		if err != nil {
			panic(err)
		}
		parts[i] = part{[]byte(raw[:dot]), signature}
	}
	return func(stop *atomic.Bool) (n int64) {
		for ; !stop.Load(); n++ {
			p := parts[n%int64(len(parts))]
			sum := sha256.Sum256(p.signed)
			if !verify(sum[:], p.signature) {
				panic("a signature is not valid")
			}
		}
		return n
	}
}
