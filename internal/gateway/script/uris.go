package script

import (
	"net/url"
	"strings"

	"gatehouse/internal/groovy"
)

// urisClass is org.forgerock.http.util.Uris.
var urisClass = &groovy.Class{
	Name: "org.forgerock.http.util.Uris",
	Static: methods{
		"formEncodeParameterNameOrValue":     textFunction(url.QueryEscape),
		"formDecodeParameterNameOrValue":     textFunction(formText),
		"urlEncodePathElement":               textFunction(url.PathEscape),
		"urlDecodePathElement":               textFunction(pathText),
		"urlEncodeQueryParameterNameOrValue": textFunction(percent),
		"urlDecodeQueryParameterNameOrValue": textFunction(pathText),
		"urlEncodeFragment":                  textFunction(percent),
		"urlDecodeFragment":                  textFunction(pathText),
		"urlEncodeUserInfo":                  textFunction(percent),
		"urlDecodeUserInfo":                  textFunction(pathText),
		"asSafeUri":                          textFunction(func(s string) string { return s }),
		"create": func(c *groovy.Call) (groovy.Value, error) {
			u, err := uriOfParts(c)
			if err != nil {
				return nil, err
			}
			return groovy.NewURI(groovy.ToString(u))
		},
		"withQuery": func(c *groovy.Call) (groovy.Value, error) {
			u, err := uriOf(c.Arg(0))
			if err != nil {
				return nil, err
			}
			f, ok := c.Arg(1).(*form)
			if !ok {
				return nil, c.NoSuchMethod()
			}
			u.RawQuery, u.HasQuery = f.encode(), true
			return groovy.NewURI(u.String())
		},
		"withoutQueryAndFragment": func(c *groovy.Call) (groovy.Value, error) {
			u, err := uriOf(c.Arg(0))
			if err != nil {
				return nil, err
			}
			u.RawQuery, u.HasQuery, u.Fragment = "", false, ""
			return groovy.NewURI(u.String())
		},
		"resolve": func(c *groovy.Call) (groovy.Value, error) {
			base, err := url.Parse(c.Str(0))
			if err != nil {
				return nil, uriError(err)
			}
			ref, err := url.Parse(c.Str(1))
			if err != nil {
				return nil, uriError(err)
			}
			return groovy.NewURI(base.ResolveReference(ref).String())
		},
	},
}

func textFunction(f func(string) string) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		if err := c.Want(1, 2); err != nil || c.Arg(0) == nil {
			return nil, err
		}
		return f(c.Str(0)), nil
	}
}

func formText(s string) string {
	if d, err := url.QueryUnescape(s); err == nil {
		return d
	}
	return s
}

func pathText(s string) string {
	if d, err := url.PathUnescape(s); err == nil {
		return d
	}
	return s
}

// percent encodes all but unreserved characters (RFC 3986 §2.3).
func percent(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
