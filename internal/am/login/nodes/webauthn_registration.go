package nodes

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/google/uuid"

	"gatehouse/internal/am/login/devices"
	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// webauthnRegistration registers a security key or passkey (Web Authentication §7.1; PingAM: WebAuthn Registration).
type webauthnRegistration struct {
	PartyName string `json:"relyingPartyName"`
	relyingParty
	Attestation   string   `json:"attestationPreference"` // "NONE", "INDIRECT" or "DIRECT"
	Algorithms    []string `json:"acceptedSigningAlgorithms"`
	Attachment    string   `json:"authenticatorAttachment"` // "UNSPECIFIED", "PLATFORM" or "CROSS_PLATFORM"
	TrustStore    string   `json:"trustStoreAlias,omitempty"`
	Revocation    bool     `json:"enforceRevocationCheck"`
	Exclude       bool     `json:"excludeCredentials"`
	Recovery      bool     `json:"generateRecoveryCodes"`
	KeepData      bool     `json:"storeAttestationDataInTransientState"`
	Postpone      bool     `json:"postponeDeviceProfileStorage"`
	ResidentKey   bool     `json:"requiresResidentKey"`
	DisplayName   string   `json:"displayNameSharedState,omitempty"`
	MaxDevices    int      `json:"maxSavedDevices"` // 0: any number
	Certification string   `json:"fidoCertificationLevel"`
}

func newWebauthnRegistration() *webauthnRegistration {
	return &webauthnRegistration{
		PartyName: "ForgeRock", relyingParty: newRelyingParty(), Attestation: "NONE", Algorithms: []string{"ES256", "RS256"},
		Attachment: "UNSPECIFIED", TrustStore: "trustalias", Recovery: true, Certification: "OFF",
	}
}

func (n *webauthnRegistration) Outcomes() []string {
	list := []string{keyUnsupported, keySuccess, keyFailure, keyError}
	if n.MaxDevices > 0 {
		list = append(list, keyTooMany)
	}
	return list
}

// unsupported are settings that would make keys safer and that this server cannot keep: it does not register keys as
// if it had.
func (n *webauthnRegistration) unsupported() error {
	switch {
	case n.Revocation:
		return errors.New("enforceRevocationCheck is not supported by this server")
	case n.Certification != "" && n.Certification != "OFF":
		return fmt.Errorf("fidoCertificationLevel %s is not supported by this server", n.Certification)
	}
	return nil
}

func (n *webauthnRegistration) Process(s *journey.Step) (journey.Result, error) {
	if err := n.unsupported(); err != nil {
		return journey.Result{}, err
	}
	params, err := n.params()
	if err != nil {
		return journey.Result{}, err
	}
	u, list, outcome, err := ownerOfKeys(s, n.MaxDevices)
	if err != nil || outcome != "" {
		return journey.Result{Outcome: outcome}, err
	}
	if n.ResidentKey && len(userHandle(u.Name)) > maxHandle {
		s.Log.Warn("a key cannot hold a name of this length", "user", u.Name)
		return journey.To(keyFailure)
	}
	if s.Answers == nil || s.State.Text(keyChallenge) == "" {
		return n.begin(s, u, list, params)
	}
	challenge := s.State.Text(keyChallenge)
	s.State.Remove(keyChallenge)
	a, err := answered(s)
	if err == nil && a.outcome != "" {
		return journey.To(a.outcome)
	}
	var made *protocol.ParsedCredentialCreationData
	if err == nil {
		made, err = n.verify(s, a, challenge, params)
	}
	if err != nil {
		s.Log.Warn("a key could not be registered", "user", u.Name, "error", explain(err))
		return journey.To(keyFailure)
	}
	return n.finish(s, u, list, a, made)
}

// params are the signatures that the key may make.
func (n *webauthnRegistration) params() ([]protocol.CredentialParameter, error) {
	var list []protocol.CredentialParameter
	for _, name := range n.Algorithms {
		alg, ok := coseAlgorithms[strings.ToUpper(name)]
		if !ok {
			return nil, fmt.Errorf("acceptedSigningAlgorithms: %s is not supported by this server", name)
		}
		list = append(list, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: alg})
	}
	if list == nil {
		return nil, errors.New("acceptedSigningAlgorithms: expected at least one")
	}
	return list, nil
}

func (n *webauthnRegistration) selection() map[string]any {
	out := map[string]any{"userVerification": strings.ToLower(n.UserVerification)}
	switch n.Attachment {
	case "PLATFORM":
		out["authenticatorAttachment"] = "platform"
	case "CROSS_PLATFORM":
		out["authenticatorAttachment"] = "cross-platform"
	}
	if n.ResidentKey {
		out["residentKey"], out["requireResidentKey"] = "required", true
	}
	return out
}

func (n *webauthnRegistration) begin(s *journey.Step, u *realm.User, list []devices.Device, params []protocol.CredentialParameter) (journey.Result, error) {
	challenge := n.challenge(s)
	display := u.Name
	if n.DisplayName != "" {
		display = cmp.Or(s.State.Text(n.DisplayName), display)
	}
	handle := userHandle(u.Name)
	if len(handle) > maxHandle { // nobody looks for the user by it
		sum := sha256.Sum256([]byte(u.Name))
		handle = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if !n.Exclude {
		list = nil
	}
	excluded, excludedData := credentials(list)
	selection, err := json.Marshal(n.selection())
	if err != nil {
		return journey.Result{}, err
	}
	algorithms, err := json.Marshal(params)
	if err != nil {
		return journey.Result{}, err
	}
	party := ""
	if n.Domain != "" {
		party = `id: "` + n.Domain + `",`
	}
	return n.ask(s, map[string]any{
		"_action": "webauthn_registration", "challenge": base64.StdEncoding.EncodeToString(challenge),
		"attestationPreference": strings.ToLower(n.Attestation), "userName": u.Name, "userId": handle, "displayName": display,
		"relyingPartyName": n.PartyName, "relyingPartyId": party, "_relyingPartyId": n.Domain,
		"authenticatorSelection": string(selection), "_authenticatorSelection": n.selection(),
		"pubKeyCredParams": string(algorithms), "_pubKeyCredParams": params,
		"excludeCredentials": excluded, "_excludeCredentials": excludedData,
	}, func() string {
		return registrationScript(scriptFields{
			"challenge": signed(challenge), "timeout": n.milliseconds(), "attestation": jsText(strings.ToLower(n.Attestation)),
			"rp": jsRelyingParty("id", n.Domain) + `"name": ` + jsText(n.PartyName), "handle": jsText(handle), "user": jsText(u.Name), "display": jsText(display),
			"selection": string(selection), "algorithms": string(algorithms), "exclude": excluded,
		})
	})
}

func (n *webauthnRegistration) verify(s *journey.Step, a keyAnswer, challenge string, params []protocol.CredentialParameter) (*protocol.ParsedCredentialCreationData, error) {
	if len(a.rest) < 2 {
		return nil, errNoAnswer
	}
	attestation, err := numbers(a.rest[0])
	if err != nil {
		return nil, err
	}
	made := protocol.CredentialCreationResponse{}
	if made.PublicKeyCredential, err = credential(a.rest[1]); err != nil {
		return nil, errNoAnswer
	}
	made.AttestationResponse.ClientDataJSON, made.AttestationResponse.AttestationObject = a.clientData, attestation
	parsed, err := made.Parse()
	if err != nil {
		return nil, err
	}
	id, origins, err := n.id(s)
	if err != nil {
		return nil, err
	}
	_, err = parsed.Verify(challenge, id, origins, origins, nil, protocol.TopOriginExplicitVerificationMode, false, n.verifies(), true, nil, params,
		protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	return parsed, err
}

func (n *webauthnRegistration) finish(s *journey.Step, u *realm.User, list []devices.Device, a keyAnswer, made *protocol.ParsedCredentialCreationData) (journey.Result, error) {
	auth := made.Response.AttestationObject.AuthData
	d := devices.Device{
		UUID: uuid.NewString(), Name: "New Security Key", Created: s.Now * 1000, Used: s.Now * 1000,
		CredentialID: made.ID, PublicKey: base64.RawURLEncoding.EncodeToString(auth.AttData.CredentialPublicKey), SignCount: auth.Counter,
	}
	if len(a.rest) > 2 {
		d.Name = cmp.Or(devices.CleanName(strings.Join(a.rest[2:], "::")), d.Name)
	}
	for _, known := range list {
		if known.CredentialID == d.CredentialID {
			s.Log.Warn("a key is registered already", "user", u.Name)
			return journey.To(keyFailure)
		}
	}
	s.State.Share(keyDeviceUUID, d.UUID)
	s.State.Share(keyDeviceName, d.Name)
	s.State.Share("webauthnDeviceAaguid", hex.EncodeToString(auth.AttData.AAGUID))
	info := keyFlags(auth.Flags, a.attachment)
	s.State.Hide("webauthnAttestationInfo", info)
	if n.KeepData {
		s.State.Hide("webauthnData", string(a.clientData)+"::"+strings.Join(a.rest, "::"))
		s.State.Hide("webauthnAttestationType", made.Response.AttestationObject.Type)
	}
	if n.Postpone {
		raw, err := json.Marshal(d)
		if err != nil {
			return journey.Result{}, err
		}
		s.State.Hide(keyDevice, string(raw))
		return journey.To(keySuccess)
	}
	if n.Recovery {
		tellRecovery(s, &d)
	}
	if err := saveDevices(s, u, devices.WebAuthn, append(list, d)); err != nil {
		return journey.Result{}, err
	}
	return journey.To(keySuccess)
}

// ownerOfKeys is the user who may have another key, with those that are there. outcome is where a node leads instead: there
// is no such user, or no room; most is 0 for any number.
func ownerOfKeys(s *journey.Step, most int) (u *realm.User, list []devices.Device, outcome string, err error) {
	u, err = s.User()
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil, keyFailure, nil
	case err != nil:
		return nil, nil, "", err
	case !proved(s, u):
		return nil, nil, "", errNotProved
	}
	if list, err = devices.WebAuthn.Of(u, s.Host); err == nil && most > 0 && len(list) >= most {
		outcome = keyTooMany
	}
	return u, list, outcome, err
}

// keyFlags are what the key says of itself, for nodes that come later.
func keyFlags(f protocol.AuthenticatorFlags, attachment string) map[string]any {
	out := map[string]any{"flags": map[string]any{
		"UP": f.HasUserPresent(), "UV": f.HasUserVerified(), "BE": f.HasBackupEligible(), "BS": f.HasBackupState(),
		"AT": f.HasAttestedCredentialData(), "ED": f.HasExtensions(),
	}}
	if attachment != "" {
		out["authenticatorAttachment"] = attachment
	}
	return out
}

// explain has the details of the library's errors, which their text leaves out.
func explain(err error) string {
	if e, ok := errors.AsType[*protocol.Error](err); ok {
		return strings.TrimSpace(e.Details + " " + e.DevInfo)
	}
	return err.Error()
}

// webauthnStorage stores a device that was registered before, when the journey is sure of its user.
type webauthnStorage struct {
	Recovery   bool `json:"generateRecoveryCodes"`
	MaxDevices int  `json:"maxSavedDevices"` // 0: any number
}

func (n *webauthnStorage) Outcomes() []string {
	list := []string{keySuccess, keyFailure}
	if n.MaxDevices > 0 {
		list = append(list, keyTooMany)
	}
	return list
}

func (n *webauthnStorage) Process(s *journey.Step) (journey.Result, error) {
	var d devices.Device
	if json.Unmarshal([]byte(s.State.Text(keyDevice)), &d) != nil {
		return journey.To(keyFailure)
	}
	u, list, outcome, err := ownerOfKeys(s, n.MaxDevices)
	if err != nil || outcome != "" {
		return journey.Result{Outcome: outcome}, err
	}
	s.State.Remove(keyDevice)
	if n.Recovery {
		tellRecovery(s, &d)
	}
	if err := saveDevices(s, u, devices.WebAuthn, append(list, d)); err != nil {
		return journey.Result{}, err
	}
	return journey.To(keySuccess)
}
