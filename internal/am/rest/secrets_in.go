package rest

import (
	"strings"

	"gatehouse/internal/am/realm"
)

// secretName tells whether a member is a password by its name.
func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, about := range []string{"attribute", "header", "length", "time", "label", "type", "messages", "field", "url", "class"} {
		if strings.HasSuffix(name, about) {
			return false // a setting about passwords
		}
	}
	for _, about := range []string{"reset", "policy", "forgotten", "update"} { // journeys that are about them
		if strings.HasPrefix(name, about) {
			return false
		}
	}
	return strings.Contains(name, "password") && !strings.Contains(name, "reset") && !strings.Contains(name, "policy") ||
		strings.HasSuffix(name, "secret") || strings.HasSuffix(name, "privatekey")
}

// sealSecrets encrypts the secrets of an object that came in, and keeps the stored ones that it says nothing of: a
// client that reads an object and writes it back does not see them.
func (t *Type) sealSecrets(m *realm.Manager, o, stored Object) {
	if t.Open {
		sealOpen(m, o, stored)
		return
	}
	for _, g := range t.Groups {
		to, from := o, stored
		if g.Name != "" {
			to, _ = o[g.Name].(Object)
			from, _ = stored[g.Name].(Object)
		}
		for _, a := range g.Attributes {
			if a.Secret && to != nil {
				sealOne(m, a.Name, to, from)
			}
		}
	}
}

func sealOpen(m *realm.Manager, o, stored Object) {
	for name, v := range stored {
		if inner, ok := v.(Object); ok {
			if _, ok := o[name].(Object); !ok {
				continue
			}
			sealOpen(m, o[name].(Object), inner)
		} else if _, ok := o[name]; !ok && secretName(name) {
			o[name] = v
		}
	}
	for name, v := range o {
		inner, ok := v.(Object)
		switch {
		case ok && !isWrapped(inner):
			if stored[name] == nil {
				sealOpen(m, inner, nil)
			}
		case secretName(name):
			sealOne(m, name, o, stored)
		}
	}
}

func sealOne(m *realm.Manager, name string, o, stored Object) {
	v := unwrap(o[name])
	plain, ok := v.(string)
	if v != nil && !ok {
		return // a number, or a switch, about secrets
	}
	if plain == "" {
		delete(o, name)
		if old, ok := stored[name]; ok {
			o[name] = old
		}
		return
	}
	if old, _ := stored[name].(string); old == plain {
		return // already sealed
	}
	o[name] = m.SealSecret(plain)
}
