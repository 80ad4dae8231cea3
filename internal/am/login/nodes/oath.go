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
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// oathAttribute holds the user's devices, sealed: each is a JSON oathDevice.
const oathAttribute = "oathDeviceProfiles"

// oathDevice is an application or token that makes one-time passwords.
type oathDevice struct {
	UUID     string   `json:"uuid"`
	Name     string   `json:"deviceName"`
	Secret   string   `json:"sharedSecret"` // base32
	Counter  uint64   `json:"counter"`
	LastStep uint64   `json:"lastLogin"` // time step of the last password: none is good twice (RFC 6238 §5.2)
	Recovery []string `json:"recoveryCodes"`
}

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

func oathDevices(s *journey.Step, u *realm.User) ([]oathDevice, error) {
	var list []oathDevice
	for _, v := range u.Attribute(oathAttribute) {
		plain, err := s.Host.OpenSecret(v)
		if err != nil {
			return nil, err
		}
		var d oathDevice
		if err := json.Unmarshal([]byte(plain), &d); err != nil {
			return nil, fmt.Errorf("device of %s: %w", u.Name, err)
		}
		list = append(list, d)
	}
	return list, nil
}

func saveDevices(s *journey.Step, u *realm.User, list []oathDevice) error {
	var values []string
	for _, d := range list {
		raw, err := json.Marshal(d)
		if err != nil {
			return err
		}
		values = append(values, s.Host.SealSecret(string(raw)))
	}
	u.SetAttribute(oathAttribute, values...)
	return s.Host.Save(s.Context(), s.Realm, u)
}

// oathRegistration gives the user's application a secret.
type oathRegistration struct {
	Issuer          string            `json:"issuer"`
	AccountName     string            `json:"accountName"` // "USERNAME" or "EMAIL"
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
	if s.State.User == "" {
		// Else whoever knows a name could add a device of his own to it.
		return journey.Result{}, errors.New("register a device: the user has not been authenticated by a node before")
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
			journey.Show(s.Text(n.ScanMessage, "Scan the QR code image below with the ForgeRock Authenticator app to register your device with your login."), 0),
			journey.Hidden("mfaDeviceRegistration", n.uri(u, secret)),
			journey.Confirmation("", []string{"Next"}, 0),
		)
	}
	device := oathDevice{UUID: rand.Text(), Name: "OATH Device", Secret: s.State.Text(oathPending)}
	s.State.Remove(oathPending)
	if n.Recovery {
		for range 10 {
			device.Recovery = append(device.Recovery, rand.Text()[:10])
		}
		s.State.Hide("recoveryCodes", device.Recovery)
	}
	list, err := oathDevices(s, u)
	if err == nil {
		err = saveDevices(s, u, append(list, device))
	}
	if err != nil {
		return journey.Result{}, err
	}
	return journey.To("successOutcome")
}

// uri is what applications scan (the otpauth scheme).
func (n *oathRegistration) uri(u *realm.User, secret string) string {
	account := u.Name
	if mail := u.Attribute("mail"); n.AccountName == "EMAIL" && len(mail) > 0 {
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
	var list []oathDevice
	if err == nil {
		list, err = oathDevices(s, u)
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
		return journey.Ask(journey.Name("Enter verification code"), journey.Confirmation("", buttons, 0))
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
	count(right)
	if !right {
		return journey.To("failureOutcome")
	}
	if err := saveDevices(s, u, list); err != nil { // a password is good once: two who show it at once meet a conflict
		return journey.Result{}, err
	}
	s.State.Authenticated("otp")
	return journey.To("successOutcome")
}

// verify looks for the device that made the code, and notes that it is used up.
func (n *oathVerifier) verify(s *journey.Step, list []oathDevice, code string) bool {
	if len(code) != 6 && len(code) != 8 {
		return false
	}
	for i := range list {
		d := &list[i]
		key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(strings.ToUpper(d.Secret), "="))
		if err != nil {
			continue
		}
		same := func(counter uint64, h func() hash.Hash) bool {
			return subtle.ConstantTimeCompare([]byte(hotp(key, counter, len(code), h)), []byte(code)) == 1
		}
		if n.Algorithm == "HOTP" {
			for c := d.Counter; c <= d.Counter+uint64(max(0, min(n.Window, 1000))); c++ {
				if same(c, sha1.New) {
					d.Counter = c + 1
					return true
				}
			}
			continue
		}
		step := uint64(s.Now) / uint64(max(n.Interval, 1))
		around := uint64(max(0, min(n.Steps, 10)))
		for c := step - around; c <= step+around; c++ {
			if c > d.LastStep && same(c, oathHash(n.Hash)) {
				d.LastStep = c
				return true
			}
		}
	}
	return false
}

// recoveryCode checks one of the recovery codes of the user's device, each of which is good once.
type recoveryCode struct {
	Type string `json:"recoveryCodeType"` // "OATH"; devices of other types are not registered here
}

func (*recoveryCode) Outcomes() []string { return yesNo }

func (*recoveryCode) Process(s *journey.Step) (journey.Result, error) {
	if s.Answers == nil {
		return journey.Ask(journey.Name("Recovery Code"))
	}
	u, err := s.User()
	var list []oathDevice
	if err == nil {
		list, err = oathDevices(s, u)
	}
	if errors.Is(err, store.ErrNotFound) {
		return journey.To("false")
	}
	if err != nil {
		return journey.Result{}, err
	}
	allowed, count := s.Host.Guess(s.Realm, u.Name)
	if !allowed {
		s.State.Message = journey.MessageOf(journey.ErrLocked)
		return journey.To("false")
	}
	given := strings.ToUpper(strings.TrimSpace(s.Answers[0].Answer()))
	for i := range list {
		for k, code := range list[i].Recovery {
			if subtle.ConstantTimeCompare([]byte(code), []byte(given)) == 1 {
				list[i].Recovery = slices.Delete(list[i].Recovery, k, k+1)
				count(true)
				if err := saveDevices(s, u, list); err != nil {
					return journey.Result{}, err
				}
				s.State.Authenticated("otp")
				return journey.To("true")
			}
		}
	}
	count(false)
	return journey.To("false")
}
