package keystore

import (
	"bytes"
	"crypto/sha1"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	jks "github.com/pavlo-v-chernykh/keystore-go/v4"
)

func goJKS(t testing.TB, key any, chain []*x509.Certificate, storePassword, entryPassword string) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	ks := jks.New(jks.WithOrderedAliases())
	var certs []jks.Certificate
	for _, c := range chain {
		certs = append(certs, jks.Certificate{Type: "X509", Content: c.Raw})
	}
	entry := jks.PrivateKeyEntry{CreationTime: time.Unix(1, 0), PrivateKey: der, CertificateChain: certs}
	if err := ks.SetPrivateKeyEntry("signing", entry, []byte(entryPassword)); err != nil {
		t.Fatal(err)
	}
	trusted := jks.TrustedCertificateEntry{CreationTime: time.Unix(1, 0), Certificate: certs[len(certs)-1]}
	if err := ks.SetTrustedCertificateEntry("Root", trusted); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := ks.Store(&b, []byte(storePassword)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestJKSFromGo(t *testing.T) {
	root, key := ecKey(t), rsaKey(t)
	ca := certify(t, "ca.example.com", root.Public(), nil, root)
	leaf := certify(t, "leaf.example.com", key.Public(), ca, root)
	data := goJKS(t, key, []*x509.Certificate{leaf, ca}, "storepass", "entrypass")

	cases := []struct {
		name string
		data []byte
		p    Passwords
		want error
	}{
		{"both passwords", data, Passwords{"storepass", "entrypass"}, nil},
		{"wrong store password", data, Passwords{"storepas", "entrypass"}, ErrPassword},
		{"wrong entry password", data, Passwords{"storepass", "entrypas"}, ErrPassword},
		{"entry password forgotten", data, Passwords{Store: "storepass"}, ErrPassword},
		{"truncated", data[:len(data)/2], Passwords{Entry: "entrypass"}, ErrFormat},
		{"changed", bytes.Replace(data, []byte("signing"), []byte("signinG"), 1), Passwords{"storepass", "entrypass"}, ErrPassword},
		{"magic alone", data[:4], Passwords{"storepass", "entrypass"}, ErrFormat},
		{"nothing", nil, Passwords{}, ErrUnsupported},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			entries, err := Read(c.data, "", c.p)
			if e := Find(entries, "signing"); err == nil && e != nil && e.Err != nil {
				err = e.Err
				if r := find(t, entries, "root"); r.Err != nil || !r.Trusted() {
					t.Error("the other entry is spoilt too")
				}
			}
			if !errors.Is(err, c.want) {
				t.Fatalf("error = %v, want %v", err, c.want)
			}
			if c.want != nil {
				return
			}
			e := find(t, entries, "signing")
			if !key.Equal(e.PrivateKey) || len(e.Chain) != 2 || !e.Chain[0].Equal(leaf) || !e.Chain[1].Equal(ca) {
				t.Error("key or chain differs from what was stored")
			}
			if r := find(t, entries, "ROOT"); !r.Trusted() || !r.Certificate().Equal(ca) {
				t.Error("the trusted certificate differs from what was stored")
			}
		})
	}
}

func TestJKSSizesAllocateNothing(t *testing.T) {
	body := []byte{0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 'a', 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}
	data := append(body, make([]byte, sha1.Size)...)
	if _, err := Read(data, JKS, Passwords{}); !errors.Is(err, ErrFormat) {
		t.Errorf("a key of 4 GiB: error = %v, want ErrFormat", err)
	}
}

func TestPKCS12UnderTheNameJKS(t *testing.T) {
	dir := t.TempDir()
	tool(t, dir, "keytool", "-genkeypair", "-keyalg", "EC", "-alias", "a", "-dname", "CN=x", "-keystore", "s.jks", "-storepass", "password")
	entries, err := Read(file(t, dir, "s.jks"), JKS, Passwords{Store: "password"})
	if err != nil || len(entries) != 1 {
		t.Fatalf("got %d entries and %v, want one", len(entries), err)
	}
}

func TestJavaStoresFromKeytool(t *testing.T) {
	for _, kind := range []string{"JKS", "JCEKS"} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			common := []string{"-storetype", kind, "-keystore", "s", "-storepass", "storepass"}
			run := func(args ...string) { tool(t, dir, append(append([]string{"keytool"}, args...), common...)...) }
			run("-genkeypair", "-keyalg", "RSA", "-keysize", "2048", "-alias", "Rsajwtsigningkey", "-dname", "CN=x", "-keypass", "entrypass")
			if kind == "JCEKS" {
				run("-genseckey", "-keyalg", "HmacSHA512", "-keysize", "512", "-alias", "hmacsigningtest", "-keypass", "entrypass")
				run("-genseckey", "-keyalg", "AES", "-keysize", "128", "-alias", "directenctest", "-keypass", "entrypass")
			}
			run("-exportcert", "-alias", "rsajwtsigningkey", "-file", "c.crt")
			run("-importcert", "-noprompt", "-alias", "trusted", "-file", "c.crt")
			data := file(t, dir, "s")
			entries, err := Read(data, "", Passwords{"storepass", "entrypass"})
			if err != nil {
				t.Fatal(err)
			}
			if e := find(t, entries, "rsajwtsigningkey"); e.PrivateKey == nil || len(e.Chain) != 1 {
				t.Error("the private key or its certificate is missing")
			}
			if !find(t, entries, "trusted").Trusted() {
				t.Error("the certificate is not a trusted entry")
			}
			if kind == "JCEKS" {
				if e := find(t, entries, "hmacsigningtest"); len(e.Secret) != 64 || e.Algorithm != "HmacSHA512" {
					t.Errorf("HMAC key: %d bytes of %q, want 64 of HmacSHA512", len(e.Secret), e.Algorithm)
				}
				if e := find(t, entries, "directenctest"); len(e.Secret) != 16 || e.Algorithm != "AES" {
					t.Errorf("AES key: %d bytes of %q, want 16 of AES", len(e.Secret), e.Algorithm)
				}
			}
			// JCEKS has nothing but the padding to tell a wrong password by, so the kind of error may vary.
			if entries, err = Read(data, "", Passwords{"storepass", "wrong"}); err != nil {
				t.Fatal(err)
			}
			e := find(t, entries, "rsajwtsigningkey")
			if e.Err == nil || e.PrivateKey != nil || kind == "JKS" && !errors.Is(e.Err, ErrPassword) {
				t.Errorf("wrong entry password: error = %v, want ErrPassword", e.Err)
			}
		})
	}
}

func FuzzJava(f *testing.F) {
	key := ecKey(f)
	cert := certify(f, "a", key.Public(), nil, key)
	data := goJKS(f, key, []*x509.Certificate{cert}, "xxxxxx", "xxxxxx")
	f.Add(data)
	f.Add(append([]byte{0xCE, 0xCE, 0xCE, 0xCE, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 1, 'h', 0, 0, 0, 0, 0, 0, 0, 0,
		0xAC, 0xED, 0, 5, 0x73, 0x72, 0, 1, 'A', 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0x78, 0x71, 0, 0x7E, 0, 0}, make([]byte, sha1.Size)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := readJava(data, Passwords{Entry: "xxxxxx"}, &budget{left: 10_000})
		knownKind(t, err)
	})
}
