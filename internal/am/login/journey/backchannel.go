package journey

import (
	"errors"
	"time"

	"gatehouse/internal/am/store"
)

// Backchannel is a journey that is begun for somebody who takes it elsewhere (PingAM: backchannel authentication).
type Backchannel struct {
	Tree string
	// Subject is the only one whose authentication does, the zero value for anybody.
	Subject store.Subject
	// Data is the shared state that the journey begins with.
	Data map[string]any
	// Tracking is what the other party calls it in logs; "" for nothing.
	Tracking string
	// Retry lets it be tried again after a failure.
	Retry bool
	// Life is how long it may take; 0: as long as the realm says.
	Life time.Duration
}

// States of such a journey, and results.
const (
	BackchannelCreated    = "CREATED"
	BackchannelInProgress = "IN_PROGRESS"
	BackchannelCompleted  = "COMPLETED"
	BackchannelUnknown    = "UNKNOWN"
	BackchannelApproved   = "APPROVED"
	BackchannelDenied     = "DENIED"
)

// BackchannelStatus is how it stands.
type BackchannelStatus struct {
	Backchannel   // Tree and Subject alone
	State, Result string
	// Tracking are its names in logs.
	Tracking []string
	// Properties are those of the session that may be seen.
	Properties map[string]string
}

// ErrBackchannel is the error for one that cannot be.
var ErrBackchannel = errors.New("no such backchannel authentication")
