// Package grant holds the grants of the token endpoint, one file a grant_type.
package grant

import "gatehouse/internal/am/oauth"

// All lists the grants. A new one is a file and a line here.
func All() []oauth.Grant {
	return []oauth.Grant{
		clientCredentials,
		password,
		authorizationCode,
		refreshToken,
		tokenExchange,
		jwtBearer,
		deviceCode,
		ciba,
	}
}
