package oauth

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// toSignIn sends the browser to sign in and to come back to goTo.
func (a *authorization) toSignIn(goTo string, h LoginHints) error {
	address, err := a.signInURL(a.loginTemplate(), goTo, h)
	if err != nil {
		return err
	}
	a.go302(address)
	return nil
}

// loginTemplate is the one of the gateway's agent or the client that asks, "" when it has none of its own.
func (a *authorization) loginTemplate() string {
	switch {
	case a.agent != nil:
		return a.agent.LoginURL
	case a.client != nil && a.client.Overrides.Enabled:
		return a.client.Overrides.CustomLoginURLTemplate
	}
	return ""
}

// signInURL is where a browser signs in: at the address of template, else of the realm's settings (PingAM:
// customLoginUrlTemplate), else at this server's own page.
func (p *Provider) signInURL(template, goTo string, h LoginHints) (string, error) {
	if template == "" {
		template = p.Settings.Advanced.CustomLoginURLTemplate
	}
	if template == "" {
		return p.Login.URL(p.Base, p.Realm, goTo, h), nil
	}
	address, err := fillTemplate(template, map[string]string{
		"goto": goTo, "acrValues": h.ACR, "realm": p.Realm.Path, "service": h.Tree, "locale": h.Locale, "loginHint": h.User,
		"module": "", "authLevel": "", "gotoOnFail": "",
	})
	if err == nil {
		var u *url.URL
		u, err = url.Parse(address)
		if err == nil && (u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
			err = errors.New("not an http or https URL")
		}
	}
	if err != nil {
		return "", errServer.Because(internal("login URL template", err))
	}
	return address, nil
}

var (
	whenThere   = regexp.MustCompile(`(?s)<#if\s+(\w+)\?\?\s*>(.*?)</#if>`)
	placeholder = regexp.MustCompile(`\$\{\s*(\w+)(?:\?url)?\s*\}`)
)

// fillTemplate fills in ${name}, escaped for a query, and keeps what is between <#if name??> and </#if> where name has a
// value. More of the language of PingAM's templates is an error, not text.
func fillTemplate(template string, values map[string]string) (string, error) {
	unknown := ""
	look := func(name string) string {
		v, ok := values[name]
		if !ok {
			unknown = name
		}
		return v
	}
	out := whenThere.ReplaceAllStringFunc(template, func(part string) string {
		m := whenThere.FindStringSubmatch(part)
		if look(m[1]) == "" {
			return ""
		}
		return m[2]
	})
	if rest := placeholder.ReplaceAllString(out, ""); strings.Contains(rest, "<#") || strings.Contains(rest, "</#") || strings.Contains(rest, "${") {
		return "", errors.New("only ${name} and <#if name??>…</#if> are supported")
	}
	out = placeholder.ReplaceAllStringFunc(out, func(part string) string {
		return url.QueryEscape(look(placeholder.FindStringSubmatch(part)[1]))
	})
	if unknown != "" {
		return "", errors.New("unknown name " + unknown)
	}
	return out, nil
}
