package console

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// choices gives fields the values that can be chosen: scripts and journeys of the realm, algorithms, grant types.
func (v *visit) choices(tabs []*tab) error {
	fields := allFields(tabs)
	if err := v.scriptChoices(fields); err != nil {
		return err
	}
	for _, f := range fields {
		switch {
		case f.Key == "grantTypes":
			f.Options = chosen(f, grantTypes())
			for i, o := range f.Options {
				if title := grantTitles()[o.Value]; title != "" {
					f.Options[i].Label, f.Options[i].Note = title, o.Value
				}
			}
		case f.Key == "igTokenIntrospection":
			for i, o := range f.Options {
				f.Options[i].Label = cmp.Or(map[string]string{"Realm": "Realm Only", "Realm_Subs": "Realm and Sub Realms"}[o.Value], o.Label)
			}
		case f.Key == "responseTypes":
			f.Options = chosen(f, []string{
				"code", "token", "id_token", "code token", "token id_token", "code id_token", "code token id_token", "device_code", "device_code id_token",
			})
		case f.Key == "treeName":
			if err := v.treeChoices(f); err != nil {
				return err
			}
		case f.Type == "array" && f.Options == nil && len(texts(f.Default)) > 2 && isAlgorithm(f.Key):
			f.Options = chosen(f, texts(f.Default))
		case f.Type == "string" && f.Options == nil && isAlgorithm(f.Key):
			f.Suggest = algorithmsFor(f.Key)
		}
	}
	return nil
}

// grantTypes are those that the server has (RFC 6749, 7523, 8628, 8693, OpenID CIBA, UMA, SAML).
func grantTypes() []string {
	return []string{
		"authorization_code", "client_credentials", "refresh_token", "password", "implicit",
		"urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange",
		"urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:openid:params:grant-type:ciba",
		"urn:ietf:params:oauth:grant-type:saml2-bearer", "urn:ietf:params:oauth:grant-type:uma-ticket",
	}
}

// grantTitles are what the product's pages, and its manuals, call grant types.
func grantTitles() map[string]string {
	return map[string]string{
		"authorization_code": "Authorization Code", "client_credentials": "Client Credentials", "refresh_token": "Refresh Token",
		"password": "Resource Owner Password Credentials", "implicit": "Implicit",
		"urn:ietf:params:oauth:grant-type:device_code":    "Device Code",
		"urn:ietf:params:oauth:grant-type:token-exchange": "Token Exchange",
		"urn:ietf:params:oauth:grant-type:jwt-bearer":     "JWT Bearer",
		"urn:openid:params:grant-type:ciba":               "Back Channel Request",
		"urn:ietf:params:oauth:grant-type:saml2-bearer":   "SAML2",
		"urn:ietf:params:oauth:grant-type:uma-ticket":     "UMA",
	}
}

// chosen are options for values, with those that the field has besides.
func chosen(f *field, values []string) []option {
	for _, have := range texts(f.Value) {
		if !slices.Contains(values, have) {
			values = append(slices.Clone(values), have)
		}
	}
	var out []option
	for _, v := range values {
		out = append(out, option{Value: v, Label: v})
	}
	return out
}

func isAlgorithm(key string) bool {
	key = strings.ToLower(key)
	for _, end := range []string{"alg", "algorithm", "algorithms", "method", "methods", "enc"} {
		if strings.HasSuffix(key, end) {
			return true
		}
	}
	return false
}

// algorithmsFor suggests the algorithms of RFC 7518 that suit a setting.
func algorithmsFor(key string) []string {
	key = strings.ToLower(key)
	switch {
	case strings.HasSuffix(key, "method") || strings.HasSuffix(key, "enc") || strings.HasSuffix(key, "encryptionalgorithm") && strings.Contains(key, "response") && !strings.HasPrefix(key, "authorization"):
		return []string{"A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"}
	case strings.Contains(key, "encrypt"):
		return []string{"RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW", "A128KW", "A256KW", "dir"}
	}
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "HS256", "HS384", "HS512"}
}

// scriptContexts tell which scripts suit a setting.
func scriptContexts() map[string]string {
	return map[string]string{
		"accessTokenMayActScript": "OAUTH2_MAY_ACT", "oidcMayActScript": "OAUTH2_MAY_ACT",
		"accessTokenModificationScript": "OAUTH2_ACCESS_TOKEN_MODIFICATION", "oidcClaimsScript": "OIDC_CLAIMS",
		"evaluateScopeScript": "OAUTH2_EVALUATE_SCOPE", "validateScopeScript": "OAUTH2_VALIDATE_SCOPE",
		"authorizeEndpointDataProviderScript": "OAUTH2_AUTHORIZE_ENDPOINT_DATA_PROVIDER",
		"jwtIssuerScript":                     "OAUTH2_SCRIPTED_JWT_ISSUER",
		"dynamicClientRegistrationScript":     "OAUTH2_DYNAMIC_CLIENT_REGISTRATION",
	}
}

func (v *visit) scriptChoices(fields []*field) error {
	contexts := scriptContexts()
	if !slices.ContainsFunc(fields, func(f *field) bool { return contexts[f.Key] != "" }) {
		return nil
	}
	scripts, err := v.api.all(v.in("scripts"), url.Values{"_fields": {"_id,name,context"}})
	if err != nil {
		return err
	}
	for _, f := range fields {
		context := contexts[f.Key]
		if context == "" {
			continue
		}
		f.Options = []option{{Value: "[Empty]", Label: v.Say("none chosen")}}
		for _, s := range scripts {
			if s["context"] == context {
				f.Options = append(f.Options, option{Value: text(s["_id"]), Label: text(s["name"])})
			}
		}
		if have := fmt.Sprint(f.Value); f.Value != nil && !slices.ContainsFunc(f.Options, func(o option) bool { return o.Value == have }) {
			f.Options = append(f.Options, option{Value: have, Label: have})
		}
	}
	return nil
}

func (v *visit) treeChoices(f *field) error {
	f.Options = []option{{Value: "[Empty]", Label: v.Say("the realm's own")}}
	trees, err := v.api.all(v.in("realm-config/authentication/authenticationtrees/trees"), url.Values{"_fields": {"_id"}})
	if statusOf(err) != 0 {
		return nil // without the list, the name that is set can stay
	}
	for _, t := range trees {
		f.Options = append(f.Options, option{Value: text(t["_id"]), Label: text(t["_id"])})
	}
	if have := text(f.Value); have != "" && !slices.ContainsFunc(f.Options, func(o option) bool { return o.Value == have }) {
		f.Options = append(f.Options, option{Value: have, Label: have})
	}
	return err
}
