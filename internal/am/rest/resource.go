package rest

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Resource is a collection, or a singleton, below /json or below a realm. What is nil is not offered (501).
// Objects that go in and out have their _id; crest.go adds _rev and checks conditions.
type Resource struct {
	// Path is "users" or "realm-config/agents/{type}"; {name} is a variable, see Call.Vars.
	Path string
	// Version is the newest resource version, the one that answers tell.
	Version string
	// Settings: the collection is an object as well, whose id is "".
	Settings bool
	// Global resources are not of a realm: they are addressed without one, or with the root realm.
	Global bool
	// Identities: of identity management, which access tokens may be for alone.
	Identities bool
	// Allow says who may do what; nil is administrators alone.
	Allow func(c *Call, v Verb) error
	// Check runs before all others, to refuse variables of the path that name nothing.
	Check func(c *Call) error

	// Query returns all objects; filter, order and paging come after.
	Query func(c *Call) ([]Object, error)
	// Walk is for collections that may be large: it passes the objects of a span to f, with their stored IDs and in the
	// order of these. Query is for requests that want another order.
	Walk func(c *Call, span store.Span, f func(id string, o Object) (more bool, err error)) error
	// IDFields are the fields that hold the ID, of a resource with Walk. FoldedIDs are stored in lower case.
	IDFields  []string
	FoldedIDs bool
	// Plain returns what a read of the whole collection answers when that is not an object of this interface.
	Plain func(c *Call) (any, error)
	// Read returns one object; of a singleton, whose id is "", the only one.
	Read func(c *Call, id string) (Object, error)
	// Create makes an object. id is "" when neither the address nor the body names one.
	Create func(c *Call, id string, body Object) (Object, error)
	Update func(c *Call, id string, body Object) (Object, error)
	Delete func(c *Call, id string) (Object, error)
	// Patched turns the object as read, after the operations of a PATCH, into what Update takes; nil: as it is.
	Patched func(o Object) Object

	Actions     map[string]Action
	ItemActions map[string]Action

	// Exists is the text of a clash.
	Exists string
	// Unversioned objects have neither _rev nor ETag.
	Unversioned bool
	// NoPutCreate: a PUT of what does not exist is a 404.
	NoPutCreate bool
	// Counted queries tell the total; others say -1. Of what remains all say -1, but Complete ones 0.
	Counted  bool
	Complete bool
	// Patterns: "eq" of a _queryFilter takes regular expressions.
	Patterns bool
	// Passive: a request does not count as use of the caller's session.
	Passive bool
	// ItemRev replaces the _rev of query items.
	ItemRev string
}

// Action is what a POST with ?_action= does.
type Action struct {
	// Open actions are for everybody; else Allow is asked with VerbAction.
	Open bool
	Do   func(c *Call) (any, error)
}

// Verb is what a request wants.
type Verb int

// Verbs.
const (
	VerbRead Verb = iota
	VerbQuery
	VerbCreate
	VerbUpdate
	VerbPatch
	VerbDelete
	VerbAction
)

// Call is one request on its way to a resource.
type Call struct {
	login.Place
	Request *http.Request
	Caller  Caller
	// Vars are the variables of the resource's path.
	Vars map[string]string
	// ID is the object's, of requests on one object.
	ID    string
	Query url.Values
	// Body is what came; an absent one is empty. Operations is that of a PATCH.
	Body       Object
	Operations []any
	// Action is the name of the action.
	Action string
	// Filter is that of a query; nil: there is none.
	Filter Filter
	// Conditional is set when the caller named the revision that may be written over.
	Conditional bool

	server  *Server
	writer  http.ResponseWriter
	version string // resource version as asked for; "" for the newest
	seen    map[store.Key]store.Doc
}

// Context is the request's.
func (c *Call) Context() context.Context { return c.Request.Context() }

// get reads a document of the realm, once: what was compared with a condition is what is written over.
func (c *Call) get(kind, id string) (store.Doc, error) { return c.getIn(c.realmPath(), kind, id) }

// getIn is get for a document of another realm; those of the whole server are of the realm "".
func (c *Call) getIn(realm, kind, id string) (store.Doc, error) {
	if d, ok := c.seen[store.Key{Realm: realm, Kind: kind, ID: id}]; ok {
		return d, nil
	}
	d, err := c.server.docs.Get(c.Context(), realm, kind, id)
	if err == nil {
		c.note(realm, kind, d)
	}
	return d, err
}

// note keeps a document that was read in a list, as get does.
func (c *Call) note(realm, kind string, d store.Doc) {
	if c.seen == nil {
		c.seen = map[store.Key]store.Doc{}
	}
	c.seen[store.Key{Realm: realm, Kind: kind, ID: d.ID}] = d
}

// over writes a document over the one that is there, whatever it is; but where the caller named the revision, over the one
// that was read, else it is store.ErrConflict. What is shipped and was never changed has no document yet.
func (c *Call) over(realm, kind string, d store.Doc) error {
	key := store.Key{Realm: realm, Kind: kind, ID: d.ID}
	was := c.seen[key].Rev
	delete(c.seen, key) // what is read from now on is what was written
	d.Rev = 0
	if c.Conditional {
		if d.Rev = was; d.Rev == 0 {
			_, err := c.server.docs.Create(c.Context(), realm, kind, d)
			return err
		}
	}
	_, err := c.server.docs.Put(c.Context(), realm, kind, d)
	return err
}

// remove deletes a document, with the same condition as over.
func (c *Call) remove(realm, kind, id string) error {
	key := store.Key{Realm: realm, Kind: kind, ID: id}
	rev := c.seen[key].Rev
	delete(c.seen, key)
	if !c.Conditional {
		rev = 0
	} else if rev == 0 {
		return store.ErrNotFound
	}
	return c.server.docs.Delete(c.Context(), realm, kind, id, rev)
}

// maxTries bounds how often a write is tried again because others wrote at the same time.
const maxTries = 20

// again repeats a change of what was read while others write to the same: who names no revision means what is there.
func (c *Call) again(change func() (Object, error)) (Object, error) {
	for range maxTries {
		o, err := change()
		if c.Conditional || !errors.Is(err, store.ErrConflict) {
			return o, err
		}
		c.seen = nil
	}
	return nil, store.ErrConflict
}

// user reads a user of the realm, like get.
func (c *Call) user(name string) (*realm.User, error) {
	d, err := c.get(store.KindUser, realm.UserID(name))
	if err != nil {
		return nil, err
	}
	return realm.ParseUser(d)
}

// anyUser is user, and finds those as well that are kept in directories.
func (c *Call) anyUser(name string) (*realm.User, error) {
	u, err := c.user(name)
	if errors.Is(err, store.ErrNotFound) {
		return c.Realm.User(c.Context(), name)
	}
	return u, err
}

// realmPath is the address of the realm in the store.
func (c *Call) realmPath() string { return c.Realm.Path }
