// Package oauth is the OAuth 2.0 and OpenID Connect side of the authorization server: the endpoints below
// /oauth2 of one realm.
//
// A token request takes one way, in token.go: parse, authenticate the client (clientauth), find the grant
// (grant), check that the client may use it, settle the scopes, let the grant authorize, issue (issue.go),
// store in one write, answer. A grant says who gets what; it cannot issue.
package oauth
