package secrets

import "gatehouse/internal/gateway/heap"

// All lists the types of this package.
var All = []*heap.Type{
	base64EncodedType,
	clientTLSType,
	fileSystemType,
	hsmType,
	jwkFormatType,
	jwkSetType,
	keyStoreType,
	oldKeyManagerType,
	oldKeyStoreType,
	oldTrustManagerType,
	bothTLSType,
	pemFormatType,
	providerType,
	secretKeyFormatType,
	secretsKeyManagerType,
	secretsTrustManagerType,
	serverTLSType,
	systemAndEnvType,
	trustAllType,
}
