package oauth

import (
	"context"
	"errors"
	"net/http"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Login is what the endpoints need from the authentication side.
type Login interface {
	// Session returns the live session that r shows in its cookie, and the session's token; store.ErrNotFound
	// when there is none.
	Session(r *http.Request) (sess store.Session, token string, err error)
	// Password authenticates a user of rl without interaction through a tree, "" being the realm's default.
	// A *LoginError is a refusal; any other error is the server's fault.
	Password(ctx context.Context, rl *realm.Realm, tree, user, password string) (Authenticated, error)
	// URL is where a browser signs in, to come back to goTo.
	URL(base BaseURL, rl *realm.Realm, goTo string, hints LoginHints) string
	// End ends a session by its stored ID.
	End(ctx context.Context, sessionID string) error
}

// LoginHints shape the sign-in.
type LoginHints struct {
	Tree   string // the journey, "" for the default
	Force  bool   // even with a session
	Locale string
	User   string // login_hint
	ACR    string // acr_values
}

// Authenticated is the outcome of a successful authentication.
type Authenticated struct {
	User      *realm.User
	AuthLevel int
	AMR       []string
	AuthTime  time.Time
}

// LoginError is a refused authentication. Message is what the user may be told; it does not tell whether the
// user exists.
type LoginError struct{ Message string }

func (e *LoginError) Error() string { return "authentication refused: " + e.Message }

// directLogin is used where no Login is given: user and password alone, and no sessions.
type directLogin struct {
	now func() time.Time
}

func (directLogin) Session(*http.Request) (store.Session, string, error) {
	return store.Session{}, "", store.ErrNotFound
}

func (d directLogin) Password(ctx context.Context, rl *realm.Realm, _, user, password string) (Authenticated, error) {
	u, err := rl.CheckPassword(ctx, user, password)
	if errors.Is(err, realm.ErrBadCredentials) || errors.Is(err, realm.ErrInactive) {
		return Authenticated{}, &LoginError{Message: "Authentication Failed"}
	}
	return Authenticated{User: u, AuthTime: d.now()}, err
}

func (directLogin) URL(base BaseURL, rl *realm.Realm, goTo string, _ LoginHints) string {
	return base.URL + "/UI/Login?realm=" + queryEscape(rl.Path) + "&goto=" + queryEscape(goTo)
}

func (directLogin) End(context.Context, string) error { return nil }
