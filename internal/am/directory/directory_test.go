package directory_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gatehouse/internal/am/directory"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/memory"
)

const entries = `dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people

dn: uid=bjensen,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: bjensen
cn: Barbara Jensen
sn: Jensen
mail: bjensen@example.com
mail: barbara@example.com
employeeType: Active
userPassword: hifalutin

dn: uid=gone,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: gone
cn: Gone
sn: Gone
employeeType: Inactive
userPassword: hifalutin

dn: cn=printer,ou=people,dc=example,dc=com
objectClass: applicationProcess
cn: printer
`

func TestDirectory(t *testing.T) {
	address := newSlapd(t, "", entries).start().plain
	ctx := context.Background()
	engine := memory.New()
	defer engine.Close()
	realms, err := realm.NewManager(ctx, realm.Options{Engine: engine})
	if err != nil {
		t.Fatal(err)
	}
	stores := directory.New(realms.Docs(), realms.OpenSecret, slog.New(slog.DiscardHandler))
	defer stores.Close()
	realms.SetIdentities(stores)
	root, _ := realms.Find("/")
	if _, err := root.User(ctx, "bjensen"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("without a directory: %v", err)
	}
	body := fmt.Sprintf(`{"ldapsettings": {"sun-idrepo-ldapv3-config-ldap-server": ["127.0.0.1:1", %q], "sun-idrepo-ldapv3-config-authid": "cn=admin,dc=example,dc=com",
		"sun-idrepo-ldapv3-config-authpw": %q, "sun-idrepo-ldapv3-config-organization_name": "ou=people,dc=example,dc=com", "sun-idrepo-ldapv3-config-connection-mode": "LDAP",
		"sun-idrepo-ldapv3-config-time-limit": 10}, "userconfig": {"sun-idrepo-ldapv3-config-isactive": "employeeType",
		"sun-idrepo-ldapv3-config-user-attributes": ["uid", "cn", "sn", "mail", "employeeType", "description"]}}`, address, realms.SealSecret("adminpw"))
	if _, err := realms.Docs().Put(ctx, "/", store.KindService, store.Doc{ID: directory.DocID("ldap"), Body: []byte(body)}); err != nil {
		t.Fatal(err)
	}
	u, err := root.User(ctx, "BJensen")
	if err != nil || u.Name != "bjensen" || strings.Join(u.Attribute("mail"), " ") != "bjensen@example.com barbara@example.com" || !u.IsActive() || u.Password != "" {
		t.Fatalf("user = %+v, %v", u, err)
	}
	tests := []struct {
		name, password string
		want           error
	}{
		{"bjensen", "hifalutin", nil}, {"bjensen", "wrong", realm.ErrBadCredentials}, {"bjensen", "", realm.ErrBadCredentials},
		{"nobody", "hifalutin", realm.ErrBadCredentials}, {"*", "hifalutin", realm.ErrBadCredentials}, {"bjensen)(uid=*", "hifalutin", realm.ErrBadCredentials},
		{"gone", "hifalutin", realm.ErrInactive}, {"gone", "wrong", realm.ErrBadCredentials}, {"printer", "x", realm.ErrBadCredentials},
	}
	for _, tt := range tests {
		if _, err := root.CheckPassword(ctx, tt.name, tt.password); !errors.Is(err, tt.want) {
			t.Errorf("%s with %q = %v, want %v", tt.name, tt.password, err, tt.want)
		}
	}
	u.SetAttribute("description", "changed")
	u.SetAttribute("inetUserStatus", "Inactive")
	if err := root.SaveUser(ctx, u); err != nil {
		t.Fatal(err)
	}
	if u, err := root.User(ctx, "bjensen"); err != nil || u.IsActive() || strings.Join(u.Attribute("description"), "") != "changed" {
		t.Errorf("after a change: %+v, %v", u, err)
	}
	if _, err := root.CheckPassword(ctx, "bjensen", "hifalutin"); !errors.Is(err, realm.ErrInactive) {
		t.Errorf("locked in the directory: %v", err)
	}
	// What would not be read again is refused.
	u.SetAttribute("title", "Boss")
	if err := root.SaveUser(ctx, u); err == nil || !strings.Contains(err.Error(), "title of bjensen is not among the store's user attributes") {
		t.Errorf("an attribute that the store does not read: %v", err)
	}
	u.SetAttribute("title")
	u.SetAttribute("inetUserStatus", "Active")
	if err := root.SaveUser(ctx, u); err != nil {
		t.Fatal(err)
	}
	// A password is changed as the user.
	if err := root.ChangePassword(ctx, u, "hifalutin", "another-one"); err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]error{"hifalutin": realm.ErrBadCredentials, "another-one": nil} {
		if _, err := root.CheckPassword(ctx, "bjensen", password); !errors.Is(err, want) {
			t.Errorf("after the change, %s: %v", password, err)
		}
	}
	// A user of the server's own comes first.
	own := &realm.User{Name: "gone", Password: realm.HashPassword("ownpassword"), Attributes: map[string][]string{}}
	d, err := own.Doc()
	if err == nil {
		_, err = realms.Docs().Put(ctx, "/", store.KindUser, d)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := root.CheckPassword(ctx, "gone", "ownpassword"); err != nil {
		t.Errorf("own user: %v", err)
	}
	if _, err := root.CheckPassword(ctx, "gone", "hifalutin"); !errors.Is(err, realm.ErrBadCredentials) {
		t.Errorf("own user with the directory's password: %v", err)
	}
	// Settings that change are in force at once; a wrong password of the searching account is an error, not a refusal.
	bad := strings.Replace(body, address, "127.0.0.1:1", 1)
	if _, err := realms.Docs().Put(ctx, "/", store.KindService, store.Doc{ID: directory.DocID("ldap"), Body: []byte(bad)}); err != nil {
		t.Fatal(err)
	}
	if _, err := root.CheckPassword(ctx, "bjensen", "hifalutin"); err == nil || errors.Is(err, realm.ErrBadCredentials) || errors.Is(err, realm.ErrInactive) {
		t.Errorf("no server answers: %v", err)
	}
}
