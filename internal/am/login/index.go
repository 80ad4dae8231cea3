package login

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// wanted is what a request wants to be authenticated to (PingAM: authIndexType and authIndexValue).
type wanted struct {
	kind, value string // as they were given
	// trees are the journeys that do. Of several the client chooses one; never empty.
	trees []string
	// named tells that a session of another journey does not do, anew that none does.
	named, anew bool
	// agent tells that the journey is that of agents, because an agent asked for none.
	agent bool
	// level is the authentication level that has to be reached, 0 for any.
	level int
	// user is the only one whose authentication does, "" for all; known is what a journey is told of who he is, because
	// a session proves it.
	user, known string
	// transaction is approved by success, nil for none.
	transaction *store.Ticket[Transaction]
	// backchannel is the transaction that another party waits for, "" for none; subject is the only one whose
	// authentication does for it, the zero value for anybody, and data what the journey begins with.
	backchannel string
	completed   bool // it was, already
	subject     store.Subject
	data        map[string]any
	// tracking are names of the journey in logs.
	tracking []string
}

// doneBy tells whether a session of the realm is what is wanted.
func (w *wanted) doneBy(sess store.Session) bool {
	return !w.anew && !w.transactional() && (!w.named || slices.Contains(w.trees, sess.Tree)) && sess.AuthLevel >= w.level &&
		(w.user == "" || sess.Subject.Type == TypeUser && realm.UserID(sess.Subject.Name) == w.user)
}

// transactional tells whether the journey is taken for a transaction.
func (w *wanted) transactional() bool { return w.transaction != nil || w.backchannel != "" }

// check refuses an authentication that is not the one that was wanted.
func (w *wanted) check(a Authenticated) error {
	switch {
	case a.AuthLevel < w.level:
		return errFailure.because(errLevel)
	case w.user != "" && (a.Subject.Type != TypeUser || realm.UserID(a.Subject.Name) != w.user):
		return errFailure.because(errOther)
	case w.subject.Name != "" && (a.Subject.Type != w.subject.Type || realm.UserID(a.Subject.Name) != realm.UserID(w.subject.Name)):
		return errFailure.because(errOther)
	}
	return nil
}

var (
	errLevel = errors.New("the journey did not come to the authentication level that was asked for")
	errOther = errors.New("somebody else was authenticated than was asked for")
)

const maxIndexValue = 2000

// wants finds what the request wants.
func (x *exchange) wants(kind, value string) (*wanted, error) {
	w := &wanted{kind: kind, value: value}
	var err error
	switch {
	case !x.place.Realm.Active:
		err = errRealm
	case kind == "", kind == "service" && value == "":
		err = x.tree(w, "")
	case kind == "composite_advice":
		x.sameUser(w)
		err = x.advised(w, value)
	case value == "" && indexTypes[kind] || len(value) > maxIndexValue:
		err = errNoTree
	case kind == "service":
		w.named = true
		err = x.tree(w, value)
	case kind == "module": // older agents name modules
		w.named = true
		err = x.tree(w, moduleTree(value))
	case kind == "level":
		if w.level, err = strconv.Atoi(value); err != nil {
			return nil, errNoTree.because(err)
		}
		err = x.reaching(w)
	case kind == "user":
		err = x.userTree(w, value)
	case kind == "resource":
		err = x.protected(w, value)
	case kind == "transaction":
		var called bool
		if called, err = x.called(w, value); err == nil && !called {
			err = x.transact(w, value)
		}
	case kind == "role":
		err = errNoTree // there are no roles that could have a journey
	default:
		err = &Refusal{Status: http.StatusBadRequest, Message: "Unknown Authentication Index Type"}
	}
	return w, err
}

// sameUser wants the user of the session that is to be upgraded, and nobody else (PingAM: session upgrade).
func (x *exchange) sameUser(w *wanted) {
	if x.over != nil && x.over.Realm == x.place.Realm.Path && x.over.Subject.Type == TypeUser {
		w.user = realm.UserID(x.over.Subject.Name)
	}
}

// indexTypes are those that need a value of their own.
var indexTypes = map[string]bool{"service": true, "module": true, "level": true, "user": true, "role": true, "resource": true, "transaction": true}

func moduleTree(name string) string {
	switch name {
	case "Application":
		return TreeAgent
	case "DataStore", "LDAP":
		return TreeDefault
	}
	return name
}

// tree wants one journey, "" for the realm's default.
func (x *exchange) tree(w *wanted, name string) error {
	tree, err := x.s.treeOf(x.r.Context(), x.place.Realm, name, w.transactional())
	if err == nil {
		w.trees, w.anew = []string{tree.Name}, w.anew || tree.MustRun
	}
	return err
}

// agents wants the journey of agents when an agent signs in and asks for no journey, as older agents and gateways do (PingAM
// before version 8: data store module). A user of that name goes before.
func (x *exchange) agents(w *wanted, name string) error {
	if w.kind != "" && w.value != "" {
		return nil
	}
	ctx, rl := x.r.Context(), x.place.Realm
	switch _, err := rl.Agent(ctx, name); {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	switch _, err := rl.User(ctx, name); {
	case err == nil:
		return nil
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	ok, err := x.s.isTree(ctx, rl, TreeAgent, false)
	if ok {
		w.agent, w.trees = true, []string{TreeAgent}
	}
	return err
}

// reaching wants a journey that may come to the level; one that does not in the end has failed. Any session has level 0.
func (x *exchange) reaching(w *wanted) error {
	if w.level <= 0 {
		return x.tree(w, "")
	}
	var err error
	if w.trees, err = x.s.Trees.Reaching(x.r.Context(), x.place.Realm.Path, w.level); err == nil && len(w.trees) == 0 {
		err = errNoTree
	}
	return err
}

// userJourney is the attribute that names a user's own journey (PingAM: User Authentication Configuration).
const userJourney = "iplanet-am-user-auth-config"

// userTree wants the journey in the user's profile, and that user. Who has none, or is not known, goes the realm's way.
func (x *exchange) userTree(w *wanted, name string) error {
	w.user = realm.UserID(name)
	tree := ""
	u, err := x.place.Realm.User(x.r.Context(), name)
	switch {
	case err == nil:
		if list := u.Attribute(userJourney); len(list) > 0 {
			tree = list[0]
		}
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	return x.tree(w, tree)
}

// protected wants what the policies of a resource advise. The older form of the parameters has the resource's address
// in one of its own.
func (x *exchange) protected(w *wanted, resource string) error {
	if at := x.r.URL.Query().Get("resourceURL"); at != "" && strings.EqualFold(resource, "true") {
		resource = at
		w.value = at
	}
	if x.s.Advices == nil || len(resource) > maxIndexValue {
		return errNoTree
	}
	var sess *store.Session
	if x.shown.Token != "" && x.shown.Realm == x.place.Realm.Path {
		sess = &x.shown.Session
	}
	advices, ok, err := x.s.Advices(x.r.Context(), x.place.Realm, resource, sess)
	if err != nil {
		return err
	}
	if !ok {
		return errNoTree
	}
	return x.follow(w, advices)
}

func (s *Service) isTree(ctx context.Context, rl *realm.Realm, name string, transactional bool) (bool, error) {
	_, err := s.treeOf(ctx, rl, name, transactional)
	if _, refused := errors.AsType[*Refusal](err); refused {
		return false, nil
	}
	return err == nil, err
}
