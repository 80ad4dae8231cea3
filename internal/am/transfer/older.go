package transfer

import "slices"

// moved are settings of older exports that stand elsewhere since, by service.
var moved = map[string][]struct{ from, name, to string }{
	"oauth-oidc": {
		{"coreOAuth2Config", "accessTokenModificationScript", "pluginsConfig"},
		{"coreOIDCConfig", "oidcClaimsScript", "pluginsConfig"},
	},
}

// older puts the settings of an older export where they stand today.
func (e *Entity) older() {
	if e.Kind != Service && e.Kind != GlobalService {
		return
	}
	for _, m := range moved[e.ID] {
		o := e.Body
		if defaults, ok := o["defaults"].(Object); ok {
			o = defaults
		}
		from, _ := o[m.from].(Object)
		v, ok := from[m.name]
		if !ok {
			continue
		}
		delete(from, m.name)
		if to := inner(o, m.to); to[m.name] == nil {
			to[m.name] = v
		}
	}
}

// without takes those members out of an object that are not among the valid ones, from where the valid ones stand: beside one
// another in the object, a tab of it, or the defaults of a service. It returns their names.
func without(o Object, valid []string) []string {
	at, group, most := "", Object(nil), 0
	var look func(o Object, prefix string, depth int)
	look = func(o Object, prefix string, depth int) {
		n := 0
		for name, v := range o {
			if slices.Contains(valid, name) {
				n++
			}
			if inner, ok := v.(Object); ok && depth > 0 {
				look(inner, prefix+name+"/", depth-1)
			}
		}
		if n > most {
			at, group, most = prefix, o, n
		}
	}
	look(o, "", 2)
	var out []string
	for name := range group {
		if !slices.Contains(valid, name) && name[:min(1, len(name))] != "_" && (at != "" || name != "defaults") {
			out = append(out, at+name)
			delete(group, name)
		}
	}
	slices.Sort(out)
	return out
}
