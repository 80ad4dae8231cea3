package nodes

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
)

// passwordChange checks name and password, and tells locked users, and those whose password has expired, from others. Who
// has to change the password first does so here; who should is asked.
type passwordChange struct {
	MinimumLength int  `json:"minimumPasswordLength"`
	MixedCase     bool `json:"mixedCaseForPasswordChangeMessages"`
}

// accounts are where a node looks for users.
type accounts interface {
	// check finds the user, and notes him in the state.
	check(s *journey.Step) (*realm.User, error)
	change(s *journey.Step, current, next string) error
}

func (*passwordChange) Outcomes() []string {
	return []string{"TRUE", "FALSE", "LOCKED", "CANCELLED", "EXPIRED"}
}

// passwordOffered is in the state while a change is offered that is not needed.
const passwordOffered = "passwordChangeOffered"

func (n *passwordChange) process(s *journey.Step, at accounts) (journey.Result, error) {
	if s.Answers != nil {
		return n.changed(s, at)
	}
	u, err := at.check(s)
	switch {
	case err == nil:
		return n.warned(s, u.Warning)
	case errors.Is(err, realm.ErrMustChange):
		return n.ask("You must change your password", true)
	case errors.Is(err, realm.ErrExpired):
		return journey.To("EXPIRED")
	case errors.Is(err, journey.ErrLocked), errors.Is(err, realm.ErrLocked), errors.Is(err, realm.ErrInactive):
		return journey.To("LOCKED")
	case wrongUser(err):
		return journey.To("FALSE")
	}
	return journey.Result{}, err
}

// warned offers a change of a password that can be used for some time only, once in a journey. The change itself takes one
// of the sign-ins that are left: with the last one it has to be changed, with none it cannot be.
func (n *passwordChange) warned(s *journey.Step, w *realm.PasswordWarning) (journey.Result, error) {
	if _, offered := s.State.Get(passwordOffered); offered || w == nil || w.Expires == 0 && w.Grace < 1 {
		s.State.Remove(passwordOffered)
		return journey.To("TRUE")
	}
	s.State.Share(passwordOffered, true)
	if w.Expires > 0 {
		return n.ask(fmt.Sprintf("Your password expires in %s", duration(w.Expires)), true)
	}
	if w.Grace == 1 {
		return n.ask("Your password has expired, and this is the last time that it can be changed", false)
	}
	return n.ask(fmt.Sprintf("Your password has expired. You can sign in %d more times", w.Grace), true)
}

// duration is a time in the largest unit of which there are two.
func duration(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	}
	return fmt.Sprintf("%d minutes", max(1, d/time.Minute))
}

// ask asks for another password. Positions of the answers are in changed.
func (n *passwordChange) ask(message string, cancel bool) (journey.Result, error) {
	if !n.MixedCase {
		message = strings.ToUpper(message)
	}
	options := []string{"Submit"}
	if cancel {
		options = append(options, "Cancel")
	}
	return journey.Ask(journey.Show(message, 0), journey.Password("Old Password"), journey.Password("New Password"), journey.Password("Confirm Password"),
		journey.Confirmation("", options, 0))
}

func (n *passwordChange) changed(s *journey.Step, at accounts) (journey.Result, error) {
	_, offered := s.State.Get(passwordOffered)
	current, next, confirmed := s.Answers[1].Answer(), s.Answers[2].Answer(), s.Answers[3].Answer()
	cancel := slices.Contains(s.Answers[4].Options(), "Cancel")
	if pressed, _ := s.Answers[4].Chosen(2); pressed == 1 && cancel {
		if offered {
			s.State.Remove(passwordOffered)
			return journey.To("TRUE")
		}
		return journey.To("CANCELLED")
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(current), []byte(s.State.Password())) == 0:
		return n.ask("The old password is not right", cancel)
	case next != confirmed:
		return n.ask(PasswordsDiffer, cancel)
	case utf8.RuneCountInString(next) < n.MinimumLength:
		return n.ask(fmt.Sprintf("Minimum password length is %d", n.MinimumLength), cancel)
	case next == current:
		return n.ask("The new password has to differ from the old one", cancel)
	}
	err := at.change(s, current, next)
	if errors.Is(err, realm.ErrRefusedPassword) {
		return n.ask("The directory does not take the new password", cancel)
	}
	if err != nil {
		return journey.Result{}, err
	}
	s.State.SetPassword(next)
	s.Answers = nil
	return n.process(s, at)
}

// identityStore is passwordChange for the users of the realm (PingAM: Identity Store Decision).
type identityStore struct {
	passwordChange
	UniversalID bool `json:"useUniversalIdForUsername"`
}

func (n *identityStore) Process(s *journey.Step) (journey.Result, error) { return n.process(s, n) }

func (*identityStore) check(s *journey.Step) (*realm.User, error) { return checkUser(s) }

func (*identityStore) change(s *journey.Step, current, next string) error {
	return s.Host.ChangePassword(s.Context(), s.Realm, s.State.Username(), current, next)
}
