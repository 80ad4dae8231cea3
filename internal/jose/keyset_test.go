package jose

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestKeySetPublishesPublicHalvesOnly(t *testing.T) {
	set := NewKeySet(key(t, KindP256), nil, key(t, KindOct256), key(t, KindRSA2048))
	data, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseKeySet(data)
	if err != nil {
		t.Fatal(err)
	}
	if back.Len() != 2 || !back.Keys()[0].Equal(key(t, KindP256)) || !back.Keys()[1].Equal(key(t, KindRSA2048)) {
		t.Errorf("got %v, want the EC and the RSA key in order", back.Keys())
	}
	for _, k := range back.Keys() {
		if k.IsPrivate() || k.IsSymmetric() {
			t.Errorf("%v is published with its secret", k)
		}
	}
	if bytes.Contains(data, []byte(`"d":`)) || bytes.Contains(data, []byte(`"k":`)) {
		t.Error("the JSON has secret members")
	}
	if data, err = set.MarshalPrivate(); err != nil {
		t.Fatal(err)
	}
	if back, err = ParseKeySet(data); err != nil || back.Len() != 3 || !back.Keys()[0].IsPrivate() {
		t.Errorf("the private form reads back with %v", err)
	}
	if data, err = json.Marshal(NewKeySet()); err != nil || string(data) != `{"keys":[]}` {
		t.Errorf("empty set = %s, %v", data, err)
	}
}

func TestKeySetLookup(t *testing.T) {
	rsa1, ec, hm := key(t, KindRSA2048).With("a", RS256, ForSignature), key(t, KindP256).With("a", "", ""), key(t, KindOct256)
	enc := key(t, KindRSA2048).With("b", "", ForEncryption)
	set := NewKeySet(rsa1, enc, ec, hm)
	cases := []struct {
		alg  Algorithm
		want []*Key
	}{
		{RS256, []*Key{rsa1}}, {PS256, nil}, {ES256, []*Key{ec}}, {ES384, nil}, {HS256, []*Key{hm}}, {HS512, nil},
		{RSAOAEP256, []*Key{enc}}, {ECDHES, []*Key{ec}}, {A256KW, []*Key{hm}}, {"none", nil},
	}
	for _, c := range cases {
		if got := set.For(c.alg); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("For(%s) = %v, want %v", c.alg, got, c.want)
		}
	}
	if got := set.Public().For(RS256); len(got) != 0 {
		t.Errorf("public keys sign: %v", got)
	}
	if named, _ := set.Named(context.Background(), "a"); len(named) != 2 {
		t.Errorf("Named(a) = %v, want both", named)
	}
	if set.ByID("") != nil || set.ByID("z") != nil || (*KeySet)(nil).ByID("a") != nil {
		t.Error("a key was found that is not there")
	}
}

func TestParseKeySet(t *testing.T) {
	ec, err := key(t, KindP256).MarshalPublic()
	if err != nil {
		t.Fatal(err)
	}
	many := `{"keys":[` + strings.TrimSuffix(strings.Repeat(`{},`, MaxSetKeys+1), ",") + `]}`
	cases := []struct {
		name, json string
		keys       int
		want       error
	}{
		{"one", `{"keys":[` + string(ec) + `]}`, 1, nil},
		{"unknown ones are skipped", `{"keys":[{"kty":"new"},` + string(ec) + `,{"kty":"RSA","n":"AQAB","e":"AQAB"},7]}`, 1, nil},
		{"unknown members", `{"keys":[],"x":1}`, 0, nil},
		{"no keys", `{}`, 0, ErrMalformed},
		{"null", `null`, 0, ErrMalformed},
		{"keys twice", `{"keys":[],"keys":[]}`, 0, ErrMalformed},
		{"member twice in a key", `{"keys":[{"kty":"oct","kty":"RSA"}]}`, 0, ErrMalformed},
		{"not a list", `{"keys":{}}`, 0, ErrMalformed},
		{"more after it", `{"keys":[]}{}`, 0, ErrMalformed},
		{"too many", many, 0, ErrMalformed},
		{"too large", `{"keys":[]` + strings.Repeat(" ", MaxSetBytes) + `}`, 0, ErrMalformed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			set, err := ParseKeySet([]byte(c.json))
			wantErr(t, err, c.want)
			if set.Len() != c.keys {
				t.Errorf("%d keys, want %d", set.Len(), c.keys)
			}
		})
	}
}

func FuzzParseKeySet(f *testing.F) {
	private, err := NewKeySet(key(f, KindP256), key(f, KindEd25519), key(f, KindOct128)).MarshalPrivate()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(private)
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := ParseKeySet(data)
		if err != nil {
			return
		}
		again, err := set.MarshalPrivate()
		if err != nil {
			t.Fatalf("a set that was read cannot be written: %v", err)
		}
		if back, err := ParseKeySet(again); err != nil || back.Len() != set.Len() {
			t.Errorf("a set that was written cannot be read: %v", err)
		}
	})
}
