package oauth

// lookupEndpoint is the list of endpoints.
func lookupEndpoint(name string) (endpoint, bool) {
	switch name {
	case "access_token":
		return endpoint{methods: "POST", post: true, serve: (*request).token}, true
	case "introspect":
		return endpoint{methods: "POST", post: true, serve: (*request).introspect}, true
	case "tokeninfo":
		return endpoint{methods: "GET", get: true, serve: (*request).tokenInfo}, true
	case "token/revoke":
		return endpoint{methods: "POST", post: true, serve: (*request).revokeToken}, true
	case "userinfo":
		return endpoint{methods: "GET or POST", get: true, post: true, serve: (*request).userInfo}, true
	case "connect/jwk_uri":
		return endpoint{methods: "GET", get: true, serve: (*request).keys}, true
	case ".well-known/openid-configuration", ".well-known/oauth-authorization-server":
		return endpoint{methods: "GET", get: true, serve: (*request).discovery}, true
	case "idtokeninfo", "connect/idtokeninfo":
		return endpoint{methods: "POST", post: true, serve: (*request).idTokenInfo}, true
	}
	return endpoint{}, false
}
