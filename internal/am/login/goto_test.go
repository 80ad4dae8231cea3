package login

import (
	"net/url"
	"strings"
	"testing"
)

func TestMatchesGoto(t *testing.T) {
	tests := []struct {
		pattern, url string
		want         bool
	}{
		{"https://ig.example.com:8443/*", "https://ig.example.com:8443/", true},
		{"https://ig.example.com:8443/*", "https://ig.example.com:8443", true},
		{"https://ig.example.com:8443/*", "https://ig.example.com:8443/a/b", true},
		{"https://ig.example.com:8443/*", "https://IG.example.com:8443/A", true},
		{"https://ig.example.com:8443/*", "https://ig.example.com:8443/a?b=c", false}, // a query has its own pattern
		{"https://ig.example.com:8443/*?*", "https://ig.example.com:8443/a?b=c", true},
		{"https://ig.example.com:8443/*?*", "https://ig.example.com:8443/a", false},
		{"https://ig.example.com:8443/*", "https://ig.example.com/a", false},
		{"https://ig.example.com:8443/*", "http://ig.example.com:8443/a", false},
		{"https://ig.example.com:8443/*", "https://ig.example.com.evil.com:8443/a", false},
		{"https://ig.example.com:8443/*", "https://evil.com/https://ig.example.com:8443/a", false},
		{"https://app.example.com/*", "https://app.example.com:443/x", true}, // the port of the scheme
		{"https://app.example.com:443/*", "https://app.example.com/x", true},
		{"https://*.example.com/*", "https://a.example.com/x", true},
		{"https://*.example.com/*", "https://evil.com/.example.com/x", false}, // no star reaches out of the host
		{"https://*.example.com/*", "https://evil.com:443/x.example.com/", false},
		{"https://app.example.com/-*-/x", "https://app.example.com/a/x", true},
		{"https://app.example.com/-*-/x", "https://app.example.com/a/b/x", false},
		{"https://app.example.com/*/-*-/x", "https://app.example.com/a/b/c/x", true},
		{"https://app.example.com/exact", "https://app.example.com/exact/", false},
		{"*://*:*/*", "https://anywhere.example.com:9/x", true},
		{"*://*:*/*", "https://anywhere.example.com/x", true},
		{"/app/*", "http://am.example.com:8088/app/x", true}, // this server's host
		{"/app/*", "https://am.example.com/app/x", false},
		{"https://app.example.com", "https://app.example.com/", true},
	}
	base, _ := url.Parse("http://am.example.com:8088/openam")
	for _, tt := range tests {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := matchesGoto(tt.pattern, u, base); got != tt.want {
			t.Errorf("matchesGoto(%q, %q) = %v, want %v", tt.pattern, tt.url, got, tt.want)
		}
	}
}

func TestGlob(t *testing.T) {
	tests := []struct {
		pattern, text, stop string
		want                bool
	}{
		{"", "", "", true}, {"", "a", "", false}, {"*", "", "", true}, {"*", "a/b", "", true}, {"*", "a/b", "/", false},
		{"a*b", "ab", "", true}, {"a*b", "axxb", "", true}, {"a*b", "axxbc", "", false}, {"*a*", "bab", "", true},
		{"-*-", "a-b", "", true}, {"-*-", "a/b", "", false}, {"a-*-b", "axb", "", true}, {"**", "x", "", true},
	}
	for _, tt := range tests {
		if got := glob(tt.pattern, tt.text, tt.stop); got != tt.want {
			t.Errorf("glob(%q, %q, %q) = %v, want %v", tt.pattern, tt.text, tt.stop, got, tt.want)
		}
	}
}

// No pattern of one host lets a browser go to another.
func FuzzGoto(f *testing.F) {
	for _, seed := range []string{"https://ig.example.com:8443/x", "//evil", "https://ig.example.com:8443@evil/", "https://ig.example.com:8443\\@evil", "https:ig", "/x", "///evil", "https://ig.example.com:8443/../x"} {
		f.Add(seed)
	}
	base, _ := url.Parse("http://am.example.com:8088/openam")
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.Parse(target)
		if err != nil || !matchesGoto("https://ig.example.com:8443/*", u, base) {
			return
		}
		if !strings.EqualFold(u.Host, "ig.example.com:8443") || !strings.EqualFold(u.Scheme, "https") {
			t.Errorf("%q is let through", target)
		}
	})
}
