package directory_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// slapd starts OpenLDAP's server in a folder of its own and returns its address.
func slapd(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("slapd")
	if err != nil {
		if _, err := os.Stat("/usr/sbin/slapd"); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal("slapd is not installed: Debian's packages slapd and ldap-utils")
			}
			t.Skip("slapd is not installed")
		}
		program = "/usr/sbin/slapd"
	}
	dir := t.TempDir()
	config := fmt.Sprintf(`include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile %[1]s/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix "dc=example,dc=com"
rootdn "cn=admin,dc=example,dc=com"
rootpw adminpw
directory %[1]s/db
maxsize 10485760
access to attrs=userPassword by self write by anonymous auth by * none
access to * by dn.exact="cn=admin,dc=example,dc=com" write by * none
`, dir)
	file := filepath.Join(dir, "slapd.conf")
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "db"), 0o700), os.WriteFile(file, []byte(config), 0o600),
		os.WriteFile(filepath.Join(dir, "entries.ldif"), []byte(entries), 0o600)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program, "-T", "add", "-f", file, "-l", filepath.Join(dir, "entries.ldif")).CombinedOutput(); err != nil {
		t.Fatalf("slapadd: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	cmd := exec.Command(program, "-f", file, "-h", "ldap://"+address, "-d", "0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	deadline := time.Now().Add(30 * time.Second)
	for {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return address
		}
		if time.Now().After(deadline) {
			t.Fatalf("slapd does not answer: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestDirectory(t *testing.T) {
	address := slapd(t)
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
