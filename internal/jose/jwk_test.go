package jose

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	gojose "github.com/go-jose/go-jose/v4"
)

func kinds() []Kind {
	return []Kind{KindRSA2048, KindP256, KindP384, KindP521, KindEd25519, KindOct128, KindOct192, KindOct256, KindOct384, KindOct512}
}

func TestJWKRoundTrip(t *testing.T) {
	for _, kind := range kinds() {
		t.Run(string(kind), func(t *testing.T) {
			k := key(t, kind).With("the id", "", ForSignature)
			k.Ops = []string{"sign"}
			private, err := k.MarshalPrivate()
			if err != nil {
				t.Fatal(err)
			}
			back, err := ParseKey(private)
			if err != nil {
				t.Fatal(err)
			}
			if !back.Equal(k) || back.IsPrivate() != k.IsPrivate() || back.ID != "the id" || back.Use != ForSignature || len(back.Ops) != 1 {
				t.Errorf("ParseKey(MarshalPrivate) = %v, want %v", back, k)
			}
			var theirs gojose.JSONWebKey
			if err := json.Unmarshal(private, &theirs); err != nil || !k.IsSymmetric() && !theirs.Valid() {
				t.Fatalf("go-jose reads it with %v, valid %v", err, theirs.Valid())
			}
			their, err := theirs.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			if again, err := ParseKey(their); err != nil || !again.Equal(k) || again.IsPrivate() != k.IsPrivate() {
				t.Errorf("go-jose's JSON reads back with %v", err)
			}
			if k.IsSymmetric() { // go-jose has no thumbprints of secrets
				return
			}
			sum, err := theirs.Thumbprint(crypto.SHA256)
			if err != nil || b64.EncodeToString(sum) != k.Thumbprint() {
				t.Errorf("Thumbprint = %s, go-jose has %x, %v", k.Thumbprint(), sum, err)
			}
		})
	}
}

func TestPublicFormsHideSecrets(t *testing.T) {
	for _, kind := range kinds() {
		t.Run(string(kind), func(t *testing.T) {
			k := key(t, kind)
			public, err := json.Marshal(k)
			if k.IsSymmetric() {
				wantErr(t, err, ErrKey)
				if k.Public() != nil {
					t.Error("a symmetric key has a public half")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var members map[string]any
			if err := json.Unmarshal(public, &members); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
				if members[name] != nil {
					t.Errorf("the public JWK holds %q", name)
				}
			}
			if back, err := ParseKey(public); err != nil || back.IsPrivate() || !back.Equal(k) {
				t.Errorf("the public JWK reads back with %v", err)
			}
		})
	}
}

// TestThumbprintVector is the example of RFC 7638 §3.1.
func TestThumbprintVector(t *testing.T) {
	k, err := ParseKey([]byte(`{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := k.Thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"; got != want {
		t.Errorf("Thumbprint = %s, want %s", got, want)
	}
}

func TestParseKeyRefuses(t *testing.T) {
	zeros := strings.Repeat("A", 43)
	half := b64.EncodeToString(make([]byte, 31))
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	one, two := fresh(t, KindP256), fresh(t, KindP256)
	mixed, err := one.jwk()
	if err != nil {
		t.Fatal(err)
	}
	other, err := two.jwk()
	if err != nil {
		t.Fatal(err)
	}
	mixed.D = other.D
	mixedJSON, err := json.Marshal(mixed)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, json string
		want       error
	}{
		{"not JSON", `{`, ErrMalformed},
		{"list", `[]`, ErrMalformed},
		{"repeated member", `{"kty":"oct","k":"AAAA","k":"BBBB"}`, ErrMalformed},
		{"repeated member, escaped", `{"kty":"oct","k":"AAAA","\u006b":"BBBB"}`, ErrMalformed},
		{"kid of wrong type", `{"kty":"oct","k":"AAAA","kid":1}`, ErrMalformed},
		{"names in capitals", `{"KTY":"oct","K":"AAAA"}`, ErrKey},
		{"no type", `{}`, ErrKey},
		{"unknown type", `{"kty":"AKP"}`, ErrKey},
		{"padded base64", `{"kty":"oct","k":"AAA="}`, ErrMalformed},
		{"line break in base64", `{"kty":"oct","k":"AA\nAA"}`, ErrMalformed},
		{"stray bits in base64", `{"kty":"oct","k":"AB"}`, ErrMalformed},
		{"empty secret", `{"kty":"oct","k":""}`, ErrMalformed},
		{"curve of bitcoin", `{"kty":"EC","crv":"secp256k1","x":"` + zeros + `","y":"` + zeros + `"}`, ErrKey},
		{"point off the curve", `{"kty":"EC","crv":"P-256","x":"` + zeros + `","y":"` + zeros + `"}`, ErrKey},
		{"short coordinate", `{"kty":"EC","crv":"P-256","x":"` + half + `","y":"` + zeros + `"}`, ErrKey},
		{"private part of another key", string(mixedJSON), ErrKey},
		{"X25519", `{"kty":"OKP","crv":"X25519","x":"` + zeros + `"}`, ErrKey},
		{"short RSA", `{"kty":"RSA","e":"AQAB","n":"` + b64.EncodeToString(small.N.Bytes()) + `"}`, ErrKey},
		{"exponent 1", `{"kty":"RSA","e":"AQ","n":"` + b64.EncodeToString(append([]byte{0x80}, make([]byte, 255)...)) + `"}`, ErrKey},
		{"huge exponent", `{"kty":"RSA","e":"AQAAAAE","n":"` + b64.EncodeToString(append([]byte{0x80}, make([]byte, 255)...)) + `"}`, ErrKey},
		{"too large", `{"kty":"oct","k":"` + strings.Repeat("A", maxKeyBytes) + `"}`, ErrMalformed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseKey([]byte(c.json))
			wantErr(t, err, c.want)
		})
	}
}

func certificate(t testing.TB, k *Key) *x509.Certificate {
	t.Helper()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"},
		NotBefore: time.Unix(1_700_000_000, 0), NotAfter: time.Unix(4_000_000_000, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, k.PublicKey(), k.PrivateKey())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestCertificatesInJWK(t *testing.T) {
	k := fresh(t, KindP256)
	k.Chain = []*x509.Certificate{certificate(t, k)}
	data, err := k.MarshalPublic()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseKey(data)
	if err != nil || len(back.Chain) != 1 || !back.Chain[0].Equal(k.Chain[0]) {
		t.Fatalf("the chain did not survive: %v", err)
	}
	if !strings.Contains(string(data), `"x5t#S256"`) {
		t.Error("the thumbprint of the certificate is missing")
	}
	foreign := fresh(t, KindP256)
	foreign.Chain = k.Chain
	if data, err = foreign.MarshalPublic(); err != nil {
		t.Fatal(err)
	}
	_, err = ParseKey(data)
	wantErr(t, err, ErrKey)
}

func TestPEMRoundTrip(t *testing.T) {
	for _, kind := range []Kind{KindRSA2048, KindP384, KindEd25519} {
		t.Run(string(kind), func(t *testing.T) {
			k := key(t, kind).With("", "", "")
			k.Chain = []*x509.Certificate{certificate(t, k)}
			data, err := k.MarshalPEM()
			if err != nil {
				t.Fatal(err)
			}
			keys, err := ParsePEM(data, "")
			if err != nil || len(keys) != 1 || !keys[0].IsPrivate() || !keys[0].Equal(k) || len(keys[0].Chain) != 1 {
				t.Fatalf("got %v and %v, want the key with its certificate", keys, err)
			}
			if data, err = k.Public().MarshalPEM(); err != nil {
				t.Fatal(err)
			}
			if keys, err = ParsePEM(data, ""); err != nil || keys[0].IsPrivate() || !keys[0].Equal(k) {
				t.Errorf("public half: got %v and %v", keys, err)
			}
		})
	}
}

func TestKeyDoesNotPrintItself(t *testing.T) {
	k := key(t, KindOct256)
	secret := b64.EncodeToString(k.secret)
	for _, text := range []string{k.String(), k.GoString()} {
		if strings.Contains(text, secret) || strings.Contains(text, string(k.secret)) {
			t.Errorf("%q holds the secret", text)
		}
	}
}
