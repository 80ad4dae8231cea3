package rest

import (
	"maps"
	"net/http"
	"slices"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// printMapping is a mapping of a label to the aliases of a key store.
func printMapping(label string, aliases []string) Object {
	return Object{
		"_id": label, "secretId": label, "aliases": aliases,
		"_type": Object{"_id": "mappings", "name": "Mappings", "collection": true},
	}
}

// mapped are the mappings of the store that the path names.
func (v secretStores) mapped(c *Call, global bool) (*realm.SecretStore, store.Doc, error) {
	if c.Vars["store"] == defaultKeystore {
		own := &realm.SecretStore{ID: defaultKeystore, Mappings: map[string][]string{}}
		for _, label := range realm.Labels() {
			own.Mappings[label] = []string{realm.DefaultAlias(label)}
		}
		return own, store.Doc{}, nil
	}
	if global {
		return nil, store.Doc{}, notFound()
	}
	return v.find(c, realm.TypeKeyStore, c.Vars["store"])
}

func (v secretStores) mappings(c *Call, global bool) ([]Object, error) {
	s, _, err := v.mapped(c, global)
	if err != nil {
		return nil, err
	}
	list := []Object{}
	for _, label := range slices.Sorted(maps.Keys(s.Mappings)) {
		list = append(list, printMapping(label, s.Mappings[label]))
	}
	return list, nil
}

func (v secretStores) mapping(c *Call, id string, global bool) (Object, error) {
	s, _, err := v.mapped(c, global)
	if err != nil {
		return nil, err
	}
	aliases, ok := s.Mappings[id]
	if !ok {
		return nil, notFound()
	}
	return printMapping(id, aliases), nil
}

func (v secretStores) addMapping(c *Call, id string, body Object) (Object, error) {
	if given, ok := body["secretId"].(string); ok && given != "" {
		if id != "" && id != given {
			return nil, badRequest("secretId: expected %s, as the address says", id)
		}
		id = given
	}
	return c.again(func() (Object, error) { return v.setMapping(c, id, body, true) })
}

func (v secretStores) remap(c *Call, id string, body Object) (Object, error) {
	if c.Vars["store"] == defaultKeystore {
		return unchanged(func(c *Call, id string) (Object, error) { return v.mapping(c, id, false) })(c, id, body)
	}
	return c.again(func() (Object, error) { return v.setMapping(c, id, body, false) })
}

func (v secretStores) setMapping(c *Call, label string, body Object, fresh bool) (Object, error) {
	s, d, err := v.mapped(c, false)
	if err != nil {
		return nil, err
	}
	if s.ID == defaultKeystore {
		return nil, errOwnKeystore
	}
	_, there := s.Mappings[label]
	switch {
	case fresh && there:
		return nil, refuse(http.StatusConflict, "")
	case !fresh && !there:
		return nil, notFound()
	case !slices.Contains(realm.Labels(), label) && !realm.IsSecretLabel(label):
		return nil, badRequest("secretId: %q is no label of this server", label)
	}
	for name := range body {
		if name != "secretId" && name != "aliases" && !ignored(name) {
			return nil, unknown([]string{"aliases", "secretId"})
		}
	}
	if given := body["secretId"]; given != nil && given != label {
		return nil, badRequest("secretId: expected %s, as the address says", label)
	}
	given, ok := body["aliases"].([]any)
	aliases := textList(given)
	if !ok || len(aliases) < len(given) || slices.Contains(aliases, "") {
		return nil, badRequest("aliases: expected a list of names")
	}
	if s.Mappings == nil {
		s.Mappings = map[string][]string{}
	}
	s.Mappings[label] = aliases
	if err := v.write(c, s, d, false); err != nil {
		return nil, err
	}
	return printMapping(label, aliases), nil
}

// rotate makes a new key for a label of the server's own keys. Those before stay valid, and published, until the last
// token has expired that they may have signed.
func (v secretStores) rotate(c *Call) (any, error) {
	if c.Vars["store"] != defaultKeystore {
		return nil, badRequest("Keys of a key store are rotated by its mappings: the first alias is active, all are valid")
	}
	if !slices.Contains(realm.Labels(), c.ID) {
		return nil, notFound()
	}
	key, err := c.Realm.RotateKey(c.Context(), c.ID)
	if err != nil {
		return nil, badRequest("%v", err)
	}
	return Object{"_id": c.ID, "secretId": c.ID, "kid": key.ID}, nil
}

func (v secretStores) unmap(c *Call, id string) (Object, error) {
	return c.again(func() (Object, error) { return v.unmapOnce(c, id) })
}

func (v secretStores) unmapOnce(c *Call, id string) (Object, error) {
	s, d, err := v.mapped(c, false)
	if err != nil {
		return nil, err
	}
	if s.ID == defaultKeystore {
		return nil, errOwnKeystore
	}
	aliases, ok := s.Mappings[id]
	if !ok {
		return nil, notFound()
	}
	delete(s.Mappings, id)
	if err := v.write(c, s, d, false); err != nil {
		return nil, err
	}
	return printMapping(id, aliases), nil
}
