package rest

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/google/uuid"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/login/selfservice"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// KindManaged is the kind of documents of managed applications and roles; ID: "application <id>", "role <id>".
const KindManaged = "managed"

// managed are objects of PingOne Advanced Identity Cloud that consoles and tools make beside a client: applications and
// roles, which are kept and mean nothing to this server, and users, which are the realm's; the administrator is none of
// them, for tokens that manage users must not get hold of the server. They are at
// <host>/openidm/managed/<realm>_application, or /openidm/managed/application for the root realm.
type managed struct{ *Server }

func (s *Server) managed() []*Resource {
	v := managed{s}
	res := Resource{
		Path: "openidm/managed/{object}", Global: true, Identities: true, Check: v.address, Complete: true,
		Query: v.query, Read: v.read, Create: v.create, Update: v.update, Delete: v.delete, Exists: "Object already exists",
	}
	ofRoot := res
	ofRoot.Path = "openidm/managed//{object}" // of the realm "/", as tools write it: "/_application"
	return []*Resource{&res, &ofRoot}
}

// Members of Call.Vars that address makes of {object}.
const managedKind = "kind"

// address finds the realm and the kind of "alpha_application".
func (v managed) address(c *Call) error {
	if err := administrators(c); err != nil {
		return err // who may not ask does not learn which realms there are
	}
	object := c.Vars["object"]
	path, kind := "/", object
	if i := strings.LastIndexByte(object, '_'); i >= 0 {
		path, kind = "/"+object[:i], object[i+1:]
	}
	rl, ok := v.Realms.Find(path)
	if !ok || kind != "application" && kind != "role" && kind != "user" {
		return noRoute("managed/" + object)
	}
	c.Realm, c.Vars[managedKind] = rl, kind
	return nil
}

func managedID(c *Call, id string) string { return c.Vars[managedKind] + " " + id }

func (v managed) query(c *Call) ([]Object, error) {
	list := []Object{}
	if c.Vars[managedKind] == "user" {
		text := wanted(c.Filter, plainMember)
		err := v.docs.Walk(c.Context(), c.realmPath(), store.KindUser, store.Span{}, func(d store.Doc) (bool, error) {
			if lacks(d.Body, text) {
				return true, nil
			}
			u, err := realm.ParseUser(d)
			if err != nil || login.IsAdmin(c.realmPath(), u.Name) {
				return true, err
			}
			o, err := v.managedUser(u)
			list = append(list, o)
			return true, err
		})
		return list, err
	}
	prefix := managedID(c, "")
	err := v.docs.Walk(c.Context(), c.realmPath(), KindManaged, store.Span{Prefix: prefix}, func(d store.Doc) (bool, error) {
		o, err := decodeObject(d.Body)
		if err == nil {
			o["_id"] = strings.TrimPrefix(d.ID, prefix)
			list = append(list, o)
		}
		return true, err
	})
	return list, err
}

func (v managed) read(c *Call, id string) (Object, error) {
	if c.Vars[managedKind] == "user" {
		u, err := c.user(id)
		if err == nil && login.IsAdmin(c.realmPath(), id) {
			err = notFound()
		}
		if err != nil {
			return nil, err
		}
		return v.managedUser(u)
	}
	d, err := c.get(KindManaged, managedID(c, id))
	if err != nil {
		return nil, err
	}
	o, err := decodeObject(d.Body)
	if err == nil {
		o["_id"] = id
	}
	return o, err
}

func (v managed) create(c *Call, id string, body Object) (Object, error) {
	if c.Vars[managedKind] == "user" {
		u := userOfManaged(body)
		if name, _ := u["username"].(string); login.IsAdmin(c.realmPath(), name) {
			return nil, store.ErrConflict
		}
		more, err := v.selfServiceOf(c, body, nil)
		if err == nil {
			more[attributeCustom], err = customOf(body)
		}
		if err != nil {
			return nil, err
		}
		made, err := v.makeUser(c, "", u, more)
		if err != nil {
			return nil, err
		}
		name, _ := made["username"].(string)
		return v.read(c, name)
	}
	if id == "" {
		id = uuid.NewString()
	}
	if err := checkID(id); err != nil {
		return nil, err
	}
	return v.store(c, id, body, true)
}

func (v managed) update(c *Call, id string, body Object) (Object, error) {
	if c.Vars[managedKind] == "user" {
		changes, more, err := v.changesOf(c, id, body)
		if err == nil {
			more[attributeCustom], err = customOf(body)
		}
		if err != nil {
			return nil, err
		}
		if _, err := v.changeUser(c, id, changes, more); err != nil {
			return nil, err
		}
		c.seen = nil
		return v.read(c, id)
	}
	return v.store(c, id, body, false)
}

func (v managed) store(c *Call, id string, body Object, anew bool) (Object, error) {
	o := openObject(body)
	name, _ := o["name"].(string)
	if strings.TrimSpace(name) == "" {
		return nil, badRequest("Policy validation failed").with(Object{"failedPolicyRequirements": []Object{
			{"property": "name", "policyRequirements": []Object{{"policyRequirement": "REQUIRED"}}},
		}})
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	o["_id"] = id
	return o, v.write(c, store.Doc{ID: managedID(c, id), Body: raw}, name, anew)
}

func (v managed) delete(c *Call, id string) (Object, error) {
	o, err := v.read(c, id)
	if err != nil {
		return nil, err
	}
	if c.Vars[managedKind] == "user" {
		_, err := v.deleteUser(c, id)
		return o, err
	}
	return o, v.remove(c, id)
}

// userNames are the names of attributes here, by those of managed users.
var userNames = map[string]string{
	"givenName": "givenName", "sn": "sn", "mail": "mail", "telephoneNumber": "telephoneNumber", "cn": "cn", "description": "description",
	"postalAddress": "postalAddress", "city": "l", "stateProvince": "st", "postalCode": "postalCode", "country": "co",
}

// managedUser is a user of the realm as identity management shows it. Its _id is the name, which is the only ID users
// have on this server.
func (v managed) managedUser(u *realm.User) (Object, error) {
	o := Object{"_id": u.Name, "userName": u.Name, "accountStatus": "inactive"}
	if u.IsActive() {
		o["accountStatus"] = "active"
	}
	for name, attribute := range userNames {
		if values := u.Attribute(attribute); len(values) > 0 {
			o[name] = values[0]
		}
	}
	showCustom(o, u)
	return o, v.showSelfService(o, u)
}

// changesOf is what a body changes of the user. A patch brings all that a managed user has, of which what is the same
// stays as it is here, with more values than one and beside attributes that managed users do not have. more are attributes
// of the server's own making.
func (v managed) changesOf(c *Call, id string, body Object) (o Object, more map[string][]string, err error) {
	u, err := c.user(id)
	if err != nil {
		return nil, nil, err
	}
	if len(c.Operations) == 0 {
		more, err := v.selfServiceOf(c, body, u)
		return userOfManaged(body), more, err
	}
	was, err := v.managedUser(u)
	if err != nil {
		return nil, nil, err
	}
	changed := Object{}
	for name, v := range body {
		if !reflect.DeepEqual(v, was[name]) {
			changed[name] = v
		}
	}
	for _, name := range []string{selfservice.AttributePreferences, selfservice.AttributeTerms, selfservice.AttributeAnswers, memberAliases} {
		if was[name] != nil && body[name] == nil {
			changed[name] = nil // removed
		}
	}
	o = userOfManaged(changed)
	for name, attribute := range userNames {
		if _, had := was[name]; had && body[name] == nil {
			o[attribute] = []any{}
		}
	}
	c.Operations = nil // what is not named stays
	more, err = v.selfServiceOf(c, changed, u)
	return o, more, err
}

func userOfManaged(body Object) Object {
	o := Object{}
	for name, attribute := range userNames {
		if v, ok := body[name]; ok {
			o[attribute] = v
		}
	}
	if v, ok := body["userName"]; ok {
		o["username"] = v
	}
	if v, ok := body["password"]; ok {
		o["userpassword"] = v
	}
	switch body["accountStatus"] {
	case "active":
		o["inetUserStatus"] = "Active"
	case "inactive":
		o["inetUserStatus"] = "Inactive"
	}
	return o
}
