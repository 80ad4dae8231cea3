package store

import (
	"encoding/json"
	"reflect"
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
	full := Token{
		Kind: "refresh", Realm: "/", Issuer: "iss", ClientID: "app", Subject: Subject{"usr", "demo"}, Scopes: []string{""}, GrantType: "other",
		GrantID: "g", AuditID: "a", IssuedAt: now, Expires: time.Date(9999, 1, 1, 0, 0, 0, 1, time.UTC), AuthTime: time.Unix(-1, 0).UTC(), AuthLevel: -3,
		Nonce: "n", ACR: "0", AMR: []string{"pwd", "otp"}, Audience: []string{"x", "y"}, MayAct: json.RawMessage(`{"sub":"a"}`),
		Act: json.RawMessage(`{"sub":"b"}`), Cnf: json.RawMessage(`{"jkt":"x"}`),
		Extra:   map[string]json.RawMessage{"a": json.RawMessage(`1`), "access": json.RawMessage(`null`)},
		Removed: []string{"sub"}, SessionID: "s-1", RefreshID: "r", Used: now, GraceUntil: now.Add(time.Second), Claims: "{}",
		Details: json.RawMessage(`[{"type":"t"}]`),
	}
	odd := plain
	odd.ClientID, odd.Subject.Name, odd.Scopes = "quote\"and\\", "Jürgen\u2028\x01\xff", nil
	return []Token{plain, full, odd, {}}
}

func TestTokenPack(t *testing.T) {
	for _, want := range sampleTokens() {
		body := packToken(&want)
		got, err := tokenOf(Record{Body: body})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Token{})); d != "" {
			t.Error(d)
		}
		for n := range body {
			if _, err := tokenOf(Record{Body: body[:n]}); err == nil {
				t.Errorf("the first %d of %d bytes are taken", n, len(body))
			}
		}
		if _, err := tokenOf(Record{Body: append(body, 0)}); err == nil {
			t.Error("a byte too many is taken")
		}
	}
}

// A field that is not packed would be lost: the second sample has them all.
func TestTokenPackHasAllFields(t *testing.T) {
	v := reflect.ValueOf(sampleTokens()[1])
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && v.Field(i).IsZero() {
			t.Errorf("%s is new: it belongs in Token.pack and in the sample", f.Name)
		}
	}
}

// Stores that were filled before have JSON.
func TestTokenJSON(t *testing.T) {
	want := sampleTokens()[1]
	body, err := encodeFast(&want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tokenOf(Record{Body: body})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Token{})); d != "" {
		t.Error(d)
	}
}

// FuzzTokenPack: whatever is stored is refused or read, and then packs to what reads the same.
func FuzzTokenPack(f *testing.F) {
	for _, t := range sampleTokens() {
		f.Add(packToken(&t))
	}
	f.Add([]byte{packed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := tokenOf(Record{Body: body})
		if err != nil || len(body) == 0 || body[0] != packed {
			return
		}
		again, err := tokenOf(Record{Body: packToken(&got)})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(got, again, cmpopts.IgnoreUnexported(Token{})); d != "" {
			t.Error(d)
		}
	})
}
