// Package filters holds the filter types, one file a type.
package filters

import "gatehouse/internal/gateway/heap"

// All lists the filter types.
var All = []*heap.Type{
	assigning,
	chainOfFilters,
	conditional,
	conditionEnforcement,
	entityExtract,
	header,
	locationHeader,
	scriptable,
	staticRequest,
	switching,
	transactionIDOutbound,
	uriPathRewrite,
}
