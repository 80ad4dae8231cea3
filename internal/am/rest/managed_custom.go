package rest

import (
	"encoding/json"
	"strings"

	"gatehouse/internal/am/login/selfservice"
	"gatehouse/internal/am/realm"
)

// attributeCustom has, as JSON, those members of a managed user that are no attributes here (PingOne Advanced Identity
// Cloud: custom attributes). They mean nothing to the server.
const attributeCustom = "fr-idm-custom-attrs"

// maxCustom bounds those members together.
const maxCustom = 16 << 10

// isCustom tells whether a member of a managed user is none that has a meaning here.
func isCustom(name string) bool {
	switch name {
	case "userName", "password", "accountStatus", memberAliases, selfservice.AttributePreferences, selfservice.AttributeTerms, selfservice.AttributeAnswers:
		return false
	}
	_, known := userNames[name]
	return !known && !strings.HasPrefix(name, "_")
}

// customOf makes the attribute of those members; nothing for none.
func customOf(body Object) ([]string, error) {
	o := Object{}
	for name, v := range body {
		if isCustom(name) && v != nil {
			o[name] = v
		}
	}
	if len(o) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(o)
	if err != nil || len(raw) > maxCustom || deeper(o, 8) {
		return nil, badRequest("The members that this server knows nothing of are too large")
	}
	return []string{string(raw)}, nil
}

// showCustom adds those members.
func showCustom(o Object, u *realm.User) {
	for _, v := range u.Attribute(attributeCustom) {
		custom, err := decodeObject(json.RawMessage(v))
		if err != nil {
			continue // somebody else wrote the attribute
		}
		for name, v := range custom {
			if isCustom(name) {
				o[name] = v
			}
		}
	}
}
