package script

import (
	"errors"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/groovy"
)

const (
	responseException    = "org.forgerock.http.protocol.ResponseException"
	accessTokenException = "org.forgerock.http.oauth2.AccessTokenException"
)

// exceptions are the gateway's exception classes; true: Java makes callers declare it.
var exceptions = map[string]bool{
	"org.forgerock.util.promise.NeverThrowsException":                         true,
	accessTokenException:                                                      true,
	"org.forgerock.http.oauth2.OAuth2TokenException":                          true,
	"org.forgerock.http.protocol.MalformedHeaderException":                    false,
	"org.forgerock.http.header.MalformedHeaderException":                      false,
	"org.forgerock.http.HttpApplicationException":                             true,
	"org.forgerock.json.JsonException":                                        false,
	"org.forgerock.json.JsonValueException":                                   false,
	"org.forgerock.json.jose.exceptions.JwtRuntimeException":                  false,
	"org.forgerock.json.jose.exceptions.JwtReconstructionException":           false,
	"org.forgerock.json.jose.exceptions.InvalidJwtException":                  false,
	"org.forgerock.json.jose.exceptions.JwsException":                         false,
	"org.forgerock.json.jose.exceptions.JwsSigningException":                  false,
	"org.forgerock.json.jose.exceptions.JwsVerifyingException":                false,
	"org.forgerock.json.jose.exceptions.JweException":                         false,
	"org.forgerock.json.jose.exceptions.FailedToLoadJWKException":             true,
	"org.forgerock.secrets.NoSuchSecretException":                             true,
	"org.forgerock.secrets.SecretReferenceException":                          false,
	"org.forgerock.openig.handler.assertion.IdentityAssertionPluginException": true,
	"org.forgerock.openig.assertion.plugin.IdentityAssertionPluginException":  true,
	"org.forgerock.openig.el.ExpressionException":                             true,
	"org.forgerock.services.context.ContextNotFoundException":                 false,
}

func exceptionClasses() []*groovy.Class {
	out := []*groovy.Class{responseExceptionClass}
	for name, isChecked := range exceptions {
		base := "java.lang.RuntimeException"
		if isChecked {
			base = "java.lang.Exception"
		}
		out = append(out, groovy.NewException(name, base))
	}
	return append(out, groovy.NewException("javax.naming.NamingException", "java.lang.Exception"),
		groovy.NewException("javax.naming.InvalidNameException", "javax.naming.NamingException"),
		groovy.NewException("javax.naming.NamingSecurityException", "javax.naming.NamingException"),
		groovy.NewException("javax.naming.AuthenticationException", "javax.naming.NamingSecurityException"))
}

// ResponseError is a failure that a script gave a response for: ResponseException.
type ResponseError struct {
	Response *chain.Response
	message  string
}

func (e *ResponseError) Error() string {
	if e.message != "" {
		return e.message
	}
	return e.Response.Status.String()
}

// Answer returns the response.
func (e *ResponseError) Answer() *chain.Response { return e.Response }

// GroovyClass is ResponseException.
func (*ResponseError) GroovyClass() *groovy.Class { return responseExceptionClass }

var responseExceptionClass = &groovy.Class{
	Name: responseException, Extends: "java.io.IOException",
	New: func(c *groovy.Call) (groovy.Value, error) {
		e := &ResponseError{}
		if m, ok := c.Arg(0).(response); ok {
			e.Response = m.r
			if e.message = c.Str(1); e.message == "" {
				e.message = m.r.Status.String()
			}
			return e, nil
		}
		e.message, e.Response = c.Str(0), chain.NewResponse(500)
		return e, nil
	},
	Get: getters{
		"response": getter(func(e *ResponseError) groovy.Value { return response{e.Response} }),
		"message":  getter(func(e *ResponseError) groovy.Value { return e.Error() }),
	},
}

// responseOf finds the response of a ResponseException in an error.
func responseOf(err error) *ResponseError {
	var e *ResponseError
	if errors.As(err, &e) {
		return e
	}
	var t *groovy.Thrown
	if errors.As(err, &t) {
		if e, ok := t.Value.(*ResponseError); ok {
			return e
		}
	}
	return nil
}
