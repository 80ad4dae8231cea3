package policy

// Names and ids of what every realm has.
const (
	AgentSet  = "iPlanetAMWebAgentService"
	ScopeSet  = "oauth2Scopes"
	URLType   = "76656a38-5f8e-401b-83aa-4ccb74ce88d2"
	ScopeType = "d60b7a71-1dc6-44a5-8e48-e4b9d92dee8b"
	// Grant is the action of scopes.
	Grant = "GRANT"
)

// Set is a policy set, which PingAM's interfaces call application.
type Set struct {
	Name        string
	Description string
	Types       []string // of resources
}

// ShippedSets are the policy sets that every realm has.
func ShippedSets() []Set {
	return []Set{
		{AgentSet, "The built-in policy set of web agents and gateways.", []string{URLType}},
		{ScopeSet, "The built-in policy set that decides on OAuth 2.0 scopes.", []string{ScopeType}},
	}
}

// ResourceType says what resources look like and what can be done with them.
type ResourceType struct {
	ID, Name, Description string
	Patterns              []string
	Actions               map[string]bool
}

// ShippedTypes are the resource types that every realm has.
func ShippedTypes() []ResourceType {
	urls := []string{"*://*:*/*", "*://*:*/*?*"}
	return []ResourceType{
		{URLType, "URL", "The built-in resource type of web addresses.", urls, map[string]bool{
			"GET": true, "POST": true, "PUT": true, "DELETE": true, "HEAD": true, "OPTIONS": true, "PATCH": true,
		}},
		{ScopeType, "OAuth2 Scope", "The built-in resource type of OAuth 2.0 scopes.", append([]string{"*"}, urls...), map[string]bool{Grant: true}},
	}
}
