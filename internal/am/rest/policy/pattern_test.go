package policy

import (
	"strings"
	"testing"
)

func TestPatterns(t *testing.T) {
	tests := []struct {
		pattern, resource string
		want              bool
	}{
		{"*", "read", true},
		{"*", "https://a/b", true},
		{"*", "https://a/b?c", false},
		{"read*", "readonly", true},
		{"read*", "write", false},
		{"read", "READ", true},
		{"https://www.example.com/*", "https://www.example.com", true},
		{"https://www.example.com/*", "https://www.example.com/", true},
		{"https://www.example.com/*", "https://www.example.com:443/a/b/c.png", true},
		{"https://www.example.com/*", "https://www.example.com:8443/a", false},
		{"https://www.example.com:*/*", "https://www.example.com:8443/a", true},
		{"https://www.example.com/*", "http://www.example.com:443/a", false},
		{"http*://www.example.com/*", "http://www.example.com/a", true},
		{"http*://www.example.com/*", "https://www.example.com/a", true},
		{"http://www.example.com:80/*", "http://www.example.com/a", true},
		{"https://www.example.com/*", "https://www.example.com/a?b=c", false},
		{"https://www.example.com/*?*", "https://www.example.com/a?b=c", true},
		{"https://www.example.com/*?*", "https://www.example.com/a?", true},
		{"https://www.example.com/*?*", "https://www.example.com/a", false},
		{"https://www.example.com/a?x=1&b=2", "https://www.example.com/a?b=2&x=1", true},
		{"https://www.example.com/-*-", "https://www.example.com/index.html", true},
		{"https://www.example.com/-*-", "https://www.example.com/a/index.html", false},
		{"https://www.example.com/-*-/b-*-", "https://www.example.com/a/bc", true},
		{"https://www.example.com/-*-/b-*-", "https://www.example.com/a/x/bc", false},
		{"https://www.example.com/*/b", "https://www.example.com/a/x/b", true},
		{"https://www.example.com/a", "https://www.example.com//a", false},
		// A host is not a part of a path.
		{"https://*.example.com/*", "https://evil.test/x.example.com/y", false},
		{"https://*.example.com/*", "https://a.b.example.com/y", true},
		{"https://www.example.com/*", "https://www.example.com.evil.test/", false},
		{"https://www.example.com/*", "https://www.example.com./a", true},
		// What servers take for one resource is one.
		{"https://www.example.com/public/*", "https://www.example.com/public/../admin", false},
		{"https://www.example.com/public/*", "https://www.example.com/public/%2e%2E/admin", false},
		{"https://www.example.com/admin", "https://www.example.com/%61dmin", true},
		{"https://www.example.com/admin", "https://www.example.com/x/./../admin", true},
		{"https://www.example.com/a%2fb", "https://www.example.com/a/b", false},
		{"*://*:*/*", "https://[2001:db8::1]/a", true},
		{"https://[2001:db8::1]/a", "https://[2001:db8::1]:443/a", true},
		{"light://*/*", "light://kitchen/lamp", true},
	}
	for _, tt := range tests {
		p, err := ParsePattern(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Matches(ParseResource(tt.resource)); got != tt.want {
			t.Errorf("%s matches %s = %v, want %v", tt.pattern, tt.resource, got, tt.want)
		}
	}
	for _, wrong := range []string{"", strings.Repeat("a", 5000), "https://a/-*-/*"} {
		if _, err := ParsePattern(wrong); err == nil {
			t.Errorf("ParsePattern(%.20q) is no error", wrong)
		}
	}
}

// Stars are compared in one pass: many of them cost no more than their number times the length of the text.
func TestManyStars(t *testing.T) {
	if star(strings.Repeat("*a", 1000)+"b", strings.Repeat("a", 4000)) {
		t.Error("matched")
	}
}

func FuzzResource(f *testing.F) {
	for _, s := range []string{"https://a:1/b?c&d", "a://", "://", "*://*:*/*?*", "/%2", "https://x/%2e%2e/../..", "-*-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := ParseResource(s)
		if strings.Contains(r.path+"/", "/../") && r.url {
			t.Errorf("%q keeps dots: %q", s, r.path)
		}
		if p, err := ParsePattern(s); err == nil && !strings.Contains(s, "*") && !p.Matches(r) {
			t.Errorf("%q does not match itself", s)
		}
	})
}

// What PingOne Advanced Identity Cloud makes of patterns, as measured there.
func TestPatternsOfTheCloud(t *testing.T) {
	for _, c := range []struct {
		pattern, resource string
		want              bool
	}{
		{"https://*:*/g/*", "https://x:443/g/one", true},
		{"https://*:*/g/*", "https://x:443/g/one/two", true},
		{"https://*:*/g/*", "https://x:443/g/", true},
		{"https://*:*/g/*", "https://x:443/g", false},
		{"https://*:*/h/-*-", "https://x:443/h/one", true},
		{"https://*:*/h/-*-", "https://x:443/h/one/two", false},
		{"https://*:*/i/*/z", "https://x:443/i/one/two/z", true},
		{"https://*:*/lit/One", "https://x:443/LIT/one", true},
		{"https://*:*/g/*", "https://x:443/g/one?b=1", false},
		{"https://*:*/q/a?*", "https://x:443/q/a?b=1", true},
		{"https://*:*/q/a?*", "https://x:443/q/a", false},
		{"https://*:*/t/*/", "https://x:443/t/one", false},
		{"https://*:*/g/*", "https://x/g/one", true},
		{"https://*:*/g/*", "http://x:80/g/one", false},
	} {
		p, err := ParsePattern(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
		} else if got := p.Matches(ParseResource(c.resource)); got != c.want {
			t.Errorf("%s matches %s: %v", c.pattern, c.resource, got)
		}
	}
	if _, err := ParsePattern("https://x:443/*/-*-"); err == nil {
		t.Error("both wildcards in one path")
	}
}
