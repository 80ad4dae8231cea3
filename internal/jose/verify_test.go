package jose

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// forge signs any header with k under a, as an attacker with a key of his own can.
func forge(t *testing.T, k *Key, a Algorithm, header, payload string) string {
	t.Helper()
	row, err := lookup(a)
	if err != nil {
		t.Fatal(err)
	}
	input := segment(header) + "." + segment(payload)
	sig, err := appendSignature(nil, row, k, []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + b64.EncodeToString(sig)
}

func hs256(secret []byte, header string) string {
	input := segment(header) + "." + segment(`{}`)
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(input))
	return input + "." + b64.EncodeToString(h.Sum(nil))
}

func TestAttacks(t *testing.T) {
	rsaKey, ec, evil := key(t, KindRSA2048).With("r1", "", ""), key(t, KindP256).With("e1", "", ""), fresh(t, KindP256)
	good := forge(t, ec, ES256, `{"alg":"ES256","kid":"e1"}`, `{"a":1}`)
	parts := strings.Split(good, ".")
	pem, err := rsaKey.Public().MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	evilJWK, err := evil.MarshalPublic()
	if err != nil {
		t.Fatal(err)
	}
	all := allSignatures()
	cases := []struct {
		name, token string
		algs        []Algorithm
		want        error
	}{
		{"the good one", good, all, nil},
		{"no algorithm allowed", good, nil, ErrAlgorithm},
		{"other algorithm allowed", good, []Algorithm{RS256}, ErrAlgorithm},
		{"none", segment(`{"alg":"none"}`) + "." + parts[1] + ".", all, ErrAlgorithm},
		{"none, allowed by mistake", segment(`{"alg":"none"}`) + "." + parts[1] + ".", append(all, "none"), ErrAlgorithm},
		{"None", segment(`{"alg":"None"}`) + "." + parts[1] + "." + parts[2], all, ErrAlgorithm},
		{"es256", segment(`{"alg":"es256"}`) + "." + parts[1] + "." + parts[2], all, ErrAlgorithm},
		{"no alg", segment(`{"kid":"e1"}`) + "." + parts[1] + "." + parts[2], all, ErrMalformed},
		{"alg null", segment(`{"alg":null}`) + "." + parts[1] + "." + parts[2], all, ErrMalformed},
		{"alg is a list", segment(`{"alg":["ES256"]}`) + "." + parts[1] + "." + parts[2], all, ErrMalformed},
		{"encryption algorithm", segment(`{"alg":"dir"}`) + "." + parts[1] + "." + parts[2], append(all, Dir), ErrAlgorithm},
		{"public PEM as HMAC secret", hs256(pem, `{"alg":"HS256","kid":"r1"}`), all, ErrKey},
		{"public PEM as HMAC secret, no kid", hs256(pem, `{"alg":"HS256"}`), all, ErrKey},
		{"RSA algorithm with EC kid", forge(t, rsaKey, RS256, `{"alg":"RS256","kid":"e1"}`, `{}`), all, ErrKey},
		{"own key, known kid", forge(t, evil, ES256, `{"alg":"ES256","kid":"e1"}`, `{}`), all, ErrSignature},
		{"own key, unknown kid", forge(t, evil, ES256, `{"alg":"ES256","kid":"../../dev/null"}`, `{}`), all, ErrSignature},
		{"own key embedded", forge(t, evil, ES256, `{"alg":"ES256","jwk":`+string(evilJWK)+`}`, `{}`), all, ErrSignature},
		{"own key by URL", forge(t, evil, ES256, `{"alg":"ES256","jku":"https://evil.example/jwks","x5u":"https://evil.example/c"}`, `{}`), all, ErrSignature},
		{"unknown kid of a good key", forge(t, ec, ES256, `{"alg":"ES256","kid":"zz"}`, `{}`), all, nil},
		{"no kid", forge(t, ec, ES256, `{"alg":"ES256"}`, `{}`), all, nil},
		{"kid is a number", forge(t, ec, ES256, `{"alg":"ES256","kid":1}`, `{}`), all, ErrMalformed},
		{"alg twice", forge(t, ec, ES256, `{"alg":"none","alg":"ES256"}`, `{}`), all, ErrMalformed},
		{"alg twice, escaped", forge(t, ec, ES256, `{"alg":"ES256","\u0061lg":"none"}`, `{}`), all, ErrMalformed},
		{"unknown member twice", forge(t, ec, ES256, `{"alg":"ES256","x":1,"x":2}`, `{}`), all, ErrMalformed},
		{"crit", forge(t, ec, ES256, `{"alg":"ES256","crit":["exp"],"exp":1}`, `{}`), all, ErrCritical},
		{"crit empty", forge(t, ec, ES256, `{"alg":"ES256","crit":[]}`, `{}`), all, ErrMalformed},
		{"crit null", forge(t, ec, ES256, `{"alg":"ES256","crit":null}`, `{}`), all, ErrMalformed},
		{"crit text", forge(t, ec, ES256, `{"alg":"ES256","crit":"exp"}`, `{}`), all, ErrMalformed},
		{"crit names nothing", forge(t, ec, ES256, `{"alg":"ES256","crit":["exp"]}`, `{}`), all, ErrMalformed},
		{"b64", forge(t, ec, ES256, `{"alg":"ES256","b64":false,"crit":["b64"]}`, `{}`), all, ErrCritical},
		{"header after header", forge(t, ec, ES256, `{"alg":"ES256"}{}`, `{}`), all, ErrMalformed},
		{"header is a list", forge(t, ec, ES256, `[]`, `{}`), all, ErrMalformed},
		{"header null", forge(t, ec, ES256, `null`, `{}`), all, ErrMalformed},
		{"header not UTF-8", forge(t, ec, ES256, "{\"alg\":\"ES256\",\"x\":\"\xff\"}", `{}`), all, ErrMalformed},
		{"header too long", forge(t, ec, ES256, `{"alg":"ES256","x":"`+strings.Repeat("a", maxHeader)+`"}`, `{}`), all, ErrMalformed},
		{"header claims encryption", forge(t, ec, ES256, `{"alg":"ES256","enc":"A128GCM"}`, `{}`), all, ErrAlgorithm},
		{"compressed", forge(t, ec, ES256, `{"alg":"ES256","zip":"DEF"}`, `{}`), all, ErrMalformed},
		{"empty", "", all, ErrMalformed},
		{"dots", "..", all, ErrMalformed},
		{"two parts", parts[0] + "." + parts[1], all, ErrMalformed},
		{"four parts", good + ".", all, ErrMalformed},
		{"no signature", parts[0] + "." + parts[1] + ".", all, ErrSignature},
		{"signature cut", parts[0] + "." + parts[1] + "." + parts[2][4:], all, ErrSignature},
		{"signature with more", good + "AAAA", all, ErrSignature},
		{"signature too long", good + strings.Repeat("A", 2000), all, ErrMalformed},
		{"payload changed", parts[0] + "." + segment(`{"a":2}`) + "." + parts[2], all, ErrSignature},
		{"padding", parts[0] + "." + parts[1] + "." + parts[2] + "==", all, ErrMalformed},
		{"line break", parts[0] + "." + parts[1] + "\n." + parts[2], all, ErrMalformed},
		{"space in front", " " + good, all, ErrMalformed},
		{"standard alphabet", parts[0] + "." + parts[1] + "." + strings.Repeat("+/", 43), all, ErrMalformed},
		{"stray bits", parts[0] + "." + parts[1] + "." + strings.Repeat("A", 85) + "B", all, ErrMalformed},
		{"oversized", parts[0] + "." + strings.Repeat("A", DefaultMaxToken) + "." + parts[2], all, ErrMalformed},
		{"JSON serialisation", `{"payload":"","protected":"","signature":""}`, all, ErrMalformed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tok, err := verify(c.token, c.algs, rsaKey.Public(), ec.Public())
			wantErr(t, err, c.want)
			if (tok == nil) != (c.want != nil) {
				t.Errorf("token = %v with error %v", tok, err)
			}
			if err != nil && len(parts[2]) > 0 && strings.Contains(err.Error(), parts[2]) {
				t.Error("the error quotes the token")
			}
		})
	}
}

func TestKeyRules(t *testing.T) {
	a, b := fresh(t, KindP256).With("same", "", ""), fresh(t, KindP256).With("same", "", "")
	sig := func(k *Key) string { return forge(t, k, ES256, `{"alg":"ES256","kid":"same"}`, `{}`) }
	cases := []struct {
		name string
		tok  string
		keys []*Key
		want error
	}{
		{"second of one name", sig(b), []*Key{a, b}, nil},
		{"known kid decides alone", sig(a), []*Key{a.With("other", "", ""), b}, ErrSignature},
		{"for encryption", sig(a), []*Key{a.With("same", "", ForEncryption)}, ErrKey},
		{"for another algorithm", sig(a), []*Key{a.With("same", ES384, "")}, ErrKey},
		{"no keys", sig(a), nil, ErrKey},
		{"only a longer curve", sig(a), []*Key{key(t, KindP521).With("same", "", "")}, ErrKey},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := verify(c.tok, []Algorithm{ES256}, c.keys...)
			wantErr(t, err, c.want)
		})
	}
	_, err := Verify(context.Background(), sig(a), VerifyOptions{Algorithms: []Algorithm{ES256}})
	wantErr(t, err, ErrKey)
	if k := (Joined{NewKeySet(), NewKeySet(a)}); true {
		if tok, err := Verify(context.Background(), sig(a), VerifyOptions{Keys: k, Algorithms: []Algorithm{ES256}}); err != nil || !tok.Key.Equal(a) {
			t.Errorf("joined finders: %v", err)
		}
	}
}

type brokenFinder struct{ err error }

func (b brokenFinder) Named(context.Context, string) ([]*Key, error) { return nil, b.err }
func (b brokenFinder) All(context.Context) ([]*Key, error)           { return nil, b.err }

func TestFinderErrorsPassThrough(t *testing.T) {
	cause := errors.New("store is down")
	token := sign(t, key(t, KindP256), ES256, `{}`)
	_, err := Verify(context.Background(), token, VerifyOptions{Keys: brokenFinder{cause}, Algorithms: []Algorithm{ES256}})
	wantErr(t, err, cause)
}

func TestVerifyOptions(t *testing.T) {
	k := key(t, KindP256)
	opts := func(o VerifyOptions) VerifyOptions {
		o.Keys, o.Algorithms = NewKeySet(k), []Algorithm{ES256}
		return o
	}
	var deflated bytes.Buffer
	w, _ := flate.NewWriter(&deflated, 9)
	_, _ = w.Write([]byte(`{"a":1}`))
	_ = w.Close()
	var bomb bytes.Buffer
	w, _ = flate.NewWriter(&bomb, 9)
	_, _ = w.Write(make([]byte, DefaultMaxToken+1))
	_ = w.Close()
	cases := []struct {
		name, header, payload string
		o                     VerifyOptions
		want                  error
		content               string
	}{
		{"type", `{"alg":"ES256","typ":"application/AT+jwt"}`, `{}`, VerifyOptions{Types: []string{"at+jwt"}}, nil, `{}`},
		{"other type", `{"alg":"ES256","typ":"JWT"}`, `{}`, VerifyOptions{Types: []string{"at+jwt"}}, ErrType, ""},
		{"type missing", `{"alg":"ES256"}`, `{}`, VerifyOptions{Types: []string{"at+jwt"}}, ErrType, ""},
		{"crit understood", `{"alg":"ES256","crit":["x"],"x":1}`, `{}`, VerifyOptions{Critical: []string{"x"}}, nil, `{}`},
		{"crit half understood", `{"alg":"ES256","crit":["x","y"],"x":1,"y":1}`, `{}`, VerifyOptions{Critical: []string{"x"}}, ErrCritical, ""},
		{"small limit", `{"alg":"ES256"}`, `{}`, VerifyOptions{MaxBytes: 50}, ErrMalformed, ""},
		{"zip NONE", `{"alg":"ES256","zip":"NONE"}`, `{}`, VerifyOptions{}, nil, `{}`},
		{"zip DEF", `{"alg":"ES256","zip":"DEF"}`, deflated.String(), VerifyOptions{Inflate: true}, nil, `{"a":1}`},
		{"zip bomb", `{"alg":"ES256","zip":"DEF"}`, bomb.String(), VerifyOptions{Inflate: true}, ErrMalformed, ""},
		{"zip of nothing", `{"alg":"ES256","zip":"DEF"}`, `{}`, VerifyOptions{Inflate: true}, ErrMalformed, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tok, err := Verify(context.Background(), forge(t, k, ES256, c.header, c.payload), opts(c.o))
			wantErr(t, err, c.want)
			if err == nil && string(tok.Payload) != c.content {
				t.Errorf("payload = %s, want %s", tok.Payload, c.content)
			}
		})
	}
}

func TestUnverified(t *testing.T) {
	tok, err := Unverified(segment(`{"alg":"none","jku":"x"}`) + "." + segment(`{"iss":"a"}`) + ".")
	if err != nil || tok.Header.Algorithm != "none" || string(tok.Payload) != `{"iss":"a"}` || tok.Key != nil {
		t.Errorf("Unverified = %+v, %v", tok, err)
	}
	_, err = Unverified(base64.StdEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "..")
	wantErr(t, err, ErrMalformed)
}

func FuzzJWT(f *testing.F) {
	ec, hm, rs := key(f, KindP256), key(f, KindOct256), key(f, KindRSA2048)
	good := sign(f, ec, ES256, `{"iss":"a","aud":["b"],"exp":1e9,"nested":{"a":[1,2.5,null]}}`)
	f.Add(good)
	f.Add(sign(f, hm, HS256, `{}`))
	f.Add(segment(`{"alg":"none"}`) + "." + segment(`{}`) + ".")
	f.Add(segment(`{"alg":"ES256","crit":["b64"],"b64":false}`) + "..")
	enc, err := NewEncrypter(hm, Dir, A256GCM, EncrypterOptions{})
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := enc.Encrypt([]byte(good))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	set := NewKeySet(ec.Public(), hm, rs)
	v := VerifyOptions{Keys: set, Algorithms: allSignatures(), Inflate: true}
	d := DecryptOptions{Keys: set, Algorithms: KeyAlgorithms(), Encryptions: Encryptions(), Inflate: true}
	f.Fuzz(func(t *testing.T, token string) {
		ctx := context.Background()
		if tok, err := Verify(ctx, token, v); err == nil {
			if !strings.HasPrefix(token, b64.EncodeToString(tok.Header.Raw)+"."+segment("")) {
				t.Error("an accepted token does not encode back to itself")
			}
		} else {
			tokenError(t, err)
		}
		if _, err := Open(ctx, token, OpenOptions{Verify: &v, Decrypt: &d}); err != nil {
			tokenError(t, err)
		}
		if tok, err := Unverified(token); err == nil {
			if c, err := ParseClaims(tok.Payload); err == nil {
				_ = c.Check(Expect{Issuers: []string{"a"}, Audiences: []string{"b"}})
			}
		}
	})
}

func tokenError(t *testing.T, err error) {
	t.Helper()
	for _, kind := range []error{ErrMalformed, ErrAlgorithm, ErrKey, ErrSignature, ErrDecrypt, ErrCritical} {
		if errors.Is(err, kind) {
			return
		}
	}
	t.Errorf("error of no known kind: %v", err)
}
