package jose

import (
	"context"
	"strings"
	"sync"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"
)

func encryptionKey(t testing.TB, a Algorithm, e Encryption) *Key {
	t.Helper()
	bits := 0
	switch a {
	case Dir:
		bits = e.KeyBits()
	case A128KW:
		bits = 128
	case A192KW:
		bits = 192
	case A256KW:
		bits = 256
	case RSAOAEP, RSAOAEP256:
		return key(t, KindRSA2048)
	default:
		return key(t, KindP256)
	}
	return key(t, map[int]Kind{128: KindOct128, 192: KindOct192, 256: KindOct256, 384: KindOct384, 512: KindOct512}[bits])
}

func encrypt(t testing.TB, k *Key, a Algorithm, e Encryption, o EncrypterOptions, plain string) string {
	t.Helper()
	enc, err := NewEncrypter(k, a, e, o)
	if err != nil {
		t.Fatal(err)
	}
	token, err := enc.Encrypt([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func decrypt(token string, keys ...*Key) (*Token, error) {
	return Decrypt(context.Background(), token, DecryptOptions{Keys: NewKeySet(keys...), Algorithms: KeyAlgorithms(), Encryptions: Encryptions()})
}

func TestEncryptionRoundTrip(t *testing.T) {
	for _, a := range KeyAlgorithms() {
		for _, e := range Encryptions() {
			t.Run(string(a)+" "+string(e), func(t *testing.T) {
				k := encryptionKey(t, a, e)
				to := k
				if !k.IsSymmetric() {
					to = k.Public()
				}
				token := encrypt(t, to, a, e, EncrypterOptions{ContentType: "JWT"}, "hello")
				tok, err := decrypt(token, k)
				if err != nil || string(tok.Payload) != "hello" || tok.Header.KeyID != k.ID || tok.Header.ContentType != "JWT" {
					t.Fatalf("got %+v and %v", tok, err)
				}
				other := strings.Split(token, ".")
				other[3] = b64.EncodeToString([]byte("other"))
				_, err = decrypt(strings.Join(other, "."), k)
				wantErr(t, err, ErrDecrypt)
			})
		}
	}
}

func TestEncrypterIsConcurrent(t *testing.T) {
	k := key(t, KindP256)
	enc, err := NewEncrypter(k.Public(), ECDHES, A256GCM, EncrypterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			token, err := enc.Encrypt([]byte("x"))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := decrypt(token, k); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func theirs(t *testing.T, a gojose.KeyAlgorithm, e gojose.ContentEncryption, k any, opts *gojose.EncrypterOptions, plain []byte) string {
	t.Helper()
	enc, err := gojose.NewEncrypter(e, gojose.Recipient{Algorithm: a, Key: k}, opts)
	if err != nil {
		t.Fatal(err)
	}
	obj, err := enc.Encrypt(plain)
	if err != nil {
		t.Fatal(err)
	}
	text, err := obj.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestDecryptRefuses(t *testing.T) {
	dir, rsaKey := key(t, KindOct256), key(t, KindRSA2048)
	good := encrypt(t, dir, Dir, A256GCM, EncrypterOptions{}, "x")
	parts := strings.Split(good, ".")
	head := func(h string) string { return segment(h) + "." + strings.Join(parts[1:], ".") }
	zip := &gojose.EncrypterOptions{Compression: gojose.DEFLATE}
	cases := []struct {
		name, token string
		want        error
	}{
		{"the good one", good, nil},
		{"PBES2", theirs(t, gojose.PBES2_HS256_A128KW, gojose.A128GCM, "password", nil, []byte("x")), ErrAlgorithm},
		{"RSA1_5", theirs(t, gojose.RSA1_5, gojose.A128GCM, rsaKey.public, nil, []byte("x")), ErrAlgorithm},
		{"compressed", theirs(t, gojose.DIRECT, gojose.A256GCM, dir.secret, zip, []byte("x")), ErrMalformed},
		{"signature algorithm", head(`{"alg":"HS256","enc":"A256GCM"}`), ErrAlgorithm},
		{"none", head(`{"alg":"none","enc":"A256GCM"}`), ErrAlgorithm},
		{"unknown encryption", head(`{"alg":"dir","enc":"A512GCM"}`), ErrAlgorithm},
		{"no encryption", head(`{"alg":"dir"}`), ErrAlgorithm},
		{"other size", head(`{"alg":"dir","enc":"A128GCM"}`), ErrKey},
		{"header changed", head(`{"alg":"dir","enc":"A256GCM" }`), ErrDecrypt},
		{"crit", head(`{"alg":"dir","enc":"A256GCM","crit":["x"],"x":1}`), ErrCritical},
		{"enc twice", head(`{"alg":"dir","enc":"A256GCM","enc":"A128GCM"}`), ErrMalformed},
		{"unknown compression", head(`{"alg":"dir","enc":"A256GCM","zip":"GZ"}`), ErrMalformed},
		{"direct with wrapped key", parts[0] + ".AAAA." + strings.Join(parts[2:], "."), ErrMalformed},
		{"wrapping without key", segment(`{"alg":"A256KW","enc":"A256GCM"}`) + "." + strings.Join(parts[1:], "."), ErrMalformed},
		{"no key of that type", segment(`{"alg":"ECDH-ES","enc":"A256GCM"}`) + "." + strings.Join(parts[1:], "."), ErrKey},
		{"four parts", strings.Join(parts[:4], "."), ErrMalformed},
		{"line break", parts[0] + ".." + parts[2] + "\n." + parts[3] + "." + parts[4], ErrMalformed},
		{"oversized", parts[0] + ".." + parts[2] + "." + strings.Repeat("A", DefaultMaxToken) + "." + parts[4], ErrMalformed},
		{"tag cut", strings.Join(parts[:4], ".") + "." + parts[4][4:], ErrDecrypt},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := decrypt(c.token, dir, rsaKey)
			wantErr(t, err, c.want)
		})
	}
	_, err := Decrypt(context.Background(), good, DecryptOptions{Keys: NewKeySet(dir), Algorithms: []Algorithm{Dir}, Encryptions: []Encryption{A128GCM}})
	wantErr(t, err, ErrAlgorithm)
	_, err = decrypt(encrypt(t, rsaKey, RSAOAEP256, A128GCM, EncrypterOptions{}, "x"), rsaKey.Public())
	wantErr(t, err, ErrKey)
}

func TestCompressedContent(t *testing.T) {
	k := key(t, KindOct256)
	for name, c := range map[string]struct {
		plain string
		want  error
	}{"small": {strings.Repeat("a", 1000), nil}, "over the limit": {strings.Repeat("a", 3000), ErrMalformed}, "bomb": {strings.Repeat("a", 1<<20), ErrDecrypt}} {
		t.Run(name, func(t *testing.T) {
			token := encrypt(t, k, Dir, A256GCM, EncrypterOptions{Compress: true}, c.plain)
			tok, err := Decrypt(context.Background(), token, DecryptOptions{
				Keys: NewKeySet(k), Algorithms: []Algorithm{Dir}, Encryptions: []Encryption{A256GCM}, MaxBytes: 2000, Inflate: true,
			})
			wantErr(t, err, c.want)
			if err == nil && string(tok.Payload) != c.plain {
				t.Error("the content differs")
			}
		})
	}
}

func TestNested(t *testing.T) {
	ctx := context.Background()
	signer, sealer := key(t, KindP256), key(t, KindRSA2048)
	s, err := NewSigner(signer, ES256, SignerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	named, err := NewEncrypter(sealer.Public(), RSAOAEP256, A128CBCHS256, EncrypterOptions{ContentType: "JWT"})
	if err != nil {
		t.Fatal(err)
	}
	const payload = `{"a":1}`
	signed, err := s.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	both, err := SignThenEncrypt(s, named, []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	sealed := encrypt(t, sealer, RSAOAEP256, A128CBCHS256, EncrypterOptions{}, payload)
	unnamed := encrypt(t, sealer, RSAOAEP256, A128CBCHS256, EncrypterOptions{}, signed)
	around, err := s.Sign([]byte(sealed))
	if err != nil {
		t.Fatal(err)
	}
	twice, err := s.Sign([]byte(signed))
	if err != nil {
		t.Fatal(err)
	}
	thrice := encrypt(t, sealer, RSAOAEP256, A128CBCHS256, EncrypterOptions{}, both)
	unsigned := segment(`{"alg":"none"}`) + "." + segment(payload) + "."
	v := &VerifyOptions{Keys: NewKeySet(signer.Public()), Algorithms: []Algorithm{ES256}}
	d := &DecryptOptions{Keys: NewKeySet(sealer), Algorithms: []Algorithm{RSAOAEP256}, Encryptions: []Encryption{A128CBCHS256}}
	cases := []struct {
		name, token string
		o           OpenOptions
		want        error
	}{
		{"signed", signed, OpenOptions{Verify: v}, nil},
		{"encrypted", sealed, OpenOptions{Decrypt: d}, nil},
		{"signed then encrypted", both, OpenOptions{Verify: v, Decrypt: d}, nil},
		{"without cty", unnamed, OpenOptions{Verify: v, Decrypt: d}, nil},
		{"encrypted then signed", around, OpenOptions{Verify: v, Decrypt: d}, nil},
		{"inner signature not looked at", both, OpenOptions{Decrypt: d, SkipSignature: true}, nil},
		{"unsigned, not looked at", unsigned, OpenOptions{SkipSignature: true}, nil},
		{"unsigned", unsigned, OpenOptions{Verify: v}, ErrAlgorithm},
		{"signature missing", sealed, OpenOptions{Verify: v, Decrypt: d}, ErrSignature},
		{"encryption missing", signed, OpenOptions{Verify: v, Decrypt: d}, ErrDecrypt},
		{"signature not accepted", signed, OpenOptions{Decrypt: d}, ErrAlgorithm},
		{"encryption not accepted", both, OpenOptions{Verify: v}, ErrAlgorithm},
		{"signed twice", twice, OpenOptions{Verify: v}, ErrMalformed},
		{"three layers", thrice, OpenOptions{Verify: v, Decrypt: d}, ErrMalformed},
		{"nothing", "", OpenOptions{Verify: v, Decrypt: d}, ErrMalformed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Open(ctx, c.token, c.o)
			wantErr(t, err, c.want)
			if err == nil && string(got.Payload) != payload {
				t.Errorf("payload = %s", got.Payload)
			}
		})
	}
}
