package realm

// Plugin says what does a step. Script is the UUID of the script that does it; when it is "", the server does it itself.
// Class names the Java class of a JAVA plugin.
type Plugin struct {
	Script, Class string
}

// PluginSettings are what does each step, by type "SCRIPTED" or "JAVA" (what the server does itself), in clients also
// "PROVIDER".
type PluginSettings struct {
	AccessTokenModificationType   string    `json:"accessTokenModificationPluginType"`
	AccessTokenModificationScript ScriptRef `json:"accessTokenModificationScript"`
	AccessTokenModifierClass      string    `json:"accessTokenModifierClass,omitempty"`
	OIDCClaimsType                string    `json:"oidcClaimsPluginType"`
	OIDCClaimsScript              ScriptRef `json:"oidcClaimsScript"`
	OIDCClaimsClass               string    `json:"oidcClaimsClass,omitempty"`
	EvaluateScopeType             string    `json:"evaluateScopePluginType"`
	EvaluateScopeScript           ScriptRef `json:"evaluateScopeScript"`
	EvaluateScopeClass            string    `json:"evaluateScopeClass"`
	ValidateScopeType             string    `json:"validateScopePluginType"`
	ValidateScopeScript           ScriptRef `json:"validateScopeScript"`
	ValidateScopeClass            string    `json:"validateScopeClass"`
	AuthorizeDataType             string    `json:"authorizeEndpointDataProviderPluginType"`
	AuthorizeDataScript           ScriptRef `json:"authorizeEndpointDataProviderScript"`
	AuthorizeDataClass            string    `json:"authorizeEndpointDataProviderClass"`
}

// defaultPlugins are those of a provider, which does itself what no script does.
func defaultPlugins() PluginSettings {
	return PluginSettings{
		AccessTokenModificationType:   "SCRIPTED",
		AccessTokenModificationScript: scriptTokenModification,
		OIDCClaimsType:                "SCRIPTED",
		OIDCClaimsScript:              scriptOIDCClaims,
		EvaluateScopeType:             "JAVA",
		EvaluateScopeScript:           NoScript,
		EvaluateScopeClass:            plugins + "DefaultScopeEvaluator",
		ValidateScopeType:             "JAVA",
		ValidateScopeScript:           NoScript,
		ValidateScopeClass:            plugins + "DefaultScopeValidator",
		AuthorizeDataType:             "JAVA",
		AuthorizeDataScript:           NoScript,
		AuthorizeDataClass:            plugins + "DefaultEndpointDataProvider",
	}
}

// inheritedPlugins are those of a client of which nothing was said.
func inheritedPlugins() PluginSettings {
	s := defaultPlugins()
	s.AccessTokenModificationScript, s.OIDCClaimsScript = NoScript, NoScript
	for _, kind := range [...]*string{
		&s.AccessTokenModificationType, &s.OIDCClaimsType, &s.EvaluateScopeType, &s.ValidateScopeType, &s.AuthorizeDataType,
	} {
		*kind = "PROVIDER"
	}
	return s
}

// resolve puts what the settings say into e; what they leave to the provider stays.
func (s *PluginSettings) resolve(e *Effective) {
	resolve(&e.AccessTokenModification, s.AccessTokenModificationType, s.AccessTokenModificationScript, s.AccessTokenModifierClass, scriptTokenModification)
	resolve(&e.OIDCClaims, s.OIDCClaimsType, s.OIDCClaimsScript, s.OIDCClaimsClass, scriptOIDCClaims)
	resolve(&e.EvaluateScope, s.EvaluateScopeType, s.EvaluateScopeScript, s.EvaluateScopeClass, scriptEvaluateScope)
	resolve(&e.ValidateScope, s.ValidateScopeType, s.ValidateScopeScript, s.ValidateScopeClass, scriptValidateScope)
	resolve(&e.AuthorizeData, s.AuthorizeDataType, s.AuthorizeDataScript, s.AuthorizeDataClass, scriptAuthorizeData)
}

// resolve settles one step. SCRIPTED without a script is the shipped one, which is what the defaults of PingAM 8.0 mean
// by it.
func resolve(at *Plugin, kind string, script ScriptRef, class string, shipped ScriptRef) {
	switch {
	case kind == "PROVIDER" || kind == "":
	case kind != "SCRIPTED":
		*at = Plugin{Class: class}
	case script.ID() == "":
		*at = Plugin{Script: shipped.ID()}
	default:
		*at = Plugin{Script: script.ID()}
	}
}
