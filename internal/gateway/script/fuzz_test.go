package script

import (
	"testing"

	"gatehouse/internal/conf"
)

func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"b": [1, -2.5e3, true, null], "a": "ü\u0000"}`, `[]`, `123456789012345678901234567890`, `{"a":1,"a":2}`, `"\ud800"`, `[[[`, ` `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := parseJSON(b)
		if err != nil {
			return
		}
		once, err := marshalJSON(v)
		if err != nil {
			return // infinite numbers have no form
		}
		again, err := parseJSON(once)
		if err != nil {
			t.Fatalf("%s: cannot be read again: %v", once, err)
		}
		if twice, err := marshalJSON(again); err != nil || string(twice) != string(once) {
			t.Errorf("%s became %s, %v", once, twice, err)
		}
	})
}

func FuzzForm(f *testing.F) {
	for _, s := range []string{"a=b&a=c%20d&e", "=", "&&", "%zz=%", "ü=1+2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := parseForm(s).encode()
		if twice := parseForm(once).encode(); twice != once {
			t.Errorf("%q: %q became %q", s, once, twice)
		}
	})
}

func FuzzWords(f *testing.F) {
	f.Add("request.uri", "request")
	f.Add("a\nhttp.send(x)", "http")
	f.Fuzz(func(t *testing.T, source, name string) {
		w := wordsOf(source)
		for _, b := range []byte(name) {
			if !wordByte(b) {
				return
			}
		}
		if name != "" && source == name && !w.has(name) {
			t.Errorf("%q does not mention itself", name)
		}
	})
}

func FuzzSetCookie(f *testing.F) {
	f.Add("a=b; Path=/; Max-Age=5; Secure; HttpOnly; SameSite=Lax")
	f.Add("=; ;;")
	f.Fuzz(func(t *testing.T, line string) {
		for _, k := range parseSetCookie([]string{line}) {
			if again := parseSetCookie([]string{k.line()}); len(again) == 1 && again[0].line() != k.line() {
				t.Errorf("%q: %q became %q", line, k.line(), again[0].line())
			}
		}
	})
}

func FuzzSource(f *testing.F) {
	f.Add(`["a", "b\nc", ""]`)
	f.Add(`"one\ntwo"`)
	f.Fuzz(func(t *testing.T, text string) {
		n, err := conf.Parse("f", []byte(text))
		if err != nil {
			return
		}
		var errs conf.Errors
		var s Source
		s.UnmarshalConf(&conf.Decoder{Errs: &errs}, n)
		if errs.Err() == nil && s.at(len(s.nodes)) == nil && s.text != "" {
			t.Errorf("%s: the last line has no place", text)
		}
	})
}
