package heap

import (
	"gatehouse/internal/conf"
	"gatehouse/internal/expr"
)

// Recorder watches exchanges on their way through objects. It is asked while objects
// are made, so that a process without one pays nothing per request.
type Recorder interface {
	// Object returns v, or something of the same kind that stands before it. Objects
	// are wrapped before they are decorated.
	Object(v any, env *Env) any
	// Condition returns what is told each time the condition at n is evaluated.
	Condition(n *conf.Node, h *Heap) func(s expr.Scope, held bool)
}
