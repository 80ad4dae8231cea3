package script

import (
	"maps"
	"slices"

	"gatehouse/internal/groovy"
)

// claimMethods are methods of access tokens that set, read and remove a claim, by their names behind set, get and remove. Who a
// token is for and by are no claims to change.
var claimMethods = map[string]string{
	"Nonce": "nonce", "Claims": "claims", "Permissions": "permissions", "AuthLevel": "auth_level", "TokenName": "tokenName", "TokenType": "token_type",
	"GrantType": "grant_type", "AuditTrackingId": "auditTrackingId", "AuthGrantId": "authGrantId", "Realm": "realm", "AuthTime": "auth_time",
	"ConfirmationKey": "cnf",
}

// withClaims adds those that there are not.
func withClaims(methods map[string]groovy.Method) map[string]groovy.Method {
	add := func(name string, m groovy.Method) {
		if methods[name] == nil {
			methods[name] = m
		}
	}
	for name, claim := range claimMethods {
		add("get"+name, onToken(0, func(k *token, _ []groovy.Value) (groovy.Value, error) { return k.field(claim), nil }))
		add("set"+name, onToken(1, func(k *token, a []groovy.Value) (groovy.Value, error) { return nil, k.setField(claim, a[0]) }))
		add("remove"+name, onToken(0, func(k *token, _ []groovy.Value) (groovy.Value, error) {
			k.removeField(claim)
			return nil, nil
		}))
	}
	add("removeScopes", onToken(0, func(k *token, _ []groovy.Value) (groovy.Value, error) { return nil, k.setScope(groovy.NewList()) }))
	add("getCustomFields", onToken(0, func(k *token, _ []groovy.Value) (groovy.Value, error) {
		out := groovy.NewMap()
		out.Put("subname", k.field("subname"))
		for _, name := range slices.Sorted(maps.Keys(k.t.Extra)) {
			out.Put(name, k.field(name))
		}
		return out, nil
	}))
	return methods
}
