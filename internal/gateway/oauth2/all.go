package oauth2

import "gatehouse/internal/gateway/heap"

// All lists the types of this package.
var All = []*heap.Type{
	cacheType,
	clientCredentialsType,
	clientSecretBasicType,
	clientSecretPostType,
	confirmationType,
	encryptedPrivateKeyJwtType,
	httpBasicClientType,
	introspectionType,
	openAMType,
	pingAmStatelessType,
	privateKeyJwtType,
	resourceOwnerType,
	resourceServerType,
	statelessType,
	tokenExchangeType,
}
