package oauth2

import (
	"errors"
	"net/url"
	"strings"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
)

// loginPlace is where a request stands with regard to the client endpoint.
type loginPlace struct {
	// original is the URI as the client sent it.
	original *url.URL
	// endpoint is the client endpoint, absolute and without a slash at its end.
	endpoint string
	// service is "login", "callback" or "logout", "" for all other requests.
	service string
}

var (
	errEndpoint = errors.New("the expression for the client endpoint yields no path or URL")
	errOriginal = errors.New("the request's URI has no host")
	errGoto     = errors.New("the target is not on the site of the request")
)

// newLoginPlace resolves the client endpoint against the original URI and compares paths as
// they were sent: %63allback is no callback.
func newLoginPlace(x *chain.Exchange, endpoint *expr.Template) (*loginPlace, error) {
	u, err := url.Parse(chain.OriginalURI(x).String())
	if err != nil || u.Host == "" || u.Scheme == "" {
		return nil, errOriginal
	}
	u.User, u.Fragment = nil, ""
	text, ok := endpoint.String(x)
	if !ok || text == "" {
		return nil, errEndpoint
	}
	ref, err := url.Parse(text)
	if err != nil || ref.Opaque != "" {
		return nil, errEndpoint
	}
	base := u.ResolveReference(ref)
	base.RawQuery, base.ForceQuery, base.Fragment, base.User = "", false, "", nil
	p := &loginPlace{original: u, endpoint: strings.TrimRight(base.String(), "/")}
	prefix := strings.TrimRight(base.EscapedPath(), "/") + "/"
	if rest, ok := strings.CutPrefix(u.EscapedPath(), prefix); ok {
		switch rest = strings.TrimSuffix(rest, "/"); rest {
		case "login", "callback", "logout":
			p.service = rest
		}
	}
	return p, nil
}

func (p *loginPlace) secure() bool { return p.original.Scheme == "https" }

func (p *loginPlace) redirectURI() string { return p.endpoint + "/callback" }

// target checks where a login or logout is to lead and returns it as an absolute URL. It
// must be on the site of the request, else links to the gateway could lead anywhere.
func (p *loginPlace) target(text string) (string, error) {
	for i := range len(text) {
		// Browsers read a backslash as a slash and skip control characters.
		if c := text[i]; c <= ' ' || c == 0x7f || c == '\\' {
			return "", errGoto
		}
	}
	ref, err := url.Parse(text)
	if err != nil || ref.Opaque != "" || ref.User != nil {
		return "", errGoto
	}
	u := p.original.ResolveReference(ref)
	if u.Scheme != p.original.Scheme || !strings.EqualFold(u.Hostname(), p.original.Hostname()) || portOf(u) != portOf(p.original) {
		return "", errGoto
	}
	u.Host = p.original.Host
	return u.String(), nil
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
