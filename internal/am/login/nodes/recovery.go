package nodes

import (
	"errors"
	"fmt"
	"strings"

	"gatehouse/internal/am/login/devices"
	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// What nodes that register a device tell the one that shows the recovery codes.
const (
	recoveryCodesKey  = "recoveryCodes"
	recoveryDeviceKey = "recoveryCodeDeviceName"
)

// proved tells whether the journey knows that it is the user: by a node of its own, or by the session that the request
// shows. Else whoever knows a name could add a device of his own to it.
func proved(s *journey.Step, u *realm.User) bool {
	return realm.SameUser(s.State.User, u.Name) ||
		s.Session != nil && s.Session.Subject.Type == "usr" && realm.SameUser(s.Session.Subject.Name, u.Name)
}

var errNotProved = errors.New("register a device: the user has not been authenticated by a node before, nor by a session")

func saveDevices(s *journey.Step, u *realm.User, kind devices.Kind, list []devices.Device) error {
	if err := kind.Put(u, s.Host, list); err != nil {
		return err
	}
	return s.Host.Save(s.Context(), s.Realm, u)
}

// tellRecovery makes recovery codes, and hands them to the node that shows them.
func tellRecovery(s *journey.Step, d *devices.Device) {
	s.State.Hide(recoveryCodesKey, d.MakeRecovery())
	s.State.Hide(recoveryDeviceKey, d.Name)
}

// recoveryCode checks one of the recovery codes of the user's devices, each of which is good once.
type recoveryCode struct {
	Type string `json:"recoveryCodeType"` // "OATH" or "WEB_AUTHN"
}

func (*recoveryCode) Outcomes() []string { return yesNo }

func (n *recoveryCode) Process(s *journey.Step) (journey.Result, error) {
	var kind devices.Kind
	switch n.Type {
	case "OATH":
		kind = devices.OATH
	case "WEB_AUTHN":
		kind = devices.WebAuthn
	default:
		return journey.Result{}, fmt.Errorf("recoveryCodeType: expected OATH or WEB_AUTHN, found %q, whose devices this server does not register", n.Type)
	}
	if s.Answers == nil {
		return journey.Ask(journey.Name("Recovery Code"))
	}
	u, err := s.User()
	var list []devices.Device
	if err == nil {
		list, err = kind.Of(u, s.Host)
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
	right := devices.Recover(list, s.Answers[0].Answer())
	if !count(right) {
		return journey.To("false")
	}
	if err := saveDevices(s, u, kind, list); err != nil {
		return journey.Result{}, err
	}
	s.State.Authenticated("otp")
	return journey.To("true")
}

// recoveryDisplay shows the recovery codes of a device that was just registered: nobody can look at them later.
type recoveryDisplay struct{}

func (*recoveryDisplay) Outcomes() []string { return next }

func (*recoveryDisplay) Process(s *journey.Step) (journey.Result, error) {
	v, _ := s.State.Get(recoveryCodesKey)
	codes := textsOf(v)
	if s.Answers != nil || len(codes) == 0 {
		s.State.Remove(recoveryCodesKey)
		s.State.Remove(recoveryDeviceKey)
		return journey.To("outcome")
	}
	name := s.State.Text(recoveryDeviceKey)
	if !s.NoScripts {
		return journey.Ask(journey.Show(recoveryScript(codes, name), 4))
	}
	return journey.Result{
		Callbacks: []journey.Callback{journey.Show(strings.Join(codes, "\n"), 0)}, Stage: StageRecoveryCodes,
		Header: s.Text(recoveryTitle, ""), Description: strings.ReplaceAll(s.Text(recoveryText, ""), "{device}", name),
	}, nil
}

// StageRecoveryCodes is the stage of the step that shows recovery codes to pages that run no script.
const StageRecoveryCodes = "RecoveryCodes"

var (
	recoveryTitle = map[string]string{"en": "Your recovery codes", "de": "Ihre Wiederherstellungscodes"}
	recoveryText  = map[string]string{
		"en": "Keep them in a safe place: each signs you in once if you lose “{device}”. They are not shown again.",
		"de": "Bewahren Sie sie sicher auf: jeder meldet Sie einmal an, wenn Sie „{device}“ verlieren. Sie werden nicht noch einmal gezeigt.",
	}
)

func textsOf(v any) []string {
	switch v := v.(type) {
	case []string:
		return v
	case []any: // after it was sealed
		var list []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				list = append(list, s)
			}
		}
		return list
	}
	return nil
}
