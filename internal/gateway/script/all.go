package script

import "gatehouse/internal/gateway/heap"

// All lists the types of this package.
var All = []*heap.Type{engineType}
