package realm

import (
	"embed"
	"encoding/base64"
	"slices"
)

// UUIDs of the scripts that every realm has from the start; exports and providers
// name them.
const (
	scriptTokenModification   ScriptRef = "d22f9a0c-426a-4466-b95e-d0f125b0d5fa"
	scriptMayAct              ScriptRef = "c735de08-f8f2-4e69-aa4a-2d8d3d438323"
	scriptOIDCClaims          ScriptRef = "36863ffb-40ec-48b9-94b1-9a99f71cc3b5"
	scriptEvaluateScope       ScriptRef = "da56fe60-8b38-4c46-a405-d6b306d4b336"
	scriptValidateScope       ScriptRef = "25e6c06d-cf70-473b-bd28-26931edc476b"
	scriptAuthorizeData       ScriptRef = "3f93ef6e-e54a-4393-aba1-f322656db28a"
	scriptJWTIssuer           ScriptRef = "400e48ba-3f13-4144-ac7b-f824ea8e98c5"
	scriptTreeDecision        ScriptRef = "01e1a3c0-038b-4c16-956a-6c9d89328cff"
	scriptDynamicRegistration ScriptRef = "4b6b7e8e-cf03-46c8-949f-c5742dbd6bc5"
)

// Contexts of the scripts that decide in journeys: scripts of the first are of the dialect that their evaluator version
// says, those of the second of the newer one.
const (
	ContextTreeDecision     = "AUTHENTICATION_TREE_DECISION_NODE"
	ContextScriptedDecision = "SCRIPTED_DECISION_NODE"
)

// ContextSocialProfile is the context of scripts that make a profile of what another provider tells.
const ContextSocialProfile = "SOCIAL_IDP_PROFILE_TRANSFORMATION"

// ContextLibrary is the context of scripts that others require, ContextCacheLoader that of those that fill caches.
const (
	ContextLibrary     = "LIBRARY"
	ContextCacheLoader = "CACHE_LOADER"
)

//go:embed scripts
var scriptFiles embed.FS

// ScriptContext is a kind of script: where it runs.
type ScriptContext struct {
	ID            string
	Languages     []string
	Evaluators    []string // versions; the first is taken for a script that says another one
	DefaultScript ScriptRef
}

// shipped describes a shipped script; its context has a next-generation twin, which
// has no default script.
type shipped struct {
	id            ScriptRef
	context       string
	name          string
	description   string
	language      string
	file          string
	javaScriptToo bool
}

func shippedScripts() []shipped {
	return []shipped{
		{scriptTokenModification, "OAUTH2_ACCESS_TOKEN_MODIFICATION", "OAuth2 Access Token Modification Script", "Changes an access token before it is issued", "GROOVY", "access_token_modification.groovy", true},
		{scriptMayAct, "OAUTH2_MAY_ACT", "OAuth2 May Act Script", "Says who may act with a token", "GROOVY", "may_act.groovy", true},
		{scriptOIDCClaims, "OIDC_CLAIMS", "OIDC Claims Script", "Gathers the claims of a user", "GROOVY", "oidc_claims.groovy", true},
		{scriptEvaluateScope, "OAUTH2_EVALUATE_SCOPE", "OAuth2 Evaluate Scope Script", "Adds to what the token information endpoint tells", "JAVASCRIPT", "evaluate_scope.js", true},
		{scriptValidateScope, "OAUTH2_VALIDATE_SCOPE", "OAuth2 Validate Scope Script", "Decides which scopes a request gets", "JAVASCRIPT", "validate_scope.js", true},
		{scriptAuthorizeData, "OAUTH2_AUTHORIZE_ENDPOINT_DATA_PROVIDER", "OAuth2 Authorize Endpoint Data Provider Script", "Adds parameters to the answer of the authorize endpoint", "JAVASCRIPT", "authorize_data.js", true},
		{scriptJWTIssuer, "OAUTH2_SCRIPTED_JWT_ISSUER", "OAuth2 JWT Issuer Script", "Finds the settings of a trusted JWT issuer", "JAVASCRIPT", "jwt_issuer.js", true},
		{scriptDynamicRegistration, "OAUTH2_DYNAMIC_CLIENT_REGISTRATION", "OAuth2 Dynamic Client Registration Script", "Completes a client that registers itself", "JAVASCRIPT", "dynamic_registration.js", false},
		{"58d29080-4563-480b-89bb-1e7719776a21", ContextSocialProfile, "Google Profile Normalization", "Makes a normalized profile of what Google tells", "GROOVY", "profile_openid.groovy", true},
		{"dbe0bf9a-72aa-49d5-8483-9db147985a47", ContextSocialProfile, "ADFS Profile Normalization", "Makes a normalized profile of what a provider of OpenID Connect tells", "GROOVY", "profile_openid.groovy", true},
		{"a7a78773-445b-4eca-bb93-409e86bced81", ContextSocialProfile, "GitHub Profile Normalization", "Makes a normalized profile of what GitHub tells", "GROOVY", "profile_github.groovy", true},
		{"58c824ae-84ed-4724-82cd-db128fc3f6c", ContextSocialProfile, "Normalized Profile to Managed User", "Makes the attributes of a user of a normalized profile", "GROOVY", "profile_user.groovy", true},
		{scriptTreeDecision, ContextTreeDecision, "Authentication Tree Decision Node Script", "Decides where a journey goes on", "JAVASCRIPT", "tree_decision.js", true},
	}
}

// ScriptContexts lists the contexts that scripts can be written for.
func ScriptContexts() []ScriptContext {
	var list []ScriptContext
	for _, s := range shippedScripts() {
		languages := []string{"JAVASCRIPT", "GROOVY"}
		if !s.javaScriptToo {
			languages = languages[:1]
		}
		if s.context == ContextSocialProfile {
			continue // has several, and no default
		}
		if s.context == ContextTreeDecision {
			list = append(list,
				ScriptContext{s.context, languages, []string{"1.0", "2.0"}, s.id},
				ScriptContext{ContextScriptedDecision, []string{"JAVASCRIPT"}, []string{"2.0"}, NoScript})
			continue
		}
		list = append(list,
			ScriptContext{s.context, languages, []string{"1.0"}, s.id},
			ScriptContext{s.context + "_NEXT_GEN", []string{"JAVASCRIPT"}, []string{"2.0"}, NoScript})
	}
	return append(list,
		ScriptContext{ContextSocialProfile, []string{"JAVASCRIPT", "GROOVY"}, []string{"1.0"}, NoScript},
		ScriptContext{ContextLibrary, []string{"JAVASCRIPT"}, []string{"2.0"}, NoScript},
		ScriptContext{ContextCacheLoader, []string{"JAVASCRIPT"}, []string{"2.0"}, NoScript})
}

// ShippedScript returns the shipped script with that UUID. The value is the caller's.
func ShippedScript(id string) (*Script, bool) {
	list := shippedScripts()
	i := slices.IndexFunc(list, func(s shipped) bool { return string(s.id) == id })
	if i < 0 {
		return nil, false
	}
	s := list[i]
	source, err := scriptFiles.ReadFile("scripts/" + s.file)
	if err != nil {
		panic("realm: shipped script without a text: " + s.file) // a mistake in this file
	}
	return &Script{
		ID: id, Name: s.name, Description: s.description, Default: true,
		Language: s.language, Context: s.context, Evaluator: "1.0",
		CreatedBy: "null", LastModifiedBy: "null",
		Text: base64.StdEncoding.EncodeToString(source), Source: string(source), Untouched: true,
	}, true
}
