package rest

import (
	"net/http"
	"slices"
	"time"

	"gatehouse/internal/am/realm"
)

// keyRecords are the keys of a realm by their labels: which there are, where they come from, how old they are, and
// rotation of those that the server makes itself. PingAM rotates by editing key stores; there is no interface to copy.
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
		ItemActions: map[string]Action{"rotate": {Do: s.rotateKey}},
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

// rotateKey makes a new active key. The former ones stay published for keepSeconds (a day when it is not said), so that
// what they signed can be verified until it ends.
func (s *Server) rotateKey(c *Call) (any, error) {
	if !slices.Contains(realm.OwnLabels(), c.ID) {
		return nil, notFound()
	}
	keep := 24 * 60 * 60
	if v, ok := c.Body["keepSeconds"]; ok {
		n, ok := whole(v)
		if keep, _ = n.(int); !ok || keep < 0 {
			return nil, badRequest("keepSeconds: expected a number of seconds")
		}
	}
	found, err := c.Realm.Keys().Inventory(c.Context(), c.ID)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 && found[0].Outside {
		return nil, refuse(http.StatusConflict, "The label is mapped to a key store: rotate the key there")
	}
	if _, err := c.Realm.Keys().Rotate(c.Context(), c.ID, s.Now().Add(time.Duration(keep)*time.Second)); err != nil {
		return nil, err
	}
	return keyObject(c, c.ID)
}
