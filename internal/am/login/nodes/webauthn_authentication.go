package nodes

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"

	"gatehouse/internal/am/login/devices"
	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// webauthnAuthentication checks a security key or passkey (Web Authentication §7.2; PingAM: WebAuthn Authentication).
type webauthnAuthentication struct {
	relyingParty
	Recovery bool `json:"isRecoveryCodeAllowed"`
	// ResidentKey lets the key say who the user is.
	ResidentKey bool `json:"requiresResidentKey"`
	Counted     bool `json:"detectSignCountMismatch"`
}

func newWebauthnAuthentication() *webauthnAuthentication {
	return &webauthnAuthentication{relyingParty: newRelyingParty()}
}

func (n *webauthnAuthentication) Outcomes() []string {
	list := []string{keyUnsupported, keyNoDevice, keySuccess, keyFailure, keyError}
	if n.Recovery {
		list = append(list, keyRecovery)
	}
	if n.Counted {
		list = append(list, keyMismatch)
	}
	return list
}

// notPressed is the answer of the button that nobody pressed.
const notPressed = 100

func (n *webauthnAuthentication) Process(s *journey.Step) (journey.Result, error) {
	var u *realm.User
	var list []devices.Device
	if !n.ResidentKey {
		var err error
		if u, err = s.User(); err == nil {
			list, err = devices.WebAuthn.Of(u, s.Host)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return journey.Result{}, err
		}
		if len(list) == 0 {
			return journey.To(keyNoDevice)
		}
	}
	if s.Answers == nil || s.State.Text(keyChallenge) == "" {
		return n.begin(s, list)
	}
	challenge := s.State.Text(keyChallenge)
	s.State.Remove(keyChallenge)
	if last := &s.Answers[len(s.Answers)-1]; n.Recovery && last.Type == journey.ConfirmationCallback {
		if _, pressed := last.Chosen(1); pressed {
			return journey.To(keyRecovery)
		}
	}
	a, err := answered(s)
	if err == nil && a.outcome != "" {
		return journey.To(a.outcome)
	}
	if err == nil && len(a.rest) < 3 {
		err = errNoAnswer
	}
	if err == nil && n.ResidentKey {
		if u, err = n.holder(s, a); err == nil {
			list, err = devices.WebAuthn.Of(u, s.Host)
		}
		switch {
		case errors.Is(err, store.ErrNotFound), err == nil && len(list) == 0:
			return journey.To(keyNoDevice)
		case err != nil && !errors.Is(err, errNoAnswer):
			return journey.Result{}, err
		}
	}
	var auth *protocol.AuthenticatorData
	if err == nil {
		auth, err = n.verify(s, a, challenge, list)
	}
	if err != nil {
		s.Log.Warn("a key was refused", "user", s.State.Username(), "error", explain(err))
		return journey.To(keyFailure)
	}
	return n.finish(s, u, a.rest[2], auth, a)
}

func (n *webauthnAuthentication) begin(s *journey.Step, list []devices.Device) (journey.Result, error) {
	challenge := n.challenge(s)
	allowed, allowedData := credentials(list)
	text, party := "", ""
	if len(list) > 0 {
		text = "allowCredentials: [" + allowed + "]"
	}
	if n.Domain != "" {
		party = `rpId: "` + n.Domain + `",`
	}
	var more []journey.Callback
	if n.Recovery {
		button := journey.Confirmation("", []string{s.Text(useRecovery, "")}, 0)
		button.Input[0].Value = notPressed
		more = append(more, button)
	}
	verification := strings.ToLower(n.UserVerification)
	return n.ask(s, map[string]any{
		"_action": "webauthn_authentication", "challenge": base64.StdEncoding.EncodeToString(challenge),
		"allowCredentials": text, "_allowCredentials": allowedData, "userVerification": verification,
		"relyingPartyId": party, "_relyingPartyId": n.Domain,
	}, func() string {
		return authenticationScript(scriptFields{
			"rp": jsRelyingParty("rpId", n.Domain), "challenge": signed(challenge), "timeout": n.milliseconds(),
			"verification": jsText(verification), "allow": allowed,
		})
	}, more...)
}

var useRecovery = map[string]string{"en": "Use Recovery Code", "de": "Wiederherstellungscode benutzen"}

// holder is the user whom the key names.
func (n *webauthnAuthentication) holder(s *journey.Step, a keyAnswer) (*realm.User, error) {
	if len(a.rest) < 4 {
		return nil, errNoAnswer
	}
	name, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(a.rest[3], "="))
	if err != nil || len(name) == 0 {
		return nil, errNoAnswer
	}
	return s.Host.Find(s.Context(), s.Realm, string(name))
}

func (n *webauthnAuthentication) verify(s *journey.Step, a keyAnswer, challenge string, list []devices.Device) (*protocol.AuthenticatorData, error) {
	at := slices.IndexFunc(list, func(d devices.Device) bool { return d.CredentialID == a.rest[2] })
	if at < 0 {
		return nil, errors.New("the key is none of the user's")
	}
	data, err := numbers(a.rest[0])
	if err != nil {
		return nil, err
	}
	signature, err := numbers(a.rest[1])
	if err != nil {
		return nil, err
	}
	public, err := base64.RawURLEncoding.DecodeString(list[at].PublicKey)
	if err != nil {
		return nil, err
	}
	shown := protocol.CredentialAssertionResponse{}
	if shown.PublicKeyCredential, err = credential(a.rest[2]); err != nil {
		return nil, errNoAnswer
	}
	shown.AssertionResponse.ClientDataJSON, shown.AssertionResponse.AuthenticatorData, shown.AssertionResponse.Signature = a.clientData, data, signature
	parsed, err := shown.Parse()
	if err != nil {
		return nil, err
	}
	id, origins, err := n.id(s)
	if err != nil {
		return nil, err
	}
	err = parsed.Verify(challenge, id, "", origins, origins, nil, protocol.TopOriginExplicitVerificationMode, false, n.verifies(), true, public, protocol.SignaturePolicy{})
	return &parsed.Response.AuthenticatorData, err
}

// finish notes that the key was used, also when somebody else changes the user at the same time. A counter that did not
// grow is that of a copy (Web Authentication §6.1.1): the stored one stays, so that the copy is told again.
func (n *webauthnAuthentication) finish(s *journey.Step, u *realm.User, id string, auth *protocol.AuthenticatorData, a keyAnswer) (journey.Result, error) {
	copied := false
	for try := 0; ; try++ {
		list, err := devices.WebAuthn.Of(u, s.Host)
		if err != nil {
			return journey.Result{}, err
		}
		at := slices.IndexFunc(list, func(d devices.Device) bool { return d.CredentialID == id })
		if at < 0 {
			return journey.To(keyFailure) // taken away a moment ago
		}
		d := &list[at]
		if copied = (auth.Counter != 0 || d.SignCount != 0) && auth.Counter <= d.SignCount; !copied {
			d.SignCount = auth.Counter
		}
		d.Used = s.Now * 1000
		s.State.Share(keyDeviceUUID, d.UUID)
		s.State.Share(keyDeviceName, d.Name)
		err = saveDevices(s, u, devices.WebAuthn, list)
		if errors.Is(err, store.ErrConflict) && try < 3 {
			if u, err = s.Host.Find(s.Context(), s.Realm, u.Name); err == nil {
				continue
			}
		}
		if err != nil {
			return journey.Result{}, err
		}
		if copied {
			s.Log.Warn("the counter of a key did not grow: there may be a copy of it", "user", u.Name, "device", d.UUID, "counter", auth.Counter, "before", d.SignCount)
		}
		break
	}
	s.State.Hide("webauthnAssertionInfo", keyFlags(auth.Flags, a.attachment))
	if copied && n.Counted {
		return journey.To(keyMismatch)
	}
	s.State.SetUsername(u.Name)
	s.State.User = u.Name
	s.State.Authenticated("pop")
	if auth.Flags.HasUserVerified() {
		s.State.Authenticated("user")
	}
	return journey.To(keySuccess)
}
