package directory_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/am/realm"
)

// Journeys ask directories that are none of the realm's.
func TestDirectoryAt(t *testing.T) {
	ctx := t.Context()
	s := newSlapdOf(t, &other, time.Now().Add(time.Hour), "", entries).start()
	at := newUsers(t).Identities()
	set := func(change func(*realm.Directory)) *realm.Directory {
		d := &realm.Directory{
			Servers: []string{"127.0.0.1:1", s.plain}, Bases: []string{"ou=people,dc=example,dc=com"}, BindDN: "cn=admin,dc=example,dc=com", Password: "adminpw",
			NameAttribute: "uid", Search: []string{"uid", "mail"}, Mode: "LDAP",
		}
		if change != nil {
			change(d)
		}
		return d
	}
	for _, tt := range []struct {
		what, name, password string
		change               func(*realm.Directory)
		want                 string // name of the user, or "wrong", "error"
	}{
		{"by name", "BJensen", "hifalutin", nil, "bjensen"},
		{"by mail", "barbara@example.com", "hifalutin", nil, "bjensen"},
		{"by an attribute that is not searched", "Barbara Jensen", "hifalutin", nil, "wrong"},
		{"name of the DN", "barbara@example.com", "hifalutin", func(d *realm.Directory) { d.NameAttribute, d.NameInDN = "cn", true }, "bjensen"},
		{"name of an attribute", "bjensen", "hifalutin", func(d *realm.Directory) { d.NameAttribute = "cn" }, "Barbara Jensen"},
		{"wrong password", "bjensen", "wrong", nil, "wrong"},
		{"no password", "bjensen", "", nil, "wrong"},
		{"nobody", "nobody", "hifalutin", nil, "wrong"},
		{"injection", "*", "hifalutin", nil, "wrong"},
		{"a filter that fits", "bjensen", "hifalutin", func(d *realm.Directory) { d.Filter = "(sn=Jensen)" }, "bjensen"},
		{"a filter without parentheses", "bjensen", "hifalutin", func(d *realm.Directory) { d.Filter = "sn=Jensen" }, "bjensen"},
		{"a filter that does not", "bjensen", "hifalutin", func(d *realm.Directory) { d.Filter = "(sn=Else)" }, "wrong"},
		{"one level", "bjensen", "hifalutin", func(d *realm.Directory) { d.Scope = "ONE_LEVEL" }, "bjensen"},
		{"one level, too high", "bjensen", "hifalutin", func(d *realm.Directory) { d.Scope, d.Bases = "ONE_LEVEL", []string{"dc=example,dc=com"} }, "wrong"},
		{"the object alone", "bjensen", "hifalutin", func(d *realm.Directory) { d.Scope = "OBJECT" }, "wrong"},
		{"the second base", "bjensen", "hifalutin", func(d *realm.Directory) { d.Bases = append([]string{"ou=nowhere,dc=example,dc=com"}, d.Bases...) }, "bjensen"},
		{"an unknown scope", "bjensen", "hifalutin", func(d *realm.Directory) { d.Scope = "ALL" }, "error"},
		{"a wrong account to search with", "bjensen", "hifalutin", func(d *realm.Directory) { d.Password = "x" }, "error"},
		{"no server", "bjensen", "hifalutin", func(d *realm.Directory) { d.Servers = nil }, "error"},
		{"no base", "bjensen", "hifalutin", func(d *realm.Directory) { d.Bases = nil }, "error"},
		{"no server that answers", "bjensen", "hifalutin", func(d *realm.Directory) { d.Servers = d.Servers[:1] }, "error"},
		{"a certificate of a stranger", "bjensen", "hifalutin", func(d *realm.Directory) { d.Servers, d.Mode = []string{s.tls}, "LDAPS" }, "error"},
		{"any certificate", "bjensen", "hifalutin", func(d *realm.Directory) { d.Servers, d.Mode, d.TrustAll = []string{s.tls}, "LDAPS", true }, "bjensen"},
		{"any certificate, StartTLS", "bjensen", "hifalutin", func(d *realm.Directory) { d.Mode, d.TrustAll = "StartTLS", true }, "bjensen"},
		{"a certificate of a stranger, StartTLS", "bjensen", "hifalutin", func(d *realm.Directory) { d.Mode = "StartTLS" }, "error"},
	} {
		u, err := at.CheckAt(ctx, set(tt.change), tt.name, tt.password)
		got := ""
		switch {
		case err == nil:
			got = u.Name
		case errors.Is(err, realm.ErrBadCredentials):
			got = "wrong"
		default:
			got = "error"
		}
		if got != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.what, got, err, tt.want)
		}
	}
	if err := at.ChangePasswordAt(ctx, set(nil), "bjensen", "wrong", "another-one"); !errors.Is(err, realm.ErrBadCredentials) {
		t.Errorf("a change with a wrong password: %v", err)
	}
	if err := at.ChangePasswordAt(ctx, set(nil), "barbara@example.com", "hifalutin", "another-one"); err != nil {
		t.Fatal(err)
	}
	if _, err := at.CheckAt(ctx, set(nil), "bjensen", "another-one"); err != nil {
		t.Errorf("after the change: %v", err)
	}
}

// A directory tells how many sign-ins are left with a password that has expired, and when one does.
func TestDirectoryWarns(t *testing.T) {
	ctx := t.Context()
	policy := func(name, more string) string {
		return fmt.Sprintf(`
dn: cn=%[1]s,dc=example,dc=com
objectClass: device
objectClass: pwdPolicy
cn: %[1]s
pwdAttribute: userPassword
pwdMaxAge: 3600
pwdAllowUserChange: TRUE
%[2]s

dn: uid=%[1]s,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: %[1]s
cn: %[1]s
sn: %[1]s
userPassword: hifalutin
pwdPolicySubentry: cn=%[1]s,dc=example,dc=com
`, name, more)
	}
	ldif := policyEntries + policy("grace", "pwdGraceAuthnLimit: 3") + "pwdChangedTime: 20200101000000Z\n" +
		policy("soon", "pwdExpireWarning: 3600") + "pwdChangedTime: " + time.Now().Add(-time.Minute).UTC().Format("20060102150405Z") + "\n"
	s := newSlapd(t, policies, ldif).start()
	u := newUsers(t).at("LDAP", s.plain)
	warning := func(name, password string) *realm.PasswordWarning {
		t.Helper()
		found, err := u.CheckPassword(ctx, name, password)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return found.Warning
	}
	if w := warning("bjensen", "hifalutin"); w != nil {
		t.Errorf("nothing to warn of: %+v", w)
	}
	if w := warning("soon", "hifalutin"); w == nil || w.Expires <= 50*time.Minute || w.Expires > time.Hour {
		t.Errorf("expires soon: %+v", w)
	}
	for left := 2; left > 0; left-- {
		if w := warning("grace", "hifalutin"); w == nil || w.Grace != left || w.Expires != 0 {
			t.Errorf("with %d left: %+v", left, w)
		}
	}
	found, err := u.User(ctx, "grace")
	if err != nil {
		t.Fatal(err)
	}
	if err := u.ChangePassword(ctx, found, "hifalutin", "long-enough-for-it"); err != nil { // with the last one
		t.Fatal(err)
	}
	if w := warning("grace", "long-enough-for-it"); w != nil {
		t.Errorf("after the change: %+v", w)
	}
	quiet := &realm.Directory{
		Servers: []string{s.plain}, Bases: []string{"ou=people,dc=example,dc=com"}, BindDN: "cn=admin,dc=example,dc=com", Password: "adminpw",
		NameAttribute: "uid", Search: []string{"uid"}, Mode: "LDAP", NoPolicy: true,
	}
	if found, err := u.Identities().CheckAt(ctx, quiet, "soon", "hifalutin"); err != nil || found.Warning != nil {
		t.Errorf("without its policy: %+v, %v", found, err)
	}
	if _, err := u.CheckPassword(ctx, "old", "hifalutin"); !errors.Is(err, realm.ErrExpired) || strings.Contains(err.Error(), "grace") {
		t.Errorf("without grace: %v", err)
	}
}
