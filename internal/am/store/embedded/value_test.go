package embedded

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"gatehouse/internal/am/store"
)

func TestHeader(t *testing.T) {
	for name, h := range map[string]header{
		"bare":     {rev: 1},
		"expires":  {rev: 1 << 40, micros: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()},
		"long ago": {rev: 2, micros: -5},
		"indexed":  {rev: 3, index: []store.IndexValue{{Name: "color", Value: "red"}, {Name: "", Value: ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			value := append(appendHeader(nil, &h), "body"...)
			got, body, err := parseHeader(value)
			if err != nil || string(body) != "body" || got.rev != h.rev || got.micros != h.micros || !slices.Equal(got.index, h.index) {
				t.Errorf("parseHeader = %+v, %q, %v, want %+v", got, body, err, h)
			}
		})
	}
}

// FuzzParseHeader: damaged values are refused or read, never more.
func FuzzParseHeader(f *testing.F) {
	f.Add(append(appendHeader(nil, &header{rev: 1, micros: 7, index: []store.IndexValue{{Name: "color", Value: "red"}}}), "body"...))
	f.Add([]byte{})
	f.Add([]byte{valueVersion})
	f.Add([]byte{valueVersion, 0x80})
	f.Add([]byte{valueVersion, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add([]byte{valueVersion, 1, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, value []byte) {
		h, body, err := parseHeader(value)
		if err != nil {
			return
		}
		again, body2, err := parseHeader(append(appendHeader(nil, &h), body...))
		if err != nil || again.rev != h.rev || again.micros != h.micros || !slices.Equal(again.index, h.index) || !bytes.Equal(body, body2) {
			t.Errorf("parseHeader(%x) = %+v, %x; written and read again %+v, %x, %v", value, h, body, again, body2, err)
		}
	})
}

func FuzzKeys(f *testing.F) {
	f.Add("", "token", "id", int64(1), "", "token", "id2", int64(2))
	f.Add("/a", "k\x00", "", int64(-1), "/a\x00", "k", "\x00\x01", int64(1<<62))
	f.Fuzz(func(t *testing.T, realm, kind, id string, at int64, realm2, kind2, id2 string, at2 int64) {
		a, b := store.Key{Realm: realm, Kind: kind, ID: id}, store.Key{Realm: realm2, Kind: kind2, ID: id2}
		us, k, ok := cutExpiryKey(appendExpiryKey(nil, at, a))
		if !ok || us != at || k != a {
			t.Errorf("cutExpiryKey(appendExpiryKey(%d, %q)) = %d, %q, %v", at, a, us, k, ok)
		}
		if same := bytes.Equal(appendRecordKey(nil, a), appendRecordKey(nil, b)); same != (a == b) {
			t.Errorf("keys %q and %q are stored under the same key: %v", a, b, same)
		}
		if at != at2 {
			if before := bytes.Compare(appendExpiryTime(nil, at), appendExpiryTime(nil, at2)) < 0; before != (at < at2) {
				t.Errorf("%d sorts before %d: %v", at, at2, before)
			}
		}
		if realm == realm2 && kind == kind2 && id != id2 {
			if before := bytes.Compare(appendRecordKey(nil, a), appendRecordKey(nil, b)) < 0; before != (id < id2) {
				t.Errorf("id %q sorts before %q: %v", id, id2, before)
			}
		}
		cutExpiryKey([]byte(realm + kind + id)) // whatever it is
	})
}

func TestAfter(t *testing.T) {
	for _, tt := range []struct{ prefix, want []byte }{
		{[]byte("a"), []byte("b")},
		{[]byte{'a', 0xff}, []byte("b")},
		{[]byte{0xff, 0xff}, nil},
	} {
		if got := after(tt.prefix); !bytes.Equal(got, tt.want) {
			t.Errorf("after(%x) = %x, want %x", tt.prefix, got, tt.want)
		}
	}
}
