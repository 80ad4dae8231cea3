package oauth2

import (
	"maps"
	"net/url"
	"strings"
	"testing"
)

func TestChallengeOf(t *testing.T) {
	tests := []struct {
		values []string
		want   map[string]string // nil: none
	}{
		{nil, nil},
		{[]string{""}, nil},
		{[]string{`Basic realm="Bearer error=\"x\""`}, nil},
		{[]string{"Negotiate"}, nil},
		{[]string{"Negotiate YII/abc=="}, nil},
		{[]string{"Bearer"}, map[string]string{}},
		{[]string{"bearer error=invalid_token"}, map[string]string{"error": "invalid_token"}},
		{[]string{`Bearer realm="a, b", error="invalid_token" , Error_Description = "a \"b\""`},
			map[string]string{"realm": "a, b", "error": "invalid_token", "error_description": `a "b"`}},
		{[]string{`Basic realm="x"`, `Bearer error="a"`}, map[string]string{"error": "a"}},
		{[]string{`Negotiate abc==, Bearer error="a", Basic realm="x"`}, map[string]string{"error": "a"}},
		{[]string{`Digest a=b, c="d" , Bearer error="a", error="b"`}, map[string]string{"error": "a"}},
		{[]string{`Bearer error="unfinished`}, map[string]string{"error": "unfinished"}},
		{[]string{`Bearer error="unfinished\`}, map[string]string{"error": "unfinished"}},
		{[]string{`"Bearer" ,;= Bearer a`}, map[string]string{}},
	}
	for _, tt := range tests {
		got, found := challengeOf(tt.values, "Bearer")
		if found != (tt.want != nil) || !maps.Equal(got, tt.want) {
			t.Errorf("challengeOf(%q) = %v, %t, want %v", tt.values, got, found, tt.want)
		}
	}
}

func FuzzChallengeOf(f *testing.F) {
	for _, s := range []string{`Bearer realm="a", error="b"`, "Negotiate a/b==, Bearer", `,"\`, "a=b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		params, _ := challengeOf([]string{s}, "Bearer")
		for name := range params {
			if name == "" || name != strings.ToLower(name) {
				t.Errorf("parameter %q of %q", name, s)
			}
		}
	})
}

// Whatever goto says, the browser stays on the site.
func FuzzTarget(f *testing.F) {
	for _, s := range []string{"/a", "//evil", `/\evil`, "https://gw.example.com:443/", "http:x", "?a", "///a", "https://gw.example.com@b/", "/%2f/x", "//gw.eXAmple.Com:"} {
		f.Add(s)
	}
	original, err := url.Parse("https://gw.example.com/a/b?c=d")
	if err != nil {
		f.Fatal(err)
	}
	p := &loginPlace{original: original}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := p.target(s)
		if err != nil {
			return
		}
		rest, ok := strings.CutPrefix(got, "https://gw.example.com")
		if !ok || rest != "" && strings.IndexByte("/?#", rest[0]) < 0 || strings.ContainsAny(got, "\\\r\n\t ") {
			t.Errorf("target(%q) = %q", s, got)
		}
	})
}
