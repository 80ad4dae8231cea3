package keystore

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"testing"

	gopkcs12 "software.sslmate.com/src/go-pkcs12"
)

func TestPKCS12FromGo(t *testing.T) {
	root, key := ecKey(t), rsaKey(t)
	ca := certify(t, "ca.example.com", root.Public(), nil, root)
	leaf := certify(t, "leaf.example.com", key.Public(), ca, root)
	encoders := map[string]*gopkcs12.Encoder{
		"triple DES": gopkcs12.LegacyDES, "RC2": gopkcs12.LegacyRC2,
		"AES with SHA-256": gopkcs12.Modern2023, "PBMAC1": gopkcs12.Modern2026,
	}
	for name, enc := range encoders {
		t.Run(name, func(t *testing.T) {
			data, err := enc.Encode(key, leaf, []*x509.Certificate{ca}, "päßword")
			if err != nil {
				t.Fatal(err)
			}
			entries, err := Read(data, "", Passwords{Store: "päßword"})
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) != 1 || !key.Equal(entries[0].PrivateKey) || entries[0].Alias != "1" {
				t.Fatalf("got %d entries, want the one key under the alias 1", len(entries))
			}
			if c := entries[0].Chain; len(c) != 2 || !c[0].Equal(leaf) || !c[1].Equal(ca) {
				t.Errorf("chain of %d certificates, want leaf and issuer", len(c))
			}
			for _, wrong := range []string{"password", ""} {
				if _, err := Read(data, PKCS12, Passwords{Store: wrong}); !errors.Is(err, ErrPassword) {
					t.Errorf("password %q: error = %v, want ErrPassword", wrong, err)
				}
			}
		})
	}
}

func TestPKCS12TrustStore(t *testing.T) {
	one, two := ecKey(t), ecKey(t)
	a := certify(t, "a.example.com", one.Public(), nil, one)
	b := certify(t, "b.example.com", two.Public(), nil, two)
	data, err := gopkcs12.Modern.EncodeTrustStoreEntries([]gopkcs12.TrustStoreEntry{
		{Cert: a, FriendlyName: "First"}, {Cert: b, FriendlyName: "second"},
	}, "changeit")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := Read(data, PKCS12, Passwords{Store: "changeit"})
	if err != nil {
		t.Fatal(err)
	}
	if e := find(t, entries, "FIRST"); !e.Trusted() || !e.Certificate().Equal(a) || e.Alias != "first" {
		t.Error("the first certificate is not the trusted entry it was")
	}
	if len(entries) != 2 || !find(t, entries, "second").Certificate().Equal(b) {
		t.Errorf("got %d entries, want 2", len(entries))
	}
}

func TestPKCS12WithoutPassword(t *testing.T) {
	key := ecKey(t)
	cert := certify(t, "a.example.com", key.Public(), nil, key)
	data, err := gopkcs12.Passwordless.Encode(key, cert, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := Read(data, PKCS12, Passwords{})
	if err != nil || len(entries) != 1 || !key.Equal(entries[0].PrivateKey) {
		t.Fatalf("got %d entries and %v, want the key", len(entries), err)
	}
	if _, err := Read(data, PKCS12, Passwords{Store: "secret"}); !errors.Is(err, ErrFormat) {
		t.Errorf("a store without integrity code under a password: error = %v, want ErrFormat", err)
	}
}

func TestPKCS12IterationsAreBounded(t *testing.T) {
	key := ecKey(t)
	data, err := gopkcs12.Modern.WithIterations(2000).Encode(key, certify(t, "a", key.Public(), nil, key), nil, "x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readPKCS12(data, Passwords{Store: "x"}, &budget{left: 2001}); !errors.Is(err, ErrFormat) {
		t.Errorf("error = %v, want ErrFormat", err)
	}
}

func TestPKCS12EntryPassword(t *testing.T) {
	key := ecKey(t)
	cert := certify(t, "a", key.Public(), nil, key)
	data, err := gopkcs12.Modern.Encode(key, cert, nil, "store")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := Read(data, PKCS12, Passwords{Store: "store", Entry: "another"})
	if err != nil {
		t.Fatal(err)
	}
	if e := find(t, entries, "1"); e.Err == nil || e.PrivateKey != nil {
		t.Error("the key opened under a wrong entry password")
	}
}

func TestPKCS12FromKeytool(t *testing.T) {
	dir := t.TempDir()
	common := []string{"-storetype", "PKCS12", "-keystore", "s.p12", "-storepass", "password"}
	run := func(args ...string) { tool(t, dir, append(append([]string{"keytool"}, args...), common...)...) }
	run("-genseckey", "-keyalg", "AES", "-keysize", "256", "-alias", "encryption-key")
	run("-genseckey", "-keyalg", "HmacSHA512", "-keysize", "512", "-alias", "session-key")
	run("-genkeypair", "-keyalg", "RSA", "-keysize", "2048", "-alias", "OpenAM-Server", "-dname", "CN=am.example.com")
	run("-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-alias", "es256test", "-dname", "CN=es256")
	run("-exportcert", "-alias", "es256test", "-file", "c.crt")
	run("-importcert", "-noprompt", "-alias", "trusted", "-file", "c.crt")
	entries, err := Read(file(t, dir, "s.p12"), FormatOf("s.p12"), Passwords{Store: "password"})
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 5 {
		t.Errorf("got %d entries, want 5", len(entries))
	}
	if e := find(t, entries, "encryption-key"); len(e.Secret) != 32 || e.Algorithm != "AES" {
		t.Errorf("AES key: %d bytes of %q, want 32 of AES", len(e.Secret), e.Algorithm)
	}
	if e := find(t, entries, "session-key"); len(e.Secret) != 64 || e.Algorithm != "HmacSHA512" {
		t.Errorf("HMAC key: %d bytes of %q, want 64 of HmacSHA512", len(e.Secret), e.Algorithm)
	}
	e := find(t, entries, "openam-server")
	if key, ok := e.PrivateKey.(*rsa.PrivateKey); !ok || len(e.Chain) != 1 || !key.PublicKey.Equal(e.Certificate().PublicKey) {
		t.Error("the RSA key or its certificate is missing")
	}
	e = find(t, entries, "es256test")
	if _, ok := e.PrivateKey.(*ecdsa.PrivateKey); !ok || len(e.Chain) != 1 {
		t.Error("the EC key or its certificate is missing")
	}
	if e := find(t, entries, "trusted"); !e.Trusted() {
		t.Error("the imported certificate is not a trusted entry")
	}
}

func TestPKCS12FromOpenSSL(t *testing.T) {
	dir := t.TempDir()
	tool(t, dir, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "c.pem", "-subj", "/CN=x", "-days", "1")
	tool(t, dir, "openssl", "pkcs12", "-export", "-inkey", "k.pem", "-in", "c.pem", "-name", "signature-key", "-passout", "pass:password", "-out", "s.p12")
	entries, err := Read(file(t, dir, "s.p12"), "", Passwords{Store: "password"})
	if err != nil {
		t.Fatal(err)
	}
	if e := find(t, entries, "signature-key"); e.PrivateKey == nil || len(e.Chain) != 1 || len(entries) != 1 {
		t.Error("the key or its certificate is missing")
	}
}

// TestRC2 uses vectors of RFC 2268 §5 whose effective size is that of the key.
func TestRC2(t *testing.T) {
	cases := []struct{ name, key, plain, cipher string }{
		{"64 bits", "\xff\xff\xff\xff\xff\xff\xff\xff", "\xff\xff\xff\xff\xff\xff\xff\xff", "\x27\x8b\x27\xe4\x2e\x2f\x0d\x49"},
		{"64 bits, other text", "\x30\x00\x00\x00\x00\x00\x00\x00", "\x10\x00\x00\x00\x00\x00\x00\x01", "\x30\x64\x9e\xdf\x9b\xe7\xd2\xc2"},
		{"128 bits", "\x88\xbc\xa9\x0e\x90\x87\x5a\x7f\x0f\x79\xc3\x84\x62\x7b\xaf\xb2", "\x00\x00\x00\x00\x00\x00\x00\x00", "\x22\x69\x55\x2a\xb0\xf8\x5c\xa6"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			block, err := newRC2([]byte(c.key))
			if err != nil {
				t.Fatal(err)
			}
			got := make([]byte, 8)
			block.Encrypt(got, []byte(c.plain))
			if string(got) != c.cipher {
				t.Errorf("Encrypt = %x, want %x", got, c.cipher)
			}
			block.Decrypt(got, []byte(c.cipher))
			if string(got) != c.plain {
				t.Errorf("Decrypt = %x, want %x", got, c.plain)
			}
		})
	}
}

func FuzzPKCS12(f *testing.F) {
	key := ecKey(f)
	cert := certify(f, "a", key.Public(), nil, key)
	for _, enc := range []*gopkcs12.Encoder{gopkcs12.LegacyRC2, gopkcs12.Modern2023, gopkcs12.Modern2026} {
		data, err := enc.WithIterations(2).WithRand(rand.Reader).Encode(key, cert, nil, "x")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	plain, err := gopkcs12.Passwordless.Encode(key, cert, nil, "")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, p := range []string{"x", ""} {
			_, err := readPKCS12(data, Passwords{Store: p}, &budget{left: 10_000})
			knownKind(t, err)
		}
	})
}

func knownKind(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, ErrFormat) && !errors.Is(err, ErrPassword) && !errors.Is(err, ErrUnsupported) {
		t.Errorf("error of no known kind: %v", err)
	}
}
