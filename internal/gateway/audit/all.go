package audit

import "gatehouse/internal/gateway/heap"

// All lists the object types of auditing.
var All = []*heap.Type{auditService, noOpAuditService}
