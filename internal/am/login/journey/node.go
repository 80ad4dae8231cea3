package journey

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"gatehouse/internal/am/login/social"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/script"
	"gatehouse/internal/am/store"
)

// Type is a kind of nodes.
type Type struct {
	// ID is what trees and exports call it: "PageNode".
	ID, Name string
	// Tags say where an editor shows it.
	Tags []string
	// New makes a node with the defaults of its settings, which are its exported fields with json tags.
	New func() Node
}

// Node does one step of a journey. Its exported fields are its settings.
type Node interface {
	// Outcomes are what Process can come to.
	Outcomes() []string
	// Process looks at the state, and at the callbacks of a former call when the client answered them.
	Process(s *Step) (Result, error)
}

// Result is an outcome, or callbacks to ask first.
type Result struct {
	Outcome   string
	Callbacks []Callback
	// Stage, Header and Description are for the page that shows the callbacks.
	Stage, Header, Description string
	// Suspend lets the journey wait for whoever has the link, with the callbacks as what is shown meanwhile; nil: it waits
	// for the client.
	Suspend *Suspension

	page bool
}

// Suspension is a journey that waits.
type Suspension struct {
	// Minutes is how long; 0: as long as the realm says.
	Minutes int
	// Ticket is what Link gave; "": a link is made for Send.
	Ticket string
	// Send hands out the link by which the journey goes on; nil: it was handed out. It is called when the request may be
	// over.
	Send func(link string)
}

// To leads on by an outcome.
func To(outcome string) (Result, error) { return Result{Outcome: outcome}, nil }

// Ask asks callbacks before the node can go on.
func Ask(callbacks ...Callback) (Result, error) { return Result{Callbacks: callbacks}, nil }

// Either is the outcome "true" or "false".
func Either(yes bool) (Result, error) {
	if yes {
		return To("true")
	}
	return To("false")
}

// Host is what nodes may do outside of the journey.
type Host interface {
	// User checks a user's password: realm.ErrBadCredentials, realm.ErrInactive, or ErrLocked for a name that was
	// guessed at too often.
	User(ctx context.Context, rl *realm.Realm, name, password string) (*realm.User, error)
	// Agent does so for an agent's, whose ID it returns.
	Agent(ctx context.Context, rl *realm.Realm, name, password string) (string, error)
	// FindAgent returns the ID of the active agent with that name, or store.ErrNotFound.
	FindAgent(ctx context.Context, rl *realm.Realm, name string) (string, error)
	// Find returns the user with that name, or store.ErrNotFound.
	Find(ctx context.Context, rl *realm.Realm, name string) (*realm.User, error)
	// Search returns the only user of the realm's own with that value of an attribute, or store.ErrNotFound.
	Search(ctx context.Context, rl *realm.Realm, attribute, value string) (*realm.User, error)
	// Resource answers a request on a resource with an administrator's rights, in the realm alone.
	Resource(ctx context.Context, rl *realm.Realm, r *script.ResourceRequest) (*script.ResourceAnswer, error)
	// ChangePassword gives a user of a directory another password: realm.ErrRefusedPassword when it is not taken.
	ChangePassword(ctx context.Context, rl *realm.Realm, name, current, next string) error
	// UserAt and ChangePasswordAt are User and ChangePassword for a directory that is none of the realm's. The name of the
	// user that UserAt finds is the directory's.
	UserAt(ctx context.Context, rl *realm.Realm, d *realm.Directory, name, password string) (*realm.User, error)
	ChangePasswordAt(ctx context.Context, rl *realm.Realm, d *realm.Directory, name, current, next string) error
	// Matches tells whether a text has that hash: realm.ErrBusy when too many are checked at a time.
	Matches(ctx context.Context, hash, text string) (bool, error)
	// Save stores a changed user.
	Save(ctx context.Context, rl *realm.Realm, u *realm.User) error
	// Guess counts wrong one-time passwords of a user. allowed tells whether another one may be tried; outcome takes whether it is
	// right, and returns whether it counts: not when others that were tried at the same time were wrong too often.
	Guess(rl *realm.Realm, user string) (allowed bool, outcome func(right bool) (counts bool))
	// BeginBackchannel begins a journey for somebody who takes it elsewhere: ErrBackchannel for one that cannot be,
	// store.ErrNotFound for a subject that is not there. BackchannelURL is where a browser comes to it; it is an error where
	// the server is asked under a name that it does not know.
	BeginBackchannel(ctx context.Context, rl *realm.Realm, b Backchannel) (id string, err error)
	BackchannelURL(r *http.Request, rl *realm.Realm, id string) (string, error)
	// Backchannel tells how it stands: store.ErrNotFound for one whose time is over.
	Backchannel(ctx context.Context, rl *realm.Realm, id string) (BackchannelStatus, error)
	// Origin is the origin of the page that a request comes from: this server's, or one that the CORS service names;
	// "" for any other.
	Origin(r *http.Request, rl *realm.Realm) string
	// Decide runs the script of a scripted decision.
	Decide(ctx context.Context, s *realm.Script, in *script.DecisionInput) (*script.Decision, error)
	// Profile runs a script that makes a profile of another, which it knows by the name of binding.
	Profile(ctx context.Context, s *realm.Script, rl *realm.Realm, binding string, profile map[string]any) (map[string]any, error)
	// Providers calls other providers.
	Providers() *social.Client
	// OpenSecret opens a sealed setting.
	OpenSecret(sealed string) (string, error)
	SealSecret(plain string) string
}

// ErrFailed is the error of a node that ends the journey as a failure, for a reason that the client is not told.
var ErrFailed = errors.New("the journey ends here")

// ErrLocked is the error for a name that was guessed at too often, in a short time.
var ErrLocked = errors.New("too many attempts")

// MessageOf is what a client is told of a refused login.
func MessageOf(err error) string {
	switch {
	case errors.Is(err, ErrLocked):
		return "Your account has been locked."
	case errors.Is(err, realm.ErrExpired):
		return "Your password has expired."
	case errors.Is(err, realm.ErrInactive):
		return "User not Active"
	}
	return "Login failure"
}

// Step is one node's turn.
type Step struct {
	Realm   *realm.Realm
	Request *http.Request // never nil
	State   *State
	Host    Host
	Source  *Source
	// Answers are the callbacks that this node asked, as the client filled them in; nil before it asked.
	Answers []Callback
	// Resumed tells that the journey waited at this node, and that somebody had its link.
	Resumed bool
	// Link makes a link by which the journey can go on if it waits, and the ticket that is in it.
	Link func() (link, ticket string, err error)
	// Session is the session that the request shows, nil for none.
	Session *store.Session
	// Languages are what the client would like texts in.
	Languages []string
	// NoScripts tells that the client runs none of the scripts that callbacks can hold.
	NoScripts bool
	// ClientIP is the address of the client.
	ClientIP string
	// Now is the time, as a Unix time in seconds.
	Now int64
	// NodeID is the ID of the node, and Tree the tree that it is in.
	NodeID string
	Tree   *Tree
	// Log is told what operators should know of; never nil.
	Log *slog.Logger
}

// Context is the request's.
func (s *Step) Context() context.Context { return s.Request.Context() }

// Text picks a text in the client's language.
func (s *Step) Text(texts map[string]string, otherwise string) string {
	if t := Text(texts, s.Languages); t != "" {
		return t
	}
	return otherwise
}

// User is the user that the journey knows by now, store.ErrNotFound for none.
func (s *Step) User() (*realm.User, error) {
	name := s.State.Username()
	if name == "" {
		return nil, store.ErrNotFound
	}
	return s.Host.Find(s.Context(), s.Realm, name)
}
