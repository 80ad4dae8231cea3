package am

import (
	"context"
	"crypto/rand"
	"errors"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// makeAdmin makes the administrator, where it is missing: a user of the root realm.
func (s *Server) makeAdmin(ctx context.Context) error {
	root, ok := s.realms.Find("/")
	if !ok {
		return errors.New("there is no root realm")
	}
	if _, err := root.User(ctx, login.AdminName); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	password := s.options.AdminPassword
	if password == "" {
		password = rand.Text()
	}
	u := &realm.User{Name: login.AdminName, Password: realm.HashPassword(password), Attributes: map[string][]string{
		"cn": {login.AdminName}, "sn": {login.AdminName}, "inetUserStatus": {"Active"},
	}}
	d, err := u.Doc()
	if err != nil {
		return err
	}
	_, err = s.realms.Docs().Create(ctx, root.Path, store.KindUser, d)
	if errors.Is(err, store.ErrConflict) {
		return nil // another node was faster, and its password is the one
	}
	if err == nil && s.options.AdminPassword == "" {
		s.FirstPassword = password
	}
	return err
}
