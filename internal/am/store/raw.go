package store

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// NewRaw returns what a bearer shows: 256 random bits as 43 characters of base64url
// (RFC 4648 §5) without padding. Deviation: PingAM's tokens have 160 bits and 27
// characters; nothing reads their length.
func NewRaw() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// IDOf returns the ID under which the bearer of raw is stored: the digest of raw. So
// that a copy of the store lets nobody in, raw itself is stored nowhere. A plain hash
// is enough, since raw has 256 random bits.
func IDOf(raw string) string {
	sum := sha256.Sum256([]byte(raw))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
