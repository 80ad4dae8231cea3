// Package handlers holds the handler types, one file a type.
package handlers

import "gatehouse/internal/gateway/heap"

// All lists the handler types.
var All = []*heap.Type{
	chainHandler,
	clientHandler,
	delegate,
	dispatch,
	identityAssertion,
	jwkSet,
	protectRouting,
	proxyOptions,
	resource,
	reverseProxy,
	scheduledExecutor,
	scriptable,
	sequence,
	staticResponse,
	temporaryStorage,
	welcome,
}
