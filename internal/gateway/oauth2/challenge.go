package oauth2

import (
	"strings"

	"gatehouse/internal/gateway/chain"
)

// The descriptions of RFC 6750 §3.1.
const (
	invalidRequestText = "The request is missing a required parameter, includes an unsupported parameter or parameter value, " +
		"repeats the same parameter, uses more than one method for including an access token, or is otherwise malformed."
	invalidTokenText      = "The access token provided is expired, revoked, malformed, or invalid for other reasons."
	insufficientScopeText = "The request requires higher privileges than provided by the access token."
)

// challenge is a value of WWW-Authenticate (RFC 6750 §3). Empty parts are left out.
func challenge(realm, scope, code, description string) string {
	var b strings.Builder
	b.WriteString("Bearer")
	separator := " "
	for _, p := range [...][2]string{{"realm", realm}, {"scope", scope}, {"error", code}, {"error_description", description}} {
		if p[1] == "" {
			continue
		}
		b.WriteString(separator)
		b.WriteString(p[0])
		b.WriteString(`="`)
		b.WriteString(quoted.Replace(p[1]))
		b.WriteByte('"')
		separator = ", "
	}
	return b.String()
}

// quoted escapes for a quoted string (RFC 9110 §5.6.4).
var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func challenged(status int, value string, cause error) *chain.Response {
	r := chain.Fail(status, cause)
	r.Header["Www-Authenticate"] = []string{value}
	return r
}
