package realm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/am/store"
)

// Errors of CheckPassword. A public text must not tell them apart.
var (
	ErrBadCredentials = errors.New("the name or the password is wrong")
	// ErrInactive comes after a right password only.
	ErrInactive = errors.New("the account is not active")
	// ErrLocked is ErrBadCredentials of an account that its directory has locked, whatever the password.
	ErrLocked = fmt.Errorf("the directory has locked the account: %w", ErrBadCredentials)
	// ErrExpired is ErrInactive of an account whose password has to be changed first.
	ErrExpired = fmt.Errorf("the password has expired or has to be changed: %w", ErrInactive)
	// ErrMustChange is ErrExpired of a password that is right, and good for nothing but changing it.
	ErrMustChange = fmt.Errorf("it was set by somebody else: %w", ErrExpired)
	// ErrRefusedPassword is the error of a new password that the directory does not take.
	ErrRefusedPassword = errors.New("the directory refused the new password")
)

// User is the profile of a user. Its document is an object with "username",
// "userpassword" (the hash) and the attributes.
type User struct {
	ID   string // the stored ID, UserID of the name
	Name string // as it was given at creation
	Rev  uint64

	// External is where the user is kept when that is not here; "" for the server's own users.
	External string
	// Warning is what a directory said of the password that it found right; nil: nothing.
	Warning *PasswordWarning

	// Password is the stored hash, never a password.
	Password string
	// Attributes are the values by attribute name, as it was written.
	Attributes map[string][]string
}

// UserID returns the ID under which the user with that name is stored: names are
// compared without case.
func UserID(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// SameUser tells whether two names are of one user. strings.EqualFold is not the same: to it the long s of "\u017fam" is an s.
func SameUser(a, b string) bool { return UserID(a) == UserID(b) }

// ParseUser reads a user's document. A single value stands for a list of one; members
// beginning with "_" are no attributes.
func ParseUser(d store.Doc) (*User, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(d.Body, &members); err != nil {
		return nil, fmt.Errorf("user: expected an object: %w", err)
	}
	u := &User{ID: d.ID, Name: d.ID, Rev: d.Rev, Attributes: make(map[string][]string, len(members))}
	for name, raw := range members {
		values, err := texts(raw)
		if strings.HasPrefix(name, "_") {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("user: %s: expected a list of strings, found %s", name, kindOf(raw))
		}
		switch strings.ToLower(name) {
		case "username":
			u.Name = first(values, d.ID)
		case "userpassword":
			u.Password = first(values, "")
		default:
			u.Attributes[name] = values
		}
	}
	return u, nil
}

// Doc returns the document of the user, conditional on u.Rev.
func (u *User) Doc() (store.Doc, error) {
	members := make(map[string]any, len(u.Attributes)+2)
	for name, values := range u.Attributes {
		members[name] = values
	}
	members["username"] = u.Name
	if u.Password != "" {
		members["userpassword"] = u.Password
	}
	body, err := json.Marshal(members)
	return store.Doc{ID: UserID(u.Name), Rev: u.Rev, Body: body}, err
}

// Attribute returns the values of an attribute, whose name is compared without case;
// nil when there is none. The name is an attribute too: "uid" and "username".
func (u *User) Attribute(name string) []string {
	if values, ok := u.Attributes[name]; ok {
		return values
	}
	for _, n := range slices.Sorted(maps.Keys(u.Attributes)) {
		if strings.EqualFold(n, name) {
			return u.Attributes[n]
		}
	}
	if strings.EqualFold(name, "uid") || strings.EqualFold(name, "username") {
		return []string{u.Name}
	}
	return nil
}

// SetAttribute replaces the values of an attribute; no values remove it.
func (u *User) SetAttribute(name string, values ...string) {
	maps.DeleteFunc(u.Attributes, func(n string, _ []string) bool { return strings.EqualFold(n, name) })
	if len(values) > 0 {
		u.Attributes[name] = values
	}
}

// IsActive tells whether the user may log in.
func (u *User) IsActive() bool {
	return strings.EqualFold(first(u.Attribute("inetUserStatus"), "Active"), "Active")
}

// PasswordWarning tells that a password can be used for some time only.
type PasswordWarning struct {
	// Grace is how many more times somebody can sign in with a password that has expired.
	Grace int
	// Expires is when the password does; 0: it has.
	Expires time.Duration
}

// Directory is a directory that a journey asks by itself, beside those of the realm.
type Directory struct {
	// Servers are "host:port", in the order in which they are tried; Bases where users are searched, likewise.
	Servers, Bases []string
	// BindDN and Password are of the account that searches; "" searches as nobody.
	BindDN, Password string
	// NameAttribute holds the user's name; Search are the attributes of which one has to be what was typed.
	NameAttribute string
	Search        []string
	// NameInDN takes the name from the first part of the entry's DN instead.
	NameInDN bool
	Filter   string // beside that; "": none
	Scope    string // "OBJECT", "ONE_LEVEL" or "SUBTREE"
	Mode     string // "LDAP", "LDAPS" or "StartTLS"
	// Timeout is for one request; 0 is ten seconds.
	Timeout time.Duration
	// TrustAll takes any certificate.
	TrustAll bool
	// NoPolicy does not ask what the directory's password policy says.
	NoPolicy bool
}

// Identities are users that are kept elsewhere. Names that the server has itself are not looked for there.
type Identities interface {
	// Find returns the user with that name, or store.ErrNotFound.
	Find(ctx context.Context, realmPath, name string) (*User, error)
	// Check returns the user whose name and password these are, or ErrBadCredentials.
	Check(ctx context.Context, realmPath, name, password string) (*User, error)
	// Save stores a changed user.
	Save(ctx context.Context, realmPath string, u *User) error
	// ChangePassword gives a user another password; ErrRefusedPassword when it is not taken.
	ChangePassword(ctx context.Context, realmPath string, u *User, current, next string) error
	// CheckAt and ChangePasswordAt do the same in a directory that is none of the realm's.
	CheckAt(ctx context.Context, d *Directory, name, password string) (*User, error)
	ChangePasswordAt(ctx context.Context, d *Directory, name, current, next string) error
}

// SetIdentities names where else users are found. It is called before the realms are used.
func (m *Manager) SetIdentities(i Identities) { m.identities = i }

// User returns the user with that name, in any case, or store.ErrNotFound: one of the server's own, else one that is kept
// elsewhere. The value is the caller's.
func (r *Realm) User(ctx context.Context, name string) (*User, error) {
	u, err := r.ownUser(ctx, name)
	if isNotFound(err) && r.set.m.identities != nil {
		return r.set.m.identities.Find(ctx, r.Path, name)
	}
	return u, err
}

func (r *Realm) ownUser(ctx context.Context, name string) (*User, error) {
	d, err := r.set.m.docs.Get(ctx, r.Path, store.KindUser, UserID(name))
	if err != nil {
		return nil, err
	}
	return ParseUser(d)
}

// SaveUser stores a changed user over the revision that was read; store.ErrConflict when somebody else was faster.
func (r *Realm) SaveUser(ctx context.Context, u *User) error {
	if u.External != "" {
		return r.set.m.identities.Save(ctx, r.Path, u)
	}
	d, err := u.Doc()
	if err == nil {
		d, err = r.set.m.docs.Put(ctx, r.Path, store.KindUser, d)
	}
	if err == nil {
		u.Rev = d.Rev
	}
	return err
}

// ChangePassword gives a user who is kept elsewhere another password, which may be one that has to be changed.
func (r *Realm) ChangePassword(ctx context.Context, u *User, current, next string) error {
	return r.set.m.identities.ChangePassword(ctx, r.Path, u, current, next)
}

// Identities are the users that are kept elsewhere; nil: none are.
func (r *Realm) Identities() Identities { return r.set.m.identities }

// CheckPassword returns the user whose name and password these are. It is
// ErrBadCredentials otherwise, after the same work whether or not there is such a
// user; only an imported hash takes the time of its own scheme, until the first login
// replaces it.
func (r *Realm) CheckPassword(ctx context.Context, name, password string) (*User, error) {
	wrong := ErrBadCredentials
	u, err := r.ownUser(ctx, name)
	if isNotFound(err) && r.set.m.identities != nil {
		u, err := r.set.m.identities.Check(ctx, r.Path, name, password)
		if err == nil && !u.IsActive() {
			return nil, ErrInactive
		}
		if !errors.Is(err, ErrBadCredentials) {
			return u, err
		}
		wrong = err
		// What follows takes the time that it takes for the server's own users.
	}
	if err != nil && !isNotFound(err) {
		return nil, fmt.Errorf("check password: %w", err)
	}
	hash := ""
	if err == nil {
		hash = u.Password
	}
	known := KnownPasswordHash(hash)
	if !known {
		hash = nobody
	}
	var ok, outdated bool
	if err := r.set.m.gate.pass(ctx, func() { ok, outdated = verifyPassword(hash, password) }); err != nil {
		return nil, fmt.Errorf("check password: %w", err)
	}
	if !ok || !known {
		return nil, wrong
	}
	if !u.IsActive() {
		return nil, ErrInactive
	}
	if outdated {
		r.upgrade(ctx, u, password)
	}
	return u, nil
}

// nobody is the hash that is checked when there is no user: of the same parameters as
// new hashes, and of no password at all.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$Z2F0ZWhvdXNlbm9ib2R5IQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// upgrade replaces the hash of an older scheme. It may fail without harm: the next
// login tries again.
func (r *Realm) upgrade(ctx context.Context, u *User, password string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	hash, err := r.set.m.HashPassword(ctx, password)
	if err == nil {
		u.Password = hash
		var d store.Doc
		if d, err = u.Doc(); err == nil {
			d, err = r.set.m.docs.Put(ctx, r.Path, store.KindUser, d)
		}
		if err == nil {
			u.Rev = d.Rev
		}
	}
	if err != nil {
		r.set.m.log.WarnContext(ctx, "the password hash was not upgraded", "realm", r.Path, "error", err)
	}
}

func first(values []string, other string) string {
	if len(values) > 0 {
		return values[0]
	}
	return other
}
