package login

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"gatehouse/internal/am/login/journey"
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
	// Properties are those that the journey sets in the session.
	Properties map[string]string
	// MaxIdle and MaxLife are the session's times; 0: the realm's.
	MaxIdle, MaxLife time.Duration
	// Tree is the journey, and NoSession tells that it makes no session.
	Tree      string
	NoSession bool
	// SuccessURL is where the journey leads those who asked for nothing else; "": see Place.
	SuccessURL string
	// Details are members for the answer, and Cookies what goes with it.
	Details map[string]string
	Cookies []journey.Cookie
}

// Refusal is an authentication that failed. Message is what may be told: it does not say whether the name exists.
type Refusal struct {
	Status  int
	Message string
	// FailureURL is where the journey leads those who fail.
	FailureURL string
	// Details are members for the answer, beside it.
	Details map[string]string
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
	errMore     = &Refusal{Status: 401, Message: "The journey asks for more than a name and a password"}
	errAmster   = &Refusal{Status: 501, Message: "The journey amsterService is not supported by this server"}
)

func (r *Refusal) because(cause error) *Refusal {
	c := *r
	c.Cause = cause
	return &c
}

// treeAdmins is a name that stands for the journey of administrators (PingAM: administrator authentication).
const treeAdmins = "adminconsoleservice"

// treeOf finds a journey by name; "" and "[Empty]" are the realm's default. Some are for transactions alone.
func (s *Service) treeOf(ctx context.Context, rl *realm.Realm, name string, transactional bool) (*journey.Tree, error) {
	switch name {
	case "", "[Empty]":
		name, _ = s.defaultTrees(ctx, rl)
	case treeAdmins:
		_, name = s.defaultTrees(ctx, rl)
	}
	if name == TreeAmster {
		return nil, errAmster
	}
	t, err := s.Trees.Tree(ctx, rl.Path, name)
	switch {
	case errors.Is(err, journey.ErrNoTree):
		return nil, errNoTree
	case err != nil:
		return nil, err
	case !t.IsEnabled(), t.InnerOne, t.Transactional && !transactional:
		return nil, errNoTree
	}
	return t, nil
}

// defaultTrees are the journeys that the realm's authentication settings name, for users and for administrators.
func (s *Service) defaultTrees(ctx context.Context, rl *realm.Realm) (users, admins string) {
	var body struct {
		Core struct {
			Users  string `json:"orgConfig"`
			Admins string `json:"adminAuthModule"`
		} `json:"core"`
	}
	doc, err := s.docs.Get(ctx, rl.Path, store.KindService, ServiceAuthentication)
	if err == nil {
		err = json.Unmarshal(doc.Body, &body)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.Log.WarnContext(ctx, "the authentication settings cannot be used", "realm", rl.Path, "error", err)
	}
	named := func(name string) string {
		if name == "[Empty]" {
			return TreeDefault
		}
		return cmp.Or(name, TreeDefault)
	}
	return named(body.Core.Users), named(body.Core.Admins)
}

// ServiceAuthentication is the document of a realm's authentication settings.
const ServiceAuthentication = "authentication"

// Password authenticates with a name and a password through a journey, "" being the realm's default. A *Refusal is
// the caller's fault, any other error the server's.
func (s *Service) Password(ctx context.Context, rl *realm.Realm, tree, name, password string) (Authenticated, error) {
	t, err := s.treeOf(ctx, rl, tree, false)
	if err != nil {
		return Authenticated{}, err
	}
	return s.authenticate(ctx, rl, t.Name, name, password)
}

// authenticate runs a journey that exists, of which name and password are all that it asks.
func (s *Service) authenticate(ctx context.Context, rl *realm.Realm, tree, name, password string) (Authenticated, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/", http.NoBody)
	if err != nil {
		return Authenticated{}, err
	}
	if !rl.Active {
		return Authenticated{}, errRealm
	}
	out, err := s.start(r, rl, &wanted{trees: []string{tree}}, &Credentials{Name: name, Password: password})
	if err == nil && out.Asked != nil {
		err = errMore
	}
	return out.Authenticated, err
}

// guarded checks a password unless the name was guessed at too often.
func (s *Service) guarded(rl *realm.Realm, kind, name string, check func() error) error {
	key := guardKey(rl.Path, kind, name)
	if s.guard.Wait(key) > 0 {
		return journey.ErrLocked
	}
	err := check()
	if err != nil && !errors.Is(err, realm.ErrBadCredentials) {
		return err
	}
	if !s.guard.Settle(key, err == nil) {
		return journey.ErrLocked
	}
	return err
}

// CheckPassword checks a user's password, whatever the journeys of the realm are. A wrong one, or one of a user who may not sign
// in or has to wait, is a *Refusal.
func (s *Service) CheckPassword(ctx context.Context, rl *realm.Realm, name, password string) error {
	_, err := host{s}.User(ctx, rl, name, password)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, realm.ErrBusy):
		return s.refusal(ctx, err)
	case errors.Is(err, journey.ErrLocked):
		return errLocked.because(err)
	case errors.Is(err, realm.ErrInactive):
		return errInactive.because(err)
	case errors.Is(err, realm.ErrBadCredentials):
		return errFailure.because(err)
	}
	return err
}
