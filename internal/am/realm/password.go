package realm

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// Parameters of new password hashes: what OWASP's password storage cheat sheet names
// first for argon2id.
const (
	argonKiB   = 19 * 1024
	argonTime  = 2
	argonLanes = 1
	argonSalt  = 16
	argonSum   = 32
)

// HashPassword returns the argon2id hash of a user's password in the PHC format, for
// the member "userpassword" of the user's document.
func HashPassword(password string) string {
	var salt [argonSalt]byte
	rand.Read(salt[:]) // never fails
	sum := argon2.IDKey([]byte(password), salt[:], argonTime, argonKiB, argonLanes, argonSum)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonKiB, argonTime, argonLanes,
		b64.EncodeToString(salt[:]), b64.EncodeToString(sum))
}

// HashPassword is the function HashPassword within the bound on concurrent work; it
// fails with ErrBusy, or when ctx ends first.
func (m *Manager) HashPassword(ctx context.Context, password string) (string, error) {
	var hash string
	err := m.gate.pass(ctx, func() { hash = HashPassword(password) })
	return hash, err
}

// MatchesHash tells whether a text has a hash of HashPassword, within the same bound.
func (m *Manager) MatchesHash(ctx context.Context, hash, text string) (ok bool, err error) {
	err = m.gate.pass(ctx, func() { ok, _ = verifyPassword(hash, text) })
	return ok, err
}

// verifyPassword tells whether password has the hash, and whether the hash should be
// replaced by one of HashPassword. A hash of no known form matches nothing.
func verifyPassword(hash, password string) (ok, outdated bool) {
	scheme, err := parseHash(hash)
	if err != nil {
		return false, false
	}
	ok = scheme.matches([]byte(password))
	a, isArgon := scheme.(argonHash)
	return ok, !isArgon || a.kib < argonKiB || a.time < argonTime
}

// argonHash is a parsed argon2id hash.
type argonHash struct {
	kib, time uint32
	lanes     uint8
	salt, sum []byte
}

func (h argonHash) matches(password []byte) bool {
	sum := argon2.IDKey(password, h.salt, h.time, h.kib, h.lanes, uint32(len(h.sum)))
	return subtle.ConstantTimeCompare(sum, h.sum) == 1
}
