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
	dpopProofType,
	dpopType,
	encryptedPrivateKeyJwtType,
	grantSwapType,
	httpBasicClientType,
	introspectionType,
	issuerRepositoryType,
	issuerType,
	loginType,
	openAMType,
	pingAmStatelessType,
	privateKeyJwtType,
	resourceMetadataType,
	resourceOwnerType,
	resourceServerType,
	scriptableResolverType,
	scriptableResourceAccessType,
	statelessType,
	tokenExchangeType,
}
