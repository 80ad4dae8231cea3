// Package rest is the administration interface of the authorization server: resources below /json that are
// read, written, queried and acted on in one way, the "common REST" of PingAM.
//
// crest.go has that way; a resource says in a Resource value what is special about it, and resources.go lists
// them. Whoever adds a resource writes one file and one line there.
package rest
