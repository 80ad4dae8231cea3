package nodes

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
)

// identityStore checks name and password, and tells locked users, and those whose password has expired, from others. Who
// has to change the password first does so here (PingAM: Identity Store Decision).
type identityStore struct {
	MinimumLength int  `json:"minimumPasswordLength"`
	MixedCase     bool `json:"mixedCaseForPasswordChangeMessages"`
	UniversalID   bool `json:"useUniversalIdForUsername"`
}

func (*identityStore) Outcomes() []string {
	return []string{"TRUE", "FALSE", "LOCKED", "CANCELLED", "EXPIRED"}
}

func (n *identityStore) Process(s *journey.Step) (journey.Result, error) {
	if s.Answers != nil {
		return n.change(s)
	}
	err := checkUser(s)
	switch {
	case err == nil:
		return journey.To("TRUE")
	case errors.Is(err, realm.ErrMustChange):
		return n.ask("You must change your password")
	case errors.Is(err, realm.ErrExpired):
		return journey.To("EXPIRED")
	case errors.Is(err, journey.ErrLocked), errors.Is(err, realm.ErrLocked), errors.Is(err, realm.ErrInactive):
		return journey.To("LOCKED")
	case wrongUser(err):
		return journey.To("FALSE")
	}
	return journey.Result{}, err
}

// ask asks for another password. Positions of the answers are in change.
func (n *identityStore) ask(message string) (journey.Result, error) {
	if !n.MixedCase {
		message = strings.ToUpper(message)
	}
	return journey.Ask(journey.Show(message, 0), journey.Password("Old Password"), journey.Password("New Password"), journey.Password("Confirm Password"),
		journey.Confirmation("", []string{"Submit", "Cancel"}, 0))
}

func (n *identityStore) change(s *journey.Step) (journey.Result, error) {
	current, next, confirmed := s.Answers[1].Answer(), s.Answers[2].Answer(), s.Answers[3].Answer()
	if pressed, _ := s.Answers[4].Chosen(2); pressed == 1 {
		return journey.To("CANCELLED")
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(current), []byte(s.State.Password())) == 0:
		return n.ask("The old password is not right")
	case next != confirmed:
		return n.ask("The new passwords do not match")
	case utf8.RuneCountInString(next) < n.MinimumLength:
		return n.ask(fmt.Sprintf("Minimum password length is %d", n.MinimumLength))
	case next == current:
		return n.ask("The new password has to differ from the old one")
	}
	err := s.Host.ChangePassword(s.Context(), s.Realm, s.State.Username(), current, next)
	if errors.Is(err, realm.ErrRefusedPassword) {
		return n.ask("The directory does not take the new password")
	}
	if err != nil {
		return journey.Result{}, err
	}
	s.State.SetPassword(next)
	s.Answers = nil
	return n.Process(s)
}
