package jose

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseClaims(t *testing.T) {
	c, err := ParseClaims([]byte(`{"iss":"i","sub":"s","jti":"j","aud":["a","b"],"exp":1700000000.5,"nbf":1.6e9,"iat":1600000000,
		"big":9007199254740993,"scope":["x"],"cnf":{"x5t#S256":"t"},"f":1.5,"n":null,"t":true}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Claims{
		Issuer: "i", Subject: "s", ID: "j", Audience: []string{"a", "b"},
		Expires: time.Unix(1700000000, 5e8).UTC(), NotBefore: time.Unix(1600000000, 0).UTC(), IssuedAt: time.Unix(1600000000, 0).UTC(),
		Values: map[string]any{
			"iss": "i", "sub": "s", "jti": "j", "aud": []any{"a", "b"}, "exp": 1700000000.5, "nbf": 1.6e9, "iat": int64(1600000000),
			"big": int64(9007199254740993), "scope": []any{"x"}, "cnf": map[string]any{"x5t#S256": "t"}, "f": 1.5, "n": nil, "t": true,
		},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	if c, err := ParseClaims([]byte(`{"aud":"one"}`)); err != nil || len(c.Audience) != 1 || c.Audience[0] != "one" {
		t.Errorf("a single audience: %+v, %v", c, err)
	}
}

func TestParseClaimsRefuses(t *testing.T) {
	deep := strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth)
	cases := map[string]string{
		"empty": ``, "text": `"x"`, "list": `[]`, "null": `null`, "cut": `{"a":1`, "more after it": `{}{}`, "junk after it": `{}x`,
		"name twice": `{"sub":"a","sub":"b"}`, "name twice, escaped": `{"sub":"a","s\u0075b":"b"}`, "name twice inside": `{"a":{"b":1,"b":2}}`,
		"exp as text": `{"exp":"1700000000"}`, "exp in milliseconds": `{"exp":1700000000000}`, "exp too large": `{"exp":1e300}`,
		"exp beyond numbers": `{"exp":1e999}`, "exp of all integers": `{"exp":9223372036854775807}`, "exp a list": `{"exp":[1]}`, "nbf true": `{"nbf":true}`,
		"iss a number": `{"iss":1}`, "sub a list": `{"sub":["a"]}`, "aud a number": `{"aud":1}`, "aud of numbers": `{"aud":["a",1]}`,
		"too deep": `{"a":` + deep + `}`, "not UTF-8": "{\"a\":\"\xff\"}",
	}
	for name, payload := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := ParseClaims([]byte(payload))
			wantErr(t, err, ErrMalformed)
		})
	}
}

func TestCheck(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	at := func(offset int) string { return fmt.Sprint(1_700_000_000 + offset) }
	cases := []struct {
		name, payload string
		e             Expect
		want          error
	}{
		{"nothing", `{}`, Expect{}, nil},
		{"before exp", `{"exp":` + at(1) + `}`, Expect{}, nil},
		{"at exp", `{"exp":` + at(0) + `}`, Expect{}, ErrExpired},
		{"exp within skew", `{"exp":` + at(-9) + `}`, Expect{Skew: 10 * time.Second}, nil},
		{"exp at the end of the skew", `{"exp":` + at(-10) + `}`, Expect{Skew: 10 * time.Second}, ErrExpired},
		{"at nbf", `{"nbf":` + at(0) + `}`, Expect{}, nil},
		{"before nbf", `{"nbf":` + at(1) + `}`, Expect{}, ErrNotYetValid},
		{"nbf within skew", `{"nbf":` + at(10) + `}`, Expect{Skew: 10 * time.Second}, nil},
		{"issued in the future", `{"iat":` + at(1) + `}`, Expect{}, ErrNotYetValid},
		{"exp is zero", `{"exp":0}`, Expect{}, ErrExpired},
		{"exp null, required", `{"exp":null}`, Expect{Require: []string{"exp"}}, ErrClaim},
		{"exp missing, required", `{}`, Expect{Require: []string{"exp"}}, ErrClaim},
		{"issuer", `{"iss":"a"}`, Expect{Issuers: []string{"b", "a"}}, nil},
		{"issuer with slash", `{"iss":"a/"}`, Expect{Issuers: []string{"a"}}, ErrIssuer},
		{"no issuer", `{}`, Expect{Issuers: []string{"a"}}, ErrIssuer},
		{"audience", `{"aud":["x","a"]}`, Expect{Audiences: []string{"a"}}, nil},
		{"other audience", `{"aud":"ab"}`, Expect{Audiences: []string{"a"}}, ErrAudience},
		{"no audience", `{}`, Expect{Audiences: []string{"a"}}, ErrAudience},
		{"empty audience", `{"aud":[]}`, Expect{Audiences: []string{"a"}}, ErrAudience},
		{"too old", `{"iat":` + at(-61) + `}`, Expect{MaxAge: time.Minute}, ErrExpired},
		{"old enough", `{"iat":` + at(-60) + `}`, Expect{MaxAge: time.Minute}, nil},
		{"age unknown", `{}`, Expect{MaxAge: time.Minute}, ErrClaim},
		{"lives too long", `{"exp":` + at(61) + `}`, Expect{MaxLife: time.Minute}, ErrClaim},
		{"lives long enough", `{"exp":` + at(60) + `}`, Expect{MaxLife: time.Minute}, nil},
		{"life unknown", `{}`, Expect{MaxLife: time.Minute}, ErrClaim},
		{"at the end of time", `{"exp":253402300799,"nbf":-62135596799}`, Expect{Skew: 1 << 62}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			claims, err := ParseClaims([]byte(c.payload))
			if err != nil {
				t.Fatal(err)
			}
			c.e.Now = now
			wantErr(t, claims.Check(c.e), c.want)
		})
	}
}
