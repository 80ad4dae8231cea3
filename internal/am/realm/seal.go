package realm

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

// sealedPrefix begins sealed values, so that a secret which came in plain, from an
// import for instance, is told from one.
const sealedPrefix = "{sealed}"

// IsSealed tells whether a text of a document is a secret that SealSecret encrypted.
func IsSealed(s string) bool { return strings.HasPrefix(s, sealedPrefix) }

var errSealed = errors.New("the value was not sealed under this instance's key")

// sealer encrypts what must be read back, with AES-256-GCM under a key of its own for
// each purpose, derived from the instance key (RFC 5869).
type sealer struct {
	aead    cipher.AEAD
	purpose string
}

func newSealer(master [32]byte, purpose string) sealer {
	key, err := hkdf.Key(sha256.New, master[:], nil, "gatehouse "+purpose, 32)
	if err != nil {
		panic(err) // only for lengths that are not asked for here
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return sealer{aead, purpose}
}

// seal encrypts plain, which is bound to what: it opens under the same words only.
func (s sealer) seal(plain []byte, what string) []byte {
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(plain)+s.aead.Overhead())
	rand.Read(nonce) // never fails
	return s.aead.Seal(nonce, nonce, plain, []byte(what))
}

func (s sealer) open(sealed []byte, what string) ([]byte, error) {
	if len(sealed) < s.aead.NonceSize() {
		return nil, errSealed
	}
	n := s.aead.NonceSize()
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], []byte(what))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

// SealSecret encrypts the secret of a client or agent, for the member "userpassword"
// of its document. Clients' secrets are needed in plain: they key MACs.
func (m *Manager) SealSecret(plain string) string {
	return sealedPrefix + base64.RawStdEncoding.EncodeToString(m.secrets.seal([]byte(plain), ""))
}

// OpenSecret is the inverse of SealSecret. A value that was never sealed is returned
// as it is.
func (m *Manager) OpenSecret(stored string) (string, error) {
	coded, ok := strings.CutPrefix(stored, sealedPrefix)
	if !ok {
		return stored, nil
	}
	sealed, err := base64.RawStdEncoding.DecodeString(coded)
	if err != nil {
		return "", errSealed
	}
	plain, err := m.secrets.open(sealed, "")
	return string(plain), err
}

func (m *Manager) openSecret(stored string) (secret, error) {
	if stored == "" {
		return secret{}, nil
	}
	plain, err := m.OpenSecret(stored)
	if err != nil {
		return secret{}, err
	}
	return secret{values: [][]byte{[]byte(plain)}}, nil
}
