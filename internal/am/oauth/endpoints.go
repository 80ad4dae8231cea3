package oauth

import "net/http"

// What endpoints take.
var (
	get  = []string{http.MethodGet}
	post = []string{http.MethodPost}
	both = []string{http.MethodGet, http.MethodPost}
)

// lookupEndpoint is the list of endpoints.
func lookupEndpoint(name string) (endpoint, bool) {
	switch name {
	case "access_token":
		return endpoint{post, (*request).token}, true
	case "introspect":
		return endpoint{post, (*request).introspect}, true
	case "tokeninfo":
		return endpoint{get, (*request).tokenInfo}, true
	case "token/revoke":
		return endpoint{post, (*request).revokeToken}, true
	case "userinfo":
		return endpoint{both, (*request).userInfo}, true
	case "connect/jwk_uri":
		return endpoint{get, (*request).keys}, true
	case ".well-known/openid-configuration", ".well-known/oauth-authorization-server":
		return endpoint{get, (*request).discovery}, true
	case "connect/rp/jwk_uri":
		return endpoint{get, (*request).relyingKeys}, true
	case "idtokeninfo", "connect/idtokeninfo":
		return endpoint{post, (*request).idTokenInfo}, true
	case "authorize":
		return endpoint{both, (*request).authorize}, true
	case "par":
		return endpoint{post, (*request).push}, true
	case "connect/endSession":
		return endpoint{both, (*request).endSession}, true
	case "connect/checkSession":
		return endpoint{get, (*request).checkSession}, true
	case "register", "connect/register", registerAIAgent:
		return endpoint{[]string{http.MethodPost, http.MethodGet, http.MethodPut, http.MethodDelete}, (*request).register}, true
	case "device/code":
		return endpoint{post, (*request).deviceCode}, true
	case "device/user":
		return endpoint{both, (*request).deviceUser}, true
	case "bc-authorize":
		return endpoint{post, (*request).backchannel}, true
	case "bc-authorize/user":
		return endpoint{both, (*request).backchannelUser}, true
	}
	return lookupMissing(name)
}

// lookupMissing is the list of endpoints that PingAM has and this server has not.
func lookupMissing(name string) (endpoint, bool) {
	what := ""
	switch name {
	case "resource_set":
		what = "User-managed access"
	case "consent":
		what = "The example of a remote consent service"
	default:
		return endpoint{}, false
	}
	refuse := func(*request) error {
		e := Unsupported("not_supported", what)
		e.Status = http.StatusNotImplemented
		return e
	}
	return endpoint{both, refuse}, true
}
