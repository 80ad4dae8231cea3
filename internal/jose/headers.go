package jose

import (
	"maps"
	"sync/atomic"
)

// maxHeaders is how many different headers are kept: an issuer has one for each of its keys.
const maxHeaders = 32

// Headers keeps the headers of tokens whose signature was right, for an issuer writes the same one into all its tokens.
// Only who can sign can add to it; what a header says is checked for each token all the same. The zero value is empty
// and ready, nil keeps nothing. It is safe for concurrent use.
type Headers struct {
	known atomic.Pointer[map[string]*Header] // by encoded text; replaced, never changed
}

func (k *Headers) read(segment []byte) (*Header, error) {
	if k != nil {
		if all := k.known.Load(); all != nil {
			if h := (*all)[string(segment)]; h != nil {
				return h, nil
			}
		}
	}
	return parseHeader(segment)
}

// keep adds a header. When there is no room left the others go: they come back with the next tokens that have them.
func (k *Headers) keep(segment []byte, h *Header) {
	if k == nil {
		return
	}
	old := k.known.Load()
	if old != nil && (*old)[string(segment)] != nil {
		return
	}
	next := map[string]*Header{}
	if old != nil && len(*old) < maxHeaders {
		next = maps.Clone(*old)
	}
	next[string(segment)] = h
	k.known.CompareAndSwap(old, &next)
}
