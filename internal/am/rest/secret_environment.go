package rest

import (
	"encoding/json"
	"errors"
	"slices"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// environment is the secret store that the whole server has in its environment.
func (v secretStores) environment(path string) *Resource {
	t := environmentType()
	return &Resource{
		Path: path + "/" + realm.TypeSecretEnv, Version: "2.0", Global: true, Read: v.readEnvironment, Update: v.updateEnvironment,
		Delete: func(*Call, string) (Object, error) {
			return nil, badRequest("The singleton resource cannot be deleted")
		},
		Actions: map[string]Action{
			"schema":   {Do: func(*Call) (any, error) { return t.schema(), nil }},
			"template": {Do: func(*Call) (any, error) { return t.template(), nil }},
		},
	}
}

func environmentType() *Type {
	return &Type{
		ID: realm.TypeSecretEnv, Name: "Environment and System Property Secrets Store",
		Groups: groupsOf(realm.DefaultSecretEnv(), map[string]string{"format": "Value format"}, options{"format": enum("PLAIN", "BASE64")}),
	}
}

func (v secretStores) readEnvironment(c *Call, _ string) (Object, error) {
	d, err := c.getIn("", store.KindSecretStore, realm.TypeSecretEnv)
	if errors.Is(err, store.ErrNotFound) {
		d.Body, err = json.RawMessage("{}"), nil
	}
	if err != nil {
		return nil, err
	}
	o, err := decodeObject(d.Body)
	return environmentType().terse("", o), err
}

func (v secretStores) updateEnvironment(c *Call, _ string, body Object) (Object, error) {
	if format, ok := body["format"].(string); ok && !slices.Contains([]string{"", "PLAIN", "BASE64"}, format) {
		return nil, unsupported("The format " + format) // PingAM has more
	}
	t := environmentType()
	o, err := t.normal(body, nil)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	return t.terse("", o), c.over("", store.KindSecretStore, store.Doc{ID: realm.TypeSecretEnv, Body: raw})
}
