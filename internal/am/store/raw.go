package store

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"
	"unsafe"
)

// NewRaw returns what a bearer shows: a stamp and 224 random bits, 44 characters of base64url (RFC 4648 §5). Deviation:
// PingAM's tokens have 160 bits and 27 characters; nothing reads their length.
func NewRaw() string {
	var random [28]byte
	rand.Read(random[:]) // never fails
	return string(appendStamped(make([]byte, 0, 44), random[:]))
}

// NewID returns a name for what belongs together, such as a grant: a stamp and 120 random bits, 26 characters.
func NewID() string {
	var random [15]byte
	rand.Read(random[:])
	return string(appendStamped(make([]byte, 0, 26), random[:]))
}

func appendStamped(b, random []byte) []byte {
	return base64.RawURLEncoding.AppendEncode(appendStamp(b, time.Now()), random)
}

// A stamp is the second in which something was made, as text that sorts by time. It begins raw forms and so IDs,
// because an engine that keeps records in order then writes the new ones side by side, instead of one into each
// of thousands of files, and finds what is used most in a few of them. It starts again every 34 years, which only
// costs speed, and gives nothing away that a token's lifetime does not.
const (
	stampLen    = 6
	stampDigits = "0123456789abcdefghijklmnopqrstuv"
)

func appendStamp(b []byte, t time.Time) []byte {
	s := uint32(t.Unix())
	for shift := 5 * (stampLen - 1); shift >= 0; shift -= 5 {
		b = append(b, stampDigits[s>>shift&31])
	}
	return b
}

// hasStamp tells whether raw may be stamped. Text that is not, and looks so, costs nothing.
func hasStamp(raw string) bool {
	if len(raw) < stampLen+20 {
		return false
	}
	for i := range stampLen {
		if c := raw[i]; (c < '0' || c > '9') && (c < 'a' || c > 'v') {
			return false
		}
	}
	return true
}

// IDOf returns the ID under which the bearer of raw is stored: its stamp, if there is one, and the digest of raw. So
// that a copy of the store lets nobody in, raw itself is stored nowhere. A plain hash is enough, since raw has 224
// random bits.
func IDOf(raw string) string {
	var b [stampLen + digestLen]byte
	id := b[:0]
	if hasStamp(raw) {
		id = append(id, raw[:stampLen]...)
	}
	return string(appendDigest(id, raw))
}

// DigestOf returns the SHA-256 of text in base64url without padding: an ID for what others chose.
func DigestOf(text string) string {
	var b [digestLen]byte
	return string(appendDigest(b[:0], text))
}

const digestLen = (sha256.Size*8 + 5) / 6

func appendDigest(b []byte, text string) []byte {
	sum := sha256.Sum256(unsafe.Slice(unsafe.StringData(text), len(text))) // a copy would be on the heap
	return base64.RawURLEncoding.AppendEncode(b, sum[:])
}

// digestIn is the DigestOf raw in IDOf(raw).
func digestIn(id string) string { return id[max(0, len(id)-digestLen):] }
