package store

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func sampleTokens() []Token {
	now := time.Date(2026, 3, 4, 5, 6, 7, 891234000, time.UTC)
	plain := Token{
		Kind: "access", Realm: "/alpha", Issuer: "https://am.example.com/am/oauth2/realms/root/realms/alpha", ClientID: "app",
		Subject: Subject{"age", "app"}, Scopes: []string{"read", "write"}, GrantType: "client_credentials", GrantID: "W-j", AuditID: "1-2",
		IssuedAt: now, Expires: now.Add(time.Hour), AuthTime: now, Audience: []string{"app"},
	}
	user, bound, odd := plain, plain, plain
	user.Subject, user.SessionID, user.ACR, user.AMR, user.Nonce, user.AuthLevel = Subject{"usr", "demo"}, "s-1", "0", []string{"pwd", "otp"}, "n", 3
	bound.Cnf, bound.Extra = json.RawMessage(`{"jkt":"x"}`), map[string]json.RawMessage{"a": json.RawMessage(`1`)}
	odd.ClientID, odd.Subject.Name, odd.Scopes = "quote\"and\\", "Jürgen\u2028\x01", nil
	odd.Expires = now.In(time.FixedZone("", 5400))
	return []Token{plain, user, bound, odd, {}}
}

// What is read quickly is what the decoder reads.
func TestTokenText(t *testing.T) {
	quick := 0
	for _, want := range sampleTokens() {
		body, err := encodeFast(&want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := tokenOf(Record{Body: body})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Token{}), cmpopts.EquateEmpty()); d != "" {
			t.Error(d)
		}
		var tok Token
		if parseToken(body, &tok) {
			quick++
		}
	}
	if quick < 2 { // the plain one and the empty one at least
		t.Errorf("%d were read quickly", quick)
	}
}

func FuzzTokenText(f *testing.F) {
	for _, t := range sampleTokens() {
		body, err := encodeFast(&t)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"k":"a","k":"b","sc":["x"],"sc":["y"],"s":{"t":"t","n":"n"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var got Token
		if !parseToken(body, &got) {
			return
		}
		want, err := decodeFast[Token](Record{Body: body})
		if err != nil {
			t.Fatalf("%s: the decoder refuses it: %v", body, err)
		}
		if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Token{})); d != "" {
			t.Errorf("%s: %s", body, d)
		}
	})
}
