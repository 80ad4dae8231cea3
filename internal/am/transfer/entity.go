// Package transfer brings configuration in and out: objects of the administration interface as JSON, export folders of
// Amster, and export files of frodo. It calls the administration interface as anybody else does: what an import may do,
// an administrator may.
package transfer

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// Object is a JSON object.
type Object = map[string]any

// Kinds of entities, beside those of agents, nodes and secret stores, which are called like their types.
const (
	Realm          = "realm"
	Service        = "service"
	ServicePart    = "service part"
	GlobalService  = "global service"
	CORS           = "CORS configuration"
	EmailTemplate  = "email template"
	Script         = "script"
	Tree           = "tree"
	Node           = "node"
	Agent          = "agent"
	AgentGroup     = "agent group"
	Authentication = "authentication settings"
	IDStore        = "identity store"
	SecretStore    = "secret store"
	SecretMapping  = "secret mapping"
	ResourceType   = "resource type"
	PolicySet      = "policy set"
	Policy         = "policy"
	User           = "user"
	Application    = "application"
)

// order is the order of imports: what others name comes first.
var order = []string{
	Realm, GlobalService, CORS, EmailTemplate, Script, SecretStore, SecretMapping, Service, ServicePart, IDStore, AgentGroup, Agent, ResourceType, PolicySet, Policy, Node, Tree, Authentication,
	User, Application,
}

// Entity is one object of a realm, or of the whole server.
type Entity struct {
	Kind string
	// Type is the type of agents and their groups, nodes, secret stores and parts of services.
	Type string
	// Realm is the path; "" for the whole server.
	Realm string
	ID    string
	// Parent is the secret store of a mapping, and the service of a part.
	Parent string
	Body   Object
	// Source is the file, and where in it.
	Source string
}

// String names the entity.
func (e *Entity) String() string {
	s := e.Kind
	if e.Type != "" {
		s += " " + e.Type
	}
	switch {
	case e.Kind == Realm && realmPath(e.ID) != "":
		s += " " + realmPath(e.ID)
	case e.ID != "":
		s += " " + e.ID
	}
	if e.Realm != "" {
		s += " of " + e.Realm
	}
	return s
}

// sorted puts entities in the order of imports, realms before those below them.
func sorted(list []Entity) []Entity {
	slices.SortStableFunc(list, func(a, b Entity) int {
		if n := slices.Index(order, a.Kind) - slices.Index(order, b.Kind); n != 0 {
			return n
		}
		if a.Kind == SecretStore { // passwords of key stores are in folders
			return cmp.Compare(a.Type, b.Type)
		}
		if a.Kind == Realm {
			return cmp.Compare(len(realmPath(a.ID)), len(realmPath(b.ID)))
		}
		return 0
	})
	return list
}

// realmPath is the path that the ID of a realm stands for.
func realmPath(id string) string {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(id, "="))
	if err != nil {
		return ""
	}
	return string(raw)
}

// realmID is the reverse.
func realmID(path string) string { return base64.RawURLEncoding.EncodeToString([]byte(path)) }

var agentTypes = []string{
	"OAuth2Client", "IdentityGatewayAgent", "TrustedJwtIssuer", "WebAgent", "J2EEAgent", "2.2_Agent", "SharedAgent", "RemoteConsentAgent",
	"SoftwarePublisher", "AIAgent", "SoapSTSAgent",
}

var storeTypes = []string{
	"KeyStoreSecretStore", "FileSystemSecretStore", "EnvironmentAndSystemPropertySecretStore", "HsmSecretStore",
	"GoogleSecretManagerSecretStoreProvider", "GoogleKeyManagementServiceSecretStore",
}

// Services that have parts of their own: directories of users, origins of pages.
const (
	idStores    = "id-repositories"
	corsService = "CorsService"
)

// emailTemplates begins the IDs of templates of mails, which identity management has for all realms.
const emailTemplates = "emailTemplate/"

// socialProviders is the service whose parts are social identity providers.
const socialProviders = "SocialIdentityProviders"

// environmentStore is the secret store that only the whole server has, once.
const environmentStore = "EnvironmentAndSystemPropertySecretStore"

// wholeServerKind tells whether objects of a kind may belong to no realm.
func wholeServerKind(kind string) bool {
	return slices.Contains([]string{Realm, GlobalService, CORS, EmailTemplate, Application}, kind)
}

// wholeServer are services that no realm has.
var wholeServer = []string{corsService, "rest"}

// directoryTypes are those of directories of users.
var directoryTypes = []string{"LDAPv3", "LDAPv3ForOpenDS", "LDAPv3ForAD", "LDAPv3ForForgeRockIAM", "LDAPv3ForADAM", "LDAPv3ForAMDS", "LDAPv3ForTivoli"}

// Services that objects say by their _type.
var serviceTypes = []string{
	"oauth-oidc", "validation", "baseurl", "session", "RemoteConsentService", "amSessionPropertyWhitelist", "audit", "email", "idm-integration",
	"policyconfiguration", "pushNotification", "selfService", "SocialIdentityProviders", "transaction", "uma", "user",
}

// auditHandlers are types of parts of the service audit.
var auditHandlers = []string{"CSV", "Elasticsearch", "JDBC", "JMS", "JSON", "JSONStdout", "Splunk", "Syslog"}

// serviceOfPart is the service that parts of that type belong to, "" for no known one.
func serviceOfPart(kind string) string {
	switch {
	case slices.Contains(auditHandlers, kind):
		return "audit"
	case strings.HasSuffix(kind, "Config") && kind != "Config":
		return socialProviders
	}
	return ""
}

const trees = "realm-config/authentication/authenticationtrees"

// path is the entity's address below its realm, and that of its collection; ok is false for what this server has no
// place for.
func (e *Entity) path() (object, collection string, ok bool) {
	esc := url.PathEscape
	in := func(collection string) (string, string, bool) {
		return collection + "/" + esc(e.ID), collection, e.ID != ""
	}
	switch e.Kind {
	case Realm:
		return in("global-config/realms")
	case Service:
		return "realm-config/services/" + esc(e.ID), "realm-config/services/" + esc(e.ID), e.ID != ""
	case ServicePart:
		return in("realm-config/services/" + esc(e.Parent) + "/" + esc(e.Type))
	case GlobalService:
		return "global-config/services/" + esc(e.ID), "", e.ID != ""
	case CORS:
		return in("global-config/services/CorsService/configuration")
	case EmailTemplate:
		return in("openidm/config/emailTemplate")
	case Script:
		return in("scripts")
	case Agent:
		return in("realm-config/agents/" + esc(e.Type))
	case AgentGroup:
		return in("realm-config/agents/groups/" + esc(e.Type))
	case Tree:
		return in(trees + "/trees")
	case Node:
		return in(trees + "/nodes/" + esc(e.Type))
	case Authentication:
		return "realm-config/authentication", "", true
	case SecretStore:
		if e.Type == environmentStore {
			return "global-config/secrets/stores/" + e.Type, "", true
		}
		return in("realm-config/secrets/stores/" + esc(e.Type))
	case IDStore:
		return in("realm-config/services/" + idStores + "/" + esc(e.Type))
	case SecretMapping:
		return in("realm-config/secrets/stores/" + esc(e.Type) + "/" + esc(e.Parent) + "/mappings")
	case ResourceType:
		return in("resourcetypes")
	case PolicySet:
		return in("applications")
	case Policy:
		return in("policies")
	case User:
		return in("users")
	case Application:
		return in("managed/" + esc(managed(e.Realm, "application")))
	}
	return "", "", false
}

// managed is the name of a kind of managed objects of a realm (Advanced Identity Cloud).
func managed(realm, kind string) string {
	if realm == "/" || realm == "" {
		return kind
	}
	return strings.TrimPrefix(realm, "/") + "_" + kind
}

// classify finds out what an object is, by its _type or by its members. Realm and Source are the caller's; ok is false
// for what nobody knows.
func classify(o Object, id, realm, source string) (e Entity, ok bool) {
	e = Entity{Realm: realm, Body: o, Source: source, ID: cmp.Or(id, text(o["_id"]))}
	kind, _ := o["_type"].(Object)
	t := text(kind["_id"])
	has := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(n string) bool { _, ok := o[n]; return !ok })
	}
	switch {
	case slices.Contains(agentTypes, t):
		e.Kind, e.Type = Agent, t
	case slices.Contains(serviceTypes, t) && kind["collection"] != true:
		e.Kind, e.ID = Service, t
		if has("defaults") || realm == "" {
			e.Kind, e.Realm = GlobalService, ""
		}
	case slices.Contains(storeTypes, t):
		e.Kind, e.Type = SecretStore, t
	case t == "mappings" && has("secretId"):
		e.Kind, e.ID = SecretMapping, text(o["secretId"])
	case (t == corsService || t == "configuration") && has("acceptedOrigins"):
		e.Kind, e.Realm = CORS, ""
	case strings.HasPrefix(text(o["_id"]), emailTemplates) && has("subject"):
		e.Kind, e.Realm, e.ID = EmailTemplate, "", strings.TrimPrefix(text(o["_id"]), emailTemplates)
	case slices.Contains(directoryTypes, t):
		e.Kind, e.Type = IDStore, t
	case t == "trees" || has("entryNodeId", "nodes"):
		e.Kind = Tree
	case has("core", "security") || t == "EMPTY" && has("core"):
		e.Kind, e.ID = Authentication, ""
	case has("script", "language", "context"):
		e.Kind = Script
	case has("parentPath", "name", "active"):
		e.Kind, e.Realm = Realm, ""
		if e.ID == "" || realmPath(e.ID) == "" {
			e.ID = realmID(join(text(o["parentPath"]), text(o["name"])))
		}
	case has("patterns", "actions"):
		e.Kind = ResourceType
		e.ID = cmp.Or(text(o["uuid"]), e.ID)
	case has("applicationName", "actionValues"), has("applicationName", "resourceTypeUuid"):
		e.Kind = Policy
		e.ID = cmp.Or(e.ID, text(o["name"]))
	case has("applicationType", "resourceTypeUuids"):
		e.Kind = PolicySet
		e.ID = cmp.Or(e.ID, text(o["name"]))
	case has("ssoEntities", "templateName"):
		e.Kind = Application
	case has("_outcomes") || strings.HasSuffix(t, "Node"):
		e.Kind, e.Type = Node, t
	case kind["collection"] == true && serviceOfPart(t) != "" && realm != "":
		e.Kind, e.Type, e.Parent = ServicePart, t, serviceOfPart(t)
	case t == "" && has("username", "universalid"), t == "" && has("username", "userpassword"):
		e.Kind, e.ID = User, cmp.Or(e.ID, text(o["username"]))
	case t != "" && t != "EMPTY" && kind["collection"] == false:
		// A service that is not in the list: whether this server has it is for the server to say.
		e.Kind, e.ID = Service, t
		if has("defaults") || realm == "" || slices.Contains(wholeServer, t) {
			e.Kind, e.Realm = GlobalService, ""
		}
	default:
		return e, false
	}
	return e, true
}

func join(parent, name string) string {
	switch {
	case name == "/":
		return "/"
	case parent == "" || parent == "/":
		return "/" + name
	}
	return strings.TrimSuffix(parent, "/") + "/" + name
}

// rooted is the path of a realm with its slash, "" for none.
func rooted(path string) string {
	if path == "" {
		return ""
	}
	return "/" + strings.Trim(path, "/")
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
