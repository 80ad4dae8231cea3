package transfer

import (
	"fmt"
	"slices"
	"strings"
)

// fileBasedServices are the names that services have in a file-based configuration, with those of the interface.
var fileBasedServices = map[string]string{
	"OAuth2Provider": "oauth-oidc", "validationService": "validation", "amRealmBaseURL": "baseurl", "selfServiceTrees": "selfServiceTrees",
	"iPlanetAMPolicyConfigService": "policyconfiguration", "IdmIntegrationService": "idm-integration", "RemoteConsentService": "RemoteConsentService",
	socialProviders: socialProviders, "amSessionPropertyWhitelist": "amSessionPropertyWhitelist",
}

// fileBased takes one file of a server's file-based configuration (config/services/realm/…). It is like one of an Amster
// export, under the names that configuration has in a directory: "default/ID" below a service.
func (r *reader) fileBased(at string, metadata, data Object) {
	kind, of := text(metadata["entityType"]), text(metadata["sunServiceID"])
	id, named := strings.CutPrefix(text(metadata["entityId"]), "default/")
	e := Entity{Realm: rooted(text(metadata["realm"])), ID: id, Body: openCopy(data), Source: at}
	if len(e.Body) == 0 {
		return // a node of the directory that holds others
	}
	parts := strings.Split(id, "/")
	last := parts[len(parts)-1]
	global := strings.Contains(text(metadata["uid"]), "ou=GlobalConfig")
	service, isService := fileBasedServices[kind]
	switch {
	case kind == "authenticationTreesService" && of == "tree":
		e.Kind = Tree
	case strings.HasSuffix(kind, "Node") && of == "instance":
		e.Kind, e.Type = Node, kind
		e.Body["nodes"] = pageNodes(e.Body["nodes"])
		if e.Body["nodes"] == nil {
			delete(e.Body, "nodes")
		}
	case kind == "ScriptingService" && (of == "globalScript" || of == "scriptConfiguration"):
		if _, ok := e.Body["script"].(string); !ok {
			r.unknown = append(r.unknown, fmt.Sprintf("%s: script %s: its text is not in the file", at, last))
			return
		}
		e.Kind, e.ID = Script, last
		if v, ok := strings.CutPrefix(text(e.Body["evaluatorVersion"]), "V"); ok {
			e.Body["evaluatorVersion"] = strings.ReplaceAll(v, "_", ".")
		}
	case kind == "CorsService" && of == "instance":
		e.Kind, e.Realm, e.ID = CORS, "", last
	case kind == "sunIdentityRepositoryService" && named && slices.Contains(directoryTypes, of):
		e.Kind, e.Type = IDStore, of
	case slices.Contains(storeTypes, kind) && of == "instance" && len(parts) == 1:
		e.Kind, e.Type = SecretStore, kind
	case slices.Contains(storeTypes, kind) && of == "instance" && len(parts) == 3 && parts[1] == "mappings":
		e.Kind, e.Type, e.Parent, e.ID = SecretMapping, kind, parts[0], last
	case kind == "iPlanetAMAuthService" && !global && !named:
		e.Kind, e.ID = Authentication, ""
	case isService && !global && !named:
		e.Kind, e.ID = Service, service
	default:
		r.unknown = append(r.unknown, fmt.Sprintf("%s: %s %s of a file-based configuration, which this server does not have", at, kind, text(metadata["entityId"])))
		return
	}
	r.add(e)
}

// openCopy is an object without the members that say what it is.
func openCopy(o Object) Object {
	out := Object{}
	for name, v := range o {
		if !strings.HasPrefix(name, "_") {
			out[name] = v
		}
	}
	return out
}

// pageNodes are the nodes of a page, which directories keep as "ID:TYPE:NAME". Anything else stays as it is.
func pageNodes(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := make([]any, 0, len(list))
	for _, item := range list {
		parts := strings.SplitN(text(item), ":", 3)
		if len(parts) != 3 {
			return v
		}
		out = append(out, Object{"_id": parts[0], "nodeType": parts[1], "displayName": parts[2]})
	}
	return out
}
