package groovy

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"testing"
	"time"
)

func TestKeysAndCertificates(t *testing.T) {
	rk, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ek, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, _ := x509.MarshalPKIXPublicKey(&rk.PublicKey)
	pkcs8, _ := x509.MarshalPKCS8PrivateKey(rk)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "demo"}, DNSNames: []string{"a.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &rk.PublicKey, rk)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.StdEncoding.EncodeToString
	vars := map[string]Value{"spki": b64(spki), "pkcs8": b64(pkcs8), "der": b64(der), "ecPriv": NewKey(ek), "ecPub": NewKey(&ek.PublicKey), "cert": func() Value {
		c, _ := x509.ParseCertificate(der)
		return NewCertificate(c)
	}()}
	const prelude = "import java.security.*\nimport java.security.spec.*\nimport java.security.cert.*\ndef dec = { it.decodeBase64() }\n"
	for _, c := range []struct{ name, src, want string }{
		{"sign and verify RSA", `
def kf = KeyFactory.getInstance('RSA')
def pub = kf.generatePublic(new X509EncodedKeySpec(dec(spki)))
def priv = kf.generatePrivate(new PKCS8EncodedKeySpec(dec(pkcs8)))
def s = Signature.getInstance('SHA256withRSA')
s.initSign(priv); s.update('m'.bytes); def sig = s.sign()
s.initVerify(pub); s.update('m'.bytes); def ok = s.verify(sig)
s.initVerify(pub); s.update('x'.bytes)
ok && !s.verify(sig)`, "true"},
		{"key from modulus and exponent", `
def pub = KeyFactory.getInstance('RSA').generatePublic(new X509EncodedKeySpec(dec(spki)))
def again = KeyFactory.getInstance('RSA').generatePublic(new RSAPublicKeySpec(pub.modulus, pub.publicExponent))
again.encoded == pub.encoded && pub.algorithm == 'RSA'`, "true"},
		{"elliptic curve in both forms", `
['SHA256withECDSA', 'SHA256withECDSAinP1363Format'].every {
  def s = Signature.getInstance(it)
  s.initSign(ecPriv); s.update('m'.bytes); def sig = s.sign()
  s.initVerify(ecPub); s.update('m'.bytes); s.verify(sig)
}`, "true"},
		{"kinds of keys", `
import java.security.interfaces.*
RSAPublicKey rsa = (RSAPublicKey) KeyFactory.getInstance('RSA').generatePublic(new X509EncodedKeySpec(dec(spki)))
ECPublicKey ec = ecPub as ECPublicKey
[rsa instanceof RSAKey, rsa instanceof PublicKey, rsa.modulus.bitLength(), ec instanceof ECKey, ecPriv instanceof ECPrivateKey, ec instanceof RSAPublicKey, ecPriv instanceof PublicKey].join(' ')`, "true true 2048 true true false false"},
		{"no such kind", "import java.security.interfaces.*\ntry { (RSAPublicKey) ecPub; 'no' } catch (ClassCastException e) { 'refused' }", "refused"},
		{"wrong key", "try { Signature.getInstance('SHA256withRSA').initVerify(ecPub); 'no' } catch (InvalidKeyException e) { 'refused' }", "refused"},
		{"certificate from bytes", `
def c = CertificateFactory.getInstance('X.509').generateCertificate(new ByteArrayInputStream(dec(der)))
c.checkValidity()
"${c.subjectDN} ${c.serialNumber} ${c.subjectAlternativeNames} ${c == cert} ${c.subjectX500Principal.name}"`, "CN=demo 77 [[2, a.example]] true CN=demo"},
		{"bad certificate", "try { CertificateFactory.getInstance('X.509').generateCertificate(new ByteArrayInputStream('x'.bytes)) } catch (CertificateException e) { 'bad' }", "bad"},
		{"bad key", "try { KeyFactory.getInstance('RSA').generatePublic(new X509EncodedKeySpec('x'.bytes)) } catch (InvalidKeySpecException e) { 'bad' }", "bad"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := New(Env{Classes: JDK()}).Compile("t.groovy", prelude+c.src)
			if err != nil {
				t.Fatal(err)
			}
			v, err := s.Run(context.Background(), NewBinding(vars))
			if err != nil || ToString(v) != c.want {
				t.Errorf("got %q, %v; want %q", ToString(v), err, c.want)
			}
		})
	}
}
