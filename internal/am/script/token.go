package script

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/am/store"
	"gatehouse/internal/groovy"
)

// token is the token that a script may change. The changes are made to a copy, which
// counts only if the script ends well.
type token struct {
	run *run
	t   store.Token
	// more are members that the answer of the token endpoint gets besides.
	more map[string]json.RawMessage
}

func newToken(r *run, t *store.Token) *token {
	k := &token{run: r, t: *t}
	k.t.Extra, k.t.Removed, k.t.Scopes = maps.Clone(t.Extra), slices.Clone(t.Removed), slices.Clone(t.Scopes)
	return k
}

// GroovyClass is the class of tokens.
func (k *token) GroovyClass() *groovy.Class { return tokenClass }

var tokenClass = &groovy.Class{
	Name: "org.forgerock.oauth2.core.AccessToken",
	Methods: withClaims(map[string]groovy.Method{
		"setMayAct": onToken(1, func(k *token, a []groovy.Value) (groovy.Value, error) {
			return nil, k.setClaim(&k.t.MayAct, "setMayAct", a[0])
		}),
		"setAct": onToken(1, func(k *token, a []groovy.Value) (groovy.Value, error) {
			return nil, k.setClaim(&k.t.Act, "setAct", a[0])
		}),
		"getMayAct": onToken(0, func(k *token, _ []groovy.Value) (groovy.Value, error) { return k.claim(k.t.MayAct), nil }),
		"getAct":    onToken(0, func(k *token, _ []groovy.Value) (groovy.Value, error) { return k.claim(k.t.Act), nil }),
		"setField":  onToken(2, func(k *token, a []groovy.Value) (groovy.Value, error) { return nil, k.setField(text(a[0]), a[1]) }),
		"getField":  onToken(1, func(k *token, a []groovy.Value) (groovy.Value, error) { return k.field(text(a[0])), nil }),
		"setFields": onToken(1, (*token).setFields),
		"removeField": onToken(1, func(k *token, a []groovy.Value) (groovy.Value, error) {
			k.removeField(text(a[0]))
			return nil, nil
		}),
		"addExtraData":     onToken(2, (*token).addExtraData),
		"addExtraJsonData": onToken(2, (*token).addExtraJSON),
		"setPermissions":   onToken(1, func(k *token, a []groovy.Value) (groovy.Value, error) { return nil, k.setField("permissions", a[0]) }),
		"setExpiryTime":    onToken(1, (*token).setExpiry),
		"setScope":         onToken(1, func(k *token, a []groovy.Value) (groovy.Value, error) { return nil, k.setScope(a[0]) }),
		"setNonce":         onToken(1, func(k *token, a []groovy.Value) (groovy.Value, error) { return nil, k.setField("nonce", a[0]) }),
		"setAudience":      onToken(1, func(k *token, a []groovy.Value) (groovy.Value, error) { return nil, k.setField("aud", a[0]) }),

		"getScope":           tells(func(k *token) groovy.Value { return setOf(k.t.Scopes) }),
		"getClientId":        tells(func(k *token) groovy.Value { return k.t.ClientID }),
		"getRealm":           tells(func(k *token) groovy.Value { return k.t.Realm }),
		"getIssuer":          tells(func(k *token) groovy.Value { return k.t.Issuer }),
		"getSubject":         tells(func(k *token) groovy.Value { return k.t.Subject.Name }),
		"getResourceOwnerId": tells(func(k *token) groovy.Value { return k.t.Subject.Name }),
		"getGrantType":       tells(func(k *token) groovy.Value { return k.t.GrantType }),
		"getAuditTrackingId": tells(func(k *token) groovy.Value { return k.t.AuditID }),
		"getAuthGrantId":     tells(func(k *token) groovy.Value { return k.t.GrantID }),
		"getNonce":           tells(func(k *token) groovy.Value { return orNull(k.t.Nonce) }),
		"getTokenName":       tells(func(k *token) groovy.Value { return k.name() }),
		"getTokenType":       tells(func(*token) groovy.Value { return "Bearer" }),
		"getAudience":        tells(func(k *token) groovy.Value { return k.field("aud") }),
		"getAuthLevel":       tells(func(k *token) groovy.Value { return int64(k.t.AuthLevel) }),
		"getAuthTimeSeconds": tells(func(k *token) groovy.Value { return seconds(k.t.AuthTime) }),
		"getExpiryTime": tells(func(k *token) groovy.Value {
			if k.t.Expires.IsZero() {
				return int64(-1)
			}
			return k.t.Expires.UnixMilli()
		}),
		"isExpired": tells(func(k *token) groovy.Value {
			return !k.t.Expires.IsZero() && !k.run.eng.options.Now().Before(k.t.Expires)
		}),
	}),
	String: func(this groovy.Value) string { return this.(*token).name() },
}

func onToken(n int, do func(k *token, args []groovy.Value) (groovy.Value, error)) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		if len(c.Args) != n {
			return nil, wrong(c)
		}
		return do(c.This.(*token), c.Args)
	}
}

func tells(what func(*token) groovy.Value) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) { return what(c.This.(*token)), nil }
}

func orNull(s string) groovy.Value {
	if s == "" {
		return nil
	}
	return s
}

func seconds(t time.Time) groovy.Value {
	if t.IsZero() {
		return nil
	}
	return t.Unix()
}

func (k *token) name() string { return k.t.Kind + "_token" }

// claim gives may_act or act: a JsonValue, in the newer dialect the data itself.
func (k *token) claim(raw json.RawMessage) groovy.Value {
	if raw == nil {
		return nil
	}
	if k.run.nextGen {
		return decode(raw)
	}
	return &jsonValue{decode(raw)}
}

// setClaim takes a JsonValue in the older dialect and nothing else, a map in the newer
// one (PingAM: a plain object given to the older one fails the request).
func (k *token) setClaim(claim *json.RawMessage, method string, v groovy.Value) error {
	if v == nil {
		*claim = nil
		return nil
	}
	j, wrapped := v.(*jsonValue)
	if !wrapped && !k.run.nextGen {
		return illegal("%s: expected a JsonValue, found %s", method, kindOf(v))
	}
	if wrapped {
		v = j.v
	}
	if v == nil {
		*claim = nil
		return nil
	}
	if _, ok := v.(*groovy.Map); !ok {
		return illegal("%s: expected an object, found %s", method, kindOf(v))
	}
	raw, err := encode(v)
	if err == nil {
		*claim = raw
	}
	return err
}

const maxFields = 500

// setField sets a claim: those that the token keeps in a place of their own there, all
// others beside them.
func (k *token) setField(name string, v groovy.Value) error {
	raw, err := encode(v)
	if err != nil {
		return err
	}
	k.t.Removed = slices.DeleteFunc(k.t.Removed, func(r string) bool { return r == name })
	switch name {
	case "may_act":
		k.t.MayAct = raw
	case "act":
		k.t.Act = raw
	case "cnf":
		k.t.Cnf = raw
	case "scope":
		return k.setScope(v)
	default:
		if k.t.Extra == nil {
			k.t.Extra = map[string]json.RawMessage{}
		}
		if len(k.t.Extra) >= maxFields {
			return illegal("setField: more than %d fields", maxFields)
		}
		k.t.Extra[name] = raw
	}
	return nil
}

func (k *token) setFields(args []groovy.Value) (groovy.Value, error) {
	m, ok := unwrapped(args[0]).(*groovy.Map)
	if !ok {
		return nil, illegal("setFields: expected a map, found %s", kindOf(args[0]))
	}
	for _, key := range m.Keys() {
		v, _ := m.Get(key)
		if err := k.setField(text(key), v); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (k *token) removeField(name string) {
	delete(k.t.Extra, name)
	switch name {
	case "may_act":
		k.t.MayAct = nil
	case "act":
		k.t.Act = nil
	case "cnf":
		k.t.Cnf = nil
	}
	if !slices.Contains(k.t.Removed, name) && len(k.t.Removed) < maxFields {
		k.t.Removed = append(k.t.Removed, name)
	}
}

// field reads a claim as setField would write it, null when there is none.
func (k *token) field(name string) groovy.Value {
	if raw, ok := k.t.Extra[name]; ok {
		return decode(raw)
	}
	if slices.Contains(k.t.Removed, name) {
		return nil
	}
	switch name {
	case "may_act":
		return decode(k.t.MayAct)
	case "act":
		return decode(k.t.Act)
	case "cnf":
		return decode(k.t.Cnf)
	case "scope":
		return setOf(k.t.Scopes)
	case "aud":
		if len(k.t.Audience) == 0 {
			return k.t.ClientID
		}
		return listOf(append([]string{k.t.ClientID}, k.t.Audience...))
	case "amr":
		return listOf(k.t.AMR)
	case "exp":
		return seconds(k.t.Expires)
	case "iat":
		return seconds(k.t.IssuedAt)
	case "auth_time":
		return seconds(k.t.AuthTime)
	case "auth_level":
		return int64(k.t.AuthLevel)
	}
	texts := map[string]string{
		"client_id": k.t.ClientID, "realm": k.t.Realm, "iss": k.t.Issuer, "sub": "(" + k.t.Subject.Type + "!" + k.t.Subject.Name + ")",
		"subname": k.t.Subject.Name, "grant_type": k.t.GrantType, "auditTrackingId": k.t.AuditID, "authGrantId": k.t.GrantID,
		"nonce": k.t.Nonce, "acr": k.t.ACR, "tokenName": k.name(), "token_type": "Bearer",
	}
	return orNull(texts[name])
}

// setScope takes a collection of scopes, or a text that has them between spaces.
func (k *token) setScope(v groovy.Value) error {
	list, ok := texts(v)
	if s, is := textOf(v); is {
		list, ok = strings.Fields(s), true
	}
	if !ok {
		return illegal("setScope: expected a collection of strings, found %s", kindOf(v))
	}
	out := make([]string, 0, len(list))
	for _, s := range list {
		if s == "" || strings.ContainsFunc(s, func(c rune) bool { return c < 0x21 || c > 0x7e || c == '"' || c == '\\' }) {
			return illegal("setScope: %q cannot be a scope", s)
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	k.t.Scopes = out
	return nil
}

// setExpiry takes milliseconds since 1970.
func (k *token) setExpiry(args []groovy.Value) (groovy.Value, error) {
	n, ok := integer(args[0])
	if !ok {
		if f, is := number(args[0]); is {
			n, ok = int64(f), true
		}
	}
	if !ok || n <= 0 || n > maxMillis {
		return nil, illegal("setExpiryTime: expected milliseconds since 1970, found %s", kindOf(args[0]))
	}
	k.t.Expires = time.UnixMilli(n).UTC()
	return nil, nil
}

// maxMillis is the end of the year 9999.
const maxMillis = 253402300799999

// addExtraData takes a text, or a function that gives one when the script is over.
func (k *token) addExtraData(args []groovy.Value) (groovy.Value, error) {
	return nil, k.run.supply(args[1], func(v groovy.Value) error {
		if v == nil {
			return nil
		}
		return k.extra(text(args[0]), text(v))
	})
}

// addExtraJSON takes data, or a function that gives it when the script is over.
func (k *token) addExtraJSON(args []groovy.Value) (groovy.Value, error) {
	return nil, k.run.supply(args[1], func(v groovy.Value) error { return k.extra(text(args[0]), v) })
}

func (k *token) extra(name string, v groovy.Value) error {
	raw, err := encode(v)
	if err != nil {
		return err
	}
	if k.more == nil {
		k.more = map[string]json.RawMessage{}
	}
	if len(k.more) >= maxFields {
		return illegal("addExtraData: more than %d members", maxFields)
	}
	k.more[name] = raw
	return nil
}
