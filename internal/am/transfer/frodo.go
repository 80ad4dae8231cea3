package transfer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// frodoKinds are the members of frodo's export files that hold objects by ID.
var frodoKinds = map[string]string{
	"script": Script, "application": Agent, "agent": Agent, "agentGroup": AgentGroup, "trustedJwtIssuer": Agent, "service": Service, "policy": Policy, "policyset": PolicySet,
	"resourcetype": ResourceType, "secretstore": SecretStore, "managedApplication": Application, "user": User, "realm": Realm, "trees": Tree,
	"authentication": Authentication, "corsService": CORS, "node": Node, "emailTemplate": EmailTemplate,
}

// isFrodoFile recognizes files without their "meta".
func isFrodoFile(o Object) bool {
	if _, ok := o["_id"]; ok {
		return false
	}
	if _, ok := o["tree"].(Object); ok {
		return true
	}
	_, global := o["global"].(Object)
	_, realms := o["realm"].(Object)
	if global && realms {
		return true
	}
	for _, name := range []string{"script", "application", "trees", "service", "trustedJwtIssuer", "agent", "agentGroup"} {
		if by, ok := o[name].(Object); ok && len(by) > 0 && !slices.ContainsFunc(slices.Collect(maps.Values(by)), func(v any) bool { _, is := v.(Object); return !is }) {
			return true
		}
	}
	return false
}

// frodo takes an export file of frodo: objects by kind and ID, in the file of a full export by realm as well.
func (r *reader) frodo(at string, meta, o Object) {
	global, isFull := o["global"].(Object)
	realms, _ := o["realm"].(Object)
	if isFull && realms != nil {
		r.frodoPart(at+": global", global, "")
		for _, name := range slices.Sorted(maps.Keys(realms)) {
			part, _ := realms[name].(Object)
			r.frodoPart(at+": realm "+name, part, frodoPath(name, global))
		}
		return
	}
	r.frodoPart(at, o, r.realm)
}

// frodoRealm is what full exports call a realm: "root-a-b" for /a/b.
func frodoRealm(path string) string {
	return strings.TrimSuffix("root"+strings.ReplaceAll(path, "/", "-"), "-")
}

// frodoPath is the path of the realm with that name. A realm's own name may have hyphens, so those of the export go
// before a guess.
func frodoPath(name string, global Object) string {
	listed, _ := global["realm"].(Object)
	for _, v := range listed {
		if o, ok := v.(Object); ok {
			if path := join(text(o["parentPath"]), text(o["name"])); frodoRealm(path) == name {
				return path
			}
		}
	}
	below, ok := strings.CutPrefix(name, "root")
	if !ok {
		return "/" + strings.TrimPrefix(name, "/")
	}
	return "/" + strings.TrimPrefix(strings.ReplaceAll(below, "-", "/"), "/")
}

func (r *reader) frodoPart(at string, o Object, realm string) {
	if tree, ok := o["tree"].(Object); ok {
		r.frodoTree(at, "", o, tree, realm)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if name == "meta" {
			continue
		}
		by, ok := o[name].(Object)
		if !ok {
			r.unknown = append(r.unknown, fmt.Sprintf("%s: %s: not an object", at, name))
			continue
		}
		if name == "idp" {
			r.providers(at+": idp", by, realm)
			continue
		}
		kind, known := frodoKinds[name]
		if kind == Authentication {
			if len(by) > 0 && realm != "" {
				r.object(at+": authentication", by, "", realm)
			} else if len(by) > 0 {
				r.unknown = append(r.unknown, at+": authentication: settings of the whole server, which this server does not have")
			}
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(by)) {
			item, _ := by[id].(Object)
			where := fmt.Sprintf("%s: %s: %s", at, name, id)
			switch {
			case item == nil || !known:
				r.unknown = append(r.unknown, where+": a kind of objects that this server does not have")
			case kind == Tree:
				tree, _ := item["tree"].(Object)
				r.frodoTree(where, id, item, tree, realm)
			case kind == SecretStore:
				r.frodoStore(where, id, item, realm)
			case kind == AgentGroup:
				r.agentGroup(where, id, item, realm)
			case kind == Service:
				r.frodoService(where, id, item, realm)
			case kind == Script || kind == Application || kind == User || kind == Realm:
				e := Entity{Kind: kind, Realm: realm, ID: id, Body: item, Source: where}
				if kind == Realm {
					e.Realm = ""
				}
				if kind == Script && text(item["_id"]) != "" {
					e.ID = text(item["_id"])
				}
				r.add(e)
			default:
				r.object(where, item, id, realm)
			}
		}
	}
}

// frodoTree takes a journey with its nodes and scripts.
func (r *reader) frodoTree(at, id string, o, tree Object, realm string) {
	if tree == nil {
		r.unknown = append(r.unknown, at+": a journey without a tree")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		by, ok := o[name].(Object)
		switch name {
		case "tree", "meta":
			continue
		case "nodes", "innerNodes", "innernodes":
			for _, node := range slices.Sorted(maps.Keys(by)) {
				body, _ := by[node].(Object)
				kind, _ := body["_type"].(Object)
				if text(kind["_id"]) == "" {
					r.unknown = append(r.unknown, fmt.Sprintf("%s: %s: %s: a node without a _type", at, name, node))
					continue
				}
				r.add(Entity{Kind: Node, Type: text(kind["_id"]), Realm: realm, ID: node, Body: body, Source: at})
			}
			continue
		case "socialIdentityProviders":
			r.providers(at+": "+name, by, realm)
			continue
		case "emailTemplates":
			for _, template := range slices.Sorted(maps.Keys(by)) {
				if body, _ := by[template].(Object); body != nil {
					r.add(Entity{Kind: EmailTemplate, ID: template, Body: body, Source: at})
				}
			}
			continue
		case "scripts":
			for _, script := range slices.Sorted(maps.Keys(by)) {
				if body, _ := by[script].(Object); body != nil {
					r.add(Entity{Kind: Script, Realm: realm, ID: script, Body: body, Source: at})
				}
			}
			continue
		}
		if ok {
			for _, other := range slices.Sorted(maps.Keys(by)) {
				r.unknown = append(r.unknown, fmt.Sprintf("%s: %s: %s: a kind of objects that this server does not have", at, name, other))
			}
		} else if list, _ := o[name].([]any); len(list) > 0 {
			r.unknown = append(r.unknown, fmt.Sprintf("%s: %s: a kind of objects that this server does not have", at, name))
		}
	}
	if id == "" {
		id = text(tree["_id"])
	}
	r.add(Entity{Kind: Tree, Realm: realm, ID: id, Body: tree, Source: at})
}

// frodoStore takes a secret store, whose mappings are within.
func (r *reader) frodoStore(at, id string, o Object, realm string) {
	store := maps.Clone(o)
	mappings, _ := store["mappings"].([]any)
	delete(store, "mappings")
	e, ok := classify(store, id, realm, at)
	if !ok || e.Kind != SecretStore {
		r.unknown = append(r.unknown, at+": a secret store that this server does not have")
		return
	}
	if realm = "/"; e.Realm != "" { // see reader.add
		realm = e.Realm
	}
	r.add(e)
	for _, v := range mappings {
		m, _ := v.(Object)
		name := text(m["secretId"])
		if name == "" {
			name = text(m["_id"])
		}
		r.add(Entity{Kind: SecretMapping, Type: e.Type, Parent: id, Realm: realm, ID: name, Body: m, Source: at})
	}
}

// frodoService takes a service with what is below it.
func (r *reader) frodoService(at, id string, o Object, realm string) {
	if text(o["location"]) == "global" {
		realm = ""
	}
	service := maps.Clone(o)
	below, _ := service["nextDescendents"].([]any)
	delete(service, "nextDescendents")
	delete(service, "location")
	r.object(at, service, id, realm)
	for i, v := range below {
		item, _ := v.(Object)
		where := fmt.Sprintf("%s: nextDescendents[%d]", at, i)
		if e, ok := classify(item, "", realm, where); ok && (e.Kind == CORS || e.Kind == IDStore) {
			r.add(e)
			continue
		}
		kind, _ := item["_type"].(Object)
		if t, name := text(kind["_id"]), text(item["_id"]); realm != "" && t != "" && name != "" {
			r.add(Entity{Kind: ServicePart, Type: t, Parent: id, Realm: realm, ID: name, Body: item, Source: where})
			continue
		}
		r.unknown = append(r.unknown, where+": a part of a service that this server does not have")
	}
}

// providers takes social identity providers by their IDs.
func (r *reader) providers(at string, by Object, realm string) {
	for _, id := range slices.Sorted(maps.Keys(by)) {
		o, _ := by[id].(Object)
		kind, _ := o["_type"].(Object)
		if t := text(kind["_id"]); t != "" {
			r.add(Entity{Kind: ServicePart, Type: t, Parent: socialProviders, Realm: realm, ID: id, Body: o, Source: at + ": " + id})
		} else {
			r.unknown = append(r.unknown, fmt.Sprintf("%s: %s: a provider without a _type", at, id))
		}
	}
}
