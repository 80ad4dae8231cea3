package rest

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/login/devices"
	"gatehouse/internal/am/login/selfservice"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// Limits of users' profiles and passwords.
const (
	minPassword  = 8
	maxPassword  = 1024
	maxAttribute = 64 << 10
	generalTime  = "20060102150405Z" // generalized time of directories
)

func (s *Server) users() []*Resource {
	return []*Resource{{
		Path: "users", Version: "4.1", Exists: "Resource already exists", ItemRev: "-1", Complete: true,
		Allow: allowUsers,
		Walk:  s.walkUsers, Query: collected(s.walkUsers), IDFields: []string{"_id", "username", "uid"}, FoldedIDs: true,
		Read: func(c *Call, id string) (Object, error) {
			find := c.user
			if c.Request.Method == http.MethodGet {
				find = c.anyUser
			}
			u, err := find(id)
			if err != nil {
				return nil, err
			}
			return userObject(c, u), nil
		},
		Create: s.createUser,
		Update: s.updateUser,
		Delete: s.deleteUser,
		Actions: map[string]Action{
			"idFromSession": {Open: true, Do: s.idFromSession},
			"validateGoto":  {Open: true, Do: s.validateGoto},
		},
		ItemActions: map[string]Action{"changePassword": {Do: s.changePassword}},
	}}
}

func (s *Server) walkUsers(c *Call, span store.Span, f func(string, Object) (bool, error)) error {
	text := wanted(c.Filter, plainAttribute)
	return s.docs.Walk(c.Context(), c.realmPath(), store.KindUser, span, func(d store.Doc) (bool, error) {
		if lacks(d.Body, text) {
			return true, nil
		}
		u, err := realm.ParseUser(d)
		if err != nil {
			return false, err
		}
		return f(d.ID, userObject(c, u))
	})
}

// allowUsers lets administrators do all, users read and change what is theirs, and agents read users of their realm.
func allowUsers(c *Call, v Verb) error {
	own := c.ID != "" && c.Caller.IsUser(c.realmPath(), c.ID)
	switch {
	case own && (v == VerbRead || v == VerbUpdate || v == VerbPatch || v == VerbAction):
		return nil
	case v == VerbRead && c.Caller.IsAgent(c.realmPath()):
		return nil
	}
	return administrators(c)
}

// protectedAttributes are those that users cannot give themselves.
func protectedAttributes() []string {
	return []string{strings.ToLower(string(devices.OATH)), strings.ToLower(string(devices.WebAuthn)), strings.ToLower(string(devices.Profile)), "inetuserstatus", "uid", "universalid", "dn", "objectclass", "memberof", "ismemberof", "createtimestamp", "modifytimestamp", "realm", "username", "isadmin",
		"iplanet-am-session-quota-limit", "iplanet-am-user-auth-config", "retrylimitnodecount", "termsaccepted", attributeAliases, attributeCustom}
}

// derived attributes are made when a profile is read; what a client sends of them is not kept.
func derived(name string) bool {
	switch strings.ToLower(name) {
	case "uid", "universalid", "dn", "objectclass", "realm", "username", "createtimestamp", "modifytimestamp", "roles":
		return true
	}
	return strings.HasPrefix(name, "_")
}

func userObject(c *Call, u *realm.User) Object {
	o := Object{}
	for name, values := range u.Attributes {
		if !strings.HasPrefix(name, "_") && !secretName(name) && !derived(name) && !hiddenAttribute(name) {
			o[name] = values
		}
	}
	sub := store.Subject{Type: login.TypeUser, Name: u.Name}
	o["_id"], o["username"], o["realm"] = u.Name, u.Name, c.realmPath()
	o["uid"] = []string{u.Name}
	o["universalid"] = []string{login.UniversalID(c.realmPath(), sub)}
	o["dn"] = []string{"uid=" + u.Name + ",ou=people," + login.RealmDN(c.realmPath())}
	o["objectClass"] = []string{"top", "person", "organizationalPerson", "inetOrgPerson", "inetuser"}
	setDefault(o, "inetUserStatus", u.Attribute("inetUserStatus"), "Active")
	setDefault(o, "cn", u.Attribute("cn"), u.Name)
	setDefault(o, "sn", u.Attribute("sn"), u.Name)
	for _, name := range []string{"createTimestamp", "modifyTimestamp"} {
		if at := u.Attribute(name); len(at) > 0 {
			o[name] = at
		}
	}
	return o
}

func setDefault(o Object, name string, have []string, other string) {
	if len(have) == 0 {
		o[name] = []string{other}
	}
}

// attributes reads what a client says of a user: attribute values, single or in lists; the password apart.
func attributes(body Object) (map[string][]string, string, error) {
	out := map[string][]string{}
	password := ""
	size := 0
	seen := map[string]bool{}
	for name, v := range body {
		folded := strings.ToLower(name)
		if seen[folded] {
			return nil, "", badRequest("The attribute %s is there twice", folded)
		}
		seen[folded] = true
		if strings.EqualFold(name, "userpassword") || strings.EqualFold(name, "password") {
			list := textValues(v)
			if len(list) != 1 {
				return nil, "", invalid("userpassword")
			}
			password = list[0]
			continue
		}
		if derived(name) || name == "" || v == nil || selfservice.IsSecret(name) {
			continue
		}
		if !validAttribute(name) {
			return nil, "", badRequest("Invalid attribute specified.").with(Object{"validAttributes": []string{}})
		}
		list := textValues(v)
		if list == nil {
			return nil, "", invalid(name)
		}
		for _, s := range list {
			size += len(s)
		}
		out[name] = list
	}
	if size > maxAttribute {
		return nil, "", refuse(http.StatusRequestEntityTooLarge, "The attributes are too large")
	}
	return out, password, nil
}

func validAttribute(name string) bool {
	return len(name) <= 100 && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
	})
}

// textValues reads one value or a list of them; nil when it is neither.
func textValues(v any) []string {
	out := []string{}
	for _, e := range listOf(v) {
		s, ok := scalar(e)
		if !ok {
			return nil
		}
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func checkPassword(password string) error {
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword:
		return badRequest("Minimum password length is %d.", minPassword)
	case len(password) > maxPassword:
		return badRequest("The password is too long.")
	}
	return nil
}

// newName is the name of a user or a group that is made: of the body, or of the address.
func newName(what, id string, body Object) (string, error) {
	name, _ := body["username"].(string)
	name = cmp.Or(name, id)
	if id != "" && !realm.SameUser(id, name) {
		return "", badRequest("name and URI's resource ID do not match")
	}
	name = strings.TrimSpace(name)
	if err := checkID(name); err != nil {
		return "", err
	}
	if !realm.ValidUserName(name) {
		return "", badRequest("The %s name is not valid", what)
	}
	return name, nil
}

func (s *Server) createUser(c *Call, id string, body Object) (Object, error) {
	return s.makeUser(c, id, body, nil)
}

// makeUser makes a user. more are attributes of the server's own making.
func (s *Server) makeUser(c *Call, id string, body Object, more map[string][]string) (Object, error) {
	name, err := newName("user", id, body)
	if err != nil {
		return nil, err
	}
	values, password, err := attributes(body)
	if err != nil {
		return nil, err
	}
	u := &realm.User{Name: name, Attributes: values}
	for name, list := range more {
		u.SetAttribute(name, list...)
	}
	if password != "" {
		if err := checkPassword(password); err != nil {
			return nil, err
		}
		if u.Password, err = s.hash(c, password); err != nil {
			return nil, err
		}
	}
	u.SetAttribute("createTimestamp", s.Now().UTC().Format(generalTime))
	d, err := u.Doc()
	if err != nil {
		return nil, err
	}
	if _, err := s.docs.Create(c.Context(), c.realmPath(), store.KindUser, d); err != nil {
		return nil, err
	}
	return userObject(c, u), nil
}

func (s *Server) hash(c *Call, password string) (string, error) {
	hash, err := s.Realms.HashPassword(c.Context(), password)
	if errors.Is(err, realm.ErrBusy) {
		return "", refuse(http.StatusServiceUnavailable, "").because(err)
	}
	return hash, err
}

// updateUser replaces the attributes that the body names; the others stay, an empty list removes one. A PATCH has
// them all.
func (s *Server) updateUser(c *Call, id string, body Object) (Object, error) {
	return s.changeUser(c, id, body, nil)
}

// changeUser is updateUser with attributes of the server's own making. Who names no revision changes the user as he is: each
// login may write to him.
func (s *Server) changeUser(c *Call, id string, body Object, more map[string][]string) (Object, error) {
	return c.again(func() (Object, error) { return s.changeUserOnce(c, id, body, more) })
}

func (s *Server) changeUserOnce(c *Call, id string, body Object, more map[string][]string) (Object, error) {
	u, err := c.user(id)
	if err != nil {
		return nil, err
	}
	if name := body["username"]; name != nil && !slices.ContainsFunc(textValues(name), func(n string) bool { return realm.UserID(n) == u.ID }) {
		return nil, badRequest("name and URI's resource ID do not match") // users cannot be renamed
	}
	values, password, err := attributes(body)
	if err != nil {
		return nil, err
	}
	if !c.Caller.Admin {
		if password != "" {
			return nil, refuse(http.StatusForbidden, "The password is changed with the action changePassword")
		}
		if err := sameProtected(u, values); err != nil {
			return nil, err
		}
		if err := s.confirmed(c, u, values); err != nil {
			return nil, err
		}
	}
	if len(c.Operations) > 0 {
		for name := range u.Attributes {
			if _, ok := values[name]; !ok && !derived(name) && !hiddenAttribute(name) {
				u.SetAttribute(name)
			}
		}
	}
	for _, given := range []map[string][]string{values, more} {
		for name, list := range given {
			u.SetAttribute(name, list...)
		}
	}
	if password != "" {
		if err := checkPassword(password); err != nil {
			return nil, err
		}
		if u.Password, err = s.hash(c, password); err != nil {
			return nil, err
		}
	}
	if login.IsAdmin(c.realmPath(), id) && !u.IsActive() {
		return nil, refuse(http.StatusForbidden, "The administrator cannot be made inactive")
	}
	if err := s.saveUser(c, u); err != nil {
		return nil, err
	}
	if password != "" || !u.IsActive() {
		if err := s.endOthers(c, u.Name); err != nil {
			return nil, err
		}
	}
	return userObject(c, u), nil
}

// sameProtected refuses changes of attributes that decide what a user may do.
func sameProtected(u *realm.User, values map[string][]string) error {
	for name, list := range values {
		if slices.Contains(protectedAttributes(), strings.ToLower(name)) && !slices.Equal(u.Attribute(name), list) {
			status := strings.EqualFold(name, "inetUserStatus") && u.Attribute(name) == nil && slices.Equal(list, []string{"Active"})
			if !status {
				return errNotAdmin
			}
		}
	}
	return nil
}

// confirmedAttributes are those that users change with their password only, in the header that is called so: who found a
// session left open must not get the mail that sets a new password (PingAM: protected user attributes).
var confirmedAttributes = []string{"telephoneNumber", "mail"}

const currentPassword = "currentpassword"

// confirmed refuses changes of those attributes without the password.
func (s *Server) confirmed(c *Call, u *realm.User, values map[string][]string) error {
	for _, name := range confirmedAttributes {
		next, given := []string(nil), len(c.Operations) > 0 // a patch has all attributes that are to stay
		for other, list := range values {
			if strings.EqualFold(name, other) {
				next, given = list, true
			}
		}
		have := u.Attribute(name)
		if !given || slices.Equal(have, next) {
			continue
		}
		wrong := badRequest("Must provide a valid confirmation password to change protected attribute (%s) from '%s' to '%s'", name, strings.Join(have, ","), strings.Join(next, ","))
		password := login.HeaderText(c.Request, currentPassword)
		if password == "" {
			return wrong
		}
		err := s.Login.CheckPassword(c.Context(), c.Realm, u.Name, password)
		switch refusal, ok := errors.AsType[*login.Refusal](err); {
		case ok && errors.Is(err, realm.ErrBusy):
			return refuse(http.StatusServiceUnavailable, "").because(err)
		case ok:
			return wrong.because(refusal)
		}
		return err // one password is for all of them
	}
	return nil
}

func (s *Server) saveUser(c *Call, u *realm.User) error {
	u.SetAttribute("modifyTimestamp", s.Now().UTC().Format(generalTime))
	d, err := u.Doc()
	if err != nil {
		return err
	}
	_, err = s.docs.Put(c.Context(), c.realmPath(), store.KindUser, d)
	return err
}

// endOthers ends the sessions of a user, but not the one that the request was made in.
func (s *Server) endOthers(c *Call, name string) error {
	list, err := s.sessions.ListOf(c.Context(), c.realmPath(), store.Subject{Type: login.TypeUser, Name: name})
	if err != nil {
		return err
	}
	for _, sess := range list {
		if c.Caller.Session != nil && c.Caller.Session.ID() == sess.ID() {
			continue
		}
		if err := s.Login.Destroy(c.Context(), sess); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) deleteUser(c *Call, id string) (Object, error) {
	if login.IsAdmin(c.realmPath(), id) {
		return nil, refuse(http.StatusForbidden, "The administrator cannot be deleted")
	}
	u, err := c.user(id)
	if err != nil {
		return nil, err
	}
	if err := c.remove(c.realmPath(), store.KindUser, u.ID); err != nil {
		return nil, err
	}
	sub := store.Subject{Type: login.TypeUser, Name: u.Name}
	_, err = s.Login.EndAll(c.Context(), c.Realm, sub)
	err = errors.Join(err, s.tokens.RevokeSubject(c.Context(), c.realmPath(), sub), s.leaveGroups(c, u.Name))
	if err != nil {
		return nil, refuse(http.StatusInternalServerError, "").because(errors.Join(errors.New("the user is deleted, what was his may be left"), err))
	}
	o := userObject(c, u)
	o["success"] = "true"
	return o, nil
}
