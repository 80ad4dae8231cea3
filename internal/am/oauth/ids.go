package oauth

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"sync/atomic"
)

// auditIDs gives auditTrackingIds: one UUID a server start and a counter.
type auditIDs struct {
	prefix string
	last   *atomic.Uint64
}

func newAuditIDs() auditIDs {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return auditIDs{prefix: fmt.Sprintf("%x-%x-%x-%x-%x-", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), last: new(atomic.Uint64)}
}

func (a auditIDs) next() string {
	return a.prefix + strconv.FormatUint(a.last.Add(1), 10)
}
