package oauth

import (
	"errors"
	"strings"
	"testing"
)

func TestRedirectAllowed(t *testing.T) {
	tests := []struct {
		name, registered, asked string
		loopback, want          bool
	}{
		{"same text", "https://a.example/cb", "https://a.example/cb", false, true},
		{"extra query", "https://a.example/cb", "https://a.example/cb?x=1", true, false},
		{"path below is no match", "https://a.example/cb", "https://a.example/cb/evil", true, false},
		{"dots in the path", "https://a.example/cb", "https://a.example/x/../cb", true, false},
		{"host case is not folded", "https://a.example/cb", "https://A.example/cb", true, false},
		{"default port counts", "https://a.example:443/cb", "https://a.example/cb", true, false},
		{"user in front", "https://a.example/cb", "https://a.example@evil.example/cb", true, false},
		{"loopback, any port", "http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", true, true},
		{"loopback with a port, any port", "http://127.0.0.1:8080/cb", "http://127.0.0.1:51004/cb", true, true},
		{"loopback of IPv6", "http://[::1]/cb", "http://[::1]:51004/cb", true, true},
		{"loopback without the setting", "http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", false, false},
		{"other loopback address", "http://127.0.0.1/cb", "http://127.0.0.2:51004/cb", true, false},
		{"loopback, other path", "http://127.0.0.1/cb", "http://127.0.0.1:51004/x", true, false},
		{"loopback, other scheme", "http://127.0.0.1/cb", "https://127.0.0.1:51004/cb", true, false},
		{"localhost keeps its port", "http://localhost/cb", "http://localhost:51004/cb", true, false},
		{"loopback with a user", "http://127.0.0.1/cb", "http://x@127.0.0.1:51004/cb", true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := redirectAllowed(tt.registered, tt.asked, tt.loopback); got != tt.want {
				t.Errorf("redirectAllowed(%q, %q, %v) = %v, want %v", tt.registered, tt.asked, tt.loopback, got, tt.want)
			}
		})
	}
}

func TestPickRedirect(t *testing.T) {
	one, two := []string{"https://a.example/cb"}, []string{"https://a.example/cb", "https://b.example/cb"}
	tests := []struct {
		name       string
		registered []string
		asked      string
		openid     bool
		want       string
		err        error
	}{
		{"the only one", one, "", false, one[0], nil},
		{"openid needs it named", one, "", true, "", Refuse("invalid_request", "Missing parameter: redirect_uri")},
		{"several", two, "", false, "", Refuse("invalid_request", "Missing parameter: redirect_uri")},
		{"none registered", nil, "https://a.example/cb", false, "", errRedirect},
		{"relative", one, "/cb", false, "", errRelative},
		{"fragment", []string{"https://a.example/cb#f"}, "https://a.example/cb#f", false, "", errRedirect},
		{"script", []string{"javascript:alert(1)"}, "javascript:alert(1)", false, "", errRedirect},
		{"line break", []string{"https://a.example/\r\nx"}, "https://a.example/\r\nx", false, "", errRedirect},
		{"backslash", []string{`https://a.example\@b`}, `https://a.example\@b`, false, "", errRedirect},
		{"no host", []string{"https:///cb"}, "https:///cb", false, "", errRedirect},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := pickRedirect(tt.registered, tt.asked, false, tt.openid)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("pickRedirect = %q, %v, want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

// Whatever is asked for, a match is the registered text but for the port of a loopback address.
func FuzzRedirect(f *testing.F) {
	f.Add("http://127.0.0.1/cb", "http://127.0.0.1:1/cb")
	f.Add("https://a.example/cb", "https://a.example/cb?x")
	f.Add("http://[::1]:80/", "http://[::1]:81/")
	f.Fuzz(func(t *testing.T, registered, asked string) {
		got, err := pickRedirect([]string{registered}, asked, true, true)
		if err != nil || got == registered {
			return
		}
		if !strings.HasPrefix(got, "http://127.") && !strings.HasPrefix(got, "http://[::") && !strings.HasPrefix(strings.ToLower(got), "http://") {
			t.Errorf("%q was taken for %q", got, registered)
		}
		if strings.ContainsAny(got, "\r\n# \\") {
			t.Errorf("%q would break the header", got)
		}
	})
}

func TestParseForm(t *testing.T) {
	tests := []struct {
		name, text string
		err        error
		get        map[string]string
	}{
		{"plain", "a=1&b=two+words&c=%2B", nil, map[string]string{"a": "1", "b": "two words", "c": "+"}},
		{"empty pairs", "&&a=1&", nil, map[string]string{"a": "1"}},
		{"no value", "a&b=", nil, map[string]string{"a": "", "b": ""}},
		{"semicolon is a character", "a=1;b=2", nil, map[string]string{"a": "1;b=2", "b": ""}},
		{"equals in the value", "a=b=c", nil, map[string]string{"a": "b=c"}},
		{"repeated audience", "audience=x&audience=y", nil, map[string]string{"audience": "x"}},
		{"repeated", "a=1&a=1", errDuplicate, nil},
		{"repeated in another spelling", "a=1&%61=2", errDuplicate, nil},
		{"broken escape", "a=%zz", errMalformed, nil},
		{"cut escape", "a=%4", errMalformed, nil},
		{"NUL", "a=%00", errMalformed, nil},
		{"no name", "=1", errMalformed, nil},
		{"long name", strings.Repeat("a", maxName+1) + "=1", errMalformed, nil},
		{"many", strings.Repeat("audience=x&", maxParams+1), errMalformed, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			form, err := ParseForm(tt.text)
			if !errors.Is(err, tt.err) {
				t.Fatalf("ParseForm: %v, want %v", err, tt.err)
			}
			for name, want := range tt.get {
				if got := form.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

// A form that is accepted says the same after it was written and read again.
func FuzzForm(f *testing.F) {
	f.Add("grant_type=client_credentials&scope=a+b")
	f.Add("a=%41&audience=1&audience=2")
	f.Add("a=%zz&&&==")
	f.Fuzz(func(t *testing.T, text string) {
		form, err := ParseForm(text)
		if err != nil {
			return
		}
		again, err := ParseForm(form.encode())
		if err != nil {
			t.Fatalf("%q is not read again: %v", form.encode(), err)
		}
		form.Each(func(name, value string) {
			if !repeatable(name) && again.Get(name) != value {
				t.Errorf("%s was %q, is %q", name, value, again.Get(name))
			}
		})
	})
}

func FuzzParseSub(f *testing.F) {
	f.Add("(usr!demo)")
	f.Add("(age!a!b)")
	f.Add("(x!y)")
	f.Fuzz(func(t *testing.T, sub string) {
		s := ParseSub(sub)
		if s.Type != subjectUser && s.Type != subjectClient {
			t.Errorf("%q has the type %q", sub, s.Type)
		}
		if got := SubClaim(s); s.Name != "" && ParseSub(got) != s && !strings.HasPrefix(s.Name, "(") {
			t.Errorf("%q became %q", sub, got)
		}
	})
}
