package transfer

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Formats are those that Write knows.
var Formats = []string{"rest", "amster", "frodo"}

// Write writes entities to a folder, which is made: as objects of the administration interface, as an Amster export, or
// as frodo's file of a full export. Files are for their owner alone: there may be secrets in them.
func Write(dir, format string, entities []Entity, now time.Time) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	switch format {
	case "rest":
		return writeEach(dir, entities, restFolder, func(e *Entity) any { return e.Body })
	case "amster":
		return writeEach(dir, entities, amsterFolder, func(e *Entity) any { return amsterFile(e) })
	case "frodo":
		raw, err := indented(frodoFile(entities, now))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, "full.config.json"), raw, 0o600)
	}
	return fmt.Errorf("unknown format %q: expected one of %s", format, strings.Join(Formats, ", "))
}

// restFolder is the folder of a realm in the manner of addresses: "realms/root/realms/alpha". Read knows it.
func restFolder(realm string) string {
	folder := filepath.Join("realms", "root")
	for part := range strings.SplitSeq(strings.Trim(realm, "/"), "/") {
		if part != "" {
			folder = filepath.Join(folder, "realms", fileName(part))
		}
	}
	return folder
}

func amsterFolder(realm string) string {
	return filepath.Join("realms", "root"+strings.ReplaceAll(strings.TrimSuffix(realm, "/"), "/", "-"))
}

// writeEach writes a file for each entity: <dir>/global/<kind>/<id>.json or <dir>/<folder of the realm>/<kind>/<id>.json.
func writeEach(dir string, entities []Entity, realmFolder func(string) string, form func(*Entity) any) error {
	taken := map[string]bool{}
	for i := range entities {
		e := &entities[i]
		kind := strings.ReplaceAll(e.Kind, " ", "-")
		if e.Type != "" {
			kind = e.Type
			switch e.Kind {
			case SecretMapping:
				kind += "-mappings-" + fileName(e.Parent)
			case ServicePart:
				kind = fileName(e.Parent) + "-" + fileName(e.Type)
			case AgentGroup:
				kind += "-groups"
			}
		}
		folder := filepath.Join(dir, "global", kind)
		if e.Realm != "" {
			folder = filepath.Join(dir, realmFolder(e.Realm), kind)
		}
		name := filepath.Join(folder, fileName(e.ID)+".json")
		for n := 2; taken[strings.ToLower(name)]; n++ { // file systems that do not tell cases apart
			name = filepath.Join(folder, fmt.Sprintf("%s~%d.json", fileName(e.ID), n))
		}
		taken[strings.ToLower(name)] = true
		body := form(e)
		if o, ok := body.(Object); ok && (e.Kind == SecretMapping || e.Kind == ServicePart || e.Kind == AgentGroup) && o["metadata"] == nil {
			// An object of its own does not say which store, or service, it is of, or that it is a group.
			body = amsterFile(e)
		}
		raw, err := indented(body)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// fileName is an ID as a name of files everywhere.
func fileName(id string) string {
	if id == "" {
		return "settings"
	}
	var b strings.Builder
	for i := range len(id) { // by bytes, as addresses escape them: names of folders are read back
		c := id[i]
		if c == '-' || c == '_' || c == '.' && b.Len() > 0 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if b.Len() > 200 {
		return b.String()[:200]
	}
	return b.String()
}

// amsterTypes are the names that Amster has for kinds.
var amsterTypes = map[string]string{
	Realm: "Realms", Script: "Scripts", Tree: "AuthTree", Authentication: "Authentication", Policy: "Policies", PolicySet: "Applications",
	ResourceType: "ResourceTypes", CORS: "CorsService", User: "Users", "OAuth2Client": "OAuth2Clients", "IdentityGatewayAgent": "IdentityGatewayAgents",
	"TrustedJwtIssuer": "TrustedJwtIssuers", "oauth-oidc": "OAuth2Provider", "validation": "Validation", "baseurl": "BaseURLSource", "session": "Session",
	"KeyStoreSecretStore": "KeyStoreSecretStore", "FileSystemSecretStore": "FileSystemSecretStore",
}

// agentGroups is the name that Amster has for the groups of agents of a type.
func agentGroups(t string) string {
	switch t {
	case "OAuth2Client", "RemoteConsentAgent", "SoftwarePublisher", "TrustedJwtIssuer":
		t = "OAuth2" + strings.TrimPrefix(strings.TrimSuffix(t, "Agent"), "OAuth2")
	case "J2EEAgent":
		t = "J2ee"
	}
	return strings.TrimSuffix(t, "Agent") + "AgentGroups"
}

func amsterFile(e *Entity) Object {
	kind := e.Kind
	switch e.Kind {
	case Service, GlobalService:
		kind = e.ID
	case Agent, Node, SecretStore, ServicePart:
		kind = e.Type
	case AgentGroup:
		kind = agentGroups(e.Type)
	case SecretMapping:
		kind = e.Type + "Mappings"
	}
	if name, ok := amsterTypes[kind]; ok {
		kind = name
	}
	params := Object{}
	if e.Kind == SecretMapping {
		params[e.Type] = e.Parent
	}
	if e.Kind == ServicePart {
		params["service"] = e.Parent
	}
	var realm any
	if e.Realm != "" {
		realm = e.Realm
	}
	return Object{
		"metadata": Object{"realm": realm, "amsterVersion": "8.0.1", "entityType": kind, "entityId": e.ID, "pathParams": params},
		"data":     e.Body,
	}
}

// frodoFile is a full export in frodo's form.
func frodoFile(entities []Entity, now time.Time) Object {
	global, realms := Object{}, Object{}
	nodes := map[string]Object{} // by realm and ID
	for i := range entities {
		if e := &entities[i]; e.Kind == Node {
			nodes[e.Realm+" "+e.ID] = e.Body
		}
	}
	stores := map[string]Object{}
	used := map[string]bool{}
	for i := range entities {
		e := &entities[i]
		part := global
		if e.Realm != "" {
			part = inner(realms, frodoRealm(e.Realm))
		}
		switch e.Kind {
		case Realm:
			inner(part, "realm")[e.ID] = e.Body
		case Script:
			inner(part, "script")[e.ID] = e.Body
		case EmailTemplate:
			inner(part, "emailTemplate")[e.ID] = e.Body
		case Service, GlobalService:
			frodoService(part, e.Realm, e.ID, e.Body)
		case CORS:
			below(frodoService(part, e.Realm, corsService, nil), e.Body)
		case IDStore:
			below(frodoService(part, e.Realm, idStores, nil), e.Body)
		case ServicePart:
			below(frodoService(part, e.Realm, e.Parent, nil), e.Body)
		case Agent:
			name := "agent"
			if e.Type == "OAuth2Client" {
				name = "application"
			} else if e.Type == "TrustedJwtIssuer" {
				name = "trustedJwtIssuer"
			}
			inner(part, name)[e.ID] = e.Body
		case AgentGroup:
			inner(part, "agentGroup")[e.ID] = e.Body
		case Authentication:
			part["authentication"] = e.Body
		case Policy:
			inner(part, "policy")[e.ID] = e.Body
		case PolicySet:
			inner(part, "policyset")[e.ID] = e.Body
		case ResourceType:
			inner(part, "resourcetype")[e.ID] = e.Body
		case Application:
			inner(part, "managedApplication")[e.ID] = e.Body
		case User:
			inner(part, "user")[e.ID] = e.Body
		case SecretStore:
			s := Object{"mappings": []any{}}
			for k, v := range e.Body {
				s[k] = v
			}
			stores[e.Realm+" "+e.ID] = s
			inner(part, "secretstore")[e.ID] = s
		case SecretMapping:
			if s := stores[e.Realm+" "+e.Parent]; s != nil {
				list, _ := s["mappings"].([]any)
				s["mappings"] = append(list, e.Body)
			}
		case Tree:
			inner(part, "trees")[e.ID] = frodoTree(e, nodes, used)
		}
	}
	// Nodes that no tree has are kept with a tree of no name's sake: under their own key.
	for i := range entities {
		if e := &entities[i]; e.Kind == Node && !used[e.Realm+" "+e.ID] {
			inner(inner(realms, frodoRealm(e.Realm)), "node")[e.ID] = e.Body
		}
	}
	return Object{
		"meta":   Object{"origin": "gatehouse", "originAmVersion": "8.0.1", "exportDate": now.UTC().Format(time.RFC3339), "exportTool": "gatehouse"},
		"global": global, "realm": realms,
	}
}

// frodoService returns a service of a part of an export, which says where it was. The body is given to what is there.
func frodoService(part Object, realm, id string, body Object) Object {
	o := inner(inner(part, "service"), id)
	maps.Copy(o, body)
	o["location"] = cmp.Or(realm, "global")
	if o["_type"] == nil {
		o["_id"], o["_type"] = "", Object{"_id": id, "name": id, "collection": false}
	}
	if o["nextDescendents"] == nil {
		o["nextDescendents"] = []any{}
	}
	return o
}

// below puts an object under a service.
func below(service, o Object) {
	list, _ := service["nextDescendents"].([]any)
	service["nextDescendents"] = append(list, o)
}

func inner(o Object, name string) Object {
	in, ok := o[name].(Object)
	if !ok {
		in = Object{}
		o[name] = in
	}
	return in
}

func frodoTree(e *Entity, nodes map[string]Object, used map[string]bool) Object {
	own, within := Object{}, Object{}
	links, _ := e.Body["nodes"].(Object)
	for id := range links {
		body, ok := nodes[e.Realm+" "+id]
		if !ok {
			continue
		}
		own[id], used[e.Realm+" "+id] = body, true
		entries, _ := body["nodes"].([]any)
		for _, v := range entries {
			entry, _ := v.(Object)
			child := text(entry["_id"])
			if body, ok := nodes[e.Realm+" "+child]; ok {
				within[child], used[e.Realm+" "+child] = body, true
			}
		}
	}
	return Object{
		"tree": e.Body, "nodes": own, "innerNodes": within, "scripts": Object{}, "emailTemplates": Object{}, "socialIdentityProviders": Object{},
		"themes": []any{}, "saml2Entities": Object{}, "circlesOfTrust": Object{},
	}
}
