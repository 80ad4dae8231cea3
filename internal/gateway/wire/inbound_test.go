package wire

import (
	"net/http"
	"testing"
)

// What a request begins with costs one piece of memory and its id.
func TestInboundAllocations(t *testing.T) {
	s := NewServer(Options{}, nil)
	r, err := http.NewRequest("GET", "http://a.example:81/x?y=z", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.RequestURI = "/x?y=z"
	r.Header["Host"] = nil // the map has grown before
	c := &connection{}
	got := testing.AllocsPerRun(100, func() {
		if _, err := s.inbound(r, c); err != nil {
			t.Fatal(err)
		}
	})
	if got > 2 {
		t.Errorf("allocations = %v, want at most 2", got)
	}
}
