package oauth2

import "gatehouse/internal/gateway/heap"

// All lists the types of this package.
var All = []*heap.Type{
	cacheType,
	confirmationType,
	introspectionType,
	openAMType,
	pingAmStatelessType,
	resourceServerType,
	statelessType,
}
