package oauth

import (
	"strconv"
	"sync/atomic"

	"github.com/google/uuid"
)

// auditIDs gives auditTrackingIds: one UUID a server start and a counter.
type auditIDs struct {
	prefix string
	last   *atomic.Uint64
}

func newAuditIDs() auditIDs {
	return auditIDs{prefix: uuid.NewString() + "-", last: new(atomic.Uint64)}
}

func (a auditIDs) next() string {
	return a.prefix + strconv.FormatUint(a.last.Add(1), 10)
}
