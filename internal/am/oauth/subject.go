package oauth

import (
	"strings"

	"gatehouse/internal/am/store"
)

// Types of subjects.
const (
	subjectUser   = "usr"
	subjectClient = "age"
)

// UserSubject and ClientSubject name who a token stands for.
func UserSubject(name string) store.Subject { return store.Subject{Type: subjectUser, Name: name} }

// ClientSubject is the subject of a client or agent that acts for itself.
func ClientSubject(id string) store.Subject { return store.Subject{Type: subjectClient, Name: id} }

// SubClaim writes a subject as the claim "sub" has it: (usr!demo). The type keeps a client and a user of one
// name apart.
func SubClaim(s store.Subject) string { return "(" + s.Type + "!" + s.Name + ")" }

// ParseSub reads SubClaim's form; any other text is a user's name.
func ParseSub(sub string) store.Subject {
	if len(sub) > 6 && sub[0] == '(' && sub[len(sub)-1] == ')' {
		kind, name, ok := strings.Cut(sub[1:len(sub)-1], "!")
		if ok && (kind == subjectUser || kind == subjectClient) {
			return store.Subject{Type: kind, Name: name}
		}
	}
	return UserSubject(sub)
}
