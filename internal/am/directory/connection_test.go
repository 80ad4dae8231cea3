package directory_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

func TestDirectoryOverTLS(t *testing.T) {
	ctx := t.Context()
	good := newSlapdOf(t, &trusted, time.Now().Add(time.Hour), "", entries).start()
	foreign := newSlapdOf(t, &other, time.Now().Add(time.Hour), "", entries).start()
	late := newSlapdOf(t, &trusted, time.Now().Add(-time.Hour), "", entries).start()
	bare := newSlapd(t, "", entries).start()
	named := func(address string) string { return strings.Replace(address, "127.0.0.1", "localhost", 1) }
	u := newUsers(t)
	for _, tt := range []struct {
		what, mode, server string
		want               string // "" for a user
	}{
		{"LDAPS", "LDAPS", good.tls, ""},
		{"StartTLS", "StartTLS", good.plain, ""},
		{"StartTLS in capitals", "STARTTLS", good.plain, ""},
		{"LDAPS, another name", "LDAPS", named(good.tls), "certificate is not valid for any names, but wanted to match localhost"},
		{"StartTLS, another name", "StartTLS", named(good.plain), "certificate is not valid for any names, but wanted to match localhost"},
		{"LDAPS, a foreign authority", "LDAPS", foreign.tls, "certificate signed by unknown authority"},
		{"StartTLS, a foreign authority", "StartTLS", foreign.plain, "certificate signed by unknown authority"},
		{"LDAPS, too late", "LDAPS", late.tls, "certificate has expired or is not yet valid"},
		{"StartTLS without a certificate", "StartTLS", bare.plain, "Protocol Error"},
		{"LDAPS to a port without TLS", "LDAPS", good.plain, "no TLS"},
		{"a mode that there is not", "TLS", good.tls, "expected LDAP, LDAPS or StartTLS, found \"TLS\""},
		{"no port", "LDAP", "127.0.0.1", "127.0.0.1: expected host:port"},
	} {
		u.at(tt.mode, tt.server)
		_, err := u.CheckPassword(ctx, "bjensen", "hifalutin")
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.what, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, realm.ErrBadCredentials)):
			t.Errorf("%s: %v, want %s", tt.what, err, tt.want)
		}
	}
	// The next server answers for the one that cannot be trusted.
	u.at("LDAPS", foreign.tls, good.tls+"|01")
	if _, err := u.CheckPassword(ctx, "bjensen", "hifalutin"); err != nil {
		t.Errorf("the second server: %v", err)
	}
}

func TestDirectoryRestarts(t *testing.T) {
	ctx := t.Context()
	s := newSlapdOf(t, &trusted, time.Now().Add(time.Hour), "", entries).start()
	for mode, server := range map[string]string{"LDAP": s.plain, "LDAPS": s.tls, "StartTLS": s.plain} {
		u := newUsers(t).at(mode, server)
		find := func() error {
			_, err := u.User(ctx, "bjensen")
			return err
		}
		if err := find(); err != nil {
			t.Fatal(err)
		}
		s.stop()
		if err := find(); err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: while it is away: %v", mode, err)
		}
		s.start()
		if err := find(); err != nil {
			t.Errorf("%s: after its return: %v", mode, err)
		}
		if _, err := u.CheckPassword(ctx, "bjensen", "hifalutin"); err != nil {
			t.Errorf("%s: a password after its return: %v", mode, err)
		}
		// It restarts while nobody asks.
		s.stop()
		s.start()
		if err := find(); err != nil {
			t.Errorf("%s: after a restart: %v", mode, err)
		}
	}
}

// A directory that takes connections and says nothing costs each request a bounded time, and all that wait for it at
// once no more connections than one.
func TestDirectoryHangs(t *testing.T) {
	ctx := t.Context()
	// What a server says that would do StartTLS: an extended response with success.
	startTLS := []byte{0x30, 0x0c, 0x02, 0x01, 0x01, 0x78, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00}
	for mode, says := range map[string][]byte{"LDAP": nil, "LDAPS": nil, "StartTLS": startTLS} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var accepted atomic.Int32
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				accepted.Add(1)
				go func() {
					defer c.Close()
					if says != nil {
						if _, err := c.Read(make([]byte, 512)); err != nil {
							return
						}
						if _, err := c.Write(says); err != nil {
							return
						}
					}
					_, _ = io.Copy(io.Discard, c)
				}()
			}
		}()
		u := newUsers(t).with(map[string]any{"sun-idrepo-ldapv3-config-time-limit": 1}, mode, l.Addr().String())
		var wg sync.WaitGroup
		const many = 20
		for range many {
			wg.Go(func() {
				if _, err := u.User(ctx, "bjensen"); err == nil || errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s: %v", mode, err)
				}
			})
		}
		wg.Wait()
		if n := accepted.Load(); n > many/2 {
			t.Errorf("%s: %d connections for %d requests", mode, n, many)
		}
		l.Close()
	}
}

const policies = `overlay ppolicy
ppolicy_default "cn=default,dc=example,dc=com"
ppolicy_use_lockout
`

const policyEntries = entries + `
dn: cn=default,dc=example,dc=com
objectClass: device
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdMaxAge: 3600
pwdMustChange: TRUE
pwdLockout: TRUE
pwdMaxFailure: 2
pwdMinLength: 10
pwdCheckQuality: 2
pwdAllowUserChange: TRUE

dn: uid=old,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: old
cn: Old
sn: Old
userPassword: hifalutin
pwdChangedTime: 20200101000000Z

dn: uid=reset,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: reset
cn: Reset
sn: Reset
userPassword: hifalutin
pwdReset: TRUE

dn: uid=locked,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: locked
cn: Locked
sn: Locked
userPassword: hifalutin
pwdAccountLockedTime: 000001010000Z
`

// What the directory says of its password policy reaches those who may know.
func TestDirectoryPolicy(t *testing.T) {
	ctx := t.Context()
	s := newSlapd(t, policies, policyEntries).start()
	u := newUsers(t).at("LDAP", s.plain)
	check := func(what, name, password string, want, not error) {
		t.Helper()
		if _, err := u.CheckPassword(ctx, name, password); !errors.Is(err, want) || not != nil && errors.Is(err, not) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	check("in order", "bjensen", "hifalutin", nil, nil)
	check("expired", "old", "hifalutin", realm.ErrExpired, nil)
	check("expired, wrong password", "old", "wrong", realm.ErrBadCredentials, realm.ErrExpired)
	check("to be changed", "reset", "hifalutin", realm.ErrMustChange, nil)
	check("expired has not only to be changed", "old", "hifalutin", realm.ErrExpired, realm.ErrMustChange)
	check("locked", "locked", "hifalutin", realm.ErrLocked, nil)
	check("locked is as wrong a password as any", "locked", "hifalutin", realm.ErrBadCredentials, nil)
	for range 2 {
		check("wrong", "gone", "wrong", realm.ErrBadCredentials, realm.ErrLocked)
	}
	check("locked by wrong ones", "gone", "hifalutin", realm.ErrLocked, nil)

	user, err := u.User(ctx, "bjensen")
	if err != nil {
		t.Fatal(err)
	}
	if err := u.ChangePassword(ctx, user, "hifalutin", "short"); !errors.Is(err, realm.ErrRefusedPassword) || !strings.Contains(err.Error(), "quality") {
		t.Errorf("a short password: %v", err)
	}
	if err := u.ChangePassword(ctx, user, "hifalutin", "long-enough-for-it"); err != nil {
		t.Errorf("a long password: %v", err)
	}
	check("the new password", "bjensen", "long-enough-for-it", nil, nil)

	if user, err = u.User(ctx, "reset"); err != nil {
		t.Fatal(err)
	}
	if err := u.ChangePassword(ctx, user, "hifalutin", "nine-char"); !errors.Is(err, realm.ErrRefusedPassword) {
		t.Errorf("a short password for one that has to be changed: %v", err)
	}
	if err := u.ChangePassword(ctx, user, "hifalutin", "long-enough-for-it"); err != nil {
		t.Errorf("a password that has to be changed: %v", err)
	}
	check("changed", "reset", "long-enough-for-it", nil, nil)
	check("the one before", "reset", "hifalutin", realm.ErrBadCredentials, realm.ErrExpired)
}

// A store that is removed keeps no connection.
func TestDirectoryRemoved(t *testing.T) {
	ctx := t.Context()
	s := newSlapd(t, "", entries).start()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ended := make(chan struct{}, 1)
	go func() { // one connection, handed on
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		to, err := net.Dial("tcp", s.plain)
		if err != nil {
			return
		}
		go func() { _, _ = io.Copy(c, to) }()
		_, _ = io.Copy(to, c)
		to.Close()
		ended <- struct{}{}
	}()
	u := newUsers(t).at("LDAP", l.Addr().String())
	if _, err := u.User(ctx, "bjensen"); err != nil {
		t.Fatal(err)
	}
	u.removed()
	if _, err := u.User(ctx, "bjensen"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after the store is gone: %v", err)
	}
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Error("its connection is still there")
	}
}
