package store

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestStamp(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	var stamps []string
	for _, later := range []time.Duration{0, time.Second, 31 * time.Second, 32 * time.Second, time.Hour, 24 * time.Hour, 365 * 24 * time.Hour} {
		stamps = append(stamps, string(appendStamp(nil, at.Add(later))))
	}
	if !slices.IsSorted(stamps) || len(slices.Compact(slices.Clone(stamps))) != len(stamps) {
		t.Errorf("stamps do not sort by time: %q", stamps)
	}
}

func TestIDOf(t *testing.T) {
	raw := NewRaw()
	if len(raw) != 44 || !hasStamp(raw) || NewRaw() == raw {
		t.Errorf("NewRaw() = %q", raw)
	}
	if id := NewID(); len(id) != 26 || !hasStamp(id) || NewID() == id {
		t.Errorf("NewID() = %q", id)
	}
	id := IDOf(raw)
	if !strings.HasPrefix(id, raw[:stampLen]) || strings.Contains(id, raw[stampLen:]) || digestIn(id) != DigestOf(raw) {
		t.Errorf("IDOf(%q) = %q", raw, id)
	}
	// Whatever else is shown has the digest alone: nothing of it gets into the store.
	for _, other := range []string{"", "short", "Not-a-stamp-but-of-the-length-of-one-that-has-it", "*23456" + raw[stampLen:], raw[:25]} {
		if got := IDOf(other); got != DigestOf(other) || digestIn(got) != got {
			t.Errorf("IDOf(%q) = %q", other, got)
		}
	}
}
