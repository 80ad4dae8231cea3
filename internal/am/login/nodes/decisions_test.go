package nodes

import (
	"context"
	"net/http/httptest"
	"testing"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
)

// refusing is a host whose password check ends in an error.
type refusing struct {
	journey.Host
	err error
}

func (h refusing) User(context.Context, *realm.Realm, string, string) (*realm.User, error) {
	return nil, h.err
}

// What a directory says of an account reaches the outcomes of the node that tells, and of the other only that it failed.
func TestRefusedPasswords(t *testing.T) {
	for _, tt := range []struct {
		err              error
		outcome, message string
	}{
		{realm.ErrBadCredentials, "FALSE", "Login failure"},
		{realm.ErrInactive, "LOCKED", "User not Active"},
		{realm.ErrLocked, "LOCKED", "Login failure"},
		{realm.ErrExpired, "EXPIRED", "Your password has expired."},
		{journey.ErrLocked, "LOCKED", "Your account has been locked."},
	} {
		for node, want := range map[journey.Node]string{&identityStore{}: tt.outcome, &dataStore{}: "false"} {
			s := &journey.Step{Request: httptest.NewRequest("POST", "/", nil), State: &journey.State{}, Host: refusing{err: tt.err}}
			got, err := node.Process(s)
			if err != nil || got.Outcome != want || s.State.Message != tt.message {
				t.Errorf("%T, %v: %q with %q, %v; want %q with %q", node, tt.err, got.Outcome, s.State.Message, err, want, tt.message)
			}
		}
	}
}
