package secrets

import (
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzID: an accepted label stays inside the folder of a store and names a variable.
func FuzzID(f *testing.F) {
	for _, s := range []string{"a", "agent.secret.id", "..", "a/b", "a..b", "ä"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if badID(s) != "" {
			return
		}
		if filepath.Base(filepath.Join("dir", s)) != s || filepath.Dir(filepath.Join("dir", s)) != "dir" {
			t.Errorf("%q leaves the folder", s)
		}
		if v := variable(ID(s)); v == "" || strings.ContainsAny(v, ".= \x00") {
			t.Errorf("%q is the variable %q", s, v)
		}
	})
}

// FuzzBase64: whatever a standard encoder writes is read, with and without padding.
func FuzzBase64(f *testing.F) {
	f.Add([]byte("password"), "\n")
	f.Add([]byte{}, "")
	f.Fuzz(func(t *testing.T, b []byte, space string) {
		if strings.Trim(space, " \t\r\n") != "" {
			space = ""
		}
		for _, text := range []string{base64.StdEncoding.EncodeToString(b), base64.RawStdEncoding.EncodeToString(b)} {
			got, err := decodeBase64(space + text + space)
			if err != nil || string(got) != string(b) {
				t.Errorf("decodeBase64(%q) = %q, %v", text, got, err)
			}
		}
	})
}
