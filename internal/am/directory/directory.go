// Package directory finds users in LDAP directories that a realm names beside its own users (RFC 4511).
package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Settings are one identity store of a realm, with the names that PingAM has for them.
type Settings struct {
	LDAP struct {
		// Servers are "host:port", in the order in which they are tried.
		Servers []string `json:"sun-idrepo-ldapv3-config-ldap-server"`
		// BindDN and Password are of the account that searches; "" searches as nobody.
		BindDN   string `json:"sun-idrepo-ldapv3-config-authid,omitempty"`
		Password string `json:"sun-idrepo-ldapv3-config-authpw,omitempty"` // sealed
		// Base is where users are searched.
		Base string `json:"sun-idrepo-ldapv3-config-organization_name"`
		Mode string `json:"sun-idrepo-ldapv3-config-connection-mode"` // "LDAP", "LDAPS" or "StartTLS"
		// Timeout is for one request, in seconds.
		Timeout int `json:"sun-idrepo-ldapv3-config-time-limit"`
	} `json:"ldapsettings"`
	User struct {
		SearchAttribute string   `json:"sun-idrepo-ldapv3-config-users-search-attribute"`
		SearchFilter    string   `json:"sun-idrepo-ldapv3-config-users-search-filter"`
		Attributes      []string `json:"sun-idrepo-ldapv3-config-user-attributes"`
		// Status is the attribute that holds Active or Inactive for the values of the directory.
		Status   string `json:"sun-idrepo-ldapv3-config-isactive"`
		Active   string `json:"sun-idrepo-ldapv3-config-active"`
		Inactive string `json:"sun-idrepo-ldapv3-config-inactive"`
	} `json:"userconfig"`

	// What directories of journeys may have besides; see at.
	bases, searched    []string
	scope              int
	trustAll, noPolicy bool
	timeout            time.Duration
}

// Defaults are the settings of which nothing was said.
func Defaults() *Settings {
	s := &Settings{}
	s.LDAP.Servers, s.LDAP.Mode, s.LDAP.Timeout = []string{"localhost:389"}, "LDAP", 10
	s.LDAP.Base = "dc=example,dc=com"
	s.User.SearchAttribute, s.User.SearchFilter = "uid", "(objectclass=inetorgperson)"
	s.User.Attributes = []string{
		"uid", "cn", "sn", "givenName", "mail", "telephoneNumber", "employeeNumber", "postalAddress", "preferredLanguage", "description", "inetUserStatus",
	}
	s.User.Status, s.User.Active, s.User.Inactive = "inetuserstatus", "Active", "Inactive"
	s.scope = ldap.ScopeWholeSubtree
	return s
}

// prefix begins the IDs of the documents, which are services of the realm.
const prefix = "id-repositories/"

// DocID is the ID of the document of an identity store.
func DocID(name string) string { return prefix + name }

// NameOf is the reverse; false for documents of other services.
func NameOf(docID string) (string, bool) { return strings.CutPrefix(docID, prefix) }

// Stores are the identity stores of all realms.
type Stores struct {
	docs store.Docs
	open func(sealed string) (string, error)
	log  *slog.Logger

	mu    sync.Mutex
	conns map[string]*directory // by realm and name
}

// New returns the stores; openSecret opens sealed passwords.
func New(docs store.Docs, openSecret func(string) (string, error), log *slog.Logger) *Stores {
	return &Stores{docs: docs, open: openSecret, log: log, conns: map[string]*directory{}}
}

// of returns the directories of a realm by their names.
func (s *Stores) of(ctx context.Context, realmPath string) ([]*directory, error) {
	var list []*directory
	there := map[string]bool{}
	err := s.docs.Walk(ctx, realmPath, store.KindService, store.Span{Prefix: prefix, Page: 50}, func(d store.Doc) (bool, error) {
		name, _ := NameOf(d.ID)
		key := realmPath + " " + name
		there[key] = true
		dir, err := s.directory(key, d)
		if err != nil {
			return false, fmt.Errorf("identity store %s: %w", name, err)
		}
		list = append(list, dir)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	s.forget(realmPath, there)
	return list, nil
}

// forget closes the connections of those stores of a realm that are not there any more.
func (s *Stores) forget(realmPath string, there map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, d := range s.conns {
		if strings.HasPrefix(key, realmPath+" ") && !there[key] {
			d.close()
			delete(s.conns, key)
		}
	}
}

func (s *Stores) directory(key string, d store.Doc) (*directory, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.conns[key]
	if old != nil && old.rev == d.Rev {
		return old, nil
	}
	dir := &directory{Settings: Defaults(), rev: d.Rev}
	if err := json.Unmarshal(d.Body, dir.Settings); err != nil {
		return nil, err
	}
	var err error
	if dir.password, err = s.open(dir.LDAP.Password); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(modes, func(m string) bool { return strings.EqualFold(m, dir.LDAP.Mode) }) {
		return nil, fmt.Errorf("connection-mode: expected LDAP, LDAPS or StartTLS, found %q", dir.LDAP.Mode)
	}
	if old != nil {
		old.close()
	}
	s.conns[key] = dir
	return dir, nil
}

// Close ends all connections.
func (s *Stores) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.conns {
		d.close()
	}
	clear(s.conns)
}

// search finds the entry of a name; nil when there is none.
func (d *directory) search(ctx context.Context, name string) (*ldap.Entry, error) {
	attributes := d.searched
	if len(attributes) == 0 {
		attributes = []string{d.User.SearchAttribute}
	}
	filter := ""
	for _, attribute := range attributes {
		filter += "(" + attribute + "=" + ldap.EscapeFilter(name) + ")"
	}
	if len(attributes) > 1 {
		filter = "(|" + filter + ")"
	}
	if d.User.SearchFilter != "" {
		filter = "(&" + d.User.SearchFilter + filter + ")"
	}
	bases := d.bases
	if len(bases) == 0 {
		bases = []string{d.LDAP.Base}
	}
	for _, base := range bases {
		if e, err := d.searchIn(ctx, base, filter, name); e != nil || err != nil {
			return e, err
		}
	}
	return nil, nil
}

// searchIn searches below a base. A connection that broke is tried once more.
func (d *directory) searchIn(ctx context.Context, base, filter, name string) (*ldap.Entry, error) {
	request := ldap.NewSearchRequest(base, d.scope, ldap.NeverDerefAliases, 2, int(d.limit().Seconds()), false, filter, d.User.Attributes, nil)
	for attempt := 0; ; attempt++ {
		c, err := d.connection(ctx)
		if err != nil {
			return nil, err
		}
		found, err := c.Search(request)
		switch {
		case ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject):
			return nil, nil
		case ldap.IsErrorWithCode(err, ldap.ErrorNetwork) && attempt == 0:
			d.drop(c)
			continue
		case err != nil:
			return nil, err
		case len(found.Entries) > 1:
			return nil, fmt.Errorf("several entries are found for %q", name)
		case len(found.Entries) == 0:
			return nil, nil
		}
		return found.Entries[0], nil
	}
}

func (d *directory) user(e *ldap.Entry) *realm.User {
	u := &realm.User{Attributes: map[string][]string{}, External: e.DN}
	for _, a := range e.Attributes {
		name := a.Name
		for _, wanted := range d.User.Attributes {
			if strings.EqualFold(wanted, name) {
				name = wanted
			}
		}
		u.Attributes[name] = a.Values
	}
	u.Name = e.GetEqualFoldAttributeValue(d.User.SearchAttribute)
	u.ID = realm.UserID(u.Name)
	if status := e.GetEqualFoldAttributeValue(d.User.Status); status != "" {
		u.SetAttribute("inetUserStatus", "Active")
		if strings.EqualFold(status, d.User.Inactive) {
			u.SetAttribute("inetUserStatus", "Inactive")
		}
	}
	return u
}

// find looks in all directories of the realm.
func (s *Stores) find(ctx context.Context, realmPath, name string) (*directory, *ldap.Entry, error) {
	if name == "" || len(name) > maxName {
		return nil, nil, store.ErrNotFound
	}
	list, err := s.of(ctx, realmPath)
	if err != nil {
		return nil, nil, err
	}
	for _, d := range list {
		e, err := d.search(ctx, name)
		if err != nil {
			return nil, nil, fmt.Errorf("identity store of %s: %w", realmPath, err)
		}
		if e != nil {
			return d, e, nil
		}
	}
	return nil, nil, store.ErrNotFound
}

// Find returns the user with that name, or store.ErrNotFound.
func (s *Stores) Find(ctx context.Context, realmPath, name string) (*realm.User, error) {
	d, e, err := s.find(ctx, realmPath, name)
	if err != nil {
		return nil, err
	}
	return d.user(e), nil
}

// Check returns the user whose name and password these are, or realm.ErrBadCredentials.
func (s *Stores) Check(ctx context.Context, realmPath, name, password string) (*realm.User, error) {
	if password == "" {
		return nil, realm.ErrBadCredentials // a bind without a password succeeds and proves nothing (RFC 4513 §5.1.2)
	}
	d, e, err := s.find(ctx, realmPath, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, realm.ErrBadCredentials
	}
	if err != nil {
		return nil, err
	}
	u, err := d.check(ctx, e, password)
	if err != nil && !errors.Is(err, realm.ErrBadCredentials) && !errors.Is(err, realm.ErrInactive) {
		err = fmt.Errorf("identity store of %s: %w", realmPath, err)
	}
	return u, err
}

// check proves the password of an entry.
func (d *directory) check(ctx context.Context, e *ldap.Entry, password string) (*realm.User, error) {
	c, err := d.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	warning, err := d.bind(c, e.DN, password)
	if err != nil {
		return nil, err
	}
	u := d.user(e)
	u.Warning = warning
	return u, nil
}

// bind proves a password. What a directory says of its policy comes in a control (Internet draft "Password Policy for
// LDAP Directories" §6.2), which others ignore.
func (d *directory) bind(c *ldap.Conn, dn, password string) (*realm.PasswordWarning, error) {
	request := &ldap.SimpleBindRequest{Username: dn, Password: password}
	if !d.noPolicy {
		request.Controls = []ldap.Control{ldap.NewControlBeheraPasswordPolicy()}
	}
	answer, err := c.SimpleBind(request)
	policy := &ldap.ControlBeheraPasswordPolicy{Expire: -1, Grace: -1, Error: -1}
	if answer != nil {
		if control, ok := ldap.FindControl(answer.Controls, ldap.ControlTypeBeheraPasswordPolicy).(*ldap.ControlBeheraPasswordPolicy); ok {
			policy = control
		}
	}
	switch {
	case policy.Error == ldap.BeheraAccountLocked:
		return nil, realm.ErrLocked
	case policy.Error == ldap.BeheraChangeAfterReset && err == nil:
		return nil, realm.ErrMustChange
	case policy.Error == ldap.BeheraPasswordExpired, policy.Error == ldap.BeheraChangeAfterReset:
		return nil, realm.ErrExpired
	case ldap.IsErrorAnyOf(err, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInappropriateAuthentication, ldap.LDAPResultUnwillingToPerform,
		ldap.LDAPResultConstraintViolation):
		return nil, realm.ErrBadCredentials
	case err != nil:
		return nil, err
	case policy.Grace >= 0:
		return &realm.PasswordWarning{Grace: int(policy.Grace)}, nil
	case policy.Expire > 0:
		return &realm.PasswordWarning{Expires: time.Duration(policy.Expire) * time.Second}, nil
	}
	return nil, nil
}

// ChangePassword gives a user a new password, as the user (RFC 3062). current was checked a moment ago. An error that
// wraps realm.ErrRefusedPassword is what the directory says against the new one.
func (s *Stores) ChangePassword(ctx context.Context, realmPath string, u *realm.User, current, next string) error {
	d, e, err := s.find(ctx, realmPath, u.Name)
	if err != nil {
		return err
	}
	if err := d.change(ctx, e, current, next); err != nil {
		return fmt.Errorf("identity store of %s: change the password of %s: %w", realmPath, u.Name, err)
	}
	return nil
}

func (d *directory) change(ctx context.Context, e *ldap.Entry, current, next string) error {
	c, err := d.dial(ctx)
	if err == nil {
		defer c.Close()
		_, err = d.bind(c, e.DN, current)
	}
	if err != nil && !errors.Is(err, realm.ErrMustChange) {
		return err
	}
	_, err = c.PasswordModify(ldap.NewPasswordModifyRequest(e.DN, current, next))
	if refused, ok := errors.AsType[*ldap.Error](err); ok && refused.ResultCode != ldap.ErrorNetwork {
		reason := ldap.LDAPResultCodeMap[refused.ResultCode]
		if refused.Err != nil && refused.Err.Error() != "" {
			reason = refused.Err.Error()
		}
		return fmt.Errorf("%w: %s", realm.ErrRefusedPassword, reason)
	}
	return err
}

// Save writes the attributes of a user that differ from what the directory has.
func (s *Stores) Save(ctx context.Context, realmPath string, u *realm.User) error {
	d, e, err := s.find(ctx, realmPath, u.Name)
	if err != nil {
		return err
	}
	change := ldap.NewModifyRequest(e.DN, nil)
	had := d.user(e)
	for _, name := range slices.Sorted(maps.Keys(u.Attributes)) {
		values := u.Attributes[name]
		if strings.EqualFold(name, d.User.SearchAttribute) || slices.Equal(values, had.Attribute(name)) {
			continue
		}
		if !strings.EqualFold(name, "inetUserStatus") && !slices.ContainsFunc(d.User.Attributes, func(a string) bool { return strings.EqualFold(a, name) }) {
			return fmt.Errorf("identity store of %s: the attribute %s of %s is not among the store's user attributes, so nobody would read it again", realmPath, name, u.Name)
		}
		if strings.EqualFold(name, "inetUserStatus") {
			name = d.User.Status
			if len(values) > 0 && strings.EqualFold(values[0], "Inactive") {
				values = []string{d.User.Inactive}
			} else {
				values = []string{d.User.Active}
			}
		}
		change.Replace(name, values)
	}
	for _, name := range slices.Sorted(maps.Keys(had.Attributes)) {
		if u.Attribute(name) == nil {
			change.Replace(name, nil)
		}
	}
	if len(change.Changes) == 0 {
		return nil
	}
	c, err := d.connection(ctx)
	if err == nil {
		err = c.Modify(change)
	}
	if err != nil {
		return fmt.Errorf("identity store of %s: change %s: %w", realmPath, u.Name, err)
	}
	return nil
}
