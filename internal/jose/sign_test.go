package jose

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"
)

func theirKey(k *Key) any {
	switch {
	case k.secret != nil:
		return k.secret
	case k.private != nil:
		return k.private
	}
	return k.public
}

func TestSignAgainstGoJose(t *testing.T) {
	for _, a := range allSignatures() {
		t.Run(string(a), func(t *testing.T) {
			k := key(t, kindFor(a))
			const payload = `{"sub":"demo","ü":[1,2]}`
			public := theirKey(k)
			if !k.IsSymmetric() {
				public = k.public
			}
			ours, err := gojose.ParseSignedCompact(sign(t, k, a, payload), []gojose.SignatureAlgorithm{gojose.SignatureAlgorithm(a)})
			if err != nil {
				t.Fatal(err)
			}
			got, err := ours.Verify(public)
			if err != nil || string(got) != payload {
				t.Errorf("go-jose verifies ours with %q and %v", got, err)
			}
			if h := ours.Signatures[0].Header; h.KeyID != k.ID || h.ExtraHeaders["typ"] != "JWT" {
				t.Errorf("header = %+v, want kid and typ", h)
			}
			s, err := gojose.NewSigner(gojose.SigningKey{Algorithm: gojose.SignatureAlgorithm(a), Key: theirKey(k)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			obj, err := s.Sign([]byte(payload))
			if err != nil {
				t.Fatal(err)
			}
			text, err := obj.CompactSerialize()
			if err != nil {
				t.Fatal(err)
			}
			tok, err := verify(text, []Algorithm{a}, k)
			if err != nil || string(tok.Payload) != payload {
				t.Errorf("we verify go-jose's with %v", err)
			}
		})
	}
}

// TestECDSASizes signs often enough that short numbers, which need padding, occur: about one in 128 has one.
func TestECDSASizes(t *testing.T) {
	for a, kind := range map[Algorithm]Kind{ES256: KindP256, ES512: KindP521} {
		k := key(t, kind)
		s, err := NewSigner(k, a, SignerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for range 200 {
			token, err := s.Sign([]byte(`{}`))
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := b64.DecodeString(token[strings.LastIndexByte(token, '.')+1:])
			if len(raw) != 2*coordinateBytes(k) {
				t.Fatalf("%s signature of %d bytes", a, len(raw))
			}
			if _, err := verify(token, []Algorithm{a}, k); err != nil {
				t.Fatalf("%s: %v", a, err)
			}
		}
	}
}

func TestDERForms(t *testing.T) {
	cases := map[string][]byte{
		"small":         {0, 0, 1, 0, 0, 2},
		"top bit set":   {0, 0x80, 1, 0xff, 0xff, 0xff},
		"zero":          {0, 0, 0, 0, 0, 0},
		"full size 521": append(append([]byte{1}, make([]byte, 65)...), append([]byte{1}, make([]byte, 65)...)...),
	}
	for name, fixed := range cases {
		t.Run(name, func(t *testing.T) {
			back, err := appendFixed(nil, appendDER(nil, fixed), len(fixed)/2)
			if err != nil || string(back) != string(fixed) {
				t.Errorf("appendFixed(appendDER(%x)) = %x, %v", fixed, back, err)
			}
		})
	}
	if _, err := appendFixed(nil, appendDER(nil, make([]byte, 64)), 0); err == nil {
		t.Error("numbers longer than the size were accepted")
	}
}

func TestSignerRefuses(t *testing.T) {
	rsaKey, ec, hm := key(t, KindRSA2048), key(t, KindP256), key(t, KindOct256)
	onlyVerify := ec.With("", "", "")
	onlyVerify.Ops = []string{"verify"}
	weak, err := NewKey([]byte("password"))
	if err != nil {
		t.Fatal(err)
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewKey(p224); err == nil {
		t.Error("a P-224 key was accepted")
	}
	cases := []struct {
		name string
		k    *Key
		a    Algorithm
		o    SignerOptions
		want error
	}{
		{"none", rsaKey, "none", SignerOptions{}, ErrAlgorithm},
		{"empty algorithm", rsaKey, "", SignerOptions{}, ErrAlgorithm},
		{"encryption algorithm", rsaKey, RSAOAEP, SignerOptions{}, ErrAlgorithm},
		{"no key", nil, RS256, SignerOptions{}, ErrKey},
		{"public key", rsaKey.Public(), RS256, SignerOptions{}, ErrKey},
		{"wrong type", rsaKey, ES256, SignerOptions{}, ErrKey},
		{"wrong curve", ec, ES384, SignerOptions{}, ErrKey},
		{"short secret", weak, HS256, SignerOptions{}, ErrKey},
		{"secret too short for the hash", hm, HS512, SignerOptions{}, ErrKey},
		{"key for another algorithm", rsaKey.With("", RS512, ""), RS256, SignerOptions{}, ErrKey},
		{"key for encryption", rsaKey.With("", "", ForEncryption), RS256, SignerOptions{}, ErrKey},
		{"key_ops", onlyVerify, ES256, SignerOptions{}, ErrKey},
		{"alg as extra", rsaKey, RS256, SignerOptions{Extra: map[string]any{"alg": "none"}}, ErrMalformed},
		{"crit as extra", rsaKey, RS256, SignerOptions{Extra: map[string]any{"crit": []string{"x"}}}, ErrMalformed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := NewSigner(c.k, c.a, c.o)
			wantErr(t, err, c.want)
		})
	}
}

func TestSignerHeader(t *testing.T) {
	k := key(t, KindP256).With("id", "", "")
	cases := []struct {
		name, want string
		o          SignerOptions
	}{
		{"plain", `{"typ":"JWT","kid":"id","alg":"ES256"}`, SignerOptions{}},
		{"access token", `{"typ":"at+jwt","kid":"id","alg":"ES256"}`, SignerOptions{Type: "at+jwt"}},
		{"bare", `{"alg":"ES256"}`, SignerOptions{OmitType: true, OmitKeyID: true}},
		{"extra", `{"typ":"JWT","cty":"JWT","kid":"id","alg":"ES256","zip":"NONE"}`, SignerOptions{ContentType: "JWT", Extra: map[string]any{"zip": "NONE"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, err := NewSigner(k, ES256, c.o)
			if err != nil {
				t.Fatal(err)
			}
			token, err := s.SignClaims(map[string]int{"a": 1})
			if err != nil {
				t.Fatal(err)
			}
			head, _ := b64.DecodeString(token[:strings.IndexByte(token, '.')])
			if string(head) != c.want {
				t.Errorf("header = %s, want %s", head, c.want)
			}
			if _, err := verify(token, []Algorithm{ES256}, k); err != nil {
				t.Error(err)
			}
		})
	}
	s, err := NewSigner(k, ES256, SignerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SignClaims([]int{1}); err == nil {
		t.Error("claims that are a list were signed")
	}
}

func TestClientSecrets(t *testing.T) {
	k, err := NewClientSecret("password")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify(sign(t, k, HS256, `{}`), []Algorithm{HS256}, k); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		a    Algorithm
		e    Encryption
		bits int
	}{{A128KW, A128GCM, 128}, {A192KW, A128GCM, 192}, {A256KW, A128GCM, 256}, {Dir, A256GCM, 256}, {Dir, A192CBCHS384, 384}, {Dir, A256CBCHS512, 512}} {
		k, err := NewClientSecretEncryption("password", c.a, c.e)
		if err != nil || k.Bits() != c.bits {
			t.Errorf("%s %s: got %v and %v, want %d bits", c.a, c.e, k, err, c.bits)
		}
	}
	_, err = NewClientSecretEncryption("password", RSAOAEP, A128GCM)
	wantErr(t, err, ErrAlgorithm)
	_, err = NewClientSecretEncryption("", A128KW, A128GCM)
	wantErr(t, err, ErrKey)
}

// TestHMACVector is the example of RFC 7515 appendix A.1.
func TestHMACVector(t *testing.T) {
	const token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	k, err := ParseKey([]byte(`{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}`))
	if err != nil {
		t.Fatal(err)
	}
	tok, err := verify(token, []Algorithm{HS256}, k)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := ParseClaims(tok.Payload); err != nil || c.Issuer != "joe" {
		t.Errorf("claims = %+v, %v", c, err)
	}
}

// TestZeroSignature holds against what other platforms once accepted (CVE-2022-21449).
func TestZeroSignature(t *testing.T) {
	k := key(t, KindP256)
	token := sign(t, k, ES256, `{}`)
	head := token[:strings.LastIndexByte(token, '.')+1]
	order := elliptic.P256().Params().N
	for name, raw := range map[string][]byte{
		"zeros": make([]byte, 64), "order": append(order.Bytes(), order.Bytes()...),
		"one":         append(new(big.Int).SetInt64(1).FillBytes(make([]byte, 32)), make([]byte, 32)...),
		"a byte less": make([]byte, 63), "DER": appendDER(nil, make([]byte, 64)), "none": {},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verify(head+b64.EncodeToString(raw), []Algorithm{ES256}, k)
			wantErr(t, err, ErrSignature)
		})
	}
}

func TestCriticalHeaderMembers(t *testing.T) {
	k, err := Generate(KindP256)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSigner(k, ES256, SignerOptions{OmitKeyID: true, OmitType: true, Extra: map[string]any{"b": 1, "a": 2}, Critical: []string{"b"}})
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.Sign([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(token, ".")
	if got, _ := base64.RawURLEncoding.DecodeString(head); string(got) != `{"alg":"ES256","a":2,"b":1,"crit":["b"]}` {
		t.Errorf("header = %s", got)
	}
	for _, names := range [][]string{{"c"}, {"b", "b"}, {"alg"}} {
		if _, err := NewSigner(k, ES256, SignerOptions{Extra: map[string]any{"b": 1}, Critical: names}); !errors.Is(err, ErrMalformed) {
			t.Errorf("critical %v: %v", names, err)
		}
	}
}
