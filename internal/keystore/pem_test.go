package keystore

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"testing"
)

func block(t testing.TB, kind string, der []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestPEMKinds(t *testing.T) {
	rk, ek := rsaKey(t), ecKey(t)
	pkcs8, err8 := x509.MarshalPKCS8PrivateKey(rk)
	sec1, err1 := x509.MarshalECPrivateKey(ek)
	pkix, errP := x509.MarshalPKIXPublicKey(ek.Public())
	old, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", sec1, []byte("secret"), x509.PEMCipherAES128) //nolint:staticcheck // the form under test
	if err != nil {
		t.Fatal(err)
	}
	isRSA := func(e Entry) bool { return rk.Equal(e.PrivateKey) }
	isEC := func(e Entry) bool { return ek.Equal(e.PrivateKey) }
	cases := []struct {
		name string
		data []byte
		want func(Entry) bool
	}{
		{"PKCS#8", block(t, "PRIVATE KEY", pkcs8, err8), isRSA},
		{"PKCS#1", block(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rk), nil), isRSA},
		{"SEC 1", block(t, "EC PRIVATE KEY", sec1, err1), isEC},
		{"RFC 1423 encryption", pem.EncodeToMemory(old), isEC},
		{"public", block(t, "PUBLIC KEY", pkix, errP), func(e Entry) bool { return ek.PublicKey.Equal(e.PublicKey) }},
		{"RSA public", block(t, "RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rk.PublicKey), nil), func(e Entry) bool { return rk.PublicKey.Equal(e.PublicKey) }},
		{"HMAC secret", block(t, "HMAC SECRET KEY", []byte("0123"), nil), func(e Entry) bool { return string(e.Secret) == "0123" && e.Algorithm == "HMAC" }},
		{"AES secret", block(t, "AES SECRET KEY", []byte("0123"), nil), func(e Entry) bool { return string(e.Secret) == "0123" && e.Algorithm == "AES" }},
		{"secret", block(t, "GENERIC SECRET", []byte("0123"), nil), func(e Entry) bool { return string(e.Secret) == "0123" && e.Algorithm == "" }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			entries, err := Read(c.data, "", Passwords{Store: "secret"})
			if err != nil || len(entries) != 1 || !c.want(entries[0]) {
				t.Fatalf("got %d entries and %v, want the one that was written", len(entries), err)
			}
		})
	}
}

func TestPEMChains(t *testing.T) {
	root, key, other := ecKey(t), ecKey(t), ecKey(t)
	ca := certify(t, "ca", root.Public(), nil, root)
	leaf := certify(t, "leaf", key.Public(), ca, root)
	stray := certify(t, "stray", other.Public(), nil, other)
	sec1, err := x509.MarshalECPrivateKey(key)
	data := bytes.Join([][]byte{
		[]byte("Bag Attributes\n"), block(t, "CERTIFICATE", ca.Raw, nil), block(t, "CERTIFICATE", stray.Raw, nil),
		block(t, "EC PRIVATE KEY", sec1, err), block(t, "CERTIFICATE", leaf.Raw, nil),
	}, []byte("# comment\n"))
	entries, err := Read(data, PEM, Passwords{})
	if err != nil || len(entries) != 2 {
		t.Fatalf("got %d entries and %v, want 2", len(entries), err)
	}
	if e := entries[0]; !key.Equal(e.PrivateKey) || len(e.Chain) != 2 || !e.Chain[0].Equal(leaf) || !e.Chain[1].Equal(ca) {
		t.Error("the key does not come with leaf and issuer")
	}
	if !entries[1].Trusted() || !entries[1].Certificate().Equal(stray) {
		t.Error("the certificate of no key is not a trusted entry")
	}
}

func TestPEMRefused(t *testing.T) {
	sec1, err := x509.MarshalECPrivateKey(ecKey(t))
	good := block(t, "EC PRIVATE KEY", sec1, err)
	cases := []struct {
		name, data string
		want       error
	}{
		{"no blocks", "hello", ErrFormat},
		{"truncated", string(good[:len(good)-20]), ErrFormat},
		{"truncated second", string(good) + string(good[:40]), ErrFormat},
		{"other content", string(block(t, "RSA PRIVATE KEY", sec1, nil)), ErrFormat},
		{"DSA", string(block(t, "DSA PRIVATE KEY", []byte{1}, nil)), ErrUnsupported},
		{"OpenSSH", string(block(t, "OPENSSH PRIVATE KEY", []byte{1}, nil)), ErrUnsupported},
		{"empty secret", string(block(t, "GENERIC SECRET", nil, nil)), ErrFormat},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Read([]byte(c.data), PEM, Passwords{}); !errors.Is(err, c.want) {
				t.Errorf("error = %v, want %v", err, c.want)
			}
		})
	}
}

func TestPEMFromOpenSSL(t *testing.T) {
	for _, args := range [][]string{{"-v2", "aes256"}, {"-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"}, {"-v1", "PBE-SHA1-3DES"}} {
		t.Run(args[len(args)-1], func(t *testing.T) {
			dir := t.TempDir()
			tool(t, dir, "openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "k.pem")
			tool(t, dir, append([]string{"openssl", "pkcs8", "-topk8", "-in", "k.pem", "-out", "e.pem", "-passout", "pass:secret"}, args...)...)
			plain, err := Read(file(t, dir, "k.pem"), PEM, Passwords{})
			if err != nil {
				t.Fatal(err)
			}
			sealed, err := Read(file(t, dir, "e.pem"), PEM, Passwords{Store: "secret"})
			if err != nil {
				t.Fatal(err)
			}
			if !plain[0].PrivateKey.(*ecdsa.PrivateKey).Equal(sealed[0].PrivateKey) {
				t.Error("the decrypted key is another one")
			}
			if _, err := Read(file(t, dir, "e.pem"), PEM, Passwords{Store: "Secret"}); err == nil {
				t.Error("a wrong password was accepted")
			}
		})
	}
}

func FuzzPEM(f *testing.F) {
	sec1, err := x509.MarshalECPrivateKey(ecKey(f))
	f.Add(block(f, "EC PRIVATE KEY", sec1, err))
	f.Add([]byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := readPEM(data, Passwords{Store: "x"}, &budget{left: 10_000})
		knownKind(t, err)
	})
}
