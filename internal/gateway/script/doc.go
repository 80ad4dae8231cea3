// Package script runs the Groovy scripts of gateway configurations: it gives package
// groovy the objects that such scripts know (request, response, contexts, promises,
// the http client, tokens, secrets) as tables over package chain, and reads the
// configuration that all scriptable types share.
//
// A script reaches only what the tables list. Everything that belongs to one request
// is used by one goroutine: handlers that a script calls run on the script's own
// goroutine, calls of the http client may run beside it, and their callbacks run when
// the script waits for them, at the latest when it ends. No call outlives its script.
package script
