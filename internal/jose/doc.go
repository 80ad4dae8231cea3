// Package jose makes and checks signed and encrypted tokens: keys and JWK sets (RFC 7517), JWS (RFC 7515), JWE
// (RFC 7516), JWT (RFC 7519), with the algorithms of RFC 7518 and RFC 8037 that alg.go lists and no others.
//
// The habits of RFC 8725 are built in: a caller names the algorithms that it accepts, an algorithm must fit the key,
// keys that travel inside a token (jwk, jku, x5u, x5c) are never looked at, "none" does not exist here, and anything
// that two parsers could read differently is malformed.
package jose
