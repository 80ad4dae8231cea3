package script

import (
	"slices"
	"strings"
)

// Binding is a variable of scripts, with its type in JavaScript.
type Binding struct{ Name, Type string }

// Bindings lists the variables of scripts of the newer dialect in a context, nil for a context that no script runs in here.
func Bindings(context string) []Binding {
	of := map[string]*variables{
		"OAUTH2_ACCESS_TOKEN_MODIFICATION": ofModification, "OAUTH2_EVALUATE_SCOPE": ofModification, "OAUTH2_MAY_ACT": ofMayAct,
		"OAUTH2_VALIDATE_SCOPE": ofScopes, "OAUTH2_AUTHORIZE_ENDPOINT_DATA_PROVIDER": ofAuthorize, "OIDC_CLAIMS": ofClaims,
		"OAUTH2_SCRIPTED_JWT_ISSUER": ofIssuer, "OAUTH2_DYNAMIC_CLIENT_REGISTRATION": ofRegistration,
		"AUTHENTICATION_TREE_DECISION_NODE": ofDecision, "SCRIPTED_DECISION_NODE": ofDecision, "LIBRARY": variablesOf(),
	}[strings.TrimSuffix(context, "_NEXT_GEN")]
	if of == nil {
		return nil
	}
	var out []Binding
	for _, b := range of.newer {
		kind := "object"
		switch b.name {
		case "realm", "scriptName", "cookieName", "issuer", "operation":
			kind = "string"
		case "resumedFromSuspend":
			kind = "boolean"
		case "scopes", "requestedScopes", "defaultScopes", "allowedScopes", "availableScopes":
			kind = "array"
		}
		out = append(out, Binding{b.name, kind})
	}
	slices.SortFunc(out, func(a, b Binding) int { return strings.Compare(a.Name, b.Name) })
	return out
}
