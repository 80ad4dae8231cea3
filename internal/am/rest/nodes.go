package rest

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/store"
)

// nodes are the nodes of all trees.
type nodes struct {
	*Server
	types map[string]*Type
}

func (s *Server) nodes() []*Resource {
	v := nodes{s, nodeTypes(s.Login.Trees.Types)}
	kinds := func(*Call) (any, error) { return Object{"result": v.kinds()}, nil }
	ofType := Resource{
		Path: treesPath + "/nodes/{type}", Check: func(c *Call) error { return checkID(c.Vars["type"]) },
		Query: func(c *Call) ([]Object, error) { return v.list(c, c.Vars["type"]) },
		Read:  v.read, Create: v.create, Update: v.update, Delete: v.delete,
		Actions: map[string]Action{
			"schema":       {Do: func(c *Call) (any, error) { t, err := v.known(c); return t.schema(), err }},
			"template":     {Do: func(c *Call) (any, error) { t, err := v.known(c); return t.template(), err }},
			"getType":      {Do: func(c *Call) (any, error) { t, err := v.known(c); return t.kind(), err }},
			"getAllTypes":  {Do: noResult},
			"listOutcomes": {Do: v.outcomes},
			"nextdescendents": {Do: func(c *Call) (any, error) {
				list, err := v.list(c, c.Vars["type"])
				return Object{"result": list}, err
			}},
		},
	}
	versioned := ofType
	versioned.Path, versioned.Version = versioned.Path+"/{version:number}", "3.0"
	return []*Resource{
		{
			Path: treesPath + "/nodes", Actions: map[string]Action{
				"getAllTypes":       {Do: kinds},
				"getCreatableTypes": {Do: kinds},
				"nextdescendents":   {Do: func(c *Call) (any, error) { list, err := v.list(c, ""); return Object{"result": list}, err }},
			},
		},
		&ofType, &versioned,
	}
}

// nodeTypes describes the settings of nodes: those of the structs that run.
func nodeTypes(list []*journey.Type) map[string]*Type {
	out := map[string]*Type{}
	for _, t := range list {
		out[t.ID] = &Type{ID: t.ID, Name: t.Name, Collection: true, Lenient: true, Groups: groupsOf(t.New(), nil, options{
			"comparisonOperation": enum("PRESENT", "EQUALS"), "password": secret, "adminPassword": secret, "hmacSigningKey": secret, "sameSite": enum("STRICT", "LAX", "NONE"), "searchScope": enum("OBJECT", "ONE_LEVEL", "SUBTREE"), "ldapConnectionMode": enum("LDAP", "LDAPS", "START_TLS"),
			"heartbeatTimeUnit": enum("SECONDS", "MINUTES", "HOURS"), "affinityLevel": enum("NONE", "BIND", "ALL"), "lockAction": enum("LOCK", "UNLOCK"), "interval": enum("AT", "EVERY"), "sslOption": enum("SSL", "START_TLS", "NON_SSL"),
			"algorithm": enum("TOTP", "HOTP"), "totpHashAlgorithm": enum("HMAC_SHA1", "HMAC_SHA256", "HMAC_SHA512"),
			"passwordLength": enum("SIX_DIGITS", "EIGHT_DIGITS"), "accountName": enum("USERNAME", "EMAIL_ADDRESS"),
			"userVerificationRequirement": enum("REQUIRED", "PREFERRED", "DISCOURAGED"), "attestationPreference": enum("NONE", "INDIRECT", "DIRECT"),
			"authenticatorAttachment": enum("UNSPECIFIED", "PLATFORM", "CROSS_PLATFORM"), "recoveryCodeType": enum("OATH", "PUSH", "WEB_AUTHN"),
		})}
	}
	return out
}

func (v nodes) kinds() []Object {
	list := []Object{}
	for _, t := range v.Login.Trees.Types {
		list = append(list, Object{"_id": t.ID, "name": t.Name, "collection": true, "tags": t.Tags, "metadata": Object{"tags": t.Tags}})
	}
	return list
}

// typeOf describes nodes of a type; those that this server does not have are kept as they are.
func (v nodes) typeOf(id string) *Type {
	if t, ok := v.types[id]; ok {
		return t
	}
	return &Type{ID: id, Name: id, Collection: true, Open: true}
}

func (v nodes) known(c *Call) (*Type, error) {
	if t, ok := v.types[c.Vars["type"]]; ok {
		return t, nil
	}
	return &Type{}, noRoute(c.Vars["type"])
}

func (v nodes) print(c *Call, kind, id string, body json.RawMessage) (Object, error) {
	o, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	version := o[nodeVersion]
	if asked := c.Vars["version"]; version == nil && asked != "" {
		version = asked
	}
	delete(o, nodeVersion)
	out := v.typeOf(kind).terse(id, o)
	if of, ok := out["_type"].(Object); ok && version != nil {
		of["version"] = version
	}
	names, err := v.outcomesOf(c, kind, body)
	if err != nil {
		return nil, err
	}
	if names != nil {
		out["_outcomes"] = names
	}
	if list, ok := out["nodes"].([]any); ok && kind == "PageNode" {
		list = slices.Clone(list)
		for i, node := range list {
			list[i] = withVersion(node, "nodeVersion")
		}
		out["nodes"] = list
	}
	return out, nil
}

// nodeVersion is the member that says which version of its type a node was made for, where that was said.
const nodeVersion = "_version"

// versionOf is the version in the address, else that in the body.
func versionOf(c *Call, body Object) string {
	if v := c.Vars["version"]; v != "" {
		return v
	}
	kind, _ := body["_type"].(Object)
	version, _ := kind["version"].(string)
	return version
}

// warn tells which settings of a node have no effect: those that its type does not have here, as newer versions may.
func (v nodes) warn(c *Call, t *Type, id, version string, o Object) {
	var without []string
	for name := range o {
		if !t.Open && !slices.Contains(t.names(), name) {
			without = append(without, name)
		}
	}
	if len(without) > 0 {
		slices.Sort(without)
		v.Log.Warn("settings of a node are kept, and have no effect here", "realm", c.realmPath(), "type", t.ID, "node", id, "version", version, "settings", without)
	}
}

// outcomesOf lists the outcomes of a node with those settings; nil for types that this server does not have.
func (v nodes) outcomesOf(c *Call, kind string, body json.RawMessage) ([]Object, error) {
	t, ok := v.Login.Trees.Type(kind)
	if !ok {
		return nil, nil
	}
	n := t.New()
	if err := json.Unmarshal(body, n); err != nil {
		return nil, badRequest("The node could not be read").because(err)
	}
	if page, ok := n.(*journey.Page); ok {
		err := page.Resolve(func(kind, id string) (journey.Node, error) {
			t, ok := v.Login.Trees.Type(kind)
			raw, err := v.Login.Trees.NodeBody(c.Context(), c.realmPath(), kind, id)
			if !ok || errors.Is(err, store.ErrNotFound) || kind == "PageNode" {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			n := t.New()
			return n, json.Unmarshal(raw, n)
		})
		if err != nil {
			return nil, err
		}
	}
	list := []Object{}
	for _, name := range n.Outcomes() {
		list = append(list, Object{"id": name, "displayName": title(name, nil)})
	}
	return list, nil
}

func (v nodes) outcomes(c *Call) (any, error) {
	t, err := v.known(c)
	if err != nil {
		return nil, err
	}
	o, err := t.normal(c.Body, nil)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	return v.outcomesOf(c, t.ID, raw)
}

// list prints the nodes of a type, of all types when it is "".
func (v nodes) list(c *Call, kind string) ([]Object, error) {
	docs, err := v.docs.List(c.Context(), c.realmPath(), journey.KindNode)
	if err != nil {
		return nil, err
	}
	bodies := map[string]json.RawMessage{}
	for _, t := range v.Login.Trees.Shipped {
		maps.Copy(bodies, t.Nodes)
		for id, link := range t.Tree.Nodes {
			key := journey.NodeID(link.Type, id)
			if bodies[key] == nil {
				bodies[key] = json.RawMessage("{}")
			}
		}
	}
	for _, d := range docs {
		bodies[d.ID] = d.Body
	}
	list := []Object{}
	for _, key := range slices.Sorted(maps.Keys(bodies)) {
		of, id := cutNodeID(key)
		if kind != "" && of != kind {
			continue
		}
		o, err := v.print(c, of, id, bodies[key])
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

func cutNodeID(key string) (kind, id string) {
	for i := range key {
		if key[i] == ' ' {
			return key[:i], key[i+1:]
		}
	}
	return key, ""
}

func (v nodes) read(c *Call, id string) (Object, error) {
	kind := c.Vars["type"]
	d, err := c.get(journey.KindNode, journey.NodeID(kind, id))
	if errors.Is(err, store.ErrNotFound) {
		d.Body, err = v.Login.Trees.NodeBody(c.Context(), c.realmPath(), kind, id) // it may be shipped
	}
	if err != nil {
		return nil, err
	}
	return v.print(c, kind, id, d.Body)
}

func (v nodes) create(c *Call, id string, body Object) (Object, error) {
	return v.put(c, cmp.Or(id, uuid.NewString()), body, func(d store.Doc) error {
		_, err := v.docs.Create(c.Context(), c.realmPath(), journey.KindNode, d)
		return err
	})
}

func (v nodes) update(c *Call, id string, body Object) (Object, error) {
	return v.put(c, id, body, func(d store.Doc) error {
		return c.over(c.realmPath(), journey.KindNode, d)
	})
}

func (v nodes) put(c *Call, id string, body Object, write func(store.Doc) error) (Object, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	kind := c.Vars["type"]
	t := v.typeOf(kind)
	key := journey.NodeID(kind, id)
	in := maps.Clone(body)
	delete(in, "_outcomes")
	o, err := t.normal(in, nil)
	if err != nil {
		return nil, err
	}
	var stored Object
	if old, err := c.get(journey.KindNode, key); err == nil {
		if stored, err = decodeObject(old.Body); err != nil {
			return nil, err
		}
	}
	t.sealSecrets(v.Realms, o, stored)
	version := versionOf(c, body)
	v.warn(c, t, id, version, o)
	if version != "" {
		o[nodeVersion] = version
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	if err := v.check(kind, raw); err != nil { // kept all the same: an import loses nothing
		v.Log.WarnContext(c.Context(), "a node will not run as it is set", "realm", c.realmPath(), "type", kind, "node", id, "error", err)
	}
	printed, err := v.print(c, kind, id, raw)
	if err != nil {
		return nil, err
	}
	return printed, write(store.Doc{ID: key, Body: raw})
}

// check finds what is wrong with the settings of a node.
func (v nodes) check(kind string, raw json.RawMessage) error {
	t, ok := v.Login.Trees.Type(kind)
	if !ok {
		return nil
	}
	n := t.New()
	if err := json.Unmarshal(raw, n); err != nil {
		return err
	}
	if n, ok := n.(interface{ Check() error }); ok {
		return n.Check()
	}
	return nil
}

func (v nodes) delete(c *Call, id string) (Object, error) {
	o, err := v.read(c, id)
	if err != nil {
		return nil, err
	}
	err = c.remove(c.realmPath(), journey.KindNode, journey.NodeID(c.Vars["type"], id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, refuse(http.StatusForbidden, "The node is part of the server and cannot be removed")
	}
	return o, err
}
