package realm

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

// Bounds of what an imported hash may ask for: a record must not be able to occupy the
// server.
const (
	maxHashBytes    = 1024
	maxIterations   = 5_000_000
	maxBcryptCost   = 15
	maxArgonKiB     = 256 * 1024
	maxArgonTime    = 16
	maxScryptLogN   = 18
	maxScryptR      = 32
	maxScryptMemory = 256 << 20
)

var errHash = errors.New("the password hash has no known form")

// passwordHash is a parsed password hash.
type passwordHash interface{ matches(password []byte) bool }

// KnownPasswordHash tells whether stored is a password hash of a form that can be
// verified, rather than a password.
func KnownPasswordHash(stored string) bool {
	_, err := parseHash(stored)
	return err == nil
}

// parseHash reads the forms in which directories and other servers export passwords:
// the PHC string format (argon2id, scrypt, pbkdf2-…), crypt(3) for bcrypt, and RFC
// 2307 schemes in braces.
func parseHash(stored string) (passwordHash, error) {
	if len(stored) > maxHashBytes {
		return nil, errHash
	}
	if scheme, value, ok := cutScheme(stored); ok {
		return parseScheme(scheme, value)
	}
	switch {
	case strings.HasPrefix(stored, "$argon2id$"):
		return parseArgon(stored)
	case strings.HasPrefix(stored, "$scrypt$"):
		return parseScrypt(stored)
	case strings.HasPrefix(stored, "$pbkdf2"):
		return parsePBKDF2(stored)
	case strings.HasPrefix(stored, "$2"):
		return parseBcrypt(stored)
	}
	return nil, errHash
}

func cutScheme(stored string) (scheme, value string, ok bool) {
	rest, ok := strings.CutPrefix(stored, "{")
	if !ok {
		return "", "", false
	}
	scheme, value, ok = strings.Cut(rest, "}")
	return strings.ToUpper(scheme), value, ok
}

func parseScheme(scheme, value string) (passwordHash, error) {
	switch scheme {
	case "CRYPT", "BCRYPT", "ARGON2", "ARGON2ID", "SCRYPT":
		if strings.HasPrefix(value, "{") {
			return nil, errHash
		}
		return parseHash(value)
	case "SSHA", "SALTED-SHA1":
		return parseSalted(sha1.New, value)
	case "SSHA256":
		return parseSalted(sha256.New, value)
	case "SSHA384":
		return parseSalted(sha512.New384, value)
	case "SSHA512":
		return parseSalted(sha512.New, value)
	case "PBKDF2", "PBKDF2-HMAC-SHA1", "PBKDF2-SHA1":
		return parseLDAPPBKDF2(sha1.New, value)
	case "PBKDF2-HMAC-SHA256", "PBKDF2-SHA256":
		return parseLDAPPBKDF2(sha256.New, value)
	case "PBKDF2-HMAC-SHA512", "PBKDF2-SHA512":
		return parseLDAPPBKDF2(sha512.New, value)
	}
	return nil, errHash
}

// parseArgon reads $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func parseArgon(stored string) (passwordHash, error) {
	part := strings.Split(stored, "$")
	if len(part) != 6 || part[2] != "v="+strconv.Itoa(argon2.Version) {
		return nil, errHash
	}
	p, err := parameters(part[3], "m", "t", "p")
	if err != nil || p[0] < 8*p[2] || p[0] > maxArgonKiB || p[1] < 1 || p[1] > maxArgonTime || p[2] < 1 || p[2] > 64 {
		return nil, errHash
	}
	salt, sum, err := saltAndSum(part[4], part[5])
	return argonHash{uint32(p[0]), uint32(p[1]), uint8(p[2]), salt, sum}, err
}

// scryptHash is a parsed scrypt hash (RFC 7914).
type scryptHash struct {
	n, r, p   int
	salt, sum []byte
}

// parseScrypt reads $scrypt$ln=…,r=…,p=…$salt$hash.
func parseScrypt(stored string) (passwordHash, error) {
	part := strings.Split(stored, "$")
	if len(part) != 5 {
		return nil, errHash
	}
	p, err := parameters(part[2], "ln", "r", "p")
	if err != nil || p[0] < 1 || p[0] > maxScryptLogN || p[1] < 1 || p[1] > maxScryptR || p[2] < 1 || p[2] > 16 {
		return nil, errHash
	}
	if 128*p[1]<<p[0] > maxScryptMemory {
		return nil, errHash
	}
	salt, sum, err := saltAndSum(part[3], part[4])
	return scryptHash{1 << p[0], p[1], p[2], salt, sum}, err
}

func (h scryptHash) matches(password []byte) bool {
	sum, err := scrypt.Key(password, h.salt, h.n, h.r, h.p, len(h.sum))
	return err == nil && subtle.ConstantTimeCompare(sum, h.sum) == 1
}

// pbkdf2Hash is a parsed PBKDF2 hash (RFC 8018 §5.2).
type pbkdf2Hash struct {
	hash       func() hash.Hash
	iterations int
	salt, sum  []byte
}

// parsePBKDF2 reads $pbkdf2-sha256$iterations$salt$hash, in which "." may stand for "+".
func parsePBKDF2(stored string) (passwordHash, error) {
	part := strings.Split(stored, "$")
	hashes := map[string]func() hash.Hash{
		"pbkdf2": sha1.New, "pbkdf2-sha1": sha1.New, "pbkdf2-sha256": sha256.New, "pbkdf2-sha512": sha512.New,
	}
	if len(part) != 5 || hashes[part[1]] == nil {
		return nil, errHash
	}
	return newPBKDF2(hashes[part[1]], strings.TrimPrefix(part[2], "i="), part[3], part[4])
}

// parseLDAPPBKDF2 reads iterations:base64(hash, salt), as PingDS writes it, and
// iterations$salt$hash, as OpenLDAP does.
func parseLDAPPBKDF2(h func() hash.Hash, value string) (passwordHash, error) {
	if part := strings.Split(value, "$"); len(part) == 3 {
		return newPBKDF2(h, part[0], part[1], part[2])
	}
	iterations, coded, ok := strings.Cut(value, ":")
	both, err := unbase64(coded)
	size := h().Size()
	if !ok || err != nil || len(both) <= size {
		return nil, errHash
	}
	n, err := strconv.Atoi(iterations)
	if err != nil || n < 1 || n > maxIterations {
		return nil, errHash
	}
	return pbkdf2Hash{h, n, both[size:], both[:size]}, nil
}

func newPBKDF2(h func() hash.Hash, iterations, salt, sum string) (passwordHash, error) {
	n, err := strconv.Atoi(iterations)
	if err != nil || n < 1 || n > maxIterations {
		return nil, errHash
	}
	s, d, err := saltAndSum(salt, sum)
	return pbkdf2Hash{h, n, s, d}, err
}

func (h pbkdf2Hash) matches(password []byte) bool {
	sum, err := pbkdf2.Key(h.hash, string(password), h.salt, h.iterations, len(h.sum))
	return err == nil && subtle.ConstantTimeCompare(sum, h.sum) == 1
}

// saltedHash is a parsed salted hash of one round.
type saltedHash struct {
	hash      func() hash.Hash
	salt, sum []byte
}

// parseSalted reads base64(hash, salt).
func parseSalted(h func() hash.Hash, value string) (passwordHash, error) {
	both, err := unbase64(value)
	if size := h().Size(); err == nil && len(both) > size {
		return saltedHash{h, both[size:], both[:size]}, nil
	}
	return nil, errHash
}

func (h saltedHash) matches(password []byte) bool {
	d := h.hash()
	d.Write(password)
	d.Write(h.salt)
	return subtle.ConstantTimeCompare(d.Sum(nil), h.sum) == 1
}

// bcryptHash is a bcrypt hash as crypt(3) writes it.
type bcryptHash string

func parseBcrypt(stored string) (passwordHash, error) {
	cost, err := bcrypt.Cost([]byte(stored))
	if err != nil || cost > maxBcryptCost {
		return nil, errHash
	}
	return bcryptHash(stored), nil
}

func (h bcryptHash) matches(password []byte) bool {
	// What made the hash looked at 72 bytes, so that many count here too.
	return bcrypt.CompareHashAndPassword([]byte(h), password[:min(len(password), 72)]) == nil
}

// parameters reads "a=1,b=2" with the names in that order.
func parameters(s string, names ...string) ([]int, error) {
	part := strings.Split(s, ",")
	if len(part) != len(names) {
		return nil, errHash
	}
	values := make([]int, len(names))
	for i, name := range names {
		value, ok := strings.CutPrefix(part[i], name+"=")
		n, err := strconv.ParseUint(value, 10, 31)
		if !ok || err != nil {
			return nil, errHash
		}
		values[i] = int(n)
	}
	return values, nil
}

func saltAndSum(salt, sum string) ([]byte, []byte, error) {
	s, errSalt := unbase64(salt)
	d, errSum := unbase64(sum)
	if errSalt != nil || errSum != nil || len(d) < 16 || len(d) > 128 {
		return nil, nil, errHash
	}
	return s, d, nil
}

// unbase64 reads base64 with or without padding, and with "." for "+".
func unbase64(s string) ([]byte, error) {
	b, err := base64.RawStdEncoding.DecodeString(strings.ReplaceAll(strings.TrimRight(s, "="), ".", "+"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errHash, err)
	}
	return b, nil
}
