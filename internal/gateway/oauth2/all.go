package oauth2

import "gatehouse/internal/gateway/heap"

// All lists the types of this package.
var All = []*heap.Type{
	cacheType,
	certificateThumbprintType,
	clientCredentialsType,
	clientRegistrationType,
	clientSecretBasicType,
	clientSecretPostType,
	confirmationType,
	encryptedPrivateKeyJwtType,
	httpBasicClientType,
	introspectionType,
	issuerRepositoryType,
	issuerType,
	loginType,
	openAMType,
	pingAmStatelessType,
	privateKeyJwtType,
	resourceOwnerType,
	resourceServerType,
	scriptableResolverType,
	scriptableResourceAccessType,
	statelessType,
	tokenExchangeType,
}
