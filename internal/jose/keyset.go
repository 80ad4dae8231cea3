package jose

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Finder finds keys that may verify or decrypt a token. A *KeySet, a *Remote and a secret store are Finders.
type Finder interface {
	// Named gives the keys with this kid. An empty result means the kid is unknown, which is no error.
	Named(ctx context.Context, kid string) ([]*Key, error)
	// All gives every key in order of preference.
	All(ctx context.Context) ([]*Key, error)
}

// KeySet is an ordered, immutable set of keys. The zero value and nil are empty sets.
type KeySet struct {
	keys []*Key
	byID map[string][]*Key
}

// Limits of a JWK set.
const (
	MaxSetBytes = 1 << 20
	MaxSetKeys  = 256
)

// NewKeySet joins keys in the order given; nil keys are left out.
func NewKeySet(keys ...*Key) *KeySet {
	s := &KeySet{byID: map[string][]*Key{}}
	for _, k := range keys {
		if k == nil {
			continue
		}
		s.keys = append(s.keys, k)
		if k.ID != "" {
			s.byID[k.ID] = append(s.byID[k.ID], k)
		}
	}
	return s
}

// ParseKeySet reads {"keys":[...]}, private and symmetric keys included. Keys of unknown types, with unusable values
// or below the minimum sizes are skipped (RFC 7517 §5), so the set may be empty. A set over the limits, with repeated
// member names or without "keys" is ErrMalformed.
func ParseKeySet(data []byte) (*KeySet, error) {
	if len(data) > MaxSetBytes {
		return nil, &tooLarge{"key_set", fmt.Sprintf("key set over %d bytes", MaxSetBytes)}
	}
	var doc struct {
		Keys *[]jsontext.Value `json:"keys"`
	}
	if err := jsonv2.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%w: key set is not a JSON object of the expected shape", ErrMalformed)
	}
	if doc.Keys == nil {
		return nil, fmt.Errorf(`%w: key set without "keys"`, ErrMalformed)
	}
	if len(*doc.Keys) > MaxSetKeys {
		return nil, fmt.Errorf("%w: key set of more than %d keys", ErrMalformed, MaxSetKeys)
	}
	keys := make([]*Key, 0, len(*doc.Keys))
	for _, raw := range *doc.Keys {
		if k, err := ParseKey(raw); err == nil {
			keys = append(keys, k)
		}
	}
	return NewKeySet(keys...), nil
}

// Keys gives all keys in order. The slice is the caller's, the keys are shared.
func (s *KeySet) Keys() []*Key {
	if s == nil {
		return nil
	}
	return append([]*Key(nil), s.keys...)
}

// Len counts the keys.
func (s *KeySet) Len() int {
	if s == nil {
		return 0
	}
	return len(s.keys)
}

// Named gives the keys with this kid; there can be several of different types (RFC 7517 §4.5).
func (s *KeySet) Named(_ context.Context, kid string) ([]*Key, error) {
	if s == nil || kid == "" {
		return nil, nil
	}
	return s.byID[kid], nil
}

// All gives the keys in order.
func (s *KeySet) All(context.Context) ([]*Key, error) {
	if s == nil {
		return nil, nil
	}
	return s.keys, nil
}

// ByID gives the first key with this kid, nil when there is none.
func (s *KeySet) ByID(kid string) *Key {
	if found, _ := s.Named(context.Background(), kid); len(found) > 0 {
		return found[0]
	}
	return nil
}

// For gives, in order, the keys that can create tokens with a: private or symmetric ones for signatures, public ones
// too for encryption. The first is the active one.
func (s *KeySet) For(a Algorithm) []*Key {
	var out []*Key
	for _, k := range s.Keys() {
		if k.Fits(a) == nil {
			out = append(out, k)
		}
	}
	return out
}

// Public gives the set without private parts and without symmetric keys.
func (s *KeySet) Public() *KeySet {
	keys := s.Keys()
	for i, k := range keys {
		keys[i] = k.Public()
	}
	return NewKeySet(keys...)
}

// MarshalJSON gives {"keys":[...]} of the public halves; symmetric keys are left out. It is what a jwks_uri serves.
func (s *KeySet) MarshalJSON() ([]byte, error) { return s.marshal((*Key).MarshalPublic, s.Public()) }

// MarshalPrivate gives {"keys":[...]} with every secret, for storage.
func (s *KeySet) MarshalPrivate() ([]byte, error) { return s.marshal((*Key).MarshalPrivate, s) }

func (s *KeySet) marshal(one func(*Key) ([]byte, error), from *KeySet) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{"keys":[`)
	for i, k := range from.Keys() {
		j, err := one(k)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(j)
	}
	b.WriteString(`]}`)
	return b.Bytes(), nil
}

// Joined asks several finders: Named stops at the first that knows the kid, All concatenates.
type Joined []Finder

// Named gives the keys of the first finder that knows the kid. An error of a later finder matters only when no
// earlier one knew it.
func (j Joined) Named(ctx context.Context, kid string) ([]*Key, error) {
	for _, f := range j {
		keys, err := f.Named(ctx, kid)
		if err != nil || len(keys) > 0 {
			return keys, err
		}
	}
	return nil, nil
}

// All gives the keys of all finders in order.
func (j Joined) All(ctx context.Context) ([]*Key, error) {
	var out []*Key
	for _, f := range j {
		keys, err := f.All(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, keys...)
	}
	return out, nil
}

var _ json.Marshaler = (*KeySet)(nil)
