package directory_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"maps"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/internal/am/directory"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/memory"
)

// trusted is the authority that this process trusts, other one that it does not.
var trusted, other authority

// TestMain makes the authorities: a process reads the certificates that it trusts once.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "directory")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		trusted, other = newAuthority("Trusted"), newAuthority("Other")
		file := filepath.Join(dir, "ca.pem")
		if err := os.WriteFile(file, trusted.pem, 0o600); err != nil {
			panic(err)
		}
		os.Setenv("SSL_CERT_FILE", file)
		os.Setenv("SSL_CERT_DIR", dir)
		return m.Run()
	}())
}

type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pem  []byte
}

func newAuthority(name string) authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return authority{key, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// issue writes a certificate for 127.0.0.1 and its key.
func (a authority) issue(t *testing.T, dir string, until time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "directory"}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// slapd is OpenLDAP's server in a folder of its own.
type slapd struct {
	t            *testing.T
	program, dir string
	// plain and tls are its addresses; tls is "" without a certificate.
	plain, tls string
	cmd        *exec.Cmd
}

func newSlapd(t *testing.T, more, ldif string) *slapd {
	t.Helper()
	return newSlapdOf(t, nil, time.Time{}, more, ldif)
}

// newSlapdOf makes one with a certificate of an authority, nil for none, and more lines of configuration.
func newSlapdOf(t *testing.T, by *authority, until time.Time, more, ldif string) *slapd {
	t.Helper()
	program, err := exec.LookPath("slapd")
	if err != nil {
		program = "/usr/sbin/slapd"
		if _, err := os.Stat(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal("slapd is not installed: Debian's packages slapd and ldap-utils")
			}
			t.Skip("slapd is not installed")
		}
	}
	s := &slapd{t: t, program: program, dir: t.TempDir()}
	config := fmt.Sprintf(`include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile %[1]s/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
`, s.dir)
	if by != nil {
		by.issue(t, s.dir, until)
		config += fmt.Sprintf("TLSCertificateFile %[1]s/cert.pem\nTLSCertificateKeyFile %[1]s/key.pem\n", s.dir)
	}
	config += fmt.Sprintf(`database mdb
suffix "dc=example,dc=com"
rootdn "cn=admin,dc=example,dc=com"
rootpw adminpw
directory %s/db
maxsize 10485760
%s
access to attrs=userPassword by self write by anonymous auth by * none
access to * by dn.exact="cn=admin,dc=example,dc=com" write by * none
`, s.dir, more)
	for name, text := range map[string]string{"slapd.conf": config, "entries.ldif": ldif} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(s.dir, "db"), 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "-T", "add", "-f", filepath.Join(s.dir, "slapd.conf"), "-l", filepath.Join(s.dir, "entries.ldif")).CombinedOutput()
	if err != nil {
		t.Fatalf("slapadd: %v\n%s", err, out)
	}
	s.plain = free(t)
	if by != nil {
		s.tls = free(t)
	}
	return s
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts it at its addresses, and waits until it answers.
func (s *slapd) start() *slapd {
	s.t.Helper()
	urls := "ldap://" + s.plain
	if s.tls != "" {
		urls += " ldaps://" + s.tls
	}
	s.cmd = exec.Command(s.program, "-f", filepath.Join(s.dir, "slapd.conf"), "-h", urls, "-d", "0")
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.stop)
	deadline := time.Now().Add(30 * time.Second)
	for {
		c, err := net.Dial("tcp", s.plain)
		if err == nil {
			c.Close()
			return s
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("slapd does not answer: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *slapd) stop() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// users is a root realm with one identity store, whose settings may be changed.
type users struct {
	*realm.Realm
	t      *testing.T
	realms *realm.Manager
}

func newUsers(t *testing.T) *users {
	t.Helper()
	engine := memory.New()
	realms, err := realm.NewManager(context.Background(), realm.Options{Engine: engine})
	if err != nil {
		t.Fatal(err)
	}
	stores := directory.New(realms.Docs(), realms.OpenSecret, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		stores.Close()
		engine.Close()
	})
	realms.SetIdentities(stores)
	root, _ := realms.Find("/")
	return &users{root, t, realms}
}

// at points the store to a server.
func (u *users) at(mode string, servers ...string) *users { return u.with(nil, mode, servers...) }

func (u *users) with(more map[string]any, mode string, servers ...string) *users {
	u.t.Helper()
	settings := map[string]any{
		"sun-idrepo-ldapv3-config-ldap-server": servers, "sun-idrepo-ldapv3-config-connection-mode": mode,
		"sun-idrepo-ldapv3-config-authid": "cn=admin,dc=example,dc=com", "sun-idrepo-ldapv3-config-authpw": u.realms.SealSecret("adminpw"),
		"sun-idrepo-ldapv3-config-organization_name": "ou=people,dc=example,dc=com", "sun-idrepo-ldapv3-config-time-limit": 10,
	}
	maps.Copy(settings, more)
	body, err := json.Marshal(map[string]any{"ldapsettings": settings})
	if err == nil {
		_, err = u.realms.Docs().Put(context.Background(), "/", store.KindService, store.Doc{ID: directory.DocID("ldap"), Body: body})
	}
	if err != nil {
		u.t.Fatal(err)
	}
	return u
}

// removed removes the store.
func (u *users) removed() {
	u.t.Helper()
	if err := u.realms.Docs().Delete(context.Background(), "/", store.KindService, directory.DocID("ldap"), 0); err != nil {
		u.t.Fatal(err)
	}
}
