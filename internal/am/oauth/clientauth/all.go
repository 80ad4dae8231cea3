// Package clientauth holds the ways in which clients prove who they are, one file a method.
package clientauth

import "gatehouse/internal/am/oauth"

// All lists the methods. A new one is a file and a line here.
func All() []oauth.ClientAuth {
	return []oauth.ClientAuth{
		clientSecretBasic,
		clientSecretPost,
		privateKeyJWT,
		tlsClientAuth,
		none,
	}
}
