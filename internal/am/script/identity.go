package script

import (
	"context"
	"slices"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/groovy"
)

// SaveUser stores a user that a script changed.
type SaveUser func(ctx context.Context, rl *realm.Realm, u *realm.User) error

// identity is the profile of the user behind the token. The password is not among the
// attributes.
type identity struct {
	run     *run
	in      *Input
	user    *realm.User
	changed bool
}

// newIdentity is null for requests without a user.
func newIdentity(r *run, in *Input) groovy.Value {
	if in.User == nil {
		return nil
	}
	u := *in.User
	u.Attributes = make(map[string][]string, len(in.User.Attributes))
	for name, values := range in.User.Attributes {
		u.Attributes[name] = slices.Clone(values)
	}
	return &identity{run: r, in: in, user: &u}
}

// GroovyClass is AMIdentity.
func (*identity) GroovyClass() *groovy.Class { return identityClass }

var identityClass = &groovy.Class{
	Name: "com.sun.identity.idm.AMIdentity",
	Methods: map[string]groovy.Method{
		"getName":        onIdentity(0, func(i *identity, _ *groovy.Call) (groovy.Value, error) { return i.user.Name, nil }),
		"getRealm":       onIdentity(0, func(i *identity, _ *groovy.Call) (groovy.Value, error) { return organization(i.run.realmPath()), nil }),
		"getUniversalId": onIdentity(0, func(i *identity, _ *groovy.Call) (groovy.Value, error) { return i.universalID(), nil }),
		"isActive":       onIdentity(0, func(i *identity, _ *groovy.Call) (groovy.Value, error) { return i.user.IsActive(), nil }),
		"isExists":       onIdentity(0, func(*identity, *groovy.Call) (groovy.Value, error) { return true, nil }),
		"exists":         onIdentity(0, func(*identity, *groovy.Call) (groovy.Value, error) { return true, nil }),
		"getAttribute": onIdentity(1, func(i *identity, c *groovy.Call) (groovy.Value, error) {
			return setOf(i.values(text(c.Arg(0)))), nil
		}),
		"getAttributeValues": onIdentity(1, func(i *identity, c *groovy.Call) (groovy.Value, error) {
			return listOf(i.values(text(c.Arg(0)))), nil
		}),
		"getAttributes": onIdentity(-1, (*identity).attributes),
		"setAttribute":  onIdentity(2, (*identity).setAttribute),
		"addAttribute":  onIdentity(2, (*identity).addAttribute),
		"store":         onIdentity(0, func(i *identity, _ *groovy.Call) (groovy.Value, error) { return nil, i.save() }),
	},
	String: func(this groovy.Value) string { return this.(*identity).universalID() },
}

// nobodyHere is what the newer dialect finds where there is no such user.
type nobodyHere struct{}

// GroovyClass is that of users.
func (nobodyHere) GroovyClass() *groovy.Class { return nobodyHereClass }

var nobodyHereClass = func() *groovy.Class {
	c := &groovy.Class{Name: "org.forgerock.openam.scripting.api.identity.ScriptedIdentityScriptWrapper", Methods: map[string]groovy.Method{
		"exists": func(*groovy.Call) (groovy.Value, error) { return false, nil },
	}}
	for _, name := range []string{"getName", "getUniversalId", "getAttributeValues", "setAttribute", "addAttribute", "store"} {
		c.Methods[name] = func(*groovy.Call) (groovy.Value, error) {
			return nil, groovy.Throw("java.lang.NullPointerException", "%s: there is no such identity", name)
		}
	}
	return c
}()

// values are those of an attribute. What identity management calls by other names is there under those as well.
func (i *identity) values(name string) []string {
	values := i.user.Attribute(name)
	switch {
	case values != nil:
	case strings.EqualFold(name, "fr-idm-uuid"):
		return []string{i.user.ID}
	case strings.EqualFold(name, "inetUserStatus"):
		return []string{"Active"}
	}
	return values
}

func onIdentity(n int, do func(*identity, *groovy.Call) (groovy.Value, error)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		if n >= 0 && len(c.Args) != n {
			return nil, wrong(c)
		}
		return do(c.This.(*identity), c)
	}
}

// attributes gives the named attributes, or all: name to set of values.
func (i *identity) attributes(c *groovy.Call) (groovy.Value, error) {
	names, ok := texts(c.Arg(0))
	if len(c.Args) == 0 {
		names, ok = nil, true
		for name := range i.user.Attributes {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	if !ok {
		return nil, wrong(c)
	}
	out := groovy.NewMap()
	for _, name := range names {
		if values := i.user.Attribute(name); values != nil {
			out.Put(name, setOf(values))
		}
	}
	return out, nil
}

func (i *identity) setAttribute(c *groovy.Call) (groovy.Value, error) {
	values, ok := oneOrMore(c.Arg(1))
	if !ok {
		return nil, wrong(c)
	}
	return nil, i.change(text(c.Arg(0)), values)
}

func (i *identity) addAttribute(c *groovy.Call) (groovy.Value, error) {
	values, ok := oneOrMore(c.Arg(1))
	if !ok {
		return nil, wrong(c)
	}
	name := text(c.Arg(0))
	return nil, i.change(name, append(slices.Clone(i.user.Attribute(name)), values...))
}

// oneOrMore takes a text, or a collection of texts.
func oneOrMore(v groovy.Value) ([]string, bool) {
	if s, ok := textOf(v); ok {
		return []string{s}, true
	}
	return texts(v)
}

// change sets an attribute: at once in the older dialect, with store() in the newer one.
// Login data are no attributes: a script about claims must not take accounts over.
func (i *identity) change(name string, values []string) error {
	switch strings.ToLower(name) {
	case "userpassword", "username", "uid", "inetuserstatus":
		return unsupported("setAttribute: %s cannot be changed by scripts", name)
	}
	if name == "" || strings.HasPrefix(name, "_") || len(name) > 256 {
		return illegal("setAttribute: not the name of an attribute")
	}
	i.user.SetAttribute(name, values...)
	i.changed = true
	if i.run.nextGen {
		return nil
	}
	return i.save()
}

func (i *identity) save() error {
	if !i.changed {
		return nil
	}
	if i.run.eng.options.SaveUser == nil {
		return unsupported("this server does not let scripts change users")
	}
	if err := i.run.eng.options.SaveUser(i.run.ctx, i.in.Realm, i.user); err != nil {
		return err
	}
	i.changed = false
	return nil
}

func (i *identity) universalID() string {
	if s := i.in.Session; s != nil && s.UniversalID != "" && s.Subject == i.in.Subject {
		return s.UniversalID
	}
	return universalID(i.run.realmPath(), store.Subject{Type: "usr", Name: i.user.Name})
}

// universalID names a subject in the manner of a directory (PingAM: universal ID).
func universalID(realmPath string, s store.Subject) string {
	kind := "user"
	if s.Type != "usr" {
		kind = "agent"
	}
	return "id=" + s.Name + ",ou=" + kind + "," + organization(realmPath)
}

// organization names a realm in that manner.
func organization(realmPath string) string {
	var dn strings.Builder
	if parts := strings.FieldsFunc(realmPath, func(c rune) bool { return c == '/' }); len(parts) > 0 {
		for _, part := range slices.Backward(parts) {
			dn.WriteString("o=" + part + ",")
		}
		dn.WriteString("ou=services,")
	}
	return dn.String() + "dc=openam,dc=forgerock,dc=org"
}
