package clientauth

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
)

func TestBasicReadings(t *testing.T) {
	encode := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	tests := []struct {
		name, header string
		want         []reading
	}{
		{"plain", encode("app:secret"), []reading{{"app", "secret"}}},
		{"scheme in any case", "bASIC " + base64.StdEncoding.EncodeToString([]byte("app:secret")), []reading{{"app", "secret"}}},
		{"encoded halves", encode("example.com:s%3Dcr%25t"), []reading{{"example.com", "s=cr%t"}, {"example.com", "s%3Dcr%25t"}}},
		{"raw secret with a percent sign", encode("app:50%"), []reading{{"app", "50%"}}},
		{"raw secret with a plus sign", encode("app:a+b"), []reading{{"app", "a b"}, {"app", "a+b"}}},
		{"colon in the secret", encode("app:a:b"), []reading{{"app", "a:b"}}},
		{"encoded colon between", "Basic bXlDbGllbnQlM0FteVNlY3JldA", []reading{{"myClient", "mySecret"}}},
		{"encoded colon in the ID", encode("a%3Ab:c"), []reading{{"a:b", "c"}, {"a%3Ab", "c"}}},
		{"no colon", encode("app"), nil},
		{"no ID", encode(":secret"), nil},
		{"not base64", "Basic !!", nil},
		{"another scheme", "Bearer abc", nil},
		{"empty", "", nil},
		{"too long", encode("app:" + strings.Repeat("x", maxBasic)), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := basicReadings(tt.header); !slices.Equal(got, tt.want) {
				t.Errorf("basicReadings(%q) = %v, want %v", tt.header, got, tt.want)
			}
		})
	}
}

func FuzzBasic(f *testing.F) {
	f.Add("Basic YXBwOnNlY3JldA==")
	f.Add("Basic bXlDbGllbnQlM0FteVNlY3JldA")
	f.Add("basic %%%")
	f.Fuzz(func(t *testing.T, header string) {
		readings := basicReadings(header)
		if len(readings) > 2 {
			t.Errorf("%d readings of %q", len(readings), header)
		}
		for _, r := range readings {
			if r.id == "" {
				t.Errorf("a reading without an ID of %q", header)
			}
		}
	})
}
