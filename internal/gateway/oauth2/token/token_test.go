package token

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func TestInfo(t *testing.T) {
	tests := []struct{ name, in, text string }{
		{"order is kept", `{"z":1,"a":[true,null,"x"],"m":{"c":2.5}}`, "{z=1, a=[true, null, x], m={c=2.5}}"},
		{"empty", `{}`, "{}"},
		{"empty inside", `{"a":{},"b":[]}`, "{a={}, b=[]}"},
		{"large number", `{"a":12345678901234567}`, "{a=12345678901234567}"},
	}
	for _, tt := range tests {
		i, err := ParseInfo([]byte(tt.in))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := i.String(); got != tt.text {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.text)
		}
		if got, err := json.Marshal(i); err != nil || string(got) != tt.in {
			t.Errorf("%s: JSON %s, %v, want %s", tt.name, got, err, tt.in)
		}
	}
	for _, bad := range []string{``, `[]`, `"a"`, `{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, `{} {}`, `{"a":1}x`, `{"a":`, `{"a":1e999}`,
		strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)} {
		if i, err := ParseInfo([]byte(bad)); err == nil {
			t.Errorf("ParseInfo(%.40q) = %s, want an error", bad, i)
		}
	}
}

func TestInfoOf(t *testing.T) {
	source := map[string]any{"b": []any{"x", map[string]any{"c": 1}}, "a": []string{"y"}, "scope": []any{"s1", "s2"}}
	i := InfoOf(source)
	source["b"].([]any)[0] = "changed"
	if got, want := i.String(), "{a=[y], b=[x, {c=1}], scope=[s1, s2]}"; got != want {
		t.Errorf("InfoOf = %s, want %s", got, want)
	}
	tok := New("t", i, Never)
	if !tok.HasAll([]string{"s2", "s1"}) || tok.Has("s") || tok.Expired(time.Now()) {
		t.Errorf("token %s", tok)
	}
	i.Plain()["a"] = nil
	if v, _ := i.Get("a"); v == nil {
		t.Error("Plain gave the object itself")
	}
}

func TestInt(t *testing.T) {
	i, err := ParseInfo([]byte(`{"n":5,"f":5.9,"t":"7","bad":"x","huge":1e300,"null":null}`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{"n": 5, "f": 5, "t": 7}
	for _, name := range append(i.Keys(), "absent") {
		got, ok := i.Int(name)
		if w, wanted := want[name]; ok != wanted || got != w && wanted {
			t.Errorf("Int(%s) = %d, %v", name, got, ok)
		}
	}
}

func TestExpired(t *testing.T) {
	now := time.UnixMilli(1000)
	for at, want := range map[int64]bool{999: true, 1000: false, 1001: false, Never: false, math.MinInt64: true} {
		if got := (&AccessToken{ExpiresAt: at}).Expired(now); got != want {
			t.Errorf("a token that ends at %d is expired at 1000: %v, want %v", at, got, want)
		}
	}
}

// What is shared for ever is small: a server that chooses names and values must not fill the memory.
func TestSharedShapesAreSmall(t *testing.T) {
	for _, size := range []int{100, maxShared} {
		text := fmt.Sprintf(`{"shared%d":"%s"}`, size, strings.Repeat("x", size))
		first, err := ParseInfo([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		second, err := ParseInfo([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if is, want := first.shape == second.shape, size < maxShared; is != want {
			t.Errorf("the shape of %d bytes is shared: %t", size, is)
		}
		if got, _ := second.Text(fmt.Sprintf("shared%d", size)); len(got) != size {
			t.Errorf("the value has %d bytes, want %d", len(got), size)
		}
	}
}

// FuzzParseInfo: what is accepted can be printed, written and read again alike.
func FuzzParseInfo(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":[1,{"b":null}]}`, `{"scope":"a b","exp":1}`, `{"a":"\ud800"}`, `[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := ParseInfo(b)
		if err != nil {
			return
		}
		_ = New("x", i, Never).String()
		out, err := json.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseInfo(out)
		if err != nil {
			t.Fatalf("%s was written as %s: %v", b, out, err)
		}
		if again.String() != i.String() {
			t.Errorf("%s became %s", i, again)
		}
	})
}
