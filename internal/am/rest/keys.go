package rest

import (
	"slices"
	"time"

	"gatehouse/internal/am/realm"
)

// keyRecords are the keys of a realm by their labels: which there are, where they come from and how old they are. They
// are rotated at their mappings. PingAM does not tell of keys; there is no interface to copy.
func (s *Server) keyRecords() []*Resource {
	return []*Resource{{
		Path: "gatehouse/keys", Version: "1.0", Counted: true, Unversioned: true,
		Query: func(c *Call) ([]Object, error) {
			list := []Object{}
			for _, label := range realm.OwnLabels() {
				o, err := keyObject(c, label)
				if err != nil {
					return nil, err
				}
				list = append(list, o)
			}
			return list, nil
		},
		Read: func(c *Call, id string) (Object, error) {
			if !slices.Contains(realm.OwnLabels(), id) {
				return nil, notFound()
			}
			return keyObject(c, id)
		},
	}}
}

func keyObject(c *Call, label string) (Object, error) {
	found, err := c.Realm.Keys().Inventory(c.Context(), label)
	if err != nil {
		return nil, err
	}
	keys := []Object{}
	for i, k := range found {
		o := Object{"kid": k.ID, "alg": k.Algorithms, "created": nil, "until": nil, "active": i == 0}
		if !k.Created.IsZero() {
			o["created"] = k.Created.UTC().Format(time.RFC3339)
		}
		if !k.Until.IsZero() {
			o["until"] = k.Until.UTC().Format(time.RFC3339)
		}
		keys = append(keys, o)
	}
	return Object{"_id": label, "outside": len(found) > 0 && found[0].Outside, "keys": keys}, nil
}
