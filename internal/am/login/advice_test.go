package login_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func advice(name string, values ...string) string {
	text := ""
	for _, v := range values {
		text += "<Value>" + v + "</Value>"
	}
	return fmt.Sprintf(`<AttributeValuePair><Attribute name="%s"/>%s</AttributeValuePair>`, name, text)
}

func TestCompositeAdvice(t *testing.T) {
	s := newSite(t)
	token := s.signIn("/", "demo") // in the default journey, ldapService
	session := []string{"iPlanetDirectoryPro", token}
	const service, scheme, realm, age, level = "AuthenticateToServiceConditionAdvice", "AuthSchemeConditionAdvice", "AuthenticateToRealmConditionAdvice", "SessionConditionAdvice", "AuthLevelConditionAdvice"
	const tree = "AuthenticateToTreeConditionAdvice"
	wrap := func(pairs ...string) string { return "<Advices>" + strings.Join(pairs, "") + "</Advices>" }
	for _, tt := range []struct {
		realm, advice string
		status        int
		asks          bool // with the session that there is
		message       string
	}{
		{"/", wrap(advice(service, "Login")), 200, true, ""},
		{"/", wrap(advice(service, "/:Login")), 200, true, ""},
		{"/", wrap(advice(scheme, "Login", "Other")), 200, true, ""},
		{"/", wrap(advice(service, "ldapService")), 200, false, ""},
		{"/", wrap(advice(realm, "/")), 200, false, ""},
		{"/", wrap(advice(age, "deny")), 200, true, ""},
		{"/", wrap(advice(age, "deny"), advice(service, "Login")), 200, true, ""},
		{"/alpha", wrap(advice(realm, "/alpha")), 200, true, ""},
		{"/alpha", wrap(advice(service, "/alpha:Login")), 200, true, ""},
		{"/", wrap(advice(service, "/alpha:Login")), 400, false, "No Configuration found"},
		{"/", wrap(advice(realm, "/alpha")), 400, false, "No Configuration found"},
		{"/", wrap(advice(service, "nothing")), 400, false, "No Configuration found"},
		{"/", wrap(advice(service, "nothing"), advice(service, "Login")), 200, true, ""},
		{"/", wrap(advice(tree, "Login")), 200, true, ""},
		{"/", wrap(advice(level, "0")), 200, false, ""},
		{"/", wrap(advice(level, "3")), 400, false, "No Configuration found"}, // no journey comes to it
		{"/", wrap(advice(level, "/:x")), 400, false, "No Configuration found"},
		{"/", wrap(advice("ResourceEnvIPConditionAdvice", "3")), 501, false, "The advice ResourceEnvIPConditionAdvice is not supported by this server"},
		{"/", wrap(advice("TransactionConditionAdvice", "7b8bfd4c-60fe-4271-928d-d09b94496f84")), 400, false, "Unable to read transaction."},
		{"/", "", 400, false, "The advice is not valid"},
		{"/", "<Advices/>", 400, false, "The advice is not valid"},
		{"/", "<Advices>", 400, false, "The advice is not valid"},
		{"/", wrap(advice(service, strings.Repeat("x", 5000))), 400, false, "The advice is not valid"},
	} {
		q := "?authIndexType=composite_advice&authIndexValue=" + url.QueryEscape(tt.advice)
		got := s.json(tt.status, s.request("POST", tt.realm, q, "{}", session...))
		if tt.status == 200 && tt.asks != (got["authId"] != nil) {
			t.Errorf("%s %.200s: asks = %t, want %t", tt.realm, tt.advice, got["authId"] != nil, tt.asks)
		}
		if tt.message != "" && got["message"] != tt.message {
			t.Errorf("%s %.200s: message = %v, want %s", tt.realm, tt.advice, got["message"], tt.message)
		}
	}
}
