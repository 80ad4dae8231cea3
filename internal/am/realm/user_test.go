package realm_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/am/store/memory"
)

// hashes of "correct horse", made with Python's hashlib and crypt.
var hashes = map[string]string{
	"SSHA":          "{SSHA}awc/Cj0kafyFd5d8fGn07xoHBJJzYWx0c2FsdA==",
	"SSHA256":       "{SSHA256}YflVcOMs6k7tbGkQbQNVn6/ehAnUAVltiLPKHBWGi2tzYWx0c2FsdA==",
	"SSHA512":       "{SSHA512}50rsRNBf8j3I5xE+QwaHdFyMhOzITssZ8BB3UxwQ+SI1JKygYm6ZeRYTDuUyFZIIqDonoTuXwB0Z/MAPhgQCFHNhbHRzYWx0",
	"PBKDF2 PingDS": "{PBKDF2-HMAC-SHA256}1000:4k505osG8KMN4wotSosGJPlhKDtLiyB61aw4ZQGUPTBzYWx0c2FsdDEyMzQ1Njc4",
	"PBKDF2 SHA-1":  "{PBKDF2}1000:wQoBU7GXMNo2CJC+raijrf6key5zYWx0c2FsdA==",
	"PBKDF2 LDAP":   "{PBKDF2-SHA256}1000$c2FsdHNhbHQxMjM0NTY3OA$4k505osG8KMN4wotSosGJPlhKDtLiyB61aw4ZQGUPTA",
	"PBKDF2 PHC":    "$pbkdf2-sha256$1000$c2FsdHNhbHQxMjM0NTY3OA$4k505osG8KMN4wotSosGJPlhKDtLiyB61aw4ZQGUPTA",
	"scrypt":        "$scrypt$ln=10,r=8,p=1$c2FsdHNhbHQxMjM0NTY3OA$cHjRtwBuIYUTucvm+2VeA8b/ZvtgCn1BumhGDG//0JI",
	"bcrypt":        "$2b$04$so4Afu5KvmQW.o.VxlcL4ekEsecyESQSRNgYiktICp5CK1BMNVlw2",
	"bcrypt crypt":  "{CRYPT}$2b$04$so4Afu5KvmQW.o.VxlcL4ekEsecyESQSRNgYiktICp5CK1BMNVlw2",
	"argon2id":      realm.HashPassword("correct horse"),
}

func putUser(t *testing.T, m *realm.Manager, name, hash string, more ...string) {
	t.Helper()
	put(t, m, "/", store.KindUser, realm.UserID(name), `{"username":"`+name+`","userpassword":"`+hash+`"`+strings.Join(more, "")+`}`)
}

func TestCheckPassword(t *testing.T) {
	m, ctx := newManager(t, memory.New()), t.Context()
	r := mustFind(t, m, "/")
	for scheme, hash := range hashes {
		t.Run(scheme, func(t *testing.T) {
			putUser(t, m, "Demo", hash)
			for _, wrong := range []string{"correct horsf", "", hash, "correct horse "} {
				if _, err := r.CheckPassword(ctx, "demo", wrong); !errors.Is(err, realm.ErrBadCredentials) {
					t.Errorf("password %q: %v, want ErrBadCredentials", wrong, err)
				}
			}
			u, err := r.CheckPassword(ctx, "DEMO", "correct horse")
			if err != nil || u.Name != "Demo" {
				t.Fatalf("right password: %+v, %v", u, err)
			}
			after, err := r.User(ctx, "demo")
			if err != nil || !strings.HasPrefix(after.Password, "$argon2id$v=19$m=19456,t=2,p=1$") {
				t.Errorf("hash after login = %q, %v, want one of argon2id", after.Password, err)
			}
			if scheme == "argon2id" && after.Password != hash {
				t.Error("a present hash was replaced")
			}
			if _, err := r.CheckPassword(ctx, "demo", "correct horse"); err != nil {
				t.Errorf("right password after the upgrade: %v", err)
			}
		})
	}
}

func TestCheckPasswordRefusals(t *testing.T) {
	m, ctx := newManager(t, memory.New()), t.Context()
	r := mustFind(t, m, "/")
	putUser(t, m, "inactive", hashes["SSHA"], `,"inetUserStatus":["Inactive"]`)
	putUser(t, m, "without", "")
	putUser(t, m, "plain", "secret")
	for _, tt := range []struct {
		name, user, password string
		want                 error
	}{
		{"unknown user", "nobody", "correct horse", realm.ErrBadCredentials},
		{"no name", "", "correct horse", realm.ErrBadCredentials},
		{"user without a password", "without", "", realm.ErrBadCredentials},
		{"a password that was stored unhashed", "plain", "secret", realm.ErrBadCredentials},
		{"inactive user", "inactive", "correct horse", realm.ErrInactive},
		{"inactive user with a wrong password", "inactive", "wrong", realm.ErrBadCredentials},
	} {
		if _, err := r.CheckPassword(ctx, tt.user, tt.password); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := r.CheckPassword(canceled, "inactive", "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestKnownPasswordHash(t *testing.T) {
	for name, hash := range hashes {
		if !realm.KnownPasswordHash(hash) {
			t.Errorf("%s: %q is not known", name, hash)
		}
	}
	for _, hash := range []string{
		"", "secret", "$", "$2", "{SSHA}", "{SSHA}AAAA", "{MD5}rL0Y20zC+Fzt72VPzMSk2A==", "{CRYPT}{CRYPT}$2b$04$x", "{",
		"$argon2id$v=19$m=4000000,t=2,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", // 4 GiB
		"$argon2id$v=19$m=19456,t=100000,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=19456,t=2,p=0$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=16$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$",
		"$scrypt$ln=30,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$scrypt$ln=18,r=32,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$pbkdf2-sha256$999999999$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"{PBKDF2}0:wQoBU7GXMNo2CJC+raijrf6key5zYWx0c2FsdA==",
		"$2b$31$so4Afu5KvmQW.o.VxlcL4ekEsecyESQSRNgYiktICp5CK1BMNVlw2",
	} {
		if realm.KnownPasswordHash(hash) {
			t.Errorf("%q is taken for a hash that can be verified", hash)
		}
	}
}

func FuzzKnownPasswordHash(f *testing.F) {
	for _, hash := range hashes {
		f.Add(hash)
	}
	f.Add("{CRYPT}{CRYPT}{CRYPT}")
	f.Fuzz(func(_ *testing.T, hash string) { realm.KnownPasswordHash(hash) })
}

func TestUser(t *testing.T) {
	u, err := realm.ParseUser(store.Doc{ID: "demo", Rev: 3, Body: json.RawMessage(
		`{"_id":"demo","username":"Demo","userPassword":"h","mail":"demo@example.com","employeeNumber":[123],"cn":["Demo","User"],"empty":[]}`)})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"mail": {"demo@example.com"}, "employeenumber": {"123"}, "CN": {"Demo", "User"},
		"uid": {"Demo"}, "userpassword": nil, "_id": nil, "none": nil, "empty": {},
	} {
		if got := u.Attribute(name); !reflect.DeepEqual(got, want) {
			t.Errorf("Attribute(%q) = %q, want %q", name, got, want)
		}
	}
	u.SetAttribute("MAIL", "new@example.com")
	u.SetAttribute("cn")
	d, err := u.Doc()
	if err != nil || d.ID != "demo" || d.Rev != 3 {
		t.Fatalf("Doc = %+v, %v", d, err)
	}
	again, err := realm.ParseUser(d)
	if err != nil || !reflect.DeepEqual(again, u) || again.Attribute("mail")[0] != "new@example.com" || again.Attribute("cn") != nil {
		t.Errorf("written and read = %+v, %v, want %+v", again, err, u)
	}
	if _, err := realm.ParseUser(store.Doc{Body: json.RawMessage(`{"mail":{"a":1}}`)}); err == nil {
		t.Error("an object as an attribute: no error")
	}
}
