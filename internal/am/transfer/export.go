package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Export reads the configuration of a realm, of all realms when it is "". Users are not configuration and stay. Secrets
// are not shown by the administration interface; see Secrets.
func Export(ctx context.Context, api API, realm string) ([]Entity, error) {
	x := &exporter{ctx: ctx, api: api}
	realms, err := x.list("", "global-config/realms?_queryFilter=true", http.MethodGet)
	if err != nil {
		return nil, err
	}
	found := false
	for _, o := range realms {
		path := realmPath(text(o["_id"]))
		if realm != "" && path != realm {
			continue
		}
		found = true
		x.add(Entity{Kind: Realm, ID: text(o["_id"]), Body: o})
		if err := x.realm(path); err != nil {
			return nil, fmt.Errorf("export %s: %w", path, err)
		}
	}
	if !found {
		return nil, fmt.Errorf("there is no realm %s", realm)
	}
	if realm == "" {
		if err := x.global(); err != nil {
			return nil, err
		}
	}
	return sorted(x.entities), nil
}

// ownKeystore is the store of the keys that every realm makes for itself; they stay where they are.
const ownKeystore = "default-keystore"

type exporter struct {
	ctx      context.Context
	api      API
	entities []Entity
}

func (x *exporter) add(e Entity) {
	delete(e.Body, "_rev")
	x.entities = append(x.entities, e)
}

var errNotThere = errors.New("not there")

func (x *exporter) get(realm, path, method string) (Object, error) {
	var body any
	if method == http.MethodPost {
		body = Object{}
	}
	got, err := x.api.Call(x.ctx, method, realm, path, body)
	if err != nil {
		return nil, err
	}
	if got.Status == http.StatusNotFound || got.Status == http.StatusNotImplemented {
		return nil, errNotThere
	}
	if got.Status >= 300 {
		return nil, fmt.Errorf("read %s: %s", path, message(got.Status, got.Body))
	}
	v, err := decode(got.Body)
	o, _ := v.(Object)
	return o, err
}

func (x *exporter) list(realm, path, method string) ([]Object, error) {
	o, err := x.get(realm, path, method)
	if errors.Is(err, errNotThere) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Object
	result, _ := o["result"].([]any)
	for _, v := range result {
		if item, ok := v.(Object); ok {
			list = append(list, item)
		}
	}
	return list, nil
}

func (x *exporter) global() error {
	services, err := x.list("", "global-config/services?_action=nextdescendents", http.MethodPost)
	if err != nil {
		return err
	}
	for _, o := range services {
		x.add(Entity{Kind: GlobalService, ID: text(o["_id"]), Body: o})
	}
	environment, err := x.get("", "global-config/secrets/stores/"+environmentStore, http.MethodGet)
	if err == nil {
		x.add(Entity{Kind: SecretStore, Type: environmentStore, ID: environmentStore, Body: environment})
	} else if !errors.Is(err, errNotThere) {
		return err
	}
	cors, err := x.list("", "global-config/services/CorsService/configuration?_queryFilter=true", http.MethodGet)
	if err != nil {
		return err
	}
	for _, o := range cors {
		x.add(Entity{Kind: CORS, ID: text(o["_id"]), Body: o})
	}
	templates, err := x.list("", "openidm/config/emailTemplate?_queryFilter=true", http.MethodGet)
	if err != nil {
		return err
	}
	for _, o := range templates {
		x.add(Entity{Kind: EmailTemplate, ID: strings.TrimPrefix(text(o["_id"]), emailTemplates), Body: o})
	}
	return nil
}

func (x *exporter) realm(realm string) error {
	all := func(kind, of, path, method string) error {
		list, err := x.list(realm, path, method)
		for _, o := range list {
			e := Entity{Kind: kind, Type: of, Realm: realm, ID: text(o["_id"]), Body: o}
			if t, ok := o["_type"].(Object); ok && (kind == Node || kind == Agent || kind == AgentGroup || kind == SecretStore || kind == IDStore) {
				e.Type = text(t["_id"])
			}
			if kind == Script && o["default"] == true && o["lastModifiedBy"] == "null" {
				continue // as it is shipped
			}
			if kind == SecretStore && e.ID == ownKeystore || kind == Service && e.ID == idStores {
				continue
			}
			if kind == Agent && inGroup(o) {
				// A list has bare values: it does not say which are the group's.
				if e.Body, err = x.get(realm, "realm-config/agents/"+url.PathEscape(e.Type)+"/"+url.PathEscape(e.ID), http.MethodGet); err != nil {
					return err
				}
			}
			x.add(e)
			switch kind {
			case SecretStore:
				err = x.mappings(&e)
			case Service:
				err = x.parts(&e)
			}
			if err != nil {
				return err
			}
		}
		return err
	}
	steps := []struct{ kind, of, path, method string }{
		{Service, "", "realm-config/services?_action=nextdescendents", http.MethodPost},
		{IDStore, "", "realm-config/services/" + idStores + "?_action=nextdescendents", http.MethodPost},
		{Script, "", "scripts?_queryFilter=true", http.MethodGet},
		{SecretStore, "", "realm-config/secrets/stores?_action=nextdescendents", http.MethodPost},
		{ResourceType, "", "resourcetypes?_queryFilter=true", http.MethodGet},
		{PolicySet, "", "applications?_queryFilter=true", http.MethodGet},
		{Policy, "", "policies?_queryFilter=true", http.MethodGet},
		{Node, "", trees + "/nodes?_action=nextdescendents", http.MethodPost},
		{Tree, "", trees + "/trees?_queryFilter=true", http.MethodGet},
		{Application, "", "managed/" + url.PathEscape(managed(realm, "application")) + "?_queryFilter=true", http.MethodGet},
	}
	steps = append(steps, struct{ kind, of, path, method string }{AgentGroup, "", "realm-config/agents/groups?_queryFilter=true", http.MethodGet})
	for _, t := range agentTypes {
		steps = append(steps, struct{ kind, of, path, method string }{Agent, t, "realm-config/agents/" + t + "?_queryFilter=true", http.MethodGet})
	}
	for _, s := range steps {
		if err := all(s.kind, s.of, s.path, s.method); err != nil {
			return err
		}
	}
	settings, err := x.get(realm, "realm-config/authentication", http.MethodGet)
	if err == nil {
		x.add(Entity{Kind: Authentication, Realm: realm, Body: settings})
	}
	return err
}

// inGroup tells whether a profile names a group, beside its settings or among those of a tab.
func inGroup(o Object) bool {
	if text(o["agentgroup"]) != "" {
		return true
	}
	for _, v := range o {
		if tab, ok := v.(Object); ok && text(tab["agentgroup"]) != "" {
			return true
		}
	}
	return false
}

func (x *exporter) parts(s *Entity) error {
	list, err := x.list(s.Realm, "realm-config/services/"+url.PathEscape(s.ID)+"?_action=nextdescendents", http.MethodPost)
	for _, o := range list {
		kind, _ := o["_type"].(Object)
		x.add(Entity{Kind: ServicePart, Type: text(kind["_id"]), Parent: s.ID, Realm: s.Realm, ID: text(o["_id"]), Body: o})
	}
	return err
}

func (x *exporter) mappings(s *Entity) error {
	list, err := x.list(s.Realm, "realm-config/secrets/stores/"+url.PathEscape(s.Type)+"/"+url.PathEscape(s.ID)+"/mappings?_queryFilter=true", http.MethodGet)
	for _, o := range list {
		x.add(Entity{Kind: SecretMapping, Type: s.Type, Parent: s.ID, Realm: s.Realm, ID: text(o["_id"]), Body: o})
	}
	return err
}

// Secrets puts secrets into exported entities: plain returns the texts of the secrets of an object's document by their
// places in it, "coreOAuth2ClientConfig/userpassword".
func Secrets(entities []Entity, plain func(e *Entity) (map[string]string, error)) error {
	for i := range entities {
		e := &entities[i]
		found, err := plain(e)
		if err != nil {
			return fmt.Errorf("secrets of %s: %w", e, err)
		}
		for at, secret := range found {
			place(e.Body, at, secret)
		}
	}
	return nil
}

func place(o Object, at, value string) {
	for {
		first, rest, more := strings.Cut(at, "/")
		if !more {
			o[first] = value
			return
		}
		inner, ok := o[first].(Object)
		if !ok {
			inner = Object{}
			o[first] = inner
		}
		o, at = inner, rest
	}
}

func indented(v any) ([]byte, error) {
	raw, err := json.MarshalIndent(v, "", "  ")
	return append(raw, '\n'), err
}
