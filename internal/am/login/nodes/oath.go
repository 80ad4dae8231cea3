package nodes

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238 counts on it
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"gatehouse/internal/am/login/devices"
	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// oathHash is the hash of a setting "HMAC_SHA256".
func oathHash(name string) func() hash.Hash {
	switch name {
	case "HMAC_SHA256":
		return sha256.New
	case "HMAC_SHA512":
		return sha512.New
	}
	return sha1.New
}

// hotp is the one-time password of a counter (RFC 4226 §5.3).
func hotp(secret []byte, counter uint64, digits int, h func() hash.Hash) string {
	mac := hmac.New(h, secret)
	_ = binary.Write(mac, binary.BigEndian, counter)
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	n := binary.BigEndian.Uint32(sum[at:at+4]) & 0x7fffffff
	mod := uint32(1)
	for range digits {
		mod *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%mod)
}

// oathRegistration gives the user's application a secret.
type oathRegistration struct {
	Issuer          string            `json:"issuer"`
	AccountName     string            `json:"accountName"` // "USERNAME" or "EMAIL_ADDRESS"
	Algorithm       string            `json:"algorithm"`   // "TOTP" or "HOTP"
	Interval        int               `json:"totpTimeInterval"`
	Hash            string            `json:"totpHashAlgorithm"`
	Length          string            `json:"passwordLength"` // "SIX_DIGITS" or "EIGHT_DIGITS"
	SecretLength    int               `json:"minSharedSecretLength"`
	Recovery        bool              `json:"generateRecoveryCodes"`
	BackgroundColor string            `json:"bgColor"`
	ImageURL        string            `json:"imgUrl,omitempty"`
	ScanMessage     map[string]string `json:"scanQRCodeMessage"`
	Postpone        bool              `json:"postponeDeviceProfileStorage"`
	Checksum        bool              `json:"addChecksum"`
	Truncation      int               `json:"truncationOffset"`
}

func newOathRegistration() *oathRegistration {
	return &oathRegistration{
		Issuer: "ForgeRock", AccountName: "USERNAME", Algorithm: "TOTP", Interval: 30, Hash: "HMAC_SHA1", Length: "SIX_DIGITS",
		SecretLength: 32, Recovery: true, BackgroundColor: "032b75", ScanMessage: map[string]string{}, Truncation: -1,
	}
}

func (*oathRegistration) Outcomes() []string { return []string{"successOutcome"} }

const oathPending = "oathSharedSecret"

func (n *oathRegistration) Process(s *journey.Step) (journey.Result, error) {
	u, err := s.User()
	if err != nil {
		return journey.Result{}, fmt.Errorf("register a device: %w", err)
	}
	if !proved(s, u) {
		return journey.Result{}, errNotProved
	}
	if n.Checksum || n.Truncation >= 0 {
		return journey.Result{}, errors.New("register a device: addChecksum and truncationOffset are not supported by this server")
	}
	if s.Answers == nil || s.State.Text(oathPending) == "" {
		key := make([]byte, max(20, min(n.SecretLength, 128)/2))
		rand.Read(key)
		secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(key)
		s.State.Hide(oathPending, secret)
		return journey.Ask(
			journey.Show(s.Text(n.ScanMessage, ScanDevice), 0),
			journey.Hidden("mfaDeviceRegistration", n.uri(u, secret)),
			journey.Confirmation("", []string{"Next"}, 0),
		)
	}
	device := devices.Device{UUID: uuid.NewString(), Name: "OATH Device", Created: s.Now * 1000, Secret: s.State.Text(oathPending), Digits: digitsOf(n.Length)}
	s.State.Remove(oathPending)
	if n.Recovery {
		tellRecovery(s, &device)
	}
	list, err := devices.OATH.Of(u, s.Host)
	if err == nil {
		err = saveDevices(s, u, devices.OATH, append(list, device))
	}
	if err != nil {
		return journey.Result{}, err
	}
	return journey.To("successOutcome")
}

// What registrations of devices, and codes, are asked for with unless a node says otherwise.
const (
	ScanDevice = "Scan the QR code image below with the ForgeRock Authenticator app to register your device with your login."
	EnterCode  = "Enter verification code"
)

// uri is what applications scan (the otpauth scheme).
func (n *oathRegistration) uri(u *realm.User, secret string) string {
	account := u.Name
	if mail := u.Attribute("mail"); n.AccountName != "USERNAME" && len(mail) > 0 {
		account = mail[0]
	}
	q := url.Values{"secret": {secret}, "issuer": {n.Issuer}, "digits": {strconv.Itoa(digitsOf(n.Length))}}
	kind := "totp"
	if n.Algorithm == "HOTP" {
		kind = "hotp"
		q.Set("counter", "0")
	} else {
		q.Set("period", strconv.Itoa(max(n.Interval, 1)))
		q.Set("algorithm", strings.TrimPrefix(n.Hash, "HMAC_"))
	}
	return "otpauth://" + kind + "/" + url.PathEscape(n.Issuer+":"+account) + "?" + q.Encode()
}

func digitsOf(length string) int {
	if length == "EIGHT_DIGITS" {
		return 8
	}
	return 6
}

// oathVerifier checks a one-time password of the user's application.
type oathVerifier struct {
	Algorithm string `json:"algorithm"`
	Window    int    `json:"hotpWindowSize"`
	Interval  int    `json:"totpTimeInterval"`
	Steps     int    `json:"totpTimeSteps"`
	Hash      string `json:"totpHashAlgorithm"`
	Drift     int    `json:"maximumAllowedClockDrift"`
	Recovery  bool   `json:"isRecoveryCodeAllowed"`
}

func newOathVerifier() *oathVerifier {
	return &oathVerifier{Algorithm: "TOTP", Window: 100, Interval: 30, Steps: 2, Hash: "HMAC_SHA1", Drift: 5}
}

func (*oathVerifier) Outcomes() []string {
	return []string{"successOutcome", "failureOutcome", "notRegisteredOutcome", "recoveryCodeOutcome"}
}

func (n *oathVerifier) Process(s *journey.Step) (journey.Result, error) {
	u, err := s.User()
	var list []devices.Device
	if err == nil {
		list, err = devices.OATH.Of(u, s.Host)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return journey.Result{}, err
	}
	if len(list) == 0 {
		return journey.To("notRegisteredOutcome")
	}
	if s.Answers == nil {
		buttons := []string{"Submit"}
		if n.Recovery {
			buttons = append(buttons, "Use Recovery Code")
		}
		return journey.Ask(journey.Name(EnterCode), journey.Confirmation("", buttons, 0))
	}
	if i, ok := s.Answers[1].Chosen(2); n.Recovery && ok && i == 1 {
		return journey.To("recoveryCodeOutcome")
	}
	allowed, count := s.Host.Guess(s.Realm, u.Name)
	if !allowed {
		s.State.Message = journey.MessageOf(journey.ErrLocked)
		return journey.To("failureOutcome")
	}
	right := n.verify(s, list, strings.TrimSpace(s.Answers[0].Answer()))
	if !count(right) {
		return journey.To("failureOutcome")
	}
	if err := saveDevices(s, u, devices.OATH, list); err != nil { // a password is good once: two who show it at once meet a conflict
		return journey.Result{}, err
	}
	s.State.Authenticated("otp")
	return journey.To("successOutcome")
}

// verify looks for the device that made the code, and notes that it is used up.
func (n *oathVerifier) verify(s *journey.Step, list []devices.Device, code string) bool {
	if len(code) != 6 && len(code) != 8 {
		return false
	}
	for i := range list {
		d := &list[i]
		key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(strings.ToUpper(d.Secret), "="))
		if err != nil || d.Digits > 0 && d.Digits != len(code) { // the end of a long password is no short one
			continue
		}
		same := func(counter uint64, h func() hash.Hash) bool {
			return subtle.ConstantTimeCompare([]byte(hotp(key, counter, len(code), h)), []byte(code)) == 1
		}
		if n.Algorithm == "HOTP" {
			for c := d.Counter; c <= d.Counter+uint64(max(0, min(n.Window, 1000))); c++ {
				if same(c, sha1.New) {
					d.Counter, d.Used = c+1, s.Now*1000
					return true
				}
			}
			continue
		}
		step := uint64(s.Now) / uint64(max(n.Interval, 1))
		around := uint64(max(0, min(n.Steps, 10)))
		for c := step - around; c <= step+around; c++ {
			if c > d.LastStep && same(c, oathHash(n.Hash)) {
				d.LastStep, d.Used = c, s.Now*1000
				return true
			}
		}
	}
	return false
}
