package oauth2

import (
	"strings"
	"testing"

	"gatehouse/internal/gateway/chain"
)

func TestBearer(t *testing.T) {
	tests := []struct {
		in, want string
		ok       bool
	}{
		{"Bearer abc", "abc", true},
		{"\tBEARER abc \t", "abc", true},
		{"Bearer  abc", " abc", true},
		{"Bearer a b", "a b", true},
		{"Bearer", "", false},
		{"Bearer ", "", false},
		{"Bearer\tabc", "", false},
		{"Basic abc", "", false},
		{"", "", false},
	}
	for _, tt := range tests {
		if got, ok := bearer(tt.in); got != tt.want || ok != tt.ok {
			t.Errorf("bearer(%q) = %q, %v, want %q, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

func FuzzBearer(f *testing.F) {
	for _, s := range []string{"Bearer abc", " bearer  x ", "Basic", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, ok := bearer(s); ok && (got == "" || !strings.Contains(s, " "+got)) {
			t.Errorf("bearer(%q) = %q", s, got)
		}
	})
}

// FuzzChallenge: a realm that the filter accepts cannot end its quotes.
func FuzzChallenge(f *testing.F) {
	for _, s := range []string{`x`, `a"b`, `a\`, `", error="x`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, realm string) {
		if realm == "" || chain.CheckHeader("WWW-Authenticate", realm) != nil {
			return
		}
		rest, ok := strings.CutPrefix(challenge(realm, "", "", ""), `Bearer realm="`)
		if !ok {
			t.Fatalf("challenge(%q) has no realm", realm)
		}
		var got []byte
		for i := 0; ; i++ {
			if rest[i] == '"' {
				rest = rest[i+1:]
				break
			}
			if rest[i] == '\\' {
				i++
			}
			got = append(got, rest[i])
		}
		if string(got) != realm || rest != "" {
			t.Errorf("challenge(%q) reads back as %q and %q", realm, got, rest)
		}
	})
}
