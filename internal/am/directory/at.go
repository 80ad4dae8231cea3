package directory

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"gatehouse/internal/am/realm"
)

// at is a directory that a journey asks by itself. Its connections last for one question.
func at(set *realm.Directory) (*directory, error) {
	d := &directory{Settings: Defaults(), password: set.Password}
	d.LDAP.Servers, d.LDAP.BindDN, d.LDAP.Mode = set.Servers, set.BindDN, set.Mode
	d.User.SearchAttribute, d.User.SearchFilter = set.NameAttribute, set.Filter
	if f := set.Filter; f != "" && !strings.HasPrefix(f, "(") {
		d.User.SearchFilter = "(" + f + ")"
	}
	d.User.Attributes = append([]string{set.NameAttribute, d.User.Status}, set.Search...)
	d.bases, d.searched, d.trustAll, d.noPolicy = set.Bases, set.Search, set.TrustAll, set.NoPolicy
	if set.Timeout > 0 {
		d.timeout = max(set.Timeout, 100*time.Millisecond)
	}
	switch set.Scope {
	case "", "SUBTREE":
	case "ONE_LEVEL":
		d.scope = ldap.ScopeSingleLevel
	case "OBJECT":
		d.scope = ldap.ScopeBaseObject
	default:
		return nil, fmt.Errorf("searchScope: expected OBJECT, ONE_LEVEL or SUBTREE, found %q", set.Scope)
	}
	switch {
	case len(set.Servers) == 0:
		return nil, errNoServer
	case len(set.Bases) == 0 || set.NameAttribute == "":
		return nil, fmt.Errorf("a DN to start the search and an attribute of the name are needed")
	}
	return d, nil
}

// CheckAt is Check in a directory that is none of the realm's.
func (s *Stores) CheckAt(ctx context.Context, set *realm.Directory, name, password string) (*realm.User, error) {
	if name == "" || len(name) > maxName || password == "" {
		return nil, realm.ErrBadCredentials
	}
	d, err := at(set)
	if err != nil {
		return nil, err
	}
	defer d.close()
	e, err := d.entry(ctx, name)
	if err != nil {
		return nil, err
	}
	u, err := d.check(ctx, e, password)
	if err != nil || !set.NameInDN {
		return u, err
	}
	dn, err := ldap.ParseDN(e.DN)
	if err != nil {
		return nil, fmt.Errorf("the DN %q cannot be read: %w", e.DN, err)
	}
	if len(dn.RDNs) == 0 || len(dn.RDNs[0].Attributes) == 0 {
		return nil, fmt.Errorf("the DN %q has no name", e.DN)
	}
	u.Name = dn.RDNs[0].Attributes[0].Value
	u.ID = realm.UserID(u.Name)
	return u, nil
}

// ChangePasswordAt is ChangePassword there.
func (s *Stores) ChangePasswordAt(ctx context.Context, set *realm.Directory, name, current, next string) error {
	d, err := at(set)
	if err != nil {
		return err
	}
	defer d.close()
	e, err := d.entry(ctx, name)
	if err != nil {
		return err
	}
	return d.change(ctx, e, current, next)
}

// entry is search for one who has to be there.
func (d *directory) entry(ctx context.Context, name string) (*ldap.Entry, error) {
	e, err := d.search(ctx, name)
	if err == nil && e == nil {
		err = realm.ErrBadCredentials
	}
	return e, err
}
