package nodes

import (
	"strings"
	"testing"
)

func FuzzKeyAnswer(f *testing.F) {
	for _, seed := range []string{
		"unsupported", "ERROR::NotAllowedError:x", `{"error":"x"}`, `{"authenticatorAttachment":"platform","legacyData":"{}::1,-2::AAAA"}`,
		`{"type":"webauthn.get","origin":"http://[::1]:8088"}::-1,2,3::4::AAAA::name`, "{}::", "::", "{", `{"legacyData":"{}::1"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := readKeyAnswer(text)
		if err != nil {
			return
		}
		if (a.outcome == "") != (len(a.rest) > 0) {
			t.Errorf("%q: outcome %q with parts %q", text, a.outcome, a.rest)
		}
		for _, part := range a.rest {
			if b, err := numbers(part); err == nil && len(b) != strings.Count(part, ",")+1 {
				t.Errorf("%q: %d bytes", part, len(b))
			}
			_, _ = credential(part)
		}
	})
}
