package oauth

import "net/http"

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
	case "authorize":
		return endpoint{methods: "GET or POST", get: true, post: true, serve: (*request).authorize}, true
	case "par":
		return endpoint{methods: "POST", post: true, serve: (*request).push}, true
	case "connect/endSession":
		return endpoint{methods: "GET or POST", get: true, post: true, serve: (*request).endSession}, true
	case "connect/checkSession":
		return endpoint{methods: "GET", get: true, serve: (*request).checkSession}, true
	case "device/code":
		return endpoint{methods: "POST", post: true, serve: (*request).deviceCode}, true
	case "device/user":
		return endpoint{methods: "GET or POST", get: true, post: true, serve: (*request).deviceUser}, true
	}
	return lookupMissing(name)
}

// lookupMissing is the list of endpoints that PingAM has and this server has not.
func lookupMissing(name string) (endpoint, bool) {
	what := ""
	switch name {
	case "register", "connect/register":
		what = "Dynamic client registration"
	case "aiagent/register":
		what = "Registration of AI agents"
	case "bc-authorize":
		what = "Back-channel authentication (CIBA)"
	case "resource_set":
		what = "User-managed access"
	case "consent":
		what = "Remote consent"
	case "connect/rp/jwk_uri":
		what = "The key set of a relying party"
	default:
		return endpoint{}, false
	}
	refuse := func(*request) error {
		e := Unsupported("not_supported", what)
		e.Status = http.StatusNotImplemented
		return e
	}
	return endpoint{methods: "GET or POST", get: true, post: true, serve: refuse}, true
}
