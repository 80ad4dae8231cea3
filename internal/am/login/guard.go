package login

import (
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// freeTries is how many wrong passwords in a row a name has before it has to wait.
const freeTries = 5

// guardKey is what is counted: a digest, since names that are tried may have any length. Names count whether or not they
// exist.
func guardKey(realmPath, kind, name string) string {
	return store.DigestOf(kind + "\x00" + realmPath + "\x00" + realm.UserID(name))
}

// Guard slows down those who guess passwords.
func (s *Service) Guard() *realm.Attempts { return s.guard }
