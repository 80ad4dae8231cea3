// Package devices holds what users sign in with beside or instead of a password: applications and tokens that make
// one-time passwords, security keys and passkeys, and browsers and phones that are known again. Each kind is an attribute of the user's profile, whose values
// are devices, sealed.
package devices

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"gatehouse/internal/am/realm"
)

// Kind is the attribute that holds the devices.
type Kind string

// The kinds, with the names that PingAM has for the attributes.
const (
	OATH     Kind = "oathDeviceProfiles"
	WebAuthn Kind = "webauthnDeviceProfiles"
	Profile  Kind = "deviceProfiles"
)

var kinds = []Kind{OATH, WebAuthn, Profile}

// IsAttribute tells whether the attribute of a profile holds devices.
func IsAttribute(name string) bool {
	return slices.ContainsFunc(kinds, func(k Kind) bool { return strings.EqualFold(name, string(k)) })
}

// Device is something that a user has.
type Device struct {
	UUID string `json:"uuid"`
	Name string `json:"deviceName"`
	// Created and Used are Unix times in milliseconds; 0: not known.
	Created int64 `json:"createdDate,omitempty"`
	Used    int64 `json:"lastAccessDate,omitempty"`
	// Recovery are the hashes of the recovery codes that are left.
	Recovery []string `json:"recoveryCodes,omitempty"`

	// Of OATH devices: the secret in base32, the length of passwords (0: not known), the next counter, and the time step of
	// the last password: none is good twice (RFC 6238 §5.2).
	Secret   string `json:"sharedSecret,omitempty"`
	Digits   int    `json:"digits,omitempty"`
	Counter  uint64 `json:"counter,omitempty"`
	LastStep uint64 `json:"lastLogin,omitempty"`

	// Of WebAuthn devices: the credential's ID and its public key (COSE), in base64url, and how many signatures it
	// made when it was last seen; 0: it does not count.
	CredentialID string `json:"credentialId,omitempty"`
	PublicKey    string `json:"publicKey,omitempty"`
	SignCount    uint32 `json:"signCount,omitempty"`

	// Of devices that are known again, whose UUID is how they call themselves: what they run on, and where they were when
	// they were saved, in degrees; not Located: nobody knows.
	Metadata  map[string]any `json:"metadata,omitempty"`
	Located   bool           `json:"located,omitempty"`
	Latitude  float64        `json:"latitude,omitempty"`
	Longitude float64        `json:"longitude,omitempty"`
}

// Secrets seal and open what is stored.
type Secrets interface {
	OpenSecret(sealed string) (string, error)
	SealSecret(plain string) string
}

// Of reads the user's devices of a kind, the oldest first.
func (k Kind) Of(u *realm.User, s Secrets) ([]Device, error) {
	var list []Device
	for _, v := range u.Attribute(string(k)) {
		plain, err := s.OpenSecret(v)
		if err != nil {
			return nil, fmt.Errorf("device of %s: %w", u.Name, err)
		}
		var d Device
		if err := json.Unmarshal([]byte(plain), &d); err != nil {
			return nil, fmt.Errorf("device of %s: %w", u.Name, err)
		}
		list = append(list, d)
	}
	return list, nil
}

// Put replaces the user's devices of a kind. The user has to be saved afterwards.
func (k Kind) Put(u *realm.User, s Secrets, list []Device) error {
	var values []string
	for _, d := range list {
		raw, err := json.Marshal(d)
		if err != nil {
			return err
		}
		values = append(values, s.SealSecret(string(raw)))
	}
	u.SetAttribute(string(k), values...)
	return nil
}

// maxName bounds what people call a device.
const maxName = 64

// CleanName is a name as it can be shown: without control characters, and not too long; "" for none.
func CleanName(name string) string {
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, name))
	if runes := []rune(name); len(runes) > maxName {
		name = strings.TrimSpace(string(runes[:maxName]))
	}
	return name
}

// recoveryCodes is how many there are, recoveryLength how long they are: 50 bits.
const (
	recoveryCodes  = 10
	recoveryLength = 10
)

// MakeRecovery gives the device new recovery codes, which nobody sees again.
func (d *Device) MakeRecovery() []string {
	d.Recovery = nil
	codes := make([]string, recoveryCodes)
	for i := range codes {
		codes[i] = rand.Text()[:recoveryLength]
		d.Recovery = append(d.Recovery, hashCode(codes[i]))
	}
	return codes
}

// Recover tells whether the code is a recovery code of one of the devices, and uses it up.
func Recover(list []Device, code string) bool {
	want := []byte(hashCode(strings.ToUpper(strings.TrimSpace(code))))
	for i := range list {
		for k, have := range list[i].Recovery {
			if subtle.ConstantTimeCompare([]byte(have), want) == 1 {
				list[i].Recovery = slices.Delete(list[i].Recovery, k, k+1)
				return true
			}
		}
	}
	return false
}

func hashCode(code string) string {
	sum := sha256.Sum256([]byte("recovery code:" + code))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
