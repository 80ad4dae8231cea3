// Package store keeps what the authorization server must remember: configuration
// documents, sessions, tokens, codes and keys. What they mean (a code buys once, a
// grant's tokens go together) is written once, in the typed stores; an Engine only
// stores records by revision.
package store

import (
	"context"
	"errors"
	"time"
)

// Errors that engines and typed stores return, always possibly wrapped.
var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("the record was changed or exists already")
	ErrUsed     = errors.New("already used")
	// ErrUnavailable is for what works again later: the database cannot be reached, or is full.
	ErrUnavailable = errors.New("the store is not available")
)

// Key names a record. Realm is the realm's path ("/", "/alpha"), or "" for records
// of the whole server. Kind is a short constant such as "token".
type Key struct {
	Realm, Kind, ID string
}

// Record is one stored document.
type Record struct {
	Key
	// Rev is the record's revision, 1 or more once stored; 0 in Put means
	// "create, it must not exist".
	Rev uint64
	// Expires is when the record stops to exist, kept to the microsecond; the zero
	// time is never. An expired record is not returned and does not stand in the way
	// of a create, whether or not it was swept.
	Expires time.Time
	// Index holds the values by which List finds the record. A pair may occur once.
	Index []IndexValue
	// Body is the document, opaque to engines.
	Body []byte
}

// IndexValue is one entry of a record in the index Name.
type IndexValue struct {
	Name, Value string
}

// Op is one step of a Batch.
type Op struct {
	Record
	// Delete removes the record (Rev 0: whatever its revision is, also when absent)
	// instead of putting it.
	Delete bool
	// Force puts the record whatever its revision is.
	Force bool
	// Fresh vouches, for a create, that no record has or had this key: its ID holds
	// enough random bits. An engine may then not look, which for a busy token endpoint
	// is a third of its work.
	Fresh bool
}

// Query selects records of one realm and kind.
type Query struct {
	Realm, Kind string
	// Index and Value select by index value; an empty Index selects all.
	Index, Value string
	// After continues after the record with this ID.
	After string
	// Limit bounds the page; 0 means 1000.
	Limit int
}

// Event says that a record changed.
type Event struct {
	Key
	Deleted bool
}

// Engine stores records. All methods may be called concurrently. A write that
// returned nil is durable, where the engine is. Records passed in may be changed by
// the caller afterwards, and so may those returned: neither is shared.
type Engine interface {
	// Get returns the record, or ErrNotFound.
	Get(ctx context.Context, k Key) (Record, error)
	// Batch applies all ops or none. A stale revision, or a create of what
	// exists, is ErrConflict; so is a conditional step on what does not exist. A
	// created record has revision 1, each later put adds one. A key may occur in
	// one op only.
	Batch(ctx context.Context, ops ...Op) error
	// List returns a page in ID order (by bytes). A page shorter than the limit is
	// the last one.
	List(ctx context.Context, q Query) ([]Record, error)
	// Sweep removes up to limit records that expired before now, and says how many.
	Sweep(ctx context.Context, now time.Time, limit int) (int, error)
	// Watch reports changes of records of the given kinds made by any node
	// until ctx ends or the engine is closed, when the channel closes; no kinds
	// means all. Events may be merged; delivery is prompt but after the write. Records
	// that only expire are not reported.
	Watch(ctx context.Context, kinds ...string) (<-chan Event, error)
	// Caps states what the engine offers.
	Caps() Caps
	Close() error
}

// DefaultPage is the length of a List page whose query names none.
const DefaultPage = 1000

// Caps is what an engine can do.
type Caps struct {
	// Durable: an acknowledged write survives a crash.
	Durable bool
	// Shared: several processes may use the same store.
	Shared bool
}
