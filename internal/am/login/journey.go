package login

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Journeys that every realm has (PingAM: shipped trees, and the "Login" journey of the cloud).
const (
	TreeDefault = "ldapService"
	TreeLogin   = "Login"
	TreeAgent   = "Agent"
	TreeAmster  = "amsterService"
)

// Trees lists the journeys.
func Trees() []string { return []string{TreeAgent, TreeLogin, TreeAmster, TreeDefault} }

// AdminName is the administrator, a user of the root realm.
const AdminName = "amAdmin"

// IsAdmin tells whether the user of the realm is the administrator.
func IsAdmin(realmPath, name string) bool {
	return realmPath == "/" && realm.UserID(name) == realm.UserID(AdminName)
}

// Authenticated is the outcome of a successful authentication.
type Authenticated struct {
	Subject   store.Subject
	User      *realm.User // nil for agents
	AuthLevel int
	AMR       []string
	Time      time.Time
}

// Refusal is an authentication that failed. Message is what may be told: it does not say whether the name exists.
type Refusal struct {
	Status  int
	Message string
	Cause   error
}

func (r *Refusal) Error() string {
	if r.Cause != nil {
		return "authentication refused: " + r.Message + ": " + r.Cause.Error()
	}
	return "authentication refused: " + r.Message
}

// Unwrap gives the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

var (
	errFailure  = &Refusal{Status: 401, Message: "Login failure"}
	errLocked   = &Refusal{Status: 401, Message: "Your account has been locked."}
	errInactive = &Refusal{Status: 401, Message: "User not Active"}
	errNoTree   = &Refusal{Status: 400, Message: "No Configuration found"}
	errRealm    = &Refusal{Status: 400, Message: "Org is inactive"}
	errAmster   = &Refusal{Status: 501, Message: "The journey amsterService is not supported by this server"}
)

func (r *Refusal) because(cause error) *Refusal {
	c := *r
	c.Cause = cause
	return &c
}

// tree finds a journey by name; "" and "[Empty]" are the realm's default.
func (s *Service) tree(ctx context.Context, rl *realm.Realm, name string) (string, error) {
	if name == "" || name == "[Empty]" {
		name = s.defaultTree(ctx, rl)
	}
	switch name {
	case TreeDefault, TreeLogin, TreeAgent:
		return name, nil
	case TreeAmster:
		return "", errAmster
	}
	return "", errNoTree
}

// defaultTree is the "orgConfig" of the realm's authentication settings.
func (s *Service) defaultTree(ctx context.Context, rl *realm.Realm) string {
	doc, err := s.docs.Get(ctx, rl.Path, store.KindService, ServiceAuthentication)
	if err != nil {
		return TreeDefault
	}
	var body struct {
		Core struct {
			Tree string `json:"orgConfig"`
		} `json:"core"`
	}
	if json.Unmarshal(doc.Body, &body) != nil || body.Core.Tree == "" || body.Core.Tree == "[Empty]" {
		return TreeDefault
	}
	return body.Core.Tree
}

// ServiceAuthentication is the document of a realm's authentication settings.
const ServiceAuthentication = "authentication"

// Password authenticates with a name and a password through a journey, "" being the realm's default. A *Refusal is
// the caller's fault, any other error the server's.
func (s *Service) Password(ctx context.Context, rl *realm.Realm, tree, name, password string) (Authenticated, error) {
	tree, err := s.tree(ctx, rl, tree)
	if err != nil {
		return Authenticated{}, err
	}
	return s.authenticate(ctx, rl, tree, name, password)
}

// authenticate runs a journey that exists.
func (s *Service) authenticate(ctx context.Context, rl *realm.Realm, tree, name, password string) (Authenticated, error) {
	if !rl.Active {
		return Authenticated{}, errRealm
	}
	check, kind := s.user, TypeUser
	if tree == TreeAgent {
		check, kind = s.agent, TypeAgent
	}
	key := guardKey(rl.Path, kind, name)
	if !s.guard.allows(key) {
		return Authenticated{}, errLocked
	}
	a, err := check(ctx, rl, name, password)
	switch {
	case err == nil:
		s.guard.succeeded(key)
	case errors.Is(err, realm.ErrBadCredentials):
		s.guard.failed(key)
	}
	return a, err
}

func (s *Service) user(ctx context.Context, rl *realm.Realm, name, password string) (Authenticated, error) {
	u, err := rl.CheckPassword(ctx, name, password)
	switch {
	case errors.Is(err, realm.ErrInactive):
		return Authenticated{}, errInactive.because(err)
	case errors.Is(err, realm.ErrBadCredentials):
		return Authenticated{}, errFailure.because(err)
	case errors.Is(err, realm.ErrBusy):
		return Authenticated{}, &Refusal{Status: 503, Message: "The server is busy", Cause: err}
	case err != nil:
		return Authenticated{}, err
	}
	sub := store.Subject{Type: TypeUser, Name: u.Name}
	return Authenticated{Subject: sub, User: u, AMR: []string{"pwd"}, Time: s.Now()}, nil
}

func (s *Service) agent(ctx context.Context, rl *realm.Realm, name, password string) (Authenticated, error) {
	agent, err := rl.Agent(ctx, name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Authenticated{}, err
	}
	if err != nil || !agent.CheckSecret(password) {
		return Authenticated{}, errFailure.because(realm.ErrBadCredentials)
	}
	if !agent.IsActive() {
		return Authenticated{}, errFailure.because(realm.ErrInactive)
	}
	sub := store.Subject{Type: TypeAgent, Name: agent.ID}
	return Authenticated{Subject: sub, Time: s.Now()}, nil
}
