package script

import (
	"gatehouse/internal/gateway/secrets"
	"gatehouse/internal/groovy"
)

// provider is org.forgerock.secrets.SecretsProvider, and any secret store of the heap.
type provider struct{ store secrets.SecretStore }

func (provider) GroovyClass() *groovy.Class { return providerClass }
func (provider) String() string             { return "a secrets provider" }

var providerClass = &groovy.Class{
	Name: "org.forgerock.secrets.SecretsProvider",
}
