package postgres

import (
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"gatehouse/internal/am/store"
)

// States of the SQL standard and of PostgreSQL that decide what becomes of a call.
const (
	uniqueViolation  = "23505"
	serializeFailure = "40001"
	deadlock         = "40P01"
	readOnly         = "25006" // the connection leads to a server that became a standby
	shutdown         = "57P01" // the server ends; said instead of an answer, so there was no commit
	starting         = "57P03"
	crowded          = "53300" // no room for one more connection
)

// errRaced says that a record appeared between being looked for and being made.
var errRaced = errors.New("the record was made meanwhile")

func state(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// again tells whether a call that failed had no effect and may work when it is repeated.
func again(err error) bool {
	switch state(err) {
	case serializeFailure, deadlock, readOnly, shutdown, starting, crowded:
		return true
	case "":
		return errors.Is(err, errRaced) || pgconn.SafeToRetry(err)
	}
	return false
}

// usable tells whether a connection can be used after a call failed with err.
func usable(err error) bool {
	if errors.Is(err, errRaced) || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) {
		return true
	}
	code := state(err)
	return code != "" && code != readOnly && !strings.HasPrefix(code, "57P")
}

// unavailable tells whether the database is at fault, not the call: it cannot be
// reached, ends, is full, or did not answer in time.
func unavailable(err error) bool {
	if errors.Is(err, puddle.ErrClosedPool) {
		return false
	}
	switch code := state(err); {
	case code == "":
		return !errors.Is(err, errRaced)
	case again(err):
		return true
	default:
		return strings.HasPrefix(code, "08") || strings.HasPrefix(code, "53") || strings.HasPrefix(code, "57") || strings.HasPrefix(code, "58")
	}
}

// jitter is a wait between a half and the whole of d, so that those who collided do
// not meet again.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }
